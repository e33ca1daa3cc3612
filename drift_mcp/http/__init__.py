"""MCP over HTTP, for teams and agent frameworks: who may call, what they get, and the transports."""

"""The product from outside: real processes, a real MCP client over real stdio, a local Drift over real HTTP."""

"""The HTTP side: how a call reaches Drift and how its answer comes back. Knows nothing of MCP."""

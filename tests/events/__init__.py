"""Tests of `drift_mcp.events`."""

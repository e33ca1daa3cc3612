"""The tests; the folders mirror `drift_mcp`."""

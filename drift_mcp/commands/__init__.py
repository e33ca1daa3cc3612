"""The commands of the command line, one module each; `drift_mcp.cli` names them."""

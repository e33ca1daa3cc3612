"""`python -m drift_mcp`, the same as `drift-mcp`."""

from drift_mcp.cli import main

if __name__ == "__main__":
    main()

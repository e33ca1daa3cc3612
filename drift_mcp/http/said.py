"""What the operator is told while the server runs."""

import sys


def say(*lines: str) -> None:
    """Print each line on stderr."""
    for line in lines:
        sys.stderr.write(f"drift-mcp: {line}\n")
    sys.stderr.flush()

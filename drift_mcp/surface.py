"""Who sees and may run what, decided from one catalogue record."""

from drift_mcp.catalogue import Entry


def is_listed(entry: Entry) -> bool:
    """Whether `tools/list` shows it. What is left out for size stays callable by name."""
    return entry.everyday

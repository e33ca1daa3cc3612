"""Find operations by intent."""

from functools import cache

from drift_mcp.catalogue import load
from drift_mcp.intents.ranker import Index, Match

__all__ = ["Index", "Match", "index"]


@cache
def index() -> Index:
    """The index of every operation, built at first use."""
    return Index(entry for entry in load().values() if entry.path is not None)

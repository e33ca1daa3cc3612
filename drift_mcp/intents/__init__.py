"""Find operations by intent: what a person wants in, the operations that do it out.

    index().search("reply to a Drift conversation")  ->  [Match("send_message", 1.1), …]
    index().jobs("who has been waiting longest?")    ->  [Match("triage_inbox", 0.6)]

A linear classifier over words and pieces of words (`features.py`, `concepts.py`), fitted beforehand on thousands of
phrases (`phrases/`) by `python -m drift_mcp.intents.train`, which writes `model.json`; `model.py` runs it without
anything but the standard library. `python -m benchmarks.intents` measures it.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drift_mcp.intents.model import Index, Match

__all__ = ["Index", "Match", "index"]


@cache
def index() -> "Index":
    """The index of every operation and job, loaded at first use."""
    from drift_mcp.catalogue import load
    from drift_mcp.intents.model import Index

    return Index(load().values())


def __getattr__(name: str) -> Any:
    """Index and Match, imported when they are first asked for: the server only needs them once someone searches."""
    if name in ("Index", "Match"):
        from drift_mcp.intents import model

        return getattr(model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Find operations by intent: what a person wants in, the operations that do it out.

    index().search("reply to a Drift conversation")  ->  [Match("send_message", 14.2), …]

`words.py` reads text into stems; `vocabulary.py`, `cues.py` and `everyday.py` say what they mean, `profiles.py` what
each operation does and `phrases.txt` how people ask for it; `reading.py` and `request.py` find that in a request,
`ranker.py` adds it up with `weights.py`. `python -m benchmarks.intents` measures it.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drift_mcp.intents.ranker import Index, Match

__all__ = ["Index", "Match", "index"]


@cache
def index() -> "Index":
    """The index of every operation, built at first use."""
    from drift_mcp.catalogue import load
    from drift_mcp.intents.ranker import Index

    return Index(entry for entry in load().values() if entry.path is not None)


def __getattr__(name: str) -> Any:
    """Index and Match, imported when they are first asked for: the server only needs them once someone searches."""
    if name in ("Index", "Match"):
        from drift_mcp.intents import ranker

        return getattr(ranker, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

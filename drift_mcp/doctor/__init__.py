"""What `drift-mcp doctor` looks at, and what it says: one finding a line, with what to do about it.

Nothing it says holds a token: it reads one to send it to Drift, or to see that it is none, and of a host's
configuration it says only that there is one. A finding names what was looked at: the variable, file or connection.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. Only a `PROBLEM` keeps the server from working."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at `about`, and `todo`: what to do about it, "" where nothing has to be done."""

    level: Level
    about: str
    text: str
    todo: str = ""


def ok(about: str, text: str) -> Finding:
    return Finding(Level.OK, about, text)


def warning(about: str, text: str, todo: str) -> Finding:
    return Finding(Level.WARNING, about, text, todo)


def problem(about: str, text: str, todo: str) -> Finding:
    return Finding(Level.PROBLEM, about, text, todo)

"""What a log of events has to do, whatever keeps it.

A log belongs to one connection. It keeps each event once, in the order in which they arrive, for all processes that
share it; what has been appended survives the loss of power.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from drift_mcp.events.event import Event

START = "0"
"""The cursor before the first event."""


class BadCursor(ValueError):
    """This log never gave out such a cursor."""


class LogUnavailable(Exception):
    """The log cannot be written or read at the moment. Holds nothing secret."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events to read: those that have all that is given here. `since` is about when they happened."""

    type: str | None = None
    conversation_id: int | None = None
    contact_id: int | None = None
    author: str | None = None
    since: int | None = None
    org_id: int | None = None
    """Of this organisation, or of none that is known."""
    text: str | None = None
    """With this somewhere in its data; lower case, and as JSON in ASCII has it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the log: where it stands, and how often it came again."""

    cursor: str
    event: Event
    duplicates: int


@dataclass(frozen=True, slots=True)
class Page:
    """Events in the order of arrival. `cursor` is after all that has been looked at, `more` whether events follow.

    `lost`: some after the cursor that was given have been dropped for their age or for room.
    """

    entries: list[Entry]
    cursor: str
    more: bool = False
    lost: bool = False


class EventLog(Protocol):
    """Any method may raise LogUnavailable."""

    async def append(self, events: Sequence[Event]) -> list[bool]:
        """Which of `events` are new; the others are counted as duplicates. All are durable when this returns."""
        ...

    async def read(self, wanted: Wanted, after: str, limit: int) -> Page:
        """The first `limit` events after a cursor.

        Raises:
            BadCursor: it is none of this log's.
        """
        ...

    async def latest(self, wanted: Wanted, limit: int) -> Page:
        """The last `limit` events; the page's cursor is the end of the log."""
        ...

    async def wait(self, after: str, seconds: float) -> None:
        """Returns once there is an event after the cursor, or the time is over."""
        ...

    async def erase(self, cursors: Sequence[str]) -> None:
        """Erase the events at these cursors. What comes again of them is a duplicate still, and no cursor is spoilt."""
        ...

    async def claim(self, task: str, seconds: float) -> bool:
        """Whether this process may do `task` now: nobody has claimed it for so long."""
        ...

    async def note(self, name: str) -> str | None:
        """What was kept under a name."""
        ...

    async def keep(self, name: str, value: str | None) -> None:
        """Keep `value` under a name, instead of what was there. None: nothing."""
        ...

    async def aclose(self) -> None:
        """Let go of it. Nothing may be called afterwards."""
        ...

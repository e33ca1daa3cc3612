"""What a log of events has to do, whatever keeps it.

A log belongs to one connection. It keeps each event once, in the order in which they arrive, for all processes that
share it; what has been appended survives the loss of power.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from drift_mcp.events.event import Event

START = "0"
"""The cursor before the first event."""
LATE = 30 * 86_400_000
"""Milliseconds for which what is kept `passing` is kept at least: longer than Drift may go on repeating a delivery."""


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

    `lost`: some after the cursor that was given have been dropped for their age or for room, or were missed.
    """

    entries: list[Entry]
    cursor: str
    more: bool = False
    lost: bool = False


class EventLog(Protocol):
    """Any method may raise LogUnavailable."""

    async def append(self, events: Sequence[Event]) -> list[bool]:
        """Which of `events` are new. All of these are durable when this returns.

        The others are counted as duplicates, or are of a person who was erased (`forget`) and not kept.
        """
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

    async def forget(self, marks: Collection[str], until: int) -> None:
        """Take in no event any more that has one of these marks (`drift_mcp.events.persons`) and happened `until` then.

        One that has the mark of a contact makes that of its conversation count as well. Lasts as what is kept `passing`
        does. `until` is in epoch milliseconds; what does not say when it happened may have a day before it came.
        """
        ...

    async def claim(self, task: str, seconds: float) -> bool:
        """Whether this process may do `task` now: nobody has claimed it for so long."""
        ...

    async def hold(self, task: str, seconds: float) -> None:
        """Have a task that this process has claimed for so much longer, from now on."""
        ...

    async def note(self, name: str) -> str | None:
        """What was kept under a name."""
        ...

    async def keep(self, name: str, value: str | None, *, passing: bool = False) -> None:
        """Keep `value` under a name, instead of what was there. None: nothing.

        What is `passing` is kept for as long as events are, and for `LATE`; a name is always one or the other.
        """
        ...

    async def missed(self) -> None:
        """Have who reads on from here, or from before, told that events are missing after what they have read."""
        ...

    async def trim(self) -> None:
        """Drop what is too old, as appending does now and then: for where nothing comes."""
        ...

    async def aclose(self) -> None:
        """Let go of it. Nothing may be called afterwards."""
        ...

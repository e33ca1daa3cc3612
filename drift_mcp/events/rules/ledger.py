"""What the rules have done about the events of a log, whatever keeps it.

Each rule gets each event once, from where it stands on. Who claims an event has it for some seconds, and holds on to it
by renewing that; one that is not held any more, because its process has died, is claimed by another.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from drift_mcp.events.event import Event
from drift_mcp.events.log import Entry, Wanted


@dataclass(frozen=True, slots=True)
class Task:
    """An event that is to be acted on, where it stands in the log, and for which time.

    `key` is the event's as it was at the first claim. `replays` counts how often what was done had to be done again.
    """

    rule: str
    cursor: str
    event: Event
    key: bytes
    attempt: int
    replays: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that a rule has given up. `reason` is the kind of the last error."""

    entry: Entry
    rule: str
    reason: str
    attempts: int


class Ledger(Protocol):
    """Any method may raise LogUnavailable. Each is one indivisible step, for all processes that share the log."""

    async def begin(self, rules: Collection[str]) -> None:
        """Have those of `rules` that are new start with the next event that arrives."""
        ...

    async def claim(self, rule: str, wanted: Wanted, seconds: float) -> Task | None:
        """An event for `rule`: one whose next attempt is due, or the first new one that is `wanted`."""
        ...

    async def renew(self, task: Task, seconds: float) -> None:
        """Have a claimed one for so much longer."""
        ...

    async def done(self, task: Task) -> None:
        """It has been acted on."""
        ...

    async def failed(self, task: Task, reason: str, again_in: float | None) -> None:
        """It could not be acted on: it is due again after so many seconds, or given up."""
        ...

    async def failures(self, wanted: Wanted, limit: int) -> list[Failure]:
        """The events given up, the latest first."""
        ...

    async def replay(self, rule: str, wanted: Wanted, *, given_up: bool) -> int:
        """Make `wanted` events that `rule` is through with due again, only those `given_up` or all; how many it were.

        What was given up keeps its key: it may have been done for all that.
        """
        ...

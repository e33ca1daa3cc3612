"""What the tool call that is running is to the Drift client: who is waiting, until when, and whom to tell.

Whoever runs a tool call enters a `Turn` around it; every Drift call made meanwhile, also from tasks started inside,
belongs to it.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from drift_mcp.drift.clock import now

Waiting = Callable[[float, str], Awaitable[None]]
"""Told how many seconds a Drift call is going to wait, and why, in words for a person."""

_TELL_AGAIN = 5.0
"""Seconds; a job with many short waits tells of one now and then."""


@dataclass(eq=False, slots=True)
class Turn:
    """One tool call. Itself, not its fields, is what the call limit is shared out by.

    `deadline` is in event-loop time: nothing is sent after it. None means that it may wait as long as `Limits.patient`
    for each Drift call: for jobs that last, and for work that no client waits for.
    """

    deadline: float | None = None
    waiting: Waiting | None = None
    _told_at: float = field(default=float("-inf"), init=False)

    async def tell(self, seconds: float, reason: str) -> None:
        """Report a wait of `seconds`, unless it is too short to be noticed or one was reported just now."""
        if self.waiting is not None and seconds >= 1.0 and now() >= self._told_at + _TELL_AGAIN:
            self._told_at = now()
            await self.waiting(seconds, reason)


_current: ContextVar[Turn | None] = ContextVar("drift_mcp_turn", default=None)


def current() -> Turn | None:
    """The turn that this Drift call belongs to, if any."""
    return _current.get()


@contextmanager
def paused() -> Iterator[None]:
    """The time inside does not count for the current turn: a person is thinking, not Drift."""
    turn, begun = current(), now()
    try:
        yield
    finally:
        if turn is not None and turn.deadline is not None:
            turn.deadline += now() - begun


@contextmanager
def entered(turn: Turn) -> Iterator[Turn]:
    """Makes `turn` the current one inside the block."""
    token = _current.set(turn)
    try:
        yield turn
    finally:
        _current.reset(token)

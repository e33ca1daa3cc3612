"""How much is going on at once: per caller, to bound it, and in all, to finish it before the process ends."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

import anyio

Kind = Literal["bodies", "requests", "calls", "streams"]
STREAMS_PER_CALL = 8
"""An open stream costs less than a call, and a client keeps one open all day."""


class Full(Exception):
    """This caller has as much going on as it may."""


class Slots:
    """Counts of bodies that are coming in, requests, calls and streams.

    Requests and calls are counted apart because a call can outlast its request: in the older era a client may leave
    and the call goes on, and over HTTP+SSE a request only delivers the call.
    """

    def __init__(self, limit: int) -> None:
        self._limits: dict[Kind, int] = {
            "bodies": limit,
            "requests": limit,
            "calls": limit,
            "streams": limit * STREAMS_PER_CALL,
        }
        self._taken: Counter[tuple[Kind, str]] = Counter()
        self._calls = 0
        self._idle = anyio.Event()
        self._ending = anyio.Event()
        self._idle.set()
        self._working: set[anyio.CancelScope] = set()
        self._waiting: set[anyio.CancelScope] = set()

    def full(self, kind: Kind, who: str) -> bool:
        """Whether `who` may have no more of this kind."""
        return self._taken[kind, who] >= self._limits[kind]

    @contextmanager
    def taken(self, kind: Kind, who: str) -> Iterator[None]:
        """One of this kind for `who`, for as long as this lasts.

        Raises:
            Full: none is left.
        """
        if self.full(kind, who):
            raise Full
        self._count(kind, who, 1)
        try:
            yield
        finally:
            self._count(kind, who, -1)

    async def idle(self) -> None:
        """Returns once no call is running."""
        while not self._idle.is_set():
            await self._idle.wait()

    def until_the_end(self) -> AbstractContextManager[None]:
        """What is done in this is given up when the process has waited for it long enough."""
        return _in_one_of(self._working)

    def until_ending(self) -> AbstractContextManager[None]:
        """What is done in this, which would never end by itself, is given up as soon as the process is ending."""
        return _in_one_of(self._waiting)

    def end(self, grace: float) -> None:
        """From now on the process is ending: streams that only wait are closed, calls have `grace` seconds."""
        self._ending.set()
        for scope in self._waiting:
            scope.cancel()
        for scope in self._working:
            scope.deadline = anyio.current_time() + grace

    @property
    def ending(self) -> bool:
        return self._ending.is_set()

    async def ended(self) -> None:
        """Returns once the process is ending."""
        await self._ending.wait()

    def _count(self, kind: Kind, who: str, change: int) -> None:
        self._taken[kind, who] += change
        if not self._taken[kind, who]:
            del self._taken[kind, who]  # names do not pile up
        if kind == "calls":
            self._calls += change
            if self._calls == 0:
                self._idle.set()
            elif self._idle.is_set():
                self._idle = anyio.Event()


@contextmanager
def _in_one_of(scopes: set[anyio.CancelScope]) -> Iterator[None]:
    with anyio.CancelScope() as scope:
        scopes.add(scope)
        try:
            yield
        finally:
            scopes.discard(scope)

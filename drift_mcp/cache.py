"""Answers of Drift about one conversation or contact, kept for a short while; off unless the operator says how long.

Only a tool that reads is answered from here. What writes, what asks a person, and what looks up the end of a write
always asks Drift.

An answer is at most `seconds` old, counted from when it was asked for. It is dropped before, and one under way is not
kept, when an event says that something about its conversation or contact has happened, or when this process has made a
write that may touch it. Before each answer the log is read as far as it goes, so that what any process has taken in
counts at once. What no event tells of (a conversation's tags, another process's write that has not come back as an
event yet) is seen after `seconds` at the latest.

Answers are of one organisation: all are dropped when the token is another one's. A renewed token drops nothing.
"""

import json
import re
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drift_mcp.drift.clock import now
from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.paging import Send
from drift_mcp.drift.wire import Answer, Call
from drift_mcp.events.log import BadCursor, LogUnavailable, Wanted
from drift_mcp.within import within

if TYPE_CHECKING:
    from drift_mcp.events import Events
    from drift_mcp.events.event import Event

MOST_BYTES = 10_000_000
MOST_ANSWERS = 1_000
PAGE = 200
"""Events read at once. Where more have come since the last look, reading them costs more than asking Drift again."""

PATIENCE = 2.0
"""Seconds that Drift's answer is waited for which organisation a new token is of."""
PAUSE = 60.0
"""Seconds for which nothing is kept or reused after that could not be found out: not every read waits for it."""

_KEPT = frozenset({"/conversations/{conversationId}", "/contacts/{contactId}"})
_RECORD = re.compile(r"/(conversations|contacts)/[0-9]+(?=/|$)")
_reusing: ContextVar[bool] = ContextVar("drift_mcp_reusing", default=False)


def reusing(allowed: bool) -> AbstractContextManager[bool]:
    """Inside, reads may be answered with what Drift said before, where that is `allowed`."""
    return within(_reusing, allowed)


@dataclass(eq=False, slots=True)
class _Read:
    """A read under way; `overtaken` where something has happened to its record since it began."""

    overtaken: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer that was `asked` for then. The body is JSON text, so that no two readers share it."""

    asked: float
    status: int
    body: str


class ReadCache:
    """Keeps answers of `send` for `seconds`. `events` are those of the same connection.

    `organisation` says which one the token in use is of, within so many seconds, or raises DriftError.
    """

    def __init__(
        self, send: Send, seconds: float, events: "Events", organisation: Callable[[float], Awaitable[str]]
    ) -> None:
        self._ask = send
        self._seconds = seconds
        self._events = events
        self._organisation = organisation
        self._whose: str | None = None
        self._ask_whose_at = 0.0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._reads: defaultdict[str, set[_Read]] = defaultdict(set)
        self._seen = ""

    async def send(self, call: Call) -> Answer:
        """Send `call`, unless the answer is known. Raises as the gateway does."""
        if call.writes:
            try:
                return await self._ask(call)
            finally:  # however it ends: it may have been applied
                self._written(call)
        if not _reusing.get() or call.template not in _KEPT or call.query:
            return await self._ask(call)
        if not await self._up_to_date() or not await self._of_one():
            return await self._ask(call)
        known = self._kept.get(call.path)
        if known is not None and now() < known.asked + self._seconds:
            self._kept.move_to_end(call.path)
            return Answer(known.status, json.loads(known.body))
        return await self._asked(call)

    async def _asked(self, call: Call) -> Answer:
        """Ask Drift, and keep the answer if nothing has happened to the record meanwhile, nor to the connection."""
        read, begun = _Read(), now()
        self._reads[call.path].add(read)
        try:
            answer = await self._ask(call)
            known = await self._of_one()
        finally:
            self._reads[call.path].discard(read)
            if not self._reads[call.path]:
                del self._reads[call.path]
        if known and not read.overtaken:
            self._keep(call.path, _Kept(begun, answer.status, json.dumps(answer.body)))
        return answer

    async def _of_one(self) -> bool:
        """Drop everything where the token is of another organisation by now. Whether it is known which."""
        whose = None
        if now() >= self._ask_whose_at:
            try:
                whose = await self._organisation(PATIENCE)
            except DriftError:
                self._ask_whose_at = now() + PAUSE
        if whose != self._whose:
            self._whose = whose
            self._drop_all()
        return whose is not None

    async def _up_to_date(self) -> bool:
        """Take in the events that have come since the last time. Whether that worked."""
        if not self._events.hears:
            return True
        try:
            if not self._seen:
                self._seen = await self._end()
            page = await self._events.log.read(Wanted(), self._seen, PAGE)
            if page.more or page.lost:
                self._seen = await self._end()
                self._drop_all()
                return True
        except (LogUnavailable, BadCursor):
            self._seen = ""
            self._drop_all()
            return False
        for entry in page.entries:
            self._happened(entry.event)
        self._seen = page.cursor
        return True

    async def _end(self) -> str:
        return (await self._events.log.latest(Wanted(), 0)).cursor

    def _happened(self, event: "Event") -> None:
        if event.conversation_id is None and event.contact_id is None:
            self._drop_all()
        self._drop(f"/conversations/{event.conversation_id}")
        self._drop(f"/contacts/{event.contact_id}")

    def _written(self, call: Call) -> None:
        record = _RECORD.search(call.path)
        if record is None or call.method == "DELETE":
            self._drop_all()
            return
        self._drop(record[0])
        if record[1] == "conversations":  # what is written there may show on the contact, whose id is not told here
            for path in [*self._kept, *self._reads]:
                if path.startswith("/contacts/"):
                    self._drop(path)

    def _keep(self, path: str, answer: _Kept) -> None:
        self._forget(path)
        self._kept[path] = answer
        self._bytes += len(answer.body)
        while self._bytes > MOST_BYTES or len(self._kept) > MOST_ANSWERS:
            self._forget(next(iter(self._kept)))

    def _drop_all(self) -> None:
        for path in [*self._kept, *self._reads]:
            self._drop(path)

    def _drop(self, path: str) -> None:
        self._forget(path)
        for read in self._reads.get(path, ()):
            read.overtaken = True

    def _forget(self, path: str) -> None:
        if (known := self._kept.pop(path, None)) is not None:
            self._bytes -= len(known.body)

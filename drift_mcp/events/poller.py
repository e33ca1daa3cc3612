"""Makes the events of webhooks out of what Drift answers, for where webhooks cannot reach, such as a laptop.

A round lists the conversations that have changed since the last one (the latest change comes first) and the messages of
each, with one call after the other, so that a tool call never waits for more than one of them. What it makes has the
same key as the webhook of the same message or conversation. Where a round stands is kept now and then and at its end: a
round that is given up goes on later, and what it told already is known by its key. A conversation that Drift cannot
show holds up no other; it is tried again until it is out of the time that rounds look back. However many have changed,
none is left out, but for what happened before that time: then it says so in the log, and readers are told (`missed`).

It tells new_conversation, new_message and conversation_status_updated; the last only of conversations that it has seen
before the change, and with the time of the conversation's last change, as Drift shows no other. How a webhook of the
same change is known, which has the time of the change itself: `drift_mcp.events.statuses`.
"""

import json
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio

from drift_mcp.drift.errors import AnswerTooLarge, BrokenAnswer, DriftError, NotFound, ServerFault
from drift_mcp.drift.paging import STYLES, pages
from drift_mcp.drift.turn import Turn, entered
from drift_mcp.events import statuses
from drift_mcp.events.event import Event, author_of, read
from drift_mcp.events.kinds import STATUS
from drift_mcp.fields import iso_from_ms
from drift_mcp.operations import conversations, messages

if TYPE_CHECKING:
    from drift_mcp.connection import Connection
    from drift_mcp.events import Events
    from drift_mcp.operation import Operation

log = logging.getLogger(__name__)

Row = dict[str, Any]

TASK, PLACE = "poll", "poll"
OVERLAP = 60_000
"""Milliseconds before the last change seen that are looked through again: lists may lag behind."""
LOOK_BACK = 3_600_000
"""Milliseconds before the latest change that a round looks back at most. What is older is history, not news."""
KNOWN, MOST_KNOWN = 500, 10_000
"""Conversations remembered, with the state they were last seen in; and with those that are looked through again."""
PAGE = 100
"""Conversations of one call."""
KEEP_EVERY = 20
"""Conversations after which it is kept where a round stands."""
HELD = 120.0
"""Seconds after that in which no other process begins a round: longer than so many take within the call limit."""
MOST_MESSAGES = 1_500
"""Messages that are read of one conversation: 30 calls, each time that it has changed."""

_OF_ONE = (ServerFault, BrokenAnswer, AnswerTooLarge)
"""Failures that may be of one conversation alone."""
_LISTING = next(each for each in conversations.OPERATIONS if each.name == "list_conversations")
_MESSAGES = next(each for each in messages.OPERATIONS if each.name == "list_messages")


class Poller:
    """Asks for the events of one connection."""

    def __init__(self, events: "Events", connection: "Connection") -> None:
        self._events = events
        self._connection = connection
        self._busy = anyio.Lock()
        self._reported = ""

    async def keep_on(self) -> None:
        """A round every `poll_seconds`, by one of the processes that share the log. Ends only by being cancelled."""
        every = self._events.poll_seconds
        while True:
            try:
                await self.round(every)
                self._reported = ""
            except Exception as error:  # nothing that Drift answers may end the server
                self._report(error)
            await anyio.sleep(every)

    async def round(self, every: float, since: int | None = None) -> None:
        """Tell what has happened since the last round, unless there has been one within `every` seconds.

        The first round only remembers where things stand; or with `since` tells what has happened from then on.

        Raises:
            DriftError: Drift could not be asked.
            LogUnavailable: the log cannot be used.
        """
        if self._busy.locked():
            return
        async with self._busy:
            # A little less, as the pause between rounds is the same time.
            pause = every * 0.9
            if await self._events.log.claim(TASK, pause):
                with entered(Turn()):
                    await self._look(since, pause)

    async def _look(self, since: int | None, pause: float) -> None:
        place = await self._place()
        if place is None and since is None:
            rows: list[Row] = []
            async for row in self._listed():
                rows.append(row)
                if len(rows) == PAGE:
                    break
            await self._keep(_Place(max((row["updatedAt"] for row in rows), default=0), rows))
            return
        place = place or _Place((since or 0) - 1)
        changed, begin = await self._changed(place)
        told_of = 0
        try:
            async for _ in self._tell(changed, place, begin):
                told_of += 1
                if told_of % KEEP_EVERY == 0:
                    await self._keep(place)
                    await self._events.log.hold(TASK, HELD)
        finally:
            if told_of % KEEP_EVERY:
                await self._keep(place)
            if told_of >= KEEP_EVERY:
                await self._events.log.hold(TASK, pause)

    async def _changed(self, place: "_Place") -> tuple[list[Row], int]:
        """The conversations that have changed, the oldest change first, and from when on their messages are news."""
        begin = place.mark - OVERLAP
        changed = []
        async for row in self._listed():
            # By Drift's clock alone: this machine's may be wrong.
            begin = max(begin, row["updatedAt"] - LOOK_BACK)
            if row["updatedAt"] < begin:
                if row["updatedAt"] > place.mark:
                    await self._missed(place, begin)
                break
            if not place.knows(row):
                changed.append(row)
        return changed[::-1], begin

    async def _tell(self, changed: list[Row], place: "_Place", begin: int) -> AsyncIterator[None]:
        """Tells of one conversation after another, and has `place` go on with each."""
        # Of the token in use now, with which they were listed: what is kept under another one's is told to others.
        org_id = await self._events.org_id(sure=True)
        failed: DriftError | None = None
        heard = False
        for row in changed:
            try:
                told = await self._told(row, place, begin, org_id)
            except NotFound:  # it was deleted meanwhile
                told = []
            except _OF_ONE as error:
                log.info("a conversation of %s cannot be read now: %s", self._events.name, error.kind)
                failed = failed or error
                continue
            if told:
                await self._events.log.append(told)
            heard = True
            place.passed(row, move=failed is None)
            yield
        if failed is not None and not heard:
            raise failed

    async def _missed(self, place: "_Place", begin: int) -> None:
        """What happened before `begin` is never told."""
        log.warning(
            "what happened in %s between %s and %s is not told as events",
            self._events.name,
            iso_from_ms(place.mark),
            iso_from_ms(begin),
        )
        await self._events.log.missed()
        place.mark = begin
        await self._keep(place)

    async def _told(self, row: Row, place: "_Place", begin: int, org_id: int | None) -> list[Event]:
        """The events that a changed conversation stands for."""
        name = self._events.name
        said = await self._said(row["id"])
        # Part of each key. Where Drift does not say it of the token, its messages do.
        org_id = org_id or next((message["orgId"] for message in said if message.get("orgId")), None)
        told = [
            read(name, "new_message", org_id, message)
            for message in said
            if place.is_new(message.get("createdAt"), begin)
        ]
        # Drift tells it of those that a visitor begins.
        if place.is_new(row.get("createdAt"), begin) and said and author_of(said[0]) == "visitor":
            told.insert(0, read(name, "new_conversation", org_id, row))
        before = place.seen(row["id"])
        if before is not None and row.get("status") != before.status:
            change = {"conversationId": row["id"], "status": row.get("status"), "changedAt": row["updatedAt"]}
            event = read(name, STATUS, org_id, change | {"orgId": org_id})
            told.append(await statuses.settled(self._events.statuses, event, after=before.updated_at))
        return sorted(told, key=lambda event: event.at)

    async def _said(self, conversation_id: int) -> list[Row]:
        """The messages of a conversation, the oldest first, as Drift knows no other order."""
        said: list[Row] = []
        async for message in self._rows(_MESSAGES, conversation_id=conversation_id):
            if len(said) == MOST_MESSAGES:
                log.warning("a conversation of %s is too long: its end is not told as events", self._events.name)
                await self._events.log.missed()
                break
            said.append(message)
        return said

    async def _listed(self) -> AsyncIterator[Row]:
        async for row in self._rows(_LISTING, limit=PAGE):
            if isinstance(row.get("id"), int) and isinstance(row.get("updatedAt"), int):
                yield row

    async def _rows(self, operation: "Operation", **arguments: Any) -> AsyncIterator[Row]:
        """The rows of a listing, as Drift sends them."""
        call = operation.call(operation.request(**arguments))
        style = STYLES[operation.paging] if operation.paging else None
        async for page in pages(self._connection.gateway().send, call, style):
            found = operation.unwrap(page.answer.body)
            if not isinstance(found, list):
                raise BrokenAnswer(status=page.answer.status)
            for row in found:
                if isinstance(row, dict):
                    yield row
            if page.loops:  # there are more of them, which this way leads to none of
                raise BrokenAnswer(status=page.answer.status)

    async def _place(self) -> "_Place | None":
        kept = await self._events.log.note(PLACE)
        return None if kept is None else _Place.read(kept)

    async def _keep(self, place: "_Place") -> None:
        await self._events.log.keep(PLACE, place.written())

    def _report(self, error: Exception) -> None:
        """Once for each kind of failure in a row: it may last for hours."""
        kind = error.kind if isinstance(error, DriftError) else type(error).__name__
        if kind != self._reported:
            self._reported = kind
            log.warning("Drift cannot be asked for events of %s: %s", self._events.name, kind)


class _Seen(NamedTuple):
    updated_at: int
    status: str | None


class _Place:
    """How far the rounds have come: the latest change seen, and the conversations last seen.

    `began` is the latest change of the first round; nothing older is ever told.
    """

    def __init__(self, mark: int, rows: list[Row] | None = None) -> None:
        self.mark = mark
        self._began = mark
        self._known: dict[str, list[Any]] = {}
        for row in reversed(rows or []):
            self.passed(row)

    @classmethod
    def read(cls, text: str) -> "_Place":
        kept = json.loads(text)
        place = cls(kept["mark"])
        place._began, place._known = kept["began"], kept["known"]
        return place

    def written(self) -> str:
        kept = {"mark": self.mark, "began": self._began, "known": self._known}
        return json.dumps(kept, separators=(",", ":"))

    def knows(self, row: Row) -> bool:
        """Whether it has not changed since it was seen."""
        return self._known.get(str(row["id"])) == [row["updatedAt"], row.get("status")]

    def seen(self, conversation_id: int) -> "_Seen | None":
        """How it was when it was last seen."""
        known = self._known.get(str(conversation_id))
        return _Seen(*known) if known else None

    def is_new(self, at: Any, begin: int) -> bool:
        return isinstance(at, int) and at > self._began and at >= begin

    def passed(self, row: Row, *, move: bool = True) -> None:
        """What has happened in this conversation is told. Without `move`, something before it is not."""
        if move:
            self.mark = max(self.mark, row["updatedAt"])
        self._known.pop(str(row["id"]), None)
        self._known[str(row["id"])] = [row["updatedAt"], row.get("status")]
        while len(self._known) > KNOWN:
            oldest = next(iter(self._known))
            if len(self._known) <= MOST_KNOWN and self._known[oldest][0] >= self.mark - OVERLAP:
                return  # it would be read again in each round
            del self._known[oldest]

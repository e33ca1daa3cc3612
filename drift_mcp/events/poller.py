"""Makes the events of webhooks out of what Drift answers, for where webhooks cannot reach, such as a laptop.

A round lists the conversations that have changed since the last one (the latest change comes first) and the messages of
each, with one call after the other, so that a tool call never waits for more than one of them. What it makes has the
same key as the webhook of the same message or conversation. Where a round stands is kept after each conversation: a
round that is given up goes on later, and what it told already is known by its key. A conversation that Drift cannot
show holds up no other; it is tried again until it is out of the time that rounds look back.

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
from drift_mcp.events.log import LogUnavailable
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
KNOWN = 500
"""Conversations remembered, with the state they were last seen in."""
MOST_PAGES = 10
MOST_MESSAGES = 25
"""Pages that the messages of one conversation may have."""

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
            except (DriftError, LogUnavailable) as error:
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
            if await self._events.log.claim(TASK, every * 0.9):
                with entered(Turn()):
                    await self._look(since)

    async def _look(self, since: int | None) -> None:
        place = await self._place()
        if place is None and since is None:
            rows = [row async for row in self._listed(pages_at_most=1)]
            await self._keep(_Place(max((row["updatedAt"] for row in rows), default=0), rows))
            return
        place = place or _Place((since or 0) - 1)
        begin = place.mark - OVERLAP
        changed = []
        async for row in self._listed(pages_at_most=MOST_PAGES):
            # By Drift's clock alone: this machine's may be wrong.
            begin = max(begin, row["updatedAt"] - LOOK_BACK)
            if row["updatedAt"] < begin:
                break
            if not place.knows(row):
                changed.append(row)
        org_id = await self._events.org_id()
        failed: DriftError | None = None
        heard = False
        for row in reversed(changed):
            try:
                told = await self._told(row, place, begin, org_id)
            except NotFound:  # it was deleted meanwhile
                told = []
            except _OF_ONE as error:
                log.info("a conversation of %s cannot be read now: %s", self._events.name, error.kind)
                failed = failed or error
                continue
            heard = True
            await self._events.log.append(told)
            place.passed(row, move=failed is None)
            await self._keep(place)
        if failed is not None and not heard:
            raise failed

    async def _told(self, row: Row, place: "_Place", begin: int, org_id: int | None) -> list[Event]:
        """The events that a changed conversation stands for."""
        name = self._events.name
        said = [message async for message in self._rows(_MESSAGES, MOST_MESSAGES, conversation_id=row["id"])]
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

    async def _listed(self, pages_at_most: int) -> AsyncIterator[Row]:
        async for row in self._rows(_LISTING, pages_at_most, limit=100):
            if isinstance(row.get("id"), int) and isinstance(row.get("updatedAt"), int):
                yield row

    async def _rows(self, operation: "Operation", pages_at_most: int, **arguments: Any) -> AsyncIterator[Row]:
        """The rows of a listing, as Drift sends them."""
        call = operation.call(operation.request(**arguments))
        style = STYLES[operation.paging] if operation.paging else None
        walked = 0
        async for page in pages(self._connection.gateway().send, call, style):
            found = operation.unwrap(page.answer.body)
            if not isinstance(found, list):
                raise BrokenAnswer(status=page.answer.status)
            for row in found:
                if isinstance(row, dict):
                    yield row
            walked += 1
            if walked == pages_at_most:
                return

    async def _place(self) -> "_Place | None":
        kept = await self._events.log.note(PLACE)
        return None if kept is None else _Place.read(kept)

    async def _keep(self, place: "_Place") -> None:
        await self._events.log.keep(PLACE, place.written())

    def _report(self, error: Exception) -> None:
        """Once for each kind of failure in a row: it may last for hours."""
        kind = error.kind if isinstance(error, DriftError) else "log unavailable"
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
            del self._known[next(iter(self._known))]

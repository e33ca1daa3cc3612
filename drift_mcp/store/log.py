"""The log of events of all replicas: a stream in Redis.

A cursor is the id of an entry in the stream. It begins with the time of arrival, so that even a Redis that lost its
last entries in a crash never gives out one that is before a cursor some reader has.

Redis makes each script one step: an event and the key that it is known by are there together or not at all, whenever
whoever appends it dies. Survives a loss of power where Redis itself does (`appendonly yes`, `appendfsync always`).
"""

import json
import os
import re
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

import anyio

from drift_mcp.events import event
from drift_mcp.events.event import SAME_WITHIN, Event
from drift_mcp.events.log import LATE, START, BadCursor, Entry, LogUnavailable, Page, Wanted
from drift_mcp.events.persons import happened, marks_of
from drift_mcp.store import StoreUnavailable
from drift_mcp.store.scripts import APPEND, FORGET, MISSED, SCAN, TRIM
from drift_mcp.store.shared import Shared

TRIM_EVERY = 60.0
CHUNK = 1_000
"""Entries that Redis looks through in one step."""
SLICE_MS = 1_000
"""Milliseconds that one request waits for news: less than Redis may take to answer."""
_SALT_BYTES = 32
_CURSOR = re.compile("([0-9]{1,19})-([0-9]{1,19})")

Place = tuple[int, int]


class RedisLog:
    """The `EventLog` of the connection of `shared`. Keeps events for `days`, and the latest `size` bytes of them."""

    def __init__(self, shared: Shared, *, days: float, size: int) -> None:
        self._shared = shared
        self._age = int(days * 86_400_000)
        self._passing = max(self._age, LATE)
        self._size = size
        self.redis = shared.redis
        self.stream = shared.key("events")
        self.given_up, self.replays = shared.key("given-up"), shared.key("replays")
        """What a `RedisLedger` notes of events, which is dropped with them."""
        self._notes = shared.key("notes")
        self._append = shared.redis.register_script(APPEND)
        self._forget = shared.redis.register_script(FORGET)
        self._scan = shared.redis.register_script(SCAN)
        self._missed = shared.redis.register_script(MISSED)
        self._trim = shared.redis.register_script(TRIM)
        self._trim_at = 0.0
        self._looking = anyio.Lock()
        self._seen: Place = (0, 0)

    async def append(self, events: Sequence[Event]) -> list[bool]:
        if not events:
            return []
        values: list[Any] = [self._shared.key(""), self._age, SAME_WITHIN, self._passing]
        for each in events:
            values += [*_values(each), _encoded("\n".join(marks_of(each))), happened(each)]
        new = await self.run(self._append, [self.stream], values)
        if time.monotonic() >= self._trim_at:
            with suppress(LogUnavailable):  # they are stored; there is room until the next time
                await self.trim()
        return [bool(each) for each in new]

    async def read(self, wanted: Wanted, after: str, limit: int) -> Page:
        place = _placed(after)
        begin, lost = _id(place), None
        found: list[Any] = []
        while True:
            end, trimmed, rows, last = await self._scanned("XRANGE", f"({begin}", "+", limit + 1 - len(found), wanted)
            if place > end:
                raise BadCursor
            if lost is None:
                lost = (0, 0) < place < trimmed
            found += rows
            if len(found) > limit or not last:
                break
            begin = last
        entries = await self.entries(found[:limit])
        if len(found) > limit:
            return Page(entries, entries[-1].cursor, more=True, lost=lost)
        return Page(entries, _id(end), lost=lost)

    async def latest(self, wanted: Wanted, limit: int) -> Page:
        begin, cursor = "+", ""
        found: list[Any] = []
        while True:
            end, _, rows, last = await self._scanned("XREVRANGE", begin, "-", limit - len(found), wanted)
            cursor = cursor or _id(end)
            found += rows
            if len(found) == limit or not last:
                return Page(await self.entries(found[::-1]), cursor)
            begin = f"({last}"

    async def wait(self, after: str, seconds: float) -> None:
        place = _placed(after)
        with anyio.move_on_after(seconds):
            if await self._news(place):
                return
            if self._seen > place:  # Redis has lost what was seen there
                self._seen = (0, 0)
            while self._seen <= place:
                # One request waits for all of them.
                async with self._looking:
                    if self._seen <= place:
                        self._seen = await self._news(place, SLICE_MS) or self._seen

    async def erase(self, cursors: Sequence[str]) -> None:
        # What each was known by stays, until it is as old as what is dropped.
        for first in range(0, len(cursors), CHUNK):
            await self.run(self.redis.xdel, self.stream, *cursors[first : first + CHUNK])

    async def forget(self, marks: Collection[str], until: int) -> None:
        values = [self._shared.key(""), self._passing, until, os.urandom(_SALT_BYTES), *map(_encoded, marks)]
        await self.run(self._forget, [self._shared.key("salt")], values)

    async def claim(self, task: str, seconds: float) -> bool:
        key, milliseconds = self._shared.key("claim", task), int(seconds * 1000)
        if not milliseconds:
            return not await self.run(self._shared.redis.exists, key)
        return bool(await self.run(self._shared.redis.set, key, 1, nx=True, px=milliseconds))

    async def hold(self, task: str, seconds: float) -> None:
        await self.run(self.redis.set, self._shared.key("claim", task), 1, px=max(1, int(seconds * 1000)))

    async def note(self, name: str) -> str | None:
        value = await self.run(self.redis.hget, self._notes, name)
        if value is None:
            value = await self.run(self.redis.get, self._shared.key("passing", name))
        return None if value is None else value.decode()

    async def keep(self, name: str, value: str | None, *, passing: bool = False) -> None:
        key = self._shared.key("passing", name)
        if value is None:
            await self.run(self.redis.hdel, self._notes, name)
            await self.run(self.redis.delete, key)
        elif passing:
            await self.run(self.redis.set, key, value, px=self._passing)
        else:
            await self.run(self.redis.hset, self._notes, name, value)

    async def missed(self) -> None:
        await self.run(self._missed, [self.stream, self._notes])

    async def trim(self) -> None:
        self._trim_at = time.monotonic() + TRIM_EVERY
        before = max(0, int(event.clock() * 1000) - self._age)
        keys = [self.stream, self._notes, self.given_up, self.replays]
        await self.run(self._trim, keys, [before, self._size, self.due("")])

    async def aclose(self) -> None:
        """The connections belong to `Shared`."""

    def due(self, rule: str) -> str:
        """The key of what a `RedisLedger` has to do for a rule, which is dropped with the events too."""
        return self._shared.key("due", rule)

    async def _news(self, place: Place, wait_ms: int | None = None) -> Place | None:
        """Where the first entry after `place` is, if there is one within that time."""
        told = await self.run(self._shared.redis.xread, {self.stream: _id(place)}, count=1, block=wait_ms)
        return _placed(told[0][1][0][0].decode()) if told else None

    async def _scanned(
        self, order: str, begin: str, end: str, limit: int, wanted: Wanted
    ) -> tuple[Place, Place, list[Any], str]:
        """The ends of the stream and of what was dropped, what fits, and where to go on: "" at the end of it."""
        # Where nothing is filtered out, no more than what is asked for is worth a look.
        count = CHUNK if wanted != Wanted() else min(CHUNK, max(1, limit))
        values = [order, begin, end, count, limit, *conditions_of(wanted)]
        last_id, trimmed, rows, last = await self.run(self._scan, [self.stream, self._notes], values)
        return _placed(last_id.decode()), _placed(trimmed.decode()), rows, last.decode()

    async def entries(self, rows: Sequence[Any]) -> list[Entry]:
        """The entries that Redis answers with these rows: an id and the fields of each."""
        if not rows:
            return []
        keys = [self._shared.key("again", cursor.decode()) for cursor, _ in rows]
        counts = await self.run(self._shared.redis.mget, keys)
        return [_entry(row, int(count or 0)) for row, count in zip(rows, counts, strict=True)]

    async def run(self, ask: Any, *args: Any, **named: Any) -> Any:
        """What Redis answers, for what is kept beside the events too.

        Raises:
            LogUnavailable: it does not answer, or refuses.
        """
        try:
            with self._shared.asked():
                return await ask(*args, **named)
        except StoreUnavailable:
            raise LogUnavailable from None


def conditions_of(wanted: Wanted) -> list[Any]:
    """What a script is given of what is wanted."""
    header = (wanted.type, wanted.conversation_id, wanted.contact_id, wanted.author, wanted.since, wanted.org_id)
    return ["" if each is None else each for each in (*header, wanted.text)]


def _values(told: Event) -> list[Any]:
    """What a script is given of an event, in the order of the fields of an entry."""
    header = (told.type, told.org_id, told.conversation_id, told.contact_id, told.author)
    return [
        told.key.hex(),
        told.received_at,
        int(told.timeless),
        told.at,
        json.dumps(told.data, separators=(",", ":")),
        *("" if each is None else each for each in header),
    ]


def _encoded(mark: str) -> bytes:
    return mark.encode("utf-8", "surrogatepass")  # it may hold half a character, as JSON can


def _entry(row: Any, duplicates: int) -> Entry:
    cursor, fields = row
    key, received_at, timeless, at, data, type_name, org_id, conversation_id, contact_id, author = fields[1::2]
    told = Event(
        type=type_name.decode(),
        org_id=_number(org_id),
        data=json.loads(data),
        conversation_id=_number(conversation_id),
        contact_id=_number(contact_id),
        author=author.decode() or None,
        at=int(at),
        received_at=int(received_at),
        key=bytes.fromhex(key.decode()),
        timeless=timeless == b"1",
    )
    return Entry(cursor.decode(), told, duplicates)


def _number(value: bytes) -> int | None:
    return int(value) if value else None


def _placed(cursor: str) -> Place:
    if cursor == START:
        return 0, 0
    if not (parts := _CURSOR.fullmatch(cursor)):
        raise BadCursor
    return int(parts[1]), int(parts[2])


def _id(place: Place) -> str:
    return f"{place[0]}-{place[1]}"

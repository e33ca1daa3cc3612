"""The log of events in one SQLite file, which several processes may write and read at once.

A cursor is a row's number. SQLite lets one transaction write at a time and numbers rows inside it, so that no row is
ever committed before one with a smaller number: who has read up to a number has read all before it.

Appends that come while one is being written are written together in the next transaction, whose fsync they share.
All that uses the database runs in one thread, one after another.
"""

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import anyio

from drift_mcp.events.event import SAME_WITHIN, Event
from drift_mcp.events.log import BadCursor, Entry, LogUnavailable, Page, Wanted

Answer = TypeVar("Answer")

BUSY = 5.0
"""Seconds to wait for another process that writes."""
LOOK_EVERY = 0.2
"""Seconds between looks at what other processes have appended."""
TRIM_EVERY = 60.0
_TRIMMED = "trimmed"

_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL UNIQUE,
    duplicates INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    timeless INTEGER NOT NULL,
    type TEXT NOT NULL,
    org_id INTEGER,
    conversation_id INTEGER,
    contact_id INTEGER,
    author TEXT,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_conversation ON events (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS erased (key BLOB PRIMARY KEY, received_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (task TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = "key, received_at, at, timeless, type, org_id, conversation_id, contact_id, author, data"
# The key of an older event without a time of its own is given up, so that the same again is a new one.
_GIVE_UP = "UPDATE events SET key = randomblob(32) WHERE key = ? AND received_at < ?"
# The only text in these statements is this module's own.
_KNOWN = (
    "SELECT key, NULL FROM events WHERE key IN ({0}) UNION ALL SELECT key, received_at FROM erased WHERE key IN ({0})"
)
_APPEND = f"INSERT INTO events ({_COLUMNS}) VALUES {{}} ON CONFLICT (key) DO UPDATE SET duplicates = duplicates + 1"  # noqa: S608
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_AT_ONCE = 1_000
"""Rows of one statement; SQLite takes 32,766 values."""
_KEEP = "REPLACE INTO notes VALUES (?, ?)"


class SqliteLog:
    """An `EventLog` in the file at `path`. Events older than `days`, and the oldest beyond `size` bytes, are dropped.

    Nothing is opened before the first use.
    """

    def __init__(self, path: Path, *, days: float, size: int) -> None:
        self._path = path
        self._age = int(days * 86_400_000)
        self._size = size
        self._db: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "drift-mcp events")
        self._waiting: list[_Append] = []
        self._writing = False
        self._news = anyio.Event()
        self._trim_at = 0.0
        self._look_at = 0.0
        self._end = 0

    async def append(self, events: Sequence[Event]) -> list[bool]:
        own = _Append(events, asyncio.get_running_loop().create_future())
        self._waiting.append(own)
        if not self._writing:
            self._write()
        try:
            return await own.new
        except (sqlite3.Error, OSError) as error:
            raise LogUnavailable from error

    async def read(self, wanted: Wanted, after: str, limit: int) -> Page:
        return await self.run(partial(_read, wanted=wanted, after=_number(after), limit=limit))

    async def latest(self, wanted: Wanted, limit: int) -> Page:
        return await self.run(partial(_latest, wanted=wanted, limit=limit))

    async def wait(self, after: str, seconds: float) -> None:
        number = _number(after)
        with anyio.move_on_after(seconds):
            while True:
                news = self._news
                # One look serves all who wait.
                if time.monotonic() >= self._look_at:
                    self._look_at = time.monotonic() + LOOK_EVERY
                    self._end = await self.run(end_of)
                if self._end > number:
                    return
                with anyio.move_on_after(LOOK_EVERY):
                    await news.wait()

    async def erase(self, cursors: Sequence[str]) -> None:
        await self.run(partial(_erase, numbers=[_number(each) for each in cursors]))

    async def claim(self, task: str, seconds: float) -> bool:
        return await self.run(partial(_claim, task=task, seconds=seconds))

    async def note(self, name: str) -> str | None:
        return await self.run(partial(_note, name=name))

    async def keep(self, name: str, value: str | None) -> None:
        if value is None:
            await self.run(lambda db: db.execute("DELETE FROM notes WHERE name = ?", (name,)))
        else:
            await self.run(lambda db: db.execute(_KEEP, (name, value)))

    async def aclose(self) -> None:
        while self._writing:
            await self._news.wait()
        if self._db is not None:
            await self._in_thread(self._db.close)
            self._db = None
        self._thread.shutdown(wait=False)

    def _write(self) -> None:
        """Append all that wait, in one transaction."""
        batch, self._waiting = self._waiting, []
        self._writing = True
        events = [event for each in batch for event in each.events]
        self._in_thread(self._append, events).add_done_callback(partial(self._written, batch))

    def _written(self, batch: "list[_Append]", done: "asyncio.Future[list[bool]]") -> None:
        """Tell all of `batch` what became of theirs, and write what has come meanwhile."""
        error = done.exception()
        new = iter(() if error else done.result())
        for each in batch:
            own = [next(new) for _ in each.events] if error is None else []
            if each.new.done():  # who asked has given up
                continue
            if error is None:
                each.new.set_result(own)
            else:
                each.new.set_exception(error)
        self._writing = False
        if self._waiting:
            self._write()
        self._look_at = 0.0
        self._news.set()
        self._news = anyio.Event()

    def _append(self, events: Sequence[Event]) -> list[bool]:
        db = self._opened()
        new: list[bool] = []
        with transaction(db):
            for begin in range(0, len(events), _AT_ONCE):
                new += _appended(db, events[begin : begin + _AT_ONCE])
        if events and time.monotonic() >= self._trim_at:
            self._trim_at = time.monotonic() + TRIM_EVERY
            with suppress(sqlite3.Error):  # they are stored; there is room until the next time
                _trim(db, events[-1].received_at - self._age, self._size)
        return new

    async def run(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """The answer of `work` with the database, for what is kept beside the events.

        Raises:
            LogUnavailable: the database cannot be used.
        """
        try:
            return await self._in_thread(lambda: work(self._opened()))
        except (sqlite3.Error, OSError) as error:
            raise LogUnavailable from error

    def _in_thread(self, work: Callable[..., Answer], *given: Any) -> "asyncio.Future[Answer]":
        return asyncio.get_running_loop().run_in_executor(self._thread, work, *given)

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            # Made before SQLite makes it, so that it is never open to others.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            db = sqlite3.connect(self._path, timeout=BUSY, isolation_level=None, check_same_thread=False)
            try:
                _use_wal(db)
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA secure_delete = ON")  # not only out of sight: overwritten
                db.executescript(_TABLES)
            except sqlite3.Error:
                db.close()
                raise
            self._db = db
        return self._db


def _use_wal(db: sqlite3.Connection) -> None:
    """The journal that lets others read meanwhile. Two processes that begin one at once get in each other's way."""
    until = time.monotonic() + BUSY
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.02)
        else:
            return


class _Append(NamedTuple):
    """Events of one call of `append`, and which of them are new, once that is known."""

    events: Sequence[Event]
    new: "asyncio.Future[list[bool]]"


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction that has the right to write from its start, so that no other writer can make it fail half-way."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _appended(db: sqlite3.Connection, events: Sequence[Event]) -> list[bool]:
    """Which of `events` are new.

    All of them in one statement: for each step SQLite lets go of the interpreter, and this thread may then wait 5 ms
    until the one that answers requests lets it go on.
    """
    for event in events:
        if event.timeless:
            db.execute(_GIVE_UP, (event.key, event.received_at - SAME_WITHIN))
    keys = [event.key for event in events]
    found = db.execute(_KNOWN.format(",".join("?" * len(keys))), [*keys, *keys]).fetchall()
    known = {key for key, erased_at in found if erased_at is None}
    erased = {key: erased_at for key, erased_at in found if erased_at is not None}
    stored = [event for event in events if not _is_erased(event, erased.get(event.key))] if erased else events
    if stored:
        values = [value for event in stored for value in _row(event)]
        db.execute(_APPEND.format(",".join([_ROW] * len(stored))), values)
    known.update(erased.keys() - {event.key for event in stored})
    new = []
    for key in keys:
        new.append(key not in known)
        known.add(key)
    return new


def _is_erased(event: Event, received_at: int | None) -> bool:
    """Whether it is one that was erased, and arrived then."""
    return received_at is not None and not (event.timeless and received_at < event.received_at - SAME_WITHIN)


def _row(event: Event) -> tuple[Any, ...]:
    return (
        event.key,
        event.received_at,
        event.at,
        event.timeless,
        event.type,
        event.org_id,
        event.conversation_id,
        event.contact_id,
        event.author,
        json.dumps(event.data, separators=(",", ":")),
    )


def _entry(row: Sequence[Any]) -> Entry:
    number, duplicates, key, received_at, at, timeless, *rest = row
    type_name, org_id, conversation_id, contact_id, author, data = rest
    event = Event(
        type=type_name,
        org_id=org_id,
        data=json.loads(data),
        conversation_id=conversation_id,
        contact_id=contact_id,
        author=author,
        at=at,
        received_at=received_at,
        key=key,
        timeless=bool(timeless),
    )
    return Entry(str(number), event, duplicates)


def conditions_of(wanted: Wanted) -> tuple[str, list[Any]]:
    conditions, values = [], []
    for name in ("type", "conversation_id", "contact_id", "author"):
        if (value := getattr(wanted, name)) is not None:
            conditions.append(f"{name} = ?")
            values.append(value)
    if wanted.since is not None:
        conditions.append("at >= ?")
        values.append(wanted.since)
    if wanted.org_id is not None:
        conditions.append("(org_id IS NULL OR org_id = ?)")
        values.append(wanted.org_id)
    if wanted.text is not None:
        conditions.append("instr(lower(data), ?)")
        values.append(wanted.text)
    return "".join(f" AND {each}" for each in conditions), values


def select(db: sqlite3.Connection, wanted: Wanted, after: int, order: str, limit: int) -> list[Entry]:
    conditions, values = conditions_of(wanted)
    rows = db.execute(
        f"SELECT number, duplicates, {_COLUMNS} FROM events WHERE number > ?{conditions} "  # noqa: S608
        f"ORDER BY number {order} LIMIT ?",
        (after, *values, limit),
    )
    return [_entry(row) for row in rows]


def _read(db: sqlite3.Connection, wanted: Wanted, after: int, limit: int) -> Page:
    # The end is looked up first: what comes between the two is after it, and is read once more at most.
    end = end_of(db)
    if after > end:
        raise BadCursor
    lost = 0 < after < int(_note(db, _TRIMMED) or 0)
    found = select(db, wanted, after, "ASC", limit + 1)
    if len(found) > limit:
        return Page(found[:limit], found[limit - 1].cursor, more=True, lost=lost)
    last = int(found[-1].cursor) if found else 0
    return Page(found, str(max(end, last)), lost=lost)


def _latest(db: sqlite3.Connection, wanted: Wanted, limit: int) -> Page:
    end = end_of(db)
    found = select(db, wanted, 0, "DESC", limit)[::-1]
    return Page(found, str(max(end, int(found[-1].cursor) if found else 0)))


def end_of(db: sqlite3.Connection) -> int:
    """The number of the last event, also where it has been dropped."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return int(row[0]) if row else 0


def _claim(db: sqlite3.Connection, task: str, seconds: float) -> bool:
    now = time.time()
    with transaction(db):
        row = db.execute("SELECT until FROM claims WHERE task = ?", (task,)).fetchone()
        # One far ahead was made before the clock was set back.
        if row and now < row[0] <= now + 86_400:
            return False
        db.execute("REPLACE INTO claims VALUES (?, ?)", (task, now + seconds))
    return True


def _note(db: sqlite3.Connection, name: str) -> str | None:
    row = db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def _trim(db: sqlite3.Connection, before: int, size: int) -> None:
    """Drop what arrived before that moment, then the oldest tenth until the rest fits."""
    with transaction(db):
        first_kept = db.execute(
            "SELECT number FROM events WHERE received_at >= ? ORDER BY number LIMIT 1", (before,)
        ).fetchone()
        _drop(db, first_kept[0] - 1 if first_kept else end_of(db))
        db.execute("DELETE FROM erased WHERE received_at < ?", (before,))
        while _used(db) > size:
            (count,) = db.execute("SELECT COUNT(*) FROM events").fetchone()
            if not count:
                return
            tenth = "SELECT number FROM events ORDER BY number LIMIT 1 OFFSET ?"
            _drop(db, db.execute(tenth, ((count - 1) // 10,)).fetchone()[0])


def _erase(db: sqlite3.Connection, numbers: list[int]) -> None:
    with transaction(db):
        for number in numbers:
            db.execute("REPLACE INTO erased SELECT key, received_at FROM events WHERE number = ?", (number,))
            db.execute("DELETE FROM events WHERE number = ?", (number,))
    # What was written before is in the journal too, until everybody is through with it.
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _drop(db: sqlite3.Connection, number: int) -> None:
    """Drop all events up to `number`."""
    if db.execute("DELETE FROM events WHERE number <= ?", (number,)).rowcount:
        db.execute(_KEEP, (_TRIMMED, str(number)))


def _used(db: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, each = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * each)


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise BadCursor
    return int(cursor)

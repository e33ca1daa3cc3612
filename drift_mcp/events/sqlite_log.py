"""The log of events in one SQLite file, which several processes may write and read at once.

A cursor is a row's number. SQLite lets one transaction write at a time and numbers rows inside it, so that no row is
ever committed before one with a smaller number: who has read up to a number has read all before it.

Appends that come while one is being written are written together in the next transaction, whose fsync they share.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import anyio

from drift_mcp.events import event, sqlite_passing
from drift_mcp.events.event import SAME_WITHIN, Event
from drift_mcp.events.log import LATE, BadCursor, LogUnavailable, Page, Wanted
from drift_mcp.events.sqlite_passing import PASSING, SALTED
from drift_mcp.events.sqlite_rows import COLUMNS, end_of, row_of, select
from drift_mcp.events.sqlite_thread import SqliteThread, transaction

Answer = TypeVar("Answer")

LOOK_EVERY = 0.2
"""Seconds between looks at what other processes have appended."""
TRIM_EVERY = 60.0
_TRIMMED = "trimmed"

_TABLES = (
    """
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
    + PASSING
)
# The key of an older event without a time of its own is given up, so that the same again is a new one.
_GIVE_UP = "UPDATE events SET key = randomblob(32) WHERE key = ? AND received_at < ?"
# The only text in these statements is this module's own.
_KNOWN = " UNION ALL ".join(
    (
        "SELECT key, NULL FROM events WHERE key IN ({0})",
        "SELECT key, received_at FROM erased WHERE key IN ({0})",
        SALTED,
    )
)
_APPEND = f"INSERT INTO events ({COLUMNS}) VALUES {{}} ON CONFLICT (key) DO UPDATE SET duplicates = duplicates + 1"  # noqa: S608
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_AT_ONCE = 1_000
"""Rows of one statement; SQLite takes 32,766 values."""
_KEEP = "REPLACE INTO notes VALUES (?, ?)"
_CLAIM = "REPLACE INTO claims VALUES (?, ?)"


class SqliteLog:
    """An `EventLog` in the file at `path`. Events older than `days`, and the oldest beyond `size` bytes, are dropped.

    Nothing is opened before the first use.
    """

    def __init__(self, path: Path, *, days: float, size: int) -> None:
        self._age = int(days * 86_400_000)
        self._size = size
        self._file = SqliteThread(path, _TABLES)
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

    async def hold(self, task: str, seconds: float) -> None:
        await self.run(lambda db: db.execute(_CLAIM, (task, time.time() + seconds)))

    async def note(self, name: str) -> str | None:
        return await self.run(partial(_note, name=name))

    async def keep(self, name: str, value: str | None, *, passing: bool = False) -> None:
        if value is None:
            await self.run(partial(_drop_note, name=name))
        elif passing:
            await self.run(partial(sqlite_passing.keep, name=name, value=value, until=self._passed()))
        else:
            await self.run(lambda db: db.execute(_KEEP, (name, value)))

    async def forget(self, marks: Collection[str], until: int) -> None:
        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                sqlite_passing.forget(db, marks, until, self._passed())

        await self.run(work)

    async def missed(self) -> None:
        await self.run(lambda db: _lose(db, end_of(db) + 1))

    async def trim(self) -> None:
        await self.run(self._trim)

    async def aclose(self) -> None:
        while self._writing:
            await self._news.wait()
        await self._file.aclose()

    def _write(self) -> None:
        """Append all that wait, in one transaction."""
        batch, self._waiting = self._waiting, []
        self._writing = True
        events = [event for each in batch for event in each.events]
        self._file.begin(partial(self._append, events=events)).add_done_callback(partial(self._written, batch))

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

    def _append(self, db: sqlite3.Connection, events: Sequence[Event]) -> list[bool]:
        new: list[bool] = []
        with transaction(db):
            for begin in range(0, len(events), _AT_ONCE):
                new += _appended(db, events[begin : begin + _AT_ONCE], self._passed())
        if events and time.monotonic() >= self._trim_at:
            with suppress(sqlite3.Error):  # they are stored; there is room until the next time
                self._trim(db)
        return new

    def _trim(self, db: sqlite3.Connection) -> None:
        self._trim_at = time.monotonic() + TRIM_EVERY
        now = int(event.clock() * 1000)
        _trim(db, now - self._age, self._size)
        sqlite_passing.trim(db, now)

    def _passed(self) -> int:
        """Until when what is passing is kept that begins now."""
        return int(event.clock() * 1000) + max(self._age, LATE)

    async def run(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """The answer of `work` with the database, for what is kept beside the events.

        Raises:
            LogUnavailable: the database cannot be used.
        """
        return await self._file.run(work)


class _Append(NamedTuple):
    """Events of one call of `append`, and which of them are new, once that is known."""

    events: Sequence[Event]
    new: "asyncio.Future[list[bool]]"


def _appended(db: sqlite3.Connection, events: Sequence[Event], passed: int) -> list[bool]:
    """Which of `events` are new. For `passed` see `sqlite_passing.late`.

    All of them in one statement: for each step SQLite lets go of the interpreter, and this thread may then wait 5 ms
    until the one that answers requests lets it go on.
    """
    for each in events:
        if each.timeless:
            db.execute(_GIVE_UP, (each.key, each.received_at - SAME_WITHIN))
    keys = [each.key for each in events]
    found = db.execute(_KNOWN.format(",".join("?" * len(keys))), [*keys, *keys]).fetchall()
    known = {key for key, erased_at in found if erased_at is None}
    erased = {key: erased_at for key, erased_at in found if erased_at is not None}
    refused = {each.key for each in events if _is_erased(each, erased.get(each.key))}
    if erased:  # somebody was, at least
        refused |= sqlite_passing.late(db, events, passed)
    stored = [each for each in events if each.key not in refused] if refused else events
    if stored:
        values = [value for each in stored for value in row_of(each)]
        db.execute(_APPEND.format(",".join([_ROW] * len(stored))), values)
    known |= refused
    new = []
    for key in keys:
        new.append(key not in known)
        known.add(key)
    return new


def _is_erased(told: Event, received_at: int | None) -> bool:
    """Whether it is one that was erased, and arrived then."""
    return received_at is not None and not (told.timeless and received_at < told.received_at - SAME_WITHIN)


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


def _claim(db: sqlite3.Connection, task: str, seconds: float) -> bool:
    now = time.time()
    with transaction(db):
        row = db.execute("SELECT until FROM claims WHERE task = ?", (task,)).fetchone()
        # One far ahead was made before the clock was set back.
        if row and now < row[0] <= now + 86_400:
            return False
        db.execute(_CLAIM, (task, now + seconds))
    return True


def _note(db: sqlite3.Connection, name: str) -> str | None:
    row = db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else sqlite_passing.note(db, name)


def _drop_note(db: sqlite3.Connection, name: str) -> None:
    db.execute("DELETE FROM notes WHERE name = ?", (name,))
    sqlite_passing.drop(db, name)
    _overwrite(db)


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
    _overwrite(db)


def _overwrite(db: sqlite3.Connection) -> None:
    """Have no file hold any more what was deleted: it is in the journal too, until everybody is through with it."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _drop(db: sqlite3.Connection, number: int) -> None:
    """Drop all events up to `number`."""
    if db.execute("DELETE FROM events WHERE number <= ?", (number,)).rowcount:
        _lose(db, number)


def _lose(db: sqlite3.Connection, number: int) -> None:
    """Have who has read less than up to `number` told that there is something they will never see."""
    known = "SELECT CAST(value AS INTEGER) FROM notes WHERE name = ?"
    db.execute(f"REPLACE INTO notes VALUES (?, MAX(?, COALESCE(({known}), 0)))", (_TRIMMED, number, _TRIMMED))  # noqa: S608


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

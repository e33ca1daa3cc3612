"""What became of the writes that callers gave a key: one row each, with hashes, times and ids, never a value.

A row is there before anything is sent, so that a write that was cut off, by the end of the process too, is known to be
in doubt. Rows are shared by all processes that use the folder.
"""

import json
import logging
import math
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import anyio
from anyio import to_thread

from drift_mcp.drift.clock import now
from drift_mcp.store import StoreUnavailable
from drift_mcp.wal import BUSY, SMALL_CACHE, executed, use_wal

log = logging.getLogger(__name__)

KEPT_FOR = 30 * 24 * 3600.0
"""Seconds after which a row is forgotten: longer than anything waits that would call again with the same key."""
CLEAR_EVERY = 3600.0
"""Seconds between looks for such rows: a server may run for longer than they are kept."""

_TABLES = """
CREATE TABLE IF NOT EXISTS writes (
    key TEXT PRIMARY KEY, arguments TEXT NOT NULL, state TEXT NOT NULL, began REAL NOT NULL, owner TEXT NOT NULL,
    ids TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS writes_by_age ON writes (began);
"""


class State(StrEnum):
    """How far a keyed write has got."""

    BEGUN = "begun"
    DONE = "done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """A keyed write. `arguments` is their hash, `began` Unix time; `alive` whether who began it still can end it."""

    arguments: str
    state: State
    began: float
    ids: dict[str, Any]
    alive: bool
    owner: str


@contextmanager
def needed() -> Iterator[None]:
    """Around what has to work before anything is sent.

    Raises:
        StoreUnavailable: the folder or the file in it cannot be used.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        log.error("The journal of keyed writes cannot be used: %s", _why(error))
        raise StoreUnavailable from None


@contextmanager
def _owed() -> Iterator[None]:
    """Around what records the end of a write: its outcome is owed to the caller even where that fails."""
    try:
        yield
    except sqlite3.Error as error:
        log.error("The end of a keyed write could not be recorded: %s", _why(error))


def _why(error: Exception) -> str:
    return getattr(error, "sqlite_errorname", None) or getattr(error, "strerror", None) or type(error).__name__


class Journal(Protocol):
    """Where keyed writes are recorded. Each method is one indivisible step, for all processes.

    `begin` and `take_over` raise StoreUnavailable, and nothing may be sent then. The others raise nothing.
    """

    async def begin(self, key: str, arguments: str) -> Row | None:
        """Record that the write `key` is begun: None. Or the row of it that was there before."""
        ...

    async def take_over(self, key: str, row: Row) -> bool:
        """Become the one who ends the write that `row` shows in doubt; False if somebody else was faster."""
        ...

    async def end(self, key: str, state: State, ids: dict[str, Any] | None = None) -> None:
        """Record how the write ended that this process began or took over."""
        ...

    async def forget(self, key: str) -> None:
        """Nothing was done for the write that this process began."""
        ...

    async def aclose(self) -> None:
        """Let go of the journal. What this process has begun and not ended is in doubt from then on."""
        ...


class SqliteJournal:
    """The journal as one SQLite file in `folder`.

    Each process holds a file of its own locked, by which the others see that it lives: the lock ends with the process,
    however that ends. Steps take about a millisecond and are made where they are called for; where another process has
    the file locked, they are tried again and other calls go on meanwhile. It is opened, in a thread, at the first use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owners = folder / "owners"
        self._owner = secrets.token_hex(8)
        self._opening = anyio.Lock()
        self._db: sqlite3.Connection | None = None
        self._clear_at = -math.inf

    async def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            async with self._opening:
                if self._db is None:
                    await to_thread.run_sync(self._open)
        assert self._db is not None
        return self._db

    def _open(self) -> None:
        self._owners.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as undone:
            # One process at a time: a file that is not locked yet would pass for that of a process that has ended.
            with closing(_locked(self._folder / "opening", BUSY)):
                lock = undone.enter_context(closing(_locked(self._owners / self._owner)))
                db = undone.enter_context(closing(self._connected(self._folder / "writes.sqlite")))
                self._clear_owners()
            undone.pop_all()
        self._lock, self._db = lock, db

    def _connected(self, path: Path) -> sqlite3.Connection:
        # Autocommit: each statement is a transaction. What is recorded survives a loss of power.
        db = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        use_wal(db)
        db.execute("PRAGMA synchronous = FULL")
        db.execute(SMALL_CACHE)
        db.executescript(_TABLES)
        db.execute("PRAGMA busy_timeout = 0")  # from here on who waits lets others go on
        return db

    async def _execute(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        return await executed(await self._opened(), statement, values, BUSY)

    async def begin(self, key: str, arguments: str) -> Row | None:
        """As in `Journal`."""
        with needed():
            return await self._begun(key, arguments)

    async def _begun(self, key: str, arguments: str) -> Row | None:
        if now() >= self._clear_at:
            self._clear_at = now() + CLEAR_EVERY
            await self._execute("DELETE FROM writes WHERE began < ?", (time.time() - KEPT_FOR,))
        values = (key, arguments, State.BEGUN.value, time.time(), self._owner)
        inserted = await self._execute(
            "INSERT INTO writes (key, arguments, state, began, owner) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            values,
        )
        if inserted.rowcount:
            return None
        found = await self._execute("SELECT arguments, state, began, ids, owner FROM writes WHERE key = ?", (key,))
        row = found.fetchone()
        if row is None:  # forgotten in between
            return await self._begun(key, arguments)
        known, state, began, ids, owner = row
        return Row(known, State(state), began, json.loads(ids), self._lives(owner), owner)

    async def take_over(self, key: str, row: Row) -> bool:
        """As in `Journal`."""
        with needed():
            taken = await self._execute(
                "UPDATE writes SET owner = ?, state = ? WHERE key = ? AND owner = ? AND state = ?",
                (self._owner, State.BEGUN.value, key, row.owner, row.state.value),
            )
        return bool(taken.rowcount)

    async def end(self, key: str, state: State, ids: dict[str, Any] | None = None) -> None:
        """As in `Journal`."""
        with _owed(), anyio.CancelScope(shield=True):
            await self._execute(
                "UPDATE writes SET state = ?, ids = ? WHERE key = ? AND owner = ?",
                (state.value, json.dumps(ids or {}), key, self._owner),
            )

    async def forget(self, key: str) -> None:
        """As in `Journal`."""
        with _owed(), anyio.CancelScope(shield=True):
            await self._execute("DELETE FROM writes WHERE key = ? AND owner = ?", (key, self._owner))

    async def aclose(self) -> None:
        """As in `Journal`."""
        if self._db is None:
            return
        self._db.close()
        self._lock.close()
        (self._owners / self._owner).unlink(missing_ok=True)

    def _lives(self, owner: str) -> bool:
        if owner == self._owner:
            return True
        path = self._owners / owner
        if not path.exists():
            return False
        try:
            _locked(path).close()
        except sqlite3.OperationalError:
            return True
        return False

    def _clear_owners(self) -> None:
        """Remove the files of processes that have ended."""
        for path in self._owners.iterdir():
            if path.name != self._owner and not self._lives(path.name):
                with suppress(OSError):
                    path.unlink()


def _locked(path: Path, wait: float = 0.0) -> sqlite3.Connection:
    """The file at `path`, locked for as long as this process has it open.

    Raises:
        sqlite3.OperationalError: somebody else has it locked, for longer than `wait` seconds.
    """
    db = sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = MEMORY")  # nothing is ever written, so no file beside it either
        db.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        db.close()
        raise
    return db

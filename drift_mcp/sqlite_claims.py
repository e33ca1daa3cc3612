"""The claims of writes (`drift_mcp.claims`) in a SQLite file, for all processes that share a state folder."""

import logging
import math
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

from drift_mcp.claims import APART, KEPT_FOR, UNDER_WAY, Claim, Record, same_record
from drift_mcp.drift.clock import now
from drift_mcp.local_key import local_key
from drift_mcp.store import StoreUnavailable
from drift_mcp.wal import SMALL_CACHE, executed, use_wal

log = logging.getLogger(__name__)

CLEAR_EVERY = 3600.0
"""Seconds between looks for such claims: a server may run for longer than they are kept."""
_PAGES = 250
"""Pages of 4 KB to which SQLite's own log grows."""
_BUSY = 1.0
"""Seconds to wait for another process that writes; a write takes a thousandth of that."""

_TABLE = """
CREATE TABLE IF NOT EXISTS claims (
    write BLOB PRIMARY KEY, content BLOB, record BLOB, at REAL NOT NULL, made REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS under_way ON claims (content) WHERE content IS NOT NULL;
CREATE INDEX IF NOT EXISTS made ON claims (record) WHERE record IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_age ON claims (at);
"""


class SqliteClaims:
    """The claims as a SQLite file in the folder `journal` of that which `state` gives, or in this process alone.

    `where` says which Drift it is.

    A step takes some 20 microseconds and is made where it is called for; where another process has the file locked, it
    is tried again and other calls go on meanwhile. What is recorded survives the process, but not a loss of power: to
    wait for the disk would cost each write some milliseconds. It is opened, in a thread, at the first use.
    """

    def __init__(self, state: Callable[[], Path] | None, where: str) -> None:
        self._state = state
        self._where = where
        self._opening = anyio.Lock()
        self._db: sqlite3.Connection | None = None
        self._secret = secrets.token_bytes(32)
        self._clear_at = -math.inf

    async def secret(self) -> bytes:
        """As in `Claims`."""
        await self._opened()
        return self._secret

    async def begin(self, claim: Claim) -> None:
        """As in `Claims`."""
        with suppress(StoreUnavailable):
            await self._run(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, NULL, ?, NULL)",
                *(_short(claim.write), _short(claim.content), time.time()),
            )
            if now() >= self._clear_at:
                self._clear_at = now() + CLEAR_EVERY
                await self._run("DELETE FROM claims WHERE at < ?", time.time() - KEPT_FOR)

    async def end(self, claim: Claim, record: Record | None) -> None:
        """As in `Claims`."""
        with suppress(StoreUnavailable):
            if record is None:
                await self._run("DELETE FROM claims WHERE write = ?", _short(claim.write))
            else:
                await self._run(
                    "INSERT OR REPLACE INTO claims VALUES (?, NULL, ?, ?, ?)",
                    *(_short(claim.write), self._here(record), time.time(), record.at),
                )

    async def take(self, claim: Claim, record: Record, since: float) -> bool:
        """As in `Claims`."""
        write, made = _short(claim.write), self._here(record)
        done = await self._run(
            "INSERT OR REPLACE INTO claims SELECT ?, NULL, ?, ?, ? WHERE NOT EXISTS "
            "(SELECT 1 FROM claims WHERE record = ? AND write != ? AND at >= ?)",
            *(write, made, time.time(), record.at, made, write, since - APART),
        )
        return done.rowcount == 1

    async def taken(self, claim: Claim, record: Record, since: float) -> bool | None:
        """As in `Claims`."""
        found = await self._run(
            "SELECT made FROM claims WHERE record = ? AND write != ? AND at >= ?",
            *(self._here(record), _short(claim.write), since - APART),
        )
        return same_record([made for (made,) in found.fetchall()], record)

    async def rivals(self, claim: Claim) -> bool:
        """As in `Claims`."""
        found = await self._run(
            "SELECT 1 FROM claims WHERE content = ? AND write != ? AND at >= ?",
            *(_short(claim.content), _short(claim.write), time.time() - UNDER_WAY),
        )
        return found.fetchone() is not None

    async def aclose(self) -> None:
        """As in `Claims`."""
        if self._db is not None:
            self._db.close()

    def _here(self, record: Record) -> bytes:
        return _short(f"{self._where} {record.id}")

    async def _run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        db = await self._opened()
        with _needed():
            return await executed(db, statement, values, _BUSY)

    async def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            async with self._opening:
                if self._db is None:
                    with _needed():
                        self._db = await to_thread.run_sync(self._open)
        return self._db

    def _open(self) -> sqlite3.Connection:
        path = None
        if self._state is not None:
            path = self._state() / "journal" / "claims.sqlite"
            path.parent.mkdir(mode=0o700, exist_ok=True)
        # Autocommit: each statement is a transaction.
        db = sqlite3.connect(path or ":memory:", timeout=_BUSY, isolation_level=None, check_same_thread=False)
        try:
            if path is not None:
                self._secret = local_key(path.parent / "key")
                path.chmod(0o600)
                use_wal(db)
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute(SMALL_CACHE)
                db.execute(f"PRAGMA wal_autocheckpoint = {_PAGES}")
            db.executescript(_TABLE)
            db.execute("PRAGMA busy_timeout = 0")  # from here on who waits lets others go on
        except BaseException:
            db.close()
            raise
        return db


def _short(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=12).digest()


@contextmanager
def _needed() -> Iterator[None]:
    """Raises:
    StoreUnavailable: the folder or the file in it cannot be used.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        log.error("What writes have made cannot be read or recorded: %s", type(error).__name__)
        raise StoreUnavailable from None

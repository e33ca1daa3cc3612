"""Which write made which record, and which writes are under way: known to all processes that write to the same Drift.

Two writes of the same words leave records that look the same. So that the trace of one is not taken for another's, each
says what it is about to make, and then which record that is. It is known by hashes and ids, never by a value.
"""

import hmac
import json
import logging
import math
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import anyio
from anyio import to_thread

from drift_mcp.drift.clock import now
from drift_mcp.local_key import local_key
from drift_mcp.operation import LostAnswer, Made, Operation, Request
from drift_mcp.store import StoreUnavailable
from drift_mcp.wal import SMALL_CACHE, executed, use_wal

log = logging.getLogger(__name__)

KEPT_FOR = 30 * 24 * 3600.0
"""Seconds after which a claim is forgotten: as long as a keyed write can be in doubt."""
UNDER_WAY = 600.0
"""Seconds for which a write that has not ended, such as one whose server was killed, may still make its record."""
APART = 60.0
"""Seconds by which the clocks of two servers may differ."""
_PAGES = 250
"""Pages of 4 KB to which SQLite's own log grows."""
CLEAR_EVERY = 3600.0
"""Seconds between looks for such claims: a server may run for longer than they are kept."""
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


@dataclass(frozen=True, slots=True)
class Claim:
    """A write of which others may make the like: its own name, and that of all that make the same."""

    write: str
    content: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record in Drift: its id, and when Drift made it (epoch ms), where Drift says so.

    Drift's ids are never used again, but those of a sandbox that begins anew are: then that time is another one.
    """

    id: Any
    at: float | None = None


class Claims(Protocol):
    """Where the claims are. `begin` and `end` raise nothing: a write is made all the same.

    The others raise StoreUnavailable, and then it cannot be told whose a record is.
    """

    async def secret(self) -> bytes:
        """What makes the hashes the servers' own."""
        ...

    async def begin(self, claim: Claim) -> None:
        """It is about to be sent."""
        ...

    async def end(self, claim: Claim, record: Record | None) -> None:
        """It made `record`, Drift has said so; None: it made none."""
        ...

    async def take(self, claim: Claim, record: Record, since: float) -> bool:
        """`record` was found to be what it made. False, and nothing is done, where another write has it."""
        ...

    async def taken(self, claim: Claim, record: Record, since: float) -> bool | None:
        """Whether another write has `record`, and has said so at `since` (Unix time) or later.

        None: it has one of that id that was made at another time.
        """
        ...

    async def rivals(self, claim: Claim) -> bool:
        """Whether another write that makes the same is under way, or nobody knows what it made."""
        ...

    async def aclose(self) -> None:
        """Let go of them."""
        ...


# ---- what a claim is about -------------------------------------------------------------------------------------------

_name: ContextVar[str] = ContextVar("drift_mcp_write", default="")


@contextmanager
def named(name: str) -> Iterator[None]:
    """Inside, writes are parts of the one with that `name`: it has the same one when it is called again."""
    before = _name.set(name)
    try:
        yield
    finally:
        _name.reset(before)


class Mine:
    """What one write says of itself to the others, and what it asks about them.

    It says nothing where the like cannot be made twice. Where the claims cannot be used, no record is surely its own.
    """

    def __init__(self, claims: Claims, operation: Operation, claim: Claim | None) -> None:
        self._claims = claims
        self._claim = claim
        made = operation.recovery
        alike = operation.lost_answer is LostAnswer.LOOK_FIRST and isinstance(made, Made)
        self._list = made.looks[0].operation if alike and isinstance(made, Made) else ""

    @classmethod
    async def of(cls, claims: Claims, operation: Operation, request: Request) -> "Mine":
        """That of a write. One that is a part of a named write is the same one when it is called again."""
        mine = cls(claims, operation, None)
        if mine._list:
            with suppress(StoreUnavailable):
                secret, name = await claims.secret(), _name.get()
                content = _hashed(secret, [operation.name, request.model_dump(mode="json", exclude_none=True)])
                write = _hashed(secret, [name, content]) if name else secrets.token_hex(16)
                mine._claim = Claim(write, content)
        return mine

    async def begin(self) -> None:
        """It is about to be sent."""
        if self._claim is not None:
            await self._claims.begin(self._claim)

    async def made(self, made: Record) -> None:
        """It has made that record.

        One without an id (None) cannot be told from that of the same write by another: this one stays in its way.
        """
        if made.id is not None:
            await self._end(self._record(made))

    async def dropped(self) -> None:
        """It has made nothing."""
        await self._end(None)

    async def _end(self, record: Record | None) -> None:
        if self._claim is not None:
            with anyio.CancelScope(shield=True):
                await self._claims.end(self._claim, record)

    async def excludes(self, made: Record, since: float) -> bool | None:
        """Whether that record is another write's. As `Claims.taken`."""
        if not self._list or made.id is None:
            return False
        return await self._claims.taken(self._said(), self._record(made), since)

    async def takes(self, made: Record, since: float) -> bool:
        """Whether that record can only be this write's, and is from now on. As `Claims.take`.

        It cannot be told while the same write is under way a second time, or was and nobody knows what it made.
        """
        if not self._list:
            return True
        if await self._claims.rivals(self._said()):
            return False
        return made.id is None or await self._claims.take(self._said(), self._record(made), since)

    def _said(self) -> Claim:
        if self._claim is None:
            raise StoreUnavailable
        return self._claim

    def _record(self, made: Record) -> Record:
        # Operations that are looked up in the same list make the same kind of record.
        return Record(f"{self._list} {made.id}", made.at)


def _hashed(secret: bytes, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.new(secret, text.encode(), "sha256").hexdigest()[:32]


# ---- in a file -------------------------------------------------------------------------------------------------------


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


def same_record(made: Sequence[float | None], record: Record) -> bool | None:
    """Whether one of those `made` at these times, which have the id of `record`, is that; None: each at another."""
    if not made:
        return False
    return True if any(at is None or record.at is None or at == record.at for at in made) else None


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

"""What a long job has done so far, so that it can go on after a kill at any point without repeating a write.

One SQLite file per job in the server's state folder. Before a write its intent is recorded, after it the outcome; a job
that finds an intent without an outcome looks in Drift before it writes again. Only hashes are kept, never a value: of
the input (it names the job) and, made with a key of this server's, of each item's key: an address that somebody guesses
cannot be found in it. The file is held locked while the job runs, by a lock that ends
with the process, so no job runs twice at once.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drift_mcp.drift.errors import BadToken, DriftError, NotConnected, OutOfTime, Unreachable
from drift_mcp.local_key import local_key
from drift_mcp.workflow import Context

KEPT_FOR = 14 * 24 * 3600
"""Seconds after which an unfinished job is forgotten."""

_PROCESS = secrets.token_hex(16)

_TABLES = """
CREATE TABLE IF NOT EXISTS items (key TEXT PRIMARY KEY, intent TEXT, outcome TEXT, mark INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plan (place INTEGER PRIMARY KEY, item TEXT);
"""
_EMPTY = "BEGIN; DELETE FROM items; DELETE FROM plan; COMMIT;"


class Running(Exception):
    """The same job is running already, here or in another process."""


async def job_name(context: Context, kind: str, job: Any) -> str:
    """A name for this `job` (JSON) in this Drift organisation, which Drift is asked for once for each token.

    Raises:
        NotConnected, BadToken, Unreachable, OutOfTime: Drift cannot be asked, so nothing else can be done either.
    """
    about = context.about()
    # The sandbox in this process forgets everything with it, and so must the jobs done there.
    process = _PROCESS if about.get("connection") == "sandbox" else None
    try:
        org: str | None = await context.organisation()
    except (NotConnected, BadToken, Unreachable, OutOfTime):
        raise
    except DriftError:
        org = None
    whole = [kind, about.get("connection"), about.get("drift"), process, org, job]
    return f"{kind}-{digest(json.dumps(whole, sort_keys=True, ensure_ascii=True))[:40]}"


def digest(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Journal:
    """The journal of the job `name` under `state`. Close it, or use it in a `with`.

    What is recorded survives a kill. A loss of power may take the last records with it, which costs lookups, never a
    doubled write.

    Raises:
        Running: the job is running already.
    """

    def __init__(self, state: Path, name: str, *, fresh: bool = False) -> None:
        folder = state / "jobs"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_old(folder)
        self._name = name
        self._key = local_key(folder / "key")
        self._path = folder / f"{name}.sqlite"
        self.resumed = self._path.exists() and not fresh
        """Whether an earlier run of the job has not come to its end."""
        try:
            self._db = _open(self._path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
                raise
            # Nothing in it can be trusted. Starting anew is safe: a job looks before it writes.
            _remove(self._path)
            self._db = _open(self._path)
        if fresh:
            self._db.executescript(_EMPTY)
        rows = self._db.execute("SELECT key, intent, outcome, mark FROM items")
        self._items: dict[str, tuple[str | None, str | None, int | None]] = {key: rest for key, *rest in rows}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def outcome(self, key: str) -> str | None:
        """How the item ended, or None."""
        return self._items.get(self._hash(key), (None, None, None))[1]

    def intent(self, key: str) -> str | None:
        """The write that was about to be made for an item that has no outcome, or None."""
        intent, outcome, _ = self._items.get(self._hash(key), (None, None, None))
        return intent if outcome is None else None

    def mark(self) -> int:
        """The highest mark of any item, 0 without one."""
        return max((mark or 0 for _, _, mark in self._items.values()), default=0)

    def intend(self, key: str, intent: str) -> None:
        """A write is about to be made for this item."""
        self._put(key, intent, None, None)

    def settle(self, key: str, outcome: str, mark: int | None = None) -> None:
        """This item is done. `mark` is a number of the job's own, such as the size of its file then."""
        self._put(key, None, outcome, mark)

    def drop(self, key: str) -> None:
        """Nothing was done for this item after all."""
        self._items.pop(self._hash(key), None)
        self._db.execute("DELETE FROM items WHERE key = ?", (self._hash(key),))

    def plan(self) -> list[dict[str, Any]]:
        """What the job set out to do, as kept by `keep_plan`; [] without a plan."""
        return [json.loads(item) for (item,) in self._db.execute("SELECT item FROM plan ORDER BY place")]

    def keep_plan(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Keep the plan whole or not at all. It must hold ids and times only, nothing a person wrote."""
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM plan")
        self._db.executemany("INSERT INTO plan (item) VALUES (?)", ((json.dumps(item),) for item in items))
        self._db.execute("COMMIT")

    def restart(self) -> None:
        """Forget all that was done and planned."""
        self._db.executescript(_EMPTY)
        self._items.clear()

    def finish(self) -> None:
        """The job is complete: forget it, so that the same job asked for again starts anew."""
        self.restart()
        self.close()
        _remove(self._path)

    def close(self) -> None:
        """Let go of the job. What was recorded stays."""
        self._db.close()

    def _put(self, key: str, intent: str | None, outcome: str | None, mark: int | None) -> None:
        hashed = self._hash(key)
        self._items[hashed] = (intent, outcome, mark)
        self._db.execute("REPLACE INTO items VALUES (?, ?, ?, ?)", (hashed, intent, outcome, mark))

    def _hash(self, key: str) -> str:
        return hmac.digest(self._key, f"{self._name} {key}".encode("utf-8", "surrogatepass"), "sha256").hex()


def _open(path: Path) -> sqlite3.Connection:
    # Autocommit: each statement is a transaction. An exclusive WAL needs no shared memory file and is a lock at once.
    # A job may go on in another thread than it began in, but never in two at a time.
    db = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_TABLES)
        db.execute("BEGIN IMMEDIATE")
        db.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        db.close()
        if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise Running from None
        raise
    path.chmod(0o600)
    return db


def _parts(path: Path) -> list[Path]:
    return [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]


def _remove(path: Path) -> None:
    for part in reversed(_parts(path)):
        part.unlink(missing_ok=True)


def _forget_old(folder: Path) -> None:
    before = time.time() - KEPT_FOR
    for path in folder.glob("*.sqlite"):
        times = [part.stat().st_mtime for part in _parts(path) if part.exists()]
        if times and max(times) < before:
            _remove(path)

"""The thread in which all that uses a log's SQLite file runs, one after another, and the way into it."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from drift_mcp.events.log import LogUnavailable
from drift_mcp.wal import BUSY, use_wal

Answer = TypeVar("Answer")


class SqliteThread:
    """Of the file at `path`, which has `tables`. Nothing is opened before the first use."""

    def __init__(self, path: Path, tables: str) -> None:
        self._path = path
        self._tables = tables
        self._db: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "drift-mcp events")

    def begin(self, work: Callable[[sqlite3.Connection], Answer]) -> "asyncio.Future[Answer]":
        """What `work` with the database will answer, or sqlite3.Error, OSError: the file cannot be used."""
        return self._in_thread(lambda: work(self._opened()))

    async def run(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """The answer of `work` with the database.

        Raises:
            LogUnavailable: the file cannot be used.
        """
        try:
            return await self.begin(work)
        except (sqlite3.Error, OSError) as error:
            raise LogUnavailable from error

    async def aclose(self) -> None:
        """Let go of the file. Nothing may be called afterwards."""
        if self._db is not None:
            await self._in_thread(self._db.close)
            self._db = None
        self._thread.shutdown(wait=False)

    def _in_thread(self, work: Callable[[], Any]) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            # Made before SQLite makes it, so that it is never open to others.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            db = sqlite3.connect(self._path, timeout=BUSY, isolation_level=None, check_same_thread=False)
            try:
                use_wal(db)
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA secure_delete = ON")  # not only out of sight: overwritten
                db.executescript(self._tables)
            except sqlite3.Error:
                db.close()
                raise
            self._db = db
        return self._db


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

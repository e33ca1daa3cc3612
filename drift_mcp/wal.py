"""SQLite's write-ahead log, with which others read a file while one writes to it; and waiting for who writes."""

import sqlite3
import time
from itertools import chain, repeat
from typing import Any

import anyio

from drift_mcp.drift.clock import now

BUSY = 5.0
"""Seconds to wait for another process that writes; a write takes a thousandth of that."""
SMALL_CACHE = "PRAGMA cache_size = -256"
"""KB for files whose rows are looked up one by one: the 2 MB of memory that SQLite takes else make that no faster."""
_AGAIN = 0.02
_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Seconds before a statement is tried again, the last again and again."""
_IN_THE_WAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")
"""How the names of errors begin that another process makes, and waiting helps."""


def use_wal(db: sqlite3.Connection) -> None:
    """Have the file of `db` written so. Two processes that begin it at once get in each other's way, unasked to wait.

    Raises:
        sqlite3.OperationalError: it cannot be, or another process is in the way for `BUSY` seconds.
    """
    until = time.monotonic() + BUSY
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith(_IN_THE_WAY) or time.monotonic() >= until:
                raise
            time.sleep(_AGAIN)
        else:
            return


async def executed(db: sqlite3.Connection, statement: str, values: tuple[Any, ...], patience: float) -> sqlite3.Cursor:
    """Run `statement`, where `db` itself does not wait. While another process has the file locked, other calls go on.

    Nothing is awaited once it has been run, so that a cancelled call knows what it has recorded.

    Raises:
        sqlite3.Error: it cannot be run, or the file is locked for more than `patience` seconds.
    """
    end = now() + patience
    for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
        try:
            return db.execute(statement, values)
        except sqlite3.OperationalError as error:
            busy = getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            if not busy or now() >= end:
                raise
        await anyio.sleep(pause)
    raise AssertionError  # the pauses do not end

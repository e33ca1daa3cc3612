"""SQLite's write-ahead log, with which others read a file while one writes to it."""

import sqlite3
import time

BUSY = 5.0
"""Seconds to wait for another process that writes; a write takes a thousandth of that."""
SMALL_CACHE = "PRAGMA cache_size = -256"
"""KB for files whose rows are looked up one by one: the 2 MB of memory that SQLite takes else make that no faster."""
_AGAIN = 0.02
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

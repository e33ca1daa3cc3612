"""What the log in SQLite keeps for a while, beside the events: notes that pass, and the marks of who was erased.

A mark is kept as a hash with random bytes, which are kept here as well and go with the last mark.
"""

import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import Collection, Sequence

from drift_mcp.events.event import Event
from drift_mcp.events.persons import conversation_mark, happened, marks_of

PASSING = """
CREATE TABLE IF NOT EXISTS passing (name TEXT PRIMARY KEY, value TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
"""
SALTED = "SELECT name, 0 FROM passing WHERE name = 'salt'"
"""Answers a row where there are marks."""
_KEEP = "REPLACE INTO passing VALUES (?, ?, ?)"
_SALT = "salt"
_SALT_BYTES = 32


def keep(db: sqlite3.Connection, name: str, value: str, until: int) -> None:
    """Keep `value` under a name, `until` then."""
    db.execute(_KEEP, (name, value, until))


def drop(db: sqlite3.Connection, name: str) -> None:
    """Keep nothing under a name."""
    db.execute("DELETE FROM passing WHERE name = ?", (name,))


def note(db: sqlite3.Connection, name: str) -> str | None:
    """What is kept under a name."""
    row = db.execute("SELECT value FROM passing WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def trim(db: sqlite3.Connection, now: int) -> None:
    """Drop what has been kept for long enough."""
    db.execute("DELETE FROM passing WHERE until < ?", (now,))


def forget(db: sqlite3.Connection, marks: Collection[str], before: int, until: int) -> None:
    """Have `late` know events with these marks that happened until `before`. Kept `until` then."""
    salt = note(db, _SALT) or os.urandom(_SALT_BYTES).hex()
    keep(db, _SALT, salt, until)
    for mark in marks:
        name = _name(salt, mark)
        keep(db, name, str(max(before, int(note(db, name) or 0))), until)


def late(db: sqlite3.Connection, events: Sequence[Event], until: int) -> set[bytes]:
    """The keys of those of `events` that are of a person who was erased since.

    A contact's conversation is known by itself from then on, `until` then.
    """
    salt = note(db, _SALT)
    return set() if salt is None else {event.key for event in events if _late(db, salt, event, until)}


def _late(db: sqlite3.Connection, salt: str, event: Event, until: int) -> bool:
    names = {_name(salt, mark): mark for mark in marks_of(event)}
    rows = db.execute(
        "SELECT name, value FROM passing WHERE name IN (SELECT value FROM json_each(?))", (json.dumps(list(names)),)
    )
    found = {names[name]: int(before) for name, before in rows}
    hits = {mark: before for mark, before in found.items() if happened(event) <= before}
    theirs = next((before for mark, before in hits.items() if mark.startswith("contact ")), None)
    if theirs is not None and event.conversation_id is not None:
        forget(db, [conversation_mark(event.org_id, event.conversation_id)], theirs, until)
    return bool(hits)


def _name(salt: str, mark: str) -> str:
    # A mark may hold half a character, as JSON can.
    hashed = hmac.new(bytes.fromhex(salt), mark.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"forgotten {hashed.hexdigest()}"

"""Events as rows of the table `events`, for the log and for what is kept beside it."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from drift_mcp.events.event import Event
from drift_mcp.events.log import Entry, Wanted

COLUMNS = "key, received_at, at, timeless, type, org_id, conversation_id, contact_id, author, data"


def row_of(event: Event) -> tuple[Any, ...]:
    """What is in `COLUMNS` of it."""
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


def conditions_of(wanted: Wanted) -> tuple[str, list[Any]]:
    """What follows a condition of an SQL statement, and the values for it."""
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
    """The first of those `wanted` after the number `after`, in the `order` ASC or DESC."""
    conditions, values = conditions_of(wanted)
    rows = db.execute(
        f"SELECT number, duplicates, {COLUMNS} FROM events WHERE number > ?{conditions} "  # noqa: S608
        f"ORDER BY number {order} LIMIT ?",
        (after, *values, limit),
    )
    return [_entry(row) for row in rows]


def end_of(db: sqlite3.Connection) -> int:
    """The number of the last event, also where it has been dropped."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return int(row[0]) if row else 0


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

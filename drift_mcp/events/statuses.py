"""Changes of a conversation's status, which two tell of with different times: each is to be one event all the same.

A webhook says when the status was changed (`changedAt`). The poller only sees that it is another than at its last look,
and when the conversation last changed, which may be for another reason and later: its event has a span in which the
change happened. The two share no key. So whoever tells of a change first settles under which key it is stored; who
comes second with a time that fits stores it under that same key, as a duplicate. Each change of the one is only ever
taken for one of the other, so that what was closed, opened and closed again stays three events, in whatever order they
come. That is kept beside the events before they are, and settled again alike when one comes twice.
"""

import hashlib
import json
import sqlite3
from dataclasses import replace
from typing import Any, Literal, Protocol

from drift_mcp.events import event
from drift_mcp.events.event import Event
from drift_mcp.events.kinds import STATUS
from drift_mcp.events.sqlite_log import SqliteLog
from drift_mcp.events.sqlite_thread import transaction

SKEW = 2_000
"""Milliseconds by which the two times that Drift gives one change may differ beyond the span."""
KEPT = 86_400_000
"""Milliseconds after which nobody tells of a change any more."""

Side = Literal["webhook", "poller"]
Span = tuple[int, int]
"""From and until when, in epoch milliseconds; a moment has both alike."""


class Statuses(Protocol):
    """What has been settled, for all processes that share the log. Each step is indivisible."""

    async def settle(self, change: str, side: Side, span: Span, key: str) -> str:
        """The key of the event of a change that happened within `span`, where `side` has given it `key`.

        `change` names the conversation and the status, hashed; keys are hexadecimal.

        Raises:
            LogUnavailable: it cannot be kept.
        """
        ...


async def settled(statuses: Statuses, told: Event, after: int | None = None) -> Event:
    """`told` with the key under which it is stored. `after` is where the span of the poller's begins.

    Raises:
        LogUnavailable: it cannot be kept.
    """
    if told.type != STATUS or told.timeless or told.conversation_id is None:
        return told
    what = [told.org_id, told.conversation_id, told.data.get("status")]
    if after is None:
        key = await statuses.settle(_hash(what), "webhook", (told.at, told.at), told.key.hex())
    else:
        # By where it begins: a round that is made again may see the conversation after one more change.
        key = await statuses.settle(_hash(what), "poller", (after, told.at), _hash([*what, after]))
    return replace(told, key=bytes.fromhex(key))


def _hash(what: list[Any]) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


_TABLES = """
CREATE TABLE IF NOT EXISTS statuses (
    change TEXT NOT NULL,
    after INTEGER NOT NULL,
    until INTEGER NOT NULL,
    webhook TEXT,
    poller TEXT,
    key TEXT NOT NULL,
    told_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS statuses_by_change ON statuses (change);
CREATE INDEX IF NOT EXISTS statuses_by_age ON statuses (told_at);
"""


class SqliteStatuses:
    """`Statuses` in the file of a `SqliteLog`. The table is made at the first use."""

    def __init__(self, log: SqliteLog) -> None:
        self._log = log
        self._made = False

    async def settle(self, change: str, side: Side, span: Span, key: str) -> str:
        """As in `Statuses`."""

        def work(db: sqlite3.Connection) -> str:
            if not self._made:
                db.executescript(_TABLES)
                self._made = True
            with transaction(db):
                return _settle(db, change, side, span, key)

        return await self._log.run(work)


def _settle(db: sqlite3.Connection, change: str, side: Side, span: Span, key: str) -> str:
    after, until = span
    # `side` is one of two words of this module.
    again = f"UPDATE statuses SET until = MAX(until, ?) WHERE change = ? AND {side} = ? RETURNING key"  # noqa: S608
    fits = (
        f"UPDATE statuses SET {side} = ? WHERE rowid = (SELECT rowid FROM statuses "  # noqa: S608
        f"WHERE change = ? AND {side} IS NULL AND after <= ? AND until >= ? "
        "ORDER BY after <= ? AND until >= ? DESC, rowid LIMIT 1) RETURNING key"  # rather one that fits exactly
    )
    known = (
        db.execute(again, (until, change, key)).fetchone()
        or db.execute(fits, (key, change, until + SKEW, after - SKEW, until, after)).fetchone()
    )
    if known:
        return str(known[0])
    now = int(event.clock() * 1000)
    db.execute("DELETE FROM statuses WHERE told_at < ?", (now - KEPT,))
    db.execute(
        f"INSERT INTO statuses (change, after, until, {side}, key, told_at) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
        (change, after, until, key, key, now),
    )
    return key

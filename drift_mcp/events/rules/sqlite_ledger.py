"""The ledger of the rules in the file of a `SqliteLog`, so that an event and what became of it go together."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from drift_mcp.events import event
from drift_mcp.events.log import Wanted
from drift_mcp.events.rules.ledger import Failure, Task
from drift_mcp.events.sqlite_log import SqliteLog
from drift_mcp.events.sqlite_rows import conditions_of, end_of, select
from drift_mcp.events.sqlite_thread import transaction

Answer = TypeVar("Answer")

_OPEN, _DONE, _FAILED = "open", "done", "failed"

# An open task may be claimed from the moment `due` (Unix time) on: claiming it moves that ahead.
_TABLES = """
CREATE TABLE IF NOT EXISTS rules (name TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER NOT NULL,
    rule TEXT NOT NULL,
    key BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    due REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    replays INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (number, rule)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tasks_open ON tasks (rule, due) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS tasks_failed ON tasks (number) WHERE state = 'failed';
CREATE INDEX IF NOT EXISTS events_by_type ON events (type);
CREATE TRIGGER IF NOT EXISTS events_dropped AFTER DELETE ON events
    BEGIN DELETE FROM tasks WHERE number = OLD.number; END;
"""


class SqliteLedger:
    """A `Ledger`. Its tables are made at the first use."""

    def __init__(self, log: SqliteLog) -> None:
        self._log = log
        self._made = False

    async def begin(self, rules: Collection[str]) -> None:
        """As in `Ledger`."""
        await self._run(lambda db: _begin(db, rules))

    async def claim(self, rule: str, wanted: Wanted, seconds: float) -> Task | None:
        """As in `Ledger`."""
        return await self._run(lambda db: _claim(db, rule, wanted, seconds))

    async def renew(self, task: Task, seconds: float) -> None:
        """As in `Ledger`."""
        await self._set(task, "due = ?", event.clock() + seconds)

    async def done(self, task: Task) -> None:
        """As in `Ledger`."""
        await self._set(task, "state = ?, reason = ''", _DONE)

    async def failed(self, task: Task, reason: str, again_in: float | None) -> None:
        """As in `Ledger`."""
        state = _FAILED if again_in is None else _OPEN
        await self._set(task, "state = ?, reason = ?, due = ?", state, reason, event.clock() + (again_in or 0))

    async def failures(self, wanted: Wanted, limit: int) -> list[Failure]:
        """As in `Ledger`."""
        return await self._run(lambda db: _failures(db, wanted, limit))

    async def replay(self, rule: str, wanted: Wanted, *, given_up: bool) -> int:
        """As in `Ledger`."""
        return await self._run(lambda db: _replay(db, rule, wanted, given_up))

    async def _set(self, task: Task, what: str, *values: Any) -> None:
        """Note something about a task, unless it is somebody else's by now."""
        whose = "number = ? AND rule = ? AND state = ? AND attempts = ? AND replays = ?"
        statement = f"UPDATE tasks SET {what} WHERE {whose}"  # noqa: S608
        which = (int(task.cursor), task.rule, _OPEN, task.attempt, task.replays)
        await self._run(lambda db: db.execute(statement, (*values, *which)))

    async def _run(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        def prepared(db: sqlite3.Connection) -> Answer:
            if not self._made:
                db.executescript(_TABLES)
                self._made = True
            return work(db)

        return await self._log.run(prepared)


def _begin(db: sqlite3.Connection, rules: Collection[str]) -> None:
    with transaction(db):
        here = end_of(db)
        db.executemany("INSERT OR IGNORE INTO rules VALUES (?, ?)", [(rule, here) for rule in rules])


def _claim(db: sqlite3.Connection, rule: str, wanted: Wanted, seconds: float) -> Task | None:
    # Most looks find nothing, and need no right to write.
    if _next(db, rule, wanted) is None:
        return None
    with transaction(db):
        number = _next(db, rule, wanted)
        if number is None:
            return None
        db.execute("UPDATE rules SET place = MAX(place, ?) WHERE name = ?", (number, rule))
        db.execute(
            "INSERT OR IGNORE INTO tasks (number, rule, key) SELECT number, ?, key FROM events WHERE number = ?",
            (rule, number),
        )
        key, attempt, replays = db.execute(
            "UPDATE tasks SET due = ?, attempts = attempts + 1 WHERE number = ? AND rule = ? "
            "RETURNING key, attempts, replays",
            (event.clock() + seconds, number, rule),
        ).fetchone()
        (entry,) = select(db, Wanted(), number - 1, "ASC", 1)
        return Task(rule, entry.cursor, entry.event, key, attempt, replays)


def _next(db: sqlite3.Connection, rule: str, wanted: Wanted) -> int | None:
    """The number of the event that `rule` is to act on next."""
    due = "SELECT number FROM tasks WHERE rule = ? AND state = 'open' AND due <= ? ORDER BY due LIMIT 1"
    row = db.execute(due, (rule, event.clock())).fetchone()
    if row is None:
        more, values = conditions_of(wanted)
        fresh = (
            "SELECT number FROM events WHERE number > (SELECT place FROM rules WHERE name = ?)"  # noqa: S608
            f"{more} ORDER BY number LIMIT 1"
        )
        row = db.execute(fresh, (rule, *values)).fetchone()
    return row[0] if row else None


def _failures(db: sqlite3.Connection, wanted: Wanted, limit: int) -> list[Failure]:
    more, values = conditions_of(wanted)
    rows: Sequence[tuple[int, str, str, int]] = db.execute(
        "SELECT number, rule, reason, attempts FROM tasks JOIN events USING (number) "  # noqa: S608
        f"WHERE state = 'failed'{more} ORDER BY number DESC, rule LIMIT ?",
        (*values, limit),
    ).fetchall()
    found = []
    for number, rule, reason, attempts in rows:
        (entry,) = select(db, Wanted(), number - 1, "ASC", 1)
        found.append(Failure(entry, rule, reason, attempts))
    return found


def _replay(db: sqlite3.Connection, rule: str, wanted: Wanted, given_up: bool) -> int:
    more, values = conditions_of(wanted)
    again = "state = 'open', due = 0, attempts = 0"
    with transaction(db):
        if given_up:
            return db.execute(
                f"UPDATE tasks SET {again} WHERE rule = ? AND state = 'failed' "  # noqa: S608
                f"AND number IN (SELECT number FROM events WHERE TRUE{more})",
                (rule, *values),
            ).rowcount
        return db.execute(
            "INSERT INTO tasks (number, rule, key) SELECT number, ?, events.key FROM events "  # noqa: S608
            f"WHERE number <= (SELECT place FROM rules WHERE name = ?){more} ON CONFLICT (number, rule) "
            f"DO UPDATE SET {again}, replays = replays + (state = 'done') WHERE state != 'open'",
            (rule, rule, *values),
        ).rowcount

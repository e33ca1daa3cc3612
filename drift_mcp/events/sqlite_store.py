"""A connection's events in an SQLite file: the log, and what is kept beside it."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from drift_mcp.events.sqlite_log import SqliteLog

if TYPE_CHECKING:
    from drift_mcp.events.rules.sqlite_ledger import SqliteLedger
    from drift_mcp.events.statuses import SqliteStatuses


class SqliteEvents:
    """`EventStore` in the file at `path`; the parameters are those of `SqliteLog`."""

    def __init__(self, path: Path, *, days: float, size: int) -> None:
        self.log = SqliteLog(path, days=days, size=size)

    @cached_property
    def ledger(self) -> "SqliteLedger":
        """As in `EventStore`."""
        from drift_mcp.events.rules.sqlite_ledger import SqliteLedger

        return SqliteLedger(self.log)

    @cached_property
    def statuses(self) -> "SqliteStatuses":
        """As in `EventStore`."""
        from drift_mcp.events.statuses import SqliteStatuses

        return SqliteStatuses(self.log)

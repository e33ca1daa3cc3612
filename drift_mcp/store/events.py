"""A connection's events in Redis, for all replicas: the log, and what is kept beside it."""

from functools import cached_property
from typing import TYPE_CHECKING

from drift_mcp.store.log import RedisLog
from drift_mcp.store.shared import Shared

if TYPE_CHECKING:
    from drift_mcp.store.ledger import RedisLedger
    from drift_mcp.store.statuses import RedisStatuses


class RedisEvents:
    """`EventStore` at `shared`; the parameters are those of `RedisLog`."""

    def __init__(self, shared: Shared, *, days: float, size: int) -> None:
        self._shared = shared
        self.log = RedisLog(shared, days=days, size=size)

    @cached_property
    def ledger(self) -> "RedisLedger":
        """As in `EventStore`."""
        from drift_mcp.store.ledger import RedisLedger

        return RedisLedger(self.log)

    @cached_property
    def statuses(self) -> "RedisStatuses":
        """As in `EventStore`."""
        from drift_mcp.store.statuses import RedisStatuses

        return RedisStatuses(self.log, self._shared)

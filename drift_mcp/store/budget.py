"""Budgets of calls that all replicas take from: the rate limiter's own library keeps the count in Redis."""

import logging
from typing import Any

from throttled.asyncio import RedisStore
from throttled.asyncio.store.redis import RedisStoreBackend
from throttled.exceptions import StoreUnavailableError

from drift_mcp.drift.budget import Budget
from drift_mcp.drift.clock import now
from drift_mcp.store.shared import Shared

log = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds in which a Redis that did not answer is not asked again, so that calls do not all wait for it."""


class SharedBudget(Budget):
    """The budget `name` of the connection of `shared`.

    While Redis is away this process has half of it to itself: two replicas together then still keep it.
    """

    def __init__(self, name: str, per_minute: int, burst: int, shared: Shared) -> None:
        super().__init__(shared.key("budget", name), per_minute, burst, _store(shared))
        self._alone = Budget(name, max(1, per_minute // 2), max(1, burst // 2))
        self._ask_at = 0.0

    async def take(self) -> float:
        """As in `Budget`."""
        if now() >= self._ask_at:
            try:
                return await super().take()
            except StoreUnavailableError:
                self._ask_at = now() + PAUSE
                log.warning("the store does not answer: calls are counted here alone")
        return await self._alone.take()


def _store(shared: Shared) -> RedisStore:
    """The library's store, with the client there is."""

    class Backend(RedisStoreBackend):
        def get_client(self) -> Any:
            return shared.redis

    class Store(RedisStore):
        _BACKEND_CLASS = Backend

    return Store()

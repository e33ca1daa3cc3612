"""How many calls a minute: a leaky bucket out of a library, which can share it between processes.

Drift's own limit is said to be a leaky bucket (drift-api.md §4). The library's generic cell rate algorithm is one, and
says how long to wait.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from throttled.asyncio import BaseRateLimiter, BaseStore

_SHORTEST = 0.001


class Budget:
    """`per_minute` calls a minute in the long run and `burst` at once.

    `store` keeps the count, for all who use the same `name`; the default is this process's memory.
    """

    def __init__(self, name: str, per_minute: int, burst: int, store: "BaseStore | None" = None) -> None:
        self._name = name
        self._per_minute = per_minute
        self._burst = burst
        self._store = store
        self._limiter: BaseRateLimiter | None = None
        self._owed = 0

    async def take(self) -> float:
        """Take one call out of the budget: 0, or the seconds until there is one."""
        if self._limiter is None:
            if self._store is None and not self._owed:
                # The first call of a process cannot be one too many. A host may be waiting for the list of tools
                # meanwhile, so the library is loaded, and this call counted, with the second.
                self._owed = 1
                return 0.0
            self._limiter = self._load()
            if self._owed:
                await self._limiter.limit(self._name, self._owed)
        found = await self._limiter.limit(self._name)
        # A wait of exactly 0 would read as a success.
        return max(_SHORTEST, found.state.retry_after) if found.limited else 0.0

    def _load(self) -> "BaseRateLimiter":
        from throttled.asyncio import MemoryStore, RateLimiterRegistry, RateLimiterType, per_min

        kind = RateLimiterRegistry.get(RateLimiterType.GCRA.value)
        return kind(per_min(self._per_minute, self._burst), self._store or MemoryStore())


MakeBudget = Callable[[str, int, int], Budget]
"""Makes a budget of a name, calls a minute, and calls at once."""

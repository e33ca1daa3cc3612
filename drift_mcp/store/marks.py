"""The key that seals consent tickets and the marks of used ones, for all replicas. See `drift_mcp.consent.tickets`."""

from drift_mcp.store.shared import Shared


class SharedMarks:
    """`drift_mcp.consent.tickets.Marks` in Redis."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def key(self) -> bytes:
        """As in `Marks`. Raises StoreUnavailable."""
        return await self._shared.secret()

    async def use_up(self, mark: str, seconds: float) -> bool:
        """As in `Marks`. Raises StoreUnavailable."""
        with self._shared.asked():
            set_now = await self._shared.redis.set(self._shared.key("used", mark), 1, nx=True, px=int(seconds * 1000))
        return bool(set_now)

"""What a client is told while a call runs: a job's progress, and waits for Drift between them."""

from drift_mcp.caller import Progress

_STEP = 0.001
"""By how much a wait moves the progress on: MCP wants it to grow with every notification."""


class Told:
    """Passes progress on to `tell`, never a smaller one than before."""

    def __init__(self, tell: Progress) -> None:
        self._tell = tell
        self._done = 0.0
        self._total: float | None = None

    async def progress(self, done: float, total: float | None, message: str) -> None:
        """A job's own progress."""
        self._done, self._total = max(done, self._done + _STEP), total
        await self._tell(self._done, total, message)

    async def waiting(self, seconds: float, reason: str) -> None:
        """A wait of `seconds` for Drift."""
        await self.progress(self._done, self._total, f"{reason} ({seconds:.0f} s)")

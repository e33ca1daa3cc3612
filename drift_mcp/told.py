"""What a client is told while a call runs: a job's progress, and waits for Drift between them."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from drift_mcp.caller import Progress

Answer = TypeVar("Answer")

_STEP = 0.001
"""By how much a wait moves the progress on: MCP wants it to grow with every notification."""
EVERY = 10.0
"""Seconds between two words of a job that lasts, at most: clients give up after 30 to 60 seconds of silence."""


class Told:
    """Passes progress on to `tell`, never a smaller one than before."""

    def __init__(self, tell: Progress) -> None:
        self._tell = tell
        self._done = 0.0
        self._total: float | None = None
        self._message = "at work"

    async def progress(self, done: float, total: float | None, message: str) -> None:
        """A job's own progress."""
        self._done, self._total, self._message = max(done, self._done + _STEP), total, message
        await self._tell(self._done, total, message)

    async def waiting(self, seconds: float, reason: str) -> None:
        """A wait of `seconds` for Drift."""
        await self.progress(self._done, self._total, f"{reason} ({seconds:.0f} s)")

    async def beside(self, work: Awaitable[Answer]) -> Answer:
        """What `work` answers. Meanwhile the client hears every few seconds that it goes on."""
        beat = asyncio.create_task(self._beat())
        # Whether the client can still be told is for the job's own words to find out.
        beat.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        try:
            return await work
        finally:
            beat.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.progress(self._done, self._total, self._message)

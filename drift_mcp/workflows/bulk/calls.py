"""How a long job calls Drift: counted, patient with the call limit, and telling how far it is.

The gateway paces and retries single calls. A job adds only this: when Drift still says that the call limit is
reached, the whole job pauses and then goes on, instead of failing row after row.
"""

import random
from typing import Any

import anyio

from drift_mcp import catalogue, problems
from drift_mcp.drift.errors import (
    BadToken,
    DriftError,
    Forbidden,
    NoClient,
    NotConnected,
    RateLimited,
    Unauthorized,
    Unreachable,
)
from drift_mcp.text import visible
from drift_mcp.workflow import Context

LONGEST_WAIT = 120.0
"""Seconds. A job told to wait longer than this stops, and can be resumed."""
TRIES = 7
FIRST_WAIT = 2.0
GO_ON = "Afterwards the same call goes on where it stopped."

HOPELESS = (NotConnected, BadToken, NoClient, Unauthorized, Forbidden, RateLimited, Unreachable)
"""What fails every further row as well, so that the job stops."""


class JobCalls:
    """Calls of one job, which may be made concurrently. `made` counts them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._free_at = 0.0
        self._told = -1.0
        self._failed = ""
        self.made = 0
        self.done = 0
        self.total: int | None = None

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """`context.operate`, waiting while Drift's call limit is reached.

        Raises:
            RateLimited: still reached after `TRIES` tries, or Drift asks for more than `LONGEST_WAIT` seconds.
            DriftError, InvalidArguments, NotAllowed: as `context.operate` does.
        """
        for tried in range(1, TRIES + 1):
            await anyio.sleep_until(self._free_at)
            self.made += 1
            try:
                return await self._context.operate(name, **arguments)
            except RateLimited as limited:
                self._failed = name
                await self._pause(limited, tried)
            except HOPELESS:
                self._failed = name
                raise
        raise AssertionError  # the last try returns or raises

    async def row_done(self, message: str) -> None:
        """One more row is done. Tells the client after every row of a short job, every fifth of a long one."""
        self.done += 1
        if self.total is None or self.total <= 100 or self.done % 5 == 0 or self.done == self.total:
            await self._tell(message)

    def stopped(self, error: DriftError) -> dict[str, Any]:
        """Why the job stopped before its end, and what to do."""
        if type(error) is DriftError or not self._failed:
            # This job's own judgement, not one answer of Drift.
            told = {"message": f"{error.detail}.", "next": "Wait a little, then call again."}
        else:
            told = problems.drift_failed(catalogue.load()[self._failed].record(), error)["error"]
        wait = {} if error.retry_after is None else {"retry_after_seconds": error.retry_after}
        return {"kind": error.kind, "message": told["message"], "next": f"{told['next']} {GO_ON}"} | wait

    async def _pause(self, limited: RateLimited, tried: int) -> None:
        wait = limited.retry_after
        if wait is None:
            wait = min(60.0, FIRST_WAIT * 2 ** (tried - 1))
        if tried == TRIES or wait > LONGEST_WAIT:
            raise limited
        # The jitter keeps the job's calls, which all wait now, from starting in one moment.
        until = anyio.current_time() + wait * random.uniform(1.0, 1.2)  # noqa: S311
        if until > self._free_at:
            self._free_at = until
            await self._tell(f"Drift's call limit is reached; going on in {round(wait)} s")

    async def _tell(self, message: str) -> None:
        # The protocol wants progress that always grows, also while nothing is done but waiting.
        self._told = float(self.done) if self.done > self._told else self._told + 0.001
        await self._context.progress(self._told, self.total, message)


def reason(error: DriftError) -> str:
    """Why Drift could not do it, in few words."""
    said = f": {visible(error.detail)}" if error.detail else ""
    return f"{error.kind}{said}"

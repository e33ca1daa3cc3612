"""How a long job calls Drift: counted, and telling how far it is.

Waiting for the call limit and sending again is the gateway's business. What it gives up on ends the job, and so does
the end of its time, where its client does not hear that it goes on.
"""

from typing import Any

from drift_mcp import catalogue, problems
from drift_mcp.drift.errors import (
    BadToken,
    DriftDown,
    DriftError,
    Forbidden,
    NoClient,
    NotConnected,
    OutOfTime,
    RateLimited,
    Unauthorized,
    Unreachable,
)
from drift_mcp.fields import VisitorText
from drift_mcp.operation import Result
from drift_mcp.text import visible
from drift_mcp.workflow import Context

GO_ON = "Afterwards the same call goes on where it stopped."

TOO_SLOW = "Drift is too slow for this: the time of one call ran out before one more row was done."
MORE_TIME = (
    "Calling again as things are will not help. Ask the user for a client that gives a progress token, as this job may "
    "then last as long as it takes, or to raise DRIFT_TOTAL_TIMEOUT and how long the client waits for an answer. Then "
    "call again with the same arguments."
)

HOPELESS = (NotConnected, BadToken, NoClient, Unauthorized, Forbidden, RateLimited, Unreachable, DriftDown, OutOfTime)
"""What fails every further row as well, so that the job stops."""


class Stopped(Result):
    kind: str | None = None
    message: str | None = None
    drift_says: VisitorText | None = None
    next: str | None = None
    retry_after_seconds: float | None = None


class JobCalls:
    """Calls of one job, which may be made concurrently. `made` counts them. `go_on` says how to after an early end."""

    def __init__(self, context: Context, go_on: str = GO_ON) -> None:
        self._context = context
        self._go_on = go_on
        self._failed = ""
        self.made = 0
        self.done = 0
        self.total: int | None = None

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """`context.operate`. Raises as that does."""
        self.made += 1
        try:
            return await self._context.operate(name, **arguments)
        except HOPELESS:
            self._failed = name
            raise

    async def row_done(self, message: str) -> None:
        """One more row is done. Tells the client after every row of a short job, every fifth of a long one."""
        self.done += 1
        if self.total is None or self.total <= 100 or self.done % 5 == 0 or self.done == self.total:
            await self._context.progress(float(self.done), self.total, message)

    def stopped(self, error: DriftError, *, stuck: bool = False) -> dict[str, Any]:
        """Why the job stopped before its end, and what to do. `stuck`: the same call would not get any further."""
        if stuck and isinstance(error, OutOfTime):
            return {"kind": error.kind, "message": TOO_SLOW, "next": MORE_TIME}
        if type(error) is DriftError or not self._failed:
            # This job's own judgement, not one answer of Drift.
            told = {"message": f"{error.detail}.", "next": "Wait a little, then call again."}
        elif isinstance(error, OutOfTime):
            # No fewer rows: it would be another job then.
            told = {"message": "The time of one call ran out.", "next": "Call again with the same arguments."}
        else:
            told = problems.drift_failed(catalogue.load()[self._failed].record(), error)["error"]
        wait = {} if error.retry_after is None else {"retry_after_seconds": error.retry_after}
        said = {"drift_says": told["drift_says"]} if "drift_says" in told else {}
        return {"kind": error.kind, "message": told["message"], **said, "next": f"{told['next']} {self._go_on}"} | wait


def reason(error: DriftError) -> str:
    """Why Drift could not do it, in few words."""
    said = f": {visible(error.detail)}" if error.detail else ""
    return f"{error.kind}{said}"

"""Lets a gateway's calls out one after another: within the budget, fairly, and not past anyone's deadline."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import anyio

from drift_mcp.drift import hints
from drift_mcp.drift.budget import Budget, MakeBudget
from drift_mcp.drift.clock import now
from drift_mcp.drift.errors import RateLimited
from drift_mcp.drift.fair import FairQueue
from drift_mcp.drift.pace import Pace
from drift_mcp.drift.turn import Turn

REPORTS = "/reports/"
_LOOK_AGAIN = 10.0
"""Seconds; a longer wait is reported again, so that a client does not take the silence for a hang."""
_TO_ANSWER = 0.25
"""Seconds that Drift needs for an answer. Who has waited until less is left would only use up a call of the budget."""
_REASON = "waiting for Drift's call limit"


@dataclass(frozen=True, slots=True)
class Rates:
    """How many calls a minute in the long run. After a pause a minute's worth may be made at once.

    Drift publishes no general limit; for reports it is 60 a minute (devdocs: conversation-reporting), which is kept in
    any minute: a sixth of it may be made at once, and the rest evenly.
    """

    calls_per_minute: float = 100.0
    reports_per_minute: float = 60.0


class Lane:
    """One budget and those who wait for it."""

    def __init__(self, interval: float, budget: Budget | None) -> None:
        self._budget = budget
        self._queue = FairQueue()
        self._pace = Pace(interval)
        self._next_at = 0.0

    async def enter(self, turn: Turn, deadline: float) -> None:
        """Wait for this call's turn.

        Raises:
            RateLimited: that would be too late for `deadline` (event-loop time). Nothing was taken out of the budget.
        """
        if not len(self._queue) and not await self._take():
            return
        leave_by = deadline - _TO_ANSWER
        place = self._queue.join(turn)
        served = False
        try:
            while True:
                first = place.came.is_set()
                if first and now() <= leave_by:
                    wait = await self._take()
                    if not wait:
                        served = True
                        return
                else:
                    wait = self._expected(self._queue.ahead(place))
                left = leave_by - now()
                if wait > left:
                    late = RateLimited(retry_after=max(1, ceil(wait)))
                    late.asked = self.asked
                    raise late
                await turn.tell(wait, _REASON)
                if first:
                    await anyio.sleep(min(wait, _LOOK_AGAIN))
                else:
                    with anyio.move_on_after(min(left, _LOOK_AGAIN)):
                        await place.came.wait()
        finally:
            self._queue.leave(place, served=served)

    def learn(self, status: int, headers: Mapping[str, str], sent: float) -> float | None:
        """Take in what an answer to a call that left at `sent` says; after a refusal, the seconds to wait."""
        exhausted = hints.exhausted_for(headers)
        if status != 429:
            self._pace.taken(sent)
            if exhausted is not None:
                self._pace.close(now(), exhausted)
            return None
        asked = hints.retry_after(headers)
        self._pace.refused(now(), sent, exhausted if asked is None else asked)
        return ceil(self._pace.wait(now()))

    @property
    def asked(self) -> float | None:
        """As `Pace.asked`."""
        return self._pace.asked

    async def _take(self) -> float:
        """Let a call out: 0, or the seconds until one may leave."""
        moment = now()
        wait = self._pace.wait(moment)
        if not wait and self._budget is not None:
            wait = await self._budget.take()
        if not wait:
            self._pace.left(moment)
        self._next_at = moment + wait
        return wait

    def _expected(self, ahead: int) -> float:
        return max(0.0, self._next_at - now()) + ahead * self._pace.interval


class Limiter:
    """The lanes of one gateway: one for every call, and before it another for reports.

    A 429 slows down the lane it came from. Without `rates` there is no budget, and only what Drift says counts.
    `budget` makes the budgets.
    """

    def __init__(self, rates: Rates | None, budget: MakeBudget = Budget) -> None:
        usual = rates or Rates()
        calls, reports = max(1, int(usual.calls_per_minute)), max(1, int(usual.reports_per_minute))
        at_once = max(1, reports // 6)
        steady = max(1, reports - at_once)
        self._calls = Lane(60 / calls, budget("calls", calls, calls) if rates else None)
        self._reports = Lane(60 / steady, budget("reports", steady, at_once) if rates else None)

    async def enter(self, path: str, turn: Turn, deadline: float) -> Lane:
        """Wait until a call of `path` may leave. The answer is to be told to the lane that is given back.

        Raises:
            RateLimited: that would be after `deadline`.
        """
        if not path.startswith(REPORTS):
            await self._calls.enter(turn, deadline)
            return self._calls
        await self._reports.enter(turn, deadline)
        await self._calls.enter(turn, deadline)
        return self._reports

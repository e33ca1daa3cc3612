"""The limiter as a whole, on a clock that jumps: budget, fairness, deadlines, cancellation."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from throttled.asyncio import MemoryStore

from drift_mcp.drift.budget import Budget
from drift_mcp.drift.errors import RateLimited
from drift_mcp.drift.limiter import Lane, Limiter, Rates
from drift_mcp.drift.turn import Turn
from tests.support import clock

Run = Callable[[Coroutine[Any, Any, None]], None]
NEVER = float("inf")
RATES = Rates(calls_per_minute=60, reports_per_minute=30)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda main: clock.run(main, monkeypatch)


async def enter(limiter: Limiter, turn: Turn | None = None, path: str = "/x", deadline: float = NEVER) -> Lane:
    return await limiter.enter(path, turn or Turn(), deadline)


async def times(limiter: Limiter, count: int, path: str = "/x") -> list[float]:
    """When each of `count` calls of one tool call left, in seconds from now."""
    begin, turn, found = anyio.current_time(), Turn(), list[float]()
    for _ in range(count):
        await enter(limiter, turn, path)
        found.append(anyio.current_time() - begin)
    return found


async def exhaust(limiter: Limiter) -> None:
    assert await times(limiter, 60) == [0.0] * 60


def most_in_a_minute(moments: list[float]) -> int:
    return max(sum(start <= each < start + 60 for each in moments) for start in moments)


class TestBudget:
    def test_a_minutes_worth_leaves_at_once_and_the_rest_evenly(self, run: Run) -> None:
        async def main() -> None:
            found = await times(Limiter(RATES), 70)
            assert found[:60] == [0.0] * 60
            assert found[60:] == pytest.approx(range(1, 11), abs=0.02)

        run(main())

    def test_reports_never_pass_their_documented_limit_in_any_minute(self, run: Run) -> None:
        async def main() -> None:
            found = await times(Limiter(Rates()), 200, "/reports/conversations")
            assert 55 <= most_in_a_minute(found) <= 60

        run(main())

    def test_reports_count_as_calls_too_and_do_not_hold_up_other_calls(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(RATES)
            assert (await times(limiter, 6, "/reports/x"))[-1] > 0
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(times, limiter, 20, "/reports/x")
                await anyio.lowlevel.checkpoint()
                assert (await times(limiter, 40))[-1] == 0.0

        run(main())

    def test_without_rates_nothing_waits(self, run: Run) -> None:
        async def main() -> None:
            assert await times(Limiter(None), 1_000) == [0.0] * 1_000

        run(main())

    def test_limiters_with_one_store_share_one_budget(self, run: Run) -> None:
        async def main() -> None:
            budget = partial(Budget, store=MemoryStore())
            one, other = Limiter(RATES, budget), Limiter(RATES, budget)
            assert (await times(one, 30))[-1] == (await times(other, 30))[-1] == 0.0
            assert (await times(one, 1))[0] > 0

        run(main())

    @pytest.mark.parametrize("patience", [1.7, 30.0])
    def test_limiters_with_one_store_use_all_of_it_and_no_more(self, run: Run, patience: float) -> None:
        async def main() -> None:
            budget = partial(Budget, store=MemoryStore())
            left, begin = 0, anyio.current_time()

            async def client(limiter: Limiter) -> None:
                nonlocal left
                while True:
                    try:
                        await enter(limiter, deadline=anyio.current_time() + patience)
                        left += 1
                    except RateLimited:
                        await anyio.sleep(0.2)

            async with anyio.create_task_group() as tasks:
                for limiter in (Limiter(RATES, budget), Limiter(RATES, budget)):
                    for _ in range(5):
                        tasks.start_soon(client, limiter)
                await anyio.sleep_until(begin + 30.5)
                tasks.cancel_scope.cancel()
            assert left == 60 + 30

        run(main())

    def test_the_first_call_does_not_load_the_library_and_is_counted_all_the_same(self) -> None:
        # A host waits for the list of tools while that call is made.
        program = """
import asyncio, sys
from drift_mcp.drift.limiter import Limiter, Rates
from drift_mcp.drift.turn import Turn

async def main():
    limiter = Limiter(Rates(calls_per_minute=2))
    for loaded in (False, True):
        await limiter.enter("/x", Turn(), float("inf"))
        assert ("throttled" in sys.modules) is loaded
    try:
        await limiter.enter("/x", Turn(), asyncio.get_running_loop().time() + 20)
    except Exception as error:
        print(type(error).__name__)

asyncio.run(main())
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "RateLimited\n"


class TestFairness:
    def test_a_reply_during_a_long_sync_waits_for_one_call_of_it(self, run: Run) -> None:
        async def main() -> None:
            limiter, sync, left = Limiter(RATES), Turn(), list[str]()

            async def call(turn: Turn, name: str) -> None:
                await enter(limiter, turn)
                left.append(name)

            await exhaust(limiter)
            async with anyio.create_task_group() as tasks:
                for _ in range(100):
                    tasks.start_soon(call, sync, "sync")
                await anyio.sleep(10.5)
                done, asked_at = len(left), anyio.current_time()
                await call(Turn(), "reply")
                assert left[done:].index("reply") <= 1
                assert anyio.current_time() - asked_at < 2
                tasks.cancel_scope.cancel()

        run(main())


class TestDeadlines:
    def test_a_wait_past_the_deadline_fails_at_once_and_says_how_long(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(RATES)
            await exhaust(limiter)
            (await enter(limiter)).learn(429, {"retry-after": "30"}, anyio.current_time())
            now = anyio.current_time()
            with pytest.raises(RateLimited) as caught:
                await enter(limiter, deadline=now + 29)
            assert anyio.current_time() == now
            assert caught.value.retry_after in range(30, 34)

        run(main())

    def test_those_who_cannot_be_served_in_time_fail_at_once_and_the_others_are(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(RATES)
            await exhaust(limiter)
            now, failed, served = anyio.current_time(), list[float](), 0

            async def call() -> None:
                nonlocal served
                try:
                    await enter(limiter, deadline=now + 10.5)
                    served += 1
                except RateLimited as error:
                    assert anyio.current_time() == now
                    failed.append(error.retry_after or 0)

            async with anyio.create_task_group() as tasks:
                for _ in range(30):
                    tasks.start_soon(call)
            assert (served, len(failed)) == (10, 20)
            assert (min(failed), max(failed)) == (11, 11)

        run(main())

    def test_who_has_no_time_left_for_the_answer_takes_nothing_out_of_the_budget(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(RATES)
            await exhaust(limiter)
            now, refused = anyio.current_time(), 0
            for deadline in (now + 1.1, now + 1.3):  # there is a call at 1
                try:
                    await enter(limiter, deadline=deadline)
                except RateLimited:
                    refused += 1
            assert refused == 1
            assert anyio.current_time() == pytest.approx(now + 1, abs=0.02)

        run(main())

    def test_who_wakes_too_late_leaves_the_call_to_the_next(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(RATES)
            await exhaust(limiter)
            now = anyio.current_time()

            async def busy() -> None:
                await anyio.sleep(0.5)
                loop = asyncio.get_running_loop()
                assert isinstance(loop, clock.JumpingLoop)
                loop.clock.now += 0.8  # nobody is woken meanwhile

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(busy)
                with pytest.raises(RateLimited):
                    await enter(limiter, deadline=now + 1.5)
            assert await times(limiter, 1) == [0.0]

        run(main())

    def test_whoever_is_overtaken_still_fails_at_the_deadline(self, run: Run) -> None:
        async def main() -> None:
            limiter, sync = Limiter(RATES), Turn()
            await exhaust(limiter)
            now, failed_at = anyio.current_time(), list[float]()

            async def call(turn: Turn, deadline: float) -> None:
                try:
                    await enter(limiter, turn, deadline=deadline)
                except RateLimited:
                    failed_at.append(anyio.current_time() - now)

            async with anyio.create_task_group() as tasks:
                for _ in range(8):
                    tasks.start_soon(call, sync, now + 8.5)
                await anyio.sleep(0.5)
                for _ in range(8):
                    tasks.start_soon(call, Turn(), NEVER)
            assert failed_at
            assert all(0.5 < each <= 8.6 for each in failed_at)

        run(main())


class TestRefusals:
    def test_a_429_holds_back_every_caller_and_then_they_go_one_by_one(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(RATES)
            lane = await enter(limiter)
            assert lane.learn(429, {}, anyio.current_time()) in {1, 2}
            moments, begin = list[float](), anyio.current_time()

            async def call() -> None:
                await enter(limiter)
                moments.append(anyio.current_time() - begin)

            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(call)
            gaps = [after - before for before, after in zip([0.0, *moments], moments, strict=False)]
            assert gaps == pytest.approx([1.05, 2, 2, 2, 2], abs=0.06)

        run(main())

    def test_bursts_come_back_with_the_answers(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(RATES)
            (await enter(limiter)).learn(429, {"retry-after": "0"}, anyio.current_time())
            for _ in range(8):
                (await enter(limiter)).learn(200, {}, anyio.current_time())
            assert (await times(limiter, 10))[2:] == pytest.approx([(await times(limiter, 1))[0]] * 8, abs=2)
            found = await times(limiter, 10)
            assert found[-1] - found[0] == 0.0

        run(main())

    def test_an_answer_that_says_nothing_is_left_closes_until_the_reset(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(None)
            headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "20"}
            assert (await enter(limiter)).learn(200, headers, anyio.current_time()) is None
            assert 20 <= (await times(limiter, 1))[0] <= 22

        run(main())

    def test_a_reset_counts_where_a_refusal_has_no_retry_after(self, run: Run) -> None:
        async def main() -> None:
            headers = {"ratelimit-remaining": "0", "ratelimit-reset": "20"}
            lane = await enter(Limiter(None))
            assert lane.learn(429, headers, anyio.current_time()) in {20, 21, 22}

        run(main())

    @pytest.mark.parametrize(
        ("status", "headers"),
        [
            (429, {"retry-after": "86400"}),
            (429, {"retry-after": "Sat, 21 Nov 2099 00:00:00 GMT"}),
            (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30000"}),
        ],
    )
    def test_who_asks_for_a_day_is_tried_after_minutes_with_one_call(
        self, run: Run, status: int, headers: dict[str, str]
    ) -> None:
        async def main() -> None:
            limiter = Limiter(None)
            (await enter(limiter)).learn(status, headers, anyio.current_time())
            with pytest.raises(RateLimited) as refused:
                await enter(limiter, deadline=anyio.current_time() + 45)
            assert refused.value.asked is not None
            assert refused.value.asked >= 30_000
            assert 300 <= (refused.value.retry_after or 0) <= 331
            await anyio.sleep(331)
            probe, sent = await enter(limiter), anyio.current_time()
            with pytest.raises(RateLimited):
                await enter(limiter, deadline=anyio.current_time() + 45)
            probe.learn(200, {}, sent)
            await enter(limiter, deadline=anyio.current_time() + 45)

        run(main())

    def test_a_refused_report_leaves_other_calls_alone(self, run: Run) -> None:
        async def main() -> None:
            limiter = Limiter(RATES)
            (await enter(limiter, path="/reports/x")).learn(429, {"retry-after": "30"}, anyio.current_time())
            assert (await times(limiter, 3)) == [0.0] * 3
            assert (await times(limiter, 1, "/reports/x"))[0] >= 30

        run(main())


class TestTelling:
    def test_a_long_wait_is_told_again_and_again_and_a_short_one_never(self, run: Run) -> None:
        async def main() -> None:
            told = list[tuple[float, str]]()

            async def waiting(seconds: float, reason: str) -> None:
                told.append((round(seconds), reason))

            limiter, turn = Limiter(RATES), Turn(waiting=waiting)
            (await enter(limiter, turn)).learn(429, {"retry-after": "0.5"}, anyio.current_time())
            await enter(limiter, turn)
            assert told == []
            await anyio.sleep(60)
            (await enter(limiter, turn)).learn(429, {"retry-after": "30"}, anyio.current_time())
            await enter(limiter, turn)
            assert 3 <= len(told) <= 4
            assert 30 <= told[0][0] <= 33
            assert [each[0] for each in told] == sorted((each[0] for each in told), reverse=True)
            assert {each[1] for each in told} == {"waiting for Drift's call limit"}

        run(main())

    def test_a_job_with_many_waits_tells_of_one_now_and_then(self, run: Run) -> None:
        async def main() -> None:
            told = list[float]()

            async def waiting(seconds: float, _: str) -> None:
                told.append(seconds)

            limiter, turn = Limiter(Rates(calls_per_minute=30)), Turn(waiting=waiting)
            for _ in range(50):
                await enter(limiter, turn)
            assert 5 <= len(told) <= 9  # 20 waits of two seconds

        run(main())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 20), st.floats(0, 20)), max_size=30))
def test_cancelling_anybody_at_any_time_delays_and_loses_nobody(
    run: Run, calls: list[tuple[int, float, float]]
) -> None:
    """Each call comes at a moment and is cancelled some time after, unless it has been served."""

    async def main() -> None:
        limiter, turns, served = Limiter(RATES), [Turn() for _ in range(3)], list[float]()
        await exhaust(limiter)
        begin = anyio.current_time()

        async def call(whose: int, comes: float, gives_up: float) -> None:
            await anyio.sleep(comes)
            with anyio.move_on_after(gives_up):
                await enter(limiter, turns[whose])
                served.append(anyio.current_time() - begin)

        async with anyio.create_task_group() as tasks:
            for each in calls:
                tasks.start_soon(call, *each)
        assert len(served) <= anyio.current_time() - begin + 1
        # Nothing is left behind: whoever comes a minute later finds the whole budget and no queue.
        await asyncio.sleep(61)
        await exhaust(limiter)
        assert (await times(limiter, 2)) == pytest.approx([1.0, 2.0], abs=0.02)

    run(main())

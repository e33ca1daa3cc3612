"""The breaker, on a clock that jumps."""

from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest

from drift_mcp.drift import errors
from drift_mcp.drift.breaker import FAILURES, FIRST_REST, LONGEST_REST, Breaker
from drift_mcp.drift.errors import DriftDown, DriftError
from tests.support import clock

Run = Callable[[Coroutine[Any, Any, None]], None]
FAILED = [errors.Unreachable(), errors.TimedOut(), errors.ConnectionLost(), errors.ServerFault(status=500)]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda main: clock.run(main, monkeypatch)


def attempt(breaker: Breaker, error: DriftError | None = None) -> None:
    with breaker.watching():
        if error is not None:
            raise error


def failing(breaker: Breaker, times: int = FAILURES, error: DriftError | None = None) -> None:
    for _ in range(times):
        with pytest.raises(type(error or FAILED[0])):
            attempt(breaker, error or FAILED[0])


def refused_for(breaker: Breaker) -> float | None:
    with pytest.raises(DriftDown) as caught:
        breaker.check()
    return caught.value.retry_after


@pytest.mark.parametrize("error", FAILED)
def test_after_so_many_failures_in_a_row_calls_fail_at_once(error: DriftError, run: Run) -> None:
    async def main() -> None:
        breaker = Breaker()
        failing(breaker, FAILURES - 1, error)
        breaker.check()
        failing(breaker, 1, error)
        assert refused_for(breaker) == FIRST_REST
        with pytest.raises(DriftDown):
            attempt(breaker)

    run(main())


@pytest.mark.parametrize("answer", [None, errors.NotFound(status=404), errors.RateLimited(status=429)])
def test_any_answer_shows_that_drift_works(answer: DriftError | None, run: Run) -> None:
    async def main() -> None:
        breaker = Breaker()
        for _ in range(3):
            failing(breaker, FAILURES - 1)
            if answer is None:
                attempt(breaker)
            else:
                failing(breaker, 1, answer)
        breaker.check()

    run(main())


@pytest.mark.parametrize("error", [errors.NotConnected(), errors.OutOfTime(), errors.RequestTooLong()])
def test_what_says_nothing_about_drift_counts_as_nothing(error: DriftError, run: Run) -> None:
    async def main() -> None:
        breaker = Breaker()
        failing(breaker, FAILURES - 1)
        failing(breaker, 50, error)
        breaker.check()
        failing(breaker, 1)
        refused_for(breaker)

    run(main())


def test_after_the_rest_one_call_tries_and_the_others_still_fail_at_once(run: Run) -> None:
    async def main() -> None:
        breaker = Breaker()
        failing(breaker)
        await anyio.sleep(FIRST_REST)
        with breaker.watching():
            assert refused_for(breaker) == 1
        for _ in range(3):
            attempt(breaker)

    run(main())


def test_a_try_that_fails_doubles_the_rest_up_to_the_longest(run: Run) -> None:
    async def main() -> None:
        breaker, rests = Breaker(), []
        failing(breaker)
        for _ in range(6):
            rests.append(refused_for(breaker))
            await anyio.sleep(rests[-1] or 0)
            failing(breaker, 1)
        assert rests == [10, 20, 40, 80, 120, 120]
        assert LONGEST_REST == 120
        await anyio.sleep(120)
        attempt(breaker)
        failing(breaker)
        assert refused_for(breaker) == FIRST_REST

    run(main())


def test_a_try_that_is_cancelled_leaves_the_next_one_to_another(run: Run) -> None:
    async def main() -> None:
        breaker = Breaker()
        failing(breaker)
        await anyio.sleep(FIRST_REST)
        with anyio.move_on_after(1), breaker.watching():
            await anyio.sleep(100)
        attempt(breaker)
        breaker.check()

    run(main())

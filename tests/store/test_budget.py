"""One budget over replicas; while Redis is away each has a part of it to itself."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from drift_mcp.store import budget as budget_module
from drift_mcp.store.budget import SharedBudget
from drift_mcp.store.shared import Shared
from tests.support.redis_server import RedisServer

Start = Callable[..., SharedBudget]


@pytest.fixture
async def start(redis: RedisServer) -> AsyncIterator[Start]:
    """Starts the budget of a replica: 60 calls a minute, 10 at once."""
    async with AsyncExitStack() as stack:

        def started(scope: str = "acme") -> SharedBudget:
            shared = Shared(redis.url, scope)
            stack.push_async_callback(shared.aclose)
            return SharedBudget("calls", 60, 10, shared)

        yield started


async def at_once(*budgets: SharedBudget, tries: int = 20) -> int:
    """How many calls these let out without waiting, asked all at the same time."""
    waits = await asyncio.gather(*(each.take() for each in budgets for _ in range(tries)))
    return waits.count(0.0)


async def test_replicas_take_from_one(start: Start) -> None:
    assert await at_once(start(), start(), start()) == 10


async def test_each_connection_has_its_own(start: Start) -> None:
    assert await at_once(start("acme"), start("globex")) == 20


async def test_the_first_call_of_a_replica_counts(start: Start) -> None:
    budgets = [start() for _ in range(11)]
    assert [await each.take() == 0 for each in budgets] == [True] * 10 + [False]


async def test_it_says_how_long_to_wait(start: Start) -> None:
    one, other = start(), start()
    await at_once(one)
    assert 0 < await other.take() <= 1


async def test_while_redis_is_away_two_replicas_together_keep_it_and_ask_again_later(
    start: Start, redis: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = start(), start()
    redis.stop()
    try:
        with caplog.at_level(logging.WARNING):
            assert await at_once(one, other) == 10
        assert "counted here alone" in caplog.text
    finally:
        redis.start()
    assert await at_once(one, other) == 0
    monkeypatch.setattr(one, "_ask_at", 0.0)
    monkeypatch.setattr(other, "_ask_at", 0.0)
    assert await at_once(one, other) == 10


async def test_a_redis_that_hangs_is_asked_once_in_a_while(start: Start, redis: RedisServer) -> None:
    one = start()
    assert await one.take() == 0
    redis.hang()
    try:
        async with asyncio.timeout(2 * budget_module.PAUSE):
            assert await at_once(one) == 5
        async with asyncio.timeout(0.5):
            assert await at_once(one) == 0
    finally:
        redis.go_on()

"""The journal in Redis: who began a write lives by its lease, and what could not be recorded is recorded later."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import anyio
import anyio.lowlevel
import pytest

from drift_mcp import journal as journal_module
from drift_mcp.journal import Row, State
from drift_mcp.store import StoreUnavailable
from drift_mcp.store import journal as shared_journal
from drift_mcp.store.journal import SharedJournal
from drift_mcp.store.shared import Shared
from tests.support.redis_server import RedisServer

Start = Callable[..., SharedJournal]
KEY, ARGUMENTS = "a1b2", "c3d4"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_journal, "RENEW_EVERY", 0.02)


@pytest.fixture
async def start(redis: RedisServer) -> AsyncIterator[Start]:
    """Starts the journal of a replica."""
    async with AsyncExitStack() as stack:

        def started(lease: float = 60) -> SharedJournal:
            shared = Shared(redis.url, "acme")
            stack.push_async_callback(shared.aclose)
            journal = SharedJournal(shared, lease)
            stack.push_async_callback(journal.aclose)
            return journal

        yield started


async def until(happens: Callable[[], Awaitable[bool]]) -> None:
    with anyio.fail_after(60):
        while not await happens():  # noqa: ASYNC110 - it happens in Redis
            await anyio.sleep(0.02)


async def seen(journal: SharedJournal) -> Row:
    row = await journal.begin(KEY, ARGUMENTS)
    assert row is not None
    return row


async def kill(journal: SharedJournal) -> None:
    """Nothing of it runs any more, and nothing was said."""
    assert journal._keeper is not None
    journal._keeper.cancel()
    await anyio.lowlevel.checkpoint()


async def test_who_was_killed_is_known_to_be_dead_when_the_lease_ends(start: Start) -> None:
    killed, other = start(lease=0.3), start()
    assert await killed.begin(KEY, ARGUMENTS) is None
    await kill(killed)
    assert (await seen(other)).alive

    async def is_dead() -> bool:
        return not (await seen(other)).alive

    await until(is_dead)
    row = await seen(other)
    assert row.state is State.BEGUN
    assert await other.take_over(KEY, row)
    assert not await start().take_over(KEY, row)
    await killed.end(KEY, State.DONE)  # it was taken away from it
    assert (await seen(other)).state is State.BEGUN


async def test_a_lease_is_renewed_for_as_long_as_the_process_lives(start: Start) -> None:
    slow, other = start(lease=0.1), start()
    await slow.begin(KEY, ARGUMENTS)
    await anyio.sleep(0.4)
    assert (await seen(other)).alive


async def test_who_ends_in_good_order_is_dead_at_once(start: Start) -> None:
    ended, other = start(), start()
    await ended.begin(KEY, ARGUMENTS)
    await ended.aclose()
    assert not (await seen(other)).alive


async def test_nothing_is_begun_while_redis_is_away(start: Start, redis: RedisServer) -> None:
    one, other = start(), start()
    redis.stop()
    try:
        with pytest.raises(StoreUnavailable):
            await one.begin(KEY, ARGUMENTS)
    finally:
        redis.start()
    assert await other.begin(KEY, ARGUMENTS) is None
    await anyio.sleep(0.1)  # what the first one takes back is not the second one's
    assert (await seen(one)).state is State.BEGUN


async def test_a_begin_whose_answer_was_lost_is_taken_back(start: Start, redis: RedisServer) -> None:
    one, other = start(), start()
    redis.hang()
    try:
        with pytest.raises(StoreUnavailable):
            await one.begin(KEY, ARGUMENTS)
    finally:
        redis.go_on()  # and now it does what it was asked

    async def can_begin() -> bool:
        return await other.begin(KEY, ARGUMENTS) is None

    await until(can_begin)


async def test_an_end_that_could_not_be_recorded_is_recorded_later(start: Start, redis: RedisServer) -> None:
    one, other = start(), start()
    await one.begin(KEY, ARGUMENTS)
    redis.stop()
    await one.end(KEY, State.DONE, {"id": 5})
    redis.start()

    async def is_done() -> bool:
        return (await seen(other)).state is State.DONE

    await until(is_done)
    assert (await seen(other)).ids == {"id": 5}


async def test_a_write_that_was_done_is_known_after_a_crash_of_redis(start: Start, redis: RedisServer) -> None:
    one = start()
    await one.begin(KEY, ARGUMENTS)
    await one.end(KEY, State.DONE, {"id": 5})
    redis.stop()
    redis.start()
    assert (await seen(one)).ids == {"id": 5}


async def test_what_is_old_is_forgotten(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "KEPT_FOR", 0.05)
    one = start()
    await one.begin(KEY, ARGUMENTS)
    await one.end(KEY, State.DONE)

    async def can_begin() -> bool:
        return await one.begin(KEY, ARGUMENTS) is None

    await until(can_begin)

"""A Redis that has lost everything: readers go on with what comes next, and nobody's process ends of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from mcp.server.subscriptions import ResourceUpdated, ServerEvent

from drift_mcp.connection import Connection
from drift_mcp.events import subscriptions
from drift_mcp.events.log import START, BadCursor, Wanted
from drift_mcp.settings import Settings
from tests.support.redis_server import RedisServer


@pytest.fixture
async def connection(redis: RedisServer, tmp_path: Path) -> AsyncIterator[Connection]:
    opened = Connection(Settings(sandbox=True, store=redis.url, state_dir=str(tmp_path)))
    yield opened
    await opened.aclose()


async def test_who_waits_for_the_next_event_waits(connection: Connection, redis: RedisServer) -> None:
    log = connection.events.log
    await connection.events.told("new_message", None, {"id": 1, "conversationId": 5, "createdAt": 1772452800000})
    cursor = (await log.latest(Wanted(), 1)).cursor
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.wait, cursor, 60)  # until it has seen the next
        await anyio.sleep(0.1)
        await connection.events.told("new_message", None, {"id": 2, "conversationId": 5, "createdAt": 1772452800000})
    redis.clear()
    returned = False
    with anyio.move_on_after(0.2):
        await log.wait(START, 60)
        returned = True
    assert not returned


async def test_who_subscribed_is_told_of_what_comes_after(
    connection: Connection, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "TICK", 0.05)
    events, feed = connection.events, subscriptions._Feed(connection.events)
    told = anyio.Event()

    def hear(event: ServerEvent) -> None:
        if event == ResourceUpdated("drift://conversations/6/events"):
            told.set()

    feed.bus.subscribe(hear)
    await events.told("new_message", None, {"id": 1, "conversationId": 5, "createdAt": 1772452800000})
    cursor = (await events.log.latest(Wanted(), 1)).cursor
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.read_on, cursor)
        await anyio.sleep(0.1)
        redis.clear()
        with pytest.raises(BadCursor):
            await events.log.read(Wanted(), cursor, 1)
        await anyio.sleep(0.2)
        await events.told("new_message", None, {"id": 2, "conversationId": 6, "createdAt": 1772452800000})
        with anyio.fail_after(60):
            await told.wait()
        tasks.cancel_scope.cancel()
    assert len((await events.log.read(Wanted(), START, 10)).entries) == 1

"""Streams of the 2025-11-25 era that break off in the middle of a call: no answer is lost, and none goes elsewhere."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import pytest
from mcp_types import JSONRPCResponse

from drift_mcp.http.resuming import MAX_AGE, RETRY, Room
from tests.conftest import PATIENCE

from .conftest import Serve
from .fake_drift import Listener
from .host import OLD, Host, client

CALL = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "list_users", "arguments": {}}}

ANSWER = JSONRPCResponse(jsonrpc="2.0", id=1, result={"text": "x" * 1_200})


@pytest.fixture
def slow(serve: Serve, listener: Listener) -> Iterator[Host]:
    """A server whose Drift does not answer until it is told to."""
    own = serve("--ignore-scopes", env={"DRIFT_BASE_URL": listener.url, "DRIFT_ACCESS_TOKEN": "a-token-for-tests"})
    listener.may_answer.clear()
    yield own
    own.close()
    assert "Traceback" not in own.process.stderr


def session(host: Host) -> dict[str, str]:
    """The headers of a new session."""
    number = host.initialize().headers["mcp-session-id"]
    headers = {"mcp-session-id": number, "mcp-protocol-version": OLD}
    host.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, **headers)
    return headers


def next_event(lines: Iterator[str]) -> dict[str, str]:
    """The fields of the next event of a stream."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            return fields
        name, _, value = line.partition(":")
        fields[name] = value.strip()
    raise AssertionError("the stream is over")


def resumed(host: Host, headers: dict[str, str], last: str) -> list[dict[str, Any]]:
    """The messages that come after event `last`, until the stream is over."""
    accept = {"accept": "text/event-stream", "last-event-id": last}
    answer = host.http.get("/mcp", headers=headers | accept)
    assert answer.status_code == 200
    found = (line.partition(":")[2].strip() for line in answer.text.splitlines() if line.startswith("data:"))
    return [json.loads(data) for data in found if data]


def broken_off(host: Host, headers: dict[str, str], listener: Listener, wait: Callable[..., None]) -> str:
    """Make the call, and leave before it is answered. The id of the last event seen."""
    calls = len(listener.heads)
    sent = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    with host.http.stream("POST", "/mcp", json=CALL, headers=sent | headers) as answer:
        event = next_event(answer.iter_lines())
        wait(lambda: len(listener.heads) > calls)
    assert event["data"] == ""
    assert event["retry"] == str(RETRY)
    return event["id"]


def test_the_answer_waits_for_the_client_to_come_back(
    slow: Host, listener: Listener, wait_until: Callable[..., None]
) -> None:
    headers = session(slow)
    last = broken_off(slow, headers, listener, wait_until)
    listener.may_answer.set()
    for _ in range(2):  # it may break off again
        (message,) = resumed(slow, headers, last)
        assert message["id"] == CALL["id"]
        assert message["result"]["structuredContent"]["count"] == 1
    assert len(listener.heads) == 1


def test_a_client_that_is_back_first_is_answered_as_soon_as_there_is_one(
    slow: Host, listener: Listener, wait_until: Callable[..., None]
) -> None:
    headers = session(slow)
    last = broken_off(slow, headers, listener, wait_until)
    accept = {"accept": "text/event-stream", "last-event-id": last}
    with slow.http.stream("GET", "/mcp", headers=headers | accept) as answer:
        listener.may_answer.set()
        event = next_event(answer.iter_lines())
    assert json.loads(event["data"])["result"]["structuredContent"]["count"] == 1


def test_nobody_else_gets_it(slow: Host, listener: Listener, wait_until: Callable[..., None]) -> None:
    owner, other = session(slow), session(slow)
    last = broken_off(slow, owner, listener, wait_until)
    listener.may_answer.set()
    assert resumed(slow, owner, last)
    assert resumed(slow, other, last) == []
    assert resumed(slow, owner, "nothing") == []


class TestTheSdksClient:
    """Through a proxy that cuts its connections."""

    @asynccontextmanager
    async def cutting(self, port: int) -> AsyncIterator[tuple[str, Callable[[], None]]]:
        """The address of the proxy, and what cuts every connection through it."""
        open_ones: set[asyncio.StreamWriter] = set()

        async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while data := await reader.read(65_536):
                    writer.write(data)
                    await writer.drain()
            writer.close()

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", port)
            open_ones.update((writer, back))
            await asyncio.gather(pump(reader, back), pump(there, writer))

        def cut() -> None:
            for writer in open_ones:
                writer.transport.abort()
            open_ones.clear()

        server = await asyncio.start_server(connect, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", cut
            cut()

    async def test_gets_its_answer_after_the_connection_broke(
        self, slow: Host, listener: Listener, wait_until: Callable[..., None]
    ) -> None:
        async with self.cutting(slow.port) as (url, cut), client(f"{url}/mcp", OLD) as mcp:
            await mcp.list_tools()

            async def break_off() -> None:
                await anyio.to_thread.run_sync(wait_until, lambda: bool(listener.heads))
                cut()
                listener.may_answer.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(break_off)
                result = await mcp.call_tool("list_users", {})
        assert result.structured_content["count"] == 1
        assert len(listener.heads) == 1


class TestTheRoom:
    @staticmethod
    async def kept(events: Any, after: str) -> list[str]:
        found: list[str] = []

        async def send(event: Any) -> None:
            found.append(event.event_id)

        await events.replay_events_after(after, send)
        return found

    async def test_when_it_is_full_whoever_has_most_loses_its_oldest(self) -> None:
        room = Room(20_000)
        small, large = room.events(), room.events()
        first = await small.store_event("1", None)
        await small.store_event("1", ANSWER)
        begun = []
        for number in range(30):
            begun.append(await large.store_event(str(number), None))
            await large.store_event(str(number), ANSWER)
        assert await self.kept(small, first) == ["2"]
        assert [bool(await self.kept(large, each)) for each in begun] == [False] * 23 + [True] * 7
        assert large.size + small.size <= 20_000

    async def test_a_call_that_is_running_keeps_its_place_before_one_that_is_over(self) -> None:
        events = Room(5_000).events()
        running = await events.store_event("running", None)
        for number in range(5):
            await events.store_event(str(number), None)
            await events.store_event(str(number), ANSWER)
        await events.store_event("running", ANSWER)
        assert len(await self.kept(events, running)) == 1

    async def test_the_place_of_a_session_that_is_over_is_free(self) -> None:
        room = Room(5_000)
        over = room.events()
        for number in range(2):
            await over.store_event(str(number), ANSWER)
        del over
        gc.collect()
        events = room.events()
        begun = [await events.store_event(each, None) for each in "12"]
        for each in "12":
            await events.store_event(each, ANSWER)
        assert [bool(await self.kept(events, each)) for each in begun] == [True, True]

    async def test_an_answer_is_forgotten_after_a_while_but_no_call_that_runs(self) -> None:
        now = [0.0]
        events = Room(clock=lambda: now[0]).events()
        over, running = await events.store_event("1", None), await events.store_event("2", None)
        await events.store_event("1", ANSWER)
        now[0] = MAX_AGE + 1
        await events.store_event("2", ANSWER)
        assert await self.kept(events, over) == []
        assert len(await self.kept(events, running)) == 1

    async def test_who_waits_for_an_answer_that_is_given_up_does_not_wait_for_ever(self) -> None:
        events = Room(3_000).events()
        running = await events.store_event("running", None)
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.kept, events, running)
                await anyio.wait_all_tasks_blocked()
                for number in range(6):
                    await events.store_event(str(number), None)
        assert await self.kept(events, running) == []

    async def test_a_request_id_that_is_used_again_begins_anew(self) -> None:
        events = Room().events()
        before = await events.store_event("1", None)
        await events.store_event("1", ANSWER)
        begun = await events.store_event("1", None)
        await events.store_event("1", ANSWER)
        assert await self.kept(events, before) == []
        assert await self.kept(events, begun) == ["4"]

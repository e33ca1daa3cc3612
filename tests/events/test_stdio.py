"""A server on stdio that polls: its tools and subscriptions, spoken to by the SDK's clients of both eras."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import ResourceUpdatedNotification

from tests.conftest import LocalDrift

OLD, NEW = "2025-11-25", "2026-07-28"
MODES = {OLD: "legacy", NEW: "auto"}


@asynccontextmanager
async def polling(
    drift: LocalDrift, environment: dict[str, str], state: Path, era: str, *args: str, **how: Any
) -> AsyncIterator[Client]:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "drift_mcp", "serve", "--state-dir", str(state), *args],
        env=environment | drift.env,
    )
    async with Client(stdio_client(server), mode=MODES[era], read_timeout_seconds=30, **how) as mcp:
        yield mcp


def conversation(drift: LocalDrift) -> int:
    return int(drift.get("/conversations/list", limit=1)["data"][0]["id"])


async def say(drift: LocalDrift, number: int, text: str) -> None:
    await anyio.to_thread.run_sync(lambda: drift.visitor_says(text, conversationId=number))


async def remembered(mcp: Client, drift: LocalDrift) -> None:
    """Until the first round is over."""
    with anyio.fail_after(60):
        while not any(each["path"] == "/conversations/list" for each in drift.requests()):
            await mcp.call_tool("wait_for_event", {"type": "never", "wait_seconds": 1})


class TestSubscriptions:
    async def test_a_stream_of_the_newer_era(
        self, drift: LocalDrift, environment: dict[str, str], tmp_path: Path
    ) -> None:
        number = conversation(drift)
        drift.reset()
        uri = f"drift://conversations/{number}/events"
        async with (
            polling(drift, environment, tmp_path, NEW, "--poll-seconds", "0.2") as mcp,
            mcp.listen(resource_subscriptions=[uri]) as stream,
        ):
            await remembered(mcp, drift)
            await say(drift, number, "Hello over there")
            with anyio.fail_after(60):
                assert (await anext(stream)).uri == uri  # type: ignore[union-attr]
            read = json.loads((await mcp.read_resource(uri)).contents[0].text)  # type: ignore[union-attr]
            assert read["items"][0]["text"] == "Hello over there"

    @pytest.mark.filterwarnings("ignore:resources/subscribe is removed")
    async def test_a_session_of_the_older_era(
        self, drift: LocalDrift, environment: dict[str, str], tmp_path: Path
    ) -> None:
        number = conversation(drift)
        drift.reset()
        uri = f"drift://conversations/{number}/transcript"
        told = anyio.Event()

        async def hear(heard: Any) -> None:
            if isinstance(heard, ResourceUpdatedNotification):
                assert str(heard.params.uri) == uri
                told.set()

        async with polling(drift, environment, tmp_path, OLD, "--poll-seconds", "0.2", message_handler=hear) as mcp:
            assert mcp.server_capabilities.resources.subscribe  # type: ignore[union-attr]
            await mcp.subscribe_resource(uri)
            await remembered(mcp, drift)
            await say(drift, number, "Hello over there")
            with anyio.fail_after(60):
                await told.wait()


async def test_waiting_works_with_nothing_set_up(
    drift: LocalDrift, environment: dict[str, str], tmp_path: Path
) -> None:
    number = conversation(drift)
    waits = anyio.Event()
    found: dict[str, Any] = {}

    async def progress(done: float, total: float | None, words: str | None) -> None:
        waits.set()

    async with polling(drift, environment, tmp_path, NEW) as mcp, anyio.create_task_group() as tasks:

        async def wait() -> None:
            wanted = {"conversation_id": number, "author": "visitor", "wait_seconds": 20}
            result = await mcp.call_tool("wait_for_event", wanted, progress_callback=progress)
            found.update(result.structured_content or {})

        tasks.start_soon(wait)
        with anyio.fail_after(60):
            await waits.wait()
        await say(drift, number, "There you are")
    assert found["event"]["text"] == "There you are"

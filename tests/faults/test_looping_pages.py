"""A list whose pages lead back to themselves is not taken for a whole one, by whatever reads it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.faults.run import sandbox, toolbox
from benchmarks.faults.targets import Targets
from drift_mcp import resources
from drift_mcp.sandbox import chat, staff
from drift_mcp.toolbox import Toolbox
from tests.support.served import served

MESSAGES, READ = 120, 100
"""How many there are, and on the first two pages, of which the second leads to itself."""


@dataclass
class Desk:
    """A toolbox, and a conversation of which not all can be read."""

    tools: Toolbox
    chat: int

    async def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        content: dict[str, Any] = (await self.tools.call(name, arguments))["structuredContent"]
        return content


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    app = sandbox()
    targets = Targets(app.state.sandbox.world)
    conversation = targets.chat("long")
    for number in range(MESSAGES):
        chat.write(targets.world, conversation, staff.author(targets.bot), "chat", f"Message {number}")
    with served(app) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as admin, toolbox(url, tmp_path) as tools:
            looping = {"kind": "looping_pages", "path": "*/messages"}
            (await admin.post("/_sandbox/faults", json={"faults": [looping]})).raise_for_status()
            yield Desk(tools, conversation["id"])


async def test_a_listing_says_that_there_is_more_which_cannot_be_read(desk: Desk) -> None:
    answer = await desk.call("list_messages", conversation_id=desk.chat, limit=200)
    assert (answer["count"], answer["has_more"]) == (READ, True)
    assert "next_cursor" not in answer
    assert "cannot be read now" in answer["truncated"]


async def test_what_fits_on_the_pages_before_is_a_page_like_any_other(desk: Desk) -> None:
    answer = await desk.call("list_messages", conversation_id=desk.chat, limit=50)
    assert "truncated" not in answer
    rest = await desk.call("list_messages", conversation_id=desk.chat, limit=50, cursor=answer["next_cursor"])
    assert (rest["count"], rest["has_more"]) == (50, True)
    assert "truncated" in rest


async def test_a_transcript_says_that_its_end_is_missing(desk: Desk) -> None:
    uri = resources.TEMPLATES[1].uri.replace("{conversation_id}", str(desk.chat))
    [content] = (await resources.read(desk.tools, uri))["contents"]
    assert f"Message {READ - 1}" in content["text"]
    assert content["text"].endswith("[later messages: list_messages]")


async def test_an_export_does_not_pass_half_a_conversation_off_as_a_whole_one(desk: Desk) -> None:
    answer = await desk.call("export_conversations", ids=[desk.chat])
    assert "broken_answer" in str(answer["failures"])
    assert not answer.get("conversations")

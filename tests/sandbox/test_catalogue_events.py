"""The log of what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import choices, create_app

from .catalogue import call, pages, say
from .conftest import Clock, connect, refused
from .tiny import ADA, CLOSED, NOW, OPEN


async def newest(drift: httpx.AsyncClient, **params: Any) -> list[tuple[str, Any]]:
    rows = await call(drift, "GET", "/events", params=params or None)
    assert all(set(row) == {"id", "type", "createdAt", "data"} for row in rows)
    return [(row["type"], row["data"]) for row in rows]


async def test_what_happens_is_logged_the_newest_first(drift: httpx.AsyncClient, clock: Clock) -> None:
    clock.at += 1
    await say(drift, OPEN, "hello")
    meeting = {"conversation_id": OPEN, "start_at": NOW, "duration": 5}
    made = await call(drift, "POST", "/meetings", json=meeting)
    kinds = [kind for kind, _ in await newest(drift, since=clock.at)]
    assert kinds == ["new_meeting", "new_message", "contact_updated"]
    assert (await newest(drift, type="new_message"))[0][1]["body"] == "hello"
    assert (await newest(drift, type="new_meeting"))[0][1]["eventId"] == made["eventId"]
    assert await newest(drift, type="nonsense") == []


async def test_the_log_begins_with_the_latest_of_the_seed(drift: httpx.AsyncClient) -> None:
    rows = [row for page in await pages(drift, "/events", limit=50) for row in page]
    assert {row["type"] for row in rows} == {"new_message", "new_conversation", "new_meeting"}
    assert len(rows) == 125 + 3 + 3
    assert len({row["id"] for row in rows}) == len(rows)
    times = [row["createdAt"] for row in rows]
    assert times == sorted(times, reverse=True)


async def test_an_entry_says_how_it_was_then(drift: httpx.AsyncClient) -> None:
    sent = await drift.post(f"/conversations/{OPEN}/messages", json={"type": "chat", "body": "before"})
    number = sent.json()["data"]["messages"][-1]["id"]
    await call(drift, "PATCH", f"/conversations/{OPEN}/messages/{number}", json={"body": "after"})
    assert (await newest(drift, type="new_message"))[0][1]["body"] == "before"


async def test_the_log_keeps_the_latest_thousand(app: Starlette, drift: httpx.AsyncClient) -> None:
    world = app.state.sandbox.world
    for number in range(choices.EVENTS_KEPT + 5):
        world.announce("new_message", {"id": number})
    assert len(world.rows("events")) == choices.EVENTS_KEPT
    assert (await newest(drift))[0] == ("new_message", {"id": choices.EVENTS_KEPT + 4})


@pytest.mark.parametrize("query", ["since=yesterday", "since=-1", "limit=0", "next=x"])
async def test_a_question_that_makes_no_sense_is_400(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/v2/events?{query}"), 400, "validation_error")


async def test_any_token_may_ask_but_sees_only_what_its_scopes_allow(app: Starlette, drift: httpx.AsyncClient) -> None:
    await drift.patch(f"/contacts/{ADA}", json={"attributes": {"name": "Ada L."}})
    for scopes, kinds in (
        ([], set[str]()),
        (["all_contact_read"], {"contact_updated"}),
        (["conversation_read"], {"new_message", "new_conversation", "new_meeting"}),
    ):
        async with connect(app, app.state.sandbox.world.issue_token(scopes)) as other:
            found = [row for page in await pages(other, "/events", limit=100) for row in page]
            assert {row["type"] for row in found} == kinds


async def test_the_log_survives_a_restart_and_goes_back_with_a_reset(
    tiny_seed: None, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    async with connect(create_app(now=clock, state_file=file)) as drift:
        seeded = await newest(drift)
        await drift.post(f"/conversations/{CLOSED}/messages", json={"type": "chat", "body": "kept"})
        logged = await newest(drift)
    async with connect(create_app(now=clock, state_file=file)) as drift:
        assert await newest(drift) == logged != seeded
        await drift.post("/_sandbox/reset")
        assert await newest(drift) == seeded
        await drift.post(f"/conversations/{CLOSED}/messages", json={"type": "chat", "body": "once"})
        assert [data.get("body") for _, data in await newest(drift)].count("once") == 1

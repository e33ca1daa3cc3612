"""One message as third-party catalogues name it: read it, rewrite it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .catalogue import call, seen_by_agents, seen_by_visitor
from .conftest import Clock, refused
from .tiny import OPEN

PATH = f"/conversations/{OPEN}/messages"


async def test_a_message_is_the_same_alone_and_in_the_documented_list(drift: httpx.AsyncClient) -> None:
    for message in await seen_by_agents(drift, OPEN):
        assert await call(drift, "GET", f"{PATH}/{message['id']}") == message


async def test_a_message_of_another_conversation_is_404(drift: httpx.AsyncClient) -> None:
    for number in (8100, 1):
        refused(await drift.get(f"/v2{PATH}/{number}"), 404, "not_found")
        refused(await drift.patch(f"/v2{PATH}/{number}", json={"body": "x"}), 404, "not_found")


async def test_a_rewritten_message_reads_differently_for_everybody(drift: httpx.AsyncClient, clock: Clock) -> None:
    clock.at += 1
    changed = await call(drift, "PATCH", f"{PATH}/8003", json={"body": "Better.", "labels": ["edited"], "reply": 8001})
    assert (changed["body"], changed["labels"], changed["reply"]) == ("Better.", ["edited"], 8001)
    assert changed in await seen_by_agents(drift, OPEN)
    assert "Better." in await seen_by_visitor(drift, OPEN)
    assert (await drift.get(f"/conversations/{OPEN}")).json()["data"]["updatedAt"] == clock.at


async def test_a_message_made_private_disappears_from_the_visitors_view_only(drift: httpx.AsyncClient) -> None:
    await call(drift, "PATCH", f"{PATH}/8003", json={"type": "private_note"})
    assert len(await seen_by_visitor(drift, OPEN)) == 2
    assert len(await seen_by_agents(drift, OPEN)) == 4


async def test_what_a_visitor_wrote_can_be_labelled_but_not_rewritten(drift: httpx.AsyncClient) -> None:
    assert (await call(drift, "PATCH", f"{PATH}/8001", json={"labels": ["question"]}))["labels"] == ["question"]
    for rewrite in ({"body": "x"}, {"type": "private_note"}, {"labels": ["a"], "body": "x"}):
        refused(await drift.patch(f"/v2{PATH}/8001", json=rewrite), 400, "validation_error")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": " "},
        {"body": 7},
        {"type": "edit"},
        {"type": "note"},
        {"reply": 8003},
        {"reply": 8100},
        {"reply": "1"},
        {"labels": "x"},
        {"labels": [""]},
    ],
)
async def test_a_rewrite_that_makes_no_sense_is_400(drift: httpx.AsyncClient, body: dict[str, Any]) -> None:
    before = await seen_by_agents(drift, OPEN)
    refused(await drift.patch(f"/v2{PATH}/8003", json=body), 400, "validation_error")
    assert await seen_by_agents(drift, OPEN) == before

"""Notes: for the team, never for the visitor."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .catalogue import call, seen_by_agents, seen_by_visitor
from .conftest import Clock, refused
from .tiny import AGENT, BOT, CLOSED, NOW, OPEN

PATH = f"/conversations/{OPEN}/timeline/notes"


async def test_a_note_is_complete_and_can_be_read_again(drift: httpx.AsyncClient) -> None:
    given = {"body": "<b>Call</b> her", "type": "call", "user": AGENT, "tags": ["Pricing", "followup"]}
    note = await call(drift, "POST", PATH, json=given)
    assert note == {
        "id": 8301,
        "conversationId": OPEN,
        "body": "<b>Call</b> her",
        "type": "call",
        "user": AGENT,
        "tags": ["pricing", "followup"],
        "labels": [],
        "closed": False,
        "createdAt": NOW,
        "updatedAt": NOW,
    }
    assert await call(drift, "GET", f"{PATH}/{note['id']}") == note


async def test_a_note_is_in_transcript_and_messages_but_never_in_the_visitors_view(drift: httpx.AsyncClient) -> None:
    visible = await seen_by_visitor(drift, OPEN)
    note = await call(drift, "POST", PATH, json={"body": "Budget is <i>huge</i>"})
    transcript = (await drift.get(f"/conversations/{OPEN}/transcript")).text
    assert transcript.endswith("Bot (Agent): Budget is huge")
    last = (await seen_by_agents(drift, OPEN))[-1]
    assert (last["id"], last["type"], last["author"]["id"]) == (note["id"], "private_note", BOT)
    assert await seen_by_visitor(drift, OPEN) == visible
    await call(drift, "PATCH", f"{PATH}/{note['id']}", json={"body": "Still secret", "closed": True})
    assert (await drift.get(f"/conversations/{OPEN}/transcript")).text.endswith("Bot (Agent): Still secret")
    assert await seen_by_visitor(drift, OPEN) == visible


async def test_the_same_client_id_makes_no_second_note_on_the_same_conversation(drift: httpx.AsyncClient) -> None:
    first = await call(drift, "POST", PATH, json={"body": "once", "client_id": "c-1"})
    again = await call(drift, "POST", PATH, json={"body": "twice", "client_id": "c-1"})
    assert again == first
    assert len(await seen_by_agents(drift, OPEN)) == 5
    elsewhere = await call(
        drift, "POST", f"/conversations/{CLOSED}/timeline/notes", json={"body": "x", "client_id": "c-1"}
    )
    assert elsewhere["id"] != first["id"]


@pytest.mark.parametrize(
    ("times", "created"),
    [
        ({}, NOW),
        ({"client_created_at": NOW - 5}, NOW - 5),
        ({"created_at": NOW - 9, "client_created_at": NOW - 5}, NOW - 9),
    ],
)
async def test_a_note_stands_where_it_was_written(
    drift: httpx.AsyncClient, times: dict[str, int], created: int
) -> None:
    assert (await call(drift, "POST", PATH, json={"body": "x", **times}))["createdAt"] == created


async def test_a_change_touches_what_it_names(drift: httpx.AsyncClient, clock: Clock) -> None:
    note = await call(drift, "POST", PATH, json={"body": "x", "tags": ["a"]})
    clock.at += 3
    changes = {"closed": True, "labels": ["l"], "type": "email", "created_at": NOW - 1}
    changed = await call(drift, "PATCH", f"{PATH}/{note['id']}", json=changes)
    expected = {"closed": True, "labels": ["l"], "type": "email", "createdAt": NOW - 1, "updatedAt": clock.at}
    assert changed == {**note, **expected}


async def test_a_private_note_sent_the_documented_way_is_a_note_too(drift: httpx.AsyncClient) -> None:
    assert (await call(drift, "GET", f"{PATH}/8004"))["body"] == "Looks keen"
    assert (await call(drift, "PATCH", f"{PATH}/8004", json={"labels": ["keen"]}))["labels"] == ["keen"]


async def test_a_chat_message_or_a_note_of_another_conversation_is_no_note_here(drift: httpx.AsyncClient) -> None:
    for path in (f"{PATH}/8003", f"/conversations/{CLOSED}/timeline/notes/8004"):
        refused(await drift.get(f"/v2{path}"), 404, "not_found")
        refused(await drift.patch(f"/v2{path}", json={"closed": True}), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": ""},
        {"body": "x", "type": "shout"},
        {"body": "x", "user": 999},
        {"body": "x", "user": "102"},
        {"body": "x", "tags": "a"},
        {"body": "x", "created_at": "now"},
        {"body": "x", "created_at": -1},
        {"body": "x", "created_at": 10**18},
        {"body": "x", "client_id": {}},
    ],
)
async def test_a_note_that_makes_no_sense_is_400_and_not_written(
    drift: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    refused(await drift.post(f"/v2{PATH}", json=body), 400, "validation_error")
    assert len(await seen_by_agents(drift, OPEN)) == 4


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"closed": "yes"}, {"type": "x"}, {"labels": [1]}])
async def test_a_change_that_makes_no_sense_is_400(drift: httpx.AsyncClient, body: dict[str, Any]) -> None:
    refused(await drift.patch(f"/v2{PATH}/8004", json=body), 400, "validation_error")

"""Driftbot: a triggered flow posts its prompt, reacts to the visitor, can be revised, ends."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from .catalogue import call, say, seen_by_agents, seen_by_visitor
from .conftest import refused
from .tiny import ADA, ADMIN, AGENT, BEN, BOT, CLOSED, OPEN

TRIGGER, REVISE = f"/conversations/{OPEN}/driftbot/trigger", f"/conversations/{OPEN}/driftbot"
SIZES = ["1-10", "11-50", "51-200", "More than 200"]


async def trigger(drift: httpx.AsyncClient, **body: Any) -> Any:
    return await call(drift, "POST", TRIGGER, json=body)


def labels(message: dict[str, Any]) -> list[str]:
    return [button["label"] for button in message.get("buttons", [])]


async def test_a_triggered_flow_posts_its_prompt_as_a_bot_message_with_buttons(drift: httpx.AsyncClient) -> None:
    prompt = await trigger(drift, conversation_id=OPEN, action_id="1")
    assert prompt["author"] == {"type": "user", "id": BOT, "bot": True}
    assert prompt["type"] == "chat"
    assert "How big is your team?" in prompt["body"]
    assert labels(prompt) == SIZES
    assert all(button["value"] == button["label"] and button["type"] == "reply" for button in prompt["buttons"])
    assert (await seen_by_agents(drift, OPEN))[-1] == prompt
    assert (await seen_by_visitor(drift, OPEN))[-1] == prompt["body"]
    assert (await drift.get(f"/conversations/{OPEN}")).json()["data"]["relatedPlaybookId"] == 66


async def test_the_flow_goes_on_with_each_answer_and_ends_with_thanks(
    drift: httpx.AsyncClient, events: list[tuple[str, dict[str, Any]]]
) -> None:
    await trigger(drift)
    asked = (await say(drift, OPEN, "11-50"))["answer"]
    assert "e-mail" in asked["body"]
    assert labels(asked) == ["ada@visitor.example"], "what is known can be clicked"
    again = (await say(drift, OPEN, "no idea"))["answer"]
    assert "does not look like" in again["body"]
    last = (await say(drift, OPEN, "ada@new.example"))["answer"]
    assert "Thanks" in last["body"]
    assert "buttons" not in last
    attributes = (await drift.get(f"/contacts/{ADA}")).json()["data"]["attributes"]
    assert (attributes["team_size"], attributes["email"]) == ("11-50", "ada@new.example")
    assert "contact_identified" in [event for event, _ in events]
    assert "answer" not in await say(drift, OPEN, "bye")
    refused(await drift.patch(f"/v2{REVISE}", json={"body": "x"}), 400, "validation_error")


async def test_the_prompt_can_be_revised_while_it_waits(drift: httpx.AsyncClient) -> None:
    prompt = await trigger(drift)
    revised = await call(drift, "PATCH", REVISE, json={"body": "How many are you?", "labels": ["short"]})
    assert revised == {**prompt, "body": "How many are you?", "labels": ["short"]}
    assert (await seen_by_visitor(drift, OPEN))[-1] == "How many are you?"
    assert len(await seen_by_agents(drift, OPEN)) == 5, "in place, no further message"
    second = (await say(drift, OPEN, "12"))["answer"]
    assert (await call(drift, "PATCH", REVISE, json={"body": "Your address?"}))["id"] == second["id"]


async def test_the_payload_brings_the_first_words_and_answers_already_known(drift: httpx.AsyncClient) -> None:
    prompt = await trigger(drift, payload={"body": "Where can we write to?", "team_size": "51-200"})
    assert prompt["body"] == "Where can we write to?"
    assert (await drift.get(f"/contacts/{ADA}")).json()["data"]["attributes"]["team_size"] == "51-200"
    assert "Thanks" in (await say(drift, OPEN, "ada@visitor.example"))["answer"]["body"]


async def test_an_address_of_somebody_else_is_not_taken_over(drift: httpx.AsyncClient) -> None:
    await call(drift, "POST", f"/conversations/{CLOSED}/driftbot/trigger", json={"payload": {"team_size": "1"}})
    assert "Thanks" in (await say(drift, CLOSED, "ada@visitor.example"))["answer"]["body"]
    assert (await drift.get(f"/contacts/{BEN}")).json()["data"]["attributes"]["email"] == "ben@visitor.example"


async def test_a_second_trigger_starts_over(drift: httpx.AsyncClient) -> None:
    await trigger(drift)
    await say(drift, OPEN, "11-50")
    await trigger(drift)
    assert "e-mail" in (await say(drift, OPEN, "51-200"))["answer"]["body"]


async def test_a_colleague_who_writes_in_the_chat_ends_the_flow_and_a_note_does_not(drift: httpx.AsyncClient) -> None:
    await trigger(drift)
    note = {"type": "private_note", "body": "let it run", "userId": AGENT}
    await drift.post(f"/conversations/{OPEN}/messages", json=note)
    await call(drift, "PATCH", REVISE, json={"body": "still there"})
    await drift.post(f"/conversations/{OPEN}/messages", json={"type": "chat", "body": "I take over", "userId": AGENT})
    refused(await drift.patch(f"/v2{REVISE}", json={"body": "x"}), 400, "validation_error")
    assert "answer" not in await say(drift, OPEN, "11-50")


async def test_a_flow_survives_a_reopening_but_not_the_deletion_of_its_prompt(drift: httpx.AsyncClient) -> None:
    prompt = await trigger(drift)
    await call(drift, "PATCH", f"/conversations/{OPEN}", json={"status": "closed"})
    assert "answer" in await say(drift, OPEN, "11-50")
    prompt = await trigger(drift)
    edit = {"type": "edit", "editType": "delete", "editedMessageId": prompt["id"]}
    await drift.post(f"/conversations/{OPEN}/messages", json=edit)
    assert "answer" not in await say(drift, OPEN, "11-50")


async def test_a_visitor_without_a_flow_gets_no_answer(drift: httpx.AsyncClient) -> None:
    assert "answer" not in await say(drift, OPEN, "hello?")


@pytest.mark.parametrize(
    "body",
    [
        {"conversation_id": CLOSED},
        {"conversation_id": "x"},
        {"action_id": "999"},
        {"action_id": 67},
        {"action_id": []},
        {"payload": []},
        {"payload": {"body": ""}},
        {"payload": {"body": 7}},
        {"payload": {"email": "nobody"}},
        {"payload": {"x": {}}},
        {"payload": {"tags": "x"}},
    ],
)
async def test_a_trigger_that_makes_no_sense_is_400_and_starts_nothing(
    app: Starlette, drift: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    before = json.dumps(app.state.sandbox.world.tables)
    refused(await drift.post(f"/v2{TRIGGER}", json=body), 400, "validation_error")
    assert json.dumps(app.state.sandbox.world.tables) == before


async def test_a_revision_needs_words_or_labels(drift: httpx.AsyncClient) -> None:
    await trigger(drift)
    for body in ({}, {"body": ""}, {"body": 1}, {"labels": "x"}):
        refused(await drift.patch(f"/v2{REVISE}", json=body), 400, "validation_error")


async def test_driftbot_has_nobody_to_talk_to_in_a_conversation_among_users(drift: httpx.AsyncClient) -> None:
    group = await call(drift, "POST", "/conversations", json={"users": [ADMIN]})
    path = f"/v2/conversations/{group['id']}/driftbot/trigger"
    refused(await drift.post(path, json={}), 400, "validation_error")

"""Messages: reading in pages, sending, authors, buttons, edits, and what they do to the conversation."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from . import tiny
from .conftest import Clock, refused
from .tiny import ADA, ADMIN, AGENT, BOT, CLOSED, OPEN

MESSAGES = f"/conversations/{OPEN}/messages"
REPLY = {"label": "yes", "value": "yes", "type": "reply"}


async def send(drift: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """Sends and gives the last message of the answer."""
    response = await drift.post(MESSAGES, json={"type": "chat", "body": "<p>x</p>", **body})
    assert response.status_code == 200, response.text
    last: dict[str, Any] = response.json()["data"]["messages"][-1]
    return last


async def test_messages_come_oldest_first_fifty_a_page(drift: httpx.AsyncClient) -> None:
    path, ids, sizes = f"/conversations/{CLOSED}/messages", [], []
    body = (await drift.get(path, params={"next": ""})).json()
    while True:
        sizes.append(len(body["data"]["messages"]))
        ids += [message["id"] for message in body["data"]["messages"]]
        if not body["pagination"]["more"]:
            break
        body = (await drift.get(path, params={"next": body["pagination"]["next"]})).json()
    assert sizes == [50, 50, 20]
    assert ids == list(range(8100, 8220))
    assert body["pagination"] == {"more": False}


@pytest.mark.parametrize("cursor", ["x", "8100", "bnVsbA", "-"])
async def test_a_cursor_not_given_out_is_400(drift: httpx.AsyncClient, cursor: str) -> None:
    refused(await drift.get(MESSAGES, params={"next": cursor}), 400, "validation_error")


async def test_a_read_message_is_complete(drift: httpx.AsyncClient) -> None:
    first = (await drift.get(MESSAGES)).json()["data"]["messages"][0]
    assert first == {
        "id": 8001,
        "orgId": 9,
        "conversationId": OPEN,
        "author": {"type": "contact", "id": ADA, "bot": False},
        "type": "chat",
        "body": "<p>Hi &amp; hello</p>",
        "createdAt": tiny.NOW - 10 * tiny.DAY,
        "attributes": {},
        "context": {"ip": "203.0.113.1", "userAgent": "x"},
    }


async def test_sending_answers_the_conversations_messages_without_org_and_attributes(
    drift: httpx.AsyncClient,
) -> None:
    response = await drift.post(MESSAGES, json={"type": "chat", "body": "<p>new</p>", "orgId": 1})
    messages = response.json()["data"]["messages"]
    assert [message["id"] for message in messages] == [8001, 8002, 8003, 8004, 8301]
    assert all("orgId" not in message and message["attributes"] == {} for message in messages)
    assert messages[-1]["body"] == "<p>new</p>"


async def test_the_answer_to_a_long_conversation_ends_with_the_new_message(drift: httpx.AsyncClient) -> None:
    response = await drift.post(f"/conversations/{CLOSED}/messages", json={"type": "chat", "body": "last"})
    messages = response.json()["data"]["messages"]
    assert len(messages) == 50
    assert messages[-1]["body"] == "last"


async def test_only_the_type_is_required(drift: httpx.AsyncClient) -> None:
    response = await drift.post(MESSAGES, json={"type": "chat"})
    assert response.json()["data"]["messages"][-1]["body"] == ""
    refused(await drift.post(MESSAGES, json={"body": "x"}), 400, "validation_error")


async def test_the_default_author_is_the_bot_and_the_app_is_named(drift: httpx.AsyncClient) -> None:
    await send(drift)
    stored = (await drift.get(MESSAGES)).json()["data"]["messages"][-1]
    assert stored["author"] == {"type": "user", "id": BOT, "bot": True}
    assert stored["attributes"] == {"developer_app_id": "sandbox-client-id"}
    assert stored["orgId"] == 9


async def test_a_named_author_joins_the_conversation_by_chatting_but_not_by_a_note(
    drift: httpx.AsyncClient,
) -> None:
    sent = await send(drift, userId=ADMIN, type="private_note")
    assert sent["author"] == {"type": "user", "id": ADMIN, "bot": False}
    assert (await drift.get(f"/conversations/{OPEN}")).json()["data"]["participants"] == [AGENT]
    await send(drift, userId=ADMIN)
    assert (await drift.get(f"/conversations/{OPEN}")).json()["data"]["participants"] == [AGENT, ADMIN]


@pytest.mark.parametrize("user", [999, "101", True, ADA])
async def test_an_author_who_is_no_user_is_400(drift: httpx.AsyncClient, user: Any) -> None:
    refused(await drift.post(MESSAGES, json={"type": "chat", "userId": user}), 400, "validation_error")


async def test_sending_updates_the_conversation_but_does_not_reopen_it(drift: httpx.AsyncClient, clock: Clock) -> None:
    clock.at += 5000
    await drift.post(f"/conversations/{CLOSED}/messages", json={"type": "chat", "body": "x"})
    after = (await drift.get(f"/conversations/{CLOSED}")).json()["data"]
    assert (after["status"], after["updatedAt"]) == ("closed", clock.at)


@pytest.mark.parametrize("kind", ["chat", "private_note", "private_prompt", "suggestion"])
async def test_the_documented_types_are_taken(drift: httpx.AsyncClient, kind: str) -> None:
    assert (await send(drift, type=kind))["type"] == kind


@pytest.mark.parametrize("kind", ["CHAT", "note", "", 1, None])
async def test_other_types_are_400(drift: httpx.AsyncClient, kind: Any) -> None:
    refused(await drift.post(MESSAGES, json={"type": kind, "body": "x"}), 400, "validation_error")


@pytest.mark.parametrize(
    ("kind", "button"),
    [
        ("chat", REPLY),
        ("chat", {**REPLY, "reaction": {"type": "delete"}}),
        ("chat", {**REPLY, "reaction": {"type": "replace", "message": "ok"}}),
        ("private_prompt", {"label": "Do", "value": "/do", "type": "action", "style": "primary"}),
        ("private_prompt", {"label": "Say", "value": "text", "type": "compose"}),
        ("private_prompt", {"label": "Cancel", "value": "cancel", "type": "noop", "style": "danger"}),
    ],
)
async def test_buttons_within_the_rules_are_kept(drift: httpx.AsyncClient, kind: str, button: dict[str, Any]) -> None:
    assert (await send(drift, type=kind, buttons=[button]))["buttons"] == [button]


@pytest.mark.parametrize(
    "buttons",
    [
        [{**REPLY, "value": "no"}],
        [{**REPLY, "type": "compose"}],
        [{**REPLY, "type": "noop"}],
        [{**REPLY, "style": "primary"}],
        [{**REPLY, "style": "green"}],
        [{**REPLY, "reaction": {"type": "replace"}}],
        [{**REPLY, "reaction": {"type": "blink"}}],
        [{**REPLY, "reaction": {}}],
        [{**REPLY, "reaction": 1}],
        [{"label": "yes", "value": "yes"}],
        [{"label": "", "value": "", "type": "reply"}],
        [{"value": "yes", "type": "reply"}],
        ["yes"],
        "yes",
        REPLY,
    ],
)
async def test_buttons_against_the_rules_are_400_and_nothing_is_sent(drift: httpx.AsyncClient, buttons: Any) -> None:
    sent = {"type": "chat", "body": "x", "buttons": buttons}
    refused(await drift.post(MESSAGES, json=sent), 400, "validation_error")
    assert len((await drift.get(MESSAGES)).json()["data"]["messages"]) == 4


@pytest.mark.parametrize(
    ("kind", "body", "buttons"),
    [("replace", "new", [REPLY]), ("replace_body", "new", None), ("replace_buttons", "old", [REPLY])],
)
async def test_an_edit_changes_what_its_type_says(
    drift: httpx.AsyncClient, kind: str, body: str, buttons: list[Any] | None
) -> None:
    old = await send(drift, body="old")
    edit = {"type": "edit", "editedMessageId": old["id"], "editType": kind, "body": "new", "buttons": [REPLY]}
    messages = (await drift.post(MESSAGES, json=edit)).json()["data"]["messages"]
    assert [(m["body"], m.get("buttons")) for m in messages if m["id"] == old["id"]] == [(body, buttons)]
    assert len(messages) == 5


@pytest.mark.parametrize("names", [("editedMessageId", "editType"), ("edited_message_id", "edit_type")])
async def test_an_edit_deletes_under_both_spellings(drift: httpx.AsyncClient, names: tuple[str, str]) -> None:
    old = await send(drift)
    edit = {"orgId": 1, "type": "edit", names[0]: old["id"], names[1]: "delete", "body": ""}
    messages = (await drift.post(MESSAGES, json=edit)).json()["data"]["messages"]
    assert old["id"] not in [message["id"] for message in messages]
    assert (await send(drift))["id"] == old["id"] + 1, "an id is never used twice"


async def test_an_edit_needs_a_message_of_this_conversation_written_by_a_user(
    drift: httpx.AsyncClient,
) -> None:
    edit = {"type": "edit", "editType": "delete"}
    refused(await drift.post(MESSAGES, json={**edit, "editedMessageId": 8100}), 404, "not_found")
    refused(await drift.post(MESSAGES, json={**edit, "editedMessageId": 1}), 404, "not_found")
    refused(await drift.post(MESSAGES, json={**edit, "editedMessageId": 8001}), 400, "validation_error")
    refused(await drift.post(MESSAGES, json=edit), 400, "validation_error")
    wrong = {"type": "edit", "editType": "x", "editedMessageId": 8002}
    refused(await drift.post(MESSAGES, json=wrong), 400, "validation_error")


async def test_messages_are_announced(
    drift: httpx.AsyncClient, app: Starlette, events: list[tuple[str, dict[str, Any]]]
) -> None:
    sent = await send(drift, userId=ADMIN)
    assert [event for event, _ in events] == ["conversation_participant_added", "new_message"]
    assert events[1][1]["id"] == sent["id"]

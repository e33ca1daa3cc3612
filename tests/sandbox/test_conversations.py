"""Conversations: list and paging, forms, start, counts, transcripts, attachments."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import chat, people

from . import tiny
from .conftest import Clock, refused
from .tiny import ADA, AGENT, AWAY, BOT, CLOSED, OPEN, PENDING


def token_of(link: str) -> str:
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "api.drift.com", "/conversations/list")
    assert list(parse_qs(parts.query)) == ["page_token"]
    return parse_qs(parts.query)["page_token"][0]


async def walk(drift: httpx.AsyncClient, **params: Any) -> list[list[int]]:
    """The ids of every page."""
    pages = []
    body = (await drift.get("/conversations/list", params=params)).json()
    while True:
        pages.append([item["id"] for item in body["data"]])
        if "next" not in body["links"]:
            return pages
        token = token_of(body["links"]["next"])
        body = (await drift.get("/conversations/list", params={"page_token": token})).json()


def add_many(app: Starlette, clock: Clock, count: int) -> None:
    world = app.state.sandbox.world
    for _ in range(count):
        clock.at += 1
        chat.start(world, world.get("contacts", ADA), [AGENT])


async def test_the_list_shows_the_short_form_newest_change_first(drift: httpx.AsyncClient) -> None:
    body = (await drift.get("/conversations/list")).json()
    assert [item["id"] for item in body["data"]] == [CLOSED, PENDING, OPEN]
    assert set(body) == {"data", "links"}
    assert set(body["links"]) == {"self"}
    short = {"status", "contactId", "createdAt", "id", "inboxId", "updatedAt"}
    assert all(set(item) == short for item in body["data"])


async def test_an_empty_page_token_is_the_first_page(drift: httpx.AsyncClient) -> None:
    assert (await drift.get("/conversations/list?page_token=")).json() == (
        await drift.get("/conversations/list")
    ).json()


async def test_pages_hold_25_by_default_and_at_most_100(app: Starlette, drift: httpx.AsyncClient, clock: Clock) -> None:
    add_many(app, clock, 120)
    assert list(map(len, await walk(drift))) == [25, 25, 25, 25, 23]
    assert list(map(len, await walk(drift, limit=500))) == [100, 23]


async def test_page_size_and_filter_of_the_first_call_stick_to_its_tokens(
    app: Starlette, drift: httpx.AsyncClient, clock: Clock
) -> None:
    add_many(app, clock, 5)
    first = (await drift.get("/conversations/list", params={"limit": 2, "statusId": 1})).json()
    token = token_of(first["links"]["next"])
    other = {"page_token": token, "limit": 50, "statusId": 2}
    second = (await drift.get("/conversations/list", params=other)).json()
    assert len(second["data"]) == 2
    assert {item["status"] for item in second["data"]} == {"open"}


async def test_the_self_link_leads_to_the_same_page(drift: httpx.AsyncClient) -> None:
    first = (await drift.get("/conversations/list?limit=1")).json()
    again = {"page_token": token_of(first["links"]["self"])}
    assert (await drift.get("/conversations/list", params=again)).json() == first


async def test_no_conversation_is_shown_twice_when_one_changes_between_two_pages(
    app: Starlette, drift: httpx.AsyncClient
) -> None:
    first = (await drift.get("/conversations/list?limit=2")).json()
    await drift.post(f"/conversations/{CLOSED}/messages", json={"type": "chat", "body": "x"})
    token = token_of(first["links"]["next"])
    rest = (await drift.get("/conversations/list", params={"page_token": token})).json()["data"]
    assert [item["id"] for item in rest] == [OPEN]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("statusId=1", [OPEN]),
        ("statusId=2", [CLOSED]),
        ("statusId=3", [PENDING]),
        ("statusId=1&statusId=2", [CLOSED, OPEN]),
    ],
)
async def test_status_ids_can_be_repeated(drift: httpx.AsyncClient, query: str, ids: list[int]) -> None:
    body = (await drift.get(f"/conversations/list?{query}")).json()
    assert [item["id"] for item in body["data"]] == ids


@pytest.mark.parametrize(
    "query",
    [
        "statusId=OPEN",
        "statusId=4",
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=1_0",
        "page_token=abc",
        "page_token=eyJraW5kIjoiY29udmVyc2F0aW9ucyJ9",
        "page_token=%00",
        "page_token=bnVsbA",
    ],
)
async def test_a_wrong_list_parameter_is_400(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/conversations/list?{query}"), 400, "validation_error")


async def test_a_token_of_another_list_is_400(drift: httpx.AsyncClient) -> None:
    page = (await drift.get(f"/conversations/{CLOSED}/messages")).json()
    token = page["pagination"]["next"]
    refused(await drift.get("/conversations/list", params={"page_token": token}), 400, "validation_error")


async def test_a_single_conversation_has_the_full_form(drift: httpx.AsyncClient) -> None:
    body = (await drift.get(f"/conversations/{OPEN}")).json()
    assert body["data"] == {
        "status": "open",
        "participants": [AGENT],
        "contactId": ADA,
        "createdAt": tiny.NOW - 10 * tiny.DAY,
        "id": OPEN,
        "relatedPlaybookId": 66,
        "inboxId": 77,
        "conversationTags": [{"color": "0960C5", "name": "pricing"}],
        "updatedAt": tiny.NOW - 3 * tiny.HOUR,
    }
    assert "relatedPlaybookId" not in (await drift.get(f"/conversations/{CLOSED}")).json()["data"]


async def test_stats_count_by_status_without_the_envelope(drift: httpx.AsyncClient) -> None:
    body = (await drift.get("/conversations/stats")).json()
    assert body == {"conversationCount": {"CLOSED": 1, "OPEN": 1, "PENDING": 1}}


async def test_a_new_conversation_is_a_bare_object_for_the_first_contact_with_that_address(
    app: Starlette, drift: httpx.AsyncClient
) -> None:
    message = {"body": "<p>hi</p>", "attributes": {"integrationSource": "Message from facebook"}}
    response = await drift.post("/conversations/new", json={"email": "ADA@visitor.example", "message": message})
    assert response.json() == {
        "status": "open",
        "participants": [AGENT],
        "contactId": ADA,
        "createdAt": tiny.NOW,
        "id": PENDING + 1,
        "inboxId": 77,
    }
    stored = chat.messages_of(app.state.sandbox.world, PENDING + 1)
    assert [row["author"] for row in stored] == [{"type": "user", "id": BOT, "bot": True}]
    assert stored[0]["attributes"]["integrationSource"] == "Message from facebook"


async def test_a_new_conversation_creates_an_unknown_contact_and_obeys_the_assignee(
    app: Starlette, drift: httpx.AsyncClient
) -> None:
    message = {"body": "hi", "attributes": {"autoAssigneeId": AWAY}}
    body = (await drift.post("/conversations/new", json={"email": "new@visitor.example", "message": message})).json()
    contact = (await drift.get(f"/contacts/{body['contactId']}")).json()["data"]
    assert contact["attributes"]["email"] == "new@visitor.example"
    assert body["participants"] == [AWAY]


@pytest.mark.parametrize(
    "body",
    [
        {"message": {"body": "x"}},
        {"email": "nobody", "message": {"body": "x"}},
        {"email": "a@b.c"},
        {"email": "a@b.c", "message": {"body": ""}},
        {"email": "a@b.c", "message": {"body": "x", "attributes": {"autoAssigneeId": 999}}},
        {"email": "a@b.c", "message": {"body": "x", "attributes": [1]}},
    ],
)
async def test_an_incomplete_new_conversation_is_400_and_changes_nothing(
    app: Starlette, drift: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    refused(await drift.post("/conversations/new", json=body), 400, "validation_error")
    assert len(app.state.sandbox.world.rows("conversations")) == 3
    assert len(app.state.sandbox.world.rows("contacts")) == 3


async def test_the_transcript_is_raw_text_as_agents_see_it(drift: httpx.AsyncClient) -> None:
    response = await drift.get(f"/conversations/{OPEN}/transcript")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text.split("\n") == [
        "Nov 8, 3:06:40 AM PST Ada: Hi & hello",
        "Nov 8, 3:06:41 AM PST Bot (Agent): Which package?",
        "Nov 8, 3:07:41 AM PST Gus Agent (Agent): Here you are",
        "bye",
        "Nov 8, 3:07:42 AM PST Gus Agent (Agent): Looks keen",
    ]


async def test_the_transcript_calls_visitors_by_address_or_site_visitor(
    app: Starlette, drift: httpx.AsyncClient
) -> None:
    text = (await drift.get(f"/conversations/{CLOSED}/transcript")).text
    assert text.startswith("Nov 8, 3:06:40 AM PST ben@visitor.example: message 8100\n")
    await drift.delete(f"/contacts/{tiny.BEN}")
    text = (await drift.get(f"/conversations/{CLOSED}/transcript")).text
    assert text.startswith("Nov 8, 3:06:40 AM PST site visitor: message 8100\n")


async def test_a_body_that_is_no_html_still_has_a_transcript(drift: httpx.AsyncClient) -> None:
    for odd in ("<![foo[x]]>", "<p", "a < b", "&#xffffffff;", "<script>"):
        sent = {"type": "chat", "body": odd}
        assert (await drift.post(f"/conversations/{OPEN}/messages", json=sent)).status_code == 200
    assert (await drift.get(f"/conversations/{OPEN}/transcript")).status_code == 200


async def test_the_json_transcript_holds_all_messages_at_once(drift: httpx.AsyncClient) -> None:
    messages = (await drift.get(f"/conversations/{CLOSED}/json_transcript")).json()["data"]["messages"]
    assert len(messages) == 120
    assert set(messages[0]) == {"id", "body", "type", "author", "createdAt"}


async def test_an_attachment_is_its_raw_bytes(drift: httpx.AsyncClient) -> None:
    response = await drift.get("/attachments/900/data")
    assert response.content == tiny.TEXT_FILE
    assert response.headers["content-type"].startswith("text/plain")
    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''price%20list.txt"


async def test_a_visitors_own_conversation_is_announced(
    app: Starlette, events: list[tuple[str, dict[str, Any]]]
) -> None:
    world = app.state.sandbox.world
    conversation = chat.visitor_starts(world, people.find_or_create(world, "z@visitor.example"))
    chat.visitor_writes(world, conversation, "hello")
    assert [event for event, _ in events if event != "contact_updated"] == ["new_conversation", "new_message"]

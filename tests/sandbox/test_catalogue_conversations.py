"""Conversations as third-party catalogues name them: search, begin without a message, change, delete."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from . import tiny
from .catalogue import call, ids, pages, tags_of
from .conftest import Clock, refused
from .tiny import ADA, ADMIN, AGENT, AWAY, BEN, CLOSED, HOUR, NOW, OPEN, PENDING

ALL = [CLOSED, PENDING, OPEN]


async def change(drift: httpx.AsyncClient, number: int, **fields: Any) -> Any:
    return await call(drift, "PATCH", f"/conversations/{number}", json=fields)


async def test_a_search_shows_full_conversations_the_latest_change_first(drift: httpx.AsyncClient) -> None:
    rows = await call(drift, "GET", "/conversations")
    assert [row["id"] for row in rows] == ALL
    documented = (await drift.get(f"/conversations/{OPEN}")).json()["data"]
    assert rows[2] == documented
    assert rows[0]["resolvedAt"] == NOW - tiny.DAY


async def test_pages_are_linked_by_a_cursor_that_is_absent_at_the_end(drift: httpx.AsyncClient) -> None:
    found = await pages(drift, "/conversations", limit=2)
    assert [[row["id"] for row in page] for page in found] == [ALL[:2], ALL[2:]]
    assert len(await pages(drift, "/conversations", limit=3)) == 1


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"archived": "true"}, [CLOSED]),
        ({"archived": "false"}, [PENDING, OPEN]),
        ({"deleted": "true"}, []),
        ({"deleted": "false"}, ALL),
        ({"direction": "inbound"}, [CLOSED, OPEN]),
        ({"direction": "outbound"}, [PENDING]),
        ({"email": "ADA@visitor.example"}, [PENDING, OPEN]),
        ({"email": "no@one.example"}, []),
        ({"id": [OPEN, CLOSED]}, [CLOSED, OPEN]),
        ({"tags": "PRICING"}, ALL),
        ({"tags": ["pricing", "other"]}, []),
        ({"labels": "x"}, []),
        ({"participants": AGENT}, ALL),
        ({"participants": [AGENT, ADMIN]}, []),
        ({"member_count": 2}, ALL),
        ({"member_count": 3}, []),
        ({"created_at": NOW - 10 * tiny.DAY}, ALL),
        ({"created_at": NOW - 10 * tiny.DAY + 1}, []),
        ({"updated_at": NOW - 2 * HOUR}, [CLOSED, PENDING]),
        ({"last_activity_at": NOW - HOUR}, [CLOSED]),
        ({"last_message_sent_at": NOW - 10 * tiny.DAY + 1000}, [OPEN]),
        ({"resolved_at": NOW - tiny.DAY}, [CLOSED]),
        ({"resolved_at": NOW}, []),
        ({"title": "x"}, []),
        ({"integration": "facebook"}, []),
        ({"workflow_id": "w"}, []),
        ({"title": "", "email": ""}, ALL),
    ],
)
async def test_filters_find_what_they_say(drift: httpx.AsyncClient, params: dict[str, Any], found: list[int]) -> None:
    assert await ids(drift, "/conversations", **params) == found


async def test_what_was_changed_is_found_by_it(drift: httpx.AsyncClient) -> None:
    await change(
        drift,
        OPEN,
        labels=["Hot"],
        workflow_id=12,
        custom_attributes={"seats": 5, "plan": "pro"},
        assigned_user_id=ADMIN,
    )
    for params in (
        {"labels": "hot"},
        {"workflow_id": "12"},
        {"custom_attributes": json.dumps({"plan": "pro", "seats": "5"})},
        {"assigned_user_id": ADMIN},
        {"participants": [AGENT, ADMIN]},
        {"member_count": 3},
    ):
        assert await ids(drift, "/conversations", **params) == [OPEN], params
    assert await ids(drift, "/conversations", custom_attributes=json.dumps({"plan": "pro", "seats": 6})) == []


async def test_the_source_of_a_message_is_the_conversations_integration(drift: httpx.AsyncClient) -> None:
    message = {"body": "x", "attributes": {"integrationSource": "Message from Facebook"}}
    body = {"email": "x@visitor.example", "message": message}
    made = (await drift.post("/conversations/new", json=body)).json()
    assert await ids(drift, "/conversations", integration="facebook") == [made["id"]]


@pytest.mark.parametrize(
    "query",
    [
        "archived=perhaps",
        "direction=up",
        "email=nobody",
        "id=x",
        "participants=x",
        "created_at=yesterday",
        "updated_at=-1",
        "updated_at=99999999999999999",
        "custom_attributes=plan",
        "custom_attributes=[]",
        'custom_attributes={"a":[]}',
        "member_count=few",
        "limit=0",
        "next=x",
    ],
)
async def test_a_filter_that_makes_no_sense_is_400(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/v2/conversations?{query}"), 400, "validation_error")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("open", [OPEN]),
        ("closed", [CLOSED]),
        ("pending", [PENDING]),
        ("closed?archived=true", [CLOSED]),
        ("closed?archived=false", []),
        ("open?archived=true", [OPEN]),
    ],
)
async def test_a_list_by_status_holds_that_status(drift: httpx.AsyncClient, path: str, found: list[int]) -> None:
    assert await ids(drift, f"/conversations/status/{path}") == found


async def test_another_status_is_400(drift: httpx.AsyncClient) -> None:
    refused(await drift.get("/v2/conversations/status/bulk_sent"), 400, "validation_error")


async def test_a_group_conversation_has_users_and_no_contact(drift: httpx.AsyncClient) -> None:
    made = await call(drift, "POST", "/conversations", json={"users": [ADMIN, AWAY], "tags": ["new"], "labels": ["l"]})
    assert (made["participants"], made["labels"], made["status"]) == ([ADMIN, AWAY], ["l"], "open")
    assert "contactId" not in made
    assert await tags_of(drift, made["id"]) == ["new"]
    listed = (await drift.get("/conversations/list")).json()["data"]
    assert [row["id"] for row in listed] == [made["id"], *ALL]
    assert (await drift.get(f"/conversations/{made['id']}/transcript")).text == ""
    said = await drift.post("/_sandbox/visitor/messages", json={"conversationId": made["id"], "body": "x"})
    refused(said, 400, "validation_error")


@pytest.mark.parametrize(("quiet", "told"), [(True, 0), (False, 2)])
async def test_in_background_mode_nobody_is_notified(
    drift: httpx.AsyncClient, events: list[tuple[str, dict[str, Any]]], quiet: bool, told: int
) -> None:
    await call(drift, "POST", "/conversations", json={"users": [ADMIN, AWAY], "background_mode": quiet})
    assert [event for event, _ in events] == ["conversation_participant_added"] * told


async def test_a_conversation_from_scratch_has_everything_but_a_message(drift: httpx.AsyncClient) -> None:
    given = {
        "email": "ada@visitor.example",
        "title": "Renewal 2027",
        "assigned_user_id": AWAY,
        "custom_attributes": {"seats": 5},
        "labels": ["a"],
        "tags": ["Pricing"],
        "background_mode": True,
    }
    made = await call(drift, "POST", "/conversations/create", json=given)
    assert (made["contactId"], made["title"], made["assignedUserId"]) == (ADA, "Renewal 2027", AWAY)
    assert (made["customAttributes"], made["labels"], made["participants"]) == ({"seats": 5}, ["a"], [AWAY])
    assert await tags_of(drift, made["id"]) == ["pricing"]
    messages = (await drift.get(f"/conversations/{made['id']}/messages")).json()["data"]["messages"]
    assert messages == []
    for words in ({"title": "renewal"}, {"reply_subject": "2027"}):
        assert await ids(drift, "/conversations", **words) == [made["id"]]


async def test_an_unknown_address_becomes_a_contact(drift: httpx.AsyncClient) -> None:
    made = await call(drift, "POST", "/conversations/create", json={"email": "new@visitor.example"})
    found = (await drift.get("/contacts", params={"email": "new@visitor.example"})).json()["data"]
    assert [row["id"] for row in found] == [made["contactId"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {}),
        ("", {"users": []}),
        ("", {"users": [999]}),
        ("", {"users": ["101"]}),
        ("", {"users": [ADMIN], "tags": [""]}),
        ("/create", {}),
        ("/create", {"email": "nobody"}),
        ("/create", {"email": "x@visitor.example", "assigned_user_id": 999}),
        ("/create", {"email": "x@visitor.example", "custom_attributes": {"a": {}}}),
        ("/create", {"email": "x@visitor.example", "title": " "}),
    ],
)
async def test_a_beginning_that_makes_no_sense_is_400_and_begins_nothing(
    app: Starlette, drift: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    before = json.dumps(app.state.sandbox.world.tables)
    refused(await drift.post(f"/v2/conversations{path}", json=body), 400, "validation_error")
    assert json.dumps(app.state.sandbox.world.tables) == before


async def test_a_tag_put_on_is_among_the_conversation_tags_and_replaces_the_old_ones(
    drift: httpx.AsyncClient, app: Starlette
) -> None:
    await change(drift, OPEN, tags=["Brand new", "pricing", "brand new"])
    assert await tags_of(drift, OPEN) == ["Brand new", "pricing"]
    assert [tag["name"] for tag in app.state.sandbox.world.rows("tags")] == ["pricing", "Brand new"]
    await change(drift, OPEN, tags=[])
    assert await tags_of(drift, OPEN) == []


async def test_closing_and_reopening_counts_everywhere(drift: httpx.AsyncClient, clock: Clock) -> None:
    clock.at += 7
    closed = await change(drift, OPEN, status="closed")
    assert (closed["status"], closed["resolvedAt"], closed["updatedAt"]) == ("closed", clock.at, clock.at)
    counts = (await drift.get("/conversations/stats")).json()["conversationCount"]
    assert counts == {"CLOSED": 2, "OPEN": 0, "PENDING": 1}
    reopened = await change(drift, OPEN, status="open")
    assert "resolvedAt" not in reopened
    assert (await drift.get("/conversations/list?statusId=1")).json()["data"][0]["id"] == OPEN


async def test_custom_attributes_are_merged_and_a_null_takes_one_away(drift: httpx.AsyncClient) -> None:
    await change(drift, OPEN, custom_attributes={"a": 1, "b": True})
    changed = await change(drift, OPEN, custom_attributes={"b": None, "c": "x"})
    assert changed["customAttributes"] == {"a": 1, "c": "x"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"unknown": 1},
        {"status": "bulk_sent"},
        {"status": "archived"},
        {"assigned_user_id": 999},
        {"assigned_user_id": BEN},
        {"labels": "x"},
        {"tags": [1]},
        {"workflow_id": {}},
        {"custom_attributes": []},
        {"status": "closed", "tags": ["ok"], "assigned_user_id": 999},
    ],
)
async def test_a_change_that_makes_no_sense_is_400_and_changes_nothing(
    app: Starlette, drift: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    before = json.dumps(app.state.sandbox.world.tables)
    refused(await drift.patch(f"/v2/conversations/{OPEN}", json=body), 400, "validation_error")
    assert json.dumps(app.state.sandbox.world.tables) == before


async def test_a_deleted_conversation_is_gone_everywhere_but_from_a_search_for_deleted_ones(
    drift: httpx.AsyncClient,
) -> None:
    response = await drift.delete(f"/v2/conversations/{OPEN}")
    assert response.json() == {"result": "OK", "ok": True}
    for part in ("", "/messages", "/transcript", "/json_transcript"):
        refused(await drift.get(f"/conversations/{OPEN}{part}"), 404, "not_found")
    for path in (f"/v2/conversations/{OPEN}/messages/8001", f"/v2/conversations/{OPEN}/timeline/notes/8004"):
        refused(await drift.get(path), 404, "not_found")
    refused(await drift.get("/attachments/900/data"), 404, "not_found")
    refused(await drift.delete(f"/v2/conversations/{OPEN}"), 404, "not_found")
    assert (await drift.get(f"/_sandbox/visitor/conversations/{OPEN}")).status_code == 404
    assert OPEN not in [row["id"] for row in (await drift.get("/conversations/list")).json()["data"]]
    assert (await drift.get("/conversations/stats")).json()["conversationCount"]["OPEN"] == 0
    report = (await drift.post("/reports/conversations", json={"metrics": ["createdAt"]})).json()
    assert OPEN not in [row["conversationId"] for row in report["data"]]
    assert str(OPEN) not in (await drift.get("/v2/events", params={"limit": 100, "type": "new_message"})).text
    assert await ids(drift, "/conversations") == [CLOSED, PENDING]
    assert await ids(drift, "/conversations", deleted="true") == [OPEN]


async def test_the_id_of_a_deleted_conversation_is_not_given_again(drift: httpx.AsyncClient) -> None:
    await call(drift, "DELETE", f"/conversations/{PENDING}")
    made = await call(drift, "POST", "/conversations/create", json={"email": "x@visitor.example"})
    assert made["id"] == PENDING + 1

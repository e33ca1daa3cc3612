"""The state hangs together: what one call changes, every other call shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from drift_mcp.sandbox import create_app
from drift_mcp.sandbox.choices import ALL_SCOPES, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

from . import tiny
from .catalogue import call, ids, say, seen_by_agents, seen_by_visitor, tags_of
from .conftest import Clock, connect, refused
from .tiny import ADA, BEN, CLOSED, OPEN

NEW_TABLES = ("notes", "flows", "deleted_conversations", "events")


async def fill(drift: httpx.AsyncClient, email: str) -> dict[str, Any]:
    """A visitor with everything that a visitor can have."""
    contact = (await drift.post("/contacts", json={"attributes": {"email": email, "name": "Quinn Unusual"}})).json()
    number = contact["data"]["id"]
    said = {"email": email, "body": f"I am Quinn Unusual, {email}"}
    chat = (await drift.post("/_sandbox/visitor/messages", json=said)).json()["conversationId"]
    await call(drift, "POST", f"/conversations/{chat}/driftbot/trigger", json={})
    note = {"body": "Quinn Unusual called", "client_id": email, "tags": [f"about {email}"]}
    await call(drift, "POST", f"/conversations/{chat}/timeline/notes", json=note)
    mention = {"body": f"also asked by {email}", "labels": ["x"]}
    await call(drift, "POST", f"/conversations/{CLOSED}/timeline/notes", json=mention)
    changes = {"custom_attributes": {"mail": email}, "labels": [email], "tags": [email]}
    await call(drift, "PATCH", f"/conversations/{CLOSED}", json=changes)
    gone = await call(drift, "POST", "/conversations/create", json={"email": email, "title": f"For {email}"})
    await call(drift, "DELETE", f"/conversations/{gone['id']}")
    meeting = {"conversation_id": chat, "start_at": tiny.NOW, "duration": 30}
    await call(drift, "POST", "/meetings", json=meeting)
    guest = {"email": email, "first_name": "Quinn", "last_name": "Unusual"}
    await call(drift, "POST", "/meetings/1/participants", json=guest)
    await call(drift, "PATCH", "/meetings/1", json={"notes": f"bring {email}", "subject": "Demo"})
    await drift.post("/contacts/timeline", json={"contactId": number, "event": "Signed"})
    await drift.post("/emails/unsubscribe", json=[email])
    await drift.patch(f"/contacts/{BEN}", json={"attributes": {"referred_by": email}})
    return {"contact": number, "chat": chat, "gone": gone["id"]}


async def test_erasing_an_address_leaves_no_trace_anywhere(app: Starlette, drift: httpx.AsyncClient) -> None:
    world = app.state.sandbox.world
    untouched = ("contacts", "conversations", "messages", "attachments", "meetings", "tags", "users", "timeline_events")
    before = {name: len(world.rows(name)) for name in untouched}
    email = "quinn@unusual.example"
    made = await fill(drift, email)
    dump = json.dumps(world.tables).casefold()
    assert min(dump.count(text) for text in (email, "quinn unusual", str(made["contact"]), str(made["chat"]))) >= 3
    await drift.post("/gdpr/delete", json={"email": email.upper()})
    dump = json.dumps({name: rows for name, rows in world.tables.items() if name != "counters"}).casefold()
    for text in (email, "quinn", "unusual", str(made["contact"]), str(made["chat"]), str(made["gone"])):
        assert text not in dump, text
    assert "ada@visitor.example" in dump
    assert {name: len(world.rows(name)) for name in before} == before
    meeting = await call(drift, "GET", "/meetings/1")
    assert (meeting["subject"], meeting["participantIds"]) == ("Demo", [ADA])


async def test_erasing_an_address_spares_a_longer_one_that_ends_alike(app: Starlette, drift: httpx.AsyncClient) -> None:
    longer = {"email": "big.ada@visitor.example", "name": "Big Ada"}
    number = (await drift.post("/contacts", json={"attributes": longer})).json()["data"]["id"]
    await drift.post("/gdpr/delete", json={"email": "ada@visitor.example"})
    kept = (await drift.get(f"/contacts/{number}")).json()["data"]
    assert kept["attributes"]["email"] == "big.ada@visitor.example"


async def test_erasing_leaves_nothing_about_the_request_but_that_there_was_one(
    app: Starlette, drift: httpx.AsyncClient, events: list[tuple[str, dict[str, Any]]]
) -> None:
    await drift.post("/gdpr/delete", json={"email": "ada@visitor.example"})
    assert events[-1] == ("gdpr_delete_requested", {"email": "ada@visitor.example"})
    logged = (await call(drift, "GET", "/events"))[0]
    assert (logged["type"], logged["data"]) == ("gdpr_delete_requested", {})


async def test_a_tag_a_note_and_a_flow_all_show_in_one_conversation(drift: httpx.AsyncClient) -> None:
    await call(drift, "PATCH", f"/conversations/{OPEN}", json={"tags": ["hot"]})
    await call(drift, "POST", f"/conversations/{OPEN}/timeline/notes", json={"body": "for us only"})
    prompt = await call(drift, "POST", f"/conversations/{OPEN}/driftbot/trigger", json={})
    await call(drift, "PATCH", f"/conversations/{OPEN}/driftbot", json={"body": "Your team?"})
    answer = (await say(drift, OPEN, "11-50"))["answer"]
    assert await tags_of(drift, OPEN) == ["hot"]
    kinds = [(row["type"], row["author"]["type"]) for row in await seen_by_agents(drift, OPEN)]
    assert kinds[4:] == [("private_note", "user"), ("chat", "user"), ("chat", "contact"), ("chat", "user")]
    assert (await seen_by_visitor(drift, OPEN))[3:] == ["Your team?", "11-50", answer["body"]]
    transcript = (await drift.get(f"/conversations/{OPEN}/transcript")).text
    assert "Bot (Agent): for us only\n" in transcript
    assert "Bot (Agent): Your team?\n" in transcript
    assert (await call(drift, "GET", f"/conversations/{OPEN}/messages/{prompt['id']}"))["body"] == "Your team?"


async def test_reports_count_what_is_there(drift: httpx.AsyncClient) -> None:
    metrics = ["numBotMessages", "numEndUserMessages", "relatedPlaybookId", "timeToCloseMillis"]

    async def figures() -> dict[int, list[Any]]:
        body = (await drift.post("/reports/conversations", json={"metrics": metrics})).json()
        assert body["count"] == len(body["data"])
        return {row["conversationId"]: row["metrics"] for row in body["data"]}

    before = await figures()
    await call(drift, "POST", f"/conversations/{OPEN}/driftbot/trigger", json={})
    await say(drift, OPEN, "11-50")
    await call(drift, "POST", f"/conversations/{OPEN}/timeline/notes", json={"body": "notes do not count"})
    await call(drift, "PATCH", f"/conversations/{OPEN}", json={"status": "closed"})
    group = await call(drift, "POST", "/conversations", json={"users": [tiny.ADMIN]})
    after = await figures()
    assert after[OPEN] == [before[OPEN][0] + 2, before[OPEN][1] + 1, 66, 10 * tiny.DAY]
    assert set(after) == {*before, group["id"]}
    await call(drift, "DELETE", f"/conversations/{OPEN}")
    assert set(await figures()) == {*after} - {OPEN}


async def test_a_scim_user_is_a_drift_user_who_can_do_what_users_do(drift: httpx.AsyncClient) -> None:
    new = {"userName": "new@ours.example", "displayName": "New Colleague"}
    number = int((await drift.post("/scim/Users", json=new)).json()["id"])
    listed = {user["id"]: user["name"] for user in (await drift.get("/users/list")).json()["data"]}
    assert listed[number] == "New Colleague"
    await call(drift, "PATCH", f"/conversations/{OPEN}", json={"assigned_user_id": number})
    assert number in (await drift.get(f"/conversations/{OPEN}")).json()["data"]["participants"]
    note = {"body": "mine", "user": number}
    await call(drift, "POST", f"/conversations/{OPEN}/timeline/notes", json=note)
    assert "New Colleague (Agent): mine" in (await drift.get(f"/conversations/{OPEN}/transcript")).text
    meeting = {"conversation_id": OPEN, "start_at": tiny.NOW, "duration": 30, "created_by": number}
    made = await call(drift, "POST", "/meetings", json=meeting)
    assert await ids(drift, "/meetings", created_by=number) == [made["id"]]
    await drift.delete(f"/scim/Users/{number}")
    refused(await drift.post("/v2/meetings", json=meeting), 400, "validation_error")
    refused(await drift.patch(f"/v2/conversations/{OPEN}", json={"assigned_user_id": number}), 400, "validation_error")


async def test_a_deleted_contact_is_out_of_view_but_nothing_about_the_conversation_is_lost(
    drift: httpx.AsyncClient,
) -> None:
    await call(drift, "POST", f"/conversations/{OPEN}/timeline/notes", json={"body": "stays"})
    await drift.delete(f"/contacts/{ADA}")
    assert (await seen_by_agents(drift, OPEN))[-1]["body"] == "stays"
    assert await ids(drift, "/conversations", email="ada@visitor.example") == [tiny.PENDING], "only the twin's"
    assert (await call(drift, "GET", "/meetings/1"))["participantIds"] == []


async def test_uninstalling_kills_the_token_for_the_catalogue_too(app: Starlette) -> None:
    async with connect(app, app.state.sandbox.world.issue_token(ALL_SCOPES)) as other:
        assert (await other.get("/v2/events")).status_code == 200
        client = {"clientId": SANDBOX_CLIENT_ID, "clientSecret": SANDBOX_CLIENT_SECRET}
        await other.post("/app/uninstall", params=client)
        for path in ("/v2/events", "/v2/conversations", "/v2/tags/1"):
            refused(await other.get(path), 401, "authentication_error")


async def test_the_catalogues_state_survives_a_restart_and_goes_with_a_reset(
    tiny_seed: None, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    async with connect(create_app(now=clock, state_file=file)) as drift:
        made = await fill(drift, "quinn@unusual.example")
    restarted = create_app(now=clock, state_file=file)
    world = restarted.state.sandbox.world
    assert all(world.rows(table) for table in NEW_TABLES)
    async with connect(restarted) as drift:
        assert "answer" in await say(drift, made["chat"], "11-50")
        assert await ids(drift, "/conversations", deleted="true") == [made["gone"]]
        assert len((await call(drift, "GET", "/meetings/1"))["participants"]) == 2
        await drift.post("/_sandbox/reset")
        assert [len(world.rows(table)) for table in NEW_TABLES[:3]] == [0, 0, 0]
        assert "unusual" not in json.dumps(world.tables)


async def test_a_state_saved_before_there_were_these_tables_is_read(
    tiny_seed: None, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    async with connect(create_app(now=clock, state_file=file)) as drift:
        await drift.patch(f"/contacts/{ADA}", json={"attributes": {"name": "kept"}})
    saved = json.loads(file.read_text())
    for table in NEW_TABLES:
        del saved["tables"][table]
    file.write_text(json.dumps(saved))
    async with connect(create_app(now=clock, state_file=file)) as drift:
        assert (await drift.get(f"/contacts/{ADA}")).json()["data"]["attributes"]["name"] == "kept"
        assert await call(drift, "GET", "/events")
        await fill(drift, "quinn@unusual.example")


async def test_the_visitors_view_shows_the_chat_and_no_more(drift: httpx.AsyncClient) -> None:
    view = (await drift.get(f"/_sandbox/visitor/conversations/{OPEN}")).json()
    assert [message["id"] for message in view["messages"]] == [8001, 8002, 8003]
    assert all(not {"context", "attributes", "orgId", "labels"} & set(message) for message in view["messages"])
    for wrong in ("1", "x"):
        refused(await drift.get(f"/_sandbox/visitor/conversations/{wrong}"), 404, "not_found")

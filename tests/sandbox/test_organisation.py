"""What belongs to the organisation as a whole: playbooks, the app and its token, GDPR."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import SANDBOX_TOKEN
from drift_mcp.sandbox.choices import ALL_SCOPES, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

from . import tiny
from .conftest import connect, refused
from .tiny import ADA, TWIN

ADDRESS = "ada@visitor.example"
CLIENT = {"clientId": SANDBOX_CLIENT_ID, "clientSecret": SANDBOX_CLIENT_SECRET}


async def test_playbooks_and_landing_pages_are_bare_arrays_of_the_enabled(drift: httpx.AsyncClient) -> None:
    playbooks = (await drift.get("/playbooks/list")).json()
    assert [playbook["id"] for playbook in playbooks] == [66]
    pages = (await drift.get("/playbooks/clp")).json()
    page = {"playbookId": 66, "playbookName": "Welcome", "landingPageUrl": "https://x.example"}
    assert pages == [page]


@pytest.mark.parametrize("key", ["access_token", "accessToken"])
async def test_token_info_is_a_bare_object(app: Starlette, drift: httpx.AsyncClient, key: str) -> None:
    token = app.state.sandbox.world.issue_token(["user_read", "contact_read"])
    info = (await drift.post("/app/token_info", json={key: token})).json()
    assert info == {
        "access_token": token,
        "authenticated_userid": "orgId:9",
        "credential_id": SANDBOX_CLIENT_ID,
        "token_type": "bearer",
        "expires_in": 0,
        "created_at": tiny.NOW,
        "scope": "user_read contact_read",
        "id": info["id"],
    }


async def test_an_unknown_token_of_interest_is_400_but_a_bad_bearer_401(
    app: Starlette, drift: httpx.AsyncClient
) -> None:
    body = {"access_token": "no such token"}
    refused(await drift.post("/app/token_info", json=body), 400, "validation_error")
    refused(await drift.post("/app/token_info", json={}), 400, "validation_error")
    async with connect(app, "no such token") as stranger:
        refused(await stranger.post("/app/token_info", json=body), 401, "authentication_error")


async def test_uninstalling_kills_every_token_of_the_app(app: Starlette, drift: httpx.AsyncClient) -> None:
    async with connect(app, app.state.sandbox.world.issue_token(ALL_SCOPES)) as other:
        response = await other.post("/app/uninstall", params=CLIENT)
        assert response.json() == {"result": "OK", "ok": True}
        refused(await other.get("/users/list"), 401, "authentication_error")
    refused(await drift.get("/users/list"), 401, "authentication_error")


async def test_uninstalling_needs_the_apps_own_credentials(drift: httpx.AsyncClient) -> None:
    refused(await drift.post("/app/uninstall"), 400, "validation_error")
    for wrong in ({"clientId": "x"}, {"clientSecret": "x"}, {"clientSecret": "ü"}):
        response = await drift.post("/app/uninstall", params={**CLIENT, **wrong})
        refused(response, 403, "authentication_error")
    assert (await drift.get("/users/list")).status_code == 200


async def test_retrieval_goes_to_the_owner_whoever_is_asked_for(drift: httpx.AsyncClient) -> None:
    for email in (ADDRESS, "no@one.example"):
        data = (await drift.post("/gdpr/retrieve", json={"email": email})).json()["data"]
        assert data["sentToEmail"] == "owner@ours.example"
        assert isinstance(data["message"], str)


@pytest.mark.parametrize("path", ["/gdpr/retrieve", "/gdpr/delete"])
@pytest.mark.parametrize("body", [{}, {"email": "nobody"}, {"email": None}, {"email": [ADDRESS]}])
async def test_gdpr_needs_an_address(drift: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    refused(await drift.post(path, json=body), 400, "validation_error")


async def test_gdpr_deletion_leaves_no_trace_of_the_address(app: Starlette, drift: httpx.AsyncClient) -> None:
    world = app.state.sandbox.world
    await drift.delete(f"/contacts/{TWIN}")
    await drift.post("/emails/unsubscribe", json=[ADDRESS])
    mention = {"type": "private_note", "body": "write to ADA@visitor.example"}
    await drift.post(f"/conversations/{tiny.CLOSED}/messages", json=mention)
    response = await drift.post("/gdpr/delete", json={"email": "Ada@Visitor.example"})
    assert response.json() == {"data": {"message": "Your delete is processing"}}
    assert ADDRESS not in json.dumps(world.tables).casefold()
    assert [row["id"] for row in world.rows("contacts")] == [tiny.BEN]
    assert not [row for row in world.rows("messages") if row["author"]["id"] in (ADA, TWIN)]
    assert not world.rows("timeline_events")
    assert not world.rows("meetings")
    assert not world.rows("attachments")
    assert [row["id"] for row in world.rows("conversations")] == [tiny.CLOSED]
    assert len(world.rows("messages")) == 120, "other conversations keep what does not name the address"


async def test_gdpr_deletion_takes_users_with_the_address(drift: httpx.AsyncClient) -> None:
    await drift.post("/gdpr/delete", json={"email": "gus@ours.example"})
    refused(await drift.get(f"/users/{tiny.AGENT}"), 404, "not_found")
    assert (await drift.get("/teams/org")).json()["data"][1]["members"] == []


async def test_what_was_uninstalled_stays_uninstalled_until_a_reset(app: Starlette, drift: httpx.AsyncClient) -> None:
    await drift.post("/app/uninstall", params=CLIENT)
    refused(await drift.get("/users/list"), 401, "authentication_error")
    await drift.post("/_sandbox/reset")
    assert (await drift.get("/users/list")).status_code == 200
    assert SANDBOX_TOKEN in app.state.sandbox.world.tables["tokens"]

"""SCIM: the same users in another vocabulary, with errors of its own."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from .conftest import connect, refused
from .tiny import ADMIN, AGENT, AWAY, BOT

USERS = "/scim/Users"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


def scim_refused(response: httpx.Response, status: int, scim_type: str | None = None) -> None:
    body = response.json()
    assert (response.status_code, body["status"]) == (status, str(status))
    assert body["schemas"] == [ERROR_SCHEMA]
    assert body.get("scimType") == scim_type
    assert isinstance(body["detail"], str)


async def find(drift: httpx.AsyncClient, **query: Any) -> list[int]:
    response = await drift.get(USERS, params=query)
    assert response.status_code == 200, response.text
    return [int(user["id"]) for user in response.json()["Resources"]]


async def change(drift: httpx.AsyncClient, user: int, *operations: dict[str, Any]) -> httpx.Response:
    body = {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
    return await drift.patch(f"{USERS}/{user}", json=body)


async def test_a_user_looks_as_documented(drift: httpx.AsyncClient) -> None:
    assert (await drift.get(f"{USERS}/{BOT}")).json() == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "100",
        "userName": "bot@ours.example",
        "name": {"formatted": "Bot", "familyName": "", "givenName": "Bot"},
        "displayName": "Bot",
        "active": True,
        "emails": [{"value": "bot@ours.example", "primary": True}],
        "phoneNumbers": [{"primary": True}],
        "photos": [{"value": "", "display": "", "primary": True}],
        "roles": [{"value": "MEMBER", "display": "MEMBER", "primary": True}],
    }


async def test_the_list_is_a_list_response(drift: httpx.AsyncClient) -> None:
    body = (await drift.get(USERS)).json()
    assert {key: value for key, value in body.items() if key != "Resources"} == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "id": None,
        "externalId": None,
        "meta": None,
        "totalResults": 4,
    }
    assert [user["id"] for user in body["Resources"]] == ["100", "101", "102", "103"]


async def test_start_index_counts_from_one(drift: httpx.AsyncClient) -> None:
    assert await find(drift, startIndex=2, count=2) == [ADMIN, AGENT]
    assert await find(drift, startIndex=0, count=1) == [BOT]
    assert await find(drift, startIndex=9) == []
    assert await find(drift, count=0) == []
    assert await find(drift, count=-1) == []
    assert (await drift.get(USERS, params={"count": 1})).json()["totalResults"] == 4
    scim_refused(await drift.get(USERS, params={"count": "x"}), 400)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('userName eq "GUS@ours.example"', [AGENT]),
        ('username Eq "gus@ours.example"', [AGENT]),
        ('displayName co "A"', [ADMIN, AGENT, AWAY]),
        ('displayName sw "ann"', [AWAY]),
        ('id eq "101"', [ADMIN]),
        ("active eq true", [BOT, ADMIN, AGENT, AWAY]),
        ("active eq false", []),
        ('displayName co "a" and userName sw "gus" AND active eq true', [AGENT]),
        ('displayName eq "a and b"', []),
        (" ", [BOT, ADMIN, AGENT, AWAY]),
    ],
)
async def test_filters_compare_and_combine(drift: httpx.AsyncClient, text: str, ids: list[int]) -> None:
    assert await find(drift, filter=text) == ids


@pytest.mark.parametrize(
    "text",
    [
        "userName",
        'userName eq "a',
        'userName eq "a" and',
        'userName eq "a" and ',
        'userName gt "a"',
        'email eq "a"',
        "userName eq a",
        'userName eq "a" or id eq "1"',
        'userName eq "a"and id eq "1"',
        "(x)",
        r'userName eq "\x"',
        'userName eq "a" id eq "1"',
    ],
)
async def test_a_filter_not_understood_is_invalid_filter(drift: httpx.AsyncClient, text: str) -> None:
    scim_refused(await drift.get(USERS, params={"filter": text}), 400, "invalidFilter")


async def test_a_provisioned_user_is_a_drift_user(drift: httpx.AsyncClient) -> None:
    body = {
        "schemas": ["urn:scim:schemas:core:2.0"],
        "userName": "nia@ours.example",
        "displayName": "Nia New",
        "roles": [{"value": "ADMIN", "display": "ADMIN", "primary": True}],
        "phoneNumbers": [{"value": "202-555-0111", "primary": True}],
        "name": {"givenName": "Nia", "familyName": "von New"},
        "locale": "de-DE",
        "role-ids": [208],
    }
    response = await drift.post(USERS, json=body)
    assert response.status_code == 201
    created = response.json()
    assert created["id"] == "104"
    assert created["name"] == {"formatted": "Nia New", "givenName": "Nia", "familyName": "von New"}
    user = (await drift.get("/users/104")).json()["data"]
    assert (user["email"], user["role"], user["phone"]) == ("nia@ours.example", "admin", "202-555-0111")
    assert "givenName" not in user
    sent = {"type": "chat", "userId": 104}
    assert (await drift.post("/conversations/7001/messages", json=sent)).status_code == 200


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({"displayName": "x"}, None),
        ({"userName": "x@ours.example"}, None),
        ({"userName": "x", "displayName": "x"}, "invalidValue"),
        ({"userName": "x@y.z", "displayName": "x", "roles": [{"value": "OWNER"}]}, "invalidValue"),
        ({"userName": "x@y.z", "displayName": "x", "roles": "ADMIN"}, None),
        ({"userName": "x@y.z", "displayName": "x", "roles": ["ADMIN"]}, None),
        ({"userName": "x@y.z", "displayName": "x", "role-ids": ["208"]}, "invalidValue"),
        ({"userName": "x@y.z", "displayName": "x", "name": "x"}, None),
        ({"userName": "x@y.z", "displayName": "x", "active": "yes"}, None),
    ],
)
async def test_an_incomplete_user_is_400(drift: httpx.AsyncClient, body: dict[str, Any], scim_type: str | None) -> None:
    scim_refused(await drift.post(USERS, json=body), 400, scim_type)
    scim_refused(await drift.put(f"{USERS}/{AGENT}", json=body), 400, scim_type)


async def test_a_user_name_is_unique(drift: httpx.AsyncClient) -> None:
    taken = {"userName": "Olga@ours.example", "displayName": "x"}
    scim_refused(await drift.post(USERS, json=taken), 409, "uniqueness")
    scim_refused(await drift.put(f"{USERS}/{AGENT}", json=taken), 409, "uniqueness")
    assert (await drift.put(f"{USERS}/{ADMIN}", json=taken)).status_code == 200


async def test_put_unsets_what_is_not_given_but_keeps_role_and_seat(drift: httpx.AsyncClient) -> None:
    body = {"userName": "olga@ours.example", "displayName": "Olga O."}
    replaced = (await drift.put(f"{USERS}/{ADMIN}", json=body)).json()
    assert replaced["phoneNumbers"] == [{"primary": True}]
    assert (replaced["roles"][0]["value"], replaced["active"]) == ("ADMIN", True)
    assert replaced["name"] == {"formatted": "Olga O.", "givenName": "Olga", "familyName": "O."}


@pytest.mark.parametrize(
    ("operation", "field", "value"),
    [
        ({"op": "replace", "path": "displayName", "value": "Gus B"}, "displayName", "Gus B"),
        ({"op": "Replace", "path": "userName", "value": "g@ours.example"}, "userName", "g@ours.example"),
        ({"op": "replace", "path": 'emails[type eq "work"].value', "value": "g@o.x"}, "userName", "g@o.x"),
        ({"op": "add", "path": "locale", "value": "fr"}, "locale", "fr"),
        ({"op": "replace", "value": {"active": False}}, "active", False),
        ({"op": "replace", "path": "active", "value": "False"}, "active", False),
        (
            {"op": "add", "path": "phoneNumbers", "value": [{"value": "202-555-0112", "primary": True}]},
            "phoneNumbers",
            [{"value": "202-555-0112", "primary": True}],
        ),
        (
            {"op": "replace", "path": "roles[primary eq true].value", "value": "ADMIN"},
            "roles",
            [{"value": "ADMIN", "display": "ADMIN", "primary": True}],
        ),
        (
            {"op": "replace", "path": "name.familyName", "value": "Z"},
            "name",
            {"formatted": "Gus Agent", "givenName": "Gus", "familyName": "Z"},
        ),
        (
            {"op": "replace", "path": "name.formatted", "value": "Gus Q"},
            "displayName",
            "Gus Q",
        ),
    ],
)
async def test_patch_adds_and_replaces(
    drift: httpx.AsyncClient, operation: dict[str, Any], field: str, value: Any
) -> None:
    response = await change(drift, AGENT, operation)
    assert response.status_code == 200, response.text
    assert response.json()[field] == value
    assert (await drift.get(f"{USERS}/{AGENT}")).json() == response.json()


async def test_patch_removes_what_may_be_unset(drift: httpx.AsyncClient) -> None:
    user = (await change(drift, AGENT, {"op": "remove", "path": "locale"})).json()
    assert "locale" not in user
    await change(drift, ADMIN, {"op": "remove", "path": "phoneNumbers"})
    assert "phone" not in (await drift.get(f"/users/{ADMIN}")).json()["data"]


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "move", "path": "active", "value": 1}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "path": "locale"}, "invalidValue"),
        ({"op": "replace", "path": "nonsense", "value": 1}, "invalidPath"),
        ({"op": "replace", "path": "id", "value": "1"}, "invalidPath"),
        ({"op": "replace", "path": "active.x", "value": True}, "invalidPath"),
        ({"op": "replace", "path": "name.x", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "emails.x", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "emails", "value": [1]}, "invalidValue"),
        ({"op": "remove", "path": "displayName"}, None),
        ({"op": "remove", "path": "userName"}, None),
        ({"op": "replace", "value": 7}, None),
        ({"path": "active", "value": True}, None),
    ],
)
async def test_a_patch_that_makes_no_sense_is_400_and_changes_nothing(
    drift: httpx.AsyncClient, operation: dict[str, Any], scim_type: str | None
) -> None:
    before = (await drift.get(f"{USERS}/{AGENT}")).json()
    first = {"op": "replace", "path": "locale", "value": "xx"}
    scim_refused(await change(drift, AGENT, first, operation), 400, scim_type)
    assert (await drift.get(f"{USERS}/{AGENT}")).json() == before


@pytest.mark.parametrize("body", [{}, {"Operations": []}, {"Operations": {}}, {"Operations": [1]}])
async def test_a_patch_without_operations_is_400(drift: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await drift.patch(f"{USERS}/{AGENT}", json=body)).status_code == 400


async def test_a_user_set_inactive_loses_the_seat_but_stays_in_scim(drift: httpx.AsyncClient) -> None:
    await change(drift, AGENT, {"op": "replace", "path": "active", "value": False})
    refused(await drift.get(f"/users/{AGENT}"), 404, "not_found")
    teams = (await drift.get("/teams/org")).json()["data"]
    assert [team["members"] for team in teams] == [[ADMIN, AWAY], []]
    assert await find(drift, filter="active eq false") == [AGENT]
    await change(drift, AGENT, {"op": "replace", "path": "active", "value": True})
    assert (await drift.get(f"/users/{AGENT}")).status_code == 200


async def test_a_deprovisioned_user_is_gone_and_the_messages_stay(drift: httpx.AsyncClient) -> None:
    response = await drift.delete(f"{USERS}/{AGENT}")
    assert (response.status_code, response.content) == (204, b"")
    scim_refused(await drift.get(f"{USERS}/{AGENT}"), 404)
    scim_refused(await drift.delete(f"{USERS}/{AGENT}"), 404)
    refused(await drift.get(f"/users/{AGENT}"), 404, "not_found")
    assert len((await drift.get("/conversations/7001/messages")).json()["data"]["messages"]) == 4
    assert "User 102 (Agent)" in (await drift.get("/conversations/7001/transcript")).text


async def test_the_bot_cannot_be_deprovisioned(drift: httpx.AsyncClient) -> None:
    scim_refused(await drift.delete(f"{USERS}/{BOT}"), 400, "mutability")
    off = {"op": "replace", "path": "active", "value": False}
    scim_refused(await change(drift, BOT, off), 400, "mutability")


async def test_a_new_name_by_the_users_api_replaces_the_parts_scim_gave(drift: httpx.AsyncClient) -> None:
    await change(drift, AGENT, {"op": "replace", "path": "name.familyName", "value": "Z"})
    await drift.patch(f"/users/update?userId={AGENT}", json={"name": "Ida Q"})
    user = (await drift.get(f"{USERS}/{AGENT}")).json()
    assert user["name"] == {"formatted": "Ida Q", "givenName": "Ida", "familyName": "Q"}


async def test_every_refusal_under_scim_has_scims_body(app: Starlette, drift: httpx.AsyncClient) -> None:
    async with connect(app, None) as stranger:
        scim_refused(await stranger.get(USERS), 401)
    async with connect(app, app.state.sandbox.world.issue_token([])) as poor:
        scim_refused(await poor.get(USERS), 403)
    scim_refused(await drift.get("/scim/Groups"), 404)
    scim_refused(await drift.get(f"{USERS}/abc"), 404)
    scim_refused(await drift.put(USERS, json={}), 405)
    scim_refused(await drift.post(USERS, content=b"{"), 400)

"""Contacts: creation and its duplicate rule, search, update, deletion, timeline, opt-out, legacy tags."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from . import tiny
from .conftest import Clock, refused
from .tiny import ADA, BEN, TWIN

VERSIONS = ("_END_USER_VERSION", "_end_user_version", "_calculated_version")
OK = {"result": "OK", "ok": True}


async def create(drift: httpx.AsyncClient, **attributes: Any) -> httpx.Response:
    return await drift.post("/contacts", json={"attributes": attributes})


async def patch(drift: httpx.AsyncClient, contact: int, **attributes: Any) -> httpx.Response:
    return await drift.patch(f"/contacts/{contact}", json={"attributes": attributes})


async def test_a_created_contact_looks_as_documented(drift: httpx.AsyncClient) -> None:
    response = await create(drift, email="new@visitor.example", externalId="own")
    assert response.status_code == 200
    assert response.json() == {
        "data": {
            "id": TWIN + 1,
            "createdAt": tiny.NOW,
            "attributes": {
                **dict.fromkeys(VERSIONS, 4),
                "socialProfiles": {},
                "externalId": "own",
                "external_id": "own",
                "email": "new@visitor.example",
                "events": {},
                "start_date": tiny.NOW,
            },
        }
    }


async def test_a_missing_external_id_is_not_generated(drift: httpx.AsyncClient) -> None:
    attributes = (await create(drift, email="new@visitor.example")).json()["data"]["attributes"]
    assert "externalId" not in attributes


async def test_a_second_contact_with_the_address_is_refused(drift: httpx.AsyncClient) -> None:
    refused(await create(drift, email="Ben@Visitor.example"), 409, "validation_error")


async def test_with_an_external_id_the_address_may_repeat_but_not_the_external_id(
    drift: httpx.AsyncClient,
) -> None:
    assert (await create(drift, email="ben@visitor.example", externalId="b2")).status_code == 200
    refused(await create(drift, email="x@visitor.example", externalId="b2"), 409, "validation_error")
    refused(await create(drift, email="x@visitor.example", externalId="42"), 409, "validation_error")


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"name": "x"},
        {"email": None},
        {"email": ""},
        {"email": "nobody"},
        {"email": 7},
        {"email": "a@b.c", "externalId": ""},
        {"email": "a@b.c", "externalId": True},
        {"email": "a@b.c", "externalId": [1]},
        {"email": "a@b.c", "custom": {"a": 1}},
        {"email": "a@b.c", "custom": [1]},
        {"email": "a@b.c", "tags": "x"},
        {"email": "a@b.c", "tags": [{"name": {}}]},
        {"email": "a@b.c", "socialProfiles": 1},
        {"email": "a@b.c", " ": 1},
    ],
)
async def test_wrong_attributes_are_400_and_create_nothing(
    app: Starlette, drift: httpx.AsyncClient, attributes: dict[str, Any]
) -> None:
    refused(await create(drift, **attributes), 400, "validation_error")
    assert len(app.state.sandbox.world.rows("contacts")) == 3


async def test_attributes_outside_their_wrapper_are_400(drift: httpx.AsyncClient) -> None:
    refused(await drift.post("/contacts", json={"email": "a@b.c"}), 400, "validation_error")
    refused(await drift.patch(f"/contacts/{ADA}", json={"name": "x"}), 400, "validation_error")


async def test_unknown_attributes_become_custom_attributes(drift: httpx.AsyncClient) -> None:
    await create(drift, email="n@visitor.example", plan="pro", seats=3, beta=True, externalId="e")
    await patch(drift, ADA, mood="good")
    properties = (await drift.get("/contacts/attributes")).json()["data"]["properties"]
    assert properties[2:] == [
        {"type": "STRING", "displayName": "plan", "name": "plan"},
        {"type": "NUMERIC", "displayName": "seats", "name": "seats"},
        {"type": "BOOLEAN", "displayName": "beta", "name": "beta"},
        {"type": "STRING", "displayName": "mood", "name": "mood"},
    ]


async def test_by_address_is_always_a_list_first_created_first(drift: httpx.AsyncClient) -> None:
    found = (await drift.get("/contacts", params={"email": "ADA@visitor.example"})).json()
    assert [contact["id"] for contact in found["data"]] == [ADA, TWIN]
    assert (await drift.get("/contacts/?email=no@one.example")).json() == {"data": []}


async def test_a_plus_in_an_address_has_to_be_encoded(drift: httpx.AsyncClient) -> None:
    await create(drift, email="a+b@visitor.example")
    assert (await drift.get("/contacts?email=a+b@visitor.example")).json()["data"] == []
    assert len((await drift.get("/contacts?email=a%2Bb@visitor.example")).json()["data"]) == 1


async def test_more_contacts_than_the_limit_are_linked_in_a_header(drift: httpx.AsyncClient) -> None:
    first = await drift.get("/contacts", params={"email": "ada@visitor.example", "limit": 1})
    assert [contact["id"] for contact in first.json()["data"]] == [ADA]
    link = re.fullmatch(r"<(\S+)>; rel='next'", first.headers["link"])
    assert link is not None
    following = urlsplit(link[1])
    assert following.netloc == "driftapi.com"
    second = await drift.get(f"{following.path}?{following.query}")
    assert [contact["id"] for contact in second.json()["data"]] == [TWIN]
    assert "link" not in second.headers


async def test_by_external_id_several_at_once_numbers_and_text_alike(drift: httpx.AsyncClient) -> None:
    response = await drift.get("/contacts?idType=external&id=42&id=none&id=ext-1&id=42")
    assert [contact["id"] for contact in response.json()["data"]] == [TWIN, ADA]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?limit=5",
        "?email=",
        "?idType=external",
        "?id=5001",
        "?idType=email&id=1",
        "?idType=drift&id=x",
        "?email=a@b.c&limit=0",
        "?email=a@b.c&limit=x",
        "?email=a@b.c&next=zzz",
    ],
)
async def test_an_incomplete_search_is_400(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/contacts{query}"), 400, "validation_error")


async def test_an_update_merges_ignores_nulls_and_counts_the_versions_up(drift: httpx.AsyncClient) -> None:
    before = (await drift.get(f"/contacts/{ADA}")).json()["data"]
    response = await patch(drift, ADA, plan="pro", name=None, _end_user_version=1, start_date=1)
    after = response.json()["data"]
    assert after["attributes"] == {**before["attributes"], **dict.fromkeys(VERSIONS, 11), "plan": "pro"}
    assert (await patch(drift, ADA, plan="free")).json()["data"]["attributes"]["_end_user_version"] == 12


async def test_an_update_of_the_external_id_is_mirrored(drift: httpx.AsyncClient) -> None:
    attributes = (await patch(drift, BEN, externalId=7, external_id="ignored")).json()["data"]["attributes"]
    assert (attributes["externalId"], attributes["external_id"]) == (7, 7)


async def test_an_update_cannot_take_anothers_key(drift: httpx.AsyncClient) -> None:
    refused(await patch(drift, BEN, email="ada@visitor.example"), 409, "validation_error")
    refused(await patch(drift, BEN, externalId="ext-1"), 409, "validation_error")
    assert (await patch(drift, ADA, email="ben@visitor.example")).status_code == 200
    assert (await patch(drift, BEN, email="ben@visitor.example", name="Ben")).status_code == 409
    assert (await patch(drift, BEN, name="Ben")).status_code == 200


async def test_normalize_updates_by_external_or_drift_id(drift: httpx.AsyncClient) -> None:
    for query, contact in (("idType=external&id=ext-1", ADA), (f"idType=drift&id={BEN}", BEN)):
        response = await drift.patch(f"/contacts/normalize?{query}", json={"attributes": {"plan": "x"}})
        assert response.json()["data"]["id"] == contact
        assert response.json()["data"]["attributes"]["plan"] == "x"
    body: dict[str, Any] = {"attributes": {}}
    missing = await drift.patch("/contacts/normalize?idType=external&id=no", json=body)
    refused(missing, 404, "not_found")
    refused(await drift.patch("/contacts/normalize?idType=external", json=body), 400, "validation_error")
    refused(await drift.patch("/contacts/normalize?id=ext-1", json=body), 400, "validation_error")


async def test_deletion_is_202_and_takes_the_contact_out_of_view_only(drift: httpx.AsyncClient) -> None:
    response = await drift.delete(f"/contacts/{BEN}")
    assert (response.status_code, response.json()) == (202, OK)
    refused(await drift.get(f"/contacts/{BEN}"), 404, "not_found")
    refused(await patch(drift, BEN, name="x"), 404, "not_found")
    refused(await drift.delete(f"/contacts/{BEN}"), 404, "not_found")
    assert (await drift.get("/contacts?email=ben@visitor.example")).json()["data"] == []
    assert (await drift.get(f"/conversations/{tiny.CLOSED}")).json()["data"]["contactId"] == BEN
    assert (await create(drift, email="ben@visitor.example")).status_code == 200


async def test_a_timeline_event_is_now_by_default_and_its_attributes_are_text(
    app: Starlette, drift: httpx.AsyncClient
) -> None:
    event = {"contactId": ADA, "event": "Did It", "attributes": {"n": 1, "s": "x", "b": True}}
    response = await drift.post("/contacts/timeline", json=event)
    assert response.json() == {
        "data": {
            "attributes": {"n": "1", "s": "x", "b": "true"},
            "event": "Did It",
            "createdAt": tiny.NOW,
            "contactId": ADA,
        }
    }
    by_external = {"externalId": 42, "event": "Other", "createdAt": 5}
    data = (await drift.post("/contacts/timeline", json=by_external)).json()["data"]
    assert (data["contactId"], data["createdAt"]) == (TWIN, 5)
    assert len(app.state.sandbox.world.rows("timeline_events")) == 3


@pytest.mark.parametrize(
    "body",
    [
        {"contactId": ADA},
        {"event": "x"},
        {"contactId": "5001", "event": "x"},
        {"contactId": ADA, "event": ""},
        {"contactId": ADA, "event": "x", "createdAt": "now"},
        {"externalId": {}, "event": "x"},
    ],
)
async def test_an_incomplete_timeline_event_is_400(drift: httpx.AsyncClient, body: dict[str, Any]) -> None:
    refused(await drift.post("/contacts/timeline", json=body), 400, "validation_error")


async def test_a_timeline_event_of_nobody_is_404(drift: httpx.AsyncClient) -> None:
    for who in ({"contactId": 1}, {"externalId": "no"}):
        refused(await drift.post("/contacts/timeline", json={**who, "event": "x"}), 404, "not_found")


async def test_unsubscribing_takes_a_bare_array(
    app: Starlette, drift: httpx.AsyncClient, events: list[tuple[str, dict[str, Any]]]
) -> None:
    response = await drift.post("/emails/unsubscribe", json=["Ben@visitor.example", "no@one.example"])
    assert (response.status_code, response.json()) == (200, OK)
    assert set(app.state.sandbox.world.tables["unsubscribed"]) == {"ben@visitor.example", "no@one.example"}
    assert [(event, data["id"]) for event, data in events] == [("user_unsubscribed", BEN)]


@pytest.mark.parametrize("body", [{"emails": ["a@b.c"]}, "a@b.c", ["nobody"], [1], [], [None]])
async def test_unsubscribing_anything_else_is_400(drift: httpx.AsyncClient, body: Any) -> None:
    refused(await drift.post("/emails/unsubscribe", json=body), 400, "validation_error")


async def test_legacy_tags_are_added_once_and_removed_singly_or_in_bulk(drift: httpx.AsyncClient) -> None:
    path = f"/contacts/{ADA}/tags"
    await drift.post(path, json=[{"name": "a/b c"}, {"name": "vip", "color": "ff0000"}])
    again = await drift.post(path, json=[{"name": "vip"}, {"name": "x"}])
    tags = [
        {"name": "a/b c", "color": "0960C5"},
        {"name": "vip", "color": "ff0000"},
        {"name": "x", "color": "0960C5"},
    ]
    assert again.json() == {"data": tags}
    removed = await drift.delete(f"{path}/a%2Fb%20c")
    assert removed.json() == OK
    refused(await drift.delete(f"{path}/a%2Fb%20c"), 404, "not_found")
    assert (await drift.post(f"{path}/delete/_bulk", json=["vip", "unknown"])).json() == OK
    contact = (await drift.get(f"/contacts/{ADA}")).json()["data"]
    assert contact["attributes"]["tags"] == [{"name": "x", "color": "0960C5"}]
    assert contact["attributes"]["_end_user_version"] == 14


@pytest.mark.parametrize("body", [["vip"], {"name": "vip"}, [{"name": ""}], [{"name": "x", "color": 1}], [{}]])
async def test_wrong_tags_are_400(drift: httpx.AsyncClient, body: Any) -> None:
    refused(await drift.post(f"/contacts/{ADA}/tags", json=body), 400, "validation_error")


async def test_a_change_is_announced_field_by_field(
    drift: httpx.AsyncClient, events: list[tuple[str, dict[str, Any]]], clock: Clock
) -> None:
    await patch(drift, ADA, name="Ada L.", plan="pro")
    await patch(drift, ADA, name="Ada L.")
    assert [event for event, _ in events] == ["contact_updated"]
    assert events[0][1] == {
        "endUserId": ADA,
        "timestamp": clock.at,
        "orgId": 9,
        "diff": [
            {"name": "attributes.name", "previous": "Ada", "updated": "Ada L."},
            {"name": "attributes.plan", "previous": None, "updated": "pro"},
        ],
    }

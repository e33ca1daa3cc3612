"""Contacts as third-party catalogues name them: search, match, raw address, timeline, companies."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from .catalogue import call, ids, pages
from .conftest import Clock, refused
from .tiny import ADA, ADMIN, AGENT, BEN, NOW, OPEN, TWIN

ONE = "/companies/300_one.example"


async def create(drift: httpx.AsyncClient, **attributes: Any) -> int:
    return int((await drift.post("/contacts", json={"attributes": attributes})).json()["data"]["id"])


async def test_without_a_filter_everybody_is_listed_the_newest_first(drift: httpx.AsyncClient, clock: Clock) -> None:
    clock.at += 1
    new = await create(drift, email="new@visitor.example")
    assert await ids(drift, "/contacts") == [new, TWIN, BEN, ADA]
    found = await pages(drift, "/contacts", limit=3)
    assert [[row["id"] for row in page] for page in found] == [[new, TWIN, BEN], [ADA]]
    assert found[1][0] == (await drift.get(f"/contacts/{ADA}")).json()["data"]


async def test_filters_find_what_they_say(drift: httpx.AsyncClient) -> None:
    await drift.post(f"/contacts/{BEN}/tags", json=[{"name": "vip"}, {"name": "east"}])
    attributes = {"plan": "pro", "seats": 5, "phone": "202-555-0100", "labels": "warm, big", "workflow_id": 3}
    await drift.patch(f"/contacts/{BEN}", json={"attributes": attributes})
    await call(drift, "PATCH", f"/conversations/{OPEN}", json={"labels": ["hot"], "workflow_id": "w9"})
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"search": "ADA visitor"}, [TWIN, ADA]),
        ({"search": "visitor.example"}, [TWIN, BEN, ADA]),
        ({"search": "555-0100"}, [BEN]),
        ({"search": "nobody"}, []),
        ({"email": "Ada@visitor.example"}, [TWIN, ADA]),
        ({"tags": ["VIP", "east"]}, [BEN]),
        ({"tags": ["vip", "west"]}, []),
        ({"labels": ["warm", "big"]}, [BEN]),
        ({"labels": "hot"}, [ADA]),
        ({"custom_attributes": json.dumps({"plan": "pro", "seats": "5"})}, [BEN]),
        ({"custom_attributes": json.dumps({"plan": "free"})}, []),
        ({"workflow_id": "3"}, [BEN]),
        ({"workflow_id": "w9", "background_mode": "true"}, [ADA]),
    ]
    for params, found in cases:
        assert await ids(drift, "/contacts", **params) == found, params


@pytest.mark.parametrize("query", ["email=x", "custom_attributes=x", "background_mode=x", "limit=0", "next=x"])
async def test_a_search_that_makes_no_sense_is_400(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/v2/contacts?{query}"), 400, "validation_error")


async def test_matching_finds_the_first_contact_and_never_creates_one(drift: httpx.AsyncClient) -> None:
    match = "/v2/contacts/match-email"
    assert (await drift.get(match, params={"email": "ADA@visitor.example"})).json()["data"]["id"] == ADA
    refused(await drift.get(match, params={"email": "new@visitor.example"}), 404, "not_found")
    assert await ids(drift, "/contacts") == [TWIN, BEN, ADA]
    refused(await drift.get(match), 400, "validation_error")
    refused(await drift.get(match, params={"email": "nobody"}), 400, "validation_error")


async def test_a_raw_address_makes_a_contact_or_renames_the_one_that_has_it(drift: httpx.AsyncClient) -> None:
    made = await call(drift, "POST", "/contacts/raw", json={"email": "Jo Doe <jo@x.example>"})
    assert (made["attributes"]["email"], made["attributes"]["name"]) == ("jo@x.example", "Jo Doe")
    again = await call(drift, "POST", "/contacts/raw", json={"email": '"Doe, Jo" <JO@x.example>'})
    assert (again["id"], again["attributes"]["name"]) == (made["id"], "Doe, Jo")
    bare = await call(drift, "POST", "/contacts/raw", json={"email": "jo@x.example"})
    assert bare == again
    assert len(await ids(drift, "/contacts")) == 4


@pytest.mark.parametrize("raw", ["Jo Doe", "", "<>", "Jo <jo>", 7, None, ["a@b.example"]])
async def test_a_raw_address_without_an_address_is_400(drift: httpx.AsyncClient, raw: Any) -> None:
    refused(await drift.post("/v2/contacts/raw", json={"email": raw}), 400, "validation_error")
    assert await ids(drift, "/contacts") == [TWIN, BEN, ADA]


async def test_the_timeline_is_newest_first(drift: httpx.AsyncClient) -> None:
    for event, at in (("older", NOW - 5), ("newer", NOW + 5)):
        await drift.post("/contacts/timeline", json={"contactId": ADA, "event": event, "createdAt": at})
    await drift.post("/contacts/timeline", json={"contactId": BEN, "event": "other"})
    rows = await call(drift, "GET", f"/contacts/{ADA}/timeline")
    assert [row["event"] for row in rows] == ["newer", "Signed up", "older"]
    assert rows[0] == {"contactId": ADA, "event": "newer", "createdAt": NOW + 5, "attributes": {}}


async def test_a_deleted_contact_is_in_no_list(drift: httpx.AsyncClient) -> None:
    await drift.delete(f"/contacts/{ADA}")
    assert await ids(drift, "/contacts", search="ada") == [TWIN]
    assert (await call(drift, "GET", "/contacts/match-email", params={"email": "ada@visitor.example"}))["id"] == TWIN
    refused(await drift.get(f"/v2/contacts/{ADA}/timeline"), 404, "not_found")
    assert await ids(drift, "/meetings", participants="ada@visitor.example") == []
    assert (await call(drift, "GET", "/meetings/1"))["participants"] == []


# --- companies ---


async def test_the_people_of_a_company_have_its_domain_or_name_it(drift: httpx.AsyncClient) -> None:
    by_domain = await create(drift, email="kim@ONE.example")
    by_name = await create(drift, email="lee@home.example", employment_name="one")
    by_id = await create(drift, email="max@home.example", account="300_one.example")
    await create(drift, email="not@other-one.example")
    assert set(await ids(drift, f"{ONE}/people")) == {by_domain, by_name, by_id}
    assert await ids(drift, f"{ONE}/people", search="kim") == [by_domain]
    assert await ids(drift, f"{ONE}/people", scope="active") == []
    await drift.patch(f"/contacts/{by_name}", json={"attributes": {"last_active": NOW}})
    assert await ids(drift, f"{ONE}/people", scope="active") == [by_name]
    await drift.delete(f"/contacts/{by_domain}")
    assert by_domain not in await ids(drift, f"{ONE}/people")


async def test_the_teams_of_a_company_are_those_of_its_owner(drift: httpx.AsyncClient) -> None:
    documented = (await drift.get(f"/teams/users/{AGENT}")).json()["data"]
    assert await call(drift, "GET", f"{ONE}/teams") == documented
    assert await ids(drift, f"{ONE}/teams", search="sal") == [2]
    await drift.patch("/accounts/update", json={"accountId": "300_one.example", "ownerId": ADMIN})
    assert await ids(drift, f"{ONE}/teams", scope="active") == [1]


@pytest.mark.parametrize("what", ["people", "teams"])
async def test_an_unknown_or_deleted_company_is_404_and_an_unknown_scope_400(
    drift: httpx.AsyncClient, what: str
) -> None:
    for company in ("1_none.example", "302_gone.example"):
        refused(await drift.get(f"/v2/companies/{company}/{what}"), 404, "not_found")
    refused(await drift.get(f"/v2{ONE}/{what}?scope=some"), 400, "validation_error")

"""Accounts: paging, creation, unique domains, update, soft deletion."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from . import tiny
from .conftest import Clock, refused
from .tiny import ADMIN, AGENT

ONE = "300_one.example"
PROPERTY = {"label": "Size", "name": "size", "value": 12, "type": "NUMBER"}


async def create(drift: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await drift.post("/accounts/create", json={"ownerId": AGENT, **body})


async def update(drift: httpx.AsyncClient, account: str, **body: Any) -> httpx.Response:
    return await drift.patch("/accounts/update", json={"accountId": account, "ownerId": AGENT, **body})


async def test_a_created_account_looks_as_documented(drift: httpx.AsyncClient) -> None:
    body = {"name": "New", "domain": "new.example", "targeted": True, "customProperties": [PROPERTY]}
    response = await create(drift, **body)
    assert response.status_code == 200
    assert response.json() == {
        "data": {
            "ownerId": AGENT,
            **body,
            "accountId": "303_new.example",
            "deleted": False,
            "createDateTime": tiny.NOW,
            "updateDateTime": tiny.NOW,
        }
    }


async def test_only_the_owner_is_required(drift: httpx.AsyncClient) -> None:
    assert (await create(drift)).json()["data"]["accountId"] == "303_"


@pytest.mark.parametrize(
    "body",
    [
        {"ownerId": None},
        {"ownerId": "102"},
        {"ownerId": 999},
        {"owner_id": AGENT, "ownerId": None},
        {"name": 1},
        {"domain": 1},
        {"domain": "a/b"},
        {"targeted": "yes"},
        {"customProperties": {}},
        {"customProperties": ["x"]},
        {"customProperties": [{"label": "no name"}]},
        {"customProperties": [{"name": "x", "type": "TEXT"}]},
    ],
)
async def test_a_wrong_account_is_400(drift: httpx.AsyncClient, body: dict[str, Any]) -> None:
    refused(await create(drift, **body), 400, "validation_error")
    refused(await update(drift, ONE, **body), 400, "validation_error")


async def test_a_domain_is_unique_among_accounts_not_deleted(drift: httpx.AsyncClient) -> None:
    refused(await create(drift, domain="One.example"), 409, "validation_error")
    refused(await update(drift, "301_two.example", domain="one.example"), 409, "validation_error")
    assert (await update(drift, ONE, domain="one.example")).status_code == 200
    assert (await create(drift, domain="gone.example")).status_code == 200


async def test_the_list_leads_on_with_a_relative_url(drift: httpx.AsyncClient) -> None:
    first = (await drift.get("/accounts?size=1")).json()["data"]
    assert [account["accountId"] for account in first["accounts"]] == [ONE]
    assert (first["total"], first["next"]) == (2, "/accounts?index=1&size=1")
    second = (await drift.get(first["next"])).json()["data"]
    assert [account["accountId"] for account in second["accounts"]] == ["301_two.example"]
    assert "next" not in second


async def test_a_page_holds_10_by_default_and_at_most_65(drift: httpx.AsyncClient) -> None:
    for number in range(70):
        await create(drift, domain=f"d{number}.example")
    for query, size in (("", 10), ("?size=100", 65)):
        data = (await drift.get(f"/accounts{query}")).json()["data"]
        assert (len(data["accounts"]), data["total"]) == (size, 72)
        assert data["next"] == f"/accounts?index={size}&size={size}"


@pytest.mark.parametrize("query", ["size=0", "size=x", "index=-1", "index=1.5"])
async def test_wrong_paging_is_400(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/accounts?{query}"), 400, "validation_error")


async def test_an_update_keeps_what_is_not_given_and_merges_properties_by_name(
    drift: httpx.AsyncClient, clock: Clock
) -> None:
    clock.at += 9
    changed = {"name": "plan", "value": 3, "type": "NUMBER"}
    response = await update(drift, ONE, ownerId=ADMIN, customProperties=[changed, PROPERTY])
    account = response.json()["data"]
    assert account["customProperties"] == [{**changed, "label": "Plan"}, PROPERTY]
    assert (account["name"], account["ownerId"], account["updateDateTime"]) == ("One", ADMIN, clock.at)
    assert account == (await drift.get(f"/accounts/{ONE}")).json()["data"]


async def test_an_update_needs_an_account_that_is_there(drift: httpx.AsyncClient) -> None:
    refused(await drift.patch("/accounts/update", json={"ownerId": AGENT}), 400, "validation_error")
    refused(await update(drift, "1_no.example"), 404, "not_found")
    refused(await update(drift, "302_gone.example"), 404, "not_found")


async def test_deletion_hides_from_the_list_but_not_by_id(drift: httpx.AsyncClient) -> None:
    for _ in range(2):
        response = await drift.delete(f"/accounts/{ONE}")
        assert (response.status_code, response.json()) == (200, {"result": "OK", "ok": True})
    assert (await drift.get(f"/accounts/{ONE}")).json()["data"]["deleted"] is True
    listed = (await drift.get("/accounts")).json()["data"]
    assert (listed["total"], [a["accountId"] for a in listed["accounts"]]) == (1, ["301_two.example"])
    refused(await drift.delete("/accounts/1_no.example"), 404, "not_found")

"""Users, teams and booked meetings."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from . import tiny
from .conftest import Clock, refused
from .tiny import ADMIN, AGENT, AWAY, BOT, DAY, NOW


async def update(drift: httpx.AsyncClient, user: Any, **body: Any) -> httpx.Response:
    return await drift.patch("/users/update", params={"userId": user}, json=body)


async def test_the_list_holds_everybody_the_bot_too(drift: httpx.AsyncClient) -> None:
    users = (await drift.get("/users/list")).json()["data"]
    assert [user["id"] for user in users] == [BOT, ADMIN, AGENT, AWAY]
    assert [user["bot"] for user in users] == [True, False, False, False]


async def test_unset_fields_are_absent(drift: httpx.AsyncClient) -> None:
    assert (await drift.get(f"/users/{AGENT}")).json() == {
        "data": {
            "id": AGENT,
            "orgId": 9,
            "name": "Gus Agent",
            "email": "gus@ours.example",
            "locale": "en-US",
            "availability": "AVAILABLE",
            "role": "agent",
            "verified": True,
            "bot": False,
            "createdAt": NOW - 90 * DAY,
            "updatedAt": NOW - 90 * DAY,
        }
    }


async def test_several_users_are_a_map_by_id_without_the_unknown(drift: httpx.AsyncClient) -> None:
    data = (await drift.get("/users?userId=102&userId=999&userId=101&userId=102")).json()["data"]
    assert {key: user["id"] for key, user in data.items()} == {"102": AGENT, "101": ADMIN}


async def test_at_most_20_users_at_a_time(drift: httpx.AsyncClient) -> None:
    twenty = "&".join(f"userId={number}" for number in range(100, 120))
    assert (await drift.get(f"/users?{twenty}")).status_code == 200
    refused(await drift.get(f"/users?{twenty}&userId=120"), 400, "validation_error")


@pytest.mark.parametrize("query", ["", "?userId=", "?userId=x"])
async def test_several_users_need_numeric_ids(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/users{query}"), 400, "validation_error")


async def test_an_update_changes_the_given_fields(
    drift: httpx.AsyncClient, clock: Clock, events: list[tuple[str, dict[str, Any]]]
) -> None:
    clock.at += 7
    body = {"name": "Gus G.", "alias": "G", "phone": "202-555-0199", "availability": "OFFLINE"}
    before = (await drift.get(f"/users/{AGENT}")).json()["data"]
    response = await update(drift, AGENT, **body, locale=None)
    assert response.json()["data"] == {**before, **body, "updatedAt": clock.at}
    away = {"userId": AGENT, "updatedAt": clock.at, "availability": "OFFLINE"}
    assert events == [("user_availability_updated", away)]


@pytest.mark.parametrize(
    "body",
    [
        {"availability": "ON_CALL"},
        {"availability": "away"},
        {"phone": "+1 202 555"},
        {"phone": 5},
        {"role": "admin"},
        {"email": "nobody"},
        {"name": 5},
        {"locale": []},
    ],
)
async def test_a_wrong_update_is_400_and_changes_nothing(drift: httpx.AsyncClient, body: dict[str, Any]) -> None:
    before = (await drift.get(f"/users/{AGENT}")).json()
    refused(await update(drift, AGENT, **{"alias": "x", **body}), 400, "validation_error")
    assert (await drift.get(f"/users/{AGENT}")).json() == before


async def test_an_update_needs_a_user(drift: httpx.AsyncClient) -> None:
    refused(await drift.patch("/users/update", json={}), 400, "validation_error")
    refused(await update(drift, "x"), 400, "validation_error")
    refused(await update(drift, 999), 404, "not_found")


async def test_teams_of_the_organisation_and_of_a_user(drift: httpx.AsyncClient) -> None:
    assert [team["id"] for team in (await drift.get("/teams/org")).json()["data"]] == [1, 2]
    assert [team["id"] for team in (await drift.get(f"/teams/users/{AWAY}")).json()["data"]] == [1]
    assert (await drift.get(f"/teams/users/{BOT}")).json() == {"data": []}


async def meetings(drift: httpx.AsyncClient, **query: Any) -> list[str]:
    response = await drift.get("/users/meetings/org", params=query)
    assert response.status_code == 200, response.text
    return [meeting["eventId"] for meeting in response.json()["data"]]


async def test_meetings_within_the_times_but_not_over_30_days_back(drift: httpx.AsyncClient) -> None:
    everything = {"min_start_time": 0, "max_start_time": NOW + 9 * DAY}
    assert await meetings(drift, **everything) == ["event-2", "event-1"]
    assert await meetings(drift, min_start_time=NOW, max_start_time=NOW + DAY) == ["event-1"]
    assert await meetings(drift, min_start_time=NOW, max_start_time=NOW + DAY - 1) == []
    assert await meetings(drift, **everything, limit=1) == ["event-2"]
    assert await meetings(drift, **everything, limit=0) == []


async def test_a_meeting_has_the_documented_fields(drift: httpx.AsyncClient) -> None:
    query = {"min_start_time": NOW, "max_start_time": NOW + DAY}
    meeting = (await drift.get("/users/meetings/org", params=query)).json()["data"][0]
    assert "id" not in meeting
    assert (meeting["agentId"], meeting["schedulerId"], meeting["slotStart"]) == (AGENT, tiny.ADA, NOW + DAY)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?min_start_time=1",
        "?max_start_time=1",
        "?min_start_time=2&max_start_time=1",
        "?min_start_time=x&max_start_time=1",
        "?min_start_time=1&max_start_time=2&limit=-1",
    ],
)
async def test_meetings_need_both_times(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/users/meetings/org{query}"), 400, "validation_error")

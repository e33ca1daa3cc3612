"""Meetings: one table for the booked ones and the made ones."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from .catalogue import call, ids, pages
from .conftest import Clock, refused
from .tiny import ADA, ADMIN, AGENT, BEN, BOT, CLOSED, DAY, HOUR, NOW, OPEN

START = NOW + 2 * DAY


async def create(drift: httpx.AsyncClient, **fields: Any) -> Any:
    body = {"conversation_id": OPEN, "start_at": START, "duration": 30, **fields}
    return await call(drift, "POST", "/meetings", json=body)


async def booked(drift: httpx.AsyncClient) -> list[dict[str, Any]]:
    times = {"min_start_time": NOW - 40 * DAY, "max_start_time": NOW + 40 * DAY}
    rows: list[dict[str, Any]] = (await drift.get("/users/meetings/org", params=times)).json()["data"]
    return rows


async def test_every_booked_meeting_has_an_id_and_can_be_read(drift: httpx.AsyncClient) -> None:
    rows = await call(drift, "GET", "/meetings")
    assert [row["id"] for row in rows] == [3, 2, 1], "by start"
    assert await call(drift, "GET", "/meetings/1") == rows[2]
    assert (rows[2]["duration"], rows[2]["participantIds"]) == (60, [ADA])
    assert rows[2]["participants"] == [{"id": ADA, "email": "ada@visitor.example", "firstName": "Ada"}]
    assert [[row["id"] for row in page] for page in await pages(drift, "/meetings", limit=2)] == [[3, 2], [1]]


async def test_a_created_meeting_is_among_the_booked_ones(
    drift: httpx.AsyncClient, events: list[tuple[str, dict[str, Any]]]
) -> None:
    made = await create(drift, created_by=AGENT, updated_by=ADMIN)
    assert (made["agentId"], made["schedulerId"], made["conversationId"]) == (AGENT, ADA, OPEN)
    assert (made["slotStart"], made["slotEnd"], made["status"]) == (START, START + HOUR // 2, "ACTIVE")
    assert (made["bookedBy"], made["updatedBy"], made["participantIds"]) == (AGENT, ADMIN, [ADA])
    row = (await booked(drift))[-1]
    assert row["eventId"] == made["eventId"]
    assert set(row) <= set(made)
    assert [event for event, _ in events] == ["new_meeting"]
    assert events[0][1]["slotStart"] == START


async def test_without_a_host_the_bot_is_it(drift: httpx.AsyncClient) -> None:
    assert (await create(drift))["agentId"] == BOT


@pytest.mark.parametrize(("offset", "free"), [(0, False), (10, False), (-10, False), (30, True), (-30, True)])
async def test_two_meetings_of_one_host_do_not_overlap(drift: httpx.AsyncClient, offset: int, free: bool) -> None:
    await create(drift, created_by=AGENT)
    body = {"conversation_id": CLOSED, "start_at": START + offset * 60_000, "duration": 30}
    response = await drift.post("/v2/meetings", json={**body, "created_by": AGENT})
    if free:
        assert response.status_code == 200
    else:
        refused(response, 409, "validation_error")
    assert (await drift.post("/v2/meetings", json={**body, "created_by": ADMIN})).status_code == 200


async def test_a_canceled_meeting_frees_its_slot_and_can_still_be_read(
    drift: httpx.AsyncClient, events: list[tuple[str, dict[str, Any]]]
) -> None:
    made = await create(drift)
    for _ in range(2):
        assert await call(drift, "DELETE", f"/meetings/{made['id']}") == {"result": "OK", "ok": True}
    assert [data.get("eventType") for event, data in events] == [None, "canceled"]
    assert (await call(drift, "GET", f"/meetings/{made['id']}"))["status"] == "CANCELED"
    assert made["id"] not in await ids(drift, "/meetings")
    assert await ids(drift, "/meetings", id=made["id"]) == [made["id"]]
    assert (await booked(drift))[-1]["status"] == "CANCELED"
    refused(await drift.patch(f"/v2/meetings/{made['id']}", json={"subject": "x"}), 400, "validation_error")
    email = {"email": "x@visitor.example"}
    refused(await drift.post(f"/v2/meetings/{made['id']}/participants", json=email), 400, "validation_error")
    assert (await create(drift))["id"] == made["id"] + 1


async def test_a_change_moves_and_describes_the_meeting(
    drift: httpx.AsyncClient, clock: Clock, events: list[tuple[str, dict[str, Any]]]
) -> None:
    clock.at += 9
    texts = {"subject": "Demo", "location": "Room 1", "notes": "bring slides"}
    changes = {"start_at": START, "duration": 45, "participant_ids": [BEN], "updated_by": ADMIN}
    changed = await call(drift, "PATCH", "/meetings/1", json={**texts, **changes, "conversation_id": CLOSED})
    assert (changed["slotStart"], changed["slotEnd"], changed["duration"]) == (START, START + 45 * 60_000, 45)
    assert (changed["subject"], changed["location"], changed["meetingNotes"]) == ("Demo", "Room 1", "bring slides")
    assert (changed["participantIds"], changed["updatedBy"], changed["conversationId"]) == ([BEN], ADMIN, CLOSED)
    assert changed["updatedAt"] == clock.at
    assert [(event, data["eventType"]) for event, data in events] == [("meeting_updated", "rescheduled")]
    kept = await call(drift, "PATCH", "/meetings/1", json={"start_at": START + HOUR})
    assert kept["duration"] == 45, "a moved meeting keeps its length"
    assert next(row for row in await booked(drift) if row["eventId"] == "event-1")["slotStart"] == START + HOUR


async def test_a_meeting_cannot_be_moved_into_another_one_but_within_itself(drift: httpx.AsyncClient) -> None:
    made = await create(drift, created_by=AGENT)
    inside = {"start_at": NOW + DAY + 60_000}
    refused(await drift.patch(f"/v2/meetings/{made['id']}", json=inside), 409, "validation_error")
    assert (await drift.patch(f"/v2/meetings/{made['id']}", json={"start_at": START + 60_000})).status_code == 200


async def test_a_participant_is_the_contact_of_the_address_or_a_new_one(drift: httpx.AsyncClient) -> None:
    path = "/meetings/1/participants"
    given = {"email": "Ben@visitor.example", "first_name": "Benno", "last_name": "Bo"}
    meeting = await call(drift, "POST", path, json=given)
    ben = {"id": BEN, "email": "ben@visitor.example", "firstName": "Benno", "lastName": "Bo"}
    assert meeting["participants"][1:] == [ben]
    assert len((await call(drift, "POST", path, json=given))["participants"]) == 2, "the same one twice is one"
    meeting = await call(drift, "POST", path, json={"email": "new@visitor.example", "first_name": "Nia"})
    number = meeting["participantIds"][2]
    assert (await drift.get(f"/contacts/{number}")).json()["data"]["attributes"]["first_name"] == "Nia"
    assert await call(drift, "GET", "/meetings/1") == meeting
    everybody = ["ada@visitor.example", "NEW@visitor.example"]
    assert await ids(drift, "/meetings", participants=everybody) == [1]
    assert await ids(drift, "/meetings", participant_ids=[BEN, number]) == [1]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"created_by": ADA}, [3, 2, 1]),
        ({"created_by": AGENT}, [9]),
        ({"updated_by": ADMIN}, [9]),
        ({"direction": "inbound"}, [3, 2, 1]),
        ({"direction": "outbound"}, [9]),
        ({"duration": 30}, [9]),
        ({"duration": 60}, [3, 2, 1]),
        ({"ended_at": NOW + DAY + HOUR}, [1]),
        ({"event_type": "new"}, [3, 2, 1, 9]),
        ({"event_type": "new", "use_precise_filters": "true"}, []),
        ({"event_type": "new meeting", "use_precise_filters": "true"}, [3, 2, 1, 9]),
        ({"subject": "renew"}, [9]),
        ({"subject": "renew", "use_precise_filters": "true"}, []),
        ({"location": "room"}, [9]),
        ({"notes": "slides"}, [9]),
        ({"in_progress": "true"}, []),
        ({"in_progress": "false"}, [3, 2, 1, 9]),
        ({"start_after": NOW + DAY}, [1, 9]),
        ({"start_before": NOW}, [3, 2]),
        ({"start_at": START}, [9]),
        ({"created_after": NOW + 5}, [9]),
        ({"created_before": NOW + 5}, [3, 2, 1]),
        ({"updated_since": NOW + 5}, [9]),
        ({"participants": "ada@visitor.example"}, [3, 2, 1, 9]),
        ({"participant_ids": [ADA, BEN]}, []),
        ({"id": [1, 9]}, [1, 9]),
        ({"start_after": NOW, "duration": 60, "created_by": ADA}, [1]),
    ],
)
async def test_filters_find_what_they_say(
    app: Starlette, drift: httpx.AsyncClient, clock: Clock, params: dict[str, Any], found: list[int]
) -> None:
    app.state.sandbox.world.tables["counters"]["meetings"] = 8
    clock.at += 5
    made = await create(drift, created_by=AGENT, updated_by=ADMIN)
    texts = {"subject": "Renewal", "location": "Room 1", "notes": "bring slides"}
    await call(drift, "PATCH", f"/meetings/{made['id']}", json=texts)
    assert await ids(drift, "/meetings", **params) == found


async def test_a_meeting_is_in_progress_until_it_ended(drift: httpx.AsyncClient, clock: Clock) -> None:
    clock.at = NOW + DAY + HOUR // 2
    assert await ids(drift, "/meetings", in_progress="true") == [1]
    ended = await call(drift, "PATCH", "/meetings/1", json={"ended_at": clock.at})
    assert ended["endedAt"] == clock.at
    assert await ids(drift, "/meetings", in_progress="true") == []
    assert await ids(drift, "/meetings", ended_at=clock.at) == [1]


async def test_the_three_required_fields_are_required(drift: httpx.AsyncClient) -> None:
    body = {"conversation_id": OPEN, "start_at": START, "duration": 30}
    for name in body:
        given = {key: value for key, value in body.items() if key != name}
        refused(await drift.post("/v2/meetings", json=given), 400, "validation_error")


WRONG = [{"conversation_id": 1}, {"start_at": "soon"}, {"start_at": -1}, {"duration": 0}, {"duration": 1441}]
WRONG += [{"duration": "30"}, {"updated_by": 999}]
ONLY_CHANGES: list[dict[str, Any]] = [{}, {"ended_at": NOW}, {"participant_ids": [1]}, {"participant_ids": "x"}]
ONLY_CHANGES += [{"subject": 7}, {"subject": "ok", "participant_ids": [999]}]


@pytest.mark.parametrize("fields", [*WRONG, {"created_by": 999}, {"created_by": "x"}])
async def test_a_meeting_that_makes_no_sense_is_400(drift: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    body = {"conversation_id": OPEN, "start_at": START, "duration": 30, **fields}
    refused(await drift.post("/v2/meetings", json=body), 400, "validation_error")
    assert await ids(drift, "/meetings") == [3, 2, 1]


@pytest.mark.parametrize("fields", [*WRONG, *ONLY_CHANGES])
async def test_a_change_that_makes_no_sense_is_400_and_changes_nothing(
    app: Starlette, drift: httpx.AsyncClient, fields: dict[str, Any]
) -> None:
    before = json.dumps(app.state.sandbox.world.tables)
    refused(await drift.patch("/v2/meetings/1", json=fields), 400, "validation_error")
    assert json.dumps(app.state.sandbox.world.tables) == before


@pytest.mark.parametrize(
    "query", ["duration=x", "direction=x", "in_progress=x", "start_at=x", "participant_ids=x", "use_precise_filters=2"]
)
async def test_a_filter_that_makes_no_sense_is_400(drift: httpx.AsyncClient, query: str) -> None:
    refused(await drift.get(f"/v2/meetings?{query}"), 400, "validation_error")


async def test_a_meeting_among_users_has_no_scheduler(drift: httpx.AsyncClient) -> None:
    group = await call(drift, "POST", "/conversations", json={"users": [ADMIN]})
    made = await create(drift, conversation_id=group["id"])
    assert "schedulerId" not in made
    assert made["participants"] == []
    assert (await booked(drift))[-1]["eventId"] == made["eventId"]

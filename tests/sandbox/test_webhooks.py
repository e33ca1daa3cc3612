"""Webhooks out, received by a real server: the envelope, what is announced when, and every way to be unreliable."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from time import monotonic
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import choices, create_app
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_WEBHOOK_TOKEN
from tests.support.faults import Asked, FaultServer, Reply, answer, faults, hang_up

from .catalogue import call, say
from .conftest import Clock, connect, refused
from .tiny import ADA, AGENT, BEN, BOT, CLOSED, OPEN

ADMIN = "/_sandbox/webhooks"
Heard = list[tuple[str, Any]]


@pytest.fixture
async def receiver() -> AsyncIterator[FaultServer]:
    async with faults({"/hook": answer(200, b"ok")}) as server:
        yield server


@pytest.fixture
async def posting(drift: httpx.AsyncClient, receiver: FaultServer) -> httpx.AsyncClient:
    """A sandbox whose events go to the receiver."""
    await set_up(drift, url=f"{receiver.url}/hook")
    return drift


async def set_up(drift: httpx.AsyncClient, **settings: Any) -> None:
    answered = await drift.post(ADMIN, json=settings)
    assert answered.status_code == 200, answered.text


async def announce(drift: httpx.AsyncClient, event: str, **data: Any) -> None:
    assert (await drift.post("/_sandbox/events", json={"type": event, "data": data})).status_code == 200


async def counts(drift: httpx.AsyncClient) -> dict[str, int]:
    """Once nothing waits any more, those that are not 0; every event and delivery is accounted for."""
    found = (await drift.get(f"{ADMIN}?settled=60")).json()
    del found["settings"]
    ended = found["delivered"] + found["dropped"] + found["failed"] + found["waiting"]
    assert found["announced"] + found["duplicated"] == ended
    return {name: number for name, number in found.items() if number}


def envelopes(receiver: FaultServer) -> list[dict[str, Any]]:
    return [json.loads(asked.body) for asked in receiver.asked]


async def heard(drift: httpx.AsyncClient, receiver: FaultServer) -> Heard:
    """(type, data) of what has arrived by now."""
    await counts(drift)
    return [(envelope["type"], envelope["data"]) for envelope in envelopes(receiver)]


async def numbers(drift: httpx.AsyncClient, receiver: FaultServer, events: int, **settings: Any) -> list[int]:
    """The order in which so many numbered events arrive."""
    receiver.asked.clear()
    await set_up(drift, **settings)
    for number in range(events):
        await announce(drift, "chat_to_call", number=number)
    return [data["number"] for _, data in await heard(drift, receiver)]


# --- the delivery ---


async def test_an_event_is_posted_with_the_token_in_body_and_header(tiny_seed: None, receiver: FaultServer) -> None:
    app = create_app(webhook_url=f"{receiver.url}/hook", webhook_token="hush", org=77)
    async with connect(app) as drift:
        await announce(drift, "new_thing", id=1, text="é")
        assert await counts(drift) == {"announced": 1, "delivered": 1}
    (asked,) = receiver.asked
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/json")
    assert asked.headers["x-verification-token"] == "hush"
    assert json.loads(asked.body) == {
        "type": "new_thing",
        "token": "hush",
        "orgId": 77,
        "data": {"id": 1, "text": "é"},
    }


async def test_without_a_url_nothing_is_sent_or_counted(drift: httpx.AsyncClient, receiver: FaultServer) -> None:
    await announce(drift, "new_thing")
    assert await counts(drift) == {}
    await set_up(drift, url=f"{receiver.url}/hook")
    await announce(drift, "new_thing")
    await set_up(drift, url=None)
    await announce(drift, "new_thing")
    assert await counts(drift) == {"announced": 1, "delivered": 1}
    assert envelopes(receiver)[0]["token"] == SANDBOX_WEBHOOK_TOKEN


async def test_only_the_chosen_events_are_sent(posting: httpx.AsyncClient, receiver: FaultServer, clock: Clock) -> None:
    await set_up(posting, events=["new_message"])
    await say(posting, OPEN, "hello")
    assert [event for event, _ in await heard(posting, receiver)] == ["new_message"]
    await set_up(posting, events=None)
    clock.at += 1
    await say(posting, OPEN, "hello")
    assert [event for event, _ in await heard(posting, receiver)][1:] == ["contact_updated", "new_message"]


async def test_the_request_does_not_wait_for_the_delivery(posting: httpx.AsyncClient, receiver: FaultServer) -> None:
    receiver.replies["/hook"] = hang_up
    await set_up(posting, delay_ms=3_600_000)
    await say(posting, OPEN, "hello")
    found = (await posting.get(ADMIN)).json()
    assert (found["waiting"], receiver.asked) == (2, [])


async def test_events_arrive_in_the_order_they_happened(posting: httpx.AsyncClient, receiver: FaultServer) -> None:
    assert await numbers(posting, receiver, 30) == list(range(30))


async def test_an_event_shows_things_as_they_were(posting: httpx.AsyncClient, receiver: FaultServer) -> None:
    await set_up(posting, delay_ms=50, events=["new_message"])
    sent = await posting.post(f"/conversations/{OPEN}/messages", json={"type": "chat", "body": "before"})
    number = sent.json()["data"]["messages"][-1]["id"]
    await call(posting, "PATCH", f"/conversations/{OPEN}/messages/{number}", json={"body": "after"})
    ((_, message),) = await heard(posting, receiver)
    assert (message["id"], message["body"]) == (number, "before")


# --- unreliable on purpose ---


async def test_lost_events_never_come_and_are_counted(posting: httpx.AsyncClient, receiver: FaultServer) -> None:
    arrived = await numbers(posting, receiver, 60, loss=0.5, seed=4)
    found = await counts(posting)
    assert found == {"announced": 60, "delivered": len(arrived), "dropped": 60 - len(arrived)}
    assert 15 < len(arrived) < 45
    assert await numbers(posting, receiver, 60, seed=4) == arrived
    assert await numbers(posting, receiver, 60, seed=5) != arrived
    assert await numbers(posting, receiver, 10, loss=1.0) == []


async def test_duplicates_come_twice_and_are_counted(posting: httpx.AsyncClient, receiver: FaultServer) -> None:
    arrived = await numbers(posting, receiver, 40, duplicates=0.3, seed=1)
    twice = [number for number, times in Counter(arrived).items() if times == 2]
    assert 5 < len(twice) < 20
    assert set(Counter(arrived).values()) == {1, 2}
    assert sorted(arrived) == arrived
    assert await counts(posting) == {"announced": 40, "delivered": 40 + len(twice), "duplicated": len(twice)}
    assert await numbers(posting, receiver, 40, seed=1) == arrived


async def test_reordering_stays_within_its_window(posting: httpx.AsyncClient, receiver: FaultServer) -> None:
    arrived = await numbers(posting, receiver, 60, reorder=5)
    assert sorted(arrived) == list(range(60))
    overtaken = [sum(later > number for later in arrived[:place]) for place, number in enumerate(arrived)]
    assert 3 < max(overtaken) <= 5
    assert await numbers(posting, receiver, 60, reorder=5) == arrived
    assert await numbers(posting, receiver, 2, reorder=1, seed=5) == [1, 0], "neighbours change places too"


async def test_an_event_that_is_to_be_overtaken_waits_for_the_later_one(
    posting: httpx.AsyncClient, receiver: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choices, "WEBHOOK_HOLD_SECONDS", 60.0)
    await set_up(posting, reorder=1, seed=5)
    await announce(posting, "first")
    await asyncio.sleep(0.1)  # in which it could be delivered
    assert receiver.asked == []
    await announce(posting, "second")
    assert [event for event, _ in await heard(posting, receiver)] == ["second", "first"]


async def test_one_setting_does_not_change_what_another_does(posting: httpx.AsyncClient, receiver: FaultServer) -> None:
    order = await numbers(posting, receiver, 40, reorder=5, seed=2)
    both = await numbers(posting, receiver, 40, loss=0.2, seed=2)
    lossy = await numbers(posting, receiver, 40, reorder=0, seed=2)
    assert both == [number for number in order if number in lossy]
    assert lossy == sorted(both)
    assert 25 < len(lossy) < 40


async def test_an_event_is_not_delivered_before_its_delay(posting: httpx.AsyncClient, receiver: FaultServer) -> None:
    await set_up(posting, delay_ms=3_600_000)
    await announce(posting, "late")
    await set_up(posting, delay_ms=0)
    await announce(posting, "soon")
    found = (await posting.get(f"{ADMIN}?settled=0")).json()
    assert found["waiting"] == 2
    assert [event for event, _ in await heard_after_reset(posting, receiver)] == ["fresh"]


async def heard_after_reset(drift: httpx.AsyncClient, receiver: FaultServer) -> Heard:
    await drift.post("/_sandbox/reset")
    await set_up(drift, url=f"{receiver.url}/hook")
    await announce(drift, "fresh")
    return await heard(drift, receiver)


@pytest.mark.parametrize("refusal", [answer(500), answer(302, b"", Location="/elsewhere"), hang_up])
async def test_what_is_refused_is_tried_again_with_growing_pauses(
    posting: httpx.AsyncClient, receiver: FaultServer, refusal: Reply
) -> None:
    times: list[float] = []

    async def fourth_time_lucky(asked: Asked, writer: asyncio.StreamWriter) -> None:
        times.append(monotonic())
        await (refusal if len(times) < 4 else answer(204))(asked, writer)

    receiver.replies["/hook"] = fourth_time_lucky
    await set_up(posting, backoff_ms=20)
    await announce(posting, "first")
    await announce(posting, "second")
    assert [event for event, _ in await heard(posting, receiver)] == ["first"] * 4 + ["second"]
    pauses = [after - before for before, after in pairwise(times)][:3]
    assert all(pause > least for pause, least in zip(pauses, (0.019, 0.039, 0.079), strict=True))
    assert await counts(posting) == {"announced": 2, "delivered": 2, "retried": 3}


async def test_after_the_last_try_the_next_event_has_its_turn(
    posting: httpx.AsyncClient, receiver: FaultServer
) -> None:
    receiver.replies["/hook"] = answer(503)
    await set_up(posting, retries=2, backoff_ms=0)
    await announce(posting, "first")
    await announce(posting, "second")
    assert [event for event, _ in await heard(posting, receiver)] == ["first"] * 3 + ["second"] * 3
    assert await counts(posting) == {"announced": 2, "failed": 2, "retried": 4}
    await set_up(posting, url="http://127.0.0.1:1/nobody", retries=0)
    await announce(posting, "third")
    assert (await counts(posting))["failed"] == 3


async def test_nothing_is_left_running_when_the_sandbox_ends(
    app: Starlette, drift: httpx.AsyncClient, receiver: FaultServer
) -> None:
    before = asyncio.all_tasks()
    async with app.router.lifespan_context(app):
        await set_up(drift, url=f"{receiver.url}/hook", delay_ms=3_600_000)
        await announce(drift, "late")
        assert asyncio.all_tasks() > before
    assert asyncio.all_tasks() == before


# --- setting up ---


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"url": "ftp://x"}, "url:"),
        ({"url": "http://"}, "url:"),
        ({"token": ""}, "token:"),
        ({"events": "new_message"}, "events:"),
        ({"duplicates": 1.1}, "duplicates:"),
        ({"loss": -0.1}, "loss:"),
        ({"loss": "0.5"}, "loss:"),
        ({"reorder": -1}, "reorder:"),
        ({"delay_ms": 1.5}, "delay_ms:"),
        ({"retries": True}, "retries:"),
        ({"losses": 0.5}, "losses:"),
    ],
)
async def test_a_wrong_setting_is_named_and_changes_nothing(
    drift: httpx.AsyncClient, settings: dict[str, Any], message: str
) -> None:
    before = (await drift.get(ADMIN)).json()
    said = refused(await drift.post(ADMIN, json={"reorder": 3, **settings}), 400, "validation_error")
    assert said.startswith(message)
    assert (await drift.get(ADMIN)).json() == before


async def test_settings_stay_until_changed_and_the_token_is_not_shown(drift: httpx.AsyncClient) -> None:
    await set_up(drift, token="hush", loss=0.25)
    shown = await drift.post(ADMIN, json={"reorder": 2})
    assert (shown.json()["settings"]["loss"], shown.json()["settings"]["reorder"]) == (0.25, 2)
    assert "hush" not in shown.text


async def test_a_reset_goes_back_to_how_it_began(tiny_seed: None, receiver: FaultServer) -> None:
    async with connect(create_app(webhook_url=f"{receiver.url}/hook")) as drift:
        before = (await drift.get(ADMIN)).json()
        await set_up(drift, url="http://127.0.0.1:1/", loss=1.0, delay_ms=3_600_000)
        await announce(drift, "lost")
        await drift.post("/_sandbox/reset")
        assert (await drift.get(ADMIN)).json() == before
        await announce(drift, "fresh")
        assert [event for event, _ in await heard(drift, receiver)] == ["fresh"]


def test_a_url_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="url:"):
        create_app(webhook_url="nowhere")


@pytest.mark.parametrize("body", [{}, {"type": ""}, {"type": "x"}, {"type": "x", "data": []}, {"type": 1, "data": {}}])
async def test_an_announcement_needs_type_and_data(drift: httpx.AsyncClient, body: dict[str, Any]) -> None:
    refused(await drift.post("/_sandbox/events", json=body), 400, "validation_error")


async def test_an_announcement_of_any_shape_is_logged_and_in_nobodys_way(drift: httpx.AsyncClient) -> None:
    odd = {"id": [1], "conversationId": {}, "contactId": [ADA], "author": "x", "schedulerId": None}
    for event in ("new_conversation", "contact_identified", "new_message"):
        await announce(drift, event, **odd)
    await announce(drift, "new_message", author={"type": "contact"})
    assert (await call(drift, "GET", "/events", params={"type": "contact_identified"}))[0]["data"] == odd
    assert (await drift.delete(f"/v2/conversations/{CLOSED}")).status_code == 200
    assert (await drift.post("/gdpr/delete", json={"email": "ada@visitor.example"})).status_code == 200


# --- what is announced when ---


async def test_a_visitors_first_words(posting: httpx.AsyncClient, receiver: FaultServer, clock: Clock) -> None:
    said = {"email": "new@visitor.example", "body": "hello"}
    number = (await posting.post("/_sandbox/visitor/messages", json=said)).json()["conversationId"]
    events = await heard(posting, receiver)
    assert [event for event, _ in events] == [
        "contact_identified",
        "new_conversation",
        "contact_updated",
        "new_message",
    ]
    identified, conversation, _, message = (data for _, data in events)
    contact = (await posting.get(f"/contacts/{identified['id']}")).json()["data"]
    assert identified.keys() == contact.keys()
    assert identified["attributes"]["email"] == "new@visitor.example"
    assert (conversation["id"], conversation["contactId"], conversation["status"]) == (number, contact["id"], "open")
    assert conversation["orgId"] == 9
    assert message == (await posting.get(f"/conversations/{number}/messages")).json()["data"]["messages"][0]
    receiver.asked.clear()
    await posting.post("/_sandbox/visitor/messages", json=said)
    assert "contact_identified" not in [event for event, _ in await heard(posting, receiver)]


async def test_a_conversation_begun_by_the_api_is_no_visitors(
    posting: httpx.AsyncClient, receiver: FaultServer
) -> None:
    new = {"email": "new@visitor.example", "message": {"body": "hello"}}
    await posting.post("/conversations/new", json=new)
    assert [event for event, _ in await heard(posting, receiver)] == ["new_message"]


@pytest.mark.parametrize(("body", "told"), [("/help me", True), ("<p> /help</p>", True), ("a/b", False), ("", False)])
async def test_a_message_that_begins_with_a_slash_is_a_command(
    posting: httpx.AsyncClient, receiver: FaultServer, body: str, told: bool
) -> None:
    await posting.post(f"/conversations/{OPEN}/messages", json={"type": "private_note", "body": body})
    events = await heard(posting, receiver)
    assert [event for event, _ in events] == ["new_message", *["new_command_message"] * told]
    assert all(first == second for first, second in pairwise([data for _, data in events]))


async def test_a_button_of_the_last_message_is_clicked_by_saying_it(
    posting: httpx.AsyncClient, receiver: FaultServer
) -> None:
    await set_up(posting, events=["button_clicked"])
    buttons = [{"label": "yes", "value": "yes", "type": "reply"}]
    await say(posting, OPEN, "yes")
    await posting.post(f"/conversations/{OPEN}/messages", json={"type": "chat", "body": "?", "buttons": buttons})
    await posting.post(f"/conversations/{OPEN}/messages", json={"type": "private_note", "body": "in between"})
    await say(posting, OPEN, "yes")
    await say(posting, OPEN, "yes")
    ((_, clicked),) = await heard(posting, receiver)
    assert (clicked["body"], clicked["author"]["id"]) == ("yes", ADA)


async def test_the_changes_of_a_contact(posting: httpx.AsyncClient, receiver: FaultServer, clock: Clock) -> None:
    await posting.patch(f"/contacts/{BEN}", json={"attributes": {"plan": "pro", "socialProfiles": {"twitter": "@b"}}})
    assert await heard(posting, receiver) == [
        (
            "contact_updated",
            {
                "endUserId": BEN,
                "timestamp": clock.at,
                "orgId": 9,
                "diff": [
                    {"name": "attributes.plan", "previous": None, "updated": "pro"},
                    {"name": "socialProfiles.twitter", "previous": None, "updated": "@b"},
                ],
            },
        )
    ]


async def test_closing_and_reopening(posting: httpx.AsyncClient, receiver: FaultServer, clock: Clock) -> None:
    await call(posting, "PATCH", f"/conversations/{OPEN}", json={"status": "closed"})
    changed = {"orgId": 9, "conversationId": OPEN, "status": "closed", "changedAt": clock.at}
    assert await heard(posting, receiver) == [
        ("conversation_status_updated", changed),
        ("conversation_manual_push", {"conversationId": OPEN}),
        ("conversation_push", {"conversationId": OPEN}),
    ]
    receiver.asked.clear()
    await say(posting, OPEN, "one more thing")
    events = dict(await heard(posting, receiver))
    assert events["conversation_status_updated"]["status"] == "open"
    assert "conversation_push" not in events


async def test_who_joins(posting: httpx.AsyncClient, receiver: FaultServer, clock: Clock) -> None:
    await call(posting, "PATCH", f"/conversations/{OPEN}", json={"assigned_user_id": BOT})
    joined = {"conversationId": OPEN, "addedParticipants": [BOT], "changedAt": clock.at}
    assert await heard(posting, receiver) == [("conversation_participant_added", joined)]


async def test_a_meeting_made_moved_renamed_and_canceled(
    posting: httpx.AsyncClient, receiver: FaultServer, clock: Clock
) -> None:
    new = {"conversation_id": OPEN, "start_at": clock.at, "duration": 30, "created_by": AGENT}
    number = (await call(posting, "POST", "/meetings", json=new))["id"]
    await call(posting, "PATCH", f"/meetings/{number}", json={"start_at": clock.at + 60_000})
    await call(posting, "PATCH", f"/meetings/{number}", json={"subject": "no event is documented for this"})
    await posting.delete(f"/v2/meetings/{number}")
    events = await heard(posting, receiver)
    assert [event for event, _ in events] == ["new_meeting", "meeting_updated", "meeting_updated"]
    assert [data.get("eventType") for _, data in events] == [None, "rescheduled", "canceled"]
    assert events[0][1] == {
        "agentId": AGENT,
        "orgId": 9,
        "schedulerId": ADA,
        "eventId": events[0][1]["eventId"],
        "slug": f"user-{AGENT}-30",
        "slotStart": clock.at,
        "slotEnd": clock.at + 30 * 60_000,
        "scheduledAt": clock.at,
        "conversationId": OPEN,
    }


async def test_what_happens_to_people_and_the_app(
    app: Starlette, posting: httpx.AsyncClient, receiver: FaultServer, clock: Clock
) -> None:
    await posting.post("/emails/unsubscribe", json=["ben@visitor.example"])
    await posting.patch(f"/users/update?userId={AGENT}", json={"availability": "OFFLINE"})
    await posting.post("/gdpr/delete", json={"email": "ben@visitor.example"})
    client = {"clientId": SANDBOX_CLIENT_ID, "clientSecret": SANDBOX_CLIENT_SECRET}
    await posting.post("/app/uninstall", params=client)
    (one, contact), *others = await heard(posting, receiver)
    assert (one, contact["id"], contact["attributes"]["email"]) == ("user_unsubscribed", BEN, "ben@visitor.example")
    assert others == [
        ("user_availability_updated", {"userId": AGENT, "updatedAt": clock.at, "availability": "OFFLINE"}),
        ("gdpr_delete_requested", {"email": "ben@visitor.example"}),
        ("app_disconnected", {"orgId": 9, "clientId": SANDBOX_CLIENT_ID}),
    ]

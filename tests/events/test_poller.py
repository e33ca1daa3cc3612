"""The poller: what it tells, what it costs, and that a webhook of the same message is the same event."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from drift_mcp.drift.errors import DriftError
from drift_mcp.events.log import START, Entry, Wanted
from drift_mcp.events.poller import LOOK_BACK, OVERLAP
from tests.workflows.desk import Desk

NEW_MESSAGE = Wanted(type="new_message")


@pytest.fixture
def open_desk(tmp_path: Path) -> Callable[..., Desk]:
    return lambda **choices: Desk(state_dir=str(tmp_path), **choices)


@pytest.fixture
async def desk(open_desk: Callable[..., Desk]) -> Any:
    opened = open_desk()
    yield opened
    await opened.toolbox.aclose()


async def look(desk: Desk, **choices: Any) -> None:
    await desk.toolbox.connection.events.poller.round(0.0, **choices)


async def found(desk: Desk, wanted: Wanted = Wanted()) -> list[Entry]:  # noqa: B008
    return (await desk.toolbox.connection.events.log.read(wanted, START, 200)).entries


async def texts(desk: Desk) -> list[str]:
    return [entry.event.data["body"] for entry in await found(desk, NEW_MESSAGE)]


async def latest(desk: Desk, count: int) -> list[int]:
    rows = (await desk.ask("list_conversations", limit=count))["items"]
    return [row["id"] for row in rows]


async def visitor_begins(desk: Desk) -> int:
    """A conversation that a visitor began; its id."""
    async with httpx.AsyncClient(transport=desk.wire.inner, base_url="http://sandbox") as http:
        said = {"email": "visitor@acme.example", "body": "Anybody there?"}
        answer = await http.post("/_sandbox/visitor/messages", json=said)
        return int(answer.raise_for_status().json()["conversationId"])


async def heard_by_webhook(desk: Desk, doing: Callable[[], Awaitable[Any]]) -> list[tuple[str, dict[str, Any]]]:
    """What the sandbox announces meanwhile."""
    heard: list[tuple[str, dict[str, Any]]] = []
    desk.world.listeners.append(lambda event, data: heard.append((event, dict(data))))
    await doing()
    desk.world.listeners.pop()
    return heard


class TestWhatItTells:
    async def test_the_first_round_only_remembers_where_things_stand(self, desk: Desk) -> None:
        await look(desk)
        assert await found(desk) == []
        assert len(desk.sent) == 1

    async def test_then_every_message_once_in_order(self, desk: Desk) -> None:
        one, other = await latest(desk, 2)
        await look(desk)
        for number, conversation in enumerate((one, other, one)):
            desk.now += 1_000
            await desk.visitor_says(conversation, f"message {number}")
        await look(desk)
        assert sorted(await texts(desk)) == ["message 0", "message 1", "message 2"]
        desk.now += 1_000
        await desk.visitor_says(one, "message 3")
        await look(desk)
        await look(desk)
        assert (await texts(desk))[-1] == "message 3"
        assert len(await texts(desk)) == 4

    async def test_a_message_in_the_same_millisecond_as_the_last_one_is_told_too(self, desk: Desk) -> None:
        one, other = await latest(desk, 2)
        await look(desk)
        desk.now += 1_000
        await desk.visitor_says(one, "first")
        await look(desk)
        await desk.visitor_says(other, "second, at once")
        await look(desk)
        assert await texts(desk) == ["first", "second, at once"]

    async def test_a_change_that_the_list_shows_late_is_told_too(self, desk: Desk) -> None:
        one, other = await latest(desk, 2)
        await look(desk)
        desk.now += 30_000
        await desk.visitor_says(one, "first")
        await look(desk)
        desk.now -= 20_000
        await desk.visitor_says(other, "said before, listed now")
        await look(desk)
        assert await texts(desk) == ["first", "said before, listed now"]

    async def test_a_new_conversation_and_a_change_of_status(self, desk: Desk) -> None:
        (closed,) = await latest(desk, 1)
        await look(desk)
        desk.now += 1_000
        made = await visitor_begins(desk)
        ours = await desk.ask("create_conversation", email="new@acme.example", body="Welcome")
        await desk.ask("update_conversation", conversation_id=closed, status="closed")
        await look(desk)
        told = {(entry.event.type, entry.event.conversation_id) for entry in await found(desk)}
        assert told == {
            ("new_conversation", made),
            ("new_message", made),
            ("new_message", ours["id"]),
            ("conversation_status_updated", closed),
        }

    async def test_since_a_moment_without_a_round_before(self, desk: Desk) -> None:
        one, other = await latest(desk, 2)
        desk.now += 1_000
        await desk.visitor_says(one, "before")
        desk.now += 1_000
        await desk.visitor_says(other, "after")
        await look(desk, since=desk.now)
        assert await texts(desk) == ["after"]

    @pytest.mark.parametrize("status", [404, 500])
    async def test_a_conversation_that_cannot_be_read_holds_up_no_other(self, desk: Desk, status: int) -> None:
        one, other = await latest(desk, 2)
        await look(desk)
        desk.now += 1_000
        await desk.visitor_says(one, "cannot be read")
        desk.now += 1_000
        await desk.visitor_says(other, "can be")
        desk.fail("GET", f"/conversations/{one}/messages", status=status)
        await look(desk)
        assert await texts(desk) == ["can be"]

    async def test_what_could_not_be_read_is_told_when_it_can_be_however_much_has_come_since(self, desk: Desk) -> None:
        one, other = await latest(desk, 2)
        await look(desk)
        desk.now += 1_000
        await desk.visitor_says(one, "late")
        desk.fail("GET", f"/conversations/{one}/messages", status=500, times=2)
        for number in range(3):
            desk.now += OVERLAP + 1_000
            await desk.visitor_says(other, f"message {number}")
            await look(desk)
        assert await texts(desk) == ["message 0", "message 1", "late", "message 2"]

    async def test_where_none_can_be_read_it_says_so(self, desk: Desk) -> None:
        await look(desk)
        desk.now += 1_000
        await desk.visitor_says((await latest(desk, 1))[0], "Hello")
        desk.fail("GET", "/conversations/[0-9]+/messages", status=500)
        with pytest.raises(DriftError):
            await look(desk)

    async def test_after_a_long_pause_only_the_last_hour(self, desk: Desk) -> None:
        one, other = await latest(desk, 2)
        await look(desk)
        desk.now += 1_000
        await desk.visitor_says(one, "long ago")
        desk.now += LOOK_BACK + 1_000
        await desk.visitor_says(other, "just now")
        await look(desk)
        assert await texts(desk) == ["just now"]


class TestWithWebhooks:
    async def test_the_same_message_and_conversation_both_ways_are_one_event(self, desk: Desk) -> None:
        events = desk.toolbox.connection.events
        await look(desk)
        desk.now += 1_000

        async def happen() -> None:
            made = await visitor_begins(desk)
            await desk.ask("send_message", conversation_id=made, body="Thanks")
            await desk.ask("update_conversation", conversation_id=made, status="closed")

        heard = await heard_by_webhook(desk, happen)
        await look(desk)
        polled = {entry.event.key for entry in await found(desk)}
        org = desk.world.org["id"]
        for type_name, data in heard:
            await events.told(type_name, org, data)
        kept = await found(desk)
        told = [entry.event.type for entry in kept if entry.event.key in polled]
        assert sorted(told) == ["new_conversation", "new_message", "new_message"]
        assert [entry.duplicates for entry in kept if entry.event.key in polled] == [1, 1, 1]

    @pytest.mark.parametrize("first", ["webhook", "poller"])
    async def test_also_where_drift_does_not_say_which_organisation_the_token_is_of(
        self, desk: Desk, first: str
    ) -> None:
        desk.fail("POST", "/app/token_info", status=400)
        events = desk.toolbox.connection.events
        await look(desk)
        desk.now += 1_000
        heard = await heard_by_webhook(desk, lambda: visitor_begins(desk))
        if first == "poller":
            await look(desk)
        for type_name, data in heard:
            await events.told(type_name, desk.world.org["id"], data)
        await look(desk)
        told = [
            entry.event.type for entry in await found(desk) if entry.event.type in {"new_conversation", "new_message"}
        ]
        assert sorted(told) == ["new_conversation", "new_message"]


class TestWhatItCosts:
    async def test_a_quiet_round_is_one_call_and_a_changed_conversation_one_more(self, desk: Desk) -> None:
        (one,) = await latest(desk, 1)
        await look(desk)
        await desk.toolbox.connection.events.org_id()
        desk.sent.clear()
        await look(desk)
        assert desk.sent == [("GET", "/conversations/list")]
        desk.now += 1_000
        await desk.visitor_says(one, "Hello")
        desk.sent.clear()
        await look(desk)
        assert desk.sent == [("GET", "/conversations/list"), ("GET", f"/conversations/{one}/messages")]

    async def test_two_processes_share_the_rounds(self, desk: Desk, open_desk: Callable[..., Desk]) -> None:
        other = open_desk()
        for each in (desk, other, desk):
            await each.toolbox.connection.events.poller.round(60.0)
        assert (len(desk.sent), len(other.sent)) == (1, 0)
        await other.toolbox.aclose()

    async def test_a_round_goes_on_where_another_process_ended(
        self, desk: Desk, open_desk: Callable[..., Desk]
    ) -> None:
        (one,) = await latest(desk, 1)
        await look(desk)
        desk.now += 1_000
        await desk.visitor_says(one, "Hello")
        other = open_desk()
        other.wire, other.app = desk.wire, desk.app
        await look(other)
        assert await texts(desk) == ["Hello"]
        await other.toolbox.aclose()


class TestFailures:
    async def test_a_round_that_fails_half_way_tells_the_rest_later(self, desk: Desk) -> None:
        one, other = await latest(desk, 2)
        await look(desk)
        desk.now += 1_000
        await desk.visitor_says(one, "first")
        desk.now += 1_000
        await desk.visitor_says(other, "second")
        desk.fail("GET", f"/conversations/{other}/messages", status=400, times=1)
        with pytest.raises(DriftError):
            await look(desk)
        assert await texts(desk) == ["first"]
        await look(desk)
        assert await texts(desk) == ["first", "second"]

    async def test_an_answer_that_is_no_list_is_a_broken_answer(self, tmp_path: Path) -> None:
        from drift_mcp.connection import Connection
        from drift_mcp.credentials import FixedCredential
        from drift_mcp.drift.gateway import Gateway
        from drift_mcp.settings import Settings

        odd = httpx.MockTransport(lambda _: httpx.Response(200, json={"data": {"odd": 1}}))
        connection = Connection(
            Settings(sandbox=True, state_dir=str(tmp_path)),
            open_gateway=lambda _: Gateway("https://driftapi.com", FixedCredential("t"), transport=odd),
        )
        with pytest.raises(DriftError):
            await connection.events.poller.round(0.0)
        await connection.aclose()

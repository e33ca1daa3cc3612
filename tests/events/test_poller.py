"""The poller: what it tells, what it costs, and that a webhook of the same message is the same event."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from drift_mcp.connection import Connection
from drift_mcp.credentials import FixedCredential
from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.gateway import Gateway
from drift_mcp.events import event, poller
from drift_mcp.events.log import START, Entry, Wanted
from drift_mcp.events.poller import KEEP_EVERY, KNOWN, LOOK_BACK, OVERLAP
from drift_mcp.settings import Settings
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


NOON = 1_772_452_800_000
MANY = 1_250


class Busy:
    """A Drift in which `MANY` conversations changed at once, the oldest of them by a message. Counts what is asked."""

    def __init__(self) -> None:
        self.rows = [self.row(0, NOON - 60_000)]
        self.messages = {1: {"id": 7, "orgId": 1, "conversationId": 1, "createdAt": NOON, "body": "the first of many"}}
        self.asked = Counter[str]()
        self.away = False

    def row(self, number: int, at: int) -> dict[str, Any]:
        return {"id": number + 1, "status": "open", "contactId": 5, "createdAt": NOON - 3_600_000, "updatedAt": at}

    def rush(self) -> None:
        self.rows = [self.row(number, NOON + number // 10) for number in reversed(range(MANY))]

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/app/token_info":
            return httpx.Response(200, json={"org_id": 1})
        if request.url.path == "/conversations/list":
            self.asked["pages"] += 1
            first = int(request.url.params.get("page_token") or 0)
            page: dict[str, Any] = {"data": self.rows[first : first + 100]}
            if first + 100 < len(self.rows):
                page["links"] = {"next": f"https://api.drift.com/conversations/list?page_token={first + 100}"}
            return httpx.Response(200, json=page)
        self.asked["conversations"] += 1
        if self.away:
            return httpx.Response(400)
        said = self.messages.get(int(request.url.path.split("/")[2]))
        return httpx.Response(200, json={"data": {"messages": [said] if said else []}})


class TestManyChanges:
    @pytest.fixture
    def busy(self) -> Busy:
        return Busy()

    @pytest.fixture
    async def connection(self, busy: Busy, tmp_path: Path) -> AsyncIterator[Connection]:
        transport = httpx.MockTransport(busy.answer)
        opened = Connection(
            Settings(sandbox=True, state_dir=str(tmp_path)),
            open_gateway=lambda _: Gateway("https://driftapi.com", FixedCredential("t"), transport=transport),
        )
        await opened.events.poller.round(0.0)
        yield opened
        await opened.aclose()

    async def test_none_is_left_out_and_none_is_read_twice(self, busy: Busy, connection: Connection) -> None:
        events = connection.events
        busy.rush()
        await events.poller.round(0.0)
        (entry,) = (await events.log.read(NEW_MESSAGE, START, 10)).entries
        assert entry.event.data["body"] == "the first of many"
        assert busy.asked["conversations"] == MANY
        await events.poller.round(0.0)
        assert busy.asked["conversations"] == MANY
        assert busy.asked["pages"] == 1 + 2 * -(-MANY // 100)
        # Once they are out of the time that is looked through again, only the latest are remembered.
        busy.rows.insert(0, busy.row(MANY, NOON + 2 * OVERLAP))
        await events.poller.round(0.0)
        assert len(json.loads(await events.log.note("poll") or "")["known"]) == KNOWN

    async def test_no_other_process_begins_a_round_before_a_long_one_has_ended(
        self, busy: Busy, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log, meanwhile = connection.events.log, list[bool]()
        hold = log.hold

        async def held(task: str, seconds: float) -> None:
            await hold(task, seconds)
            meanwhile.append(await log.claim(task, 0.0))

        monkeypatch.setattr(log, "hold", held)
        busy.rush()
        await connection.events.poller.round(0.0)
        assert meanwhile == [*[False] * (MANY // KEEP_EVERY), True]

    async def test_what_is_too_old_to_be_told_is_said_to_be_missing_once(
        self, busy: Busy, connection: Connection, caplog: pytest.LogCaptureFixture
    ) -> None:
        events = connection.events
        await events.told("new_message", 1, {"id": 1, "conversationId": 9, "createdAt": NOON})
        here = (await events.log.latest(Wanted(), 1)).cursor
        assert not (await events.log.read(Wanted(), here, 10)).lost
        busy.rows = [busy.row(1, NOON + LOOK_BACK + 5_000), busy.row(0, NOON + 1_000)]
        busy.messages[2] = {"id": 8, "orgId": 1, "conversationId": 2, "createdAt": NOON + LOOK_BACK, "body": "now"}
        busy.away = True
        with pytest.raises(DriftError):
            await events.poller.round(0.0)
        busy.away = False
        for _ in range(2):
            await events.poller.round(0.0)
        said = [record.getMessage() for record in caplog.records if "is not told" in record.getMessage()]
        assert said == [
            "what happened in sandbox between 2026-03-02T11:59:00Z and 2026-03-02T12:00:05Z is not told as events"
        ]
        page = await events.log.read(Wanted(), here, 10)
        assert [entry.event.data["body"] for entry in page.entries] == ["now"]
        assert page.lost
        assert not (await events.log.read(Wanted(), page.cursor, 10)).lost


class TestFailures:
    async def test_nothing_unforeseen_ends_the_server(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        poller = desk.toolbox.connection.events.poller
        rounds = 0

        async def odd(*_: Any) -> None:
            nonlocal rounds
            rounds += 1
            if rounds == 3:
                tasks.cancel_scope.cancel()
            raise KeyError("secret")

        monkeypatch.setattr(desk.toolbox.connection.events, "poll_seconds", 0.001)
        monkeypatch.setattr(poller, "round", odd)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(poller.keep_on)
        said = [record.getMessage() for record in caplog.records if record.name == "drift_mcp.events.poller"]
        assert said == ["Drift cannot be asked for events of sandbox: KeyError"]

    async def test_a_conversation_that_is_too_long_is_told_as_far_as_it_is_read_and_readers_of_the_rest(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await look(desk)
        desk.now += 1_000
        made = await visitor_begins(desk)
        for number in range(3):
            desk.now += 1
            await desk.visitor_says(made, f"message {number}")
        log = desk.toolbox.connection.events.log
        await log.append([event.read("sandbox", "chat_to_call", None, {})])
        here = (await log.latest(Wanted(), 1)).cursor
        monkeypatch.setattr(poller, "MOST_MESSAGES", 3)
        await look(desk)
        assert await texts(desk) == ["Anybody there?", "message 0", "message 1"]
        assert (await log.read(Wanted(), here, 10)).lost

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

    @pytest.mark.parametrize(
        "answer",
        [
            {"data": {"odd": 1}},
            {"data": [{"id": 1, "updatedAt": 1}], "links": {"next": "/conversations/list?page_token=again"}},
        ],
        ids=["no list", "pages in a circle"],
    )
    async def test_an_answer_that_leads_nowhere_is_a_broken_answer(
        self, tmp_path: Path, answer: dict[str, Any]
    ) -> None:
        odd = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
        connection = Connection(
            Settings(sandbox=True, state_dir=str(tmp_path)),
            open_gateway=lambda _: Gateway("https://driftapi.com", FixedCredential("t"), transport=odd),
        )
        with pytest.raises(DriftError):
            await connection.events.poller.round(0.0)
        await connection.aclose()

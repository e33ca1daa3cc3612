"""What is kept of Drift's answers, and that it is never kept beyond what is known to have changed."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from drift_mcp import cache
from drift_mcp.cache import ReadCache, reusing
from drift_mcp.connection import Connection
from drift_mcp.drift.errors import ConnectionLost
from drift_mcp.drift.wire import Answer, Call
from drift_mcp.events import Events
from drift_mcp.events.log import LogUnavailable
from drift_mcp.settings import Settings
from tests.workflows.desk import Desk

SECONDS = 30.0
CONTACT = "/contacts/{contactId}"
CONVERSATION = "/conversations/{conversationId}"
Told = Callable[..., Any]


def contact(number: int = 7) -> Call:
    return Call("GET", f"/contacts/{number}", template=CONTACT)


def conversation(number: int = 5) -> Call:
    return Call("GET", f"/conversations/{number}", template=CONVERSATION)


def write(method: Any, path: str) -> Call:
    return Call(method, path, body={}, writes=True)


class Drift:
    """Answers each request with a number of its own. A gate holds requests of its path, and says so in `held`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gates: dict[str, anyio.Event] = {}
        self.held = anyio.Event()
        self.fails = False

    async def send(self, call: Call) -> Answer:
        self.asked.append(f"{call.method} {call.path}")
        answer = Answer(200, {"data": {"id": 1, "version": len(self.asked)}}, {"date": "now"})
        if gate := self.gates.get(call.path):
            self.held.set()
            await gate.wait()
        if self.fails:
            raise ConnectionLost(maybe_applied=call.writes)
        return answer


@pytest.fixture
def drift() -> Drift:
    return Drift()


@pytest.fixture
async def events(tmp_path: Any) -> AsyncIterator[Events]:
    settings = Settings(sandbox=True, state_dir=str(tmp_path), poll_seconds=1.0)
    connection = Connection(settings)
    yield connection.events
    await connection.aclose()


@pytest.fixture
def told(events: Events) -> Told:
    """Has an event arrive, as a webhook would in this or another process."""

    async def tell(kind: str, **data: Any) -> None:
        assert await events.told(kind, 1, data)

    return tell


async def acme(_: float) -> str:
    return "acme"


@pytest.fixture
def reads(drift: Drift, events: Events) -> ReadCache:
    return ReadCache(drift.send, SECONDS, events, acme)


async def read(reads: ReadCache, call: Call) -> int:
    """Which answer of Drift's a reading tool gets."""
    with reusing(True):
        return int((await reads.send(call)).body["data"]["version"])


class TestKeeping:
    async def test_a_record_is_asked_for_once(self, reads: ReadCache, drift: Drift) -> None:
        assert [await read(reads, contact()) for _ in range(3)] == [1, 1, 1]
        assert [await read(reads, conversation()) for _ in range(2)] == [2, 2]
        assert await read(reads, contact(8)) == 3

    async def test_who_writes_is_told_what_is_so_now(self, reads: ReadCache, drift: Drift) -> None:
        await read(reads, contact())
        for _ in range(2):
            with reusing(False):
                await reads.send(contact())
            await reads.send(contact())
        assert len(drift.asked) == 5

    async def test_other_reads_are_never_kept(self, reads: ReadCache, drift: Drift) -> None:
        calls = [
            Call("GET", "/contacts", (("email", "a@b.example"),), template="/contacts"),
            Call("GET", "/conversations/5/messages", template=CONVERSATION + "/messages"),
            Call("GET", "/contacts/7", (("more", "1"),), template=CONTACT),
        ]
        for call in calls * 2:
            await read(reads, call)
        assert len(drift.asked) == 6

    async def test_its_age_counts_from_when_it_was_asked_for(
        self, reads: ReadCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = 100.0
        monkeypatch.setattr(cache, "now", lambda: moment)
        await read(reads, contact())
        moment += SECONDS - 0.1
        assert await read(reads, contact()) == 1
        moment += 0.2
        assert await read(reads, contact()) == 2

    async def test_no_reader_can_change_what_another_gets(self, reads: ReadCache) -> None:
        with reusing(True):
            await reads.send(contact())
            (await reads.send(contact())).body["data"]["version"] = 99
        assert await read(reads, contact()) == 1

    async def test_a_failure_is_not_kept(self, reads: ReadCache, drift: Drift) -> None:
        drift.fails = True
        with pytest.raises(ConnectionLost):
            await read(reads, contact())
        drift.fails = False
        assert await read(reads, contact()) == 2
        assert not reads._reads

    async def test_it_never_holds_more_than_so_much(self, reads: ReadCache, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cache, "MOST_ANSWERS", 3)
        for number in (1, 2, 3, 1, 4):
            await read(reads, contact(number))
        assert list(reads._kept) == ["/contacts/3", "/contacts/1", "/contacts/4"]
        monkeypatch.setattr(cache, "MOST_BYTES", 80)
        await read(reads, contact(5))
        assert reads._bytes == sum(len(each.body) for each in reads._kept.values()) <= 80


class TestEvents:
    @pytest.mark.parametrize(
        ("kind", "data", "dropped"),
        [
            ("new_message", {"conversationId": 5, "id": 1, "author": {"type": "user"}}, {"conversation"}),
            ("new_message", {"conversationId": 5, "author": {"type": "contact", "id": 7}}, {"conversation", "contact"}),
            ("conversation_status_updated", {"conversationId": 5, "status": "closed"}, {"conversation"}),
            ("contact_updated", {"endUserId": 7}, {"contact"}),
            ("contact_identified", {"id": 7}, {"contact"}),
            ("new_message", {"conversationId": 6}, set()),
            ("brand_new_type", {"conversationId": 5, "contactId": 7}, {"conversation", "contact"}),
            ("gdpr_delete_requested", {"email": "a@b.example"}, {"conversation", "contact"}),
        ],
    )
    async def test_what_an_event_is_about_is_asked_for_anew(
        self, reads: ReadCache, told: Told, kind: str, data: dict[str, Any], dropped: set[str]
    ) -> None:
        both = {"conversation": conversation(), "contact": contact()}
        before = {name: await read(reads, call) for name, call in both.items()}
        await told(kind, **data)
        after = {name: await read(reads, call) for name, call in both.items()}
        assert {name for name in both if before[name] != after[name]} == dropped

    async def test_an_answer_under_way_when_the_event_comes_is_not_kept(
        self, reads: ReadCache, drift: Drift, told: Told
    ) -> None:
        await read(reads, conversation())
        gate = drift.gates["/contacts/7"] = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, reads, contact())
            await drift.held.wait()
            await told("contact_updated", endUserId=7)
            await read(reads, conversation())  # somebody else has taken the event in
            gate.set()
        assert drift.asked.count("GET /contacts/7") == 1
        await read(reads, contact())
        assert drift.asked.count("GET /contacts/7") == 2

    async def test_an_event_nobody_has_taken_in_yet_counts_too(
        self, reads: ReadCache, drift: Drift, told: Told
    ) -> None:
        gate = drift.gates["/contacts/7"] = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, reads, contact())
            await drift.held.wait()
            await told("contact_updated", endUserId=7)
            gate.set()
        assert await read(reads, contact()) == 2

    async def test_more_events_than_are_worth_reading_drop_everything(
        self, reads: ReadCache, drift: Drift, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache, "PAGE", 3)
        await read(reads, contact())
        for number in range(5):
            await told("new_message", conversationId=100 + number)
        assert await read(reads, contact()) == 2
        assert await read(reads, contact()) == 2

    async def test_without_the_log_nothing_is_reused_or_kept(
        self, reads: ReadCache, events: Events, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await read(reads, contact())

        async def broken(*_: Any) -> Any:
            raise LogUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(events.log, "read", broken)
            patch.setattr(events.log, "latest", broken)
            assert [await read(reads, contact()) for _ in range(2)] == [2, 3]
        assert [await read(reads, contact()) for _ in range(2)] == [4, 4]

    async def test_without_events_time_alone_counts(self, drift: Drift) -> None:
        deaf: Any = SimpleNamespace(hears=False)
        reads = ReadCache(drift.send, SECONDS, deaf, acme)
        assert [await read(reads, contact()) for _ in range(2)] == [1, 1]


class TestWrites:
    @pytest.mark.parametrize(
        ("method", "path", "dropped"),
        [
            ("PATCH", "/contacts/7", {"contact"}),
            ("POST", "/contacts/7/tags", {"contact"}),
            ("PATCH", "/contacts/77", set()),
            ("POST", "/conversations/5/messages", {"conversation", "contact"}),
            ("PATCH", "/v2/conversations/5", {"conversation", "contact"}),
            ("POST", "/contacts/timeline", {"conversation", "contact"}),
            ("DELETE", "/contacts/8", {"conversation", "contact"}),
        ],
    )
    async def test_what_a_write_may_touch_is_asked_for_anew(
        self, reads: ReadCache, method: str, path: str, dropped: set[str]
    ) -> None:
        both = {"conversation": conversation(), "contact": contact()}
        before = {name: await read(reads, call) for name, call in both.items()}
        await reads.send(write(method, path))
        after = {name: await read(reads, call) for name, call in both.items()}
        assert {name for name in both if before[name] != after[name]} == dropped

    async def test_a_write_whose_answer_is_lost_counts(self, reads: ReadCache, drift: Drift) -> None:
        await read(reads, contact())
        drift.fails = True
        with pytest.raises(ConnectionLost):
            await reads.send(write("PATCH", "/contacts/7"))
        drift.fails = False
        assert await read(reads, contact()) == 3

    async def test_an_answer_under_way_when_the_write_ends_is_not_kept(self, reads: ReadCache, drift: Drift) -> None:
        gate = drift.gates["/contacts/7"] = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, reads, contact())
            await drift.held.wait()
            await reads.send(write("POST", "/contacts/7/tags"))
            gate.set()
        assert await read(reads, contact()) == 3


class TestTools:
    @pytest.fixture
    async def desk(self, tmp_path: Any) -> AsyncIterator[Desk]:
        opened = Desk(cache_seconds=SECONDS, state_dir=str(tmp_path))
        yield opened
        await opened.toolbox.aclose()

    async def test_a_tool_that_reads_reuses_and_one_that_writes_asks(self, desk: Desk) -> None:
        made = await desk.ask("create_contact", email="cached@gearwick.example")
        get = ("GET", f"/contacts/{made['id']}")
        arguments = {"contact_id": made["id"]}

        async def call(name: str, /, **more: Any) -> dict[str, Any]:
            result = await desk.toolbox.call(name, arguments | more)
            assert "isError" not in result, result
            found: dict[str, Any] = result["structuredContent"]
            return found

        for _ in range(3):
            await call("get_contact")
        assert (await call("get_contact", detail="full"))["attributes"]["email"] == "cached@gearwick.example"
        assert desk.sent.count(get) == 1
        await call("enrich_contact", name="Una Ward")
        assert desk.sent.count(get) == 2
        assert (await call("get_contact"))["name"] == "Una Ward"
        assert desk.sent.count(get) == 3

    async def test_it_is_off_by_default(self) -> None:
        async with aclosing(Desk().toolbox) as toolbox:
            rows = await toolbox.operate("list_contacts", limit=1)
            for _ in range(2):
                await toolbox.call("get_contact", {"contact_id": rows["items"][0]["id"]})
            assert "cache" not in toolbox.connection.__dict__

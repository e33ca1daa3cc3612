"""`list_received_events` and `wait_for_event` where nothing is set up: what they say, ask Drift and obey."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from drift_mcp.caller import Caller
from drift_mcp.workflows import received_events
from tests.workflows.desk import Desk

from .conftest import message

Row = dict[str, Any]


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(received_events, "POLL_EVERY", 0.02)
    opened = Desk(state_dir=str(tmp_path))
    yield opened
    await opened.toolbox.aclose()


async def call(desk: Desk, name: str, caller: Caller | None = None, /, **arguments: Any) -> Row:
    result = await desk.toolbox.call(name, arguments, caller or Caller())
    found: Row = result["structuredContent"]
    return found


async def tell(desk: Desk, *rows: Row) -> None:
    for row in rows:
        await desk.toolbox.connection.events.told("new_message", None, row | {"orgId": None})


async def first(desk: Desk) -> int:
    return int((await desk.ask("list_conversations", limit=1))["items"][0]["id"])


class TestList:
    async def test_without_anything_set_up_it_says_how(self, desk: Desk) -> None:
        said = await call(desk, "list_received_events")
        assert said["items"] == []
        assert "DRIFT_WEBHOOK_TOKEN" in said["next"]

    async def test_the_latest_first_or_in_order_after_a_cursor(self, desk: Desk) -> None:
        await tell(desk, *(message(number) for number in range(1, 6)))
        newest = await call(desk, "list_received_events", limit=2)
        assert [row["message_id"] for row in newest["items"]] == [5, 4]
        assert not newest["has_more"]
        after = await call(desk, "list_received_events", cursor=newest["cursor"])
        assert after["items"] == []
        since = await call(desk, "list_received_events", since="2020-01-01", limit=2)
        assert [row["message_id"] for row in since["items"]] == [1, 2]
        assert since["has_more"]
        rest = await call(desk, "list_received_events", cursor=since["cursor"])
        assert [row["message_id"] for row in rest["items"]] == [3, 4, 5]

    async def test_what_does_not_fit_comes_with_the_cursor(self, tmp_path: Path) -> None:
        desk = Desk(state_dir=str(tmp_path), result_bytes=4_000)
        await tell(desk, *(message(number, body="word " * 3_000) for number in range(1, 31)))
        seen: list[int] = []
        cursor, more = "0", True
        while more:
            page = await call(desk, "list_received_events", cursor=cursor, limit=30)
            assert page["truncated"]
            seen += [row["message_id"] for row in page["items"]]
            cursor, more = page["cursor"], page["has_more"]
        assert seen == list(range(1, 31))
        await desk.toolbox.aclose()

    async def test_what_visitors_wrote_can_be_withheld(self, tmp_path: Path) -> None:
        desk = Desk(state_dir=str(tmp_path), withhold_visitor_text=True)
        await tell(desk, message(1, body="my secret plan"))
        said = await call(desk, "list_received_events")
        assert "secret" not in str(said)
        assert said["items"][0]["author"] == "visitor"
        await desk.toolbox.aclose()

    async def test_a_log_that_cannot_be_read_is_a_clear_error(self, desk: Desk, tmp_path: Path) -> None:
        (tmp_path / "events-sandbox.sqlite").mkdir()
        for name in ("list_received_events", "wait_for_event"):
            error = (await call(desk, name))["error"]
            assert error["kind"] == "events_unavailable"
            assert error["retry_after_seconds"] == 5


class TestWait:
    async def test_it_asks_drift_itself_and_answers_at_the_visitors_word(self, desk: Desk) -> None:
        conversation = await first(desk)
        told: list[float] = []

        async def progress(done: float, total: float | None, words: str) -> None:
            told.append(done)
            if len(told) == 2:
                desk.now += 1_000
                await desk.visitor_says(conversation, "Here I am")

        wanted = {"conversation_id": conversation, "author": "visitor", "wait_seconds": 20}
        said = await call(desk, "wait_for_event", Caller(progress=progress), **wanted)
        assert said["event"]["text"] == "Here I am"
        assert said["event"]["type"] == "new_message"
        again = await call(desk, "wait_for_event", cursor=said["cursor"], wait_seconds=1)
        assert "event" not in again

    async def test_what_was_said_since_a_moment_is_found_at_once(self, desk: Desk) -> None:
        conversation = await first(desk)
        desk.now += 1_000
        await desk.visitor_says(conversation, "Quick answer")
        said = await call(desk, "wait_for_event", since=desk.now - 500, wait_seconds=20)
        assert said["event"]["text"] == "Quick answer"

    async def test_it_obeys_a_policy_against_reading(self, tmp_path: Path) -> None:
        desk = Desk(state_dir=str(tmp_path), exclude_tools="list_messages")
        error = (await call(desk, "wait_for_event", wait_seconds=1))["error"]
        assert error["kind"] == "not_allowed"
        assert desk.sent == []
        await desk.toolbox.aclose()

    async def test_where_webhooks_come_it_asks_drift_nothing_but_who_it_is(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DRIFT_WEBHOOK_TOKEN", "a-token")
        said = await call(desk, "wait_for_event", wait_seconds=1)
        assert "event" not in said
        assert desk.sent == [("POST", "/app/token_info")]

    async def test_many_that_wait_cost_as_much_as_one(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(received_events, "POLL_EVERY", 0.4)
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(lambda: call(desk, "wait_for_event", wait_seconds=1))
        assert len([each for each in desk.sent if each[1] == "/conversations/list"]) <= 4

    async def test_a_drift_that_refuses_is_an_error_at_once(self, desk: Desk) -> None:
        desk.fail("GET", "/conversations/list", status=401)
        error = (await call(desk, "wait_for_event", wait_seconds=20))["error"]
        assert error["kind"] == "unauthorized"

    async def test_it_can_be_cancelled_and_leaves_the_log_usable(self, desk: Desk) -> None:
        waiting = anyio.Event()

        async def progress(*_: object) -> None:
            waiting.set()

        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: call(desk, "wait_for_event", Caller(progress=progress), wait_seconds=50))
                await waiting.wait()
                tasks.cancel_scope.cancel()
        await tell(desk, message(1))
        assert len((await call(desk, "list_received_events"))["items"]) == 1


class TestATypeThatNobodyKnows:
    @pytest.mark.parametrize("name", ["list_received_events", "wait_for_event"])
    async def test_a_slip_of_the_pen_is_refused_with_what_was_meant(self, desk: Desk, name: str) -> None:
        for slip in ("new_mesage", "New Message", "newMessage"):
            error = (await call(desk, name, type=slip))["error"]
            assert error["kind"] == "invalid_arguments"
            assert "did you mean new_message?" in error["message"]

    async def test_one_like_none_is_looked_for_with_the_note_that_it_is_not_documented(self, desk: Desk) -> None:
        waited = await call(desk, "wait_for_event", type="contact_created", wait_seconds=1)
        listed = await call(desk, "list_received_events", type="contact_created")
        for said in (waited, listed):
            assert "conversation_status_updated" in said["note"]
        assert waited["cursor"]
        assert listed["items"] == []

    async def test_one_that_has_come_once_is_as_good_as_documented(self, desk: Desk) -> None:
        await desk.toolbox.connection.events.told("new_mesage", None, message(1) | {"orgId": None})
        found = await call(desk, "list_received_events", type="new_mesage")
        assert (found["count"], "note" in found) == (1, False)
        waited = await call(desk, "wait_for_event", type="new_mesage", wait_seconds=1)
        assert not {"error", "note"} & set(waited)

    async def test_a_documented_one_comes_without_a_note(self, desk: Desk) -> None:
        assert "note" not in await call(desk, "list_received_events", type="playbook_goal_met")

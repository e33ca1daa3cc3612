"""What is concluded from what Drift shows, and what is not."""

import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from drift_mcp.alike import alike
from drift_mcp.calls import IS_GONE
from drift_mcp.drift.gateway import Limits
from drift_mcp.drift.retry import Retries
from drift_mcp.sandbox import create_app
from drift_mcp.sandbox.world import real_clock
from drift_mcp.trace import DOUBT, SLACK, UNPROVEN, DriftClock
from tests.support.served import served

from .desk import ONCE, Desk, desk, ended

BODY = "Yes, the Scale plan has SSO."
FAST = Retries(first=0.0)


@pytest.fixture
def chat(app: Starlette) -> int:
    return int(app.state.sandbox.world.rows("conversations")[0]["id"])


def say(here: Desk, chat: int, body: str, seconds_ago: float) -> None:
    """A message of the bot's that was written by somebody else."""
    world = here.world
    author = {"type": "user", "id": 1, "bot": True}
    at = world.now() - int(seconds_ago * 1000)
    row = {"conversationId": chat, "type": "chat", "author": author, "body": body, "createdAt": at}
    world.add("messages", row | {"orgId": 1, "context": {}, "attributes": {}})


async def send(here: Desk, chat: int, body: str = BODY) -> dict[str, Any]:
    return await here.call("send_message", conversation_id=chat, body=body)


def written(here: Desk, text: str = BODY) -> int:
    return sum(row["body"] == text for row in here.world.rows("messages"))


def earlier_answers(here: Desk, *ahead: float) -> None:
    """Drift has answered before, each time with a `Date` that is so many seconds ahead."""
    clock = here.toolbox.connection.writes._clock
    for seconds in ahead:
        clock.learn(formatdate(time.time() + seconds, usegmt=True))


class TestFound:
    async def test_an_older_message_of_the_same_words_is_not_taken_for_it(self, at_desk: Desk, chat: int) -> None:
        await send(at_desk, chat, "One moment.")
        say(at_desk, chat, BODY, seconds_ago=60)
        await at_desk.befall("send_message", "reset_before")
        assert "recovered" not in await send(at_desk, chat)
        assert written(at_desk) == 2

    async def test_a_message_that_this_server_sent_just_before_is_not_taken_for_it(
        self, at_desk: Desk, chat: int
    ) -> None:
        first = await send(at_desk, chat)
        await at_desk.befall("send_message", "reset_before")
        second = await send(at_desk, chat)
        assert second["id"] != first["id"]
        assert written(at_desk) == 2

    async def test_two_that_could_be_it_leave_it_unknown(self, at_desk: Desk, chat: int) -> None:
        say(at_desk, chat, BODY, seconds_ago=0)
        await at_desk.befall("send_message", "reset_after")
        assert (await send(at_desk, chat))["error"]["may_have_been_applied"] is True
        assert written(at_desk) == 2

    async def test_one_that_drift_has_written_otherwise_leaves_it_unknown(self, at_desk: Desk, chat: int) -> None:
        say(at_desk, chat, BODY.replace(",", " –"), seconds_ago=0)
        await at_desk.befall("send_message", "reset_before")
        assert (await send(at_desk, chat))["error"]["may_have_been_applied"] is True

    async def test_what_others_write_meanwhile_does_not_matter(self, at_desk: Desk, chat: int) -> None:
        say(at_desk, chat, "Hello there!", seconds_ago=0)
        await at_desk.befall("send_message", "reset_after")
        assert (await send(at_desk, chat))["recovered"] is True

    async def test_the_same_message_sent_twice_at_once_is_not_confused(self, at_desk: Desk, chat: int) -> None:
        # One of them is applied, and each finds it.
        lost = [{"kind": kind, "times": 1, "methods": ["POST"]} for kind in ("reset_after", "reset_before")]
        await at_desk.plan(*lost)
        answers: list[dict[str, Any]] = []

        async def call() -> None:
            answers.append(await send(at_desk, chat))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            tasks.start_soon(call)
        known = [answer["id"] for answer in answers if "error" not in answer]
        assert len(known) == len(set(known)) <= written(at_desk)

    async def test_a_time_of_the_callers_own_proves_nothing(self, at_desk: Desk, chat: int) -> None:
        await at_desk.befall("create_note", "reset_after")
        note = {"conversation_id": chat, "body": "Call back.", "created_at": "2026-03-01T09:00:00Z"}
        assert (await at_desk.call("create_note", **note))["error"]["may_have_been_applied"] is True

    @pytest.mark.parametrize("fault", ["reset_after", "error_after", "truncated", "not_json"])
    async def test_an_event_of_long_ago_that_was_just_posted_is_not_posted_again(
        self, at_desk: Desk, fault: str
    ) -> None:
        made = await at_desk.call("create_contact", email="trial@visitor.example")
        event = {"contact_id": made["id"], "event": "Trial started", "created_at": "2025-11-01T00:00:00Z"}
        await at_desk.call(
            "post_timeline_event", **event | {"event": "Signed up", "created_at": "2026-01-01T00:00:00Z"}
        )
        await at_desk.befall("post_timeline_event", fault)
        assert (await at_desk.call("post_timeline_event", **event))["error"]["may_have_been_applied"] is True
        assert [row["event"] for row in at_desk.world.rows("timeline_events")].count("Trial started") == 1

    @pytest.mark.parametrize(("ahead", "found"), [((60,), False), ((60, 0), True), ((60, 0, 0, 60, 0, 0), False)])
    @pytest.mark.parametrize("sign", [1, -1])
    async def test_an_answer_of_a_machine_whose_clock_is_wrong_doubles_nothing(
        self, at_desk: Desk, chat: int, ahead: tuple[int, ...], sign: int, *, found: bool
    ) -> None:
        earlier_answers(at_desk, *(sign * seconds for seconds in ahead))
        await at_desk.befall("send_message", "reset_after")
        answer = await send(at_desk, chat)
        assert ("recovered" in answer) is (found or sign < 0)
        assert written(at_desk) == 1

    async def test_one_wrong_date_of_drift_doubles_nothing(self, at_desk: Desk, chat: int) -> None:
        lost = {"kind": "reset_after", "times": 1, "methods": ["POST"]}
        await at_desk.plan({"kind": "wrong_date", "seconds": 60, "times": 1, "methods": ["GET"]}, lost)
        await at_desk.call("get_conversation", conversation_id=chat)
        assert (await send(at_desk, chat))["error"]["may_have_been_applied"] is True
        assert written(at_desk) == 1

    async def test_a_clock_that_was_wrong_does_not_make_an_older_message_a_new_one(
        self, at_desk: Desk, chat: int
    ) -> None:
        earlier_answers(at_desk, -60)
        say(at_desk, chat, BODY, seconds_ago=40)
        await at_desk.befall("send_message", "reset_before")
        assert (await send(at_desk, chat))["error"]["may_have_been_applied"] is True
        assert written(at_desk) == 1

    @pytest.mark.parametrize("fault", ["reset_after", "reset_before", "not_json"])
    async def test_messages_that_cannot_be_read_to_the_end_leave_it_unknown(
        self, at_desk: Desk, chat: int, fault: str
    ) -> None:
        for number in range(110):
            say(at_desk, chat, f"Message {number}", seconds_ago=0)
        post = {"methods": ["POST"], "path": "*/messages", "times": 1}
        await at_desk.plan({"kind": fault, **post}, {"kind": "looping_pages", "path": "*/messages"})
        assert (await send(at_desk, chat))["error"]["may_have_been_applied"] is True
        assert written(at_desk) == (fault != "reset_before")


class TestDriftsClocks:
    """The one behind `Date`, and the one behind `createdAt`."""

    @pytest.mark.parametrize("proven", [False, True], ids=["", "proven"])
    @pytest.mark.parametrize("skew", [-3_600_000, -60_000, -40_000, -10_000, -1_500, 1_000, 60_000, 3_600_000])
    async def test_they_may_differ(self, tmp_path: Path, skew: int, *, proven: bool) -> None:
        app = create_app(now=lambda: real_clock() + skew)
        chat = int(app.state.sandbox.world.rows("conversations")[0]["id"])
        with served(app) as url:
            async with desk(app, url, tmp_path) as here:
                if proven:
                    await send(here, chat, "One moment.")
                await here.befall("send_message", "reset_after")
                answer = await send(here, chat)
        assert ("recovered" in answer) is (abs(skew) < SLACK * 1000 or (proven and skew > 0))
        assert ("recovered" in answer) is ("error" not in answer)
        assert written(here) == 1

    @pytest.mark.parametrize("ahead", [-3_600, -60, 40, 60, 3_600])
    async def test_a_date_that_is_always_wrong_doubles_nothing(self, at_desk: Desk, chat: int, ahead: int) -> None:
        lost = {"kind": "reset_after", "times": 1, "methods": ["POST"]}
        await at_desk.plan(lost, {"kind": "wrong_date", "seconds": ahead})
        answer = await send(at_desk, chat)
        assert answer["error"]["may_have_been_applied"] is True
        assert written(at_desk) == 1

    @pytest.mark.parametrize("ahead", [-3_600, -60, 60, 3_600])
    @pytest.mark.parametrize("proven", [False, True], ids=["", "proven"])
    async def test_a_date_that_is_always_wrong_makes_no_older_message_a_new_one(
        self, at_desk: Desk, chat: int, ahead: int, *, proven: bool
    ) -> None:
        wrong = {"kind": "wrong_date", "seconds": ahead}
        await at_desk.plan(wrong)
        if proven:
            await send(at_desk, chat, "One moment.")
        say(at_desk, chat, BODY, seconds_ago=4)
        await at_desk.plan({"kind": "reset_before", "times": 1, "methods": ["POST"]}, wrong)
        answer = await send(at_desk, chat)
        assert answer["error"]["may_have_been_applied"] is True
        assert written(at_desk) == 1

    async def test_what_was_made_here_shows_how_old_a_message_is_whatever_the_date(
        self, at_desk: Desk, chat: int
    ) -> None:
        wrong = {"kind": "wrong_date", "seconds": 3_600}
        await at_desk.plan(wrong)
        await send(at_desk, chat, "One moment.")
        say(at_desk, chat, BODY, seconds_ago=60)
        await at_desk.plan({"kind": "reset_before", "times": 1, "methods": ["POST"]}, wrong)
        assert "id" in await send(at_desk, chat)
        assert written(at_desk) == 2

    @pytest.mark.parametrize("answered", [False, True])
    async def test_before_anything_was_made_here_what_came_after_a_message_shows_how_old_it_is(
        self, at_desk: Desk, chat: int, *, answered: bool
    ) -> None:
        say(at_desk, chat, BODY, seconds_ago=60)
        if answered:
            say(at_desk, chat, "Thanks!", seconds_ago=1)
        await at_desk.befall("send_message", "reset_before")
        answer = await send(at_desk, chat)
        assert ("error" not in answer) is answered
        assert written(at_desk) == 1 + answered


class TestNotFound:
    async def test_lost_twice_and_never_applied_is_said_to_be_so(self, at_desk: Desk, chat: int) -> None:
        await at_desk.befall("send_message", "reset_before", times=5)
        error = (await send(at_desk, chat))["error"]
        assert "may_have_been_applied" not in error
        assert "was not applied" in error["message"]
        tries = [entry for entry in await at_desk.requests() if entry.get("fault")]
        assert (len(tries), written(at_desk)) == (2, 0)

    async def test_what_drift_may_still_be_at_work_on_is_not_sent_again(
        self, app: Starlette, url: str, tmp_path: Path, chat: int
    ) -> None:
        async with desk(app, url, tmp_path, limits=Limits(read=1.0)) as here:
            await here.befall("send_message", "latency", ms=60_000)
            error = (await send(here, chat))["error"]
            assert (error["kind"], error["may_have_been_applied"]) == ("timeout", True)
            assert "list_messages with conversation_id" in error["next"]
            assert written(here) == 0

    async def test_what_is_refused_as_existing_already_is_no_loss(self, at_desk: Desk) -> None:
        await at_desk.call("create_contact", email="known@visitor.example")
        # The record that is in the way is older than this server.
        for row in at_desk.world.rows("contacts"):
            row["createdAt"] -= 60_000
        await at_desk.befall("create_contact", "reset_before")
        error = (await at_desk.call("create_contact", email="known@visitor.example"))["error"]
        assert error["kind"] == "conflict"
        assert "may_have_been_applied" not in error

    async def test_a_look_up_that_fails_leaves_it_unknown(self, at_desk: Desk, chat: int) -> None:
        lost = {"kind": "reset_before", "times": 1, "methods": ["POST"]}
        await at_desk.plan(lost, {"kind": "server_error", "methods": ["GET"]})
        assert (await send(at_desk, chat))["error"]["may_have_been_applied"] is True
        assert written(at_desk) == 0

    @pytest.mark.parametrize("name", ["create_tag", "retrieve_personal_data", "unsubscribe_emails"])
    async def test_what_drift_does_not_show_is_said_with_another_way(self, at_desk: Desk, name: str) -> None:
        email = "who@visitor.example"
        arguments = {"create_tag": {"name": "beta"}, "unsubscribe_emails": {"emails": [email]}}
        await at_desk.befall(name, "reset_after")
        error = (await at_desk.call(name, **arguments.get(name, {"email": email})))["error"]
        assert error["may_have_been_applied"] is True
        assert error["next"].startswith("To find out, ")


class TestRepeated:
    async def test_a_deletion_whose_repetition_finds_nothing_is_done(
        self, app: Starlette, url: str, tmp_path: Path
    ) -> None:
        async with desk(app, url, tmp_path, retries=FAST) as here:
            made = await here.call("create_contact", email="gone@visitor.example")
            await here.befall("delete_contact", "reset_after")
            found = await here.call("delete_contact", contact_id=made["id"])
            assert found == {"gone": True, "contact_id": made["id"], "note": IS_GONE}

    async def test_a_deletion_of_what_never_was_is_not(self, app: Starlette, url: str, tmp_path: Path) -> None:
        async with desk(app, url, tmp_path, retries=FAST) as here:
            assert (await here.call("delete_contact", contact_id=1))["error"]["kind"] == "not_found"

    @pytest.mark.parametrize("retries", [FAST, ONCE], ids=["told at the next try", "looked up"])
    async def test_a_lost_deletion_of_what_never_was_is_not_said_to_have_been_made(
        self, app: Starlette, url: str, tmp_path: Path, retries: Retries
    ) -> None:
        async with desk(app, url, tmp_path, retries=retries) as here:
            await here.befall("delete_contact", "reset_before")
            found = await here.call("delete_contact", contact_id=1)
        assert found == {"gone": True, "contact_id": 1, "note": IS_GONE}
        assert [(line["outcome"], line["reason"]) for line in ended(tmp_path)] == [("unknown", "gone")]

    async def test_a_change_that_somebody_else_has_made_since_is_not_called_applied(self, at_desk: Desk) -> None:
        made = await at_desk.call("create_contact", email="two@visitor.example", name="First")
        await at_desk.befall("update_contact", "reset_before", times=2)
        error = (await at_desk.call("update_contact", contact_id=made["id"], name="Second"))["error"]
        assert "was not applied" in error["message"]
        assert (await at_desk.call("get_contact", contact_id=made["id"]))["name"] == "First"

    async def test_a_change_that_empties_something_cannot_be_seen(self, at_desk: Desk) -> None:
        made = await at_desk.call("create_contact", email="empty@visitor.example", attributes={"plan": "pro"})
        await at_desk.befall("update_contact", "reset_before", times=2)
        change = {"contact_id": made["id"], "attributes": {"plan": ""}}
        assert (await at_desk.call("update_contact", **change))["error"]["may_have_been_applied"] is True


class TestAlike:
    @pytest.mark.parametrize(
        ("sent", "shown", "same"),
        [
            ("Hi there", "Hi  there\n", True),
            ("JO@acme.example", "jo@ACME.example", True),
            ("Hi, there!", "Hi there", None),
            ("Hi there", "Hi Theo", False),
            ("🎉", "👍", None),
            (7, "7", True),
            (7, 8, False),
            (["a", "b"], ["b", "a"], True),
            (["a"], ["a", "b"], False),
            ({"plan": "pro"}, {"plan": "pro", "seats": 4}, True),
            ({"plan": "pro"}, {"seats": 4}, None),
            ("x", None, None),
        ],
    )
    def test_what_differs_only_in_writing_is_unsure(self, sent: Any, shown: Any, same: bool | None) -> None:
        assert alike(sent, shown) is same

    def test_an_addition_may_stand_among_others(self) -> None:
        assert alike(["a"], ["a", "b"], part=True) is True
        assert alike([{"email": "a@b.example"}], [{"id": 1, "email": "a@b.example"}], part=True) is True
        assert alike(["c"], ["a", "b"], part=True) is False


class TestClock:
    def test_it_says_nothing_until_drift_has_told_the_time(self) -> None:
        clock = DriftClock()
        assert clock.new_from(0.0) is clock.old_before(0.0) is None
        for nothing in ("", "no date"):
            clock.learn(nothing)
        assert clock.new_from(0.0) is clock.old_before(0.0) is None

    def test_a_date_that_comes_again_tells_what_it_did_at_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = DriftClock()
        for now in (100.0, 100.9, 150.0):
            monkeypatch.setattr("drift_mcp.trace.time.monotonic", lambda now=now: now)
            clock.learn("Thu, 01 Jan 2026 00:00:10 GMT")
        assert clock.new_from(100.0) == 1_767_225_608_000
        assert clock.old_before(100.0) == 1_767_225_578_000 - UNPROVEN * 1000

    @pytest.mark.parametrize(
        ("seconds", "least", "most"),
        [
            ([10], 10, 10),
            ([10, 70], 10, 70),
            ([10, 70, 10], 10, 10),
            ([14, 10, 14, 10, 0], 10, 14),
            ([10, 70, 10, 70, 10], 10, 70),
            ([70, 70] + [10] * 16, 10, 10),
        ],
    )
    def test_what_answers_do_not_agree_on_is_not_sure(
        self, seconds: list[int], least: int, most: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = DriftClock()
        for place, each in enumerate(seconds, 100 - len(seconds)):
            monkeypatch.setattr("drift_mcp.trace.time.monotonic", lambda now=place: float(now))
            clock.learn(formatdate(each - 100 + place, usegmt=True))
        assert clock.new_from(100.0) == (most - SLACK) * 1000
        assert clock.old_before(100.0) == (least - SLACK - DOUBT - UNPROVEN) * 1000

    @pytest.mark.parametrize(
        ("made", "least", "most"),
        [
            ([0.0], 0.0, 0.0),
            ([-40.0], -40.0, 0.0),
            ([40.0], 0.0, 40.0),
            ([0.0, -40.0, 0.0, 0.0], 0.0, 0.0),
            ([0.0, 40.0, 0.0, 0.0], 0.0, 0.0),
        ],
    )
    def test_what_was_made_tells_the_other_clock(
        self, made: list[float], least: float, most: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("drift_mcp.trace.time.monotonic", lambda: 100.0)
        clock = DriftClock()
        clock.learn(formatdate(100.0, usegmt=True))
        for ahead in made:
            clock.made((100.0 + ahead) * 1000, 100.0)
        assert clock.new_from(100.0) == (100.0 + most - SLACK) * 1000
        assert clock.old_before(100.0) == (100.0 + least - SLACK - DOUBT) * 1000
        assert clock.not_after(100.0) == (100.0 + most + 1.0 + SLACK) * 1000

    def test_what_took_long_to_be_made_tells_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("drift_mcp.trace.time.monotonic", lambda: 100.0)
        clock = DriftClock()
        clock.made(100_000.0, 100.0 - SLACK - 1)
        assert clock.new_from(100.0) is None
        clock.made(100_000.0, 100.0 - 1)
        assert clock.new_from(100.0) == (101.0 - SLACK) * 1000

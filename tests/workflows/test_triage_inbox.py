"""Triage: who waits, since when, for the fewest calls."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.caller import Caller
from drift_mcp.drift.errors import Forbidden, ServerFault
from tests.support.properties import unseen
from tests.workflows.desk import NOW, Desk

TRANSCRIPT = r"/conversations/\d+/json_transcript"
BY_STATUS = "/v2/conversations/status/open"


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def truly_waiting(desk: Desk, status: str = "open") -> dict[int, str]:
    """Conversation to since when, read off the sandbox's tables with other means than the job's."""
    found = {}
    for conversation in desk.world.rows("conversations"):
        if conversation["status"] != status:
            continue
        since = None
        rows = [row for row in desk.world.rows("messages") if row["conversationId"] == conversation["id"]]
        for row in sorted(rows, key=lambda row: (row["createdAt"], row["id"])):
            if row["type"] != "chat":
                continue
            if row["author"]["type"] == "user":
                since = None
            elif since is None:
                since = row["createdAt"]
        if since is not None:
            found[conversation["id"]] = iso(since)
    return found


def ids(answer: dict[str, Any]) -> list[int]:
    return [row["conversation_id"] for row in answer["conversations"]]


class TestWhoWaits:
    async def test_it_is_what_the_messages_say(self, desk: Desk) -> None:
        answer = await desk.run("triage_inbox", limit=50)
        shown = {row["conversation_id"]: row["waiting_since"] for row in answer["conversations"] if "waiting" in row}
        assert shown == truly_waiting(desk)
        for row in answer["conversations"]:
            assert row["contact_id"] == desk.world.get("conversations", row["conversation_id"])["contactId"]
        assert answer["total"] == answer["looked_at"] == len(answer["conversations"]) == 30

    async def test_the_longest_waiting_comes_first_and_answered_ones_last(self, desk: Desk) -> None:
        rows = (await desk.run("triage_inbox", limit=50))["conversations"]
        since = [row.get("waiting_since", "z") for row in rows]
        assert since == sorted(since)

    @pytest.mark.parametrize("limit", [1, 3, 7])
    async def test_stopping_early_finds_the_same_ones(self, desk: Desk, limit: int) -> None:
        truth = sorted(truly_waiting(desk).items(), key=lambda pair: (pair[1], pair[0]))[:limit]
        answer = await desk.run("triage_inbox", limit=limit, unanswered_only=True)
        assert ids(answer) == [pair[0] for pair in truth]
        assert answer["looked_at"] < answer["total"]
        assert answer["looked_at"] + answer["left_out"]["newer_than_those_shown"] == answer["total"]

    async def test_everything_is_shown_or_counted_as_left_out(self, desk: Desk) -> None:
        for choice in ({}, {"tag": "billing"}, {"unanswered_only": True}, {"updated_within_minutes": 60}, {"limit": 2}):
            answer = await desk.run("triage_inbox", **choice)
            assert len(answer["conversations"]) + sum(answer.get("left_out", {}).values()) == answer["total"]

    async def test_a_bots_message_answers_and_a_private_note_does_not(self, desk: Desk) -> None:
        first, second = list(truly_waiting(desk))[:2]
        await desk.ask("send_message", conversation_id=first, body="note", type="private_note")
        await desk.ask("send_message", conversation_id=second, body="hello")
        waiting = [row["conversation_id"] for row in (await desk.run("triage_inbox", limit=50))["conversations"]
                   if "waiting" in row]  # fmt: skip
        assert first in waiting
        assert second not in waiting

    async def test_a_visitors_text_comes_on_one_short_line_without_hidden_characters(self, desk: Desk) -> None:
        (conversation, *_) = truly_waiting(desk)
        await desk.visitor_says(conversation, "<p>line\n\ntwo\u202e\u200b\U000e0041</p>" + "x" * 400)
        rows = (await desk.run("triage_inbox", limit=50))["conversations"]
        text = next(row["last_message"] for row in rows if row["conversation_id"] == conversation)
        assert text.startswith("line two")
        assert len(text) == 160
        assert unseen(text) == []

    async def test_times_to_wait_are_told_in_words(self, desk: Desk) -> None:
        (conversation, *_) = truly_waiting(desk)
        await desk.ask("send_message", conversation_id=conversation, body="hello")
        await desk.visitor_says(conversation, "hm")
        rows = (await desk.run("triage_inbox", limit=50))["conversations"]
        row = next(row for row in rows if row["conversation_id"] == conversation)
        assert (row["waiting"], row["waiting_since"]) == ("0m", iso(NOW))
        assert rows[0]["waiting"].endswith("h")

    async def test_bots_are_no_assignees_and_an_assignment_counts_alone(self, desk: Desk) -> None:
        first, second = list(truly_waiting(desk))[:2]
        desk.world.get("conversations", first)["participants"] = [302101, 302118]
        desk.world.get("conversations", second).update(participants=[302118, 302121], assignedUserId=302121)
        rows = (await desk.run("triage_inbox", limit=50))["conversations"]
        names = {row["conversation_id"]: row.get("assignees") for row in rows}
        assert (names[first], names[second]) == (["Devon Okafor"], ["Priya Raman"])


class TestFilters:
    async def test_a_tag_counts_without_case_and_others_are_not_read(self, desk: Desk) -> None:
        answer = await desk.run("triage_inbox", tag="BILLING")
        assert all("billing" in row["tags"] for row in answer["conversations"])
        assert sum(path.endswith("json_transcript") for _, path in desk.sent) == answer["looked_at"]
        assert answer["left_out"]["other_tags"] == 30 - answer["looked_at"]

    @pytest.mark.parametrize("account", ["kumoline.example", "KUMO", "Kumoline K.K."])
    async def test_an_account_is_found_by_domain_or_name(self, desk: Desk, account: str) -> None:
        answer = await desk.run("triage_inbox", account=account)
        assert [row["company"] for row in answer["conversations"]] == ["Kumoline K.K."]
        assert answer["looked_at"] == 1

    @pytest.mark.parametrize("account", [".", "..", "'; drop", "%", "x" * 400])
    async def test_a_hostile_account_finds_nothing_or_something_but_breaks_nothing(
        self, desk: Desk, account: str
    ) -> None:
        assert "conversations" in await desk.run("triage_inbox", account=account)

    async def test_a_least_wait_leaves_out_what_waits_less_or_is_answered(self, desk: Desk) -> None:
        answer = await desk.run("triage_inbox", waiting_at_least_minutes=600, limit=50)
        limit = iso(NOW - 600 * 60_000)
        assert set(ids(answer)) == {number for number, since in truly_waiting(desk).items() if since <= limit}

    async def test_other_statuses_can_be_asked_for(self, desk: Desk) -> None:
        answer = await desk.run("triage_inbox", status="pending")
        assert answer["total"] == 5
        assert answer["status"] == "pending"

    @pytest.mark.parametrize(
        "wrong", [{"limit": 51}, {"limit": 0}, {"status": "spam"}, {"waiting_at_least_minutes": -1}]
    )
    async def test_other_values_are_refused(self, desk: Desk, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArguments):
            await desk.run("triage_inbox", **wrong)


class TestCalls:
    @pytest.mark.parametrize("choice", [{}, {"account": "northpier"}, {"tag": "billing"}])
    async def test_nothing_is_fetched_twice(self, desk: Desk, choice: dict[str, Any]) -> None:
        await desk.run("triage_inbox", limit=50, **choice)
        assert max(Counter(desk.sent).values()) == 1
        assert desk.writes == []
        assert len(await desk.log()) == len(desk.sent)

    async def test_a_short_list_costs_few_calls(self, desk: Desk) -> None:
        answer = await desk.run("triage_inbox", limit=3, unanswered_only=True)
        # One list, the messages looked at, three contacts, one for accounts; users only if somebody takes part.
        assert len(desk.sent) <= 1 + answer["looked_at"] + 3 + 2

    async def test_progress_is_told(self, desk: Desk) -> None:
        told: list[tuple[float, float | None]] = []

        async def hear(done: float, total: float | None, _: str) -> None:
            told.append((done, total))

        await desk.run("triage_inbox", Caller(progress=hear), limit=50)
        assert told == [(10, 30), (20, 30), (30, 30)]

    async def test_cancelling_ends_it_at_once(self, desk: Desk) -> None:
        reached = anyio.Event()

        async def hang() -> None:
            reached.set()
            await anyio.sleep_forever()

        desk.fail("GET", TRANSCRIPT, hook=hang)
        answered = []

        async def triage() -> None:
            answered.append(await desk.run("triage_inbox"))

        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                group.start_soon(triage)
                await reached.wait()
                group.cancel_scope.cancel()
        assert answered == []
        assert len(desk.sent) <= 1 + 5


class TestWhenPartsFail:
    @pytest.mark.parametrize("way", ["404", "excluded"])
    async def test_without_the_catalogues_list_the_documented_one_gives_the_same(
        self, desk: Desk, open_desk: Callable[..., Desk], way: str
    ) -> None:
        whole = await desk.run("triage_inbox", limit=8)
        other = open_desk(**({"exclude_tools": "list_conversations_by_status"} if way == "excluded" else {}))
        if way == "404":
            other.fail("GET", BY_STATUS, status=404)
        assert await other.run("triage_inbox", limit=8) == whole
        tagged = await other.run("triage_inbox", tag="demo")
        assert tagged["conversations"]

    async def test_without_the_json_transcript_the_documented_messages_give_the_same(
        self, desk: Desk, open_desk: Callable[..., Desk]
    ) -> None:
        whole = await desk.run("triage_inbox", limit=50)
        other = open_desk()
        other.fail("GET", TRANSCRIPT, status=404)
        assert await other.run("triage_inbox", limit=50) == whole

    async def test_contacts_that_may_not_be_read_are_not_called_anonymous_and_said_once(
        self, open_desk: Callable[..., Desk]
    ) -> None:
        desk = open_desk(scopes=["conversation_read", "user_read", "account_read"])
        answer = await desk.run("triage_inbox", limit=5)
        assert [row for row in answer["conversations"] if "who" in row] == []
        (problem,) = answer["problems"]
        assert (problem["part"], problem["kind"], problem["count"]) == ("contacts", "forbidden", 5)
        assert problem["next"]

    async def test_one_conversation_that_cannot_be_read_is_still_shown(self, desk: Desk) -> None:
        (conversation, *_) = truly_waiting(desk)
        desk.fail("GET", rf"/conversations/{conversation}/(json_transcript|messages)", status=500)
        answer = await desk.run("triage_inbox", limit=50, unanswered_only=True)
        row = next(row for row in answer["conversations"] if row["conversation_id"] == conversation)
        assert "waiting" not in row
        assert [problem["part"] for problem in answer["problems"]] == ["messages"]
        assert answer["problems"][0]["conversation_ids"] == [conversation]

    async def test_one_problem_of_several_conversations_names_each(self, desk: Desk) -> None:
        first, second, *_ = truly_waiting(desk)
        desk.fail("GET", rf"/conversations/({first}|{second})/(json_transcript|messages)", status=500)
        answer = await desk.run("triage_inbox", limit=50, unanswered_only=True)
        (problem,) = answer["problems"]
        assert (problem["count"], set(problem["conversation_ids"])) == (2, {first, second})

    async def test_when_no_messages_can_be_read_it_stops_trying(self, open_desk: Callable[..., Desk]) -> None:
        desk = open_desk(total=2.0)  # for each of its calls, before it takes no for an answer
        desk.fail("GET", r"/conversations/\d+/(json_transcript|messages)", status=429)
        answer = await desk.run("triage_inbox")
        assert answer["left_out"]["not_tried_after_failures"] == 20
        assert answer["looked_at"] == 10
        assert answer["problems"][0]["kind"] == "rate_limited"

    async def test_without_users_and_accounts_ids_and_domains_are_shown(self, desk: Desk) -> None:
        desk.fail("GET", "/users", status=500)
        desk.fail("GET", "/accounts", status=500)
        answer = await desk.run("triage_inbox", limit=50)
        assert {problem["part"] for problem in answer["problems"]} == {"assignees", "companies"}
        assert any(name.isdigit() for row in answer["conversations"] for name in row.get("assignees", ()))
        assert any("company" in row for row in answer["conversations"])

    async def test_without_any_list_there_is_no_answer(self, desk: Desk, open_desk: Callable[..., Desk]) -> None:
        desk.fail("GET", BY_STATUS, status=500)
        with pytest.raises(ServerFault):
            await desk.run("triage_inbox")
        with pytest.raises(Forbidden):
            await open_desk(scopes=["contact_read"]).run("triage_inbox")

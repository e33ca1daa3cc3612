"""A reply with a note and a status: all in one, each once, and said exactly when something fails."""

from collections.abc import Callable
from typing import Any

import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import NotFound, ServerFault, TimedOut
from drift_mcp.workflow import NotAllowed
from tests.workflows.desk import Desk


async def number(desk: Desk) -> int:
    """Some open conversation."""
    return int((await desk.ask("list_conversations", status=["open"], limit=1))["items"][0]["id"])


@pytest.fixture
async def conversation(desk: Desk) -> int:
    found = await number(desk)
    desk.sent.clear()
    return found


def messages(desk: Desk, conversation: int) -> list[dict[str, Any]]:
    return [row for row in desk.world.rows("messages") if row["conversationId"] == conversation]


class TestAllInOne:
    async def test_reply_note_and_status_are_done_in_this_order(self, desk: Desk, conversation: int) -> None:
        answer = await desk.run(
            "reply_to_conversation", conversation_id=conversation, body="Yes & no", buttons=["Fine"], note="Ask <Ana>",
            status="closed", user_id=302118,
        )  # fmt: skip
        assert answer["done"] == ["reply", "note", "status"]
        assert not {"not_done", "problems"} & set(answer)
        reply, note = messages(desk, conversation)[-2:]
        assert (reply["id"], note["id"]) == (answer["message_id"], answer["note_id"])
        assert (reply["type"], reply["body"], reply["buttons"][0]["label"]) == ("chat", "Yes &amp; no", "Fine")
        assert (note["type"], note["body"]) == ("private_note", "Ask &lt;Ana&gt;")
        assert {reply["author"]["id"], note["author"]["id"]} == {302118}
        assert desk.world.get("conversations", conversation)["status"] == answer["status"] == "closed"

    async def test_it_answers_the_tail_of_the_thread(self, desk: Desk, conversation: int) -> None:
        answer = await desk.run("reply_to_conversation", conversation_id=conversation, body="x" * 900, note="n")
        assert len(answer["tail"]) <= 4
        assert answer["tail"][-1] == {"author": "bot", "private": True, "text": "n", "at": "2026-03-02T12:00:00Z"}
        assert len(answer["tail"][-2]["text"]) == 300

    async def test_it_costs_one_call_for_each_thing_and_one_for_the_tail(self, desk: Desk, conversation: int) -> None:
        path = f"/conversations/{conversation}"
        await desk.run("reply_to_conversation", conversation_id=conversation, body="a")
        assert desk.sent == [("POST", f"{path}/messages"), ("GET", f"{path}/json_transcript")]
        desk.sent.clear()
        await desk.run("reply_to_conversation", conversation_id=conversation, body="a", note="n", status="open")
        assert desk.writes == [("POST", f"{path}/messages")] * 2 + [("PATCH", f"/v2{path}")]
        assert len(desk.sent) == 4

    @pytest.mark.parametrize(
        "wrong", [{"body": ""}, {"body": "a\x00b"}, {"body": "x", "status": "spam"}, {"body": "x", "buttons": ["a\nb"]},
                  {"body": "x", "notes": "typo"}, {"body": "x" * 50_001}]
    )  # fmt: skip
    async def test_hostile_arguments_send_nothing(self, desk: Desk, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArguments):
            await desk.run("reply_to_conversation", conversation_id=1, **wrong)
        assert desk.sent == []


class TestWhenPartsFail:
    async def test_without_the_reply_nothing_else_is_done(self, desk: Desk, conversation: int) -> None:
        desk.fail("POST", r"/conversations/\d+/messages", status=500)
        with pytest.raises(ServerFault):
            await desk.run("reply_to_conversation", conversation_id=conversation, body="a", note="n", status="closed")
        assert {method for method, _ in desk.writes} == {"POST"}
        assert len(desk.writes) == 2  # once more after a look: it was not applied

    async def test_an_unknown_conversation_is_not_found(self, desk: Desk) -> None:
        with pytest.raises(NotFound):
            await desk.run("reply_to_conversation", conversation_id=1, body="a")

    async def test_a_reply_whose_answer_is_lost_is_not_sent_again(self, desk: Desk, conversation: int) -> None:
        before = len(messages(desk, conversation))
        desk.fail("POST", r"/conversations/\d+/messages", lost=True)
        with pytest.raises(TimedOut) as lost:
            await desk.run("reply_to_conversation", conversation_id=conversation, body="a", note="n")
        assert lost.value.maybe_applied
        assert len(messages(desk, conversation)) == before + 1

    @pytest.mark.parametrize("lost", [False, True])
    async def test_after_a_failed_note_the_status_stays(self, desk: Desk, conversation: int, lost: bool) -> None:
        async def once_replied() -> None:
            pass

        desk.fail("POST", r"/conversations/\d+/messages", times=1, hook=once_replied)
        desk.fail("POST", r"/conversations/\d+/messages", **({"lost": True} if lost else {"status": 400}))
        if lost:  # and it cannot be looked up
            desk.fail("GET", r"/conversations/\d+/messages", status=400, times=1)
        answer = await desk.run(
            "reply_to_conversation", conversation_id=conversation, body="a", note="n", status="closed"
        )
        assert answer["done"] == ["reply"]
        assert answer["not_done"] == (["status"] if lost else ["note", "status"])
        assert answer.get("unclear", []) == (["note"] if lost else [])
        (problem,) = answer["problems"]
        assert problem["part"] == "note"
        assert len(desk.writes) == 2
        assert desk.world.get("conversations", conversation)["status"] == "open"
        assert "a" in [message["text"] for message in answer["tail"]]

    @pytest.mark.parametrize("way", ["404", "excluded"])
    async def test_a_drift_without_status_changes_is_told_of(self, open_desk: Callable[..., Desk], way: str) -> None:
        desk = open_desk(**({"exclude_tools": "update_conversation"} if way == "excluded" else {}))
        if way == "404":
            desk.fail("PATCH", r"/v2/conversations/\d+", status=404)
        answer = await desk.run("reply_to_conversation", conversation_id=await number(desk), body="a", status="closed")
        assert (answer["done"], answer["not_done"]) == (["reply"], ["status"])
        assert [problem["part"] for problem in answer["problems"]] == ["status"]
        assert answer["tail"]

    async def test_without_the_tail_the_rest_is_answered(self, desk: Desk, conversation: int) -> None:
        desk.fail("GET", r"/conversations/\d+/(json_transcript|messages)", status=500)
        answer = await desk.run("reply_to_conversation", conversation_id=conversation, body="a", status="pending")
        assert answer["done"] == ["reply", "status"]
        assert [problem["part"] for problem in answer["problems"]] == ["tail"]

    async def test_where_messages_may_not_be_sent_it_says_which_tool_that_is(
        self, open_desk: Callable[..., Desk]
    ) -> None:
        desk = open_desk(exclude_tools="send_message")
        with pytest.raises(NotAllowed) as refused:
            await desk.run("reply_to_conversation", conversation_id=1, body="a")
        assert refused.value.name == "send_message"

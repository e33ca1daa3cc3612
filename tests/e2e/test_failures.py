"""Every way a call can fail is a result that says what failed and what to do next."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from . import broken_drift as broken
from .agent import Agent
from .broken_drift import BrokenDrift
from .catalogue import DANGEROUS, ENTRIES, EVERYTHING, OPERATIONS, plausible_arguments

TOKEN = "the-token-nobody-may-see-4711"


class TestDriftRefuses:
    def test_a_wrong_token(self, connect: Callable[..., Any], drift: Any) -> None:
        with connect(env=drift.env | {"DRIFT_ACCESS_TOKEN": TOKEN}) as agent:
            error = agent.refused("list_conversations")
            assert len(agent.tools()) > 10
        assert (error["kind"], error["status"]) == ("unauthorized", 401)
        assert "token" in error["next"]
        assert TOKEN not in str(error)

    def test_a_blank_token_is_no_token(self, connect: Callable[..., Any], drift: Any) -> None:
        with connect(env=drift.env | {"DRIFT_ACCESS_TOKEN": "  "}) as agent:
            assert agent.refused("list_conversations")["kind"] == "not_connected"
        assert drift.requests() == []

    def test_a_missing_scope_by_its_name_for_every_operation(self, connect: Callable[..., Any], drift: Any) -> None:
        with connect(env=drift.env | EVERYTHING | {"DRIFT_ACCESS_TOKEN": drift.issue_token()}) as agent:
            for name in [name for name in OPERATIONS if ENTRIES[name].scope]:
                error = agent.refused(name, **plausible_arguments(name))
                assert (error["kind"], error["status"]) == ("forbidden", 403), name
                assert ENTRIES[name].scope in error["message"], name
                assert "new token" in error["next"], name

    def test_a_dangerous_operation_is_refused_until_the_operator_allows_it(
        self, connect: Callable[..., Any], drift: Any
    ) -> None:
        with connect(env=drift.env) as agent:
            for name in DANGEROUS:
                error = agent.refused(name, **plausible_arguments(name))
                assert error["kind"] == "not_allowed", name
        assert [request for request in drift.requests() if request["path"] != "/app/token_info"] == []
        assert DANGEROUS

    def test_one_scope_opens_what_needs_it_and_nothing_else(self, connect: Callable[..., Any], drift: Any) -> None:
        with connect(env=drift.env | {"DRIFT_ACCESS_TOKEN": drift.issue_token("conversation_read")}) as agent:
            assert agent.ask("list_conversations", limit=1)["count"] == 1
            error = agent.refused("create_conversation", email="jo@acme.example", body="Hi")
            assert error["kind"] == "forbidden"
            assert "conversation_write" in error["message"]

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("get_conversation", {"conversation_id": 1}),
            ("get_conversation_transcript", {"conversation_id": 2**63 - 1}),
            ("list_messages", {"conversation_id": 1}),
            ("send_message", {"conversation_id": 1, "body": "Hi"}),
            ("download_attachment", {"document_id": 1}),
            ("get_contact", {"contact_id": 1}),
            ("update_contact", {"contact_id": 1, "name": "Jo"}),
            ("update_contact_by_external_id", {"external_id": "nobody", "name": "Jo"}),
            ("delete_contact", {"contact_id": 1}),
            ("post_timeline_event", {"contact_id": 1, "event": "Renewed"}),
            ("get_account", {"account_id": "1_nobody.example"}),
            ("delete_account", {"account_id": "1_nobody.example"}),
            ("get_user", {"user_id": 1}),
            ("update_user", {"user_id": 1, "alias": "Jo"}),
        ],
    )
    def test_what_does_not_exist(self, agent: Agent, name: str, arguments: dict[str, Any]) -> None:
        error = agent.refused(name, **arguments)
        assert (error["kind"], error["status"]) == ("not_found", 404)
        assert "id" in error["next"]

    @pytest.mark.parametrize(
        ("name", "arguments", "words"),
        [
            ("create_account", {"owner_id": 1, "name": "A", "domain": "a.example"}, "ownerId"),
            ("create_account", {"owner_id": 302114, "name": "A", "domain": "a/b"}, "domain"),
            ("create_conversation", {"email": "j@a.example", "body": "Hi", "auto_assignee_id": 1}, "autoAssigneeId"),
            ("send_message", {"user_id": 1, "body": "Hi"}, "userId"),
        ],
    )
    def test_what_drift_finds_invalid_in_drifts_own_words(
        self, agent: Agent, name: str, arguments: dict[str, Any], words: str
    ) -> None:
        if name == "send_message":
            arguments = arguments | {"conversation_id": agent.ask("list_conversations", limit=1)["items"][0]["id"]}
        error = agent.refused(name, **arguments)
        assert (error["kind"], error["status"]) == ("invalid_request", 400)
        assert words in error["drift_says"]

    def test_a_cursor_that_drift_did_not_give(self, agent: Agent) -> None:
        assert agent.refused("list_conversations", cursor="page_token=nonsense")["kind"] == "invalid_request"
        assert agent.refused("list_conversations", cursor="limit=5")["kind"] == "invalid_arguments"


class TestTheAgentErrs:
    @pytest.mark.parametrize(
        ("wrong", "right"),
        [
            ("list_conversation", "list_conversations"),
            ("sendMessage", "send_message"),
            ("get_contacts", "get_contact"),
            ("createContact", "create_contact"),
        ],
    )
    def test_a_misspelt_tool_is_answered_with_the_right_one(self, agent: Agent, wrong: str, right: str) -> None:
        error = agent.refused(wrong, conversation_id=1)
        assert error["kind"] == "unknown_tool"
        assert right in error["next"]

    def test_a_tool_like_no_other_is_answered_with_the_way_to_the_list(self, agent: Agent) -> None:
        for name in ("", "x" * 10_000, "weather\n\u202e", "__init__"):
            error = agent.refused(name)
            assert error["kind"] == "unknown_tool"
            assert "List" in error["next"]

    @pytest.mark.parametrize(
        ("name", "wrong", "right"),
        [
            ("send_message", "bodi", "body"),
            ("list_conversations", "statuses", "status"),
            ("find_contacts_by_email", "mail", "email"),
            ("update_user", "availabilty", "availability"),
        ],
    )
    def test_a_misspelt_argument_is_answered_with_the_right_one(
        self, agent: Agent, name: str, wrong: str, right: str
    ) -> None:
        arguments = plausible_arguments(name)
        arguments.pop(right, None)
        error = agent.refused(name, **arguments, **{wrong: "x"})
        assert error["kind"] == "invalid_arguments"
        assert f"did you mean {right}" in error["message"]


class TestDriftIsBroken:
    @pytest.fixture(scope="class")
    @classmethod
    def drift_gone_wrong(cls) -> Iterator[BrokenDrift]:
        with broken.broken_drift() as server:
            yield server

    @pytest.fixture(scope="class")
    @classmethod
    def env(cls, drift_gone_wrong: BrokenDrift) -> dict[str, str]:
        """For a server that waits a second for a Drift that misbehaves."""
        return {"DRIFT_BASE_URL": drift_gone_wrong.url, "DRIFT_ACCESS_TOKEN": TOKEN, "DRIFT_TOTAL_TIMEOUT": "1"}

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, connect: Callable[..., Any], env: dict[str, str]) -> Iterator[Agent]:
        with connect(env=env) as agent:
            yield agent

    @pytest.fixture
    def victim(self, server: Agent) -> Agent:
        """An agent of a server that has just had a good answer: too many bad ones on end, and it stops asking."""
        server.call("get_contact", contact_id=broken.ODD_SHAPE)
        return server

    @pytest.fixture
    def limited(self, connect: Callable[..., Any], env: dict[str, str]) -> Iterator[Agent]:
        """An agent of a server of its own: once told to slow down, it waits before every other call."""
        with connect(env=env) as agent:
            yield agent

    @pytest.mark.parametrize(
        ("contact_id", "kind"),
        [
            (broken.ECHO, "invalid_request"),
            (broken.NOT_JSON, "broken_answer"),
            (broken.CUT_SHORT, "connection_lost"),
            (broken.HANG_UP, "connection_lost"),
            (broken.HTML_FAULT, "drift_fault"),
            (broken.REDIRECT, "unexpected_answer"),
            (broken.NO_CONTENT, "broken_answer"),
            (broken.OLD_ERRORS, "invalid_request"),
            (broken.TEXT_ERROR, "not_found"),
            (broken.TEAPOT, "unexpected_answer"),
            (broken.BAD_GZIP, "broken_answer"),
        ],
    )
    def test_an_answer_that_cannot_be_used(self, victim: Agent, contact_id: int, kind: str) -> None:
        error = victim.refused("get_contact", contact_id=contact_id)
        assert error["kind"] == kind
        assert TOKEN not in str(error)

    @pytest.mark.parametrize("contact_id", [broken.SILENT, broken.TRICKLE])
    def test_an_answer_that_does_not_come(self, victim: Agent, contact_id: int) -> None:
        began = time.monotonic()
        error = victim.refused("get_contact", contact_id=contact_id)
        assert error["kind"] == "timeout"
        assert time.monotonic() - began > 0.9

    def test_drifts_words_are_passed_on_from_every_kind_of_error_body(self, victim: Agent) -> None:
        assert "contactId: is no id" in victim.refused("get_contact", contact_id=broken.OLD_ERRORS)["drift_says"]
        assert "contact not found" in victim.refused("get_contact", contact_id=broken.TEXT_ERROR)["drift_says"]
        assert "may not do that" in victim.refused("get_contact", contact_id=broken.ECHO)["drift_says"]

    def test_how_long_to_wait_is_passed_on_and_the_next_call_does_not_even_ask(
        self, limited: Agent, drift_gone_wrong: BrokenDrift
    ) -> None:
        error = limited.refused("get_contact", contact_id=broken.LIMITED)
        assert error["kind"] == "rate_limited"
        assert 17 <= error["retry_after_seconds"] <= 25  # not all who wait come back at once
        assert "Slow down" in error["drift_says"]
        drift_gone_wrong.seen.clear()
        error = limited.refused("get_contact", contact_id=broken.ODD_SHAPE)
        assert error["kind"] == "rate_limited"
        assert 10 < error["retry_after_seconds"] <= 25
        assert drift_gone_wrong.seen == []

    def test_a_redirect_is_not_followed(self, victim: Agent, drift_gone_wrong: BrokenDrift) -> None:
        drift_gone_wrong.seen.clear()
        victim.refused("get_contact", contact_id=broken.REDIRECT)
        assert drift_gone_wrong.seen == [f"GET /contacts/{broken.REDIRECT}"]

    @pytest.mark.parametrize("contact_id", [broken.HANG_UP, broken.HTML_FAULT, broken.SILENT, broken.NOT_JSON])
    def test_a_lost_answer_to_a_write_says_that_it_may_have_been_applied(self, victim: Agent, contact_id: int) -> None:
        error = victim.refused("update_contact", contact_id=contact_id, name="Jo")
        assert error["may_have_been_applied"] is True
        assert "may have been applied" in error["next"]

    def test_an_answer_of_another_shape_is_shown_and_does_not_break_the_server(self, victim: Agent) -> None:
        result = victim.call("get_contact", contact_id=broken.ODD_SHAPE)
        assert result.structured_content

    def test_a_dead_drift(self, connect: Callable[..., Any]) -> None:
        with broken.broken_drift() as gone:
            env = {"DRIFT_BASE_URL": gone.url, "DRIFT_ACCESS_TOKEN": TOKEN}
        with connect(env=env) as agent:
            for name, arguments in (("list_conversations", {}), ("create_contact", {"email": "jo@acme.example"})):
                error = agent.refused(name, **arguments)
                assert error["kind"] == "unreachable"
                assert "may_have_been_applied" not in error

    def test_calls_at_the_same_time_do_not_wait_for_each_other(self, victim: Agent) -> None:
        async def both() -> float:
            import anyio

            began = anyio.current_time()
            async with anyio.create_task_group() as tasks:
                for _ in range(8):
                    tasks.start_soon(victim.client.call_tool, "get_contact", {"contact_id": broken.SILENT})
            return anyio.current_time() - began

        assert victim.portal.call(both) < 4

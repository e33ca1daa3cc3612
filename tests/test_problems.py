"""What an agent is told when a call fails."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_mcp import problems
from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift import errors
from drift_mcp.drift.errors import DriftError
from tests.drift.test_errors import kinds
from tests.support.operations import OPERATIONS
from tests.support.properties import any_text, dirty_text, modest, unseen

READ, ONCE, AGAIN = OPERATIONS["get_contact"], OPERATIONS["send_message"], OPERATIONS["delete_contact"]
each_kind = pytest.mark.parametrize("kind", sorted(kinds(), key=lambda kind: kind.kind), ids=lambda kind: kind.kind)


def told(error: DriftError, operation: Any = READ) -> dict[str, Any]:
    found: dict[str, Any] = problems.drift_failed(operation, error)
    assert set(found) == {"error"}
    return dict(found["error"])


class TestEveryKind:
    @each_kind
    def test_it_says_what_failed_and_what_to_do_next(self, kind: type[DriftError]) -> None:
        error = told(kind(status=418))
        assert error["kind"] == kind.kind
        assert error["message"].endswith(".")
        assert len(error["next"]) >= 10

    def test_no_two_kinds_are_told_in_the_same_words(self) -> None:
        messages = [told(kind())["message"] for kind in kinds()]
        assert len(set(messages)) == len(messages)

    @each_kind
    def test_drifts_own_words_stand_apart_from_this_servers_and_the_status_with_them(
        self, kind: type[DriftError]
    ) -> None:
        found = told(kind("the email is taken", status=400))
        own = kind in {errors.NotConnected, errors.NoClient, errors.AnswerTooLarge}
        assert ("the email is taken" in found["message"]) is own
        assert found.get("drift_says") == (None if own else "the email is taken")
        assert found["status"] == 400

    @each_kind
    def test_without_a_status_none_is_told(self, kind: type[DriftError]) -> None:
        assert "status" not in told(kind())

    @modest
    @given(words=dirty_text)
    def test_drifts_words_are_cleaned_of_invisible_characters(self, words: str) -> None:
        assert unseen(told(errors.InvalidRequest(words))) == []


class TestNoToken:
    ASK = "Ask the user to run `drift-mcp login --token`."

    def test_what_the_credential_asks_of_the_user_is_said_once_as_what_to_do_next(self) -> None:
        found = told(errors.NotConnected(f"The token has ended. {self.ASK}"))
        assert found["message"].endswith("nothing was sent. The token has ended.")
        assert found["next"] == self.ASK

    def test_where_nothing_is_known_of_it_the_ways_are_told_and_each_works_without_an_app(self) -> None:
        assert "run `drift-mcp login --token`;" in told(errors.NotConnected())["next"]

    def test_what_the_credential_says_that_asks_for_nothing_is_to_be_put_right(self) -> None:
        assert "`drift-mcp doctor`" in told(errors.NotConnected("The file cannot be read."))["next"]


class TestScope:
    def test_a_refusal_names_the_scope_that_the_operation_needs(self) -> None:
        found = told(errors.Forbidden("no", status=403), ONCE)
        assert "conversation_write" in found["message"]
        assert "new token" in found["next"]

    def test_an_operation_without_a_scope_names_none(self) -> None:
        assert "needs the scope" not in told(errors.Forbidden(), OPERATIONS["list_events"])["message"]


class TestWaiting:
    @pytest.mark.parametrize("kind", [errors.RateLimited, errors.ServerFault, errors.Unreachable])
    def test_where_waiting_helps_a_time_is_told(self, kind: type[DriftError]) -> None:
        assert told(kind())["retry_after_seconds"] > 0

    @pytest.mark.parametrize("kind", [errors.NotFound, errors.Unauthorized, errors.InvalidRequest, errors.NotConnected])
    def test_where_waiting_does_not_help_none_is(self, kind: type[DriftError]) -> None:
        assert "retry_after_seconds" not in told(kind())

    def test_the_time_that_drift_names_counts(self) -> None:
        assert told(errors.RateLimited(retry_after=17.0))["retry_after_seconds"] == 17.0
        assert told(errors.RateLimited(retry_after=0.0))["retry_after_seconds"] == 0.0

    @pytest.mark.parametrize(
        ("asked", "words"), [(600.0, "10 minutes"), (86_400.0, "24 hours"), (2_304_000_000.0, "26,667 days")]
    )
    def test_what_drift_asks_for_is_told_where_a_call_tries_sooner(self, asked: float, words: str) -> None:
        error = errors.RateLimited(retry_after=310.0)
        error.asked = asked
        said = told(error)
        assert f"no call within {words}; one is tried sooner" in said["message"]
        assert said["retry_after_seconds"] == 310.0


class TestLostAnswers:
    LOST = (errors.TimedOut, errors.ConnectionLost, errors.BrokenAnswer, errors.ServerFault, errors.AnswerTooLarge)

    @pytest.mark.parametrize("kind", LOST)
    def test_a_write_whose_answer_is_lost_may_have_been_applied(self, kind: type[DriftError]) -> None:
        found = told(kind(maybe_applied=True), ONCE)
        assert found["may_have_been_applied"] is True
        assert "may have been applied" in found["next"]
        assert "only if it was not" in found["next"]

    @each_kind
    def test_it_is_not_told_that_nothing_was_sent_where_an_earlier_try_was(self, kind: type[DriftError]) -> None:
        assert "nothing was sent" not in told(kind(maybe_applied=True), AGAIN)["message"]

    @pytest.mark.parametrize("kind", LOST)
    def test_a_write_that_can_be_repeated_says_so(self, kind: type[DriftError]) -> None:
        found = told(kind(maybe_applied=True), AGAIN)
        assert found["may_have_been_applied"] is True
        assert "safe" in found["next"]

    @pytest.mark.parametrize("operation", [READ, ONCE, AGAIN], ids=lambda operation: operation.name)
    def test_nothing_is_said_of_what_was_not_sent_or_only_read(self, operation: Any) -> None:
        assert "may_have_been_applied" not in told(errors.Unreachable(), operation)
        assert "may_have_been_applied" not in told(errors.TimedOut(maybe_applied=True), READ)


class TestNotFound:
    def test_an_operation_that_only_catalogues_name_may_not_exist_and_has_a_documented_way(self) -> None:
        found = told(errors.NotFound(status=404), OPERATIONS["create_note"])
        assert "third-party catalogues" in found["message"]
        assert "private_note" in found["next"]

    def test_a_documented_operation_exists(self) -> None:
        assert "catalogues" not in told(errors.NotFound(status=404))["message"]


class TestOwnProblems:
    def test_all_the_arguments_problems_are_listed_with_the_tools_name(self) -> None:
        error = problems.invalid_arguments(READ, InvalidArguments(["a is missing", "b: must be one line"]))["error"]
        assert error["kind"] == "invalid_arguments"
        assert error["message"].startswith("get_contact: ")
        assert "a is missing; b: must be one line" in error["message"]

    def test_a_flood_of_problems_has_an_end(self) -> None:
        error = problems.invalid_arguments(READ, InvalidArguments([f"p{n} is missing" for n in range(1_000)]))["error"]
        assert len(error["message"]) < 1_000

    @modest
    @given(name=st.one_of(any_text, st.text("ab\u202e", min_size=100, max_size=500)))
    def test_an_unknown_tools_name_is_shown_short_and_clean(self, name: str) -> None:
        found = problems.unknown_tool(name, None)
        assert unseen(found) == []
        assert len(found["error"]["message"]) < 400

    def test_an_unknown_tool_leads_to_a_close_one(self) -> None:
        assert "get_contact?" in problems.unknown_tool("get_contcat", "get_contact")["error"]["next"]

    def test_a_fault_of_the_server_says_nothing_of_its_cause(self) -> None:
        read, write = problems.internal(READ), problems.internal(ONCE)
        assert read["error"]["kind"] == write["error"]["kind"] == "internal_error"
        assert "may_have_been_applied" not in read["error"]
        assert write["error"]["may_have_been_applied"] is True
        assert "Try once more" not in write["error"]["next"]

    def test_a_forbidden_tool_is_named_and_no_reason_given(self) -> None:
        error = problems.not_allowed("delete_contact")["error"]
        assert error["kind"] == "not_allowed"
        assert "delete_contact" in error["message"]

"""From what an agent passes to a validated request."""

import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from drift_mcp.arguments import InvalidArguments, parse
from drift_mcp.fields import Id, Line
from drift_mcp.operation import Access, Operation, Request, Result
from tests.support.operations import OPERATIONS
from tests.support.properties import few, modest


class Part(Request):
    name: Line
    size: int | None = None


class Everything(Request):
    contact_id: Id
    numbers: list[int] | None = None
    words: Annotated[list[Line] | None, Field(max_length=3)] = None
    kind: Literal["red", "blue"] | None = None
    parts: list[Part] | None = None
    part: Part | None = None
    free: dict[str, Any] | None = None
    label: Line | None = None
    on: bool | None = None


OPERATION = Operation(
    name="do_everything", title="", summary="", intents=(), method="POST", path="/x", toolset="app", scope=None,
    access=Access.WRITE, request=Everything, result=Result,
)  # fmt: skip


def taken(**arguments: Any) -> dict[str, Any]:
    """What is left of `arguments` in the request, the id aside."""
    request = parse(OPERATION, {"contact_id": 1, **arguments})
    return request.model_dump(exclude_none=True, exclude={"contact_id"})


def told(operation: Operation, arguments: dict[str, Any]) -> list[str]:
    """The problems of `arguments`, none when they are taken. Any other exception passes through."""
    try:
        parse(operation, arguments)
    except InvalidArguments as error:
        return [*error.problems, str(error)]
    return []


def problems(arguments: dict[str, Any], operation: Operation = OPERATION) -> list[str]:
    with pytest.raises(InvalidArguments) as caught:
        parse(operation, arguments)
    return caught.value.problems


class TestWhatIsUnambiguous:
    def test_a_number_may_come_as_text(self) -> None:
        assert parse(OPERATION, {"contact_id": "17035536800"}) == parse(OPERATION, {"contact_id": 17035536800})

    def test_a_text_may_come_as_a_number(self) -> None:
        assert taken(label=8812) == {"label": "8812"}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("numbers", [1, 2]), ("words", ["a", "b"]), ("parts", [{"name": "a", "size": 2}]),
            ("free", {"a": [1, {"b": None}]}),
        ],
    )  # fmt: skip
    def test_a_list_or_an_object_may_come_as_json_text(self, name: str, value: Any) -> None:
        assert taken(**{name: json.dumps(value)}) == taken(**{name: value})
        assert taken(**{name: f"\n {json.dumps(value)} "}) == taken(**{name: value})

    @pytest.mark.parametrize(
        ("name", "scalar", "as_list"),
        [("numbers", 7, [7]), ("numbers", "7", [7]), ("words", "solo", ["solo"]), ("words", 5, ["5"])],
    )
    def test_one_value_may_come_where_a_list_is_wanted(self, name: str, scalar: Any, as_list: list[Any]) -> None:
        assert taken(**{name: scalar}) == {name: as_list}

    def test_one_object_may_come_where_a_list_of_objects_is_wanted(self) -> None:
        assert taken(parts={"name": "a"}) == {"parts": [{"name": "a"}]}

    def test_null_is_the_same_as_leaving_out(self) -> None:
        assert taken(numbers=None, kind=None, free=None) == {}
        assert "contact_id is missing" in problems({"contact_id": None})

    def test_drifts_own_camel_case_names_are_understood(self) -> None:
        assert parse(OPERATION, {"contactId": 5}) == parse(OPERATION, {"contact_id": 5})

    @pytest.mark.parametrize("value", ["[228225, 243266]", 228225])
    def test_drifts_own_names_are_as_forgiving_as_ours(self, value: Any) -> None:
        operation = OPERATIONS["get_users"]
        assert parse(operation, {"userId": value}) == parse(operation, {"user_ids": value})

    def test_text_that_only_looks_like_json_stays_text_where_text_is_wanted(self) -> None:
        assert taken(label="[x] not a list") == {"label": "[x] not a list"}
        message = parse(OPERATIONS["send_message"], {"conversation_id": 1, "body": '{"a": 1}'})
        assert message.model_dump()["body"] == '{"a": 1}'

    def test_the_arguments_given_are_not_changed(self) -> None:
        arguments = {"contact_id": "1", "numbers": "[1]", "free": {"a": 1}}
        before = json.dumps(arguments)
        parse(OPERATION, arguments)
        assert json.dumps(arguments) == before


class TestWhatIsRefused:
    def test_a_misspelled_name_leads_to_the_right_one(self) -> None:
        assert problems({"contact_id": 1, "lable": "x"}) == ['there is no argument "lable"; did you mean label?']

    def test_a_name_like_none_lists_what_there_is(self) -> None:
        (problem,) = problems({"contact_id": 1, "zzz": 1})
        assert '"zzz"' in problem
        assert all(name in problem for name in Everything.model_fields)

    def test_an_operation_without_arguments_says_so(self) -> None:
        assert problems({"zzz": 1}, OPERATIONS["get_conversation_stats"]) == [
            'there is no argument "zzz"; it takes no arguments'
        ]

    def test_a_missing_argument_is_named_as_the_agent_knows_it(self) -> None:
        assert problems({}) == ["contact_id is missing"]

    def test_a_wrong_argument_is_named_as_the_agent_knows_it(self) -> None:
        (problem,) = problems({"contact_id": "abc"})
        assert problem.startswith("contact_id: ")

    @pytest.mark.parametrize("name", list(OPERATIONS))
    def test_every_operation_names_its_missing_arguments_as_its_schema_does(self, name: str) -> None:
        operation = OPERATIONS[name]
        required = {field for field, info in operation.request.model_fields.items() if info.is_required()}
        if required:
            assert {f"{field} is missing" for field in required} <= set(problems({}, operation))

    def test_all_problems_are_told_at_once(self) -> None:
        found = problems({"kind": "green", "numbers": ["x"], "oops": 1, "words": ["a", "b", "c", "d"]})
        assert len(found) == 5
        for name in ("contact_id", "kind", "numbers", "oops", "words"):
            assert any(name in problem for problem in found), name

    def test_a_choice_names_its_options(self) -> None:
        (problem,) = problems({"contact_id": 1, "kind": "green"})
        assert "red" in problem
        assert "blue" in problem

    @pytest.mark.parametrize(
        ("operation", "argument", "value", "said"),
        [
            ("create_contact", "email", "nope", "email: is not an e-mail address"),
            ("unsubscribe_emails", "emails", ["a@b.example", "nope"], "emails: entry 2 is not an e-mail address"),
            (
                "get_contact",
                "contact_id",
                "a@b.example",
                "contact_id: must be a whole number; find the id with find_contacts_by_email",
            ),
            ("get_contact", "contact_id", "abc", "contact_id: must be a whole number"),
            ("get_contact", "contact_id", 0, "contact_id: must be at least 1"),
            ("list_conversations", "limit", 201, "limit: must be at most 200"),
            ("list_conversations", "status", ["opne"], "status: entry 1 must be open, closed or pending"),
            ("send_message", "type", "shout", "type: must be chat or private_note"),
            ("send_message", "body", "", "body: must not be empty"),
            ("send_message", "body", "x" * 50_001, "body: must have at most 50000 characters"),
            ("create_tag", "name", "", "name: must not be empty"),
            ("create_tag", "color", "red", "color: must have the form that its description gives"),
            ("remove_contact_tags", "tags", [], "tags: must not be empty"),
        ],
    )
    def test_it_is_said_in_words_for_who_passed_it(self, operation: str, argument: str, value: Any, said: str) -> None:
        assert said in problems({argument: value}, OPERATIONS[operation])

    def test_a_problem_deep_inside_says_where(self) -> None:
        (problem,) = problems({"contact_id": 1, "parts": [{"name": "ok"}, {"name": "x", "size": "many"}]})
        assert problem.startswith("parts.1.size: ")

    @pytest.mark.parametrize("text", ["[1, 2", "{", "[" * 5_000, '{"a": NaN'])
    def test_broken_json_text_is_refused_for_an_object(self, text: str) -> None:
        assert problems({"contact_id": 1, "part": text})[0].startswith("part")

    def test_a_name_given_twice_in_both_spellings_is_refused_in_words_that_make_sense(self) -> None:
        (problem,) = problems({"contact_id": 1, "contactId": 2})
        assert "did you mean contact_id" not in problem

    @pytest.mark.parametrize("value", [[], {}, [[]], "", "x" * 100_000, 10**30, -1, 1.5, True, False, {"a": {}}])
    def test_no_wrong_value_raises_anything_else(self, value: Any) -> None:
        for operation in OPERATIONS.values():
            for name in operation.request.model_fields:
                assert all(isinstance(problem, str) and problem for problem in told(operation, {name: value}))

    @few
    @given(
        secret=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=30), data=st.data()
    )
    def test_no_value_is_ever_repeated_in_what_is_told(self, secret: str, data: st.DataObject) -> None:
        secret = f"q{secret}Z"
        shapes = [
            secret,
            [secret],
            {"name": secret},
            [{"name": secret, "value": secret}],
            f'["{secret}"',
            f"{secret}/../x",
            f"a@b@{secret}",
            f"{secret}\x00",
            [[secret]],
            {"a": {"b": secret}},
        ]
        for operation in OPERATIONS.values():
            names = list(operation.request.model_fields)
            arguments = {name: data.draw(st.sampled_from(shapes)) for name in names}
            assert [problem for problem in told(operation, arguments) if secret in problem] == []


class TestSentences:
    @modest
    @given(st.text(st.characters(categories=["L", "N", "P", "Cc", "Cf"]), min_size=1, max_size=200))
    def test_an_unknown_name_never_makes_a_sentence_long_or_unreadable(self, name: str) -> None:
        if name in Everything.model_fields or name == "contactId":
            return
        (problem,) = problems({"contact_id": 1, name: 1})
        assert problem.isascii()
        assert problem.isprintable()
        assert len(problem) < 800

    def test_every_sentence_can_stand_alone(self) -> None:
        for problem in problems({"contact_id": "x", "kind": 1, "part": {"nome": 1}, "on": "perhaps"}):
            assert problem == problem.strip()
            assert "pydantic" not in problem.lower()
            assert "\n" not in problem

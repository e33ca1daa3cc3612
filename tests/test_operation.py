"""Every operation's request, beside what drift-api.md §6 documents: method, path, query and body."""

from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_mcp.arguments import InvalidArguments, parse
from drift_mcp.drift.wire import Expect, Inject
from drift_mcp.operation import Access, Provenance
from tests.support.each import for_each
from tests.support.operations import OPERATIONS, call_of
from tests.support.properties import any_text, few, many, modest
from tests.support.requests import ROWS, Row, example
from tests.support.sources import SOURCES


def ordered(query: Any) -> list[tuple[str, str]]:
    """A query without regard to the order of different names; the order of one name's values counts."""
    return sorted(query, key=lambda pair: pair[0])


@for_each("row", ROWS)
def test_an_operation_makes_the_documented_request(row: Row) -> None:
    call = call_of(row.name, row.arguments)
    assert (call.method, call.path) == (row.method, row.path)
    assert ordered(call.query) == ordered(row.query)
    assert call.body == row.body


def test_every_operation_has_its_documented_request_here() -> None:
    assert {row.name for row in ROWS} == set(OPERATIONS)


@for_each("name", OPERATIONS)
def test_method_and_path_are_those_of_the_sources(name: str) -> None:
    operation = OPERATIONS[name]
    assert (operation.method, operation.path.partition("?")[0]) == (SOURCES[name].method, SOURCES[name].path)


@for_each("row", ROWS)
def test_what_is_for_this_server_only_never_reaches_drift(row: Row) -> None:
    operation = OPERATIONS[row.name]
    local = {"detail": "full", "limit": 3, "cursor": "skip=1", "format": "html"}
    taken = {name: value for name, value in local.items() if name in operation.request.model_fields}
    call = call_of(row.name, row.arguments | taken)
    sent = {name for name, _ in call.query} | (set(call.body) if isinstance(call.body, dict) else set())
    documented = {name for name, _ in row.query} | (set(row.body) if isinstance(row.body, dict) else set())
    assert sent <= documented


@for_each("name", OPERATIONS)
def test_a_call_says_whether_it_writes_and_what_it_expects(name: str) -> None:
    operation = OPERATIONS[name]
    call = call_of(name, example(name))
    assert call.writes is (SOURCES[name].access != "read")
    assert operation.access == SOURCES[name].access
    expected = {"download_attachment": Expect.BYTES, "get_conversation_transcript": Expect.TEXT}
    assert call.expect is expected.get(name, Expect.JSON)


@for_each("name", OPERATIONS)
def test_only_the_two_calls_of_the_app_ask_for_a_secret(name: str) -> None:
    asked = {"get_token_info": Inject.TOKEN_IN_BODY, "uninstall_app": Inject.CLIENT_IN_QUERY}
    assert call_of(name, example(name)).inject is asked.get(name)


@for_each("name", OPERATIONS)
def test_the_prefix_stands_before_the_catalogues_operations_and_no_others(name: str) -> None:
    operation = OPERATIONS[name]
    request = parse(operation, example(name))
    path = operation.call(request).path
    foreign = SOURCES[name].provenance == "catalogue"
    assert (operation.provenance is Provenance.CATALOGUE) is foreign
    assert operation.call(request, catalogue_prefix="/v2").path == (f"/v2{path}" if foreign else path)


def text_parameters() -> list[tuple[str, str, int]]:
    """Every argument that is free text and becomes a segment of a path: operation, argument, place of the segment."""
    return [
        (operation.name, name, operation.path.split("/")[1:].index(f"{{{field.alias or name}}}"))
        for operation in OPERATIONS.values()
        for name, field in operation.request.model_fields.items()
        if f"{{{field.alias or name}}}" in operation.path.split("/") and field.annotation is str
    ]


class TestPathParameters:
    def test_the_text_parameters_of_paths_are_the_known_ones(self) -> None:
        assert sorted((name, argument) for name, argument, _ in text_parameters()) == [
            ("delete_account", "account_id"),
            ("deprovision_scim_user", "id"),
            ("get_account", "account_id"),
            ("get_scim_user", "id"),
            ("list_company_people", "company_id"),
            ("list_company_teams", "company_id"),
            ("remove_contact_tag", "tag_name"),
            ("replace_scim_user", "id"),
            ("update_scim_user", "id"),
        ]

    @for_each("name", OPERATIONS)
    def test_no_placeholder_is_left_in_a_path(self, name: str) -> None:
        path = call_of(name, example(name)).path
        assert path.startswith("/")
        assert not set(path) & set("{}?# ")

    @pytest.mark.parametrize(("name", "parameter", "place"), text_parameters())
    @modest
    @given(
        value=st.one_of(
            any_text,
            st.lists(
                st.sampled_from(
                    [
                        "..",
                        ".",
                        "/",
                        "\\",
                        "%",
                        "%2f",
                        "%252e",
                        "?",
                        "#",
                        ";",
                        "{contactId}",
                        "\n",
                        " ",
                        "a",
                        "é",
                        ":",
                        "@",
                        "&",
                        "=",
                    ]
                ),
                max_size=6,
            ).map("".join),
        )
    )
    def test_no_value_can_change_the_structure_of_the_path(
        self, name: str, parameter: str, place: int, value: str
    ) -> None:
        try:
            call = call_of(name, example(name) | {parameter: value})
        except InvalidArguments:
            return
        segments = call.path.split("/")[1:]
        template = OPERATIONS[name].path.split("/")[1:]
        assert len(segments) == len(template)
        assert unquote(segments[place]) == value.strip()
        # What the HTTP client makes of it is still the same path.
        url = httpx.URL(f"https://driftapi.com{call.path}")
        assert url.host == "driftapi.com"
        assert url.query == b""
        assert unquote(url.raw_path.decode("ascii").split("/")[1:][place]) == value.strip()

    @many
    @given(number=st.integers())
    def test_a_numeric_id_is_refused_or_stands_in_the_path_as_it_is(self, number: int) -> None:
        try:
            call = call_of("get_contact", {"contact_id": number})
        except InvalidArguments:
            assert not 1 <= number < 2**63
        else:
            assert call.path == f"/contacts/{number}"


class TestQueries:
    @few
    @given(st.lists(st.integers(1, 2**63 - 1), min_size=1, max_size=20))
    def test_a_list_is_repeated_in_its_order(self, ids: list[int]) -> None:
        assert call_of("get_users", {"user_ids": ids}).query == tuple(("userId", str(each)) for each in ids)

    def test_more_than_twenty_users_are_refused(self) -> None:
        with pytest.raises(InvalidArguments):
            call_of("get_users", {"user_ids": list(range(1, 22))})

    @pytest.mark.parametrize("empty", [[], "[]"])
    def test_an_empty_choice_of_statuses_chooses_nothing_instead_of_sending_none(self, empty: Any) -> None:
        try:
            query = call_of("list_conversations", {"status": empty}).query
        except InvalidArguments:
            return
        assert query == (("limit", "25"),)

    def test_booleans_are_written_as_json_writes_them(self) -> None:
        from drift_mcp.operation import Operation, Request, Result

        class Flags(Request):
            is_open: bool
            also: list[bool]

        operation = Operation(
            name="x", title="", summary="", intents=(), method="GET", path="/x?k=v&unset=", toolset="app", scope=None,
            access=Access.READ, request=Flags, result=Result,
        )  # fmt: skip
        call = operation.call(Flags(is_open=True, also=[False, True]))
        assert call.query == (("k", "v"), ("isOpen", "true"), ("also", "false"), ("also", "true"))


class TestRules:
    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("send_message", {"conversation_id": 1, "body": "x", "type": "private_note", "buttons": ["a"]}),
            ("send_message", {"conversation_id": 1, "body": ""}),
            ("send_message", {"conversation_id": 1, "body": "x", "type": "edit"}),
            ("post_timeline_event", {"event": "x"}),
            ("post_timeline_event", {"event": "x", "contact_id": 1, "external_id": "a"}),
            ("update_contact", {"contact_id": 1}),
            ("update_contact", {"contact_id": 1, "attributes": {}}),
            ("update_contact_by_external_id", {"external_id": "a"}),
            ("update_user", {"user_id": 1}),
            ("update_user", {"user_id": 1, "phone": "5554446666"}),
            ("update_user", {"user_id": 1, "availability": "ON_CALL"}),
            ("update_user", {"user_id": 1, "role": "admin"}),
            ("create_contact", {"email": "a@b.com", "attributes": {"plan": None}}),
            ("add_contact_tags", {"contact_id": 1, "tags": []}),
            ("add_contact_tags", {"contact_id": 1, "tags": ["a"], "color": "red"}),
            ("unsubscribe_emails", {"emails": []}),
            ("find_contacts_by_external_id", {"external_ids": []}),
            ("get_users", {"user_ids": []}),
            ("list_accounts", {"limit": 0}),
            ("list_accounts", {"limit": 201}),
            ("list_accounts", {"detail": "everything"}),
        ],
    )
    def test_what_drift_would_refuse_is_refused_before_it_is_sent(self, name: str, arguments: dict[str, Any]) -> None:
        with pytest.raises(InvalidArguments):
            parse(OPERATIONS[name], arguments)

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("NUMBER", "forty"), ("NUMBER", "NaN"), ("NUMBER", "Infinity"), ("NUMBER", "1e999"), ("LAT", "north"),
            ("ENUMARRAY", "[1"), ("ENUMARRAY", '["\\ud800"]'), ("ENUMARRAY", '["\\u0000"]'), ("ENUMARRAY", "[" * 5_000),
            ("STRING", float("nan")), ("STRING", {"a": ["\x00"]}),
        ],
    )  # fmt: skip
    def test_a_custom_property_that_cannot_be_sent_is_refused(self, kind: str, value: Any) -> None:
        with pytest.raises(InvalidArguments):
            call_of(
                "create_account",
                {
                    "owner_id": 1,
                    "name": "A",
                    "domain": "a.example",
                    "custom_properties": [{"name": "x", "type": kind, "value": value}],
                },
            )

    def test_named_details_win_over_the_same_name_among_the_attributes(self) -> None:
        body = call_of(
            "update_contact", {"contact_id": 1, "name": "Right", "attributes": {"name": "Wrong", "a": 1}}
        ).body
        assert body == {"attributes": {"name": "Right", "a": 1}}

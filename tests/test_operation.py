"""Every operation's request, beside what drift-api.md §6 documents: method, path, query and body."""

from typing import Any, NamedTuple
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_mcp.arguments import InvalidArguments, parse
from drift_mcp.drift.wire import ABSENT, Expect
from drift_mcp.operation import Access, Provenance
from tests.support.operations import OPERATIONS, call_of
from tests.support.properties import any_text, few, many


class Row(NamedTuple):
    """An operation's arguments as an agent gives them, and the request that Drift documents for them."""

    name: str
    arguments: dict[str, Any]
    method: str
    path: str
    query: list[tuple[str, str]] = []
    body: Any = ABSENT


ROWS = [
    # ---- conversations
    Row("list_conversations", {}, "GET", "/conversations/list", [("limit", "25")]),
    Row(
        "list_conversations", {"status": ["open", "pending"], "limit": 10, "detail": "full"}, "GET", "/conversations/list",
        [("statusId", "1"), ("statusId", "3"), ("limit", "10")],
    ),
    Row("list_conversations", {"status": "closed", "limit": 200}, "GET", "/conversations/list", [("statusId", "2"), ("limit", "100")]),
    Row("get_conversation", {"conversation_id": 116119985}, "GET", "/conversations/116119985"),
    Row(
        "create_conversation", {"email": "a@b.com", "body": "Hi <you> & co\nBye"}, "POST", "/conversations/new", [],
        {"email": "a@b.com", "message": {"body": "Hi &lt;you&gt; &amp; co<br>Bye"}},
    ),
    Row(
        "create_conversation",
        {"email": "a@b.com", "body": "<b>Hi</b>", "format": "html", "integration_source": "Message from facebook", "auto_assignee_id": 123},
        "POST", "/conversations/new", [],
        {
            "email": "a@b.com",
            "message": {
                "body": "<b>Hi</b>",
                "attributes": {"integrationSource": "Message from facebook", "autoAssigneeId": 123},
            },
        },
    ),
    Row("get_conversation_stats", {}, "GET", "/conversations/stats"),
    Row("get_conversation_transcript", {"conversation_id": 7}, "GET", "/conversations/7/transcript"),
    Row("get_conversation_transcript_json", {"conversation_id": 7}, "GET", "/conversations/7/json_transcript"),
    Row("list_messages", {"conversation_id": 2**63 - 1, "limit": 3}, "GET", "/conversations/9223372036854775807/messages"),
    Row("send_message", {"conversation_id": 7, "body": "Hello"}, "POST", "/conversations/7/messages", [], {"type": "chat", "body": "Hello"}),
    Row(
        "send_message", {"conversation_id": 7, "body": "Pick one", "buttons": ["yes please", "no"], "user_id": 12345},
        "POST", "/conversations/7/messages", [],
        {
            "type": "chat", "body": "Pick one", "userId": 12345,
            "buttons": [
                {"label": "yes please", "value": "yes please", "type": "reply"},
                {"label": "no", "value": "no", "type": "reply"},
            ],
        },
    ),
    Row(
        "send_message", {"conversation_id": 7, "body": "<i>internal</i>", "format": "html", "type": "private_note"},
        "POST", "/conversations/7/messages", [], {"type": "private_note", "body": "<i>internal</i>"},
    ),
    Row("download_attachment", {"document_id": 581264}, "GET", "/attachments/581264/data"),
    # ---- contacts
    Row("create_contact", {"email": "a@b.com"}, "POST", "/contacts", [], {"attributes": {"email": "a@b.com"}}),
    Row(
        "create_contact",
        {"email": "a@b.com", "external_id": "crm-1", "name": "A", "phone": "555", "attributes": {"plan": "pro", "seats": 3, "vip": False}},
        "POST", "/contacts", [],
        {"attributes": {"email": "a@b.com", "externalId": "crm-1", "name": "A", "phone": "555", "plan": "pro", "seats": 3, "vip": False}},
    ),
    Row("get_contact", {"contact_id": 15811408544}, "GET", "/contacts/15811408544"),
    Row("find_contacts_by_email", {"email": "a+b@c.com"}, "GET", "/contacts", [("email", "a+b@c.com"), ("limit", "25")]),
    Row(
        "find_contacts_by_external_id", {"external_ids": ["crm-1", "crm 2"]}, "GET", "/contacts",
        [("idType", "external"), ("id", "crm-1"), ("id", "crm 2")],
    ),
    Row("update_contact", {"contact_id": 5, "name": "New"}, "PATCH", "/contacts/5", [], {"attributes": {"name": "New"}}),
    Row(
        "update_contact", {"contact_id": 5, "external_id": "x", "attributes": {"plan": "pro"}},
        "PATCH", "/contacts/5", [], {"attributes": {"plan": "pro", "externalId": "x"}},
    ),
    Row(
        "update_contact_by_external_id", {"external_id": "crm 2&3", "attributes": {"plan": "pro"}},
        "PATCH", "/contacts/normalize", [("idType", "external"), ("id", "crm 2&3")], {"attributes": {"plan": "pro"}},
    ),
    Row("delete_contact", {"contact_id": 5}, "DELETE", "/contacts/5"),
    Row("unsubscribe_emails", {"emails": ["a@b.com", "c@d.com"]}, "POST", "/emails/unsubscribe", [], ["a@b.com", "c@d.com"]),
    Row(
        "post_timeline_event", {"contact_id": 1115142980, "event": "Upgraded", "created_at": "2019-01-01T12:00:00Z"},
        "POST", "/contacts/timeline", [], {"contactId": 1115142980, "event": "Upgraded", "createdAt": 1546344000000},
    ),
    Row(
        "post_timeline_event", {"external_id": "crm-1", "event": "Upgraded"},
        "POST", "/contacts/timeline", [], {"externalId": "crm-1", "event": "Upgraded"},
    ),
    Row("list_contact_attributes", {"limit": 5}, "GET", "/contacts/attributes"),
    Row(
        "add_contact_tags", {"contact_id": 5, "tags": ["VIP", "Lead"]},
        "POST", "/contacts/5/tags", [], [{"name": "VIP"}, {"name": "Lead"}],
    ),
    Row(
        "add_contact_tags", {"contact_id": 5, "tags": "VIP", "color": "0960C5"},
        "POST", "/contacts/5/tags", [], [{"name": "VIP", "color": "0960C5"}],
    ),
    Row("remove_contact_tag", {"contact_id": 5, "tag_name": "My Tag"}, "DELETE", "/contacts/5/tags/My%20Tag"),
    Row("remove_contact_tags", {"contact_id": 5, "tags": ["a", "b"]}, "POST", "/contacts/5/tags/delete/_bulk", [], ["a", "b"]),
    # ---- accounts
    Row("list_accounts", {}, "GET", "/accounts", [("size", "25")]),
    Row("list_accounts", {"limit": 200, "detail": "full"}, "GET", "/accounts", [("size", "65")]),
    Row("get_account", {"account_id": "123458_domain.com"}, "GET", "/accounts/123458_domain.com"),
    Row(
        "create_account", {"owner_id": 21995, "name": "Acme", "domain": "acme.example"},
        "POST", "/accounts/create", [], {"ownerId": 21995, "name": "Acme", "domain": "acme.example"},
    ),
    Row(
        "create_account",
        {
            "owner_id": 21995, "name": "Acme", "domain": "acme.example", "targeted": True,
            "custom_properties": [
                {"name": "tier", "value": "gold", "label": "Tier"},
                {"name": "seats", "value": "40", "type": "NUMBER"},
                {"name": "langs", "value": '["de", "fr"]', "type": "ENUMARRAY"},
            ],
        },
        "POST", "/accounts/create", [],
        {
            "ownerId": 21995, "name": "Acme", "domain": "acme.example", "targeted": True,
            "customProperties": [
                {"label": "Tier", "name": "tier", "value": "gold", "type": "STRING"},
                {"label": "seats", "name": "seats", "value": 40, "type": "NUMBER"},
                {"label": "langs", "name": "langs", "value": ["de", "fr"], "type": "ENUMARRAY"},
            ],
        },
    ),
    Row(
        "update_account", {"account_id": "123458_domain.com", "owner_id": 21995, "targeted": False},
        "PATCH", "/accounts/update", [], {"accountId": "123458_domain.com", "ownerId": 21995, "targeted": False},
    ),
    Row("delete_account", {"account_id": "123458_domain.com"}, "DELETE", "/accounts/123458_domain.com"),
    # ---- users
    Row("list_users", {"limit": 5}, "GET", "/users/list"),
    Row("get_user", {"user_id": 228225}, "GET", "/users/228225"),
    Row("get_users", {"user_ids": [228225, 243266]}, "GET", "/users", [("userId", "228225"), ("userId", "243266")]),
    Row(
        "update_user", {"user_id": 228225, "alias": "Maya", "phone": "555-444-6666", "availability": "OFFLINE", "avatar_url": "https://a.example/x"},
        "PATCH", "/users/update", [("userId", "228225")],
        {"alias": "Maya", "phone": "555-444-6666", "availability": "OFFLINE", "avatarUrl": "https://a.example/x"},
    ),
    Row("list_teams", {}, "GET", "/teams/org"),
    Row("list_user_teams", {"user_id": 228225}, "GET", "/teams/users/228225"),
]  # fmt: skip


def ordered(query: Any) -> list[tuple[str, str]]:
    """A query without regard to the order of different names; the order of one name's values counts."""
    return sorted(query, key=lambda pair: pair[0])


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.name}-{place}" for place, row in enumerate(ROWS)])
def test_an_operation_makes_the_documented_request(row: Row) -> None:
    call = call_of(row.name, row.arguments)
    assert (call.method, call.path) == (row.method, row.path)
    assert ordered(call.query) == ordered(row.query)
    assert call.body == row.body


def test_every_operation_has_its_documented_request_here() -> None:
    assert {row.name for row in ROWS} == set(OPERATIONS)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.name}-{place}" for place, row in enumerate(ROWS)])
def test_what_is_for_this_server_only_never_reaches_drift(row: Row) -> None:
    local = {"detail": "full", "limit": 3, "cursor": "skip=1", "format": "html"}
    taken = {name: value for name, value in local.items() if name in OPERATIONS[row.name].request.model_fields}
    call = call_of(row.name, row.arguments | taken)
    sent = [name for name, _ in call.query] + (list(call.body) if isinstance(call.body, dict) else [])
    allowed = {"limit"} if row.name in {"list_conversations", "find_contacts_by_email"} else set()
    assert not set(sent) & {"detail", "cursor", "format", "limit"} - allowed


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_a_call_says_whether_it_writes_and_what_it_expects(operation: Any) -> None:
    row = next(row for row in ROWS if row.name == operation.name)
    call = call_of(row.name, row.arguments)
    assert call.writes is (operation.access is not Access.READ)
    assert call.expect is {
        "download_attachment": Expect.BYTES, "get_conversation_transcript": Expect.TEXT,
    }.get(operation.name, Expect.JSON)  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_the_methods_follow_http(operation: Any) -> None:
    if operation.method == "GET":
        assert operation.access is Access.READ
    if operation.method == "DELETE":
        assert operation.access is Access.DESTRUCTIVE


def test_a_catalogue_operation_would_be_told_from_a_documented_one() -> None:
    # Operations of this version are all documented; the path prefix of others is not the documented one.
    documented = [each for each in OPERATIONS.values() if each.provenance is Provenance.DOCUMENTED]
    assert not [each.path for each in documented if each.path.startswith("/v2")]


class TestPathParameters:
    TEXT_IN_PATH = (
        ("get_account", "account_id", {}, 1),
        ("delete_account", "account_id", {}, 1),
        ("remove_contact_tag", "tag_name", {"contact_id": 5}, 3),
    )

    def test_every_text_parameter_of_a_path_is_checked_here(self) -> None:
        found = {
            (operation.name, name)
            for operation in OPERATIONS.values()
            for name, field in operation.request.model_fields.items()
            if f"{{{field.alias}}}" in operation.path and field.annotation is str
        }
        assert found == {(name, parameter) for name, parameter, _, _ in self.TEXT_IN_PATH}

    @pytest.mark.parametrize(("name", "parameter", "others", "place"), TEXT_IN_PATH)
    @many
    @given(
        value=st.one_of(
            any_text,
            st.lists(
                st.sampled_from(["..", ".", "/", "\\", "%", "%2f", "%252e", "?", "#", ";", "{contactId}", "\n", " ", "a", "é", ":", "@", "&", "="]),
                max_size=6,
            ).map("".join),
        )
    )  # fmt: skip
    def test_no_value_can_change_the_structure_of_the_path(
        self, name: str, parameter: str, others: dict[str, Any], place: int, value: str
    ) -> None:
        try:
            call = call_of(name, {parameter: value, **others})
        except InvalidArguments:
            return
        segments = call.path.split("/")[1:]
        template = OPERATIONS[name].path.split("/")[1:]
        assert len(segments) == len(template)
        assert unquote(segments[place]) == value.strip()
        # What the HTTP client makes of it is still the same path.
        url = httpx.URL("https://driftapi.com").join(call.path)
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
            ("update_account", {"account_id": "a", "owner_id": 1}),
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
                {"owner_id": 1, "name": "A", "domain": "a.example", "custom_properties": [{"name": "x", "type": kind, "value": value}]},
            )  # fmt: skip

    def test_named_details_win_over_the_same_name_among_the_attributes(self) -> None:
        body = call_of(
            "update_contact", {"contact_id": 1, "name": "Right", "attributes": {"name": "Wrong", "a": 1}}
        ).body
        assert body == {"attributes": {"name": "Right", "a": 1}}

"""The catalogue of operations: complete, true to its sources, and up to date."""

import json
import re
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from drift_mcp import catalogue, surface
from drift_mcp.operation import Access, LostAnswer
from drift_mcp.schema import untrusted_paths
from tests.support.operations import OPERATIONS

ENTRIES = list(catalogue.load().values())
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))

# (method, path, scope, access) as the list of Drift's operations gives them, from the documentation and the catalogues.
SOURCES = {
    "list_conversations": ("GET", "/conversations/list", "conversation_read", "read"),
    "get_conversation": ("GET", "/conversations/{conversationId}", "conversation_read", "read"),
    "create_conversation": ("POST", "/conversations/new", "conversation_write", "write"),
    "get_conversation_stats": ("GET", "/conversations/stats", "conversation_read", "read"),
    "get_conversation_transcript": ("GET", "/conversations/{conversationId}/transcript", "conversation_read", "read"),
    "get_conversation_transcript_json": ("GET", "/conversations/{conversationId}/json_transcript", "conversation_read", "read"),
    "list_messages": ("GET", "/conversations/{conversationId}/messages", "conversation_read", "read"),
    "send_message": ("POST", "/conversations/{conversationId}/messages", "conversation_write", "write"),
    "download_attachment": ("GET", "/attachments/{documentId}/data", "conversation_read", "read"),
    "create_contact": ("POST", "/contacts", "contact_write", "write"),
    "get_contact": ("GET", "/contacts/{contactId}", "contact_read", "read"),
    "find_contacts_by_email": ("GET", "/contacts", "contact_read", "read"),
    "find_contacts_by_external_id": ("GET", "/contacts", "contact_read", "read"),
    "update_contact": ("PATCH", "/contacts/{contactId}", "contact_write", "write"),
    "update_contact_by_external_id": ("PATCH", "/contacts/normalize", "contact_write", "write"),
    "delete_contact": ("DELETE", "/contacts/{contactId}", "contact_write", "destructive"),
    "unsubscribe_emails": ("POST", "/emails/unsubscribe", "contact_write", "destructive"),
    "post_timeline_event": ("POST", "/contacts/timeline", "contact_write", "write"),
    "list_contact_attributes": ("GET", "/contacts/attributes", "all_contact_read", "read"),
    "add_contact_tags": ("POST", "/contacts/{contactId}/tags", "contact_write", "write"),
    "remove_contact_tag": ("DELETE", "/contacts/{contactId}/tags/{tagName}", "contact_write", "destructive"),
    "remove_contact_tags": ("POST", "/contacts/{contactId}/tags/delete/_bulk", "contact_write", "destructive"),
    "list_accounts": ("GET", "/accounts", "account_read", "read"),
    "get_account": ("GET", "/accounts/{accountId}", "account_read", "read"),
    "create_account": ("POST", "/accounts/create", "account_write", "write"),
    "update_account": ("PATCH", "/accounts/update", "account_write", "write"),
    "delete_account": ("DELETE", "/accounts/{accountId}", "account_write", "destructive"),
    "list_users": ("GET", "/users/list", "user_read", "read"),
    "get_user": ("GET", "/users/{userId}", "user_read", "read"),
    "get_users": ("GET", "/users", "user_read", "read"),
    "update_user": ("PATCH", "/users/update", "user_write", "write"),
    "list_teams": ("GET", "/teams/org", "user_read", "read"),
    "list_user_teams": ("GET", "/teams/users/{userId}", "user_read", "read"),
}  # fmt: skip

# Doing it twice would double something: a second conversation, message, contact, event or account.
DOUBLES = {"create_conversation", "send_message", "create_contact", "post_timeline_event", "create_account"}


class TestFile:
    def test_the_file_is_what_the_operations_make(self) -> None:
        written = catalogue.FILE.read_text(encoding="utf-8")
        assert written == catalogue.dump(catalogue.build()), "stale: run python -m drift_mcp.catalogue"

    def test_an_operation_takes_one_line(self) -> None:
        lines = catalogue.FILE.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "["
        assert lines[-1] == "]"
        assert [json.loads(line.rstrip(","))["name"] for line in lines[1:-1]] == list(OPERATIONS)

    def test_reading_the_list_imports_no_operation_and_no_http_client(self) -> None:
        program = (
            "import sys; from drift_mcp import catalogue; catalogue.load(); "
            "print([name for name in sys.modules if name == 'httpx' or name == 'pydantic' or '.operations' in name])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
        assert done.stdout.strip() == "[]"


class TestEntries:
    def test_names_are_unique_and_the_order_is_fixed(self) -> None:
        rows = json.loads(catalogue.FILE.read_bytes())
        assert not [name for name, times in Counter(row["name"] for row in rows).items() if times > 1]
        assert [entry.name for entry in ENTRIES] == [row["name"] for row in rows]

    @each_entry
    def test_a_name_is_one_that_every_host_takes(self, entry: catalogue.Entry) -> None:
        assert re.fullmatch("[a-z0-9_]{1,48}", entry.name)
        assert "_" in entry.name
        assert entry.tool["name"] == entry.name

    @each_entry
    def test_method_path_scope_and_access_are_those_of_the_sources(self, entry: catalogue.Entry) -> None:
        found = (entry.method, entry.path.partition("?")[0], entry.scope, entry.access)
        assert found == SOURCES[entry.name]

    @each_entry
    def test_an_entry_finds_its_operation(self, entry: catalogue.Entry) -> None:
        assert entry.operation() is OPERATIONS[entry.name]

    @each_entry
    def test_the_scope_is_of_the_kind_that_the_access_needs(self, entry: catalogue.Entry) -> None:
        if entry.scope is None:
            pytest.skip("needs no scope")
        assert entry.scope.endswith("_read" if entry.access == "read" else "_write")

    @each_entry
    def test_title_and_description_are_written_for_a_reader(self, entry: catalogue.Entry) -> None:
        assert 3 <= len(entry.tool["title"]) <= 60
        description = entry.tool["description"]
        assert 20 <= len(description) <= 400
        assert description.endswith(".")
        assert "  " not in description

    @each_entry
    def test_a_description_names_no_tool_that_drift_does_not_have(self, entry: catalogue.Entry) -> None:
        planned = {"report_conversations", "delete_personal_data"}
        arguments = {name for each in ENTRIES for name in each.tool["inputSchema"]["properties"]}
        mentioned = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", entry.tool["description"]))
        assert mentioned <= set(OPERATIONS) | planned | arguments


class TestAnnotations:
    @each_entry
    def test_they_follow_from_the_access_and_never_contradict_each_other(self, entry: catalogue.Entry) -> None:
        hints = entry.tool["annotations"]
        assert hints["readOnlyHint"] is (entry.access == "read")
        assert hints["destructiveHint"] is (entry.access == "destructive")
        assert not (hints["readOnlyHint"] and hints["destructiveHint"])
        assert not (hints["readOnlyHint"] and not hints["idempotentHint"])
        assert hints["openWorldHint"] is True
        assert hints["title"] == entry.tool["title"]

    @each_operation
    def test_a_write_says_what_to_do_when_its_answer_is_lost(self, operation: Any) -> None:
        if operation.access is Access.READ:
            assert operation.lost_answer is LostAnswer.REPEAT
        else:
            assert operation.lost_answer in {LostAnswer.IDEMPOTENT, LostAnswer.LOOK_FIRST}

    def test_exactly_the_writes_that_would_double_something_ask_to_look_first(self) -> None:
        looking = {each.name for each in OPERATIONS.values() if each.lost_answer is LostAnswer.LOOK_FIRST}
        assert looking == DOUBLES
        assert {each.name for each in ENTRIES if not each.tool["annotations"]["idempotentHint"]} == DOUBLES


class TestIntents:
    @each_operation
    def test_there_are_at_least_three_and_they_are_phrases(self, operation: Any) -> None:
        assert len(operation.intents) >= 3
        assert all(len(intent.split()) >= 3 and intent == intent.strip() for intent in operation.intents)

    def test_no_intent_leads_to_two_operations(self) -> None:
        times = Counter(intent.lower() for each in OPERATIONS.values() for intent in each.intents)
        assert [intent for intent, count in times.items() if count > 1] == []


class TestVisitorText:
    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("list_messages", "items[].text"),
            ("list_messages", "items[].attachments[].file_name"),
            ("send_message", "text"),
            ("get_contact", "attributes"),
            ("get_contact", "name"),
            ("find_contacts_by_email", "items[].email"),
            ("get_conversation_transcript", "transcript"),
            ("download_attachment", "file_name"),
        ],
    )
    def test_what_a_visitor_may_have_written_is_marked(self, name: str, path: str) -> None:
        assert path in catalogue.load()[name].untrusted

    @pytest.mark.parametrize("path", ["items[].context", "items[].attributes"])
    def test_what_comes_with_a_visitors_message_is_marked_too(self, path: str) -> None:
        # The context holds the visitor's page title, referrer and user agent.
        assert path in catalogue.load()["list_messages"].untrusted

    @each_operation
    def test_every_marked_place_exists_in_the_output_schema(self, operation: Any) -> None:
        schema = catalogue.load()[operation.name].tool["outputSchema"]
        for path in untrusted_paths(operation.result, many=operation.many):
            part = schema
            for step in re.findall(r"[^.\[\]]+|\[\]", path):
                part = part["items"] if step == "[]" else part["properties"][step]


def test_every_operation_of_the_sources_is_known_here() -> None:
    assert {entry.name for entry in ENTRIES} == set(SOURCES)


def test_the_everyday_operations_are_listed_and_the_others_are_not() -> None:
    listed = {entry.name for entry in ENTRIES if surface.is_listed(entry)}
    assert {"list_conversations", "send_message", "list_messages", "get_contact", "create_contact"} <= listed
    assert not listed & {"delete_contact", "delete_account", "unsubscribe_emails", "remove_contact_tags"}

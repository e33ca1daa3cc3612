"""The catalogue of operations: complete, true to its sources, and up to date."""

import json
import re
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from drift_mcp import catalogue
from drift_mcp.operation import Access, LostAnswer
from drift_mcp.schema import untrusted_paths
from tests.support.each import for_each
from tests.support.operations import MODULES, OPERATIONS
from tests.support.sources import SOURCES, Known

ENTRIES = list(catalogue.load().values())
OF_DRIFT = [entry for entry in ENTRIES if entry.method]
each_tool = for_each("entry", ENTRIES, lambda entry: entry.name)
each_entry = for_each("entry", OF_DRIFT, lambda entry: entry.name)
each_operation = for_each("operation", OPERATIONS.values(), lambda operation: operation.name)

# Doing it twice would double something: a second conversation, message, contact, event or account.
DOUBLES = {
    "create_conversation", "send_message", "create_contact", "post_timeline_event", "create_account",
    "provision_scim_user", "create_group_conversation", "create_conversation_from_scratch", "create_note", "create_tag",
    "create_meeting", "trigger_driftbot", "retrieve_personal_data",
}  # fmt: skip


class TestFile:
    def test_the_file_is_what_the_operations_make(self) -> None:
        written = catalogue.FILE.read_text(encoding="utf-8")
        assert written == catalogue.dump(catalogue.build()), "stale: run python -m drift_mcp.catalogue"

    def test_an_operation_takes_one_line(self) -> None:
        lines = catalogue.FILE.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "["
        assert lines[-1] == "]"
        assert [json.loads(line.rstrip(","))["name"] for line in lines[1:-1]] == [entry.name for entry in ENTRIES]

    def test_every_module_with_operations_is_in_it(self) -> None:
        assert set(catalogue.OPERATIONS) == set(MODULES)
        assert {entry.name for entry in ENTRIES if entry.method} == set(OPERATIONS)

    def test_reading_the_list_imports_no_operation_and_no_http_client(self) -> None:
        program = (
            "import sys; from drift_mcp import catalogue; catalogue.load(); "
            "print([name for name in sys.modules if name == 'httpx' or name == 'pydantic' or '.operations' in name])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.strip() == "[]"


class TestEntries:
    def test_names_are_unique_and_the_order_is_fixed(self) -> None:
        rows = json.loads(catalogue.FILE.read_bytes())
        assert not [name for name, times in Counter(row["name"] for row in rows).items() if times > 1]
        assert [entry.name for entry in ENTRIES] == [row["name"] for row in rows]

    @each_tool
    def test_a_name_is_one_that_every_host_takes(self, entry: catalogue.Entry) -> None:
        assert re.fullmatch("[a-z0-9_]{1,48}", entry.name)
        assert entry.tool["name"] == entry.name

    @each_entry
    def test_an_operation_is_what_the_sources_say(self, entry: catalogue.Entry) -> None:
        assert entry.method is not None
        assert entry.path is not None
        path = entry.path.partition("?")[0]
        found = Known(entry.method, path, entry.provenance, entry.toolset, entry.scope, entry.access)
        assert found == SOURCES[entry.name]

    @each_tool
    def test_an_entry_finds_its_record(self, entry: catalogue.Entry) -> None:
        assert entry.record().name == entry.name
        assert OPERATIONS.get(entry.name, entry.record()) is entry.record()

    @each_entry
    def test_the_scope_is_of_the_kind_that_the_access_needs(self, entry: catalogue.Entry) -> None:
        # SCIM has one scope; the app's own calls and events need none; retrieving data changes nothing in Drift itself.
        if entry.scope in {None, "scim"} or entry.name == "retrieve_personal_data":
            return
        assert str(entry.scope).endswith("_read" if entry.access == "read" else "_write")

    @each_tool
    def test_title_and_description_are_written_for_a_reader(self, entry: catalogue.Entry) -> None:
        assert 3 <= len(entry.tool["title"]) <= 60
        description = entry.tool["description"]
        assert 20 <= len(description) <= 400
        assert description.endswith(".")
        assert "  " not in description

    @each_tool
    def test_a_description_names_no_tool_that_drift_does_not_have(self, entry: catalogue.Entry) -> None:
        arguments = {name for each in ENTRIES for name in each.tool["inputSchema"]["properties"]}
        values = {"private_note"}
        mentioned = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", entry.tool["description"]))
        assert mentioned <= {each.name for each in ENTRIES} | arguments | values


class TestAnnotations:
    @each_tool
    def test_they_follow_from_the_access_and_never_contradict_each_other(self, entry: catalogue.Entry) -> None:
        hints = entry.tool["annotations"]
        assert hints["readOnlyHint"] is (entry.access == "read")
        assert hints["destructiveHint"] is (entry.access == "destructive")
        assert not (hints["readOnlyHint"] and hints["destructiveHint"])
        assert not (hints["readOnlyHint"] and not hints["idempotentHint"])
        assert hints["openWorldHint"] is (entry.toolset != "server")
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
        assert {each.name for each in OF_DRIFT if not each.tool["annotations"]["idempotentHint"]} == DOUBLES


class TestIntents:
    @each_operation
    def test_there_are_at_least_three_and_they_are_phrases(self, operation: Any) -> None:
        assert len(operation.intents) >= 3
        assert all(len(intent.split()) >= 2 and intent == intent.strip() for intent in operation.intents)

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


def test_every_operation_of_the_sources_is_there() -> None:
    assert {entry.name for entry in OF_DRIFT} == set(SOURCES)
    assert len(SOURCES) == 78


def test_what_cannot_be_undone_by_anybody_is_off_until_the_operator_turns_it_on() -> None:
    dangerous = {entry.name for entry in ENTRIES if entry.dangerous}
    assert dangerous == {"delete_personal_data", "deprovision_scim_user", "uninstall_app"}
    assert not [entry.name for entry in ENTRIES if entry.dangerous and (entry.everyday or entry.essential)]


def test_everyday_work_needs_no_destructive_operation() -> None:
    everyday = {entry.name: entry.access for entry in OF_DRIFT if entry.everyday or entry.essential}
    assert {"list_conversations", "send_message", "list_messages", "get_contact", "create_contact"} <= set(everyday)
    assert "destructive" not in everyday.values()


def test_a_catalogue_operation_says_so_and_names_another_way_or_has_none() -> None:
    for entry in OF_DRIFT:
        foreign = entry.provenance == "catalogue"
        assert ("Not in Drift's documentation" in entry.tool["description"]) is foreign
        assert (entry.tool.get("_meta", {}).get(catalogue.PROVENANCE_KEY) == "catalogue") is foreign
        named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", OPERATIONS[entry.name].alternative)) - {"private_note"}
        assert {SOURCES[name].provenance for name in named} <= {"documented"}

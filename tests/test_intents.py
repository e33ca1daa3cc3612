"""Finding operations by what a person wants."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.intents import read, tally
from drift_mcp import intents
from drift_mcp.catalogue import Entry, load
from drift_mcp.intents import profiles, vocabulary
from drift_mcp.intents.reading import GROUPS
from drift_mcp.intents.words import stem

OPERATIONS = [entry for entry in load().values() if entry.path is not None]
ROOT = Path(__file__).parent.parent


def first(intent: str) -> str | None:
    """The name of the best operation for `intent`."""
    found = intents.index().search(intent)
    return found[0].name if found else None


@pytest.mark.parametrize(
    ("intent", "name"),
    [
        ("reply to a Drift conversation", "send_message"),
        ("tell the visitor in chat 77 that we will look into it", "send_message"),
        ("which reps are online?", "list_users"),
        ("hand this thread over to Priya", "update_conversation"),
        ("GDPR erasure for jane@acme.example", "delete_personal_data"),
        ("what did the customer say in chat 8841", "get_conversation_transcript"),
        ("take the vip tag off lead 55", "remove_contact_tag"),
        ("which of our teams looks after Globex?", "list_company_teams"),
        ("put the demo an hour later", "update_meeting"),
        ("our colleague left, take her seat away", "deprovision_scim_user"),
    ],
)
def test_the_operation_that_does_it_comes_first(intent: str, name: str) -> None:
    assert first(intent) == name


@pytest.mark.parametrize("entry", OPERATIONS, ids=lambda entry: entry.name)
def test_every_operation_is_found_by_its_title_name_and_endpoint(entry: Entry) -> None:
    assert first(entry.tool["title"]) == entry.name
    assert first(entry.name) == entry.name
    assert first(f"call {entry.name} for me") == entry.name
    same = [other for other in OPERATIONS if (other.method, other.path) == (entry.method, entry.path)]
    if len(same) == 1 and "?" not in (entry.path or ""):
        assert first(f"{entry.method} {entry.path}") == entry.name


@pytest.mark.parametrize(
    ("misspelled", "name"),
    [
        ("delte contcat 90318", "delete_contact"),
        ("cancle the meetign", "delete_meeting"),
        ("unsubscirbe jo@acme.example", "unsubscribe_emails"),
        ("trigger the drift bot", "trigger_driftbot"),
        ("list landingpages", "list_landing_pages"),
    ],
)
def test_misspelled_words_are_understood(misspelled: str, name: str) -> None:
    assert first(misspelled) == name


@pytest.mark.parametrize(
    "intent",
    [
        "send a newsletter to all contacts",
        "charge the customer's credit card",
        "move the deal to closed won",
        "create a Jira ticket for this bug",
        "what is the weather in Boston?",
        "create a new bot playbook",
        "delete a message",
        "asdf qwer zxcv",
        "",
        "the",
        "12345",
        "Привет, как дела?",
        "🙂🙂🙂",
    ],
)
def test_what_nothing_serves_finds_nothing(intent: str) -> None:
    assert first(intent) is None


def test_what_is_asked_counts_more_than_what_is_told() -> None:
    told = (
        "Yesterday the customer cancelled our demo and wrote an angry message in the chat, and a colleague closed the "
        "conversation. Could you please show me the account of her company, id 12_acme.com?"
    )
    assert first(told) == "get_account"


def test_what_is_ruled_out_is_not_found() -> None:
    assert first("don't close the conversation, delete it") == "delete_conversation"


def test_results_are_the_best_first_and_as_many_as_wanted() -> None:
    found = intents.index().search("show the messages of this conversation", limit=3)
    assert len(found) == 3
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)
    assert intents.index().search("show the messages of this conversation", limit=1) == found[:1]


def test_an_operation_that_no_one_wrote_a_profile_for_is_found() -> None:
    tool = {
        "title": "Export invoices of an account",
        "description": "The invoices of one account as a file.",
        "inputSchema": {"type": "object", "properties": {}},
    }
    added = replace(OPERATIONS[0], name="export_account_invoices", intents=("export invoices",), tool=tool, path="/x")
    found = intents.Index([*OPERATIONS, added]).search("export the invoices of this account")
    assert found[0].name == "export_account_invoices"


def test_workflows_can_be_indexed_too() -> None:
    workflows = [entry for entry in load().values() if entry.path is None]
    index = intents.Index(workflows)
    assert all(match.name in load() for match in index.search("which organisation am I connected to"))


def test_an_index_of_nothing_finds_nothing() -> None:
    assert intents.Index([]).search("list conversations") == []


@given(st.text(max_size=400))
@settings(deadline=None, max_examples=300)
def test_any_text_can_be_asked(text: str) -> None:
    for match in intents.index().search(text):
        assert match.name in load()


@pytest.mark.parametrize(
    "text",
    ["a" * 10**6, "a_" * 10**5, "list conversations, " * 50_000, "\ud800" * 1000, "\x00" * 100, "é́" * 9, "\n" * 10**5],
    ids=["a", "a_", "prose", "surrogates", "nulls", "accents", "lines"],
)
def test_long_and_odd_texts_can_be_asked(text: str) -> None:
    intents.index().search(text)


def test_a_request_is_found_at_the_end_of_a_long_text() -> None:
    assert first("Some words about the holidays. " * 5000 + "Please book a meeting.") == "create_meeting"


def test_another_process_finds_the_same() -> None:
    phrases = [row["phrase"] for row in read()][::20]
    code = (
        "import json, sys; from drift_mcp import intents;"
        "print(json.dumps([[(m.name, m.score) for m in intents.index().search(p)] for p in json.load(sys.stdin)]))"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(phrases),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("1", "2")
    ]
    assert answers[0] == answers[1]


def test_profiles_speak_of_operations_and_concepts_that_exist() -> None:
    concepts = {concept for group in GROUPS for concept in group}
    for name, profile in profiles.PROFILES.items():
        assert name in load()
        used = {concept for part in profile for concept in part.split(", ") if concept}
        assert used <= concepts, f"{name}: {used - concepts}"
    together = {concept for text in vocabulary.TOGETHER.values() for concept in text.split(", ")}
    assert together <= concepts


def test_every_operation_has_a_profile() -> None:
    assert {entry.name for entry in OPERATIONS} == set(profiles.PROFILES)


@pytest.mark.parametrize(
    "forms",
    [
        ("tag", "tags", "tagged", "tagging"),
        ("close", "closes", "closed", "closing"),
        ("note", "notes", "noted", "noting"),
        ("company", "companies"),
        ("add", "adds", "added", "adding"),
    ],
)
def test_the_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("part", "in_first", "in_three", "refused", "recognised"),
    [("tune", 0.95, 0.98, 0.02, 0.95), ("unseen", 0.93, 0.98, 0.02, 0.93)],
)
def test_development_phrases_are_found_as_well_as_before(
    part: str, in_first: float, in_three: float, refused: float, recognised: float
) -> None:
    """Slightly below what `python -m benchmarks.intents` measures."""
    served, nothing = tally(intents.index(), read(part=part))
    total = served[-1]
    assert total.first / total.phrases >= in_first
    assert total.in_three / total.phrases >= in_three
    assert total.refused / total.phrases <= refused
    assert nothing.first / nothing.phrases >= recognised

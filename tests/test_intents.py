"""Finding operations and jobs by what a person wants."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.intents import read, tally
from drift_mcp import intents
from drift_mcp.catalogue import Entry, load
from drift_mcp.intents import train
from drift_mcp.intents.model import NOTHING, model

OPERATIONS = [entry for entry in load().values() if entry.path is not None]
JOBS = [entry for entry in load().values() if entry.path is None and entry.toolset != "server"]
ROOT = Path(__file__).parent.parent
HELD_OUT = Path(__file__).parent / "data" / "intent_phrases_heldout.jsonl"


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
def test_every_operation_is_found_by_its_name_intents_and_endpoint(entry: Entry) -> None:
    assert first(entry.name) == entry.name
    assert first(f"please call {entry.name} for me") == entry.name
    for intent in entry.intents:
        assert entry.name in [match.name for match in intents.index().search(intent, 3)]
    same = [other.name for other in OPERATIONS if (other.method, other.path) == (entry.method, entry.path)]
    found = [match.name for match in intents.index().search(f"call {entry.method} {entry.path} now", len(same))]
    assert sorted(found) == sorted(same)


def test_what_is_named_comes_first_in_order_of_mention() -> None:
    found = intents.index().search(
        "delete the contact: get_tag first, then PATCH /conversations/464032472, then get_tag"
    )
    assert [match.name for match in found[:2]] == ["get_tag", "update_conversation"]
    assert found[2].score < found[1].score


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


def test_results_are_the_best_first_and_as_many_as_wanted() -> None:
    found = intents.index().search("show the messages of this conversation", limit=3)
    assert len(found) == 3
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)
    assert intents.index().search("show the messages of this conversation", limit=1) == found[:1]


def test_only_the_operations_of_the_index_are_found() -> None:
    some = intents.Index(entry for entry in OPERATIONS if entry.name != "send_message")
    assert "send_message" not in [match.name for match in some.search("reply to a Drift conversation", 78)]
    assert intents.Index([]).search("list conversations") == []
    assert intents.Index([]).jobs("triage my inbox") == []


@pytest.mark.parametrize("entry", JOBS, ids=lambda entry: entry.name)
def test_every_job_is_found_by_its_title_and_intents(entry: Entry) -> None:
    for text in (entry.tool["title"], *entry.intents):
        assert intents.index().jobs(text)[0].name == entry.name


@pytest.mark.parametrize(
    "intent", ["list landing pages", "delete tag 551", "what is the weather in Boston?", "", "🙂", "uninstall the app"]
)
def test_what_is_no_job_finds_none(intent: str) -> None:
    assert intents.index().jobs(intent) == []


@given(st.text(max_size=400))
@settings(deadline=None, max_examples=300)
def test_any_text_can_be_asked(text: str) -> None:
    index = intents.index()
    for match in (*index.search(text), *index.jobs(text)):
        assert match.name in load()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10**6,
        "a_" * 10**5,
        "list conversations, " * 50_000,
        "\ud800" * 1000,
        "\x00" * 100,
        "é́" * 9,
        "\n" * 10**5,
        "/" * 10**6,
        "a@" * 10**5,
    ],
    ids=["a", "a_", "prose", "surrogates", "nulls", "accents", "lines", "slashes", "addresses"],
)
def test_long_and_odd_texts_can_be_asked(text: str) -> None:
    intents.index().search(text)
    intents.index().jobs(text)


def test_a_request_is_found_at_the_end_of_a_long_text() -> None:
    assert first("Some words about the holidays. " * 5000 + "Please book a meeting with the lead.") == "create_meeting"


def test_another_process_finds_the_same() -> None:
    asked = [row["phrase"] for row in read()][::20]
    code = (
        "import json, sys; from drift_mcp import intents;"
        "print(json.dumps([[(m.name, m.score) for m in intents.index().search(p)] for p in json.load(sys.stdin)]))"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("1", "2")
    ]
    assert answers[0] == answers[1]


def test_searching_needs_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; from drift_mcp import intents; assert 'drift_mcp.intents.model' not in sys.modules;"
        "intents.index().search('x'); assert not {'numpy', 'scipy', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_model_was_fitted_on_the_phrases_that_are_there() -> None:
    """Where this fails: `python -m drift_mcp.intents.train`."""
    assert model().training == train.training_hash()


def test_there_are_phrases_for_exactly_the_operations_and_jobs() -> None:
    assert {name for _, name in train.phrases()} == {entry.name for entry in OPERATIONS} | {NOTHING}
    assert {name for _, name in train.jobs()} == {entry.name for entry in JOBS}
    assert set(model().classes) == {name for _, name in train.phrases()}


def test_no_held_out_phrase_is_trained_on() -> None:
    """But for short ones such as "list tags", which several people wrote."""
    held_out = {row["phrase"].casefold() for row in read(HELD_OUT)}
    assert len(held_out & {text.casefold() for text, _ in train.phrases()}) <= 0.05 * len(held_out)


def test_held_out_phrases_are_found_as_well_as_before() -> None:
    """Slightly below what `python -m benchmarks.intents` measures."""
    served, nothing = tally(intents.index(), read(HELD_OUT))
    total = served[-1]
    assert total.first / total.phrases >= 0.96
    assert total.in_three / total.phrases >= 0.985
    assert total.refused / total.phrases <= 0.02
    assert nothing.first / nothing.phrases >= 0.92

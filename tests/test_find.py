"""`drift-mcp find`, run as a real subprocess."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


def test_it_prints_the_best_operation_first_and_what_it_needs(run: Run) -> None:
    finished = run("find", "take the vip tag off lead 55")
    assert (finished.status, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[0].startswith("remove_contact_tag: ")
    assert lines[2].strip() == "destructive · scope contact_write · one call"


def test_the_words_of_an_intent_need_no_quotes(run: Run) -> None:
    assert run("find", "list", "landing", "pages").stdout == run("find", "list landing pages").stdout


def test_jobs_are_printed_too(run: Run) -> None:
    assert "triage_inbox: " in run("find", "who has been waiting longest for an answer?").stdout


def test_json_has_as_many_as_wanted_with_their_schemas(run: Run) -> None:
    found = run("find", "reply to a conversation", "--json", "--limit", "2").json
    assert found["operations"][0]["name"] == "send_message"
    assert len(found["operations"]) == 2
    assert "conversation_id" in found["operations"][0]["inputSchema"]["properties"]


def test_nothing_that_fits_is_said_and_a_failure(run: Run) -> None:
    finished = run("find", "what is the weather in Boston?")
    assert (finished.status, finished.stdout) == (1, "")
    assert "Nothing here does that" in finished.stderr

"""`drift-mcp find`, run as a real subprocess."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


def test_it_prints_the_best_operation_first_and_what_it_needs(run: Run) -> None:
    finished = run("find", "take the vip tag off lead 55")
    assert (finished.status, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[0].startswith("remove_contact_tag: ")
    assert lines[2].strip() == "destructive · scope contact_write · operation: one call"


def test_the_words_of_an_intent_need_no_quotes(run: Run) -> None:
    assert run("find", "list", "landing", "pages").stdout == run("find", "list landing pages").stdout


def test_a_job_that_fits_best_is_printed_first_as_one(run: Run) -> None:
    lines = run("find", "everything we know about nina falk").stdout.splitlines()
    assert lines[0].startswith("get_contact_overview: ")
    assert lines[2].endswith("job: several calls in one")
    assert lines[3].startswith("get_contact: ")


def test_json_is_one_ranked_list_with_schemas_in_which_jobs_take_no_operations_place(run: Run) -> None:
    found = run("find", "edit the lead's attributes", "--json", "--limit", "2").json["operations"]
    assert [each["kind"] for each in found].count("operation") == 2
    assert (found[0]["name"], found[0]["kind"]) == ("update_contact", "operation")
    assert "enrich_contact" in [each["name"] for each in found if each["kind"] == "job"]
    assert "contact_id" in found[0]["inputSchema"]["properties"]


def test_nothing_that_fits_is_said_and_a_failure(run: Run) -> None:
    finished = run("find", "what is the weather in Boston?")
    assert (finished.status, finished.stdout) == (1, "")
    assert "Nothing here does that" in finished.stderr

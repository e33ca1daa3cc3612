"""find_operations: what it offers of what it found, by policy."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.workflows.desk import Desk

OpenDesk = Callable[..., Desk]


async def find(desk: Desk, intent: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.toolbox.call("find_operations", {"intent": intent, **more}))[
        "structuredContent"
    ]
    return found


def names(found: dict[str, Any], kind: str | None = None) -> list[str]:
    """What was found, the best first: all of it, or only the operations or jobs."""
    return [each["name"] for each in found["operations"] if kind in {None, each["kind"]}]


async def test_it_shows_what_is_needed_to_run_the_best_operation(desk: Desk) -> None:
    best = (await find(desk, "reply to a Drift conversation"))["operations"][0]
    assert (best["name"], best["risk"], best["run_with"]) == ("send_message", "write", "run_write_operation")
    assert "conversation_id" in best["arguments"]["properties"]
    assert desk.sent == []


@pytest.mark.parametrize(
    ("intent", "runner"),
    [
        ("which reps are online?", "run_read_operation"),
        ("create a tag called vip", "run_write_operation"),
        ("delete tag 551 everywhere", "run_destructive_operation"),
    ],
)
async def test_each_risk_has_its_runner(desk: Desk, intent: str, runner: str) -> None:
    assert (await find(desk, intent))["operations"][0]["run_with"] == runner


async def test_a_runner_that_is_excluded_is_not_named(open_desk: OpenDesk) -> None:
    desk = open_desk(exclude_tools="run_destructive_operation")
    best = (await find(desk, "delete tag 551 everywhere"))["operations"][0]
    assert (best["name"], best["run_with"]) == ("delete_tag", "delete_tag")


async def test_a_job_that_fits_better_than_every_operation_comes_first(desk: Desk) -> None:
    for intent, job in (
        ("who has been waiting longest for an answer?", "triage_inbox"),
        ("everything we know about Nina Falk", "get_contact_overview"),
        ("create or update the contact with this address", "capture_lead"),
    ):
        best = (await find(desk, intent))["operations"][0]
        assert (best["name"], best["kind"]) == (job, "job")
    assert best["run_with"] == "run_write_operation"
    assert "email" in best["arguments"]["properties"]


async def test_a_job_that_fits_less_comes_after_the_operation_and_takes_nobodys_place(desk: Desk) -> None:
    found = await find(desk, "edit the lead's attributes", limit=3)
    assert names(found)[0] == "update_contact"
    assert names(found, "job") == ["enrich_contact"]
    assert len(names(found, "operation")) == 3


async def test_a_job_that_policy_forbids_is_left_out_and_one_that_fits_best_is_offered_alone(
    open_desk: OpenDesk,
) -> None:
    intent = "everything we know about Nina Falk"
    found = names(await find(open_desk(exclude_tools="get_contact_overview"), intent))
    assert found[0] == "get_contact"
    assert names(await find(open_desk(exclude_tools="get_contact"), intent)) == ["get_contact_overview"]


async def test_what_policy_forbids_is_named_as_such_and_nothing_else_is_offered(open_desk: OpenDesk) -> None:
    found = await find(open_desk(exclude_tools="delete_tag"), "delete tag 551 everywhere")
    assert found["operations"] == []
    assert found["message"].startswith("The operator of this server does not allow delete_tag.")


async def test_a_read_only_server_says_that_it_is(open_desk: OpenDesk) -> None:
    found = await find(open_desk(read_only=True), "delete tag 551 everywhere")
    assert found["operations"] == []
    assert "read-only here, and delete_tag changes data" in found["message"]
    assert "without --read-only (DRIFT_READ_ONLY)" in found["message"]
    job = await find(open_desk(read_only=True), "capture a lead")
    assert "read-only here, and capture_lead changes data" in job["message"]


async def test_what_the_token_may_not_do_is_not_offered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scopes() -> frozenset[str]:
        return frozenset({"conversation_read"})

    monkeypatch.setattr(desk.toolbox.connection, "scopes", scopes)
    found = await find(desk, "delete contact 55")
    assert found["operations"] == []
    assert found["message"].startswith("Drift's token lacks the scope contact_write for delete_contact. Ask the user ")
    assert "in Drift's developer portal" in found["message"]
    assert names(await find(desk, "read chat 12 from start to end"))[0] == "get_conversation_transcript"


async def test_what_nothing_serves_is_said_plainly(desk: Desk) -> None:
    found = await find(desk, "send a newsletter to all contacts")
    assert found["operations"] == []
    assert "no e-mail campaigns" in found["message"]


async def test_as_many_are_found_as_are_wanted(desk: Desk) -> None:
    for limit in (1, 4):
        found = await find(desk, "show the messages of this conversation", limit=limit)
        assert len(names(found, "operation")) == limit

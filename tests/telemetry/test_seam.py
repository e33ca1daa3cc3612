"""What watchers are told of tool calls and of calls to Drift: how they went, and nothing of what was in them."""

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest

from drift_mcp import telemetry
from drift_mcp.caller import Caller
from drift_mcp.connection import Connection
from drift_mcp.settings import Settings
from drift_mcp.telemetry import Watcher
from drift_mcp.toolbox import Toolbox

from .conftest import Seen

EMAIL = "nina.falk@brightquay.example"


async def test_a_tool_call_is_told_with_what_it_took_at_drift(toolbox: Toolbox, seen: Seen) -> None:
    await toolbox.call("list_conversations", {"limit": 1}, Caller("ada"))
    [call] = seen.tools
    assert (call.tool, call.connection, call.principal, call.outcome) == ("list_conversations", "acme", "ada", "ok")
    assert (call.drift_calls, call.failed) == (1, False)
    assert 0 < call.seconds < 10
    [(sent, of)] = seen.sent
    assert of is call
    assert (sent.method, sent.template, sent.status, sent.error, sent.tries) == (
        "GET",
        "/conversations/list",
        200,
        "",
        1,
    )


async def test_paths_are_told_without_what_stands_in_them(toolbox: Toolbox, seen: Seen) -> None:
    await toolbox.call("remove_contact_tag", {"contact_id": 1, "tag_name": EMAIL})
    await toolbox.call("find_contacts_by_email", {"email": EMAIL})
    assert EMAIL not in str(seen.sent) + str(seen.tools)
    assert [sent.template for sent, _ in seen.sent][-1] == "/contacts"
    assert "{tagName}" in str(seen.sent)


@pytest.mark.parametrize(
    ("tool", "arguments", "told", "outcome"),
    [
        ("get_contact", {"contact_id": 1}, "get_contact", "not_found"),
        ("get_contact", {"contact_id": EMAIL}, "get_contact", "invalid_arguments"),
        (EMAIL, {}, "unknown", "unknown_tool"),
        ("delete_personal_data", {"email": EMAIL}, "delete_personal_data", "not_allowed"),
        ("run_read_operation", {"name": "list_teams"}, "list_teams", "ok"),
        ("run_read_operation", {"name": EMAIL}, "run_read_operation", "unknown_tool"),
    ],
)
async def test_each_call_is_told_once_by_the_name_of_what_ran_and_the_kind_of_its_end(
    toolbox: Toolbox, seen: Seen, *, tool: str, arguments: dict[str, Any], told: str, outcome: str
) -> None:
    await toolbox.call(tool, arguments)
    assert [(call.tool, call.outcome) for call in seen.tools] == [(told, outcome)]
    assert EMAIL not in str(seen.tools)


async def test_a_job_is_one_call_with_all_its_calls_to_drift(toolbox: Toolbox, seen: Seen) -> None:
    await toolbox.call("triage_inbox", {"limit": 2})
    [call] = seen.tools
    assert call.tool == "triage_inbox"
    assert call.drift_calls == len(seen.sent) > 1
    assert {of.tool for _, of in seen.sent if of} == {"triage_inbox"}


async def test_a_call_that_its_client_gives_up_is_told_as_cancelled(
    toolbox: Toolbox, seen: Seen, befall: Callable[..., None]
) -> None:
    befall("latency", ms=30_000)
    with anyio.move_on_after(1.5):
        await toolbox.call("list_conversations", {})
    assert [call.outcome for call in seen.tools] == ["cancelled"]
    assert [sent.error for sent, _ in seen.sent] == ["CancelledError"]


async def test_repetitions_and_waiting_are_told(toolbox: Toolbox, seen: Seen, befall: Callable[..., None]) -> None:
    befall("rate_limited", retry_after=1, times=1)
    await toolbox.call("list_conversations", {"limit": 1})
    [(sent, call)] = seen.sent
    assert (sent.tries, sent.status) == (2, 200)
    assert call is not None
    assert 0.5 < sent.waited <= sent.seconds
    assert call.waited == sent.waited


async def test_a_lost_audit_line_is_told(seen: Seen, tmp_path: Path) -> None:
    settings = Settings(sandbox=True, state_dir=str(tmp_path), audit_file=str(tmp_path / "no" / "file"))
    async with aclosing(Toolbox(Connection(settings))) as toolbox:
        await toolbox.call("create_tag", {"name": "x"})
    assert seen.lost == 1


async def test_a_watcher_that_fails_costs_no_call(toolbox: Toolbox, seen: Seen) -> None:
    class Broken(Watcher):
        def tool_called(self, call: telemetry.ToolCall) -> None:
            raise OSError("disk full")

    with telemetry.watched_by(Broken()):
        result = await toolbox.call("list_teams", {})
    assert not result.get("isError")
    assert len(seen.tools) == 1

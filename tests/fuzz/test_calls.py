"""Generated calls of every tool: no crash, no stack, nothing on the wire that the operation does not send itself."""

import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fuzz import tools
from benchmarks.fuzz.wire import Seen, Templates
from drift_mcp.drift.gateway import Gateway
from drift_mcp.drift.wire import Call
from drift_mcp.operation import Operation, Request
from tests.support.operations import call_of

CALLS = 445
"""Five of every tool."""
USUAL = (("host", "driftapi.com"), ("authorization", "Bearer x"), ("accept", "application/json"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger = logging.getLogger("drift_mcp")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


def test_whatever_a_tool_is_called_with_the_answer_is_a_result_or_a_clear_error(tmp_path: Path) -> None:
    found = tools.run(CALLS, 7, tmp_path)
    assert found.wrong == []
    assert found.calls == CALLS
    assert found.kinds["success"] > CALLS / 10
    assert found.requests > CALLS / 5


def test_what_fails_inside_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Gateway, "send", broken)
    broken_run = tools.run(10, 7, tmp_path, "list_users")
    assert {what for what, _, _ in broken_run.wrong} == {"internal_error"}


def test_a_path_that_an_argument_forges_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if any text were let through, and put into the path as it is."""
    call = Operation.call

    def forged(operation: Operation, request: Request, *, catalogue_prefix: str = "") -> Call:
        path = operation.path.replace("{accountId}", str(request.model_dump().get("account_id")) + "/../../users/list")
        return replace(call(operation, request, catalogue_prefix=catalogue_prefix), path=path)

    monkeypatch.setattr(Operation, "call", forged)
    broken_run = tools.run(60, 7, tmp_path, "get_account")
    assert any(what.startswith("a path or method of another operation") for what, _, _ in broken_run.wrong)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"host": "evil.example"}, "another host"),
        ({"scheme": "http"}, "another host"),
        ({"headers": (*USUAL, ("x-forwarded-host", "evil.example"))}, "a header"),
        ({"headers": (("host", "evil.example"),)}, "a header"),
        ({"path": "/accounts/%2e%2e"}, "a path"),
        ({"path": "/accounts/a%2Fb"}, "a path"),
        ({"path": "/users/list"}, "a path"),
        ({"method": "DELETE"}, "a path"),
        ({"query": "admin=1"}, "a query"),
        ({}, ""),
    ],
)
def test_what_counts_as_forged(change: dict[str, Any], what: str) -> None:
    usual = {"method": "GET", "scheme": "https", "host": "driftapi.com", "path": "/accounts/1_acme.example"}
    seen = Seen(**(usual | {"query": "", "headers": USUAL} | change))
    assert Templates().wrong("get_account", seen).startswith(what)
    assert bool(Templates().wrong("get_account", seen)) is bool(what)


def test_a_number_to_filter_by_is_printed_nowhere() -> None:
    """Found by a generated call: the library warned of it on stderr, with the value."""
    filters = [{"property": "endUserId", "operation": "IN", "values": ["4711", "closed"]}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call = call_of("report_conversations", {"metrics": ["createdAt"], "filters": filters})
    assert call.body["filters"][0]["values"] == [4711, "closed"]

"""Log lines on stderr, as a person or a program reads them."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from drift_mcp.credentials import FixedCredential
from drift_mcp.drift.auth import BearerAuth
from drift_mcp.telemetry.logs import FIELDS, _Json, _Text
from tests.conftest import Finished, LocalDrift

TOKEN = 'marked/token"with=all\\kinds'
"""Each way of writing it down, in a URL or in JSON, changes it."""


def record(message: str, *args: Any, fields: dict[str, Any] | None = None, error: Exception | None = None) -> Any:
    info = (type(error), error, None) if error else None
    made = logging.LogRecord("drift_mcp.x", logging.INFO, "x.py", 1, message, args, info)
    setattr(made, FIELDS, fields or {})
    return made


@pytest.fixture
async def auth() -> BearerAuth:
    """One that has just sent its token."""
    sent = BearerAuth(FixedCredential(TOKEN), httpx.URL("https://driftapi.com"))
    await anext(sent.async_auth_flow(httpx.Request("GET", "https://driftapi.com/x")))
    return sent


@pytest.mark.parametrize("form", [_Text(), _Json()])
def test_no_part_of_a_line_can_carry_a_secret_that_was_sent(form: logging.Formatter, auth: BearerAuth) -> None:
    escaped = json.dumps(TOKEN)[1:-1]
    made = record("a %s %s", TOKEN, httpx.URL("http://x", params={"a": TOKEN}), fields={"b": TOKEN})
    line = form.format(made)
    made.exc_info = (ValueError, ValueError(TOKEN), None)
    for text in (line, form.format(made)):
        assert TOKEN not in text
        assert escaped not in text
        assert "marked" not in text
        assert "[secret]" in text


def test_a_line_of_json_is_one_object_with_the_stack_in_it() -> None:
    try:
        raise ValueError("of\nseveral lines")
    except ValueError as error:
        made = logging.LogRecord(
            "n", logging.ERROR, "x.py", 1, "it %s", ("failed",), (type(error), error, error.__traceback__)
        )
    line = _Json().format(made)
    assert "\n" not in line
    said = json.loads(line)
    assert said["message"] == "it failed"
    assert "ValueError: of\nseveral lines" in said["stack"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said["time"])


def test_a_name_with_blanks_or_line_breaks_stays_one_word() -> None:
    line = _Text().format(record("m", fields={"principal": 'a "b"\nERROR c', "n": 1}))
    assert line.endswith(r'principal="a \"b\"\nERROR c" n=1')


@pytest.fixture
def called(run: Callable[..., Finished], drift: LocalDrift) -> Callable[..., list[str]]:
    def call(*args: str) -> list[str]:
        arguments = ("find_contacts_by_email", "email=jo@acme.example")
        finished = run("call", *arguments, *args, env=drift.env)
        assert finished.status == 0, finished.stderr
        assert drift.token not in finished.stderr
        assert "jo@acme.example" not in finished.stderr
        return finished.stderr.splitlines()

    return call


def test_a_tool_call_is_a_line_at_info(called: Callable[..., list[str]]) -> None:
    [line] = called("--log-level", "info")
    pattern = (
        r"\S+Z INFO drift_mcp.tools: tool call tool=find_contacts_by_email connection=drift principal=local "
        r"outcome=ok ms=\d+\.\d drift_calls=1 waited_ms=\d+\.\d"
    )
    assert re.fullmatch(pattern, line)


def test_a_call_to_drift_is_a_line_at_debug(called: Callable[..., list[str]]) -> None:
    lines = [json.loads(line) for line in called("--log-level", "debug", "--log-format", "json")]
    [line] = [line for line in lines if line["logger"] == "drift_mcp.drift"]
    assert {"method": "GET", "path": "/contacts", "status": 200, "tries": 1}.items() <= line.items()
    assert {"tool": "find_contacts_by_email", "level": "DEBUG"}.items() <= line.items()


def test_nothing_is_logged_by_default(called: Callable[..., list[str]]) -> None:
    assert called() == []


def test_a_format_that_does_not_exist_is_refused(run: Callable[..., Finished]) -> None:
    finished = run("call", "list_teams", "--sandbox", "--log-format", "xml")
    assert (finished.status, "text or json" in finished.stderr) == (2, True)

"""The server as a process: it starts, and it ends when its host goes, whatever it is doing."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PATIENCE

from . import broken_drift as broken
from .pipe import Pipe


def ended_cleanly(pipe: Pipe, status: int) -> None:
    assert pipe.process.wait() == status
    assert pipe.only_protocol_on_stdout()
    assert "Traceback" not in pipe.process.stderr
    assert "Error" not in pipe.process.stderr


@pytest.fixture(params=["before the handshake", "after the handshake", "after a call"])
def server(request: pytest.FixtureRequest, launch: Callable[..., Any]) -> Pipe:
    """A server in each of the three states it can be idle in."""
    pipe = Pipe(launch("--sandbox"))
    if request.param == "before the handshake":
        pipe.request("server/discover", {})  # it has started once it answers, be it with an error
        return pipe
    pipe.greet()
    if request.param == "after a call":
        assert pipe.call("get_conversation_stats", {})["structuredContent"]["open"] > 0
    return pipe


def test_closed_stdin_ends_it_with_status_0(server: Pipe) -> None:
    server.process.close_stdin()
    ended_cleanly(server, 0)


def test_an_interrupt_ends_it_with_status_130(server: Pipe) -> None:
    server.process.signal(2)
    ended_cleanly(server, 130)


def test_a_termination_ends_it_with_status_143(server: Pipe) -> None:
    server.process.signal(15)
    ended_cleanly(server, 143)


@pytest.mark.parametrize(("number", "status"), [(None, 0), (2, 130), (15, 143)], ids=["stdin", "SIGINT", "SIGTERM"])
def test_it_ends_promptly_in_the_middle_of_a_slow_call(
    launch: Callable[..., Any], wait_until: Callable[..., None], number: int | None, status: int
) -> None:
    with broken.broken_drift() as drift:
        # Drift would be waited for much longer than the end is.
        env = {"DRIFT_BASE_URL": drift.url, "DRIFT_ACCESS_TOKEN": "t", "DRIFT_TOTAL_TIMEOUT": "600"}
        pipe = Pipe(launch(env=env | {"DRIFT_READ_TIMEOUT": "600"})).greet()
        pipe.ask("tools/call", {"name": "get_contact", "arguments": {"contact_id": broken.SILENT}})
        wait_until(lambda: bool(drift.seen))
        if number is None:
            pipe.process.close_stdin()
        else:
            pipe.process.signal(number)
        ended_cleanly(pipe, status)


def test_stdin_that_is_closed_from_the_start_ends_it(launch: Callable[..., Any]) -> None:
    pipe = Pipe(launch("--sandbox"))
    pipe.process.close_stdin()
    ended_cleanly(pipe, 0)


def test_requests_sent_just_before_stdin_closes_do_not_upset_it(launch: Callable[..., Any]) -> None:
    pipe = Pipe(launch("--sandbox")).greet()
    for _ in range(20):
        pipe.ask("tools/call", {"name": "list_conversations", "arguments": {}})
    pipe.process.close_stdin()
    ended_cleanly(pipe, 0)


def test_a_host_that_dies_ends_it(environment: dict[str, str], workplace: Path) -> None:
    command = [sys.executable, "-m", "drift_mcp", "--sandbox"]
    with subprocess.Popen(
        command, env=environment, cwd=workplace, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as host:
        # Both pipes break at once, before and while it answers.
        host.stdout.close()
        host.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{}}\n' * 50)
        host.stdin.close()
        try:
            host.wait(PATIENCE)
        finally:
            host.kill()


def test_an_idle_server_writes_nothing_to_stderr(launch: Callable[..., Any]) -> None:
    pipe = Pipe(launch("--sandbox")).greet()
    pipe.request("tools/list", {})
    pipe.call("list_conversations", {})
    pipe.process.close_stdin()
    assert pipe.process.wait() == 0
    assert pipe.process.stderr == ""


def test_debug_logging_goes_to_stderr_and_never_shows_the_token(launch: Callable[..., Any], drift: Any) -> None:
    secret = drift.issue_token("conversation_read")
    pipe = Pipe(launch("--log-level", "debug", env=drift.env | {"DRIFT_ACCESS_TOKEN": secret})).greet()
    assert not pipe.call("get_conversation_stats", {}).get("isError")
    pipe.call("get_user", {"user_id": 1})
    pipe.process.close_stdin()
    ended_cleanly(pipe, 0)
    assert pipe.process.stderr
    assert secret not in pipe.process.stderr
    assert secret not in json.dumps([line.decode() for line in pipe.process.output])

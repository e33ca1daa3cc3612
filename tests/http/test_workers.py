"""Several processes behind one port, and servers that keep no sessions."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from drift_mcp.http.keys import new_key
from drift_mcp.settings import Hosting, InvalidSetting
from tests.conftest import LocalDrift, eventually

from .conftest import Serve
from .fake_drift import Listener
from .host import NEW, OLD, Host, client

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes that share a port")


def workers(host: Host) -> set[int]:
    """The processes that answer."""
    parent = str(host.process.child.pid)
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", parent], capture_output=True, text=True, check=False)
    return {int(pid) for pid in found.stdout.split()}


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def start_two(serve: Serve, drift_process: LocalDrift) -> Callable[[], Host]:
    """Starts a server of two processes, with the local Drift."""

    def start() -> Host:
        own = serve("--workers", "2", env=drift_process.env)
        eventually(lambda: len(workers(own)) == 2)
        return own

    return start


@pytest.fixture(scope="module")
def two(start_two: Callable[[], Host]) -> Iterator[Host]:
    own = start_two()
    yield own
    own.close()
    assert "Traceback" not in own.process.stderr


@pytest.mark.parametrize("era", [OLD, NEW])
async def test_any_process_may_answer_any_request(two: Host, era: str) -> None:
    async def use() -> None:
        async with client(f"{two.url}/mcp", era) as mcp:
            for _ in range(5):
                assert not (await mcp.call_tool("list_users", {})).is_error

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(use)


def test_each_request_alone_is_enough_and_reaches_both(two: Host, wait_until: Callable[..., None]) -> None:
    list_tools = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}

    def cpu(pid: int) -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    both = workers(two)
    before = {pid: cpu(pid) for pid in both}

    def answered_by_both() -> bool:
        def ask() -> None:
            # A connection of its own each time, and no word about a session.
            answer = httpx.post(
                f"{two.url}/mcp", json=list_tools, trust_env=False, timeout=60,
                headers={"accept": "application/json, text/event-stream", "mcp-protocol-version": OLD},
            )  # fmt: skip
            assert answer.status_code == 200
            assert "mcp-session-id" not in answer.headers

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return all(cpu(pid) > before[pid] for pid in both)

    if sys.platform == "linux":
        wait_until(answered_by_both)


def test_a_process_that_dies_is_replaced_and_the_others_go_on(two: Host, wait_until: Callable[..., None]) -> None:
    before = workers(two)
    os.kill(min(before), signal.SIGKILL)
    for _ in range(5):
        assert two.http.get("/healthz").status_code == 200
    wait_until(lambda: len(workers(two)) == 2 and workers(two) != before)
    assert max(before) in workers(two)
    assert "another takes its place" in two.process.stderr
    assert two.initialize().status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_them_all(start_two: Callable[[], Host], number: int) -> None:
    two = start_two()
    both = workers(two)
    two.process.signal(number)
    assert two.process.wait() == 0
    assert not [pid for pid in both if is_running(pid)]


def test_none_outlives_the_first_process(start_two: Callable[[], Host], wait_until: Callable[..., None]) -> None:
    two = start_two()
    both = workers(two)
    two.process.child.kill()
    wait_until(lambda: not [pid for pid in both if is_running(pid)])


def test_a_call_in_flight_is_answered_first(serve: Serve, listener: Listener, wait_until: Callable[..., None]) -> None:
    env = {"DRIFT_BASE_URL": listener.url, "DRIFT_ACCESS_TOKEN": "a-token-for-tests"}
    own = serve("--workers", "2", "--ignore-scopes", env=env)
    listener.may_answer.clear()
    call = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "list_users", "arguments": {}}}
    answers: list[str] = []
    waiting = threading.Thread(target=lambda: answers.append(own.post(call, mcp_protocol_version=OLD).text))
    waiting.start()
    wait_until(lambda: bool(listener.heads))
    own.process.signal(signal.SIGTERM)
    wait_until(own.refuses)
    assert own.process.child.poll() is None
    listener.may_answer.set()
    waiting.join()
    assert '"count":1' in answers[0]
    assert own.process.wait() == 0


@pytest.fixture(scope="module")
def stateless(serve: Serve) -> Iterator[Host]:
    """A server that keeps no sessions."""
    own = serve("--sandbox", "--stateless")
    yield own
    own.close()


class TestWithoutSessions:
    @pytest.mark.parametrize("era", [OLD, NEW])
    async def test_both_eras_work(self, stateless: Host, era: str) -> None:
        told: list[float] = []

        async def hear(done: float, total: float | None, message: str | None) -> None:
            told.append(done)

        async with client(f"{stateless.url}/mcp", era) as mcp:
            assert mcp.protocol_version == era
            assert not (await mcp.call_tool("triage_inbox", {}, progress_callback=hear)).is_error
            assert (await mcp.list_prompts()).prompts
        assert len(told) > 1

    def test_no_session_is_opened(self, stateless: Host) -> None:
        assert "mcp-session-id" not in stateless.initialize().headers

    @pytest.mark.parametrize("path", ["/sse", "/messages"])
    def test_the_transport_that_is_nothing_but_sessions_is_not_there(self, stateless: Host, path: str) -> None:
        assert stateless.http.get(path).status_code == 404


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workers", "2", "--sandbox"), "a sandbox of its own"),
        (("--workers", "0"), "--workers (DRIFT_HTTP_WORKERS) must be"),
        (("--workers", "2", "--transport", "sse"), "transport sse has sessions"),
        (("--workers", "2", "--tls-cert", "/no.pem", "--tls-key", "/no.pem"), "--tls-key (DRIFT_HTTP_TLS_KEY) cannot"),
    ],
)
def test_what_cannot_be_is_one_clear_line(run: Callable[..., Any], arguments: tuple[str, ...], said: str) -> None:
    finished = run("serve", "--transport", "http", "--port", "0", *arguments)
    assert finished.status == 2
    assert len(finished.stderr.splitlines()) == 1
    assert said in finished.stderr


def test_one_server_of_several_may_be_without_sessions_too() -> None:
    assert Hosting(stateless=True).without_sessions
    assert Hosting(workers=2).without_sessions
    assert not Hosting().without_sessions
    with pytest.raises(InvalidSetting):
        Hosting(transport="sse", stateless=True)


def test_why_a_process_cannot_be_replaced_is_said(
    serve: Serve, drift_process: LocalDrift, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    keys = tmp_path / "keys.json"
    text = json.dumps({"keys": [new_key("a")[1]]})
    keys.write_text(text)
    keys.chmod(0o600)
    own = serve("--workers", "2", "--keys", str(keys), env=drift_process.env)
    wait_until(lambda: len(workers(own)) == 2)
    keys.write_text("{ half an ed")
    os.kill(min(workers(own)), signal.SIGKILL)
    wait_until(lambda: "is no JSON" in own.process.stderr)
    keys.write_text(text)
    wait_until(lambda: len(workers(own)) == 2 and own.http.get("/healthz").status_code == 200)
    own.close()

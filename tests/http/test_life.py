"""The server as a process: whether it is ready, and how it ends."""

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from drift_mcp.settings import Hosting, InvalidSetting

from .conftest import Serve
from .fake_drift import Listener
from .host import NEW, OLD, Host, client

CALL = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "list_users", "arguments": {}}}


@pytest.fixture
def slow(serve: Serve, listener: Listener) -> Iterator[Host]:
    """A server whose Drift does not answer until it is told to."""
    own = serve(
        "--ignore-scopes",
        "--grace",
        "600",
        env={"DRIFT_BASE_URL": listener.url, "DRIFT_ACCESS_TOKEN": "a-token-for-tests"},
    )
    listener.may_answer.clear()
    yield own
    own.close()


class TestHealth:
    def test_it_is_alive_and_with_the_sandbox_ready(self, host: Host) -> None:
        assert host.http.get("/healthz").json() == {"status": "alive"}
        assert host.http.get("/readyz").json() == {"status": "ready"}

    def test_without_a_token_it_is_alive_but_not_ready(self, serve: Serve) -> None:
        own = serve()
        assert own.http.get("/healthz").status_code == 200
        answer = own.http.get("/readyz")
        assert answer.status_code == 503
        assert "token" in answer.json()["problem"]
        own.close()

    def test_neither_asks_drift_or_for_a_key(self, serve: Serve, keys_file: Path, listener: Listener) -> None:
        env = {"DRIFT_BASE_URL": listener.url, "DRIFT_ACCESS_TOKEN": "a-token-for-tests"}
        own = serve("--keys", str(keys_file), env=env)
        for path in ("/healthz", "/readyz"):
            assert own.http.get(path, headers={"host": "10.0.0.7"}).status_code == 200
        assert listener.heads == []
        own.close()


class TestTheEnd:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_an_idle_server_at_once(self, serve: Serve, number: int) -> None:
        own = serve("--sandbox", "--grace", "600")
        own.process.signal(number)
        assert own.process.wait() == 0
        assert len(own.process.stderr.splitlines()) == 1

    async def test_open_streams_and_sessions_do_not_hold_it_up(self, serve: Serve) -> None:
        own = serve("--sandbox", "--grace", "600")
        session = own.initialize().headers["mcp-session-id"]
        with (
            own.http.stream("GET", "/sse") as older,
            own.http.stream("GET", "/mcp", headers={"accept": "text/event-stream", "mcp-session-id": session}) as newer,
        ):
            assert (older.status_code, newer.status_code) == (200, 200)
            own.process.signal(signal.SIGTERM)
            # Both end as whole answers, not as broken connections.
            assert b"endpoint" in older.read()
            newer.read()
        assert own.process.wait() == 0
        assert "Traceback" not in own.process.stderr

    @pytest.mark.parametrize("era", [OLD, NEW])
    @pytest.mark.parametrize("path", ["/mcp", "/sse"])
    async def test_a_call_in_flight_is_answered_first(
        self, slow: Host, listener: Listener, wait_until: Callable[..., None], path: str, era: str
    ) -> None:
        def end() -> None:
            wait_until(lambda: bool(listener.heads))
            slow.process.signal(signal.SIGTERM)
            wait_until(slow.refuses)
            assert slow.process.child.poll() is None
            listener.may_answer.set()

        ending = threading.Thread(target=end)
        async with client(slow.url + path, era) as mcp:
            await mcp.list_tools()  # which the client would do after the call, to check its result
            ending.start()
            result = await mcp.call_tool("list_users", {})
            assert not result.is_error, result.structured_content
            assert result.structured_content["count"] == 1
        ending.join()
        assert slow.process.wait() == 0
        assert "Traceback" not in slow.process.stderr

    def test_a_call_whose_client_has_left_is_finished_too(
        self, slow: Host, listener: Listener, wait_until: Callable[..., None]
    ) -> None:
        headers = {"mcp_session_id": slow.initialize().headers["mcp-session-id"], "mcp_protocol_version": OLD}
        slow.http.timeout = httpx.Timeout(0.5)
        with pytest.raises(httpx.ReadTimeout):
            slow.post(CALL, **headers)
        wait_until(lambda: bool(listener.heads))
        slow.process.signal(signal.SIGTERM)
        wait_until(slow.refuses)
        time.sleep(0.5)  # in which it could end
        assert slow.process.child.poll() is None
        listener.may_answer.set()
        assert slow.process.wait() == 0

    def test_it_does_not_wait_for_ever_and_says_so(
        self, serve: Serve, listener: Listener, wait_until: Callable[..., None]
    ) -> None:
        listener.may_answer.clear()
        env = {"DRIFT_BASE_URL": listener.url, "DRIFT_ACCESS_TOKEN": "a-token-for-tests"}
        env |= {"DRIFT_TOTAL_TIMEOUT": "600", "DRIFT_READ_TIMEOUT": "600"}
        own = serve("--ignore-scopes", "--grace", "1", env=env)
        session = own.initialize().headers["mcp-session-id"]
        answers: list[str] = []
        waiting = threading.Thread(
            target=lambda: answers.append(own.post(CALL, mcp_session_id=session, mcp_protocol_version=OLD).text)
        )
        # A connection that says nothing does not hold it up either.
        with socket.create_connection(("127.0.0.1", own.port)):
            waiting.start()
            wait_until(lambda: bool(listener.heads))
            began = time.monotonic()
            own.process.signal(signal.SIGTERM)
            assert own.process.wait() == 0
            assert time.monotonic() - began > 0.9
        waiting.join()
        assert "may have been applied" in answers[0]
        assert "Traceback" not in own.process.stderr


class TestTheStart:
    def test_a_port_in_use_is_one_clear_line(self, run: Callable[..., Any], host: Host) -> None:
        finished = run("serve", "--transport", "http", "--sandbox", "--port", str(host.port))
        assert finished.status == 2
        assert len(finished.stderr.splitlines()) == 1
        assert "cannot listen" in finished.stderr

    @pytest.mark.parametrize(
        "wrong",
        [
            {"transport": "carrier-pigeon"},
            {"tls_cert": "a.pem"},
            {"tls_key": "a.pem"},
            {"max_calls": 0},
            {"body_bytes": 10},
            {"grace": 0.0},
            {"grace": float("nan")},
            {"port": 70_000},
            {"port": -1},
        ],
    )
    def test_what_cannot_work_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidSetting, match=next(iter(wrong)).partition("_")[0]):
            Hosting(**wrong)

    @pytest.mark.parametrize(
        "arguments",
        [("--transport", "pigeon"), ("--transport", "http", "--tls-cert", "/no.pem", "--tls-key", "/no.pem")],
    )
    def test_it_is_one_clear_line(self, run: Callable[..., Any], arguments: tuple[str, ...]) -> None:
        finished = run("serve", "--sandbox", *arguments)
        assert finished.status == 2
        assert len(finished.stderr.splitlines()) == 1
        assert finished.stdout == ""

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate")
    def test_with_a_certificate_it_speaks_tls(self, serve: Serve, tmp_path: Path) -> None:
        certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key),
             "-out", str(certificate), *subject],
            check=True, capture_output=True,
        )  # fmt: skip
        own = serve("--sandbox", "--tls-cert", str(certificate), "--tls-key", str(key), verify=str(certificate))
        assert own.url.startswith("https://")
        assert own.initialize().status_code == 200
        own.close()

"""No secret leaves: every operation and every failure with marked secrets, and a search of all that comes out.

One server process over stdio and one over HTTP play everything, at the most talkative there is. What is searched:
every byte of results and headers, stderr with all logs and spans, metrics, every file that was left, the arguments.
"""

import base64
import json
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr

from drift_mcp import connections
from drift_mcp.credentials import ClientCredentials, FixedCredential
from drift_mcp.credentials.source import store
from drift_mcp.credentials.tokens import Tokens
from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.gateway import Gateway, Limits
from drift_mcp.drift.retry import Retries
from drift_mcp.drift.wire import Call, Expect, Inject
from drift_mcp.sandbox import create_app
from drift_mcp.sandbox.faults.kinds import KINDS
from drift_mcp.settings import Settings
from tests.conftest import Finished, Process
from tests.http.host import OLD, Host
from tests.support.marked import ACCESS, CLIENT, CORES, REFRESH, MarkedDrift, found, marked_app
from tests.support.served import served

from .calls import CALLS
from .pipe import Pipe

TELLING = (200, 400, 401, 403, 404, 409, 302, 500, 429)
"""Statuses of answers that tell all that was sent."""
AFTER_TELLING = ("failing", "garbled", "refused")
"""What the token endpoint does when it is asked at last."""
PROBES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("create_tag", {"name": "canary"}),
    ("list_conversations", {"limit": 60}),
    ("get_token_info", {}),
    ("uninstall_app", {}),
)
"""Calls whose requests carry each of the secrets, in each of the places there are."""


@dataclass
class Played:
    """What one server process did and left."""

    process: Process
    folder: Path
    drift: MarkedDrift
    said: list[bytes] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    metrics: bytes = b""
    arguments: bytes = b""


def prepared(folder: Path, drift: MarkedDrift) -> None:
    """A login whose access token has just ended."""
    ended = time.time() - 10
    tokens = Tokens(SecretStr(drift.access), SecretStr(drift.refresh), ended - 7200, ended)
    store(folder / "state").save("drift", tokens, "file")
    (folder / "files").mkdir()


def settings(folder: Path, url: str) -> dict[str, str]:
    return {
        "DRIFT_BASE_URL": url,
        "DRIFT_TOKEN_URL": f"{url}/oauth2/token",
        "DRIFT_AUTHORIZE_URL": f"{url}/authorize",
        "DRIFT_CLIENT_ID": "marked-app",
        "DRIFT_CLIENT_SECRET": CLIENT,
        "DRIFT_STATE_DIR": str(folder / "state"),
        "DRIFT_FILES": str(folder / "files"),
        "DRIFT_ALLOW_DANGEROUS": "1",
        "DRIFT_DESTRUCTIVE": "allow",
        "DRIFT_CALLS_PER_MINUTE": "1000000",
        "DRIFT_READ_TIMEOUT": "0.6",
        "DRIFT_TOTAL_TIMEOUT": "2.5",
        "DRIFT_LOG_LEVEL": "DEBUG",
        "DRIFT_LOG_FORMAT": "json",
        "DRIFT_HTTP_METRICS": "1",
        "OTEL_TRACES_EXPORTER": "console",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def play(played: Played, url: str, call: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
    """Everything, through `call`, which gives the result of a tool call."""

    def kind(name: str, arguments: dict[str, Any]) -> str:
        result = call(name, arguments)
        ended = result["structuredContent"]["error"]["kind"] if result.get("isError") else "ok"
        played.kinds.add(ended)
        return str(ended)

    def admin(method: str, path: str, body: Any = None) -> None:
        httpx.request(method, f"{url}/_sandbox/{path}", json=body, trust_env=False).raise_for_status()

    contents: dict[str, Any] = {}
    for name, arguments in CALLS.items():
        played.results[name] = call(name, arguments(contents))
        contents[name] = played.results[name]["structuredContent"]
    admin("POST", "reset")
    for fault in KINDS:
        slow = {"ms": 1_000} if fault == "slow_drip" else {}
        admin("POST", "faults", {"faults": [{"kind": fault, "times": 1} | slow]})
        for name, arguments in PROBES[:2]:
            kind(name, arguments)
        admin("DELETE", "faults")
        assert kind("list_teams", {}) == "ok", fault
    for status in TELLING[:-1]:  # the last one closes the lane for the calls after it
        played.drift.status = status
        for name, arguments in PROBES[:1] if status == 500 else PROBES:  # more failures in a row, and nothing is sent
            kind(name, arguments)
        played.drift.status = 0
        admin("POST", "reset")
        assert kind("list_teams", {}) == "ok", status
    for played.drift.status, played.drift.tokens in ((429, "good"), *((401, mode) for mode in AFTER_TELLING)):
        kind(*PROBES[0])


def over_stdio(launch: Callable[..., Process], folder: Path) -> Played:
    drift = MarkedDrift(create_app())
    with served(marked_app(drift)) as url:
        prepared(folder, drift)
        process = launch("serve", env=settings(folder, url))
        played = Played(process, folder, drift)
        pipe = Pipe(process).greet()
        played.arguments = Path(f"/proc/{process.child.pid}/cmdline").read_bytes()
        play(played, url, pipe.call)
        for method, params in (
            ("tools/list", {}),
            ("resources/list", {}),
            ("resources/read", {"uri": "drift://catalogue"}),
        ):
            pipe.request(method, params)
        process.close_stdin()
        assert process.wait() == 0
        played.said = process.output
        return played


def over_http(launch: Callable[..., Process], folder: Path) -> Played:
    drift = MarkedDrift(create_app())
    with served(marked_app(drift)) as url:
        prepared(folder, drift)
        process = launch("serve", "--transport", "http", "--port", "0", env=settings(folder, url))
        played = Played(process, folder, drift)
        host = Host(process)
        played.arguments = Path(f"/proc/{process.child.pid}/cmdline").read_bytes()
        opened = host.initialize()
        named = {"mcp_session_id": opened.headers["mcp-session-id"], "mcp_protocol_version": OLD}

        def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            message = {
                "jsonrpc": "2.0",
                "id": 7,
                "method": "tools/call",
                "params": {"name": name, "arguments": arguments},
            }
            answer = host.post(message, **named)
            played.said += [str(answer.headers).encode(), answer.content]
            lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: {")]
            said: dict[str, Any] = json.loads(lines[-1])
            assert "result" in said, said
            result: dict[str, Any] = said["result"]
            return result

        play(played, url, call)
        played.metrics = host.http.get("/metrics").content
        played.said.append(host.http.get("/readyz").content)
        process.signal(15)
        process.wait()
        host.close()
        return played


@pytest.fixture(scope="module")
def both(launch: Callable[..., Process], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Both at the same time: most of it is waiting."""
    with ThreadPoolExecutor() as threads:
        runs = {
            way.__name__: threads.submit(way, launch, tmp_path_factory.mktemp("own")) for way in (over_stdio, over_http)
        }
        return {name: run.result() for name, run in runs.items()}


@pytest.fixture(params=["over_stdio", "over_http"])
def played(both: dict[str, Played], request: pytest.FixtureRequest) -> Played:
    return both[request.param]


class TestTheSearch:
    """It would find what it looks for."""

    @pytest.mark.parametrize("secret", [ACCESS, REFRESH, CLIENT])
    @pytest.mark.parametrize(
        "written",
        [
            str,
            quote,
            json.dumps,
            str.upper,
            lambda text: quote(quote(text)),
            lambda text: text[::-1],
            lambda text: text.encode().hex(),
            lambda text: base64.b64encode(text.encode()).decode(),
            lambda text: base64.b64encode(f"a{text}".encode()).decode(),
            lambda text: base64.b64encode(f"marked-app:{text}".encode()).decode(),
        ],
    )
    def test_it_finds_each_secret_in_each_form(self, secret: str, written: Callable[[str], str]) -> None:
        assert len(found(f"some words {written(secret)} and more")) == 1

    def test_it_finds_nothing_in_other_words(self) -> None:
        assert found("the canary sang: access, refresh, client") == []


class TestEverythingWasPlayed:
    def test_every_operation_succeeded_with_the_marked_secrets(self, played: Played) -> None:
        failed = {name: result for name, result in played.results.items() if result.get("isError")}
        assert (len(played.results), failed) == (len(CALLS), {})

    def test_every_failure_came_about(self, played: Played) -> None:
        wanted = {"ok", "timeout", "drift_fault", "connection_lost", "broken_answer", "rate_limited", "unauthorized"}
        wanted |= {"forbidden", "not_found", "conflict", "invalid_request", "unexpected_answer", "not_connected"}
        assert wanted - played.kinds == set()

    def test_the_login_was_renewed_and_in_the_end_it_was_not(self, played: Played) -> None:
        assert played.drift.renewals.count("good") >= 2
        assert set(AFTER_TELLING) <= set(played.drift.renewals)

    def test_logs_and_spans_told_of_it(self, played: Played) -> None:
        lines = [json.loads(line) for line in played.process.stderr.splitlines() if line.startswith("{")]
        assert {"drift_mcp.tools", "drift_mcp.drift"} <= {line.get("logger") for line in lines}
        assert {"POST /app/uninstall", "POST /app/token_info"} <= {line.get("name") for line in lines}

    def test_files_were_left(self, played: Played) -> None:
        names = {path.name for path in played.folder.rglob("*") if path.is_file()}
        assert {"audit.jsonl", "login-drift.json"} <= names


class TestNoSecret:
    def test_is_in_what_an_agent_gets(self, played: Played) -> None:
        assert played.said
        assert found(b"\n".join(played.said)) == []

    def test_is_in_logs_or_spans(self, played: Played) -> None:
        assert [line for line in played.process.stderr.splitlines() if found(line)] == []

    def test_is_in_the_metrics(self, both: dict[str, Played]) -> None:
        metrics = both["over_http"].metrics
        assert b"drift_mcp_tool_calls_total" in metrics
        assert found(metrics) == []

    def test_is_in_any_file_and_the_login_is_encrypted(self, played: Played) -> None:
        assert [path.name for path in played.folder.rglob("*") if path.is_file() and found(path.read_bytes())] == []

    def test_is_in_the_arguments_of_the_process(self, played: Played) -> None:
        assert b"drift_mcp" in played.arguments
        assert found(played.arguments) == []


class TestCommands:
    """What a person types and reads."""

    @pytest.mark.parametrize("mode", ["good", *AFTER_TELLING])
    def test_a_login_in_the_browser(self, launch: Callable[..., Process], tmp_path: Path, mode: str) -> None:
        drift = MarkedDrift(create_app(), tokens=mode)
        with served(marked_app(drift)) as url:
            process = launch("login", "--no-browser", env=settings(tmp_path, url))
            shown = b""
            while b"redirect_uri=" not in shown:
                shown += process.read_line()
            address = httpx.URL(next(word for word in shown.decode().split() if "redirect_uri=" in word))
            back = {"code": f"{CORES['refresh']}-as-a-code", "state": address.params["state"]}
            page = httpx.get(address.params["redirect_uri"], params=back, trust_env=False, timeout=60)
            status = process.wait(60)
        said = b"".join(process.output) + process.stderr.encode() + page.content + str(page.headers).encode()
        assert status == (0 if mode == "good" else 1), said
        assert found(said) == []
        assert [path for path in tmp_path.rglob("*") if path.is_file() and found(path.read_bytes())] == []

    def test_doctor_and_connections(self, run: Callable[..., Finished], tmp_path: Path) -> None:
        drift = MarkedDrift(create_app())
        config = tmp_path / ".cursor" / "mcp.json"
        config.parent.mkdir()
        entry = {"command": "drift-mcp", "env": {"DRIFT_ACCESS_TOKEN": ACCESS, "DRIFT_CLIENT_SECRET": CLIENT}}
        config.write_text(json.dumps({"mcpServers": {"drift": entry}}))
        said = ""
        with served(marked_app(drift)) as url:
            env = settings(tmp_path, url) | {"HOME": str(tmp_path), "DRIFT_ACCESS_TOKEN": drift.access}
            for drift.status in (0, 400):
                for command in (("doctor",), ("connections", "--test")):
                    finished = run(*command, env=env)
                    assert finished.status == (1 if drift.status else 0), finished.stdout
                    said += finished.stdout + finished.stderr
        assert "in plain text" in said
        assert found(said) == []


class TestAStack:
    """What a debugger, a crash reporter or a careless line of code would show."""

    CALLS = (
        Call("GET", "/contacts", (("email", "a@b.example"),)),
        Call("POST", "/app/token_info", inject=Inject.TOKEN_IN_BODY, writes=True),
        Call("POST", "/app/uninstall", inject=Inject.CLIENT_IN_QUERY, writes=True),
        Call("GET", "/conversations/1/transcript", expect=Expect.TEXT),
    )

    @pytest.fixture
    def credential(self) -> FixedCredential:
        return FixedCredential(f"{ACCESS}0", ClientCredentials("marked-app", SecretStr(CLIENT)))

    @pytest.mark.parametrize("status", TELLING)
    async def test_of_a_failed_call_shows_none_not_even_with_all_variables(
        self, credential: FixedCredential, status: int
    ) -> None:
        shown: list[str] = []
        drift = MarkedDrift(create_app(), status=status)
        with served(marked_app(drift)) as url:
            for base in (url, "http://127.0.0.1:1"):
                gateway = Gateway(base, credential, limits=Limits(total=0.5), retries=Retries(tries=1))
                for call in self.CALLS:
                    try:
                        shown.append(repr(await gateway.send(call)))
                    except DriftError as error:
                        below = error.__traceback__ and error.__traceback__.tb_next  # not this test's variables
                        stack = traceback.TracebackException(type(error), error, below, capture_locals=True)
                        shown += [*stack.format(), repr(error), str(vars(error))]
                await gateway.aclose()
        assert "gateway.py" in "".join(shown)
        assert [line for text in shown for line in text.splitlines() if found(line)] == []

    async def test_of_a_crashing_tool_shows_none(
        self,
        credential: FixedCredential,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def crash(*_: Any, **__: Any) -> Any:
            raise RuntimeError(ACCESS)

        chosen = Settings(sandbox=True, state_dir=str(tmp_path))
        async with connections.load(chosen) as switchboard:
            monkeypatch.setattr("drift_mcp.execute._listing", crash)
            result = await switchboard.call("list_conversations", {})
        assert result["isError"]
        assert "RuntimeError" in caplog.text
        assert found(json.dumps(result) + caplog.text) == []

    async def test_no_object_on_the_way_shows_one(
        self, credential: FixedCredential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DRIFT_ACCESS_TOKEN", raising=False)
        tokens = Tokens(SecretStr(ACCESS), SecretStr(REFRESH))
        store(tmp_path).save("drift", tokens, "file")
        drift = MarkedDrift(create_app())
        with served(marked_app(drift)) as url:
            gateway = Gateway(url, credential)
            answer = await gateway.send(self.CALLS[1])
            chosen = Settings(base_url=url, state_dir=str(tmp_path))
            async with connections.load(chosen) as switchboard:
                connection = switchboard.toolbox().connection
                await connection.credential().token()
                shown = [
                    switchboard, switchboard.toolbox(), connection, connection.credential(), connection.gateway(),
                    gateway, gateway._auth, gateway._http, gateway._http.headers, credential, await credential.token(),
                    await credential.client(), tokens, store(tmp_path), store(tmp_path).load("drift"), answer.headers,
                    *self.CALLS, vars(connection), vars(gateway), vars(connection.credential()), chosen,
                ]  # fmt: skip
                text = "\n".join(f"{each!r} {each}" for each in shown)
            await gateway.aclose()
        assert "BearerAuth" in text
        assert found(text) == []

"""What tests of whole processes need: a clean environment, processes that end with the tests, a local Drift.

Nothing here imports the product: these tests see it as a user does, from outside.
"""

import gc
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.forks import Forks
from tests.support.redis_server import RedisServer, redis_server

PATIENCE = 60.0
"""Seconds to wait for what should happen at once. Only a failing test waits that long."""

DRIFT_MCP = (sys.executable, "-m", "drift_mcp")
_KEPT = ("HOME", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait for processes that they have started."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """What the tests are made of stays: the collector need not look through all of it again and again."""
    gc.collect()
    gc.freeze()


class Process:
    """A child process. Both its outputs are read at once, so that it never waits for its reader."""

    def __init__(self, command: tuple[str, ...], env: dict[str, str], cwd: Path) -> None:
        self.child = subprocess.Popen(
            command, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.output: list[bytes] = []
        self.errors: list[bytes] = []
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read_output, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def _read_output(self) -> None:
        for line in self.child.stdout or ():
            self.output.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def _read_errors(self) -> None:
        self.errors.extend(self.child.stderr or ())

    @property
    def stderr(self) -> str:
        return b"".join(self.errors).decode()

    def write_line(self, line: bytes) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(line + b"\n")
        self.child.stdin.flush()

    def read_line(self, patience: float = PATIENCE) -> bytes:
        """The next line of output; b"" at its end."""
        try:
            return self._lines.get(timeout=patience) or b""
        except queue.Empty:
            raise AssertionError(f"no line of output within {patience} s; stderr: {self.stderr}") from None

    def close_stdin(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()

    def signal(self, number: int) -> None:
        self.child.send_signal(number)

    def wait(self, patience: float = PATIENCE) -> int:
        """The exit status, once the process has ended and its outputs are read."""
        try:
            status = self.child.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {patience} s; stderr: {self.stderr}") from None
        for reader in self._readers:
            reader.join(PATIENCE)
        return status

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        for reader in self._readers:
            reader.join(PATIENCE)
        for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


class LocalDrift:
    """`drift-mcp sandbox` as a process of its own, seen over HTTP."""

    READY = re.compile(r"Drift sandbox ready at (http://\S+) with token (\S+)")

    def __init__(self, process: Process) -> None:
        self.process = process
        line = process.read_line().decode()
        ready = self.READY.fullmatch(line.strip())
        assert ready, f"unexpected first line {line!r}; stderr: {process.stderr}"
        self.url, self.token = ready.groups()
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    @property
    def env(self) -> dict[str, str]:
        """The environment of a server that is to talk to it."""
        return {"DRIFT_BASE_URL": self.url, "DRIFT_ACCESS_TOKEN": self.token, "DRIFT_CALLS_PER_MINUTE": "1000000"}

    def reset(self) -> None:
        """Back to the seed, with an empty request log."""
        self.http.post("/_sandbox/reset").raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """The requests of Drift's API since the reset: method, path, query, status."""
        found: list[dict[str, Any]] = self.http.get("/_sandbox/requests").raise_for_status().json()["requests"]
        return found

    def issue_token(self, *scopes: str) -> str:
        answer = self.http.post("/_sandbox/tokens", json={"scopes": scopes}).raise_for_status()
        return str(answer.json()["token"])

    def visitor_says(self, body: str, **where: Any) -> dict[str, Any]:
        """A message typed in the chat widget, by `conversationId` or by `email`."""
        answer = self.http.post("/_sandbox/visitor/messages", json={"body": body, **where}).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str, **query: Any) -> Any:
        """What Drift itself answers, unchanged by the client side."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.get(path, params=query, headers=headers).raise_for_status().json()

    def close(self) -> None:
        self.http.close()
        self.process.end()


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of all tests: nothing is left in that of whoever runs them."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def environment(own_state: Path) -> dict[str, str]:
    """The environment of every child: nothing of Drift's settings, and this Python's scripts first in PATH."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    return kept | {"PATH": path, "XDG_STATE_HOME": str(own_state)}


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where children run: not in the repository, as users do not either."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="session")
def launch(environment: dict[str, str], workplace: Path) -> Iterator[Callable[..., Process]]:
    """Starts a process, `drift-mcp` with these arguments by default; whatever is left at the end is killed."""
    started: list[Process] = []

    def start(*args: str, env: dict[str, str] | None = None, command: tuple[str, ...] = DRIFT_MCP) -> Process:
        process = Process((*command, *args), environment | (env or {}), workplace)
        started.append(process)
        return process

    yield start
    for process in started:
        process.end()


@pytest.fixture(scope="session")
def drift_process(launch: Callable[..., Process]) -> Iterator[LocalDrift]:
    """One local Drift for all tests. Ask for `drift`, which is it in its first state."""
    local = LocalDrift(launch("sandbox", "--port", "0"))
    yield local
    local.close()


@pytest.fixture(scope="module")
def fresh_drift(drift_process: LocalDrift) -> LocalDrift:
    """The local Drift over HTTP, in its first state when the module begins."""
    drift_process.reset()
    return drift_process


@pytest.fixture
def drift(drift_process: LocalDrift) -> LocalDrift:
    """The local Drift over HTTP, in its first state."""
    drift_process.reset()
    return drift_process


@pytest.fixture(scope="session")
def open_drift(launch: Callable[..., Process]) -> Callable[..., LocalDrift]:
    """Starts a local Drift of one's own, with further arguments."""
    return lambda *args: LocalDrift(launch("sandbox", "--port", "0", *args))


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests. Ask for `redis`, which is it empty."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(redis_process: RedisServer) -> RedisServer:
    """A Redis with nothing in it."""
    redis_process.clear()
    return redis_process


@pytest.fixture(params=["embedded", "redis"])
def store(request: pytest.FixtureRequest) -> str:
    """The setting `store`: a test that asks for it is run with both kinds."""
    return "" if request.param == "embedded" else str(request.getfixturevalue("redis").url)


@pytest.fixture(scope="session")
def run(
    environment: dict[str, str], workplace: Path, launch: Callable[..., Process]
) -> Iterator[Callable[..., "Finished"]]:
    """Runs `drift-mcp` with these arguments to its end, with nothing on stdin: in a fork where there are any."""

    def finish(*args: str, env: dict[str, str] | None = None) -> Finished:
        process = launch(*args, env=env)
        process.close_stdin()
        status = process.wait(PATIENCE)
        return Finished(status, b"".join(process.output).decode(), process.stderr)

    if not hasattr(os, "fork"):
        yield finish
        return
    forks = Forks(environment, workplace)
    yield lambda *args, env=None: Finished(*forks.run(args, environment | (env or {})))
    forks.close()


class Finished:
    """What a command left: its exit status and its outputs."""

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def eventually(happened: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Returns as soon as `happened`; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    return eventually


INTERRUPT, TERMINATE, KILL = signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)

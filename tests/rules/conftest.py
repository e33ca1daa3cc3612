"""Servers with rules, each on a state folder and a local Drift of the test's own choice."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Finished, LocalDrift, Process
from tests.events.conftest import log, open_log  # noqa: F401 - fixtures
from tests.http.host import Host

WEBHOOK_TOKEN = "verification-token-of-the-rules"
PATH = "/webhooks/drift/acme"
Serve = Callable[..., Host]
Run = Callable[..., Finished]


@pytest.fixture
def connections(tmp_path: Path, drift: LocalDrift) -> Callable[[str], Path]:
    """Writes the file of connections with one of them, acme; further lines of it and its rules."""

    def write(more: str) -> Path:
        path = tmp_path / "connections.toml"
        path.write_text(
            f'[connections.acme]\nbase_url = "{drift.url}"\ntoken_env = "DRIFT_ACCESS_TOKEN"\n'
            f'webhook_token_env = "ACME_WEBHOOKS"\n{more}'
        )
        return path

    return write


@pytest.fixture
def environ(drift: LocalDrift, tmp_path: Path, connections: Callable[[str], Path]) -> dict[str, str]:
    """The environment of every server and command of the test: they share one state."""
    file = connections("")
    own = {"ACME_WEBHOOKS": WEBHOOK_TOKEN, "DRIFT_CONNECTIONS": str(file), "DRIFT_STATE_DIR": str(tmp_path / "state")}
    return drift.env | own


@pytest.fixture
def serve(launch: Callable[..., Process], environ: dict[str, str], drift: LocalDrift) -> Iterator[Serve]:
    """Starts a server over HTTP, to which the local Drift sends its webhooks."""
    started: list[Host] = []

    def start(*args: str, webhooks: dict[str, Any] | None = None) -> Host:
        host = Host(launch("serve", "--transport", "http", "--port", "0", *args, env=environ))
        started.append(host)
        how = {"url": host.url + PATH, "token": WEBHOOK_TOKEN, "backoff_ms": 20, "retries": 100} | (webhooks or {})
        drift.http.post("/_sandbox/webhooks", json=how).raise_for_status()
        return host

    yield start
    drift.http.post("/_sandbox/webhooks", json={"url": None}).raise_for_status()
    drift.http.post("/_sandbox/faults", json={"faults": []}).raise_for_status()
    for host in started:
        assert "Traceback" not in host.process.stderr
        assert WEBHOOK_TOKEN not in host.process.stderr
        host.close()


@pytest.fixture
def events(run: Callable[..., Finished], environ: dict[str, str]) -> Run:
    """Runs `drift-mcp events`."""
    return lambda *args: run("events", *args, env=environ)

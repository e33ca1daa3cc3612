"""Servers over HTTP for the tests: one to look at for all of them, and one's own where it is changed or ended."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drift_mcp.http.keys import new_key

from .fake_drift import Listener
from .host import Host

Serve = Callable[..., Host]
KEYED = {
    "all": {},
    "reader": {"read_only": True},
    "contacts": {"toolsets": ["contacts"], "exclude_tools": "get_contact"},
}
"""The callers that have keys, each with its surface."""


@pytest.fixture(scope="session")
def serve(launch: Callable[..., Any]) -> Iterator[Serve]:
    """Starts a server over HTTP with further arguments."""
    started: list[Host] = []

    def start(*args: str, env: dict[str, str] | None = None, verify: Any = True) -> Host:
        command = ("serve", *(() if "--transport" in args else ("--transport", "http")), "--port", "0", *args)
        host = Host(launch(*command, env=env), verify)
        started.append(host)
        return host

    yield start
    for host in started:
        host.close()


@pytest.fixture(scope="session")
def host(serve: Serve) -> Iterator[Host]:
    """A server of the sandbox for everyone on this machine."""
    shared = serve("--sandbox")
    yield shared
    assert "Traceback" not in shared.process.stderr


@pytest.fixture(scope="session")
def secrets() -> dict[str, str]:
    """The keys of those in KEYED."""
    return {name: new_key(name)[0] for name in KEYED}


@pytest.fixture(scope="session")
def keys_file(secrets: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from hashlib import sha256

    entries = [
        {"name": name, "sha256": sha256(key.encode()).hexdigest()} | KEYED[name] for name, key in secrets.items()
    ]
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_text(json.dumps({"keys": entries}))
    path.chmod(0o600)
    return path


@pytest.fixture(scope="session")
def keyed(serve: Serve, keys_file: Path) -> Iterator[Host]:
    """A server that asks for keys and logs all it can."""
    shared = serve("--sandbox", "--keys", str(keys_file), "--log-level", "debug")
    yield shared
    assert "Traceback" not in shared.process.stderr


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A Drift that notes the head of each request and answers nothing useful."""
    with Listener() as opened:
        yield opened

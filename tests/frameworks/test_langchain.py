"""LangChain's MCP adapters, which ask for the SDK before version 2: in an environment of their own, made once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from .conftest import STDIO

PACKAGE = "langchain-mcp-adapters==0.3.2"
PATIENCE = 300


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.fixture(scope="module")
def python(request: pytest.FixtureRequest) -> str:
    """A Python that has the adapters."""
    folder = request.config.cache.mkdir("langchain") / f"{PACKAGE}-{sys.version_info[0]}.{sys.version_info[1]}"
    ready = folder / "ready"
    found = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    with FileLock(f"{folder}.lock"):  # two modules ask for it
        if not ready.exists():
            made = run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
            if not made.returncode:
                # This Python's own pip; most of the package is never imported, and so not worth compiling.
                pip = (sys.executable, "-m", "pip", "--python", str(found))
                made = run(*pip, "install", "-q", "--no-compile", "--disable-pip-version-check", PACKAGE)
            if made.returncode:
                pytest.fail(f"{PACKAGE} could not be installed for this test.\n{made.stderr[-2000:]}", pytrace=False)
            ready.touch()
    return str(found)


def test_the_tools_are_listed_and_called_over_every_transport(
    python: str, url: str, environment: dict[str, str], workplace: Any
) -> None:
    connections = {
        "stdio": {
            "transport": "stdio", "command": STDIO[0], "args": STDIO[1:], "env": environment, "cwd": str(workplace),
        },
        "http": {"transport": "streamable_http", "url": f"{url}/mcp"},
        "sse": {"transport": "sse", "url": f"{url}/sse"},
    }  # fmt: skip
    done = run(python, str(Path(__file__).parent / "langchain_client.py"), json.dumps(connections))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == set(connections)
    for each in found.values():
        assert each["answer"]["count"] == 2
        assert {"triage_inbox", "find_operations", "run_read_operation"} <= set(each["tools"])

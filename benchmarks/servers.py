"""The three servers under measurement, how each is started, and what its two tools are called."""

import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from benchmarks.stub import CONVERSATION_ID

HERE = Path(__file__).parent
PEERS = HERE / "peers"


@dataclass(frozen=True)
class Call:
    """A tool call: the tool's name and its arguments."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """A server to measure."""

    name: str
    command: tuple[str, ...]
    get: Call
    page: Call | None = None


def ours(*options: str) -> Candidate:
    """This project's server."""
    return Candidate(
        name="drift-mcp",
        command=(sys.executable, "-m", "drift_mcp", "serve", *options),
        get=Call("get_conversation", {"conversation_id": CONVERSATION_ID}),
        page=Call("list_conversations", {}),
    )


def bare() -> Candidate:
    """The SDK's own high-level server with one tool.

    In an environment with the SDK alone, in the versions ours runs with: where rich is installed too, the SDK
    would load it and print a coloured line for every HTTP request, which made the yardstick 1 ms a call slower.
    """
    python = _python("bare", "mcp\n", _installed())
    return Candidate(
        name="bare",
        command=(str(python), str(PEERS / "bare.py")),
        get=Call("get_conversation", {"conversation_id": CONVERSATION_ID}),
    )


def from_openapi() -> Candidate:
    """FastMCP over Drift's OpenAPI document, in an environment of its own."""
    python = _python("from_openapi", (PEERS / "requirements.txt").read_text())
    return Candidate(
        name="from_openapi",
        command=(str(python), str(PEERS / "from_openapi.py")),
        get=Call("get_conversations_id", {"id": str(CONVERSATION_ID)}),
        page=Call("get_conversations_list", {}),
    )


def environment(port: int) -> dict[str, str]:
    """What every server is started with: where the stub is, and none of the caller's Python switches.

    With PYTHONDONTWRITEBYTECODE, say, one server would compile its source at every start and another not.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DRIFT_"))}
    return {
        **inherited,
        "DRIFT_ACCESS_TOKEN": "stub",
        "DRIFT_BASE_URL": f"http://127.0.0.1:{port}",
        "DRIFT_CALLS_PER_MINUTE": "1000000",
    }


def _python(name: str, requirements: str, constraints: str = "") -> Path:
    """The interpreter of a peer's own environment, made when missing or when what it needs has changed."""
    wanted = f"{sys.version}\n{requirements}\n{constraints}"
    folder = HERE / f".venv-{name}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    made_for = folder / "made-for.txt"
    if made_for.exists() and made_for.read_text() == wanted:
        return python
    print(f"making an environment for {name} (once) …", file=sys.stderr)
    venv.create(folder, clear=True, with_pip=True)
    (folder / "requirements.txt").write_text(requirements)
    (folder / "constraints.txt").write_text(constraints)
    options = ["--quiet", "--requirement", "requirements.txt", "--constraint", "constraints.txt"]
    install = [str(python), "-m", "pip", "install", *options]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: its packages cannot be installed:\n{done.stderr[-1000:]}")
    made_for.write_text(wanted)
    return python


def _installed() -> str:
    """The versions of this environment, as constraints."""
    versions = {each.metadata["Name"]: each.version for each in distributions()}
    return "".join(f"{name}=={versions[name]}\n" for name in sorted(versions) if name != "drift-mcp")

"""Tool calls in this process, from generated arguments, with a sandbox behind the toolbox and an eye on the wire."""

import asyncio
import json
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks.fuzz.arguments import spoiled, through
from benchmarks.fuzz.wire import HOST, Recorder, Templates
from drift_mcp import catalogue
from drift_mcp.connect import sandbox_credential
from drift_mcp.connection import Connection
from drift_mcp.drift.gateway import Gateway
from drift_mcp.results import ToolResult
from drift_mcp.sandbox import SANDBOX_TOKEN, create_app
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_SECRET
from drift_mcp.sandbox.world import World
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox
from tests.support.clock import JumpingLoop

SLOW = 5.0
"""Seconds of a call that count as a hang; what waits for time alone does so in no time here (`JumpingLoop`)."""
FRESH = 1_000
"""Calls after which a sandbox has had enough changes, and the next tool gets a new one."""
LAST = frozenset({"run_destructive_operation", "uninstall_app"})
"""Tools after which nothing may work any more."""
LARGEST = 400_000
"""Characters of an answer without attachments that count as boundless; result_bytes is 24,000."""
NEVER = ("Traceback", 'File "', "site-packages", "drift_mcp/", ".py:", SANDBOX_TOKEN, SANDBOX_CLIENT_SECRET, "root:x:0")
"""What no answer may have in it: a stack, a place in the code, a secret, a file of this machine."""


Drift = tuple[Recorder, World, list[Toolbox]]


@dataclass
class Findings:
    """What went wrong, with the call that it took; and what the calls answered, by the kind of error."""

    calls: int = 0
    requests: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])
    wrong: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    slowest: float = 0.0

    def add(self, what: str, tool: str, arguments: Any) -> None:
        self.wrong.append((what, tool, repr(arguments)[:1_500]))


def run(calls: int, number: int, home: Path, only: str = "") -> Findings:
    """`calls` in all, as many of every tool, or of the one named `only`; the same for the same seed `number`."""
    names = [only] if only else sorted(catalogue.load(), key=LAST.__contains__)
    left = [(name, (calls - place + len(names) - 1) // len(names)) for place, name in enumerate(names)]
    fuzzing = _Fuzzing(number)
    while left:
        with asyncio.Runner(loop_factory=JumpingLoop) as runner, _drift(runner, home) as drift:
            made = 0
            while left and made < FRESH:
                name, examples = left.pop(0)
                if examples:
                    fuzzing.tool(runner, drift, name, examples)
                made += examples
    return fuzzing.findings


class _Fuzzing:
    """Calls one tool after the other, and collects what goes wrong."""

    def __init__(self, number: int) -> None:
        self.findings = Findings()
        self._number = number
        self._templates = Templates()
        self._schemas = {name: entry.tool["inputSchema"] for name, entry in catalogue.load().items()}

    def tool(self, runner: asyncio.Runner, drift: Drift, name: str, examples: int) -> None:
        recorder, world, boxes = drift
        known = _known(world)
        wanted = spoiled(self._schemas[name], known)
        if name.startswith("run_"):
            wanted |= through(self._schemas, known)

        @seed(self._number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(wanted)
        def call(arguments: dict[str, Any]) -> None:
            recorder.seen.clear()
            self._call(runner, boxes[self.findings.calls % len(boxes)], name, arguments)
            self.findings.requests += len(recorder.seen)
            for seen in recorder.seen:
                if what := self._templates.wrong(name, seen):
                    self.findings.add(f"{what}: {seen}", name, arguments)

        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a warning is printed with the value that it is about
            call()

    def _call(self, runner: asyncio.Runner, box: Toolbox, name: str, arguments: dict[str, Any]) -> None:
        self.findings.calls += 1
        began = time.perf_counter()
        try:
            result = runner.run(box.call(name, arguments))
        except Exception as error:  # none may ever come out of a toolbox
            self.findings.add(f"raised {type(error).__name__}", name, arguments)
            return
        took = time.perf_counter() - began
        self.findings.slowest = max(self.findings.slowest, took)
        self.findings.kinds[_kind(result)] += 1
        for what in _wrong(result, took, arguments):
            self.findings.add(what, name, arguments)


@contextmanager
def _drift(runner: asyncio.Runner, home: Path) -> Iterator[Drift]:
    """A fresh sandbox, and two toolboxes on it: for one every destructive call is allowed, the other asks."""
    app = create_app()
    recorder = Recorder(httpx.ASGITransport(app=app))
    files = home / "files"
    files.mkdir(exist_ok=True)
    boxes = []
    for policy in ("allow", "ask"):
        chosen = Settings(
            base_url=f"https://{HOST}",
            allow_dangerous=True,
            destructive=policy,
            files=str(files),
            state_dir=str(home / policy),
        )
        boxes.append(Toolbox(Connection(chosen, open_gateway=lambda _: _gateway(recorder))))
    try:
        yield recorder, app.state.sandbox.world, boxes
    finally:
        for box in boxes:
            runner.run(box.aclose())


def _gateway(recorder: Recorder) -> Gateway:
    return Gateway(f"https://{HOST}", sandbox_credential(), transport=recorder)


def _known(world: World) -> dict[str, tuple[Any, ...]]:
    """Ids and the like that are in the sandbox's start data, by the names of the arguments that take them."""
    messages = world.rows("messages")[:5]
    ids = {
        "conversation_id": tuple({row["conversationId"] for row in messages}),
        "message_id": tuple(row["id"] for row in messages),
        "contact_id": tuple(row["id"] for row in world.rows("contacts")[:4]),
        "account_id": tuple(row["accountId"] for row in world.rows("accounts")[:4]),
        "user_id": tuple(row["id"] for row in world.rows("users")[:4]),
        "meeting_id": tuple(row["id"] for row in world.rows("meetings")[:4]),
        "tag_id": tuple(row["id"] for row in world.rows("tags")[:4]),
        "document_id": tuple(row["id"] for row in world.rows("attachments")[:2]),
        "email": tuple(row["attributes"]["email"] for row in world.rows("contacts")[:4]),
        "name": tuple(catalogue.load()),
        "idempotency_key": ("one-key-for-all", "another-key"),
    }
    return ids | {
        "company_id": ids["account_id"],
        "owner_id": ids["user_id"],
        "assigned_user_id": ids["user_id"],
        "created_by": ids["user_id"],
        "id": tuple(map(str, ids["user_id"])),
    }


def _kind(result: ToolResult) -> str:
    content = result.get("structuredContent", {})
    return str(content["error"].get("kind")) if result.get("isError") else "success"


def _wrong(result: ToolResult, took: float, arguments: Any) -> Iterator[str]:
    """What is wrong with an answer, whatever was asked."""
    if took > SLOW:
        yield f"took {took:.1f} s"
    try:
        text = json.dumps({**result, "content": result["content"][:1]}, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        yield f"an answer that is no JSON ({type(error).__name__})"
        return
    if len(text) > LARGEST:
        yield f"an answer of {len(text)} characters"
    given = json.dumps(arguments, ensure_ascii=False, default=str)
    for never in NEVER:
        if never in text and never not in given:
            yield f"an answer with {never!r}"
    if result.get("isError"):
        error = result["structuredContent"].get("error", {})
        if not all(isinstance(error.get(part), str) and error[part] for part in ("kind", "message", "next")):
            yield "an error without kind, message or next"
        if error.get("kind") == "internal_error":
            yield "internal_error"

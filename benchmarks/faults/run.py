"""One fault run: writes by many callers at once through a toolbox, to a sandbox over HTTP that fails as planned."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import anyio
import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.faults.targets import Targets
from benchmarks.faults.writes import RETRIEVED, Write, writes
from drift_mcp.audit import one_each
from drift_mcp.connect import connect, sandbox_credential
from drift_mcp.connection import Connection
from drift_mcp.sandbox import create_app
from drift_mcp.sandbox.world import World
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox
from tests.support.served import served

PLAN: list[dict[str, Any]] = [
    {"kind": "latency", "share": 0.02, "ms": 200},
    {"kind": "latency", "share": 0.004, "ms": 4_000},
    {"kind": "late_answer", "share": 0.02, "ms": 200},
    {"kind": "late_answer", "share": 0.006, "ms": 4_000},
    {"kind": "rate_limited", "share": 0.02, "retry_after": 0},
    {"kind": "rate_limited", "share": 0.0005},
    {"kind": "server_error", "share": 0.02},
    {"kind": "server_error", "share": 0.01, "status": 502, "html": True},
    {"kind": "error_after", "share": 0.02},
    {"kind": "error_after", "share": 0.005, "status": 504},
    {"kind": "reset_before", "share": 0.02},
    {"kind": "reset_after", "share": 0.02},
    {"kind": "truncated", "share": 0.02},
    {"kind": "not_json", "share": 0.01, "applied": True},
    {"kind": "not_json", "share": 0.01, "applied": False},
    {"kind": "slow_drip", "share": 0.01, "ms": 1},
    {"kind": "slow_drip", "share": 0.001, "ms": 50},
    {"kind": "expired_token", "share": 0.005, "status": 401},
    {"kind": "expired_token", "share": 0.005, "status": 403},
    {"kind": "wrong_date", "share": 0.01, "seconds": 60},
    {"kind": "wrong_date", "share": 0.01, "seconds": -60},
    {"kind": "looping_pages", "share": 0.7},
]
"""Every kind of fault. The shares are of all requests, look-ups too. Answers that are late by more than the read
timeout below are given up on."""
READ_TIMEOUT, TOTAL_TIMEOUT = 2.5, 12.0
"""Seconds. Shorter than the defaults, so that the run ends in minutes; what is done when they are over is the same."""
_REST = 10.0
"""Seconds that a caller waits who is told that Drift is down."""
_FAULTS = "/_sandbox/faults"
_OURS = frozenset({"invalid_arguments", "invalid_request", "unknown_tool", "not_allowed", "internal_error"})
"""Errors that no fault brings about: one of them is a defect, of the server or of this run."""


class Said(StrEnum):
    """What the answer to a call says became of the write."""

    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    UNKNOWN = "unknown"
    DEFECT = "defect"


@dataclass
class Ran:
    """A write after its call, or calls. `times` is how often Drift has it once everything is over.

    Of the writes of the same words, which are `alike`, that is how often it has any of them.
    """

    write: Write
    said: Said
    answers: list[dict[str, Any]]
    times: int = 0
    settled: Said | None = None
    """What a call with the same key answered once Drift worked again; only where it was unknown."""
    times_settled: int = 0
    alike: "list[Ran]" = field(default_factory=list["Ran"])
    """The others of the same words."""

    @property
    def checkable(self) -> bool:
        """Whether an answer that left it unknown says how to find out."""
        return any(len(answer.get("error", {}).get("next", "")) > 20 for answer in self.answers)

    def ids(self) -> set[int]:
        """What its answers say that it made, where others make the like."""
        return {answer["id"] for answer in self.answers if "id" in answer} if self.write.words else set()

    def violation(self) -> str:
        """What must never be, or ""."""
        each = [self, *self.alike]
        ends = [ran.settled or ran.said for ran in each]
        made, unknown = ends.count(Said.APPLIED), ends.count(Said.UNKNOWN)
        ids = [found for ran in each for found in ran.ids()]
        wrongs = {
            "defect": self.said is Said.DEFECT,
            "doubled": max(self.times, self.times_settled) > len(each),
            "lost": self.times_settled < made,
            "another's": len(ids) != len(set(ids)),
            "wrongly said not applied": self.times_settled > made + unknown,
            "unknown without a way to check": self.said is Said.UNKNOWN and not self.checkable,
        }
        return next((what for what, found in wrongs.items() if found), "")


@dataclass
class Run:
    """All writes of a run; `faults` as the sandbox counted them, `requests` of how many. `seconds` for the writes."""

    ran: list[Ran] = field(default_factory=list[Ran])
    calls: int = 0
    seconds: float = 0.0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter[str])
    audit: Counter[str] = field(default_factory=Counter[str])
    """How the audit says that the writes ended; `begun` are those without an end."""

    def violations(self) -> list[tuple[str, Ran]]:
        return [(found, ran) for ran in self.ran if (found := ran.violation())]


class _Retrievals:
    """Counts the requests for somebody's data that reached Drift."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/gdpr/retrieve":
            body = await receive()
            email = json.loads(body["body"])["email"]
            counts = self._world.tables.setdefault(RETRIEVED, {})
            counts[email] = counts.get(email, 0) + 1

            async def again() -> Message:
                return body

            receive = again
        await self._app(scope, receive, send)


def sandbox() -> Starlette:
    """A sandbox that remembers what leaves no trace in it."""
    app = create_app()
    app.user_middleware.append(Middleware(_Retrievals, world=app.state.sandbox.world))  # after the faults
    return app


async def run(number: int, seed: int, callers: int, state: Path) -> Run:
    """Make `number` writes under the plan, `callers` at a time, and find out what became of each."""
    app = sandbox()
    world: World = app.state.sandbox.world
    todo = writes(Targets(world), number, seed)
    result = Run()
    with served(app) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as admin:
            async with toolbox(url, state) as here, toolbox(url, state) as there:  # as two processes
                await admin.post(_FAULTS, json={"faults": PLAN, "seed": seed})
                begun = time.monotonic()
                await _all((here, there), todo, callers, result)
                result.seconds = time.monotonic() - begun
                seen = (await admin.get(_FAULTS)).json()
                await admin.delete(_FAULTS)
            result.requests = seen["requests"]
            for fault in seen["faults"]:
                result.faults[fault["kind"]] += fault["injected"]
            for ran in result.ran:
                ran.times = ran.write.applied(world)
            async with toolbox(url, state) as tools:  # as after a restart
                await _settle(tools, result)
            for ran in result.ran:
                ran.times_settled = ran.write.applied(world)
    result.audit = _audited(state)
    return result


def toolbox(url: str, state: Path) -> aclosing[Toolbox]:
    """A toolbox as an operator would set it up for a Drift of his own, for whom the call limit is no limit."""
    settings = Settings(
        base_url=url,
        read_timeout=READ_TIMEOUT,
        total_timeout=TOTAL_TIMEOUT,
        calls_per_minute=1_000_000,
        destructive="allow",
        allow_dangerous=True,
        state_dir=str(state),
    )
    return aclosing(Toolbox(Connection(settings, open_gateway=lambda given: connect(given, sandbox_credential()))))


async def _all(processes: tuple[Toolbox, Toolbox], todo: list[list[Write]], callers: int, result: Run) -> None:
    waiting = iter(todo)

    async def make(write: Write, tools: Toolbox, together: list[Ran]) -> None:
        answers = await _answers(tools, write, 1 + write.twice)
        result.calls += len(answers)
        together.append(Ran(write, _together(answers), answers))

    async def caller() -> None:
        for place, group in enumerate(waiting):
            ran: list[Ran] = []
            pairs = zip(group, processes[:: 1 if place % 2 else -1], strict=False)  # one or both, in turn
            async with anyio.create_task_group() as tasks:
                for write, tools in pairs:
                    if write.words == "after":  # the other one, whose answer it has waited for
                        await make(write, tools, ran)
                    else:
                        tasks.start_soon(make, write, tools, ran)
            for each in ran:
                each.alike = [other for other in ran if other is not each]
            result.ran += ran
            if any(answer.get("error", {}).get("kind") == "drift_down" for each in ran for answer in each.answers):
                await anyio.sleep(_REST)

    async with anyio.create_task_group() as tasks:
        for _ in range(callers):
            tasks.start_soon(caller)


async def _answers(tools: Toolbox, write: Write, times: int) -> list[dict[str, Any]]:
    """The structured answers to the same call made `times` times at once."""
    arguments = write.arguments | ({"idempotency_key": write.key} if write.key else {})
    answers: list[dict[str, Any]] = []

    async def call() -> None:
        answers.append((await tools.call(write.operation, arguments))["structuredContent"])

    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(call)
    return answers


async def _settle(tools: Toolbox, result: Run) -> None:
    """Call again with its key what was left unknown."""
    for ran in result.ran:
        if ran.said is Said.UNKNOWN and ran.write.key:
            answers = await _answers(tools, ran.write, 1)
            ran.settled = _together(answers)
            ran.answers += answers


def _together(answers: list[dict[str, Any]]) -> Said:
    """What calls with the same key say together: that it was applied, if one does; that it was not, if all do."""
    said = {said_by(answer) for answer in answers}
    for first in (Said.DEFECT, Said.APPLIED, Said.UNKNOWN):
        if first in said:
            return first
    return Said.NOT_APPLIED


def said_by(answer: dict[str, Any]) -> Said:
    """What one answer says."""
    error = answer.get("error")
    if error is None:
        return Said.APPLIED
    if error["kind"] in _OURS:
        return Said.DEFECT
    open_ended = error.get("may_have_been_applied") or error["kind"] == "still_running"
    return Said.UNKNOWN if open_ended else Said.NOT_APPLIED


def _audited(state: Path) -> Counter[str]:
    lines = (line for path in state.glob("audit*.jsonl*") for line in _lines(path))
    return Counter(line["outcome"] for line in one_each(lines))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)

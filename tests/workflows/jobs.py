"""Runs one long job: in this process, or as a process of its own that freezes at a chosen point, to be killed there."""

import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

from drift_mcp.arguments import parse
from drift_mcp.caller import Caller
from drift_mcp.connect import connect, sandbox_credential
from drift_mcp.connection import Connection
from drift_mcp.drift.gateway import Gateway
from drift_mcp.drift.wire import Answer, Call
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox
from drift_mcp.workflow import Workflow
from drift_mcp.workflows import export_conversations, sync_contacts

JOBS: dict[str, Workflow] = {each.name: each for each in (*sync_contacts.WORKFLOWS, *export_conversations.WORKFLOWS)}
Send = Callable[[Call], Awaitable[Answer]]


class Watched(Gateway):
    """A gateway that counts the calls, and lets a test come between: `meddle(number, call, send)` answers the call."""

    def __init__(self, real: Gateway) -> None:
        self.real = real
        self.calls: list[Call] = []
        self.meddle: Callable[[int, Call, Send], Awaitable[Answer]] | None = None

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        if self.meddle is None:
            return await self.real.send(call)
        number = sum(each.method == call.method for each in self.calls)
        return await self.meddle(number, call, self.real.send)

    async def aclose(self) -> None:
        await self.real.aclose()

    def made(self, method: str) -> int:
        return sum(call.method == method for call in self.calls)


class Desk:
    """A server with a folder for files and one for state; `wire` is its way to Drift."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.files = home / "files"
        self.files.mkdir(exist_ok=True)
        given = {"sandbox": True, "files": str(self.files), "state_dir": str(home / "state")} | settings
        self.settings = Settings(**given)
        self.wire = Watched(connect(self.settings, sandbox_credential()))
        self.toolbox = Toolbox(Connection(self.settings, open_gateway=lambda _: self.wire))
        self.told: list[tuple[float, float | None, str]] = []

    async def do(self, job: str, **arguments: Any) -> dict[str, Any]:
        """The job's result; its calls and its progress stand in `wire.calls` and `told`. Raises as the job does."""
        self.wire.calls.clear()
        self.told.clear()
        return (await self.toolbox.run(JOBS[job], parse(JOBS[job], arguments), Caller(progress=self._note))).content

    async def ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return await self.toolbox.operate(operation, **arguments)

    async def _note(self, done: float, total: float | None, message: str) -> None:
        self.told.append((done, total, message))


# ---- as a process --------------------------------------------------------------------------------------------------


def _freeze() -> None:
    sys.stdout.write("frozen\n")
    sys.stdout.flush()
    time.sleep(60)  # the whole process stands still, and is killed here


async def _main(job: str, arguments: dict[str, Any], home: Path, point: dict[str, Any]) -> None:
    desk = Desk(home, sandbox=False, base_url=os.environ["DRIFT_BASE_URL"])

    async def meddle(number: int, call: Call, send: Send) -> Answer:
        here = call.method == point.get("method") and number == point["n"] and not call.path.startswith("/app")
        if here and point["when"] == "before":
            _freeze()
        answer = await send(call)
        if here and point["when"] == "after":
            _freeze()
        return answer

    async def progress(done: float, _: float | None, __: str) -> None:
        if point["when"] == "progress" and done >= point["n"]:
            _freeze()

    desk.wire.meddle = meddle
    await desk.toolbox.run(JOBS[job], parse(JOBS[job], arguments), Caller(progress=progress))
    sys.stdout.write("finished\n")


if __name__ == "__main__":
    anyio.run(_main, sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4]))

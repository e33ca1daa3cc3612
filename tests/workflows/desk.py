"""A toolbox on a sandbox of its own in this process, with a clock that stands still and faults at will."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import httpx
from starlette.applications import Starlette

from drift_mcp.arguments import parse
from drift_mcp.caller import NOBODY, Caller
from drift_mcp.connection import Connection
from drift_mcp.credentials import FixedCredential
from drift_mcp.drift.gateway import Gateway, Limits
from drift_mcp.drift.retry import Retries
from drift_mcp.sandbox import create_app
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox
from drift_mcp.workflow import Workflow

NOW = 1_772_452_800_000  # 2026-03-02T12:00:00Z
TOKEN = "desk-token"


@dataclass
class Fault:
    """What happens to requests of `method` whose path fits `path`, `times` times.

    `status`: Drift answers that, with `headers`. `lost`: Drift does it, and the answer does not come. `hook` runs
    before.
    """

    method: str
    path: str
    status: int | None = None
    lost: bool = False
    times: int = 10_000
    headers: dict[str, str] = field(default_factory=dict[str, str])
    hook: Callable[[], Awaitable[None]] | None = None

    def fits(self, request: httpx.Request) -> bool:
        return self.times > 0 and self.method == request.method and bool(re.fullmatch(self.path, request.url.path))


@dataclass
class Wire(httpx.AsyncBaseTransport):
    inner: httpx.AsyncBaseTransport
    faults: list[Fault] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.method, request.url.path))
        fault = next((each for each in self.faults if each.fits(request)), None)
        if fault is None:
            return await self.inner.handle_async_request(request)
        fault.times -= 1
        if fault.hook is not None:
            await fault.hook()
        if fault.status is not None:
            made = {"error": {"type": "made", "message": "made to fail"}}
            return httpx.Response(fault.status, json=made, headers=fault.headers)
        answer = await self.inner.handle_async_request(request)
        if fault.lost:
            raise httpx.ReadTimeout("lost", request=request)
        return answer


class Desk:
    """`run` does a job as a tool call would; `sent` has every request to Drift."""

    def __init__(
        self, *, scopes: list[str] | None = None, app: Starlette | None = None, total: float = 30.0, **settings: Any
    ) -> None:
        """`app`: the sandbox of another desk, as that one left it. `total`: seconds that a call may take in all."""
        self.limits = Limits(total=total)
        self.now = NOW
        self.app = app or create_app(now=lambda: self.now, token=TOKEN, scopes=scopes)
        self.wire = Wire(httpx.ASGITransport(app=self.app))
        self.toolbox = Toolbox(Connection(Settings(sandbox=True, **settings), open_gateway=self._connect))

    def _connect(self, _: Settings) -> Gateway:
        return Gateway(
            "https://driftapi.com",
            FixedCredential(TOKEN),
            limits=self.limits,
            retries=Retries(tries=1),
            transport=self.wire,
        )

    @property
    def world(self) -> Any:
        """The sandbox's own tables, which the client side does not see."""
        return self.app.state.sandbox.world

    @property
    def sent(self) -> list[tuple[str, str]]:
        return self.wire.sent

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [each for each in self.sent if each[0] != "GET"]

    def fail(self, method: str, path: str, **what: Any) -> None:
        self.wire.faults.append(Fault(method, path, **what))

    async def run(self, module: str, caller: Caller = NOBODY, /, **arguments: Any) -> dict[str, Any]:
        tool = workflow(module)
        return (await self.toolbox.run(tool, parse(tool, arguments), caller)).content

    async def ask(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        return await self.toolbox.operate(name, **arguments)

    async def visitor_says(self, conversation_id: int, body: str) -> None:
        async with httpx.AsyncClient(transport=self.wire.inner, base_url="http://sandbox") as http:
            answer = await http.post(
                "/_sandbox/visitor/messages", json={"conversationId": conversation_id, "body": body}
            )
            answer.raise_for_status()

    async def log(self) -> list[dict[str, Any]]:
        """The sandbox's request log."""
        async with httpx.AsyncClient(transport=self.wire.inner, base_url="http://sandbox") as http:
            found: list[dict[str, Any]] = (await http.get("/_sandbox/requests")).json()["requests"]
            return found


def workflow(module: str) -> Workflow:
    """The one workflow of a module, whether it is registered or not."""
    (found,) = import_module(f"drift_mcp.workflows.{module}").WORKFLOWS
    assert isinstance(found, Workflow)
    return found

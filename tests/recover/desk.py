"""A toolbox that talks to a sandbox over real HTTP, and the faults of that sandbox at hand."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from starlette.applications import Starlette

from drift_mcp.audit import one_each
from drift_mcp.caller import NOBODY, Caller
from drift_mcp.connection import Connection
from drift_mcp.credentials import ClientCredentials, FixedCredential
from drift_mcp.drift.gateway import Gateway, Limits
from drift_mcp.drift.retry import Retries
from drift_mcp.sandbox import SANDBOX_TOKEN
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox
from tests.support.operations import OPERATIONS

HEADERS = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
STORE = ""
"""The setting `store` of every desk that is opened."""
ONCE = Retries(tries=1)
"""The gateway sends nothing again, so that every lost answer is looked up."""


class Desk:
    """Calls tools, injects faults, and counts what the sandbox really did."""

    def __init__(self, app: Starlette, url: str, toolbox: Toolbox) -> None:
        self.toolbox = toolbox
        self.http = httpx.AsyncClient(
            base_url=url, trust_env=False, headers={"Authorization": f"Bearer {SANDBOX_TOKEN}"}
        )
        self.world = app.state.sandbox.world

    async def call(self, name: str, caller: Caller = NOBODY, /, **arguments: Any) -> dict[str, Any]:
        """The structured content of a call's result, an error's too."""
        content: dict[str, Any] = (await self.toolbox.call(name, arguments, caller))["structuredContent"]
        return content

    async def plan(self, *faults: dict[str, Any]) -> None:
        (await self.http.post("/_sandbox/faults", json={"faults": faults})).raise_for_status()

    async def befall(self, name: str, kind: str, times: int = 1, **more: Any) -> None:
        """The next calls that operation `name` makes meet the fault `kind`."""
        operation = OPERATIONS[name]
        glob = "*" + operation.path.partition("?")[0].partition("{")[0] + ("*" if "{" in operation.path else "")
        await self.plan({"kind": kind, "times": times, "methods": [operation.method], "path": glob} | more)

    async def requests(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.http.get("/_sandbox/requests")).json()["requests"]
        return rows

    async def applied(self, name: str) -> int:
        """How often Drift has carried operation `name` out."""
        operation = OPERATIONS[name]
        path = re.compile("(/v2)?" + re.sub(r"\{\w+\}", "[^/]+", operation.path.partition("?")[0]))
        return sum(
            entry["method"] == operation.method
            and path.fullmatch(entry["path"]) is not None
            and bool(entry.get("applied", 200 <= (entry["status"] or 0) < 300))
            for entry in await self.requests()
        )


def audited(state: Path) -> list[dict[str, Any]]:
    """The audit as it is shown: one line for each write."""
    file = state / "audit.jsonl"
    return one_each(json.loads(line) for line in (file.read_text().splitlines() if file.exists() else ()))


def ended(state: Path) -> list[dict[str, Any]]:
    """Those lines of it that say how a write has ended."""
    return [line for line in audited(state) if line["outcome"] != "begun"]


@asynccontextmanager
async def desk(
    app: Starlette, url: str, state: Path, *, retries: Retries = ONCE, limits: Limits | None = None, **settings: Any
) -> AsyncIterator[Desk]:
    client = ClientCredentials(SANDBOX_CLIENT_ID, SecretStr(SANDBOX_CLIENT_SECRET))

    def gateway(_: Settings) -> Gateway:
        return Gateway(url, FixedCredential(SANDBOX_TOKEN, client), retries=retries, limits=limits)

    asked = Settings(state_dir=str(state), allow_dangerous=True, destructive="allow", store=STORE, **settings)
    async with aclosing(Toolbox(Connection(asked, open_gateway=gateway))) as toolbox:
        opened = Desk(app, url, toolbox)
        try:
            yield opened
        finally:
            await opened.http.aclose()

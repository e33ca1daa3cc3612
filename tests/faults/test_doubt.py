"""What the fault run has found: doubt about a write is not lost by what a later try or call is told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.faults.run import sandbox, toolbox
from benchmarks.faults.targets import Targets
from drift_mcp.sandbox.world import World
from drift_mcp.toolbox import Toolbox
from tests.support.served import served


class Desk:
    """A toolbox, the sandbox's tables, and its faults."""

    def __init__(self, tools: Toolbox, admin: httpx.AsyncClient, targets: Targets) -> None:
        self.targets = targets
        self.world: World = targets.world
        self._tools = tools
        self._admin = admin

    async def plan(self, *faults: dict[str, Any]) -> None:
        (await self._admin.post("/_sandbox/faults", json={"faults": faults})).raise_for_status()

    async def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        content: dict[str, Any] = (await self._tools.call(name, arguments))["structuredContent"]
        return content


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    app = sandbox()
    targets = Targets(app.state.sandbox.world)
    with served(app) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as admin, toolbox(url, tmp_path) as tools:
            yield Desk(tools, admin, targets)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_write_that_was_lost_and_then_refused_may_have_been_applied(desk: Desk, status: int) -> None:
    post: dict[str, Any] = {"methods": ["POST"], "path": "/emails/unsubscribe", "times": 1}
    await desk.plan({"kind": "reset_after", **post}, {"kind": "expired_token", "status": status, **post})
    answer = await desk.call("unsubscribe_emails", emails=["someone@visitor.example"])
    assert "someone@visitor.example" in desk.world.tables["unsubscribed"]
    assert answer["error"]["may_have_been_applied"] is True
    assert answer["error"]["status"] == status


async def test_a_key_in_doubt_stays_so_when_the_next_call_is_refused(desk: Desk) -> None:
    user = desk.targets.user("w1")["id"]
    arguments = {"id": str(user), "idempotency_key": "leaves-the-company"}
    unseen = {"kind": "expired_token", "methods": ["GET"]}
    await desk.plan({"kind": "error_after", "methods": ["DELETE"], "times": 1}, {"kind": "expired_token"})
    assert (await desk.call("deprovision_scim_user", **arguments))["error"]["may_have_been_applied"] is True
    await desk.plan({"kind": "expired_token", "methods": ["DELETE"]}, unseen)
    assert (await desk.call("deprovision_scim_user", **arguments))["error"]["may_have_been_applied"] is True
    await desk.plan(unseen)
    assert (await desk.call("deprovision_scim_user", **arguments))["gone"] is True
    assert desk.world.get("users", user) is None

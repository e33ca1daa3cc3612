"""A toolbox whose Drift is the sandbox over real HTTP, and a watcher that keeps what it is told."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from drift_mcp import telemetry
from drift_mcp.connection import Connection
from drift_mcp.credentials import FixedCredential
from drift_mcp.drift.sent import Sent
from drift_mcp.sandbox import SANDBOX_TOKEN, create_app
from drift_mcp.settings import Settings
from drift_mcp.telemetry import ToolCall, Watcher
from drift_mcp.toolbox import Toolbox
from tests.support.served import served


class Seen(Watcher):
    """Everything, in its order."""

    def __init__(self) -> None:
        self.tools: list[ToolCall] = []
        self.sent: list[tuple[Sent, ToolCall | None]] = []
        self.streams = self.lost = 0

    def tool_called(self, call: ToolCall) -> None:
        self.tools.append(call)

    def drift_called(self, sent: Sent, call: ToolCall | None) -> None:
        self.sent.append((sent, call))

    def streams_changed(self, change: int) -> None:
        self.streams += change

    def audit_line_lost(self) -> None:
        self.lost += 1


@pytest.fixture
def seen() -> Iterator[Seen]:
    watcher = Seen()
    with telemetry.watched_by(watcher):
        yield watcher


@pytest.fixture
def sandbox_url() -> Iterator[str]:
    with served(create_app()) as url:
        yield url


@pytest.fixture
def befall(sandbox_url: str) -> Callable[..., None]:
    """Has the sandbox suffer a fault."""

    def plan(kind: str, **more: Any) -> None:
        faults = {"faults": [{"kind": kind, **more}]}
        httpx.post(f"{sandbox_url}/_sandbox/faults", json=faults, trust_env=False).raise_for_status()

    return plan


class _Known(Connection):
    """One whose token is the sandbox's."""

    def credential(self) -> FixedCredential:
        return FixedCredential(SANDBOX_TOKEN)


@pytest.fixture
async def toolbox(sandbox_url: str, tmp_path: Path) -> AsyncIterator[Toolbox]:
    settings = Settings(base_url=sandbox_url, state_dir=str(tmp_path), destructive="allow")
    async with aclosing(Toolbox(_Known(settings, "acme"))) as made:
        yield made

"""A log in a folder of its own, and the events to fill it with."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from drift_mcp.events import Events, event
from drift_mcp.events.event import Event
from drift_mcp.events.log import EventLog
from drift_mcp.events.sqlite_log import SqliteLog
from drift_mcp.store.log import RedisLog
from drift_mcp.store.shared import Shared
from tests.workflows.desk import Desk

NOW = 1_772_452_800_000  # 2026-03-02T12:00:00Z
OpenLog = Callable[..., EventLog]


def message(number: int, *, conversation: int = 5, at: int = NOW, body: str = "Hello") -> dict[str, Any]:
    """A visitor's message as Drift sends it."""
    author = {"type": "contact", "id": 77}
    return {
        "id": number, "orgId": 1, "conversationId": conversation, "type": "chat", "author": author,
        "body": body, "createdAt": at,
    }  # fmt: skip


def told(type_name: str, data: Any, *, org_id: Any = 1, connection: str = "acme") -> Event:
    return event.read(connection, type_name, org_id, data)


def new_message(number: int, **about: Any) -> Event:
    return told("new_message", message(number, **about))


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the clock of arrivals."""

    def stand(milliseconds: int) -> None:
        monkeypatch.setattr(event, "clock", lambda: milliseconds / 1000)

    stand(NOW)
    return stand


@pytest.fixture
async def open_log(tmp_path: Path, store: str) -> AsyncIterator[OpenLog]:
    """Opens the log of the test; twice, as two processes would."""
    opened: list[Any] = []

    def start(*, days: float = 7, size: int = 100_000_000) -> EventLog:
        if store:
            shared = Shared(store, "acme")
            opened.append(shared)
            return RedisLog(shared, days=days, size=size)
        opened.append(SqliteLog(tmp_path / "events.sqlite", days=days, size=size))
        return opened[-1]  # type: ignore[no-any-return]

    yield start
    for each in opened:
        await each.aclose()


@pytest.fixture
def log(open_log: OpenLog) -> EventLog:
    return open_log()


@pytest.fixture
async def desk(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A server whose events come by the sandbox's clock, and that may delete."""
    opened = Desk(state_dir=str(tmp_path), store=store, destructive="allow", allow_dangerous=True)
    monkeypatch.setattr(event, "clock", lambda: opened.now / 1000)
    yield opened
    await opened.toolbox.aclose()


def events(desk: Desk) -> Events:
    return desk.toolbox.connection.events

"""What a server does beside its tools: where nothing comes, too, events are dropped that were kept for long enough."""

import os
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from mcp import Client

from drift_mcp.connection import Connection
from drift_mcp.events import Events, background
from drift_mcp.events.log import START, Wanted
from drift_mcp.server import build
from drift_mcp.settings import Settings
from drift_mcp.switchboard import Switchboard
from drift_mcp.toolbox import Toolbox

from .conftest import NOW, message

DAY = 86_400_000


async def test_a_quiet_server_drops_what_is_too_old(
    tmp_path: Path, store: str, now: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "TIDY_EVERY", 0.01)
    connection = Connection(Settings(sandbox=True, state_dir=str(tmp_path), store=store), "acme")
    log, done = connection.events.log, anyio.Event()
    await connection.events.told("new_message", 1, message(1))
    trim = log.trim

    async def trimmed() -> None:
        await trim()
        done.set()

    now(NOW + 8 * DAY)
    monkeypatch.setattr(log, "trim", trimmed)
    async with Switchboard({"acme": Toolbox(connection)}, "acme") as switchboard, Client(build(switchboard)):
        with anyio.fail_after(60):
            await done.wait()
        assert (await log.read(Wanted(), START, 5)).entries == []


async def test_it_opens_nothing_where_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = anyio.Event()
    kept = Events.kept.fget
    assert kept is not None

    def look(events: Events) -> bool:
        looked.set()
        return bool(kept(events))

    monkeypatch.setattr(background, "TIDY_EVERY", 0.01)
    monkeypatch.setattr(Events, "kept", property(look))
    connection = Connection(Settings(sandbox=True, state_dir=str(tmp_path)), "acme")
    async with Switchboard({"acme": Toolbox(connection)}, "acme") as switchboard, Client(build(switchboard)):
        with anyio.fail_after(60):
            await looked.wait()
    assert "events-acme.sqlite" not in os.listdir(tmp_path)

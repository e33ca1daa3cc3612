"""Which organisation's events a connection reads: its token's, as far as Drift says."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from drift_mcp.connection import Connection
from drift_mcp.drift.errors import ServerFault
from drift_mcp.events import Events
from drift_mcp.events.log import START, Wanted
from tests.workflows.desk import Desk

OURS, OTHERS = 84213, 999


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    opened = Desk(state_dir=str(tmp_path))
    yield opened
    await opened.toolbox.aclose()


async def noted(desk: Desk, org_id: int) -> None:
    """As a process before this one kept it."""
    await desk.toolbox.connection.events.log.keep("org_id", str(org_id))


async def test_drift_is_asked_once_whatever_an_earlier_process_noted(desk: Desk) -> None:
    await noted(desk, OTHERS)
    assert [await desk.toolbox.connection.events.org_id() for _ in range(3)] == [OURS] * 3
    assert len(desk.sent) == 1


async def test_what_was_noted_is_good_while_drift_does_not_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def fails(*_: Any) -> dict[str, Any]:
        asked.append(1)
        raise ServerFault

    monkeypatch.setattr(Connection, "token_info", fails)
    events = desk.toolbox.connection.events
    assert [await events.org_id() for _ in range(2)] == [None, None]
    assert len(asked) == 2
    await noted(desk, OURS)
    events = Desk(state_dir=desk.toolbox.connection.settings.state_dir).toolbox.connection.events
    assert [await events.org_id() for _ in range(2)] == [OURS, OURS]
    assert len(asked) == 3  # not again for a while
    await events.aclose()


async def test_a_token_of_another_organisation_is_noticed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    using, asked = "ours", []
    orgs = {"ours": OURS, "ours, renewed": OURS, "others": OTHERS}

    async def token(_: Any) -> SecretStr:
        return SecretStr(using)

    async def told(*_: Any) -> dict[str, Any]:
        asked.append(using)
        return {"org_id": orgs[using]}

    monkeypatch.setattr(Events, "_token", token)
    monkeypatch.setattr(Connection, "token_info", told)
    events = desk.toolbox.connection.events
    assert await events.org_id() == OURS
    using = "others"
    assert await events.org_id() == OURS, "it is not looked at each time"
    assert await events.org_id(sure=True) == OTHERS
    monkeypatch.setattr("drift_mcp.events.LOOK_EVERY", 0.0)
    assert [await events.org_id(sure=True) for _ in range(2)] == [OTHERS] * 2
    using = "ours, renewed"
    assert [await events.org_id() for _ in range(2)] == [OURS] * 2
    assert asked == ["ours", "others", "ours, renewed"]


async def test_a_token_that_comes_while_drift_is_asked_is_not_taken_for_the_one_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    using = "ours"

    async def token(_: Any) -> SecretStr:
        return SecretStr(using)

    async def told_of_another(*_: Any) -> dict[str, Any]:
        nonlocal using
        using = "others"
        return {"org_id": OTHERS}

    async def told(*_: Any) -> dict[str, Any]:
        return {"org_id": OURS}

    monkeypatch.setattr(Events, "_token", token)
    monkeypatch.setattr(Connection, "token_info", told_of_another)
    events = desk.toolbox.connection.events
    assert await events.org_id() == OTHERS
    using = "ours"
    monkeypatch.setattr(Connection, "token_info", told)
    assert await events.org_id(sure=True) == OURS


async def test_what_a_round_finds_with_a_new_token_is_not_kept_as_that_of_the_organisation_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    using, orgs = "ours", {"ours": OURS, "others": OTHERS}

    async def token(_: Any) -> SecretStr:
        return SecretStr(using)

    async def told(*_: Any) -> dict[str, Any]:
        return {"org_id": orgs[using]}

    monkeypatch.setattr(Events, "_token", token)
    monkeypatch.setattr(Connection, "token_info", told)
    events = desk.toolbox.connection.events
    (chat,) = (await desk.ask("list_conversations", limit=1))["items"]
    await events.poller.round(0.0)
    assert await events.org_id() == OURS
    using = "others"
    desk.now += 1_000
    await desk.visitor_says(chat["id"], "Hello")
    await events.poller.round(0.0)
    (entry,) = (await events.log.read(Wanted(type="new_message"), START, 5)).entries
    assert entry.event.org_id == OTHERS


async def test_who_has_no_token_any_more_reads_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    events = desk.toolbox.connection.events
    assert await events.org_id() == OURS

    async def none(_: Any) -> None:
        return None

    monkeypatch.setattr(Events, "_token", none)
    assert await events.org_id(sure=True) == OURS
    assert len(desk.sent) == 1

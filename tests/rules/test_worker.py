"""What a worker does about one event, on a desk of its own: when it tries again, and when it gives up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from drift_mcp.events.log import Wanted
from drift_mcp.events.rules import worker
from drift_mcp.events.rules.ledger import Failure, Task
from drift_mcp.events.rules.rule import Rule
from drift_mcp.events.rules.worker import Worker
from tests.workflows.desk import Desk

RULE = Rule("new_conversation", "add_contact_tags", {"tags": ["chat"]})
TAGGING = "/contacts/.*/tags"


class Ended:
    """State, attempts and reason of each event that the worker is through with."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, int, str]] = []
        self._more = anyio.Event()

    def add(self, state: str, attempts: int, reason: str) -> None:
        self._rows.append((state, attempts, reason))
        self._more.set()
        self._more = anyio.Event()

    async def first(self, count: int = 1) -> list[tuple[str, int, str]]:
        """All of them, once there are so many."""
        with anyio.fail_after(60):
            while len(self._rows) < count:
                await self._more.wait()
        return self._rows


@pytest.fixture
async def desk(tmp_path: Any, store: str) -> AsyncIterator[Desk]:
    opened = Desk(state_dir=str(tmp_path), store=store)
    opened.toolbox.connection.rules = (RULE,)
    yield opened
    await opened.toolbox.aclose()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(worker, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(worker, "REST", 0.0)
    monkeypatch.setattr(worker, "ATTEMPTS", 3)


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        await tasks.start(lambda *, task_status: Worker(desk.toolbox).keep_on(task_status.started))
        yield
        tasks.cancel_scope.cancel()


async def begins(desk: Desk, number: int = 5, **changes: Any) -> int:
    """A conversation of a contact of the desk's begins; the contact."""
    contact = int((await desk.ask("list_contacts", limit=1))["items"][0]["id"])
    events = desk.toolbox.connection.events
    data = {"id": number, "contactId": contact, "createdAt": desk.now} | changes
    await events.told("new_conversation", changes.get("orgId", await events.org_id()), data)
    return contact


@pytest.fixture
def ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """What the worker tells the ledger of the desk."""
    told = Ended()
    ledger = desk.toolbox.connection.events.ledger
    real_done, real_failed = ledger.done, ledger.failed

    async def done(task: Task) -> None:
        await real_done(task)
        told.add("done", task.attempt, "")

    async def failed(task: Task, reason: str, again_in: float | None) -> None:
        await real_failed(task, reason, again_in)
        if again_in is None:
            told.add("failed", task.attempt, reason)

    monkeypatch.setattr(ledger, "done", done)
    monkeypatch.setattr(ledger, "failed", failed)
    return told


async def failures(desk: Desk) -> list[Failure]:
    return await desk.toolbox.connection.events.ledger.failures(Wanted(), 10)


async def test_what_fails_for_a_while_is_tried_again(desk: Desk, ended: Ended) -> None:
    desk.fail("POST", TAGGING, status=401, times=2)
    async with working(desk):
        contact = await begins(desk)
        assert await ended.first() == [("done", 3, "")]
    assert "chat" in str((await desk.ask("get_contact", contact_id=contact))["tags"])


async def test_it_is_given_up_after_so_many_attempts_and_others_go_on(desk: Desk, ended: Ended) -> None:
    desk.fail("POST", TAGGING, status=401, times=3)
    async with working(desk):
        contact = await begins(desk)
        await ended.first()
        await begins(desk, 6)
        await ended.first(2)
    (failure,) = await failures(desk)
    assert (failure.reason, failure.attempts) == ("unauthorized", 3)
    assert failure.entry.event.contact_id == contact


async def test_what_trying_again_cannot_change_is_given_up_at_once(desk: Desk, ended: Ended) -> None:
    desk.fail("POST", TAGGING, status=403)
    async with working(desk):
        await begins(desk)
        assert await ended.first() == [("failed", 1, "forbidden")]


async def test_an_event_that_names_no_contact_is_given_up(desk: Desk, ended: Ended) -> None:
    async with working(desk):
        await begins(desk, contactId=None)
        assert await ended.first() == [("failed", 1, "no_contact")]
    assert {path for _, path in desk.writes} == {"/app/token_info"}


async def test_an_event_that_ended_the_process_each_time_is_not_tried_for_ever(desk: Desk, ended: Ended) -> None:
    connection = desk.toolbox.connection
    async with working(desk):
        pass
    await begins(desk)
    for _ in range(3):
        assert await connection.events.ledger.claim(RULE.name, Wanted(), 0.0)
    async with working(desk):
        assert await ended.first() == [("failed", 4, "cut_off")]


async def test_another_organisations_events_are_left_alone(desk: Desk, ended: Ended) -> None:
    async with working(desk):
        await begins(desk, orgId=999)
        await begins(desk, 6)
        assert len(await ended.first()) == 1


async def test_a_long_attempt_keeps_its_event(desk: Desk, ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HELD", 0.15)
    slow = 0.6

    began = anyio.Event()

    async def wait() -> None:
        began.set()
        await anyio.sleep(slow)

    desk.fail("POST", TAGGING, hook=wait, times=1)
    ledger = desk.toolbox.connection.events.ledger
    taken = []
    async with working(desk):
        await begins(desk)
        with anyio.fail_after(60):
            await began.wait()
        with anyio.move_on_after(slow - 0.1):
            while True:
                taken.append(await ledger.claim(RULE.name, Wanted(), 0.0))
                await anyio.sleep(0.02)
        assert await ended.first() == [("done", 1, "")]
    assert not any(taken)

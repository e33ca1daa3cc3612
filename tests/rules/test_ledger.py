"""What the ledger promises to several processes: each event once, held while it is worked on, and never forgotten."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import pytest

from drift_mcp.events import event
from drift_mcp.events.event import Event
from drift_mcp.events.log import Wanted
from drift_mcp.events.rules.ledger import Ledger, Task
from drift_mcp.events.rules.sqlite_ledger import SqliteLedger
from drift_mcp.events.sqlite_log import SqliteLog

RULE, OTHER = "new_conversation.enrich_contact", "new_conversation.add_contact_tags"
WANTED = Wanted(type="new_conversation", org_id=1)
NOW = 1_772_452_800_000
HELD = 30.0


def conversation(number: int, *, org_id: int = 1, kind: str = "new_conversation") -> Event:
    return event.read("acme", kind, org_id, {"id": number, "contactId": 77, "createdAt": NOW + number})


@pytest.fixture
async def open_log(tmp_path: Path) -> AsyncIterator[Callable[..., SqliteLog]]:
    """Opens the log of the test; twice, as two processes would."""
    opened: list[SqliteLog] = []

    def start(size: int = 100_000_000) -> SqliteLog:
        opened.append(SqliteLog(tmp_path / "events.sqlite", days=7, size=size))
        return opened[-1]

    yield start
    for each in opened:
        await each.aclose()


@pytest.fixture
def log(open_log: Callable[..., SqliteLog]) -> SqliteLog:
    return open_log()


@pytest.fixture
async def ledger(log: SqliteLog) -> Ledger:
    made = SqliteLedger(log)
    await made.begin([RULE])
    return made


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass for the ledger."""
    real = event.clock

    def move(seconds: float) -> None:
        monkeypatch.setattr(event, "clock", lambda: real() + seconds)

    return move


async def claimed(ledger: Ledger, rule: str = RULE, wanted: Wanted = WANTED) -> Task:
    task = await ledger.claim(rule, wanted, HELD)
    assert task is not None
    return task


async def nothing(ledger: Ledger, rule: str = RULE) -> bool:
    return await ledger.claim(rule, WANTED, HELD) is None


class TestClaiming:
    async def test_several_processes_share_the_events_and_none_gets_one_twice(
        self, open_log: Callable[..., SqliteLog]
    ) -> None:
        logs = [open_log() for _ in range(3)]
        ledgers = [SqliteLedger(each) for each in logs]
        await ledgers[0].begin([RULE])
        await logs[0].append([conversation(number) for number in range(1, 61)])
        found: list[int | None] = []

        async def work(own: Ledger) -> None:
            while (task := await own.claim(RULE, WANTED, HELD)) is not None:
                found.append(task.event.conversation_id)
                await own.done(task)

        async with anyio.create_task_group() as tasks:
            for own in ledgers:
                tasks.start_soon(work, own)
        assert sorted(filter(None, found)) == list(range(1, 61))

    async def test_each_rule_gets_each_event(self, ledger: Ledger, log: SqliteLog) -> None:
        await ledger.begin([RULE, OTHER])
        await log.append([conversation(1)])
        assert (await claimed(ledger)).cursor == (await claimed(ledger, OTHER)).cursor
        assert await nothing(ledger)

    async def test_a_new_rule_begins_with_what_comes_and_goes_on_after_a_restart(self, log: SqliteLog) -> None:
        await log.append([conversation(1)])
        await SqliteLedger(log).begin([RULE])
        assert await nothing(SqliteLedger(log))
        await log.append([conversation(2)])
        again = SqliteLedger(log)
        await again.begin([RULE])
        assert (await claimed(again)).event.conversation_id == 2

    async def test_a_duplicate_delivery_is_no_second_event(self, ledger: Ledger, log: SqliteLog) -> None:
        await log.append([conversation(1), conversation(1)])
        await ledger.done(await claimed(ledger))
        await log.append([conversation(1)])
        assert await nothing(ledger)

    async def test_other_types_and_organisations_are_passed_over(self, ledger: Ledger, log: SqliteLog) -> None:
        await log.append([conversation(1, org_id=2), conversation(2, kind="new_message"), conversation(3)])
        assert (await claimed(ledger)).event.conversation_id == 3
        assert await nothing(ledger)


class TestHolding:
    async def test_what_a_dead_process_held_goes_to_another_with_the_attempt_counted(
        self, ledger: Ledger, log: SqliteLog, later: Callable[[float], None]
    ) -> None:
        await log.append([conversation(1)])
        first = await claimed(ledger)
        later(HELD - 1)
        assert await nothing(ledger)
        later(HELD + 1)
        second = await claimed(ledger)
        assert (first.attempt, second.attempt) == (1, 2)
        assert first.key == second.key
        # Who comes back to life has no say any more.
        await ledger.failed(first, "timeout", None)
        assert await ledger.failures(Wanted(), 10) == []
        await ledger.done(second)
        later(10 * HELD)
        assert await nothing(ledger)

    async def test_what_is_renewed_stays_with_its_process(
        self, ledger: Ledger, log: SqliteLog, later: Callable[[float], None]
    ) -> None:
        await log.append([conversation(1)])
        task = await claimed(ledger)
        later(HELD - 1)
        await ledger.renew(task, HELD)
        later(2 * HELD - 2)
        assert await nothing(ledger)


class TestFailing:
    async def test_a_failure_is_due_again_later_and_does_not_hold_up_others(
        self, ledger: Ledger, log: SqliteLog, later: Callable[[float], None]
    ) -> None:
        await log.append([conversation(1), conversation(2)])
        await ledger.failed(await claimed(ledger), "timeout", 60)
        assert (await claimed(ledger)).event.conversation_id == 2
        assert await nothing(ledger)
        later(61)
        found = {(task.event.conversation_id, task.attempt) for task in [await claimed(ledger), await claimed(ledger)]}
        assert found == {(1, 2), (2, 2)}

    async def test_what_is_given_up_is_listed_until_it_is_replayed_with_the_same_key(
        self, ledger: Ledger, log: SqliteLog
    ) -> None:
        await log.append([conversation(1), conversation(2)])
        first = await claimed(ledger)
        await ledger.failed(first, "forbidden", None)
        await ledger.done(await claimed(ledger))
        (failure,) = await ledger.failures(Wanted(), 10)
        assert (failure.entry.event.conversation_id, failure.rule) == (1, RULE)
        assert (failure.reason, failure.attempts) == ("forbidden", 1)
        assert await ledger.failures(Wanted(conversation_id=2), 10) == []
        assert await ledger.replay(RULE, WANTED, given_up=True) == 1
        assert await ledger.failures(Wanted(), 10) == []
        again = await claimed(ledger)
        assert (again.event.conversation_id, again.attempt, again.replays) == (1, 1, 0)
        assert await nothing(ledger)


class TestReplaying:
    async def test_what_is_done_is_replayed_as_something_new(self, ledger: Ledger, log: SqliteLog) -> None:
        await log.append([conversation(1)])
        await ledger.done(await claimed(ledger))
        assert await ledger.replay(RULE, WANTED, given_up=True) == 0
        assert await ledger.replay(RULE, WANTED, given_up=False) == 1
        assert (await claimed(ledger)).replays == 1

    async def test_what_came_before_the_rule_can_be_replayed_and_what_is_under_way_not(
        self, log: SqliteLog, ledger: Ledger
    ) -> None:
        await log.append([conversation(1)])
        await ledger.begin([OTHER])
        await log.append([conversation(2)])
        assert await ledger.replay(OTHER, WANTED, given_up=False) == 1
        assert (await claimed(ledger, OTHER)).event.conversation_id == 1
        assert await ledger.replay(OTHER, WANTED, given_up=False) == 0
        assert await ledger.replay(RULE, Wanted(type="new_conversation", since=NOW + 5), given_up=False) == 0


async def test_what_the_log_drops_is_dropped_here(open_log: Callable[..., SqliteLog]) -> None:
    log = open_log(size=300_000)
    ledger = SqliteLedger(log)
    await ledger.begin([RULE])
    await log.append([conversation(1)])
    await ledger.failed(await claimed(ledger), "forbidden", None)
    padding = [event.read("acme", "new_message", 1, {"id": number, "body": "x" * 2_000}) for number in range(300)]
    log._trim_at = 0.0
    await log.append(padding)
    assert await ledger.failures(Wanted(), 10) == []
    counted = await log.run(lambda db: db.execute("SELECT COUNT(*) FROM tasks").fetchone()[0])
    assert counted == 0

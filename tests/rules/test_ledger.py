"""What a ledger, embedded or in Redis, promises to several processes: each event once, held, and never forgotten."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from drift_mcp.events import event
from drift_mcp.events.event import Event
from drift_mcp.events.log import START, EventLog, Wanted
from drift_mcp.events.rules.ledger import Ledger, Task
from drift_mcp.events.rules.sqlite_ledger import SqliteLedger
from drift_mcp.events.sqlite_log import SqliteLog
from drift_mcp.store.ledger import RedisLedger
from drift_mcp.store.log import RedisLog
from tests.events.conftest import OpenLog

RULE, OTHER = "new_conversation.enrich_contact", "new_conversation.add_contact_tags"
WANTED = Wanted(type="new_conversation", org_id=1)
NOW = 1_772_452_800_000
HELD = 30.0


def conversation(number: int, *, org_id: int = 1, kind: str = "new_conversation") -> Event:
    return event.read("acme", kind, org_id, {"id": number, "contactId": 77, "createdAt": NOW + number})


Later = Callable[[float], Awaitable[None]]


def ledger_of(log: EventLog) -> Ledger:
    """A ledger, as one more process would open it."""
    if isinstance(log, RedisLog):
        return RedisLedger(log)
    assert isinstance(log, SqliteLog)
    return SqliteLedger(log)


@pytest.fixture
async def ledger(log: EventLog) -> Ledger:
    made = ledger_of(log)
    await made.begin([RULE])
    return made


@pytest.fixture
def later(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> Later:
    """Lets seconds pass for the ledger."""
    real, passed = event.clock, 0.0

    async def move(seconds: float) -> None:
        nonlocal passed
        passed += seconds
        if isinstance(log, RedisLog):
            await age(log, int(seconds * 1000))
        else:
            monkeypatch.setattr(event, "clock", lambda: real() + passed)

    return move


async def age(log: RedisLog, ms: int) -> None:
    """Redis has a clock of its own: so what is due later is so earlier."""
    for name in await log.redis.zrange(log.due(RULE), 0, -1):
        await log.redis.zincrby(log.due(RULE), -ms, name)


async def claimed(ledger: Ledger, rule: str = RULE, wanted: Wanted = WANTED) -> Task:
    task = await ledger.claim(rule, wanted, HELD)
    assert task is not None
    return task


async def nothing(ledger: Ledger, rule: str = RULE) -> bool:
    return await ledger.claim(rule, WANTED, HELD) is None


class TestClaiming:
    async def test_several_processes_share_the_events_and_none_gets_one_twice(self, open_log: OpenLog) -> None:
        logs = [open_log() for _ in range(3)]
        ledgers = [ledger_of(each) for each in logs]
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

    async def test_each_rule_gets_each_event(self, ledger: Ledger, log: EventLog) -> None:
        await ledger.begin([RULE, OTHER])
        await log.append([conversation(1)])
        assert (await claimed(ledger)).cursor == (await claimed(ledger, OTHER)).cursor
        assert await nothing(ledger)

    async def test_a_new_rule_begins_with_what_comes_and_goes_on_after_a_restart(self, log: EventLog) -> None:
        await log.append([conversation(1)])
        await ledger_of(log).begin([RULE])
        assert await nothing(ledger_of(log))
        await log.append([conversation(2)])
        again = ledger_of(log)
        await again.begin([RULE])
        assert (await claimed(again)).event.conversation_id == 2

    async def test_a_duplicate_delivery_is_no_second_event(self, ledger: Ledger, log: EventLog) -> None:
        await log.append([conversation(1), conversation(1)])
        await ledger.done(await claimed(ledger))
        await log.append([conversation(1)])
        assert await nothing(ledger)

    async def test_other_types_and_organisations_are_passed_over(self, ledger: Ledger, log: EventLog) -> None:
        await log.append([conversation(1, org_id=2), conversation(2, kind="new_message"), conversation(3)])
        assert (await claimed(ledger)).event.conversation_id == 3
        assert await nothing(ledger)


class TestHolding:
    async def test_what_a_dead_process_held_goes_to_another_with_the_attempt_counted(
        self, ledger: Ledger, log: EventLog, later: Later
    ) -> None:
        await log.append([conversation(1)])
        first = await claimed(ledger)
        await later(HELD - 1)
        assert await nothing(ledger)
        await later(2)
        second = await claimed(ledger)
        assert (first.attempt, second.attempt) == (1, 2)
        assert first.key == second.key
        # Who comes back to life has no say any more.
        await ledger.failed(first, "timeout", None)
        assert await ledger.failures(Wanted(), 10) == []
        await ledger.done(second)
        await later(10 * HELD)
        assert await nothing(ledger)

    async def test_what_is_renewed_stays_with_its_process(self, ledger: Ledger, log: EventLog, later: Later) -> None:
        await log.append([conversation(1)])
        task = await claimed(ledger)
        await later(HELD - 1)
        await ledger.renew(task, HELD)
        await later(HELD - 1)
        assert await nothing(ledger)


class TestFailing:
    async def test_a_failure_is_due_again_later_and_does_not_hold_up_others(
        self, ledger: Ledger, log: EventLog, later: Later
    ) -> None:
        await log.append([conversation(1), conversation(2)])
        await ledger.failed(await claimed(ledger), "timeout", 60)
        assert (await claimed(ledger)).event.conversation_id == 2
        assert await nothing(ledger)
        await later(61)
        found = {(task.event.conversation_id, task.attempt) for task in [await claimed(ledger), await claimed(ledger)]}
        assert found == {(1, 2), (2, 2)}

    async def test_what_is_given_up_is_listed_until_it_is_replayed_with_the_same_key(
        self, ledger: Ledger, log: EventLog
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

    async def test_the_latest_come_first_and_no_more_than_are_asked_for(self, ledger: Ledger, log: EventLog) -> None:
        await ledger.begin([RULE, OTHER])
        await log.append([conversation(number) for number in range(1, 13)])
        for rule in (RULE, OTHER):
            for _ in range(12):
                await ledger.failed(await claimed(ledger, rule), "forbidden", None)
        found = await ledger.failures(WANTED, 5)
        told = [(each.entry.event.conversation_id, each.rule) for each in found]
        assert sorted(told[:2]) == [(12, OTHER), (12, RULE)]
        assert [number for number, _ in told] == [12, 12, 11, 11, 10]
        assert await ledger.replay(OTHER, WANTED, given_up=True) == 12
        assert {each.rule for each in await ledger.failures(WANTED, 50)} == {RULE}


class TestReplaying:
    async def test_each_replay_of_what_is_done_is_counted(self, ledger: Ledger, log: EventLog) -> None:
        await log.append([conversation(1), conversation(2)])
        for _ in range(2):
            await ledger.done(await claimed(ledger))
        for times in range(1, 12):
            assert await ledger.replay(RULE, Wanted(since=NOW + 2), given_up=False) == 1
            again = await claimed(ledger)
            assert (again.event.conversation_id, again.attempt, again.replays) == (2, 1, times)
            await ledger.done(again)
        assert await nothing(ledger)

    async def test_who_had_it_before_a_replay_has_no_say_in_it(
        self, ledger: Ledger, log: EventLog, later: Later
    ) -> None:
        await log.append([conversation(1)])
        frozen = await claimed(ledger)
        await later(HELD + 1)
        await ledger.done(await claimed(ledger))
        assert await ledger.replay(RULE, WANTED, given_up=False) == 1
        again = await claimed(ledger)
        assert again.attempt == frozen.attempt
        await ledger.done(frozen)
        await ledger.failed(frozen, "forbidden", None)
        await later(HELD + 1)
        assert (await claimed(ledger)).event == again.event

    async def test_what_was_given_up_is_no_new_thing_when_all_is_replayed(self, ledger: Ledger, log: EventLog) -> None:
        await log.append([conversation(1)])
        await ledger.failed(await claimed(ledger), "forbidden", None)
        assert await ledger.replay(RULE, WANTED, given_up=False) == 1
        assert (await claimed(ledger)).replays == 0
        assert await ledger.failures(WANTED, 10) == []

    async def test_what_is_done_is_replayed_as_something_new(self, ledger: Ledger, log: EventLog) -> None:
        await log.append([conversation(1)])
        await ledger.done(await claimed(ledger))
        assert await ledger.replay(RULE, WANTED, given_up=True) == 0
        assert await ledger.replay(RULE, WANTED, given_up=False) == 1
        assert (await claimed(ledger)).replays == 1

    async def test_what_came_before_the_rule_can_be_replayed_and_what_is_under_way_not(
        self, log: EventLog, ledger: Ledger
    ) -> None:
        await log.append([conversation(1)])
        await ledger.begin([OTHER])
        await log.append([conversation(2)])
        assert await ledger.replay(OTHER, WANTED, given_up=False) == 1
        assert (await claimed(ledger, OTHER)).event.conversation_id == 1
        assert await ledger.replay(OTHER, WANTED, given_up=False) == 0
        assert await ledger.replay(RULE, Wanted(type="new_conversation", since=NOW + 5), given_up=False) == 0


async def test_what_the_log_drops_is_dropped_here(open_log: OpenLog) -> None:
    log = open_log(size=300_000)
    ledger = ledger_of(log)
    await ledger.begin([RULE])
    await log.append([conversation(number) for number in range(1, 5)])
    await ledger.failed(await claimed(ledger), "forbidden", None)
    await ledger.done(await claimed(ledger))
    assert await ledger.replay(RULE, Wanted(since=NOW + 2), given_up=False) == 1
    held = await claimed(ledger)
    await ledger.failed(await claimed(ledger), "timeout", 60)
    assert await noted(log) > 0
    padding = [event.read("acme", "new_message", 1, {"id": number, "body": "x" * 2_000}) for number in range(300)]
    log._trim_at = 0.0  # type: ignore[attr-defined]
    await log.append(padding)
    assert await ledger.failures(Wanted(), 10) == []
    assert await noted(log) == 0
    await ledger.done(held)
    assert await ledger.replay(RULE, WANTED, given_up=False) == 0
    await log.append([conversation(5)])
    assert (await claimed(ledger)).event.conversation_id == 5


async def test_what_is_erased_is_not_acted_on_any_more(ledger: Ledger, log: EventLog, later: Later) -> None:
    await log.append([conversation(number) for number in range(1, 6)])
    held, put_off, failed = [await claimed(ledger) for _ in range(3)]
    await ledger.failed(put_off, "timeout", 60)
    await ledger.failed(failed, "forbidden", None)
    entries = (await log.read(WANTED, START, 10)).entries
    await log.erase([each.cursor for each in entries[:4]])
    await ledger.done(held)
    await later(61)
    assert (await claimed(ledger)).event.conversation_id == 5
    assert await nothing(ledger)
    assert await ledger.failures(Wanted(), 10) == []
    assert await ledger.replay(RULE, WANTED, given_up=True) == 0
    assert await ledger.replay(RULE, WANTED, given_up=False) == 0


async def noted(log: EventLog) -> int:
    """How much the ledger keeps of single events."""
    if isinstance(log, RedisLog):
        pending = (await log.redis.xpending(log.stream, RULE))["pending"]
        sets = [await log.redis.zcard(key) for key in (log.due(RULE), log.given_up, log.replays)]
        return int(pending + sum(sets))
    assert isinstance(log, SqliteLog)
    return await log.run(lambda db: int(db.execute("SELECT COUNT(*) FROM tasks").fetchone()[0]))

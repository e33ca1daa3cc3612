"""The ledger of rules in Redis: what is Redis's own about it. What every ledger promises is in `tests/rules`."""

from collections.abc import AsyncIterator

import pytest

from drift_mcp.events import event
from drift_mcp.events.event import Event
from drift_mcp.events.log import LogUnavailable, Wanted
from drift_mcp.store import ledger as redis_ledger
from drift_mcp.store.ledger import RedisLedger
from drift_mcp.store.log import RedisLog
from drift_mcp.store.shared import Shared
from tests.support.redis_server import RedisServer

RULE = "new_conversation.enrich_contact"
WANTED = Wanted(type="new_conversation", org_id=1)
HELD = 30.0


def told(number: int, kind: str = "new_conversation") -> Event:
    return event.read("acme", kind, 1, {"id": number, "contactId": 77, "createdAt": 1_772_452_800_000 + number})


@pytest.fixture
async def log(redis: RedisServer) -> AsyncIterator[RedisLog]:
    shared = Shared(redis.url, "acme")
    yield RedisLog(shared, days=7, size=100_000_000)
    await shared.aclose()


@pytest.fixture
async def ledger(log: RedisLog) -> RedisLedger:
    made = RedisLedger(log)
    await made.begin([RULE])
    return made


async def finished(ledger: RedisLedger) -> list[int | None]:
    """The conversations that there were to act on, in turn."""
    found = []
    while (task := await ledger.claim(RULE, WANTED, HELD)) is not None:
        found.append(task.event.conversation_id)
        await ledger.done(task)
    return found


@pytest.mark.parametrize("step", [1, 3, 100])
async def test_it_goes_on_where_one_step_ends(
    ledger: RedisLedger, log: RedisLog, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(redis_ledger, "LOOK_AT", step)
    monkeypatch.setattr(redis_ledger, "CHUNK", step)
    await log.append([told(number, "new_message") for number in range(1, 8)] + [told(1)])
    await log.append([told(2), told(3), *(told(number, "new_message") for number in range(8, 12)), told(4)])
    assert await finished(ledger) == [1, 2, 3, 4]
    assert await ledger.replay(RULE, WANTED, given_up=False) == 4
    for _ in range(4):
        task = await ledger.claim(RULE, WANTED, HELD)
        assert task is not None
        await ledger.failed(task, "forbidden", None)
    failures = await ledger.failures(WANTED, 3)
    assert [each.entry.event.conversation_id for each in failures] == [4, 3, 2]
    assert await ledger.replay(RULE, Wanted(since=1_772_452_800_002), given_up=True) == 3
    assert await finished(ledger) == [2, 3, 4]


async def test_what_is_done_or_passed_over_leaves_nothing(ledger: RedisLedger, log: RedisLog) -> None:
    await log.append([told(number, kind) for kind in ("new_message", "new_conversation") for number in range(1, 50)])
    for _ in range(3):  # as many processes
        other = RedisLedger(log)
        await other.begin([RULE])
        assert len(await finished(other)) in {49, 0}
    (group,) = await log.redis.xinfo_groups(log.stream)
    assert (group["name"], group["pending"], group["consumers"]) == (RULE.encode(), 0, 1)
    assert not await log.redis.exists(log.due(RULE), log.given_up, log.replays)


async def test_a_redis_that_lost_everything_says_so_and_a_rule_begins_anew(
    ledger: RedisLedger, log: RedisLog, redis: RedisServer
) -> None:
    await log.append([told(1)])
    task = await ledger.claim(RULE, WANTED, HELD)
    assert task is not None
    redis.clear()
    for lost in (ledger.claim(RULE, WANTED, HELD), ledger.done(task), ledger.renew(task, HELD)):
        with pytest.raises(LogUnavailable):
            await lost
    await ledger.begin([RULE])
    assert await finished(ledger) == []
    await log.append([told(2)])
    assert await finished(ledger) == [2]


async def test_what_is_held_and_what_is_put_off_outlive_a_crash_of_redis(
    ledger: RedisLedger, log: RedisLog, redis: RedisServer
) -> None:
    await log.append([told(number) for number in range(1, 5)])
    tasks = [await ledger.claim(RULE, WANTED, HELD) for _ in range(3)]
    assert all(tasks)
    await ledger.failed(tasks[1], "timeout", 60)  # type: ignore[arg-type]
    await ledger.failed(tasks[2], "forbidden", None)  # type: ignore[arg-type]
    redis.stop()
    with pytest.raises(LogUnavailable):
        await ledger.claim(RULE, WANTED, HELD)
    redis.start()
    assert await finished(ledger) == [4]
    seconds, _ = await log.redis.time()
    left = [due / 1000 - seconds for _, due in await log.redis.zrange(log.due(RULE), 0, -1, withscores=True)]
    assert 0 < left[0] <= HELD + 1 < left[1] <= 61
    pending = await log.redis.xpending_range(log.stream, RULE, "-", "+", 10)
    assert [each["times_delivered"] for each in pending] == [1, 1]
    assert len(await ledger.failures(WANTED, 10)) == 1

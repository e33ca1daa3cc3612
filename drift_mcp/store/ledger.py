"""The ledger of the rules of all replicas: a consumer group for each rule on the stream of a `RedisLog`.

Redis keeps of a group where the rule has come (the last delivered id), which events it has claimed and is not through
with (the pending entries), and at which attempt (their delivery counts). Each step is one script, as several commands
belong to it, and goes by Redis's clock, as those of the machines may differ. What differs from a group's usual use:

* A sorted set for each rule says when each pending event may be claimed: once it is nobody's any more, or once its next
  attempt is due. XAUTOCLAIM knows one idle time for all, and looks through the pending ones one by one: with 20,000
  events put off, each look kept a busy Redis for 7 ms.
* All processes are one consumer, which has the name of the rule. Names of their own would pile up, one for each process
  that ever was. Who has an event is told by the number of its attempt, which nobody else has.
* Events that a rule does not want are not delivered to it: the group is set past them, which is one write for many.
  XREADGROUP knows no filter.

An event that is done is acknowledged, and needs no more room. What was given up, and what was told to be done again,
is noted in a sorted set each until the log drops the event.
"""

from collections.abc import Collection
from typing import Any

from drift_mcp.events.log import Wanted
from drift_mcp.events.rules.ledger import Failure, Task
from drift_mcp.store.log import CHUNK, RedisLog, conditions_of
from drift_mcp.store.scripts import BEGIN, CLAIM, FAILURES, REPLAY_ALL, REPLAY_FAILED, SETTLE

LOOK_AT = 100
"""Entries that one step looks through for one that is wanted."""


class RedisLedger:
    """A `Ledger`. A replay of many events is many steps, in which those that have come up meanwhile have no part."""

    def __init__(self, log: RedisLog) -> None:
        self._log = log
        self._stream, self._given_up, self._replays = log.stream, log.given_up, log.replays
        register = log.redis.register_script
        self._begin = register(BEGIN)
        self._claim = register(CLAIM)
        self._settle = register(SETTLE)
        self._failures = register(FAILURES)
        self._replay_failed = register(REPLAY_FAILED)
        self._replay_all = register(REPLAY_ALL)

    async def begin(self, rules: Collection[str]) -> None:
        """As in `Ledger`."""
        await self._log.run(self._begin, [self._stream], list(rules))

    async def claim(self, rule: str, wanted: Wanted, seconds: float) -> Task | None:
        """As in `Ledger`."""
        keys = [self._stream, self._log.due(rule), self._replays]
        values = [rule, _ms(seconds), LOOK_AT, *conditions_of(wanted)]
        while (found := await self._log.run(self._claim, keys, values)) == 0:
            pass
        if found is None:
            return None
        row, attempt, replays = found
        (entry,) = await self._log.entries([row])
        return Task(rule, entry.cursor, entry.event, entry.event.key, attempt, replays)

    async def renew(self, task: Task, seconds: float) -> None:
        """As in `Ledger`."""
        await self._set(task, _ms(seconds), "")

    async def done(self, task: Task) -> None:
        """As in `Ledger`."""
        await self._set(task, "", "")

    async def failed(self, task: Task, reason: str, again_in: float | None) -> None:
        """As in `Ledger`."""
        await self._set(task, "" if again_in is None else _ms(again_in), reason)

    async def failures(self, wanted: Wanted, limit: int) -> list[Failure]:
        """As in `Ledger`."""
        found: list[Any] = []
        before = "+"
        while before and len(found) < limit:
            values = [before, CHUNK, limit - len(found), *conditions_of(wanted)]
            rows, before = await self._log.run(self._failures, [self._stream, self._given_up], values)
            found += rows
        entries = await self._log.entries([row for _, row in found])
        return [_failure(noted, entry) for (noted, _), entry in zip(found, entries, strict=True)]

    async def replay(self, rule: str, wanted: Wanted, *, given_up: bool) -> int:
        """As in `Ledger`."""
        replay = self._replay_failed if given_up else self._replay_all
        keys = [self._stream, self._log.due(rule), self._given_up, self._replays]
        count, start = 0, b"-"
        while start:
            more, start = await self._log.run(replay, keys, [rule, start, CHUNK, *conditions_of(wanted)])
            count += more
        return count

    async def _set(self, task: Task, again_in: int | str, reason: str) -> None:
        keys = [self._stream, self._log.due(task.rule), self._given_up, self._replays]
        await self._log.run(self._settle, keys, [task.rule, task.cursor, task.attempt, again_in, reason, task.replays])


def _failure(noted: bytes, entry: Any) -> Failure:
    _, rule, attempts, reason = noted.decode().split(" ", 3)
    return Failure(entry, rule, reason, int(attempts))


def _ms(seconds: float) -> int:
    return int(seconds * 1000)

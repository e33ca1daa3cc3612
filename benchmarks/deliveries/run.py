"""One run: start everything, deliver and kill, wait until the rules are through, and count what is there."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from benchmarks.deliveries.fleet import EVENT, NAME, Fleet, fleet
from benchmarks.deliveries.plan import TOKEN, Plan, plan
from benchmarks.deliveries.sender import Sent, send
from drift_mcp.connection import Connection
from drift_mcp.events.log import START, Wanted
from drift_mcp.settings import Settings
from tests.conftest import DRIFT_MCP, LocalDrift, Process
from tests.store.topology import called
from tests.support.redis_server import redis_server

PATIENCE = 300.0
"""Seconds in which the rules have to be through after the last delivery."""
_PAGE = 200


@dataclass
class Counted:
    """What came of a run. `seen` has how often each event is in the log, `done` how often each contact was acted on.

    `again` is how many deliveries the log counted as duplicates.
    """

    plan: Plan
    sent: Sent
    kills: int
    seen: Counter[int] = field(default_factory=Counter[int])
    again: int = 0
    done: Counter[int] = field(default_factory=Counter[int])
    rules_seconds: float = 0.0
    """From the last delivery until the rules were through."""

    @property
    def lost(self) -> int:
        return sum(not self.seen[number] for number in range(1, self.plan.events + 1))

    @property
    def doubled(self) -> int:
        return sum(times > 1 for times in self.seen.values())

    @property
    def strange(self) -> int:
        """Events in the log that were never sent."""
        return sum(not 1 <= number <= self.plan.events for number in self.seen)

    @property
    def actions_lost(self) -> int:
        return sum(not self.done[contact] for contact in self.plan.acted_on.values())

    @property
    def actions_doubled(self) -> int:
        return sum(times > 1 for times in self.done.values())

    @property
    def right(self) -> bool:
        wrong = self.lost or self.doubled or self.strange or self.actions_lost or self.actions_doubled
        # A delivery whose answer was lost may have been counted or not.
        least = len(self.plan.order) - self.plan.events
        return not wrong and least <= self.again <= least + self.sent.unanswered


def run(
    folder: Path, *, deliveries: int, seed: int, replicas: int, actions: int, connections: int, redis: bool
) -> Counted:
    """Deliver so many, `connections` at once, with so many events that a rule acts on."""
    with ExitStack() as stack:
        folder.joinpath("redis").mkdir()
        store = stack.enter_context(redis_server(folder / "redis")).url if redis else ""
        sandbox = (*DRIFT_MCP, "sandbox", "--port", "0", "--rate-limit", str(10**9))
        drift = LocalDrift(Process(sandbox, {}, folder))
        stack.callback(drift.close)
        planned = plan(deliveries, _contacts(drift, actions), replicas, seed)
        servers = stack.enter_context(fleet(folder, drift, store, replicas, TOKEN, rules=bool(actions)))
        with httpx.Client(base_url=servers.url, timeout=30, trust_env=False) as http:
            # Asked for once, so that the rules know the organisation and stand before the first event.
            called(http, "list_received_events")
        counted = Counted(planned, *asyncio.run(_deliver(planned, servers, connections)))
        ended = time.perf_counter()
        state = servers.state(0) / "connections" / NAME
        if actions:
            _wait(partial(_through, store, state))
        counted.rules_seconds = time.perf_counter() - ended
        counted.seen = _listed(servers.url)
        counted.again = asyncio.run(_again(Settings(base_url=drift.url, store=store, state_dir=str(state))))
        for contact in planned.acted_on.values():
            rows = drift.get(f"/v2/contacts/{contact}/timeline", limit=100)["data"]
            counted.done[contact] = sum(row["event"] == EVENT for row in rows)
        return counted


def _contacts(drift: LocalDrift, count: int) -> list[int]:
    headers = {"Authorization": f"Bearer {drift.token}"}
    made = []
    for number in range(count):
        body = {"attributes": {"email": f"delivered-{number}@visitor.example"}}
        answer = drift.http.post("/contacts", json=body, headers=headers).raise_for_status()
        made.append(int(answer.json()["data"]["id"]))
    return made


async def _deliver(planned: Plan, servers: Fleet, connections: int) -> tuple[Sent, int]:
    """What was sent, and how many replicas were killed meanwhile."""
    restarts: list[asyncio.Task[None]] = []

    def before(place: int) -> None:
        if (number := planned.kills.get(place)) is not None:
            restarts.append(asyncio.create_task(asyncio.to_thread(servers.kill, number)))

    bodies = [partial(planned.body, number) for number in planned.order]
    sent = await send(bodies, servers.ports, f"/webhooks/drift/{NAME}", connections, before)
    for restart in restarts:
        await restart
    return sent, len(restarts)


def _wait(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < end:
        time.sleep(0.2)


def _through(store: str, state: Path) -> bool:
    """Whether no rule has an event before it, or under way."""
    if store:
        with Redis.from_url(store, decode_responses=True) as redis:
            (stream,) = redis.scan_iter(f"*:{NAME}-*:events")
            end = redis.xinfo_stream(stream)["last-generated-id"]
            return all(not each["pending"] and each["last-delivered-id"] == end for each in redis.xinfo_groups(stream))
    query = (
        "SELECT (SELECT COUNT(*) FROM tasks WHERE state = 'open') + (SELECT COUNT(*) FROM events, rules "
        "WHERE type = 'new_conversation' AND number > place)"
    )
    with sqlite3.connect(f"file:{state / f'events-{NAME}.sqlite'}?mode=ro", uri=True) as db:
        return not db.execute(query).fetchone()[0]


def _listed(url: str) -> Counter[int]:
    """How often each event is listed by a replica."""
    found: Counter[int] = Counter()
    where: dict[str, Any] = {"since": "2000-01-01T00:00:00Z"}
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        while True:
            page = called(http, "list_received_events", limit=_PAGE, **where)
            found.update(row.get("message_id") or row["conversation_id"] for row in page["items"])
            if not page["has_more"]:
                return found
            where = {"cursor": page["cursor"]}


async def _again(settings: Settings) -> int:
    """How many deliveries the log has counted as duplicates."""
    connection = Connection(settings, NAME)
    count, cursor, more = 0, START, True
    try:
        while more:
            page = await connection.events.log.read(Wanted(), cursor, 1_000)
            count += sum(entry.duplicates for entry in page.entries)
            cursor, more = page.cursor, page.more
    finally:
        await connection.aclose()
    return count

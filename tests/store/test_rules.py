"""Rules of replicas that share a Redis: one acts on an event, whoever is killed, and a Redis away is waited for."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from redis import Redis

from drift_mcp.events.log import LogUnavailable
from tests.conftest import KILL, LocalDrift, Process, eventually
from tests.http.host import Host
from tests.rules.test_live import NOTED, faults, noted, visitors_come
from tests.rules.test_worker import RULE, Ended, begins, ended, in_a_hurry, working  # noqa: F401 - fixtures among them
from tests.support.redis_server import RedisServer
from tests.workflows.desk import Desk

from .topology import TOKEN

NOTE = "/contacts/timeline"
RULE_NAME = "new_conversation.post_timeline_event"
LATE = 20_000
"""Milliseconds after which a killed replica's call would have ended: longer than the test takes."""


@pytest.fixture
async def desk(tmp_path: Path, redis: RedisServer) -> AsyncIterator[Desk]:
    opened = Desk(state_dir=str(tmp_path), store=redis.url)
    opened.toolbox.connection.rules = (RULE,)
    yield opened
    await opened.toolbox.aclose()


async def test_while_redis_is_away_the_rules_pause_and_then_go_on(
    desk: Desk,
    ended: Ended,  # noqa: F811
    redis: RedisServer,
) -> None:
    async with working(desk):
        await begins(desk)
        await ended.first()
        redis.stop()
        with pytest.raises(LogUnavailable):
            await begins(desk, 6)
        redis.start()
        await begins(desk, 7)
        assert await ended.first(2) == [("done", 1, "")] * 2


async def test_a_redis_that_was_emptied_has_the_rules_begin_anew(
    desk: Desk,
    ended: Ended,  # noqa: F811
    redis: RedisServer,
) -> None:
    async with working(desk):
        await begins(desk)
        await ended.first()
        redis.clear()
    async with working(desk):
        await begins(desk, 6)
        assert await ended.first(2) == [("done", 1, "")] * 2


def test_what_two_replicas_were_acting_on_when_they_were_killed_is_done_once_by_a_third(
    launch: Callable[..., Process], drift: LocalDrift, redis: RedisServer, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(
        f'[connections.acme]\nbase_url = "{drift.url}"\ntoken_env = "DRIFT_ACCESS_TOKEN"\nwebhook_token_env = "HOOKS"\n'
        f'[connections.acme.on.new_conversation]\npost_timeline_event = {{ event = "{NOTED}" }}\n'
    )
    env = drift.env | {"HOOKS": TOKEN, "DRIFT_CONNECTIONS": str(file), "DRIFT_STORE": redis.url}
    env["DRIFT_TOTAL_TIMEOUT"] = "3"  # who was killed has nothing on its way after that

    def serve(name: str) -> Process:
        own = env | {"DRIFT_STATE_DIR": str(tmp_path / name)}
        return launch("serve", "--transport", "http", "--port", "0", "--stateless", env=own)

    replicas = [Host(process) for process in [serve("one"), serve("two")]]
    how = {"url": f"{replicas[0].url}/webhooks/drift/acme", "token": TOKEN, "duplicates": 0.5, "seed": 3}
    drift.http.post("/_sandbox/webhooks", json=how).raise_for_status()
    # Drift has done what one of them asked for, and not what the other did.
    faults(drift, *({"kind": kind, "ms": LATE, "path": NOTE, "times": 1} for kind in ("late_answer", "latency")))
    contacts = visitors_come(drift, 2)
    with Redis.from_url(redis.url) as store:
        eventually(lambda: len(list(store.scan_iter("*:write:*"))) == 2)
        eventually(lambda: sum(noted(drift, each) for each in contacts) == 1)
        for replica in replicas:
            replica.process.signal(KILL)
        faults(drift)
        drift.http.post("/_sandbox/webhooks", json={"url": None}).raise_for_status()
        third = Host(serve("three"))
        (stream,) = store.scan_iter("*:events")
        eventually(lambda: not store.xpending(stream, RULE_NAME)["pending"])
        assert not list(store.scan_iter("*:given-up"))
    assert [noted(drift, each) for each in contacts] == [1, 1]
    applied = [each for each in drift.requests() if each["path"] == NOTE and each.get("applied", True)]
    assert len(applied) == 2
    for replica in [*replicas, third]:
        replica.close()
        assert "Traceback" not in replica.process.stderr

"""The budget of calls: per token, per minute, and what it tells of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import SANDBOX_TOKEN, create_app

from .conftest import Clock, connect, refused

REPORT = {"metrics": ["createdAt"]}


@pytest.fixture
def app(tiny_seed: None, clock: Clock) -> Starlette:
    """A sandbox that allows three calls a minute."""
    return create_app(now=clock, rate_limit=3)


@pytest.fixture
async def admin(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(app, None) as client:
        yield client


async def test_calls_beyond_the_budget_are_refused_until_it_has_drained(drift: httpx.AsyncClient, clock: Clock) -> None:
    for _ in range(3):
        assert (await drift.get("/users/list")).status_code == 200
    refused(await drift.get("/users/list"), 429, "rate_limit")
    clock.at += 20_000
    assert (await drift.get("/users/list")).status_code == 200
    assert (await drift.get("/users/list")).status_code == 429


async def test_what_each_token_was_given_and_refused_can_be_read_but_no_token(
    app: Starlette, drift: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    token = app.state.sandbox.world.issue_token(["user_read"])
    async with connect(app, token) as other:
        await other.get("/users/list")
    await drift.post("/reports/conversations", json=REPORT)
    for _ in range(3):
        await drift.get("/users/list")
    answer = await admin.get("/_sandbox/limits")
    ids = {value: record["id"] for value, record in app.state.sandbox.world.tables["tokens"].items()}
    assert token not in answer.text
    assert answer.json() == {
        "perMinute": 3,
        "reportsPerMinute": 60,
        "tokens": [
            {"id": ids[token], "accepted": 1, "refused": 0, "reports": {"accepted": 0, "refused": 0}},
            {"id": ids[SANDBOX_TOKEN], "accepted": 3, "refused": 1, "reports": {"accepted": 1, "refused": 0}},
        ],
    }


async def test_a_reset_empties_the_buckets_and_forgets_the_counts(
    drift: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    for _ in range(4):
        await drift.get("/users/list")
    await admin.post("/_sandbox/reset")
    assert (await admin.get("/_sandbox/limits")).json()["tokens"] == []
    assert (await drift.get("/users/list")).status_code == 200


async def test_without_a_limit_calls_are_counted_all_the_same(tiny_seed: None, clock: Clock) -> None:
    async with connect(create_app(now=clock)) as drift:
        for _ in range(61):
            assert (await drift.post("/reports/conversations", json=REPORT)).status_code == 200
        shown = (await drift.get("/_sandbox/limits")).json()
    assert (shown["perMinute"], shown["reportsPerMinute"]) == (None, None)
    assert shown["tokens"][0]["reports"] == {"accepted": 61, "refused": 0}

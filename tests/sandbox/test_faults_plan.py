"""Which request gets which fault: shares, seeds, matching, the admin API and the command line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from drift_mcp.sandbox import create_app
from drift_mcp.sandbox.faults import BadPlan, Plan

from . import tiny
from .conftest import connect, refused
from .tiny import ADA


def asked(method: str = "GET", path: str = "/users/list") -> Request:
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    return Request(scope)


def fates(plan: Plan, number: int, method: str = "GET", path: str = "/users/list") -> list[str | None]:
    """The kind of fault that each of so many requests gets."""
    chosen = (plan.choose(asked(method, path)) for _ in range(number))
    return [entry and entry.fault.kind for entry in chosen]


def read(*faults: dict[str, Any], seed: int = 0) -> Plan:
    return Plan.read({"faults": faults, "seed": seed})


MIXED = {"faults": "reset_after:0.02,429:0.05,error_after:0.1", "seed": 11}


def test_ten_thousand_requests_meet_the_same_faults_in_every_run() -> None:
    first = fates(Plan.read(MIXED), 10_000)
    assert fates(Plan.read(MIXED), 10_000) == first
    assert fates(Plan.read(MIXED | {"seed": 12}), 10_000) != first


def test_the_share_of_each_fault_is_its_own() -> None:
    counts = Counter(fates(Plan.read(MIXED), 10_000))
    expected = {"reset_after": 200, "rate_limited": 500, "error_after": 1000, None: 8300}
    assert counts.keys() == expected.keys()
    for kind, number in expected.items():
        assert counts[kind] == pytest.approx(number, rel=0.15)


def test_shares_that_make_up_the_whole_leave_no_request_alone() -> None:
    assert set(fates(Plan.read({"faults": "reset_after:0.5,429:0.5"}), 1000)) == {"reset_after", "rate_limited"}


def test_a_share_of_nothing_never_comes() -> None:
    assert set(fates(Plan.read({"faults": "reset_after:0"}), 1000)) == {None}


def test_a_storm_begins_after_some_requests_and_ends_after_some_more() -> None:
    plan = read({"kind": "rate_limited", "after": 2, "times": 3})
    assert [kind is not None for kind in fates(plan, 8)] == [False, False, True, True, True, False, False, False]


def test_the_next_entry_takes_over_when_one_has_ended() -> None:
    plan = read({"kind": "rate_limited", "times": 1}, {"kind": "server_error", "times": 1})
    assert fates(plan, 3) == ["rate_limited", "server_error", None]


@pytest.mark.parametrize(
    ("chosen", "method", "path", "befallen"),
    [
        ({}, "GET", "/users/list", True),
        ({"methods": ["POST", "PATCH"]}, "PATCH", "/contacts/1", True),
        ({"methods": ["POST", "PATCH"]}, "GET", "/contacts/1", False),
        ({"path": "/conversations/*/messages"}, "POST", "/conversations/7/messages", True),
        ({"path": "/conversations/*/messages"}, "POST", "/conversations/7", False),
        ({"path": "/contacts"}, "POST", "/contacts/1", False),
        ({"path": "/contacts*", "methods": ["POST"]}, "POST", "/contacts/timeline", True),
    ],
)
def test_an_entry_befalls_the_requests_it_names(chosen: dict[str, Any], method: str, path: str, befallen: bool) -> None:
    plan = read({"kind": "reset_before", **chosen})
    assert bool(fates(plan, 1, method, path)[0]) == befallen


def test_requests_that_an_entry_does_not_name_do_not_count_for_it() -> None:
    plan = read({"kind": "reset_before", "path": "/contacts", "after": 1, "times": 1})
    assert fates(plan, 5) == [None] * 5
    assert fates(plan, 3, path="/contacts") == [None, "reset_before", None]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "object"),
        ([], "object"),
        ({"seed": 1}, "faults"),
        ({"faults": [], "sed": 1}, "seed"),
        ({"faults": [], "seed": "x"}, "seed"),
        ({"faults": [], "seed": True}, "seed"),
        ({"faults": 7}, "array"),
        ({"faults": [7]}, "object"),
        ({"faults": [{}]}, "there are latency"),
        ({"faults": [{"kind": []}]}, "there are latency"),
        ({"faults": "explode:0.5"}, "'explode'"),
        ({"faults": "418:0.5"}, "server_error.status"),
        ({"faults": "latency:2"}, "latency.share"),
        ({"faults": "latency:nan"}, "latency.share"),
        ({"faults": "latency:"}, "latency.share"),
        ({"faults": [{"kind": "latency", "ms": -1}]}, "latency.ms"),
        ({"faults": [{"kind": "reset_after", "ms": 1}]}, "reset_after.ms"),
        ({"faults": [{"kind": "expired_token", "status": 404}]}, "expired_token.status"),
        ({"faults": [{"kind": "latency", "methods": ["LOOK"]}]}, "latency.methods"),
        ({"faults": [{"kind": "rate_limited", "headers": {"X": "a\r\nb"}}]}, "rate_limited.headers"),
    ],
)
async def test_a_plan_that_says_nothing_usable_is_refused_and_changes_nothing(
    drift: httpx.AsyncClient, given: Any, said: str
) -> None:
    with pytest.raises(BadPlan, match=said):
        Plan.read(given)
    answer = await drift.post("/_sandbox/faults", content=json.dumps(given))
    assert said in refused(answer, 400, "validation_error")
    assert (await drift.get("/_sandbox/faults")).json() == {"faults": []}


async def test_a_plan_is_set_counted_and_ended_over_http(drift: httpx.AsyncClient) -> None:
    faults = [
        {"kind": "error_after", "path": "/contacts", "times": 2},
        {"kind": "rate_limited", "retry_after": 3, "times": 1},
    ]
    await drift.post("/_sandbox/faults", json={"faults": faults, "seed": 5})
    statuses = [
        (await drift.post("/contacts", json={"attributes": {"email": "a@visitor.example"}})).status_code,
        (await drift.post("/contacts", json={"attributes": {}})).status_code,
        (await drift.get("/users/list")).status_code,
        (await drift.get("/users/list")).status_code,
    ]
    assert statuses == [503, 503, 429, 200]
    assert (await drift.get("/_sandbox/faults")).json() == {
        "seed": 5,
        "requests": 4,
        "faults": [faults[0] | {"injected": 2, "applied": 1}, faults[1] | {"injected": 1, "applied": 0}],
    }
    await drift.post("/_sandbox/faults", json={"faults": "reset_before"})
    assert (await drift.delete("/_sandbox/faults")).json() == {"ok": True}
    assert (await drift.get("/users/list")).status_code == 200
    assert (await drift.get("/_sandbox/faults")).json() == {"faults": []}


async def test_a_header_is_for_its_request_alone_and_leaves_the_plan_alone(drift: httpx.AsyncClient) -> None:
    await drift.post("/_sandbox/faults", json={"faults": [{"kind": "rate_limited", "times": 1}]})
    headers = {"X-Sandbox-Fault": "server_error:500"}
    assert (await drift.get("/users/list", headers=headers)).status_code == 500
    assert [(await drift.get("/users/list")).status_code for _ in range(2)] == [429, 200]
    assert (await drift.get("/_sandbox/faults")).json()["requests"] == 2


@pytest.mark.parametrize("text", ["", "explode", "reset_after:1", "latency:soon", "latency:", "server_error:200", ":"])
async def test_a_header_that_says_nothing_usable_is_refused_and_nothing_is_done(
    drift: httpx.AsyncClient, text: str
) -> None:
    answer = await drift.delete(f"/contacts/{ADA}", headers={"X-Sandbox-Fault": text})
    assert refused(answer, 400, "validation_error").startswith("X-Sandbox-Fault: ")
    assert (await drift.get(f"/contacts/{ADA}")).status_code == 200


async def test_a_token_can_die_in_the_middle_of_a_walk(drift: httpx.AsyncClient) -> None:
    dies = {"kind": "expired_token", "path": "/conversations/list", "after": 1, "times": 1}
    await drift.post("/_sandbox/faults", json={"faults": [dies]})
    pages = [(await drift.get("/conversations/list?limit=1")).status_code for _ in range(3)]
    assert pages == [200, 401, 200]


async def test_the_path_of_an_entry_is_the_one_that_drift_documents(drift: httpx.AsyncClient) -> None:
    await drift.post("/_sandbox/faults", json={"faults": [{"kind": "server_error", "path": "/users/list"}]})
    assert (await drift.get("/v1/users/list/")).status_code == 503


async def test_a_reset_begins_anew_with_the_plan_of_the_start(tiny_seed: None) -> None:
    app = create_app(now=lambda: tiny.NOW, faults={"faults": [{"kind": "rate_limited", "times": 1}]})
    async with connect(app) as drift:
        assert [(await drift.get("/users/list")).status_code for _ in range(2)] == [429, 200]
        await drift.post("/_sandbox/faults", json={"faults": "500"})
        assert (await drift.get("/users/list")).status_code == 500
        await drift.post("/_sandbox/reset")
        assert [(await drift.get("/users/list")).status_code for _ in range(2)] == [429, 200]


def test_a_sandbox_is_not_made_with_a_plan_that_says_nothing_usable(tiny_seed: None) -> None:
    with pytest.raises(BadPlan):
        create_app(faults={"faults": "explode"})


async def test_two_sandboxes_with_one_seed_fail_alike(tiny_seed: None) -> None:
    async def statuses() -> list[int]:
        app: Starlette = create_app(now=lambda: tiny.NOW, faults=MIXED)
        async with connect(app) as drift:
            found = []
            for number in range(200):
                body = {"attributes": {"email": f"{number}@visitor.example"}}
                try:
                    found.append((await drift.post("/contacts", json=body)).status_code)
                except httpx.TransportError:
                    found.append(0)
            return found

    first = await statuses()
    assert set(first) == {0, 200, 429, 503}
    assert await statuses() == first


def test_the_command_line_starts_a_drift_that_fails_as_told(open_drift: Callable[..., Any]) -> None:
    faulty = open_drift("--faults", "reset_after", "--fault-seed", "3", "--rate-limit", "2")
    with pytest.raises(httpx.TransportError):
        faulty.get("/users/list")
    assert faulty.http.get("/_sandbox/faults").json()["seed"] == 3
    faulty.http.delete("/_sandbox/faults")
    faulty.get("/users/list")
    with pytest.raises(httpx.HTTPStatusError, match="429"):
        faulty.get("/users/list")
    faulty.close()


def test_the_command_line_says_what_is_wrong_with_a_plan(run: Callable[..., Any]) -> None:
    finished = run("sandbox", "--port", "0", "--faults", "explode:0.1")
    assert (finished.status, finished.stdout) == (2, "")
    assert "there is no fault 'explode'; there are latency, " in finished.stderr

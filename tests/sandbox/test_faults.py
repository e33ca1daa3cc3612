"""What each fault does to a request, in this process and over a real connection alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import SANDBOX_TOKEN

from ..support.served import served
from . import tiny
from .conftest import connect, refused
from .tiny import OPEN

NEW = {"attributes": {"email": "new@visitor.example"}}


@asynccontextmanager
async def connect_by_wire(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    with served(app) as url:
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            yield client


@pytest.fixture
async def wire(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with connect_by_wire(app) as client:
        yield client


@pytest.fixture(params=[connect, connect_by_wire])
async def client(request: pytest.FixtureRequest, app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client in this process, and one over a real connection."""
    async with request.param(app) as found:
        yield found


async def create(client: httpx.AsyncClient, fault: str) -> httpx.Response:
    return await client.post("/contacts", json=NEW, headers={"X-Sandbox-Fault": fault})


async def plan(client: httpx.AsyncClient, *faults: dict[str, Any], seed: int = 0) -> None:
    answer = await client.post("/_sandbox/faults", json={"faults": faults, "seed": seed})
    assert answer.status_code == 200, answer.text


async def created(client: httpx.AsyncClient) -> int:
    """How many contacts there are of the one that `create` makes."""
    found = await client.get("/contacts", params={"email": NEW["attributes"]["email"]})
    return len(found.json()["data"])


async def log(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await client.get("/_sandbox/requests")).json()["requests"]
    return rows


@pytest.mark.parametrize(
    ("fault", "status", "applied"),
    [
        ("latency:1", 200, True),
        ("late_answer:1", 200, True),
        ("slow_drip:0", 200, True),
        ("rate_limited", 429, False),
        ("429", 429, False),
        ("server_error", 503, False),
        ("500", 500, False),
        ("error_after", 503, True),
        ("error_after:502", 502, True),
        ("not_json", 200, True),
        ("not_json:false", 200, False),
        ("expired_token", 401, False),
        ("403", 403, False),
    ],
)
async def test_a_fault_that_answers_says_nothing_of_whether_it_was_applied(
    client: httpx.AsyncClient, fault: str, status: int, applied: bool
) -> None:
    response = await create(client, fault)
    assert response.status_code == status
    assert await created(client) == applied
    entry = (await log(client))[0]
    assert (entry["status"], entry["applied"]) == (status, applied)


@pytest.mark.parametrize(
    ("fault", "error", "applied"),
    [
        ("reset_before", httpx.ReadError, False),
        ("reset_after", httpx.ReadError, True),
        ("truncated", httpx.RemoteProtocolError, True),
        ("truncated:0", httpx.RemoteProtocolError, True),
        ("truncated:1000000", httpx.RemoteProtocolError, True),
    ],
)
async def test_a_broken_connection_is_a_transport_error_whether_applied_or_not(
    client: httpx.AsyncClient, fault: str, error: type[Exception], applied: bool
) -> None:
    with pytest.raises(error):
        await create(client, fault)
    assert await created(client) == applied
    entry = (await log(client))[0]
    assert (entry["fault"], entry["applied"]) == (fault.partition(":")[0], applied)


async def test_a_client_that_was_reset_was_sent_no_status(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ReadError):
        await create(client, "reset_after")
    assert await log(client) == [
        {"method": "POST", "path": "/contacts", "query": "", "status": None, "fault": "reset_after", "applied": True}
    ]


async def test_what_drift_refuses_is_not_applied_whatever_the_fault(client: httpx.AsyncClient) -> None:
    await client.post("/contacts", json={}, headers={"X-Sandbox-Fault": "error_after"})
    assert (await log(client))[0]["applied"] is False


async def test_a_cut_answer_has_its_status_and_its_whole_length_announced(wire: httpx.AsyncClient) -> None:
    headers = {"X-Sandbox-Fault": "truncated:10"}
    async with wire.stream("POST", "/contacts", json=NEW, headers=headers) as response:
        assert response.status_code == 200
        assert int(response.headers["content-length"]) > 10
        with pytest.raises(httpx.RemoteProtocolError, match="received 10 bytes"):
            await response.aread()


async def test_an_answer_without_a_body_is_cut_off_whole(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ReadError):
        await client.delete(f"/scim/Users/{tiny.AGENT}", headers={"X-Sandbox-Fault": "truncated"})
    assert (await log(client))[0]["applied"] is True


async def test_a_dripped_body_comes_in_parts_and_is_whole(wire: httpx.AsyncClient) -> None:
    plain = (await wire.get("/teams/org")).json()
    async with wire.stream("GET", "/teams/org", headers={"X-Sandbox-Fault": "slow_drip:1"}) as response:
        parts = [part async for part in response.aiter_raw()]
    assert len(parts) > 10
    assert httpx.Response(200, content=b"".join(parts)).json() == plain


async def test_errors_of_a_proxy_are_html_and_those_of_drift_are_not(client: httpx.AsyncClient) -> None:
    refused(await create(client, "server_error:502"), 502, "internal_error")
    await plan(client, {"kind": "server_error", "status": 502, "html": True})
    response = await client.get("/users/list")
    assert response.status_code == 502
    assert response.text.startswith("<!doctype html>")
    assert response.headers["content-type"].startswith("text/html")


async def test_a_refusal_for_the_rate_names_a_time_only_where_asked_to(client: httpx.AsyncClient) -> None:
    silent = await create(client, "429")
    refused(silent, 429, "rate_limit")
    assert "retry-after" not in silent.headers
    assert (await create(client, "rate_limited:7")).headers["retry-after"] == "7"
    await plan(client, {"kind": "rate_limited", "headers": {"X-RateLimit-Reset": "9"}})
    assert (await client.get("/users/list")).headers["x-ratelimit-reset"] == "9"


async def test_a_dead_token_is_refused_as_the_sandbox_does_it(drift: httpx.AsyncClient, app: Starlette) -> None:
    async with connect(app, "dead") as stranger:
        real = await stranger.get("/users/list")
    injected = await drift.get("/users/list", headers={"X-Sandbox-Fault": "expired_token"})
    assert (injected.status_code, injected.json()) == (real.status_code, real.json())
    assert injected.headers["www-authenticate"] == real.headers["www-authenticate"]


# --- clients that leave ---


async def leave(client: httpx.AsyncClient, kind: str, applied: int) -> None:
    """Send a request that `kind` holds up for a minute, and leave once Drift has it, and has done it if `applied`."""
    await plan(client, {"kind": kind, "ms": 60_000, "path": "/contacts", "times": 1})
    sent = asyncio.create_task(client.post("/contacts", json=NEW))
    await until(client, "/_sandbox/faults", lambda seen: seen["faults"][0]["injected"] == 1)
    await until(client, "/_sandbox/faults", lambda seen: seen["faults"][0]["applied"] == applied)
    sent.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sent


async def until(client: httpx.AsyncClient, path: str, seen: Callable[[Any], bool]) -> None:
    async with asyncio.timeout(60):
        while not seen((await client.get(path)).json()):  # noqa: ASYNC110 - the sandbox has no event to wait for
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("kind", "applied"), [("latency", False), ("late_answer", True)])
async def test_a_client_that_leaves_a_slow_drift_had_it_done_or_not_by_the_kind_of_slowness(
    client: httpx.AsyncClient, kind: str, applied: bool
) -> None:
    await leave(client, kind, applied)
    await until(client, "/_sandbox/requests", lambda seen: bool(seen["requests"]))
    entry = (await log(client))[0]
    assert (entry["status"], entry["fault"], entry["applied"]) == (None, kind, applied)
    assert await created(client) == applied


async def test_a_drip_ends_with_the_client(app: Starlette) -> None:
    # The sandbox could not end (see `served`) if it went on dripping.
    async with connect_by_wire(app) as client:
        await leave(client, "slow_drip", applied=True)


# --- pages ---


async def following(client: httpx.AsyncClient, path: str) -> str | None:
    """Where the page at `path` leads to, in any of Drift's styles."""
    response = await client.get(path)
    body = response.json()
    if "next" in response.links:
        return response.links["next"]["url"].removeprefix("https://driftapi.com")
    if "next" in body.get("links", {}):
        return str(body["links"]["next"]).removeprefix("https://api.drift.com")
    if "next" in body.get("pagination", {}):
        return str(httpx.URL(path).copy_set_param("next", body["pagination"]["next"]))
    return body["data"].get("next") if isinstance(body["data"], dict) else None


@pytest.fixture
async def many(drift: httpx.AsyncClient) -> None:
    """More than a page of everything that is paged."""
    for number in range(60):
        await drift.post(f"/conversations/{OPEN}/messages", json={"type": "chat", "body": str(number)})
    for number in range(3):
        await drift.post("/accounts/create", json={"ownerId": tiny.AGENT, "domain": f"{number}.example"})


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "path",
    [
        "/conversations/list?limit=1",
        f"/conversations/{OPEN}/messages",
        "/accounts?size=1",
        "/contacts?email=ada%40visitor.example&limit=1",
        "/v2/conversations?limit=1",
    ],
)
async def test_a_further_page_of_any_list_leads_to_itself(client: httpx.AsyncClient, path: str) -> None:
    second = await following(client, path)
    assert second is not None
    await plan(client, {"kind": "looping_pages"})
    assert await following(client, path) == second
    assert await following(client, second) == second


async def test_pages_that_do_not_lead_on_cannot_loop(drift: httpx.AsyncClient) -> None:
    answer = await drift.get("/users/list?next=1", headers={"X-Sandbox-Fault": "looping_pages"})
    refused(answer, 400, "validation_error")
    await plan(drift, {"kind": "looping_pages"})
    assert (await drift.get("/users/list?next=1")).status_code == 200
    assert (await drift.get("/conversations/list?page_token=forged")).status_code == 400
    assert (await drift.get("/_sandbox/faults")).json()["faults"][0]["injected"] == 1


@pytest.mark.parametrize("seconds", [60, -3600])
async def test_a_machine_whose_clock_is_wrong_says_so_in_one_date(client: httpx.AsyncClient, seconds: int) -> None:
    await plan(client, {"kind": "wrong_date", "seconds": seconds, "times": 1})
    wrong = await client.get("/teams/org")
    (said,) = wrong.headers.get_list("date")
    ahead = parsedate_to_datetime(said).timestamp() - time.time()
    assert abs(ahead - seconds) < 30
    assert wrong.json() == (await client.get("/teams/org")).json()

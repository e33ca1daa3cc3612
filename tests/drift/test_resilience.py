"""What the gateway does about faults, over real HTTP: waits, sends again, leaves alone, and says what is unknown."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest

from drift_mcp.credentials import FixedCredential
from drift_mcp.drift import breaker, errors, pace
from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.gateway import Gateway, Limits
from drift_mcp.drift.limiter import Rates
from drift_mcp.drift.retry import Retries
from drift_mcp.drift.turn import Turn, entered
from drift_mcp.drift.wire import Call
from tests.support.faults import Asked, FaultServer, Reply, answer, faults, hang_up, raw, reset, silence, truncated

READ = Call("GET", "/x", repeatable=True)
IDEMPOTENT = Call("PATCH", "/x", body={"a": 1}, writes=True, repeatable=True)
WRITE = Call("POST", "/x", body={"a": 1}, writes=True)
CALLS = [READ, IDEMPOTENT, WRITE]
each_call = pytest.mark.parametrize("call", CALLS, ids=["read", "idempotent", "write"])
FINE = answer(200, {"data": "fine"})
LOST = {
    "hang up": hang_up, "reset": reset, "truncated": truncated(), "silence": silence, "no json": answer(200, b"<"),
    "500": answer(500), "502 html": answer(502, b"<html>"), "503 with a wait": answer(503, b"", Retry_After="0"),
}  # fmt: skip


def in_turn(*replies: Reply) -> Reply:
    """One reply after another, the last one for ever."""
    left = list(replies)

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(asked, writer)

    return reply


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with faults() as running:
        yield running


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FIRST_WAIT", 0.01)


HANGS = 60.0
"""Seconds after which a call counts as hanging."""


def connect(server: FaultServer, **more: Any) -> Gateway:
    settings = {"limits": Limits(read=1.0, total=20.0), "retries": Retries(first=0.002)} | more
    return Gateway(server.url, FixedCredential("token-of-this-test"), **settings)


async def outcome(gateway: Gateway, call: Call) -> Any:
    """The body, or the error."""
    try:
        return (await gateway.send(call)).body
    except DriftError as error:
        return error


class TestAgain:
    @each_call
    @pytest.mark.parametrize("fault", list(LOST))
    async def test_a_lost_answer_is_asked_for_again_only_where_twice_is_safe(
        self, server: FaultServer, fault: str, call: Call
    ) -> None:
        server.replies["/x"] = in_turn(LOST[fault], LOST[fault], FINE)
        found = await outcome(connect(server), call)
        if call.repeatable:
            assert found == {"data": "fine"}
            assert len(server.asked) == 3
        else:
            assert found.maybe_applied
            assert len(server.asked) == 1

    @each_call
    async def test_what_never_reached_drift_is_sent_again_whatever_it_is(self, server: FaultServer, call: Call) -> None:
        class Flaky(httpx.AsyncHTTPTransport):
            failures = 2

            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                if self.failures:
                    self.failures -= 1
                    raise httpx.ConnectError("no route")
                return await super().handle_async_request(request)

        server.replies["/x"] = FINE
        assert await outcome(connect(server, transport=Flaky()), call) == {"data": "fine"}
        assert len(server.asked) == 1

    @each_call
    async def test_a_refusal_is_waited_out_and_the_call_sent_again(self, server: FaultServer, call: Call) -> None:
        refused = answer(429, {"error": {"type": "rate_limit"}})
        server.replies["/x"] = in_turn(refused, answer(429, b"", Retry_After="0"), refused, refused, refused, FINE)
        # At the slowest rate the calls are a sixteenth of this apart.
        gateway = connect(server, rates=Rates(calls_per_minute=100_000))
        assert await outcome(gateway, call) == {"data": "fine"}
        assert len(server.asked) == 6

    @each_call
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 302])
    async def test_a_definite_answer_stands(self, server: FaultServer, call: Call, status: int) -> None:
        server.replies["/x"] = in_turn(answer(status), FINE)
        assert (await outcome(connect(server), call)).status == status
        assert len(server.asked) == 1

    async def test_a_fault_that_lasts_is_told_after_the_tries(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(500, {"error": {"message": "broken"}})
        found = await outcome(connect(server), READ)
        assert (type(found), found.detail, len(server.asked)) == (errors.ServerFault, "broken", Retries().tries)


class TestMaybeApplied:
    """What one try may have done is not forgotten because a later one was told something else."""

    @pytest.mark.parametrize(
        "later",
        [answer(404), answer(409), answer(400), answer(429, b"", Retry_After="100"), answer(200, b"x" * 3_000)],
        ids=["not found", "conflict", "invalid", "refused", "too large"],
    )
    async def test_a_write_that_was_lost_first(self, server: FaultServer, later: Reply) -> None:
        server.replies["/x"] = in_turn(hang_up, later)
        found = await outcome(connect(server, limits=Limits(answer_bytes=1_000)), IDEMPOTENT)
        assert (found.maybe_applied, len(server.asked)) == (True, 2)

    async def test_a_write_that_was_lost_before_drift_went_down(self, server: FaultServer) -> None:
        server.replies["/x"] = in_turn(hang_up, reset)
        gateway = connect(server, retries=Retries(tries=50, first=0.001))
        found = await outcome(gateway, IDEMPOTENT)
        assert (type(found), found.maybe_applied) == (errors.DriftDown, True)
        found = await outcome(gateway, IDEMPOTENT)
        assert (type(found), found.maybe_applied) == (errors.DriftDown, False)

    @pytest.mark.parametrize("first", [answer(429), answer(400)], ids=["refused", "invalid"])
    async def test_a_write_that_was_refused_only(self, server: FaultServer, first: Reply) -> None:
        server.replies["/x"] = in_turn(first, answer(404))
        assert not (await outcome(connect(server), WRITE)).maybe_applied


class TestDeadline:
    async def test_tries_and_pauses_end_with_the_call(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(500)
        gateway = connect(server, limits=Limits(total=0.4), retries=Retries(tries=10**6, first=0.05, longest=0.05))
        with anyio.fail_after(HANGS):
            found = await outcome(gateway, READ)
        assert type(found) in {errors.ServerFault, errors.DriftDown, errors.TimedOut, errors.OutOfTime}

    async def test_a_wait_that_drift_asks_for_past_the_deadline_is_told_at_once(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(429, {"error": {"message": "slow down"}}, Retry_After="200")
        gateway = connect(server)
        with anyio.fail_after(HANGS):
            found = await outcome(gateway, READ)
            assert (type(found), found.status, found.detail) == (errors.RateLimited, 429, "slow down")
            assert 200 <= found.retry_after <= 220
            # The others do not even ask.
            found = await outcome(gateway, WRITE)
        assert (type(found), found.maybe_applied) == (errors.RateLimited, False)
        assert 100 <= found.retry_after <= 220
        assert len(server.asked) == 1

    async def test_what_drift_asks_for_is_told_even_if_it_is_not_waited_for(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(429, b"", Retry_After="86400")
        gateway = connect(server)
        found = [await outcome(gateway, each) for each in (READ, WRITE)]
        assert [(type(each), each.asked) for each in found] == [(errors.RateLimited, 86_400.0)] * 2
        assert all(200 < each.retry_after <= 330 for each in found)
        assert len(server.asked) == 1

    async def test_a_fault_that_asks_for_ages_is_told_with_what_can_be_waited_for(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(503, b"", Retry_After="99999999999999")
        found = await outcome(connect(server), READ)
        assert (type(found), found.retry_after) == (errors.ServerFault, 300.0)

    async def test_the_tool_calls_own_deadline_counts_where_it_is_earlier(self, server: FaultServer) -> None:
        server.replies["/x"] = silence
        gateway = connect(server, limits=Limits(read=600.0, total=600.0))
        with anyio.fail_after(HANGS), entered(Turn(deadline=anyio.current_time() + 0.3)):
            found = await outcome(gateway, WRITE)
        assert (type(found), found.maybe_applied) == (errors.OutOfTime, True)
        assert type(await outcome(connect(server), WRITE)) is errors.TimedOut

    async def test_a_tool_call_without_a_deadline_is_patient(self, server: FaultServer) -> None:
        server.replies["/x"] = in_turn(answer(429, b"", Retry_After="0.3"), FINE)
        gateway = connect(server, limits=Limits(total=0.25, patient=5.0))
        told: list[tuple[float, str]] = []

        async def waiting(seconds: float, reason: str) -> None:
            told.append((seconds, reason))

        assert type(await outcome(gateway, READ)) is errors.RateLimited
        await anyio.sleep(0.3)
        server.replies["/x"] = in_turn(answer(429, b"", Retry_After="1"), FINE)
        with entered(Turn(waiting=waiting)):
            assert await outcome(gateway, READ) == {"data": "fine"}
        assert [round(seconds) for seconds, _ in told] == [1]


class TestBreaker:
    async def test_a_dead_drift_is_left_alone_and_then_tried_once(
        self, server: FaultServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(breaker, "FIRST_REST", 0.2)
        server.replies["/x"] = answer(503)
        gateway = connect(server, retries=Retries(tries=1))
        for _ in range(breaker.FAILURES):
            assert type(await outcome(gateway, READ)) is errors.ServerFault
        found = await outcome(gateway, WRITE)
        assert (type(found), found.retry_after, found.maybe_applied) == (errors.DriftDown, 1, False)
        assert len(server.asked) == breaker.FAILURES
        await anyio.sleep(0.2)
        server.replies["/x"] = FINE
        found = [await outcome(gateway, READ) for _ in range(3)]
        assert found == [{"data": "fine"}] * 3

    async def test_a_drift_that_cannot_be_reached_is_left_alone_too(self, server: FaultServer) -> None:
        gateway = Gateway("http://127.0.0.1:1", FixedCredential("token"), retries=Retries(first=0.001))
        found = {type(await outcome(gateway, READ)) for _ in range(5)}
        assert found == {errors.Unreachable, errors.DriftDown}

    async def test_nobody_waits_for_the_call_limit_only_to_hear_that_drift_is_down(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(503)
        gateway = connect(server, retries=Retries(tries=1), rates=Rates(calls_per_minute=breaker.FAILURES))
        for _ in range(breaker.FAILURES):
            await outcome(gateway, READ)
        with anyio.fail_after(60 / breaker.FAILURES - 2):  # the limit lets no call through for longer
            assert type(await outcome(gateway, READ)) is errors.DriftDown

    async def test_a_deadline_that_has_passed_sends_nothing(self, server: FaultServer) -> None:
        with entered(Turn(deadline=anyio.current_time())):
            found = await outcome(connect(server), WRITE)
        assert (type(found), found.maybe_applied, server.connections) == (errors.OutOfTime, False, 0)

    async def test_tool_calls_that_run_out_of_time_do_not_make_drift_look_dead(self, server: FaultServer) -> None:
        server.replies["/x"] = silence
        gateway = connect(server)
        with entered(Turn(deadline=anyio.current_time() + 0.05)):
            found = await asyncio.gather(*(outcome(gateway, READ) for _ in range(2 * breaker.FAILURES)))
        assert {type(each) for each in found} == {errors.OutOfTime}
        server.replies["/x"] = FINE
        assert await outcome(gateway, READ) == {"data": "fine"}


async def test_a_call_cancelled_at_any_point_leaves_the_gateway_as_it_was(server: FaultServer) -> None:
    server.keep_alive = True
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    async def slow(_: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        await raw(body)(_, writer)

    server.replies["/x"] = slow
    gateway = connect(server, rates=Rates(calls_per_minute=6_000))
    for step in range(60):
        with anyio.move_on_after(step * 0.0005):
            await gateway.send(READ)
    assert (await asyncio.gather(*(gateway.send(READ) for _ in range(5))))[-1].body == {}
    await gateway.aclose()

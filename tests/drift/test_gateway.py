"""The Drift client over real HTTP, against a server that misbehaves in every way Drift or a network might."""

import asyncio
import gzip
import json
import logging
import socket
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, unquote

import anyio
import httpx
import pytest
from pydantic import SecretStr

from drift_mcp.credentials import CLIENT, ClientCredentials, FixedCredential, MissingCredential
from drift_mcp.drift import errors
from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.gateway import Gateway, Limits
from drift_mcp.drift.retry import Retries
from drift_mcp.drift.wire import Answer, Call, Expect, Inject
from tests.support.faults import (
    FaultServer,
    answer,
    drip,
    echo,
    endless,
    faults,
    hang_up,
    raw,
    reset,
    silence,
    slow_headers,
    truncated,
)

TOKEN, SECRET = "tok-5d1c-nobody-may-see", "client-secret-9b"
READ, WRITE = Call("GET", "/x", repeatable=True), Call("POST", "/x", body={"a": 1}, writes=True)
HANGS = 60.0
"""Seconds after which a call counts as hanging."""
QUICK = Limits(connect=1.0, read=0.15, total=0.3)


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with faults() as running:
        yield running


def connect(server: FaultServer, limits: Limits | None = None, credentials: Any = None) -> Gateway:
    """One that sends everything once; what it sends again is in test_resilience."""
    credentials = credentials or FixedCredential(TOKEN)
    return Gateway(server.url, credentials, limits=limits or Limits(), retries=Retries(tries=1))


async def send(server: FaultServer, call: Call = READ, limits: Limits | None = None, credentials: Any = None) -> Answer:
    gateway = connect(server, limits, credentials)
    try:
        return await gateway.send(call)
    finally:
        await gateway.aclose()


async def failure(server: FaultServer, call: Call = READ, limits: Limits | None = None, **more: Any) -> DriftError:
    with pytest.raises(DriftError) as caught:
        await send(server, call, limits, **more)
    return caught.value


class TestRequests:
    async def test_a_cookie_is_not_sent_back(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(200, {"data": 1}, Set_Cookie="session=1; Path=/")
        gateway = connect(server)
        for _ in range(2):
            await gateway.send(READ)
        await gateway.aclose()
        assert [asked.headers.get("cookie") for asked in server.asked] == [None, None]

    async def test_what_a_call_says_is_what_goes_over_the_wire(self, server: FaultServer) -> None:
        server.replies["/accounts/1_a%20b%2Fc"] = answer(200, {"data": 1})
        call = Call(
            "PATCH", "/accounts/1_a%20b%2Fc", (("userId", "1"), ("userId", "2"), ("email", "a+b@c.com&x=y é")),
            {"name": "größe ✓", "n": [1, None, True]}, writes=True,
        )  # fmt: skip
        assert (await send(server, call)).body == {"data": 1}
        (asked,) = server.asked
        assert asked.method == "PATCH"
        path, _, query = asked.target.partition("?")
        assert unquote(path.split("/")[2]) == "1_a b/c"
        assert parse_qsl(query) == [("userId", "1"), ("userId", "2"), ("email", "a+b@c.com&x=y é")]
        assert json.loads(asked.body) == {"name": "größe ✓", "n": [1, None, True]}
        assert asked.headers["content-type"] == "application/json"
        assert asked.headers["accept"] == "application/json"
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"

    async def test_a_call_without_a_body_sends_none(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(200, {})
        await send(server, Call("DELETE", "/x"))
        await send(server, Call("POST", "/x", body=None))
        without, null = server.asked
        assert without.body == b""
        assert "content-type" not in without.headers
        assert null.body == b"null"

    async def test_a_base_url_with_a_path_keeps_it(self, server: FaultServer) -> None:
        server.replies["/proxy/drift/x"] = answer(200, {})
        for base in (f"{server.url}/proxy/drift", f"{server.url}/proxy/drift/"):
            gateway = Gateway(base, FixedCredential(TOKEN))
            assert (await gateway.send(READ)).status == 200
            await gateway.aclose()

    async def test_one_connection_serves_several_calls(self, server: FaultServer) -> None:
        server.keep_alive = True
        server.replies["/x"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        gateway = connect(server)
        await gateway.send(READ)
        await gateway.send(READ)
        await gateway.aclose()
        assert (server.connections, len(server.asked)) == (1, 2)

    async def test_the_token_of_the_moment_is_on_every_call(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(200, {})

        class Rotating(FixedCredential):
            count = 0

            async def token(self) -> SecretStr:
                self.count += 1
                return SecretStr(f"t{self.count}")

        gateway = connect(server, credentials=Rotating(TOKEN))
        await gateway.send(READ)
        await gateway.send(READ)
        await gateway.aclose()
        assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer t1", "Bearer t2"]

    async def test_the_secrets_of_the_apps_calls_are_put_in_on_the_way(self, server: FaultServer) -> None:
        server.replies |= {"/app/token_info": answer(200, {}), "/app/uninstall": answer(200, {})}
        credentials = FixedCredential(TOKEN, ClientCredentials("app-1", SecretStr(SECRET)))
        await send(server, Call("POST", "/app/token_info", inject=Inject.TOKEN_IN_BODY), credentials=credentials)
        await send(server, Call("POST", "/app/uninstall", inject=Inject.CLIENT_IN_QUERY), credentials=credentials)
        info, uninstall = server.asked
        assert json.loads(info.body) == {"access_token": TOKEN}
        assert dict(parse_qsl(uninstall.target.partition("?")[2])) == {"clientId": "app-1", "clientSecret": SECRET}
        assert uninstall.headers["authorization"] == f"Bearer {TOKEN}"


class TestAnswers:
    async def test_headers_come_with_lower_case_names(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(202, {"ok": True}, LINK="</y>; rel=next")
        found = await send(server)
        assert (found.status, found.body, found.headers["link"]) == (202, {"ok": True}, "</y>; rel=next")

    async def test_text_and_bytes_come_as_they_are(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(200, b"\xff Nov 2: hi \xe2\x9c\x93")
        assert (await send(server, Call("GET", "/x", expect=Expect.TEXT))).body == "\ufffd Nov 2: hi ✓"
        assert (await send(server, Call("GET", "/x", expect=Expect.BYTES))).body == b"\xff Nov 2: hi \xe2\x9c\x93"

    async def test_a_compressed_answer_is_opened(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(200, gzip.compress(b'{"data": "hello"}'), Content_Encoding="gzip")
        assert (await send(server)).body == {"data": "hello"}

    @pytest.mark.parametrize("reply", [answer(204), answer(200), answer(202)], ids=["204", "200", "202"])
    async def test_a_write_that_is_answered_without_a_body_is_done(self, server: FaultServer, reply: Any) -> None:
        server.replies["/x"] = reply
        found = await send(server, Call("DELETE", "/x", writes=True))
        assert not found.body


class TestStatuses:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, errors.InvalidRequest),
            (401, errors.Unauthorized),
            (403, errors.Forbidden),
            (404, errors.NotFound),
            (409, errors.Conflict),
            (422, errors.InvalidRequest),
            (429, errors.RateLimited),
            (500, errors.ServerFault),
            (502, errors.ServerFault),
            (503, errors.ServerFault),
            (504, errors.ServerFault),
            (301, errors.UnexpectedStatus),
            (405, errors.UnexpectedStatus),
            (418, errors.UnexpectedStatus),
        ],
    )
    async def test_a_status_becomes_its_error(self, server: FaultServer, status: int, kind: type[DriftError]) -> None:
        # A refusal's wait is past any deadline, or it would be waited for.
        server.replies["/x"] = answer(status, {"error": {"type": "t", "message": "because"}}, Retry_After="100")
        for call in (READ, WRITE):
            error = await failure(server, call)
            assert type(error) is kind
            assert (error.status, error.detail) == (status, "because")
            assert error.maybe_applied is (call.writes and status >= 500)

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"error": {"type": "validation_error", "message": "email is invalid"}}, "email is invalid"),
            ({"errors": [{"type": "t", "message": "is no id", "param": "contactId"}]}, "contactId: is no id"),
            ({"error": "contact not found"}, "contact not found"),
        ],
    )
    async def test_all_three_error_envelopes_are_read(self, server: FaultServer, body: Any, words: str) -> None:
        server.replies["/x"] = answer(400, body)
        assert (await failure(server)).detail == words

    @pytest.mark.parametrize(
        "reply",
        [
            answer(502, b"<html>Bad Gateway</html>"),
            answer(502),
            answer(502, b"\xff\xfe"),
            answer(502, b"[" * 50_000),
            answer(502, b'{"error": "' + b"x" * 300_000 + b'"}'),
            truncated(502),
            answer(502, b"x", Content_Encoding="gzip"),
        ],
    )
    async def test_an_unreadable_error_body_costs_nothing_but_the_words(self, server: FaultServer, reply: Any) -> None:
        server.replies["/x"] = reply
        error = await failure(server)
        assert (type(error), error.status, error.detail) == (errors.ServerFault, 502, "")


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_not_followed_and_the_token_stays_here(self, server: FaultServer, status: int) -> None:
        async with faults() as other:
            other.replies["/x"] = answer(200, {"data": "stolen"})
            server.replies["/x"] = answer(status, b"", Location=f"{other.url}/x")
            for call in (READ, WRITE):
                error = await failure(server, call)
                assert (type(error), error.status) == (errors.UnexpectedStatus, status)
            assert other.connections == 0


class TestBrokenAnswers:
    @pytest.mark.parametrize(
        "body",
        [b"<html>Welcome</html>", b'{"data": ', b"\xff\xfe\xfd", b"[" * 50_000, b'{"a":' * 50_000],
        ids=["html", "cut", "bytes", "deep list", "deep object"],
    )
    async def test_what_is_not_json_is_a_broken_answer(self, server: FaultServer, body: bytes) -> None:
        server.replies["/x"] = answer(200, body)
        for call in (READ, WRITE):
            error = await failure(server, call)
            assert (type(error), error.status, error.maybe_applied) == (errors.BrokenAnswer, 200, call.writes)

    async def test_bad_compression_is_a_broken_answer(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(200, b"this is not gzip", Content_Encoding="gzip")
        for call in (READ, WRITE):
            error = await failure(server, call)
            assert (type(error), error.maybe_applied) == (errors.BrokenAnswer, call.writes)

    @pytest.mark.parametrize(
        "reply",
        [
            hang_up,
            reset,
            truncated(),
            raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
            raw(b"SSH-2.0-OpenSSH\r\n\r\n"),
            raw(b"\r\n\r\n"),
        ],
        ids=["hang up", "reset", "truncated", "half a head", "another protocol", "nothing but lines"],
    )
    async def test_a_connection_that_breaks_may_have_applied_a_write(self, server: FaultServer, reply: Any) -> None:
        server.replies["/x"] = reply
        for call in (READ, WRITE):
            error = await failure(server, call)
            assert (type(error), error.maybe_applied) == (errors.ConnectionLost, call.writes)
        assert len(server.asked) == 2

    async def test_a_connection_reset_before_the_request_was_read_is_lost_too(self, server: FaultServer) -> None:
        server.reset_at_once = True
        error = await failure(server, WRITE)
        assert type(error) in {errors.ConnectionLost, errors.Unreachable}
        assert error.maybe_applied is (type(error) is errors.ConnectionLost)
        assert server.asked == []


class TestDeadlines:
    @pytest.mark.parametrize("reply", [silence, slow_headers, drip], ids=["silence", "slow headers", "drip"])
    async def test_an_answer_that_does_not_come_ends_within_the_deadline(self, server: FaultServer, reply: Any) -> None:
        server.replies["/x"] = reply
        for call in (READ, WRITE):
            with anyio.fail_after(HANGS):
                error = await failure(server, call, QUICK)
            assert (type(error), error.maybe_applied) == (errors.TimedOut, call.writes)

    async def test_a_steady_drip_outlives_the_read_timeout_but_not_the_total_one(self, server: FaultServer) -> None:
        server.replies["/x"] = drip
        started = time.monotonic()
        with anyio.fail_after(HANGS):
            assert type(await failure(server, READ, Limits(read=600.0, total=0.25))) is errors.TimedOut
        assert time.monotonic() - started > 0.2

    async def test_an_error_body_that_drips_ends_within_the_deadline(self, server: FaultServer) -> None:
        async def slow_error(_: Any, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\n")
            await silence(_, writer)

        server.replies["/x"] = slow_error
        error = await failure(server, WRITE, QUICK)
        assert type(error) in {errors.ServerFault, errors.TimedOut}
        assert error.maybe_applied is True

    async def test_a_port_that_nobody_listens_on_is_unreachable_and_nothing_was_applied(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, but not listening
            error = await failure(FaultServer(port=taken.getsockname()[1]), WRITE)
        assert (type(error), error.maybe_applied) == (errors.Unreachable, False)

    async def test_a_call_that_the_caller_gives_up_is_cancelled(self, server: FaultServer) -> None:
        server.replies["/x"] = silence
        gateway = connect(server)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(gateway.send(READ), 0.1)
        server.replies["/x"] = answer(200, {})
        assert (await gateway.send(READ)).status == 200
        await gateway.aclose()


class TestSizes:
    @pytest.mark.parametrize(
        ("expect", "limits"),
        [
            (Expect.JSON, Limits(answer_bytes=100_000)), (Expect.TEXT, Limits(answer_bytes=100_000)),
            (Expect.BYTES, Limits(attachment_bytes=100_000)),
        ],
    )  # fmt: skip
    async def test_an_endless_answer_is_not_read_to_its_end(
        self, server: FaultServer, expect: Expect, limits: Limits
    ) -> None:
        server.replies["/x"] = endless
        assert type(await failure(server, Call("GET", "/x", expect=expect), limits)) is errors.AnswerTooLarge

    async def test_a_file_of_exactly_the_limit_passes_and_one_byte_more_does_not(self, server: FaultServer) -> None:
        limits = Limits(attachment_bytes=1_000)
        server.replies |= {"/fits": answer(200, b"x" * 1_000), "/over": answer(200, b"x" * 1_001)}
        assert len((await send(server, Call("GET", "/fits", expect=Expect.BYTES), limits)).body) == 1_000
        assert type(await failure(server, Call("GET", "/over", expect=Expect.BYTES), limits)) is errors.AnswerTooLarge

    async def test_the_limit_counts_what_comes_out_of_compression(self, server: FaultServer) -> None:
        server.replies["/x"] = answer(200, gzip.compress(b'"' + b"x" * 5_000_000 + b'"'), Content_Encoding="gzip")
        assert type(await failure(server, READ, Limits(answer_bytes=1_000_000))) is errors.AnswerTooLarge


class TestSecrets:
    """Wherever a secret might come back out."""

    @staticmethod
    def shown(error: BaseException) -> str:
        seen = [str(error), repr(error), repr(error.args), repr(vars(error))]
        if isinstance(error, DriftError):
            seen.append(error.detail)
        for linked in (error.__cause__, None if error.__suppress_context__ else error.__context__):
            if linked is not None:
                seen.append(TestSecrets.shown(linked))
        return "\n".join(seen)

    @pytest.mark.parametrize(
        "reply",
        [
            echo(lambda asked: {"error": {"message": f"token {asked.headers['authorization']} may not"}}, 400),
            echo(lambda asked: {"errors": [{"message": "bad", "param": asked.headers["authorization"]}]}, 403),
            echo(lambda asked: {"error": asked.headers["authorization"]}, 500),
            echo(lambda asked: {"error": {"message": "x" * 485 + asked.headers["authorization"]}}, 400),
            echo(lambda asked: asked.headers["authorization"].encode(), 200),
            hang_up, reset, silence, truncated(), answer(302, b"", Location="http://127.0.0.1:1/"),
        ],
    )  # fmt: skip
    async def test_no_error_and_no_log_line_has_the_token(
        self, server: FaultServer, reply: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.replies["/x"] = reply
        shown = self.shown(await failure(server, WRITE, QUICK)) + caplog.text
        for length in range(8, len(TOKEN) + 1):
            assert TOKEN[:length] not in shown

    async def test_a_good_call_logs_no_secret_at_all(
        self, server: FaultServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.replies |= {"/x": answer(200, {}), "/app/uninstall": answer(200, {})}
        credentials = FixedCredential(TOKEN, ClientCredentials("app-1", SecretStr(SECRET)))
        await send(server, READ, credentials=credentials)
        await send(server, Call("POST", "/app/uninstall", inject=Inject.CLIENT_IN_QUERY), credentials=credentials)
        assert TOKEN not in caplog.text
        assert SECRET not in caplog.text

    async def test_a_token_that_was_replaced_meanwhile_is_still_kept_out(self, server: FaultServer) -> None:
        asked_twice = asyncio.Event()

        async def late_echo(asked: Any, writer: asyncio.StreamWriter) -> None:
            if len(server.asked) == 2:
                asked_twice.set()
            await asked_twice.wait()
            await answer(400, {"error": asked.headers["authorization"]})(asked, writer)

        class Rotating(FixedCredential):
            count = 0

            async def token(self) -> SecretStr:
                self.count += 1
                return SecretStr(f"{TOKEN}-{self.count}")

        server.replies["/x"] = late_echo
        gateway = connect(server, credentials=Rotating(TOKEN))
        found = await asyncio.gather(gateway.send(READ), gateway.send(READ), return_exceptions=True)
        await gateway.aclose()
        assert [TOKEN in self.shown(error) for error in found if isinstance(error, DriftError)] == [False, False]

    @pytest.mark.parametrize("token", [f"{TOKEN}\nX: y", f"{TOKEN}\x00", "\ud800" + TOKEN])
    async def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(
        self, server: FaultServer, token: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.replies["/x"] = answer(200, {})
        with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is asserted below
            await send(server, WRITE, credentials=FixedCredential(token))
        assert TOKEN not in self.shown(caught.value)
        assert TOKEN not in caplog.text
        assert isinstance(caught.value, DriftError)
        assert caught.value.maybe_applied is False
        assert server.asked == []

    def test_a_gateway_shows_no_secret(self) -> None:
        gateway = Gateway("https://driftapi.com", FixedCredential(TOKEN, ClientCredentials("a", SecretStr(SECRET))))
        assert TOKEN not in f"{gateway!r} {gateway} {vars(gateway)}"
        assert SECRET not in f"{vars(gateway)}"


class TestMissingCredentials:
    async def test_without_a_token_nothing_is_sent(self, server: FaultServer) -> None:
        class Empty(FixedCredential):
            async def token(self) -> SecretStr:
                raise MissingCredential

        error = await failure(server, WRITE, credentials=Empty(TOKEN))
        assert (type(error), error.maybe_applied) == (errors.NotConnected, False)
        assert server.asked == []

    async def test_without_the_apps_own_credentials_uninstalling_is_not_tried(self, server: FaultServer) -> None:
        error = await failure(server, Call("POST", "/app/uninstall", inject=Inject.CLIENT_IN_QUERY, writes=True))
        assert (type(error), error.maybe_applied) == (errors.NoClient, False)
        assert server.asked == []
        assert CLIENT != ""


async def test_a_transport_of_ones_own_replaces_the_network() -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"path": request.url.path})

    gateway = Gateway("https://driftapi.com", FixedCredential(TOKEN), transport=httpx.MockTransport(reply))
    assert (await gateway.send(READ)).body == {"path": "/x"}
    await gateway.aclose()

"""A refused call is sent once more with another token, if there is one: over TCP, through the gateway."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import SecretStr

from drift_mcp.credentials import ClientCredentials, Credential, UnreachableCredential
from drift_mcp.credentials.store import TokenStore
from drift_mcp.credentials.stored import StoredCredential
from drift_mcp.credentials.token_endpoint import TokenEndpoint
from drift_mcp.credentials.tokens import Tokens
from drift_mcp.drift.auth import BearerAuth
from drift_mcp.drift.errors import (
    DriftError,
    Forbidden,
    InvalidRequest,
    NotConnected,
    RateLimited,
    Unauthorized,
    Unreachable,
)
from drift_mcp.drift.gateway import Gateway, Limits
from drift_mcp.drift.limiter import Rates
from drift_mcp.drift.wire import Call, Inject
from tests.support.faults import Asked, FaultServer, answer, faults

READ = Call("GET", "/x")


class Numbered(Credential):
    """tok-0, and after each refusal the next one."""

    def __init__(self, last: int = 99) -> None:
        super().__init__(lambda: ClientCredentials("app-1", SecretStr("client-secret-77")))
        self.number = 0
        self.last = last
        self.asked = 0

    async def token(self) -> SecretStr:
        return SecretStr(f"tok-{self.number}")

    async def renew(self, refused: SecretStr) -> SecretStr | None:
        self.asked += 1
        assert refused == await self.token()
        if self.number == self.last:
            return None
        self.number += 1
        return await self.token()


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with faults() as running:
        yield running


def accepts(token: str, status: int) -> Any:
    """Answers `status` to every other token."""

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        good = asked.headers["authorization"] == f"Bearer {token}"
        await (answer(200, {"data": 1}) if good else answer(status, {"error": {"message": "no"}}))(asked, writer)

    return reply


def carried(server: FaultServer) -> list[str]:
    return [asked.headers["authorization"].removeprefix("Bearer ") for asked in server.asked]


async def test_the_second_request_is_a_call_of_its_own_to_the_call_limit(server: FaultServer) -> None:
    server.replies["/x"] = accepts("tok-1", 401)
    limits, rates = Limits(total=0.5), Rates(calls_per_minute=2)
    credential = Numbered()
    gateway = Gateway(server.url, credential, limits=limits, rates=rates)
    await gateway.send(READ)
    with pytest.raises(RateLimited):
        await gateway.send(READ)
    assert carried(server) == ["tok-0", "tok-1"]


async def test_a_second_request_that_has_to_wait_too_long_was_not_carried_out(server: FaultServer) -> None:
    server.replies["/x"] = accepts("tok-1", 401)
    gateway = Gateway(server.url, Numbered(), limits=Limits(total=0.5), rates=Rates(calls_per_minute=1))
    with pytest.raises(RateLimited) as caught:
        await gateway.send(Call("POST", "/x", writes=True))
    assert not caught.value.maybe_applied
    assert carried(server) == ["tok-0"]


@pytest.mark.parametrize("status", [401, 403])
async def test_both_ways_of_refusing_are_answered_with_another_token(server: FaultServer, status: int) -> None:
    server.replies["/x"] = accepts("tok-1", status)
    assert (await Gateway(server.url, Numbered()).send(READ)).status == 200
    assert carried(server) == ["tok-0", "tok-1"]


@pytest.mark.parametrize("status", [400, 404, 409, 500])
async def test_no_other_failure_asks_for_another_token(server: FaultServer, status: int) -> None:
    server.replies["/x"] = answer(status, {})
    provider = Numbered()
    with pytest.raises(DriftError):
        await Gateway(server.url, provider).send(Call("POST", "/x", writes=True))
    assert provider.asked == 0


async def test_without_another_token_the_refusal_stands(server: FaultServer) -> None:
    server.replies["/x"] = answer(401, {"error": {"message": "who are you"}})
    with pytest.raises(Unauthorized) as caught:
        await Gateway(server.url, Numbered(last=0)).send(READ)
    assert caught.value.detail == "who are you"
    assert carried(server) == ["tok-0"]


async def test_a_token_that_was_renewed_in_vain_is_let_be_for_a_while_and_for_that_answer_only(
    server: FaultServer,
) -> None:
    now = 1000.0
    provider = Numbered()
    auth = BearerAuth(provider, httpx.URL(server.url), lambda: now)

    async def ask(status: int) -> int:
        server.replies["/x"] = answer(status, {})
        async with httpx.AsyncClient(auth=auth) as http:
            await http.get(f"{server.url}/x")
        return provider.asked

    assert [await ask(403) for _ in range(3)] == [1, 1, 1]
    assert await ask(200) == 1
    assert await ask(401) == 2  # that is no missing scope
    now += 299
    assert await ask(401) == 2
    now += 1
    assert await ask(401) == 3


async def test_the_body_of_a_refusal_is_not_read_to_its_end(server: FaultServer) -> None:
    async def endless(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if "tok-1" in asked.headers["authorization"]:
            await answer(200, {"data": 1})(asked, writer)
            return
        writer.write(b"HTTP/1.1 401 No\r\nContent-Length: 99999999999\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    server.replies["/x"] = endless
    async with asyncio.timeout(60):
        assert (await Gateway(server.url, Numbered()).send(READ)).body == {"data": 1}


async def test_the_second_request_carries_the_secrets_of_its_call_anew(server: FaultServer) -> None:
    server.replies |= {"/app/token_info": accepts("tok-1", 401), "/app/uninstall": accepts("tok-1", 401)}
    await Gateway(server.url, Numbered()).send(Call("POST", "/app/token_info", inject=Inject.TOKEN_IN_BODY))
    assert [json.loads(asked.body) for asked in server.asked] == [{"access_token": "tok-0"}, {"access_token": "tok-1"}]
    server.asked.clear()
    await Gateway(server.url, Numbered()).send(Call("POST", "/app/uninstall", inject=Inject.CLIENT_IN_QUERY))
    queries = [parse_qsl(asked.target.partition("?")[2]) for asked in server.asked]
    assert queries == [[("clientId", "app-1"), ("clientSecret", "client-secret-77")]] * 2


async def test_the_same_body_is_sent_again(server: FaultServer) -> None:
    server.replies["/x"] = accepts("tok-1", 401)
    await Gateway(server.url, Numbered()).send(Call("POST", "/x", body={"a": "é"}, writes=True))
    assert [asked.body for asked in server.asked] == ['{"a": "é"}'.encode()] * 2


@pytest.mark.parametrize(("status", "kind"), [(401, NotConnected | Unreachable), (403, Forbidden)])
async def test_when_another_token_cannot_be_had_now_a_possible_lack_of_scope_is_not_hidden(
    server: FaultServer, status: int, kind: Any
) -> None:
    class Silent(Numbered):
        async def renew(self, refused: SecretStr) -> SecretStr | None:
            raise UnreachableCredential

    server.replies["/x"] = answer(status, {})
    with pytest.raises(DriftError) as caught:
        await Gateway(server.url, Silent()).send(Call("POST", "/x", writes=True))
    assert isinstance(caught.value, kind)
    assert caught.value.maybe_applied is False


async def test_a_refresh_token_that_was_spent_before_the_first_call_is_kept_out_too(
    server: FaultServer, tmp_path: Path
) -> None:
    store = TokenStore(tmp_path)
    store.save("drift", Tokens(SecretStr("access-canary-1"), SecretStr("refresh-canary-1"), 1.0, 2.0))
    app = ClientCredentials("app-1", SecretStr("client-canary-secret"))
    provider = StoredCredential(store, "drift", lambda: app, TokenEndpoint(f"{server.url}/oauth2/token"))
    server.replies |= {
        "/oauth2/token": answer(200, {"access_token": "access-canary-2", "refresh_token": "refresh-canary-2"}),
        "/x": answer(200, {"data": "refresh-canary-1 refresh-canary-2 client-canary-secret access-canary-2"}),
    }
    assert (await Gateway(server.url, provider).send(READ)).body == {"data": "[secret] [secret] [secret] [secret]"}


async def test_whatever_drift_echoes_no_secret_of_a_login_comes_through(
    server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ["access-canary-1", "refresh-canary-1", "access-canary-2", "refresh-canary-2", "client-canary-secret"]
    store = TokenStore(tmp_path)
    store.save("drift", Tokens(SecretStr(secrets[0]), SecretStr(secrets[1])))
    app = ClientCredentials("app-1", SecretStr(secrets[4]))
    provider = StoredCredential(store, "drift", lambda: app, TokenEndpoint(f"{server.url}/oauth2/token"))
    everything = {"error": {"message": " ".join(secrets)}, "access_token": secrets[2], "refresh_token": secrets[3]}
    fine = {name: value for name, value in everything.items() if name != "error"}

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(400 if secrets[2] in asked.headers["authorization"] else 401, everything)(asked, writer)

    server.replies |= {"/x": reply, "/oauth2/token": answer(200, fine)}
    gateway = Gateway(server.url, provider)
    with pytest.raises(InvalidRequest) as caught:
        await gateway.send(READ)
    server.replies["/x"] = answer(200, everything)
    with pytest.raises(InvalidRequest):
        await gateway.send(READ)
    server.replies["/x"] = answer(200, {"data": secrets})
    body = (await gateway.send(READ)).body
    shown = f"{caught.value.detail} {caught.value!r} {body} {vars(provider)} {vars(gateway)} {caplog.text}"
    assert [secret for secret in secrets if secret in shown] == []
    assert body == {"data": ["[secret]"] * 5}

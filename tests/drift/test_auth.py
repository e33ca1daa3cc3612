"""The token goes on requests of one origin, and on no other."""

import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from drift_mcp.credentials import CLIENT, ClientCredentials, FixedCredential, MissingCredential
from drift_mcp.drift.auth import INJECT, BearerAuth, ForeignHost
from drift_mcp.drift.wire import Inject

TOKEN, SECRET = "tok-3f9a-not-for-anyone", "client-secret-77"


def auth(base: str = "https://driftapi.com", **credentials: Any) -> BearerAuth:
    return BearerAuth(FixedCredential(TOKEN, **credentials), httpx.URL(base))


async def signed(bearer: BearerAuth, request: httpx.Request) -> httpx.Request:
    flow = bearer.async_auth_flow(request)
    ready = await flow.__anext__()
    await flow.aclose()
    return ready


@pytest.mark.parametrize(
    "url", ["https://driftapi.com/contacts/1", "https://driftapi.com:443/x", "HTTPS://DRIFTAPI.COM/x?y=z"]
)
async def test_calls_of_drift_carry_the_token(url: str) -> None:
    request = await signed(auth(), httpx.Request("GET", url))
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/", "http://driftapi.com/", "https://driftapi.com:8443/", "https://driftapi.com.evil.example/",
        "https://api.drift.com/", "https://driftapi.com@evil.example/", "https://sub.driftapi.com/",
    ],
)  # fmt: skip
async def test_calls_of_any_other_origin_are_stopped_before_the_token_is_opened(url: str) -> None:
    class Unopened(FixedCredential):
        async def token(self) -> SecretStr:
            raise AssertionError("opened")

    request = httpx.Request("GET", url)
    with pytest.raises(ForeignHost):
        await signed(BearerAuth(Unopened(TOKEN), httpx.URL("https://driftapi.com")), request)
    assert "authorization" not in request.headers


async def test_the_token_is_asked_for_at_every_call() -> None:
    class Rotating(FixedCredential):
        count = 0

        async def token(self) -> SecretStr:
            self.count += 1
            return SecretStr(f"rotating-{self.count}")

    bearer = BearerAuth(Rotating(TOKEN), httpx.URL("https://driftapi.com"))
    seen = [
        (await signed(bearer, httpx.Request("GET", "https://driftapi.com/x"))).headers["Authorization"]
        for _ in range(3)
    ]
    assert seen == ["Bearer rotating-1", "Bearer rotating-2", "Bearer rotating-3"]
    # An answer to an earlier call may come after a later call has begun.
    assert bearer.redact(b"rotating-1, rotating-3") == bearer.redact(b"rotating-2, rotating-2")


async def test_the_token_goes_into_the_body_only_where_the_call_asks_for_it() -> None:
    request = httpx.Request(
        "POST",
        "https://driftapi.com/app/token_info",
        headers={"Accept": "application/json"},
        extensions={INJECT: Inject.TOKEN_IN_BODY},
    )
    ready = await signed(auth(), request)
    assert json.loads(ready.content) == {"access_token": TOKEN}
    assert ready.headers["content-type"] == "application/json"
    assert ready.headers["content-length"] == str(len(ready.content))
    assert ready.headers["accept"] == "application/json"
    assert ready.headers["Authorization"] == f"Bearer {TOKEN}"
    plain = await signed(auth(), httpx.Request("POST", "https://driftapi.com/x", content=b"{}"))
    assert plain.content == b"{}"


async def test_the_apps_own_secret_goes_into_the_query_only_where_the_call_asks_for_it() -> None:
    bearer = auth(client=ClientCredentials("app-1", SecretStr(SECRET)))
    extensions = {INJECT: Inject.CLIENT_IN_QUERY}
    ready = await signed(bearer, httpx.Request("POST", "https://driftapi.com/app/uninstall", extensions=extensions))
    assert dict(ready.url.params) == {"clientId": "app-1", "clientSecret": SECRET}
    assert SECRET.encode() not in bearer.redact(f"bad secret {SECRET}".encode())
    plain = await signed(bearer, httpx.Request("GET", "https://driftapi.com/x"))
    assert SECRET not in str(plain.url)


async def test_without_the_apps_own_credentials_nothing_is_sent() -> None:
    request = httpx.Request("POST", "https://driftapi.com/x", extensions={INJECT: Inject.CLIENT_IN_QUERY})
    with pytest.raises(MissingCredential) as caught:
        await signed(auth(), request)
    assert caught.value.what == CLIENT


def test_a_secret_shows_in_no_representation() -> None:
    client = ClientCredentials("app-1", SecretStr(SECRET))
    fixed = FixedCredential(TOKEN, client)
    shown = f"{client!r} {client} {fixed!r} {vars(fixed)} {vars(auth(client=client))}"
    assert SECRET not in shown
    assert TOKEN not in shown


async def test_a_secret_shows_in_no_representation_after_it_was_used_either() -> None:
    bearer = auth()
    await signed(bearer, httpx.Request("GET", "https://driftapi.com/x"))
    assert TOKEN not in f"{bearer!r} {bearer}"
    assert bearer.redact(f"your token {TOKEN} is bad".encode()) == b"your token [secret] is bad"


async def test_a_secret_that_is_in_use_is_redacted_however_many_tokens_came_before() -> None:
    class Rotating(FixedCredential):
        count = 0

        async def token(self) -> SecretStr:
            self.count += 1
            return SecretStr(f"rotating-{self.count}")

        def secrets(self) -> tuple[SecretStr, ...]:
            return (SecretStr(SECRET),)

    bearer = BearerAuth(Rotating(TOKEN), httpx.URL("https://driftapi.com"))
    for _ in range(30):
        await signed(bearer, httpx.Request("GET", "https://driftapi.com/x"))
        assert SECRET.encode() not in bearer.redact(f"echo: {SECRET}".encode())

"""The token endpoint: both spellings, and every way in which it can fail, over TCP."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from drift_mcp.credentials import CLIENT, ClientCredentials, MissingCredential, token_endpoint
from drift_mcp.credentials.token_endpoint import NoAnswer, Refused, TokenEndpoint
from drift_mcp.credentials.tokens import Tokens
from tests.support.faults import FaultServer, answer, faults, hang_up, raw, reset, silence, truncated

from .conftest import APP

NOW = 1_800_000_000.0
OLD = Tokens(SecretStr("tok-old"), SecretStr("refresh-old &+%~'"), NOW - 7200, NOW, 84213)
CANARY = "canary-5d1e-canary"


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with faults() as running:
        yield running


def endpoint(server: FaultServer) -> TokenEndpoint:
    return TokenEndpoint(f"{server.url}/oauth2/token", lambda: NOW)


async def refreshed(server: FaultServer, body: Any, status: int = 200) -> Tokens:
    server.replies["/oauth2/token"] = answer(status, body)
    return await endpoint(server).refresh(APP, OLD)


async def test_the_form_of_a_refresh_is_in_snake_case(server: FaultServer) -> None:
    await refreshed(server, {"access_token": "new"})
    [asked] = server.asked
    assert (asked.method, asked.target) == ("POST", "/oauth2/token")
    assert asked.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert "authorization" not in asked.headers
    assert dict(parse_qsl(asked.body.decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-old &+%~'",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret.get_secret_value(),
    }


async def test_the_form_of_a_code_is_in_snake_case_too(server: FaultServer) -> None:
    server.replies["/oauth2/token"] = answer(200, {"accessToken": "new"})
    tokens = await endpoint(server).exchange(APP, "code+1/=", "http://127.0.0.1:5/callback")
    assert dict(parse_qsl(server.asked[0].body.decode())) == {
        "grant_type": "authorization_code",
        "code": "code+1/=",
        "redirect_uri": "http://127.0.0.1:5/callback",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret.get_secret_value(),
    }
    assert tokens == Tokens(SecretStr("new"), None, NOW, None, None)


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "new", "refresh_token": "r2", "token_type": "bearer", "expires_in": 7200, "orgId": 7},
        {"accessToken": "new", "refreshToken": "r2", "expiresIn": 7200, "orgId": 7},
        {"access_token": "new", "refresh_token": "r2", "expires_in": "7200", "orgId": 7},
        {"access_token": "new", "refresh_token": "r2", "expires_in": 7_200_000, "orgId": 7},
    ],
)
async def test_an_answer_is_understood_in_either_spelling(server: FaultServer, body: dict[str, Any]) -> None:
    assert await refreshed(server, body) == Tokens(SecretStr("new"), SecretStr("r2"), NOW, NOW + 7200, 7)


@pytest.mark.parametrize("life", [10**15, 10**18, 1e300])
async def test_a_life_beyond_all_dates_ends_at_one_that_can_be_shown(server: FaultServer, life: float) -> None:
    found = await refreshed(server, {"accessToken": "new", "expires_in": life})
    assert found.expires_at is not None
    assert datetime.fromtimestamp(found.expires_at, UTC).year > 2050


@pytest.mark.parametrize("life", [None, 0, -5, "soon", [], {}, True, "NaN", "inf", 10**400])
async def test_what_the_answer_leaves_out_stays_and_an_odd_life_is_none(server: FaultServer, life: Any) -> None:
    found = await refreshed(server, {"accessToken": "new", "expires_in": life, "refresh_token": None, "orgId": "x"})
    assert found == Tokens(SecretStr("new"), OLD.refresh, NOW, None, OLD.organisation)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": "invalid_grant", "error_description": CANARY}),
        (400, {"error": {"type": "validation_error", "message": CANARY}}),
        (401, b"<html>no</html>"),
        (403, {"error": {"type": "authentication_error", "message": CANARY}}),
    ],
)
async def test_a_refusal_is_known_as_one(server: FaultServer, status: int, body: Any) -> None:
    with pytest.raises(Refused) as caught:
        await refreshed(server, body, status)
    assert CANARY not in f"{caught.value!r}"


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
async def test_a_wrong_secret_of_the_app_does_not_end_the_login(server: FaultServer, error: str) -> None:
    with pytest.raises(MissingCredential) as caught:
        await refreshed(server, {"error": error, "error_description": CANARY}, 401)
    assert caught.value.what == CLIENT
    assert "check DRIFT_CLIENT_ID and DRIFT_CLIENT_SECRET" in caught.value.problem


@pytest.mark.parametrize(
    "reply",
    [
        answer(500, {"error": CANARY}),
        answer(503, CANARY.encode()),
        answer(429, {"error": {"type": "rate_limit"}}),
        answer(302, b"", Location="https://evil.example/"),
        answer(404, {}),
        answer(200, b"not json"),
        answer(200, []),
        answer(200, {}),
        answer(200, {"access_token": ""}),
        answer(200, {"access_token": ["x"]}),
        answer(200, {"error": "odd", "access_token": "x"}),
        raw(b"\x00\x01 this is not HTTP\r\n\r\n"),
        truncated(),
        reset,
        hang_up,
    ],
)
async def test_anything_else_is_no_answer_and_may_have_been_done(server: FaultServer, reply: Any) -> None:
    server.replies["/oauth2/token"] = reply
    with pytest.raises(NoAnswer) as caught:
        await endpoint(server).refresh(APP, OLD)
    assert caught.value.sent is True
    assert len(server.asked) == 1  # neither repeated nor redirected


async def test_a_secret_that_no_app_has_is_not_sent(server: FaultServer) -> None:
    with pytest.raises(MissingCredential, match="client"):
        await endpoint(server).refresh(ClientCredentials("app", SecretStr("sécret")), OLD)
    assert server.asked == []


async def test_silence_ends_with_the_time_limit(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_endpoint, "TIME_LIMIT", 0.3)
    server.replies["/oauth2/token"] = silence
    with pytest.raises(NoAnswer) as caught:
        await endpoint(server).refresh(APP, OLD)
    assert caught.value.sent is True


async def test_where_nobody_listens_nothing_was_sent() -> None:
    with pytest.raises(NoAnswer) as caught:
        await TokenEndpoint("http://127.0.0.1:9/oauth2/token").refresh(APP, OLD)
    assert caught.value.sent is False


@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_nothing_that_is_sent_or_answered_is_logged(
    server: FaultServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.replies["/oauth2/token"] = answer(
        status, {"access_token": CANARY, "error_description": CANARY}, Set_Cookie=f"token={CANARY}"
    )
    try:
        shown = f"{await endpoint(server).refresh(APP, OLD)}"
    except (Refused, NoAnswer) as error:
        shown = f"{error} {error!r} {error.__cause__!r}"
    for secret in (CANARY, "refresh-old", APP.client_secret.get_secret_value()):
        assert secret not in caplog.text + shown

"""OAuth: the page, codes, both spellings of the token call, expiry, rotation, revocation."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import SANDBOX_TOKEN, create_app
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

from . import tiny
from .conftest import Clock, connect, refused
from .tiny import NOW

CALLBACK = "http://127.0.0.1:5000/callback"
ASKED = {"response_type": "code", "client_id": SANDBOX_CLIENT_ID, "redirect_uri": CALLBACK, "state": "s+t & é"}
CLIENT = {"client_id": SANDBOX_CLIENT_ID, "client_secret": SANDBOX_CLIENT_SECRET}
CAMEL_CLIENT = {"clientId": SANDBOX_CLIENT_ID, "clientSecret": SANDBOX_CLIENT_SECRET}
TWO_HOURS = 7200


@pytest.fixture
async def stranger(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with connect(app, None) as client:
        yield client


async def form(client: httpx.AsyncClient, **asked: str) -> dict[str, str]:
    """What the page would send with "Approve"."""
    page = await client.get("/authorize", params={**ASKED, **asked})
    assert page.status_code == 200
    hidden = re.search(r'<input type="hidden" name="consent" value="([\w-]{30,})">', page.text)
    assert hidden, page.text
    return {"consent": hidden[1], "decision": "approve"}


async def approve(client: httpx.AsyncClient, **asked: str) -> str:
    """The code that arrives at the app."""
    answer = await client.post("/authorize", data=await form(client, **asked))
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def exchange(client: httpx.AsyncClient, **given: str) -> httpx.Response:
    return await client.post("/oauth2/token", data={**CLIENT, **given})


async def by_code(client: httpx.AsyncClient, code: str) -> httpx.Response:
    return await exchange(client, grant_type="authorization_code", code=code)


async def by_refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await exchange(client, grant_type="refresh_token", refresh_token=token)


async def tokens(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await by_code(client, await approve(client))
    assert answer.status_code == 200
    return dict(answer.json())


async def works(client: httpx.AsyncClient, token: str) -> bool:
    response = await client.get("/users/list", headers={"Authorization": f"Bearer {token}"})
    if response.status_code != 200:
        refused(response, 401, "authentication_error")
    return response.status_code == 200


def wrong(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert set(response.json()) == {"error", "error_description"}


# --- the page ---


async def test_the_page_names_the_app_and_its_scopes(tiny_seed: None) -> None:
    async with connect(create_app(scopes=["user_read", "contact_read"]), None) as stranger:
        page = await stranger.get("/authorize", params=ASKED)
    assert "Sandbox app" in page.text
    assert re.findall(r"<li><code>(\w+)</code></li>", page.text) == ["user_read", "contact_read"]
    assert re.findall(r'<button name="decision" value="(\w+)">', page.text) == ["approve", "deny"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


async def test_approving_leads_back_with_a_code_and_the_state_untouched(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post("/authorize", data=await form(stranger))
    location = answer.headers["location"]
    assert location.startswith(f"{CALLBACK}?")
    assert dict(parse_qsl(urlsplit(location).query)).keys() == {"code", "state"}
    assert dict(parse_qsl(urlsplit(location).query))["state"] == ASKED["state"]


async def test_denying_leads_back_without_a_code(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post("/authorize", data={**await form(stranger), "decision": "deny"})
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query)) == {
        "error": "access_denied",
        "state": ASKED["state"],
    }


async def test_a_query_of_the_redirect_uri_stays_and_no_state_is_made_up(stranger: httpx.AsyncClient) -> None:
    given = await stranger.get("/authorize", params={k: v for k, v in ASKED.items() if k != "state"})
    assert given.status_code == 200
    answer = await stranger.post("/authorize", data=await form(stranger, redirect_uri=f"{CALLBACK}?x=1"))
    assert answer.headers["location"].startswith(f"{CALLBACK}?x=1&code=")
    value = re.findall(r'value="(sandbox-consent-[\w-]+)"', given.text)[0]
    answer = await stranger.post("/authorize", data={"consent": value, "decision": "approve"})
    assert "state" not in answer.headers["location"]


async def test_the_typo_of_the_documentation_can_be_switched_on(tiny_seed: None) -> None:
    async with connect(create_app(redirect_typo=True), None) as stranger:
        location = (await stranger.post("/authorize", data=await form(stranger, state="abc"))).headers["location"]
        found = re.fullmatch(rf"{CALLBACK}\?code=([\w-]+)\?state=abc", location)
        assert found
        assert (await by_code(stranger, found[1])).status_code == 200


async def test_another_kind_of_answer_is_refused_to_the_app(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/authorize", params={**ASKED, "response_type": "token"})
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query))["error"] == "unsupported_response_type"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "",
        "/callback",
        "http://",
        "https://evil.example/callback",
        "javascript:alert(1)",
        "ftp://127.0.0.1/",
        "http://127.0.0.1@evil.example/",
        "http://evil.example\\@127.0.0.1/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/#x",
        "http://127.0.0.1/\r\nSet-Cookie:x=1",
        "http://127.0.0.1/\x00",
        "https://registered.example/callback/more",
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_the_apps(tiny_seed: None, redirect_uri: str) -> None:
    app = create_app(redirect_uris=["https://registered.example/callback"])
    async with connect(app, None) as stranger:
        page = await stranger.get("/authorize", params={**ASKED, "redirect_uri": redirect_uri})
        assert (page.status_code, "location" in page.headers) == (400, False)
        assert "redirect_uri" in page.text


@pytest.mark.parametrize(
    "redirect_uri",
    ["https://registered.example/callback", "http://localhost:1/x", "http://[::1]:8/", "https://127.0.0.9/"],
)
async def test_loopback_and_registered_addresses_are_the_apps(tiny_seed: None, redirect_uri: str) -> None:
    async with connect(create_app(redirect_uris=["https://registered.example/callback"]), None) as stranger:
        answer = await stranger.post("/authorize", data=await form(stranger, redirect_uri=redirect_uri))
        assert answer.headers["location"].startswith(f"{redirect_uri}?code=")


async def test_an_unknown_app_gets_no_page_to_approve(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/authorize", params={**ASKED, "client_id": "<script>"})
    assert (page.status_code, "<form" in page.text, "<script>" in page.text) == (400, False, False)


async def test_what_a_link_brings_along_is_no_markup(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/authorize", params={**ASKED, "redirect_uri": f"{CALLBACK}?<script>'\""})
    assert page.status_code == 200
    assert "<script>" not in page.text


async def test_an_answer_counts_once_while_it_waits_and_only_from_the_page(
    stranger: httpx.AsyncClient, clock: Clock
) -> None:
    given = await form(stranger)
    for refusal in (
        await stranger.post("/authorize", data=given, headers={"Origin": "https://evil.example"}),
        await stranger.post("/authorize", data=given, headers={"Origin": "null"}),
        await stranger.post("/authorize", data={**given, "consent": "guessed"}),
        await stranger.post("/authorize", data={**given, "decision": "perhaps"}),
        await stranger.post("/authorize"),
    ):
        assert (refusal.status_code, "location" in refusal.headers) == (400, False)
    own = {"Origin": "https://driftapi.test"}
    assert (await stranger.post("/authorize", data=given, headers=own)).status_code == 303
    assert (await stranger.post("/authorize", data=given)).status_code == 400
    late = await form(stranger)
    clock.at += 600_000
    assert (await stranger.post("/authorize", data=late)).status_code == 400


# --- codes and tokens ---


async def test_a_code_brings_tokens_that_last_two_hours(stranger: httpx.AsyncClient, clock: Clock) -> None:
    answer = await by_code(stranger, await approve(stranger))
    body = answer.json()
    assert body == {
        "access_token": body["access_token"],
        "refresh_token": body["refresh_token"],
        "token_type": "bearer",
        "expires_in": TWO_HOURS,
        "orgId": 9,
    }
    assert body["access_token"] != body["refresh_token"]
    assert answer.headers["cache-control"] == "no-store"
    clock.at += TWO_HOURS * 1000 - 1
    assert await works(stranger, body["access_token"])
    clock.at += 1
    assert not await works(stranger, body["access_token"])
    assert not await works(stranger, body["refresh_token"])


async def test_a_code_works_once_in_time_and_for_its_own_address(stranger: httpx.AsyncClient, clock: Clock) -> None:
    code = await approve(stranger)
    assert (await by_code(stranger, code)).status_code == 200
    wrong(await by_code(stranger, code), 400, "invalid_grant")
    late = await approve(stranger)
    clock.at += 600_000
    wrong(await by_code(stranger, late), 400, "invalid_grant")
    given = {"grant_type": "authorization_code", "code": await approve(stranger), "redirect_uri": "http://localhost/"}
    wrong(await exchange(stranger, **given), 400, "invalid_grant")
    given = {"grant_type": "authorization_code", "code": await approve(stranger), "redirect_uri": CALLBACK}
    assert (await exchange(stranger, **given)).status_code == 200


async def test_a_refresh_rotates_the_refresh_token(stranger: httpx.AsyncClient, clock: Clock) -> None:
    first = await tokens(stranger)
    clock.at += TWO_HOURS * 1000
    second = (await by_refresh(stranger, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert not await works(stranger, first["access_token"])
    assert await works(stranger, second["access_token"])
    wrong(await by_refresh(stranger, first["refresh_token"]), 400, "invalid_grant")
    assert (await by_refresh(stranger, second["refresh_token"])).status_code == 200, "nothing else happened"
    wrong(await by_refresh(stranger, first["access_token"]), 400, "invalid_grant")


async def test_the_old_camel_case_json_is_answered_in_camel_case(stranger: httpx.AsyncClient) -> None:
    given = {**CAMEL_CLIENT, "grantType": "authorization_code", "code": await approve(stranger)}
    first = (await stranger.post("/oauth2/token", json=given)).json()
    assert set(first) == {"accessToken", "refreshToken", "orgId"}
    assert await works(stranger, first["accessToken"])
    given = {**CAMEL_CLIENT, "grantType": "refresh_token", "refreshToken": first["refreshToken"]}
    second = (await stranger.post("/oauth2/token", json=given)).json()
    assert await works(stranger, second["accessToken"])
    wrong(await stranger.post("/oauth2/token", json=given), 400, "invalid_grant")


@pytest.mark.parametrize(
    "client", [{"client_id": "x"}, {"client_secret": "x"}, {"client_id": ""}, {"client_secret": ""}, {"client_id": "ü"}]
)
async def test_only_the_app_itself_gets_tokens(stranger: httpx.AsyncClient, client: dict[str, str]) -> None:
    code = await approve(stranger)
    given = {"grant_type": "authorization_code", "code": code, **client}
    wrong(await exchange(stranger, **given), 401, "invalid_client")
    assert (await by_code(stranger, code)).status_code == 200, "the code was not used up"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"data": {**CLIENT}}, "unsupported_grant_type"),
        ({"data": {**CLIENT, "grant_type": "password"}}, "unsupported_grant_type"),
        ({"data": {**CLIENT, "grant_type": "authorization_code"}}, "invalid_grant"),
        ({"data": {**CLIENT, "grant_type": "refresh_token", "refresh_token": SANDBOX_TOKEN}}, "invalid_grant"),
        ({"data": {**CLIENT, "grant_type": ["refresh_token", "x"]}}, "invalid_request"),
        ({"json": []}, "invalid_request"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, "invalid_request"),
        ({"content": b"x"}, "invalid_request"),
    ],
)
async def test_a_wrong_token_call_is_refused_in_oauths_words(
    stranger: httpx.AsyncClient, request_: dict[str, Any], code: str
) -> None:
    wrong(await stranger.post("/oauth2/token", **request_), 400, code)


async def test_the_life_of_tokens_can_be_shortened(tiny_seed: None, clock: Clock) -> None:
    async with connect(create_app(now=clock, token_seconds=3), None) as stranger:
        given = await tokens(stranger)
        assert given["expires_in"] == 3
        clock.at += 3000
        assert not await works(stranger, given["access_token"])


async def test_a_token_keeps_the_scopes_it_was_made_with(tiny_seed: None, clock: Clock, tmp_path: Path) -> None:
    narrow = create_app(now=clock, state_file=tmp_path / "s", scopes=["user_read"])
    async with connect(narrow, None) as stranger:
        first = await tokens(stranger)
    async with connect(create_app(now=clock, state_file=tmp_path / "s"), None) as stranger:
        second = (await by_refresh(stranger, first["refresh_token"])).json()
        for token in (first["access_token"], second["access_token"]):
            headers = {"Authorization": f"Bearer {token}"}
            assert (await stranger.get("/users/list", headers=headers)).status_code == 200
            refused(await stranger.get("/accounts", headers=headers), 403, "authentication_error")


async def test_token_info_knows_tokens_of_oauth(app: Starlette, clock: Clock) -> None:
    async with connect(app, None) as stranger:
        token = (await tokens(stranger))["access_token"]
    clock.at += 1000
    async with connect(app, token) as client:
        info = (await client.post("/app/token_info", json={"access_token": token})).json()
        assert info["expires_in"] == TWO_HOURS * 1000
        assert (info["created_at"], info["credential_id"]) == (NOW, SANDBOX_CLIENT_ID)
        assert (info["authenticated_userid"], info["token_type"]) == ("orgId:9", "bearer")
        clock.at += TWO_HOURS * 1000
        refused(await client.post("/app/token_info", json={"access_token": token}), 401, "authentication_error")


# --- the end of tokens ---


async def test_uninstalling_leaves_nothing_of_the_app(app: Starlette, stranger: httpx.AsyncClient) -> None:
    first, second, code, waiting = (
        await tokens(stranger),
        await tokens(stranger),
        await approve(stranger),
        await form(stranger),
    )
    async with connect(app, first["access_token"]) as client:
        assert (await client.post("/app/uninstall", params=CAMEL_CLIENT)).status_code == 200
    assert not await works(stranger, first["access_token"])
    assert not await works(stranger, second["access_token"])
    wrong(await by_refresh(stranger, second["refresh_token"]), 400, "invalid_grant")
    wrong(await by_code(stranger, code), 400, "invalid_grant")
    assert (await stranger.post("/authorize", data=waiting)).status_code == 400
    assert await works(stranger, (await tokens(stranger))["access_token"]), "it can be installed again"


async def test_a_test_can_kill_one_token(stranger: httpx.AsyncClient) -> None:
    first, second = await tokens(stranger), await tokens(stranger)
    for name in ("access_token", "refresh_token"):
        assert (await stranger.post("/_sandbox/tokens/revoke", json={"token": first[name]})).status_code == 200
        again = await stranger.post("/_sandbox/tokens/revoke", json={"token": first[name]})
        refused(again, 404, "not_found")
    assert not await works(stranger, first["access_token"])
    wrong(await by_refresh(stranger, first["refresh_token"]), 400, "invalid_grant")
    assert await works(stranger, second["access_token"])
    assert (await by_refresh(stranger, second["refresh_token"])).status_code == 200


async def test_questions_codes_and_tokens_survive_a_restart(tiny_seed: None, clock: Clock, tmp_path: Path) -> None:
    def restarted() -> httpx.AsyncClient:
        return connect(create_app(now=clock, state_file=tmp_path / "state.json"), None)

    async with restarted() as stranger:
        given = await form(stranger)
    async with restarted() as stranger:
        answer = await stranger.post("/authorize", data=given)
    async with restarted() as stranger:
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        first = (await by_code(stranger, code)).json()
    async with restarted() as stranger:
        wrong(await by_code(stranger, code), 400, "invalid_grant")
        assert await works(stranger, first["access_token"])
        second = (await by_refresh(stranger, first["refresh_token"])).json()
    async with restarted() as stranger:
        wrong(await by_refresh(stranger, first["refresh_token"]), 400, "invalid_grant")
        assert await works(stranger, second["access_token"])
        await stranger.post("/_sandbox/reset")
        assert not await works(stranger, second["access_token"])
        wrong(await by_refresh(stranger, second["refresh_token"]), 400, "invalid_grant")


async def test_what_has_expired_is_not_kept(app: Starlette, stranger: httpx.AsyncClient, clock: Clock) -> None:
    tables = app.state.sandbox.world.tables
    for _ in range(3):
        await tokens(stranger)
        await approve(stranger)
        await form(stranger)
        clock.at += TWO_HOURS * 1000
    await tokens(stranger)
    assert [len(tables[name]) for name in ("tokens", "codes", "consents")] == [2, 0, 0]


async def test_no_secret_of_oauth_is_in_the_log(stranger: httpx.AsyncClient) -> None:
    given = await tokens(stranger)
    await by_refresh(stranger, given["refresh_token"])
    await stranger.post("/oauth2/token?client_secret=hush&refresh_token=hush&code=hush")
    log = (await stranger.get("/_sandbox/requests")).text
    assert "/oauth2/token" in log
    for secret in (given["access_token"], given["refresh_token"], SANDBOX_CLIENT_SECRET, "hush"):
        assert secret not in log


# --- organisations ---


def rows_with_org(app: Starlette) -> Iterator[int]:
    for table in app.state.sandbox.world.tables.values():
        for row in table.values():
            if isinstance(row, dict) and "orgId" in row:
                yield row["orgId"]


async def test_a_sandbox_can_be_another_organisation(tiny_seed: None, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    app = create_app(now=clock, org=77, state_file=file)
    async with connect(app, None) as stranger:
        assert (await tokens(stranger))["orgId"] == 77
    assert set(rows_with_org(app)) == {77}
    with pytest.raises(ValueError, match="organisation 77, not 78"):
        create_app(now=clock, org=78, state_file=file)
    again = create_app(now=clock, state_file=file)
    async with connect(again) as drift:
        await drift.post("/_sandbox/reset")
        info = (await drift.post("/app/token_info", json={"access_token": SANDBOX_TOKEN})).json()
    assert info["authenticated_userid"] == "orgId:77"
    assert set(rows_with_org(create_app(now=lambda: tiny.NOW))) == {9}

"""Tokens of a login renew themselves: once, whoever asks, and stored before they are used. The sandbox plays Drift."""

import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from drift_mcp.credentials import MissingCredential, UnreachableCredential, no_app
from drift_mcp.credentials.redirect import waiting
from drift_mcp.credentials.store import TokenStore
from drift_mcp.credentials.stored import PAUSE, StoredCredential
from drift_mcp.credentials.token_endpoint import TokenEndpoint
from drift_mcp.credentials.tokens import StoreError, Tokens
from drift_mcp.drift.errors import Forbidden, NotConnected, Unauthorized
from drift_mcp.drift.gateway import Gateway
from drift_mcp.drift.wire import Call
from drift_mcp.sandbox import create_app, grants
from tests.support.faults import answer as reply
from tests.support.faults import faults, hang_up
from tests.support.served import served

from .conftest import APP, answer

USERS = Call("GET", "/users/list")
HOURS = 7200.0


class Clock:
    """Epoch seconds of the client; the sandbox has its own."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Drift:
    """The sandbox on a port, a login to it that was just stored, and what uses that."""

    def __init__(self, app: Starlette, url: str, folder: Path) -> None:
        self.url = url
        self.world = app.state.sandbox.world
        self.clock = Clock()
        self.store = TokenStore(folder)
        self.first = Tokens(SecretStr(""))

    async def login(self) -> Tokens:
        """What a person grants, stored."""
        with waiting() as redirect:
            back = await anyio.to_thread.run_sync(answer, redirect.address(f"{self.url}/authorize", APP.client_id))
            code = parse_qs(urlsplit(back).query)["code"][0]
            tokens = await TokenEndpoint(f"{self.url}/oauth2/token", self.clock).exchange(APP, code, redirect.uri)
        self.store.save("drift", tokens)
        return tokens

    def provide(self, url: str = "") -> StoredCredential:
        endpoint = TokenEndpoint(url or f"{self.url}/oauth2/token", self.clock)
        return StoredCredential(self.store, "drift", lambda: APP, endpoint, clock=self.clock)

    @property
    def kept(self) -> Tokens:
        found = self.store.load("drift")
        assert found is not None
        return found

    def asked(self, path: str) -> list[int]:
        """The statuses of the answers to requests of `path`."""
        log = httpx.get(f"{self.url}/_sandbox/requests", trust_env=False).json()["requests"]
        return [each["status"] for each in log if each["path"] == path]

    @property
    def renewals(self) -> list[int]:
        """The statuses of the token endpoint's answers, but for the first login's."""
        return self.asked("/oauth2/token")[1:]

    def revoke(self) -> None:
        """The first access token is not accepted any more."""
        grants.revoke(self.world, self.first.access.get_secret_value())


@pytest.fixture
async def drift(tmp_path: Path) -> AsyncIterator[Drift]:
    app = create_app()
    with served(app) as url:
        found = Drift(app, url, tmp_path / "logins")
        found.first = await found.login()
        yield found


@pytest.fixture
def provider(drift: Drift) -> StoredCredential:
    return drift.provide()


class TestBeforeItEnds:
    async def test_a_token_with_time_left_is_used_as_it_is(self, drift: Drift, provider: StoredCredential) -> None:
        drift.clock.now += HOURS - 301
        assert await provider.token() == drift.first.access
        assert drift.renewals == []

    async def test_shortly_before_its_end_it_is_renewed_and_the_next_one_after_it_too(
        self, drift: Drift, provider: StoredCredential
    ) -> None:
        seen = [drift.first.access]
        for _ in range(3):
            drift.clock.now += HOURS - 300
            seen.append(await provider.token())
            assert drift.kept.access == seen[-1]
            assert drift.kept.expires_at == drift.clock.now + HOURS
            assert drift.kept.organisation == drift.first.organisation == 84213
        assert len(set(seen)) == 4
        assert drift.renewals == [200] * 3

    async def test_many_calls_at_once_renew_it_once(
        self, drift: Drift, provider: StoredCredential, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drift.clock.now += HOURS
        seen: set[str] = set()
        locked, lock = [], drift.store.lock
        monkeypatch.setattr(drift.store, "lock", lambda *args: locked.append(args) or lock(*args))

        async def call() -> None:
            seen.add((await provider.token()).get_secret_value())

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(call)
        assert (len(seen), len(locked)) == (1, 1)  # nor does each hold up the other processes
        assert drift.renewals == [200]

    async def test_what_another_process_renewed_is_used(self, drift: Drift) -> None:
        one, other = drift.provide(), drift.provide()
        assert await one.token() == await other.token() == drift.first.access
        drift.clock.now += HOURS
        renewed = await one.token()
        assert await other.token() == renewed
        assert drift.renewals == [200]

    async def test_what_it_renewed_in_a_keyring_is_used_by_others(self, drift: Drift, ring: Path) -> None:
        drift.store.save("drift", drift.first, "keyring")
        one, other = drift.provide(), drift.provide()
        await one.token()
        await other.token()
        drift.clock.now += HOURS
        assert await one.token() == await other.token() == drift.kept.access != drift.first.access
        assert drift.renewals == [200]

    async def test_when_drift_does_not_answer_the_token_is_used_while_it_lasts(
        self, drift: Drift, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider = drift.provide("http://127.0.0.1:9/oauth2/token")
        drift.clock.now += HOURS - 200
        for _ in range(5):
            assert await provider.token() == drift.first.access
        assert caplog.text.count("could not be renewed") == 1  # and is not asked at every call
        drift.clock.now += PAUSE
        assert await provider.token() == drift.first.access
        assert caplog.text.count("could not be renewed") == 2
        drift.clock.now += 200
        with pytest.raises(UnreachableCredential):
            await provider.token()

    async def test_a_call_that_is_given_up_does_not_lose_the_answer(
        self, drift: Drift, provider: StoredCredential, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drift.clock.now += HOURS
        under_way, go_on = threading.Event(), threading.Event()
        refresh = grants.refresh

        def slowly(*args: Any) -> Any:
            under_way.set()
            assert go_on.wait(60)
            return refresh(*args)

        monkeypatch.setattr(grants, "refresh", slowly)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(provider.token)
            await anyio.to_thread.run_sync(under_way.wait, 10)
            tasks.cancel_scope.cancel()
            go_on.set()
        assert drift.kept.access != drift.first.access
        assert await provider.token() == drift.kept.access
        assert drift.renewals == [200]


class TestRefused:
    @pytest.fixture
    def gateway(self, drift: Drift, provider: StoredCredential) -> Gateway:
        return Gateway(drift.url, provider)

    async def test_a_revoked_token_is_renewed_and_the_call_is_sent_once_more(
        self, drift: Drift, gateway: Gateway
    ) -> None:
        drift.revoke()
        assert (await gateway.send(USERS)).status == 200
        assert (drift.asked("/users/list"), drift.renewals) == ([401, 200], [200])
        await gateway.send(USERS)
        assert drift.renewals == [200]

    async def test_a_write_that_was_refused_is_applied_once(self, drift: Drift, gateway: Gateway) -> None:
        drift.revoke()
        before = len(drift.world.tables["contacts"])
        body = {"attributes": {"email": "once@example.com"}}
        await gateway.send(Call("POST", "/contacts", body=body, writes=True))
        assert drift.asked("/contacts") == [401, 200]
        assert len(drift.world.tables["contacts"]) == before + 1

    async def test_many_refused_calls_renew_it_once(self, drift: Drift, gateway: Gateway) -> None:
        drift.revoke()
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(gateway.send, USERS)
        assert drift.renewals == [200]

    async def test_a_missing_scope_costs_one_renewal_and_not_one_per_call(self, drift: Drift, gateway: Gateway) -> None:
        record = drift.world.live_token(drift.first.access.get_secret_value())
        for row in [record, *drift.world.rows("refresh_tokens")]:
            row["scopes"].remove("user_read")
        for _ in range(4):
            with pytest.raises(Forbidden):
                await gateway.send(USERS)
        assert drift.asked("/users/list") == [403, 403, 403, 403, 403]
        assert drift.renewals == [200]

    async def test_when_the_new_token_is_refused_as_well_the_call_ends(
        self, drift: Drift, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drift.revoke()
        monkeypatch.setattr(drift.world, "live_token", lambda token: None)
        with pytest.raises(Unauthorized):
            await gateway.send(USERS)
        assert drift.asked("/users/list") == [401, 401]

    async def test_when_a_renewal_is_not_to_be_had_now_a_missing_scope_is_still_said_to_be_one(
        self, drift: Drift
    ) -> None:
        drift.world.live_token(drift.first.access.get_secret_value())["scopes"].remove("user_read")
        with pytest.raises(Forbidden):
            await Gateway(drift.url, drift.provide("http://127.0.0.1:9/")).send(USERS)

    async def test_a_private_apps_token_is_not_renewed(self, drift: Drift, gateway: Gateway) -> None:
        drift.store.save("drift", Tokens(drift.first.access))
        drift.revoke()
        with pytest.raises(Unauthorized):
            await gateway.send(USERS)
        assert (drift.asked("/users/list"), drift.renewals) == ([401], [])

    async def test_a_login_that_drift_ended_asks_for_a_new_one_which_then_counts_at_once(
        self, drift: Drift, gateway: Gateway, provider: StoredCredential
    ) -> None:
        grants.uninstall(drift.world)
        for _ in range(3):
            with pytest.raises(NotConnected):
                await gateway.send(USERS)
        assert drift.renewals == [400]  # what was refused once is not tried again
        with pytest.raises(MissingCredential) as caught:
            await provider.renew(drift.first.access)
        assert "no longer accepts the login" in caught.value.problem
        assert caught.value.problem.endswith("Ask the user to run `drift-mcp login`.")
        await drift.login()
        assert (await gateway.send(USERS)).status == 200


class TestLoginAndLogout:
    async def test_without_a_login_there_is_no_token(self, drift: Drift) -> None:
        drift.store.remove("drift")
        provider = drift.provide()
        assert await provider.available() is False
        with pytest.raises(MissingCredential) as caught:
            await provider.token()
        assert caught.value.problem == "Nobody has logged in to Drift. Ask the user to run `drift-mcp login`."

    async def test_a_logout_and_another_login_count_at_the_next_call(
        self, drift: Drift, provider: StoredCredential
    ) -> None:
        assert await provider.available() is True
        await provider.token()
        drift.store.remove("drift")
        assert await provider.available() is False
        with pytest.raises(MissingCredential):
            await provider.token()
        other = await drift.login()
        assert await provider.token() == other.access

    async def test_a_login_to_another_organisation_counts_at_the_next_call(
        self, drift: Drift, provider: StoredCredential
    ) -> None:
        assert await provider.token() == drift.first.access
        other = await drift.login()
        assert await provider.token() == other.access

    async def test_a_logout_wins_over_a_renewal_that_comes_later(
        self, drift: Drift, provider: StoredCredential
    ) -> None:
        refused = await provider.token()
        with drift.store.lock("drift", 5):
            drift.store.remove("drift")
        drift.clock.now += HOURS
        with pytest.raises(MissingCredential):
            await provider.renew(refused)
        assert (drift.renewals, drift.store.stamp("drift")) == ([], None)

    async def test_a_damaged_login_asks_for_a_new_one(self, drift: Drift, provider: StoredCredential) -> None:
        (drift.store._folder / "login-drift.json").write_text("{")
        with pytest.raises(MissingCredential) as caught:
            await provider.token()
        assert caught.value.problem == "The stored login is damaged. Ask the user to run `drift-mcp login`."

    async def test_without_the_apps_secret_it_says_what_is_missing(self, drift: Drift) -> None:
        provider = StoredCredential(drift.store, "drift", no_app, TokenEndpoint(drift.url), clock=drift.clock)
        assert await provider.token() == drift.first.access
        drift.clock.now += HOURS
        with pytest.raises(MissingCredential, match="access") as caught:
            await provider.token()
        assert "the Drift app's id and secret must be set" in caught.value.problem


class TestStoring:
    async def test_new_tokens_are_stored_before_they_are_used(self, drift: Drift, provider: StoredCredential) -> None:
        """Every request is looked at where it leaves: what it carries must be on disk by then."""
        carried = []

        class Network(httpx.AsyncHTTPTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                carried.append(request.headers["authorization"].removeprefix("Bearer "))
                assert drift.kept.access.get_secret_value() == carried[-1]
                return await super().handle_async_request(request)

        drift.revoke()
        await Gateway(drift.url, provider, transport=Network()).send(USERS)
        assert len(set(carried)) == 2

    async def test_tokens_that_cannot_be_stored_are_used_all_the_same(
        self,
        drift: Drift,
        provider: StoredCredential,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def full(*_: object) -> None:
            raise StoreError("The login cannot be written (No space left on device).")

        save = drift.store.save
        monkeypatch.setattr(drift.store, "save", full)
        drift.clock.now += HOURS
        renewed = await provider.token()
        assert renewed != drift.first.access
        assert "ends with this process" in caplog.text
        assert await provider.renew(drift.first.access) == renewed  # not the old ones, which are still on disk
        monkeypatch.setattr(drift.store, "save", save)
        drift.clock.now += HOURS
        assert await provider.token() == drift.kept.access
        assert drift.renewals == [200, 200]


class TestLostAnswer:
    @pytest.mark.parametrize("taken", [True, False])
    async def test_the_same_refresh_token_is_tried_again_and_drift_decides(self, drift: Drift, taken: bool) -> None:
        async with faults({"/token": hang_up}) as server:
            provider = drift.provide(f"{server.url}/token")
            drift.clock.now += HOURS
            with pytest.raises(UnreachableCredential):
                await provider.token()
            assert drift.kept == drift.first
            server.replies["/token"] = reply(200, {"access_token": "new"}) if taken else reply(400, {})
            if taken:
                assert await provider.token() == SecretStr("new")
            else:
                with pytest.raises(MissingCredential, match="access") as caught:
                    await provider.token()
                assert not isinstance(caught.value, UnreachableCredential)
                assert "the answer to an earlier renewal was lost" in caught.value.problem
            sent = [parse_qs(asked.body.decode())["refresh_token"] for asked in server.asked]
            assert drift.first.refresh is not None
            assert sent == [[drift.first.refresh.get_secret_value()]] * 2


CHILD = """
import os, signal, sys, time
from pathlib import Path
import anyio
from drift_mcp.credentials.environment import app
from drift_mcp.credentials.store import TokenStore
from drift_mcp.credentials.stored import StoredCredential
from drift_mcp.credentials.token_endpoint import TokenEndpoint
from drift_mcp.drift.gateway import Gateway
from drift_mcp.drift.wire import Call

folder, url, ahead, dies = sys.argv[1:]

class Mortal(TokenStore):
    def save(self, name, tokens, place=None):
        if dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().save(name, tokens, place)
        if dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)

clock = lambda: float(ahead)
provider = StoredCredential(
    Mortal(Path(folder)), "drift", app, TokenEndpoint(url + "/oauth2/token", clock), clock=clock
)
print("ready", flush=True)
sys.stdin.readline()
print((anyio.run(Gateway(url, provider).send, Call("GET", "/users/list"))).status)
"""


class TestProcesses:
    @pytest.fixture
    def start(self, drift: Drift) -> Callable[..., "subprocess.Popen[str]"]:
        def begin(dies: str = "") -> "subprocess.Popen[str]":
            secret = APP.client_secret.get_secret_value()
            return subprocess.Popen(
                [sys.executable, "-c", CHILD, str(drift.store._folder), drift.url, str(drift.clock.now), dies],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={
                    "DRIFT_CLIENT_ID": APP.client_id,
                    "DRIFT_CLIENT_SECRET": secret,
                    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
                },
            )

        return begin

    async def test_processes_that_need_it_at_once_renew_it_once(
        self, drift: Drift, start: Callable[..., "subprocess.Popen[str]"]
    ) -> None:
        drift.clock.now += HOURS
        children = [start() for _ in range(4)]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        said = [child.communicate()[0] for child in children]
        assert said == ["200\n"] * 4
        assert drift.renewals == [200]

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
    async def test_one_that_is_killed_between_storing_and_using_loses_nothing(
        self, drift: Drift, start: Callable[..., "subprocess.Popen[str]"]
    ) -> None:
        drift.clock.now += HOURS
        killed = start("after")
        killed.communicate("go\n")
        assert killed.returncode == -9
        assert drift.kept.access != drift.first.access
        assert drift.asked("/users/list") == []
        assert start().communicate("go\n")[0] == "ready\n200\n"
        assert drift.renewals == [200]  # the dead one's

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
    async def test_one_that_is_killed_with_the_answer_in_hand_leaves_a_clear_end(
        self, drift: Drift, provider: StoredCredential, start: Callable[..., "subprocess.Popen[str]"]
    ) -> None:
        drift.clock.now += HOURS
        killed = start("before")
        killed.communicate("go\n")
        assert killed.returncode == -9
        assert drift.kept == drift.first
        with pytest.raises(MissingCredential) as caught:
            await provider.token()
        assert "the answer to an earlier renewal was lost" in caught.value.problem
        assert "`drift-mcp login`" in caught.value.problem
        assert drift.renewals == [200, 400]

"""`drift-mcp login` and `logout` as processes, against a local Drift, with a browser that is a script."""

import json
import os
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from anyio import to_thread

from drift_mcp.credentials.source import store
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from tests.conftest import LocalDrift, Process
from tests.support import keyrings
from tests.support.faults import answer as answered
from tests.support.faults import faults

from .conftest import answer

Launch = Callable[..., Process]
ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def env(drift: LocalDrift, tmp_path: Path) -> dict[str, str]:
    return {
        "DRIFT_BASE_URL": drift.url,
        "DRIFT_AUTHORIZE_URL": f"{drift.url}/authorize",
        "DRIFT_TOKEN_URL": f"{drift.url}/oauth2/token",
        "DRIFT_CLIENT_ID": SANDBOX_CLIENT_ID,
        "DRIFT_CLIENT_SECRET": SANDBOX_CLIENT_SECRET,
        "DRIFT_STATE_DIR": str(tmp_path / "state"),
        "DRIFT_LOG_LEVEL": "DEBUG",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def address(process: Process) -> str:
    """Where the browser is sent."""
    said = b""
    while line := process.read_line():
        said += line
        if found := re.search(rb"^    (http\S+)$", line, re.MULTILINE):
            return found[1].decode()
    raise AssertionError(said.decode() + process.stderr)


def ended(process: Process) -> tuple[int, str]:
    """The status, and everything it said."""
    status = process.wait(60)
    return status, b"".join(process.output).decode() + process.stderr


def kept(tmp_path: Path, name: str = "drift") -> str:
    found = store(tmp_path / "state").load(name)
    assert found is not None
    return found.access.get_secret_value()


def may_list_users(drift: LocalDrift, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{drift.url}/users/list", headers=headers, trust_env=False).status_code == 200


def test_a_person_logs_in_in_the_browser(
    launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
) -> None:
    process = launch("login", "--no-browser", env=env)
    back = answer(address(process))
    page = httpx.get(back, trust_env=False)
    assert "Logged in to Drift" in page.text
    status, said = ended(process)
    assert status == 0, said
    assert "Connection 'drift' is logged in. The token is kept in an encrypted file." in said
    assert "Organisation: 84213" in said
    assert re.search("^Scopes: .*contact_read.*conversation_write", said, re.MULTILINE)
    token = kept(tmp_path)
    assert may_list_users(drift, token)
    code = dict(part.split("=") for part in urlsplit(back).query.split("&"))["code"]
    for secret in (token, SANDBOX_CLIENT_SECRET, code):
        assert secret not in said
    if os.name != "nt":
        assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "state" / "logins").iterdir()} == {0o600}


def test_a_login_serves_calls_and_renews_itself_until_the_logout(
    launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
) -> None:
    process = launch("login", "--no-browser", env=env)
    httpx.get(answer(address(process)), trust_env=False)
    assert ended(process)[0] == 0
    assert ended(launch("call", "list_users", env=env))[0] == 0
    token = kept(tmp_path)
    drift.http.post("/_sandbox/tokens/revoke", json={"token": token}).raise_for_status()
    status, said = ended(launch("call", "list_users", env=env))
    assert status == 0, said
    assert token != kept(tmp_path)
    assert ended(launch("logout", env=env))[0] == 0
    status, said = ended(launch("call", "list_users", env=env))
    assert (status, "not_connected" in said) == (1, True)


def test_the_browser_is_opened_where_there_is_one(launch: Launch, env: dict[str, str], tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); import httpx; from tests.credentials.conftest import answer; "
    )
    script += "httpx.get(answer(sys.argv[1]), trust_env=False)"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{script}" "$1" "{ROOT}"\n')
    browser.chmod(0o700)
    process = launch("login", env=env | {"DISPLAY": ":0", "BROWSER": f"{browser} %s &"})
    status, said = ended(process)
    assert status == 0, said
    assert "The browser asks for access to Drift." in said


def test_the_redirect_as_drifts_documentation_prints_it_is_understood(
    launch: Launch, open_drift: Callable[..., LocalDrift], env: dict[str, str], tmp_path: Path
) -> None:
    odd = open_drift("--redirect-typo")
    urls = {"DRIFT_AUTHORIZE_URL": f"{odd.url}/authorize", "DRIFT_TOKEN_URL": f"{odd.url}/oauth2/token"}
    process = launch("login", "--no-browser", env=env | urls | {"DRIFT_BASE_URL": odd.url})
    back = answer(address(process))
    assert back.count("?") == 2
    httpx.get(back, trust_env=False)
    status, said = ended(process)
    assert status == 0, said
    assert may_list_users(odd, kept(tmp_path))


def test_a_person_who_refuses_is_told_and_nothing_is_stored(
    launch: Launch, env: dict[str, str], tmp_path: Path
) -> None:
    process = launch("login", "--no-browser", env=env)
    page = httpx.get(answer(address(process), "deny"), trust_env=False)
    assert "Not logged in" in page.text
    status, said = ended(process)
    assert (status, "Access was not granted in Drift. Nothing was stored." in said) == (1, True)
    assert store(tmp_path / "state").load("drift") is None


def test_nobody_is_waited_for_no_longer_than_said(launch: Launch, env: dict[str, str]) -> None:
    status, said = ended(launch("login", "--no-browser", "--wait", "0.1", env=env))
    assert (status, "Nobody came back from Drift in time." in said) == (1, True)


def test_a_wrong_secret_of_the_app_is_named_in_the_terminal_and_not_in_the_browser(
    launch: Launch, env: dict[str, str]
) -> None:
    process = launch("login", "--no-browser", env=env | {"DRIFT_CLIENT_SECRET": "wrong-secret-of-the-app"})
    page = httpx.get(answer(address(process)), trust_env=False)
    assert "Not logged in" in page.text
    status, said = ended(process)
    assert (status, "Drift does not accept the app's id and secret" in said) == (1, True)
    assert "wrong-secret" not in said + page.text


def test_without_an_app_it_says_what_to_set(launch: Launch, env: dict[str, str]) -> None:
    env.pop("DRIFT_CLIENT_ID")
    status, said = ended(launch("login", "--no-browser", env=env))
    assert (status, "DRIFT_CLIENT_ID and DRIFT_CLIENT_SECRET" in said, "--token" in said) == (2, True, True)


class TestToken:
    def login(self, launch: Launch, env: dict[str, str], text: str, *args: str) -> tuple[int, str]:
        process = launch("login", "--token", *args, env=env)
        process.write_line(text.encode())
        process.close_stdin()
        return ended(process)

    def test_a_private_apps_token_is_read_from_a_pipe_tested_and_kept(
        self, launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
    ) -> None:
        status, said = self.login(launch, env, f"  {drift.token} ")
        assert status == 0, said
        assert "Organisation: 84213" in said
        assert drift.token not in said
        assert kept(tmp_path) == drift.token

    def test_one_that_drift_does_not_accept_is_not_kept(
        self, launch: Launch, env: dict[str, str], tmp_path: Path
    ) -> None:
        status, said = self.login(launch, env, "tok-of-nobody-at-all")
        assert (status, "Drift does not accept this token. Nothing was stored." in said) == (1, True)
        assert "tok-of-nobody" not in said
        assert store(tmp_path / "state").load("drift") is None

    def test_one_is_not_kept_when_drift_cannot_be_asked(
        self, launch: Launch, env: dict[str, str], tmp_path: Path
    ) -> None:
        status, said = self.login(
            launch, env | {"DRIFT_BASE_URL": "http://127.0.0.1:9", "DRIFT_TOTAL_TIMEOUT": "1"}, "tok-1"
        )
        assert (status, "(unreachable)" in said) == (1, True)
        assert store(tmp_path / "state").load("drift") is None

    async def test_what_a_terminal_would_obey_is_not_in_the_scopes_that_are_shown(
        self, launch: Launch, env: dict[str, str]
    ) -> None:
        told = answered(200, {"authenticated_userid": "orgId:5", "scope": ["contact_read", "\x1b[31mred\u202e\x9b2J"]})
        async with faults({"/app/token_info": told}) as server:
            urls = {"DRIFT_BASE_URL": server.url}
            status, said = await to_thread.run_sync(self.login, launch, env | urls, "tok-0815-of-somebody")
        assert (status, "Scopes: contact_read [31mred2J\n" in said) == (0, True)
        assert not set(said) & set("\x1b\x9b\u202e")

    def test_one_in_a_header_is_not_sent(self, launch: Launch, drift: LocalDrift, env: dict[str, str]) -> None:
        status, said = self.login(launch, env, f"Bearer {drift.token}")
        assert (status, "only what follows that word is the token" in said, drift.token in said) == (2, True, False)
        assert drift.requests() == []

    def test_a_folder_that_its_logins_cannot_be_put_into_is_named(
        self, launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "state").mkdir()
        (logins := tmp_path / "state" / "logins").touch()
        status, said = self.login(launch, env, drift.token)
        assert (status, f"The logins are in {logins}." in said) == (1, True)
        assert drift.requests() == []  # it is known before a token is sent anywhere
        status, said = ended(launch("logout", env=env))
        assert (status, f"The logins are in {logins}." in said) == (1, True)

    @pytest.mark.parametrize("text", ["", "two words"])
    def test_anything_but_one_word_is_none(self, launch: Launch, env: dict[str, str], text: str) -> None:
        status, said = self.login(launch, env, text)
        assert (status, "give the token, and nothing else" in said) == (2, True)

    def test_it_is_kept_in_the_keyring_where_there_is_one_and_forgotten_by_logout(
        self, launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
    ) -> None:
        ring = tmp_path / "ring.json"
        env |= {
            "PYTHONPATH": ROOT,
            "PYTHON_KEYRING_BACKEND": "tests.support.keyrings.FileKeyring",
            keyrings.VARIABLE: str(ring),
        }
        status, said = self.login(launch, env, drift.token)
        assert (status, "kept in the system's keyring" in said) == (0, True)
        [entry] = json.loads(ring.read_text()).values()
        assert json.loads(entry)["access_token"] == drift.token
        files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
        assert not [path for path in files if drift.token.encode() in path.read_bytes()]
        assert ended(launch("logout", env=env))[0] == 0
        assert json.loads(ring.read_text()) == {}

    def test_it_belongs_to_the_connection_that_is_named(
        self, launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
    ) -> None:
        file = tmp_path / "connections.toml"
        file.write_text('[connections.acme]\nkeyring = true\n[connections.globex]\ntoken_env = "X"\n')
        env |= {"DRIFT_CONNECTIONS": str(file)}
        status, said = self.login(launch, env, drift.token, "acme")
        assert (status, "Connection 'acme' is logged in." in said) == (0, True)
        [login] = (tmp_path / "state").rglob("login-*.json")
        assert login.name == "login-acme.json"
        status, said = self.login(launch, env, drift.token, "globex")
        assert (status, "connection 'globex' has no login" in said) == (2, True)
        status, said = self.login(launch, env, drift.token, "initech")
        assert (status, "there is no connection 'initech', only acme, globex" in said) == (2, True)


def test_logout_forgets_the_login_and_says_so(
    launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
) -> None:
    assert "was not logged in" in ended(launch("logout", env=env))[1]
    TestToken().login(launch, env, drift.token)
    status, said = ended(launch("logout", env=env))
    assert (status, "is logged out here" in said) == (0, True)
    assert store(tmp_path / "state").load("drift") is None


def test_a_token_of_the_environment_that_comes_first_is_mentioned(
    launch: Launch, drift: LocalDrift, env: dict[str, str]
) -> None:
    status, said = TestToken().login(launch, env | {"DRIFT_ACCESS_TOKEN": "tok-env-1"}, drift.token)
    assert (status, "the environment names a token, which comes before a login" in said) == (0, True)


def test_the_sandbox_needs_none(launch: Launch, env: dict[str, str]) -> None:
    status, said = ended(launch("login", "--sandbox", env=env))
    assert (status, "the sandbox needs no login" in said) == (2, True)

"""What an operator may say about a connection's credential, and the provider that comes of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drift_mcp.credentials import CLIENT, MissingCredential
from drift_mcp.credentials.command import CommandCredential
from drift_mcp.credentials.environment import EnvironmentCredential
from drift_mcp.credentials.file import FileCredential
from drift_mcp.credentials.source import (
    EnvironmentSource,
    Source,
    login_of_environment,
    of_entry,
    of_environment,
    provider,
)
from drift_mcp.credentials.stored import StoredCredential
from drift_mcp.settings import InvalidSetting

APP = {"client_id": "app-1", "client_secret_env": "ACME_SECRET"}
VARIABLES = (
    "DRIFT_ACCESS_TOKEN", "DRIFT_TOKEN_FILE", "DRIFT_TOKEN_COMMAND", "DRIFT_CLIENT_ID", "DRIFT_CLIENT_SECRET",
    "DRIFT_AUTHORIZE_URL", "DRIFT_TOKEN_URL", "DRIFT_REDIRECT_PORT",
)  # fmt: skip
CANARY = "canary-value-of-a-setting"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


class TestEntries:
    @pytest.mark.parametrize(
        ("entry", "kind"),
        [
            ({"token_env": "ACME_DRIFT_TOKEN"}, EnvironmentCredential),
            ({"token_file": "/run/secrets/acme"}, FileCredential),
            ({"token_command": ["op", "read", "op://x/y"]}, CommandCredential),
            ({"keyring": True}, StoredCredential),
            ({"oauth": True, **APP}, StoredCredential),
            ({"oauth": True, "client_id": "a", "client_secret_file": "/s", "redirect_port": 8123}, StoredCredential),
            ({"token_env": "A", "keyring": False, "oauth": False}, EnvironmentCredential),
        ],
    )
    def test_each_way_makes_its_provider(self, entry: dict[str, Any], kind: type, tmp_path: Path) -> None:
        assert type(provider(of_entry(entry), "acme", tmp_path)) is kind
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("entry", "says"),
        [
            ({}, "say where the token comes from, with one of token_env"),
            ({"keyring": False}, "say where the token comes from"),
            ({"token_env": "A", "keyring": True}, "with one of"),
            ({"token_env": "A", "token_flie": CANARY}, "'token_flie' is no setting of a connection"),
            ({"token_env": f"tok-{CANARY}"}, "token_env must be the name of an environment variable"),
            ({"token_env": 5}, "token_env must be text"),
            ({"token_env": " A"}, "no blanks around it"),
            ({"token_file": "a\nb"}, "no line breaks"),
            ({"token_command": CANARY}, "token_command must be a list"),
            ({"token_command": ["op", 5]}, "token_command must be a list"),
            ({"token_command": ["op", ""]}, "token_command must be a list"),
            ({"token_command": []}, "say where"),
            ({"keyring": "yes"}, "keyring must be true or false"),
            ({"keyring": 1}, "keyring must be true or false"),
            ({"oauth": True}, "oauth needs client_id"),
            ({"oauth": True, "client_id": "a"}, "client_id goes together with"),
            ({"oauth": True, "client_secret_env": "A"}, "client_id goes together with"),
            ({"oauth": True, "client_id": "a", "client_secret_env": CANARY}, "client_secret_env must be the name"),
            ({"oauth": True, **APP, "client_secret_file": "/x"}, "two places for one secret"),
            ({"oauth": True, **APP, "redirect_port": "80"}, "redirect_port must be a whole number"),
            ({"oauth": True, **APP, "redirect_port": True}, "redirect_port must be a whole number"),
            ({"oauth": True, **APP, "redirect_port": 70_000}, "redirect_port must be 0 to 65535"),
            ({"oauth": True, **APP, "token_url": "http://driftapi.com/t"}, "token_url must start with https://"),
            ({"oauth": True, **APP, "token_url": "https://user@driftapi.com/t"}, "token_url must have no user"),
            ({"oauth": True, **APP, "token_url": "https://"}, "token_url must start with https://"),
            ({"oauth": True, **APP, "authorize_url": "https://[/"}, "authorize_url is not a URL"),
            ({"oauth": True, **APP, "authorize_url": "javascript:x"}, "authorize_url must start with https://"),
        ],
    )
    def test_nonsense_is_refused_without_showing_values(self, entry: dict[str, Any], says: str) -> None:
        with pytest.raises(InvalidSetting) as caught:
            of_entry(entry)
        assert says in str(caught.value)
        assert CANARY not in str(caught.value)

    @pytest.mark.parametrize("url", ["http://127.0.0.1:8100/oauth2/token", "http://localhost:8100/x", "https://x.y/z"])
    def test_a_local_drift_may_be_asked_in_the_clear(self, url: str) -> None:
        assert of_entry({"oauth": True, **APP, "token_url": url}).token_url == url


class TestApp:
    async def test_its_secret_is_read_when_it_is_needed(
        self, monkeypatch: pytest.MonkeyPatch, write_private: Callable[..., Path], tmp_path: Path
    ) -> None:
        monkeypatch.delenv("ACME_SECRET", raising=False)
        from_env = provider(of_entry({"token_env": "A", **APP}), "acme", tmp_path)
        with pytest.raises(MissingCredential, match=CLIENT):
            await from_env.client()
        monkeypatch.setenv("ACME_SECRET", " s3cret\n")
        found = await from_env.client()
        assert (found.client_id, found.client_secret.get_secret_value()) == ("app-1", "s3cret")
        path = write_private("secret", "s3cret-2\n")
        entry = {"keyring": True, "client_id": "app-2", "client_secret_file": str(path)}
        found = await provider(of_entry(entry), "acme", tmp_path).client()
        assert (found.client_id, found.client_secret.get_secret_value()) == ("app-2", "s3cret-2")

    async def test_a_connection_does_not_get_the_app_of_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("DRIFT_CLIENT_ID", "mine")
        monkeypatch.setenv("DRIFT_CLIENT_SECRET", "mine-too")
        with pytest.raises(MissingCredential, match=CLIENT):
            await provider(of_entry({"token_env": "A"}), "acme", tmp_path).client()


class TestEnvironment:
    def test_a_token_comes_before_a_file_before_a_command_before_a_login(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert of_environment() == EnvironmentSource(keyring=True)
        monkeypatch.setenv("DRIFT_TOKEN_COMMAND", "op read 'op://a b/c'")
        assert of_environment() == EnvironmentSource(token_command=("op", "read", "op://a b/c"))
        monkeypatch.setenv("DRIFT_TOKEN_FILE", "/run/secrets/drift")
        assert of_environment() == EnvironmentSource(token_file="/run/secrets/drift")
        monkeypatch.setenv("DRIFT_ACCESS_TOKEN", "tok")
        assert of_environment() == EnvironmentSource(token_env="DRIFT_ACCESS_TOKEN")

    async def test_a_login_of_a_file_is_asked_for_by_its_name_whatever_that_is(self, tmp_path: Path) -> None:
        async def asked(source: Source, name: str) -> str:
            with pytest.raises(MissingCredential) as caught:
                await provider(source, name, tmp_path).token()
            return caught.value.problem

        said = await asked(of_environment(), "drift")
        assert (said.count("Ask the user"), "run `drift-mcp login --token`;" in said) == (1, True)
        app = EnvironmentSource(oauth=True, client_id="app-1", client_secret_env="DRIFT_CLIENT_SECRET")
        assert "run `drift-mcp login`;" in await asked(app, "drift")
        for name in ("drift", "acme"):
            said = await asked(of_entry({"keyring": True}), name)
            assert f"`drift-mcp login {name} --token` with the file of connections" in said
            assert "DRIFT_ACCESS_TOKEN" not in said

    async def test_the_apps_own_credentials_go_with_any_of_them(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("DRIFT_CLIENT_ID", "app-1")
        monkeypatch.setenv("DRIFT_CLIENT_SECRET", "s3cret")
        for name in ("", "DRIFT_TOKEN_COMMAND", "DRIFT_TOKEN_FILE", "DRIFT_ACCESS_TOKEN"):
            if name:
                monkeypatch.setenv(name, "x")
            assert (await provider(of_environment(), "drift", tmp_path).client()).client_id == "app-1"
        assert login_of_environment().oauth is True

    def test_the_login_can_be_told_where_drift_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DRIFT_AUTHORIZE_URL", "http://127.0.0.1:8100/authorize")
        monkeypatch.setenv("DRIFT_TOKEN_URL", "http://127.0.0.1:8100/oauth2/token")
        monkeypatch.setenv("DRIFT_REDIRECT_PORT", "8123")
        found = login_of_environment()
        assert found.authorize_url == "http://127.0.0.1:8100/authorize"
        assert found.token_url == "http://127.0.0.1:8100/oauth2/token"
        assert found.redirect_port == 8123

    @pytest.mark.parametrize(
        ("name", "value"),
        [("DRIFT_REDIRECT_PORT", "http"), ("DRIFT_TOKEN_URL", "driftapi.com"), ("DRIFT_TOKEN_COMMAND", "op 'read")],
    )
    def test_nonsense_is_refused(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(InvalidSetting, match=f"(?i){name.removeprefix('DRIFT_')}"):
            of_environment()

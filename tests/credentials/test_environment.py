"""Credentials from environment variables."""

import pytest

from drift_mcp.credentials import ACCESS, CLIENT, MissingCredential
from drift_mcp.credentials.environment import EnvironmentCredential

NAMES = ("DRIFT_ACCESS_TOKEN", "DRIFT_CLIENT_ID", "DRIFT_CLIENT_SECRET")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


async def test_the_token_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = EnvironmentCredential()
    monkeypatch.setenv("DRIFT_ACCESS_TOKEN", "one")
    assert (await provider.token()).get_secret_value() == "one"
    monkeypatch.setenv("DRIFT_ACCESS_TOKEN", " two\n")
    assert (await provider.token()).get_secret_value() == "two"


@pytest.mark.parametrize("value", [None, "", "  \n"])
async def test_without_a_token_the_credential_is_missing(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv("DRIFT_ACCESS_TOKEN", value)
    with pytest.raises(MissingCredential) as caught:
        await EnvironmentCredential().token()
    assert caught.value.what == ACCESS


async def test_the_apps_own_credentials_come_as_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFT_CLIENT_ID", "app-1 ")
    monkeypatch.setenv("DRIFT_CLIENT_SECRET", " s3cret")
    client = await EnvironmentCredential().client()
    assert (client.client_id, client.client_secret.get_secret_value()) == ("app-1", "s3cret")


@pytest.mark.parametrize("name", ["DRIFT_CLIENT_ID", "DRIFT_CLIENT_SECRET"])
async def test_half_of_the_pair_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "half")
    with pytest.raises(MissingCredential) as caught:
        await EnvironmentCredential().client()
    assert caught.value.what == CLIENT


async def test_neither_shows_in_a_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "qq-hidden-qq" if name != "DRIFT_CLIENT_ID" else "app-1")
    provider = EnvironmentCredential()
    token, client = await provider.token(), await provider.client()
    assert "qq-hidden-qq" not in f"{token!r} {token} {client!r} {client} {provider!r} {vars(provider)}"

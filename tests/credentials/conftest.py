"""A person who answers Drift's question, tokens that nobody granted, and keyrings that are there or are not."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import keyring
import pytest
from keyring.backends import null
from pydantic import SecretStr

from drift_mcp.credentials import ClientCredentials
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from tests.support import keyrings

APP = ClientCredentials(SANDBOX_CLIENT_ID, SecretStr(SANDBOX_CLIENT_SECRET))


@pytest.fixture(autouse=True)
def _no_keyring() -> Iterator[None]:
    """Whatever this machine has, a test has no keyring unless it asks for one."""
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A keyring for this process; the file that it is in."""
    path = tmp_path / "ring.json"
    monkeypatch.setenv(keyrings.VARIABLE, str(path))
    keyring.set_keyring(keyrings.FileKeyring())
    return path


def answer(address: str, decision: str = "approve") -> str:
    """Where Drift sends the browser after the person has decided."""
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(address)
        consent = re.search(r'name="consent" value="([^"]+)"', page.text)
        assert consent, page.text
        back = browser.post(page.url.join("/authorize"), data={"consent": consent[1], "decision": decision})
        assert back.status_code == 303
        return back.headers["location"]


@pytest.fixture
def write_private(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, text: str, mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path

    return write

"""What a login leaves behind, in real files and a keyring."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import keyring
import pytest
from pydantic import SecretStr

from drift_mcp.credentials.store import KEY_FILE, TokenStore
from drift_mcp.credentials.tokens import StoreError, Tokens
from tests.support.keyrings import FileKeyring

ACCESS, REFRESH = "tok-access-1f7c", "tok-refresh-9b2e"
TOKENS = Tokens(SecretStr(ACCESS), SecretStr(REFRESH), 1_000.5, 8_200.5, 84213)


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "state" / "logins")


def files(store: TokenStore) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store._folder.iterdir()}


class TestBothPlaces:
    @pytest.fixture(params=["keyring", "file"])
    def place(self, request: pytest.FixtureRequest) -> str:
        if request.param == "keyring":
            request.getfixturevalue("ring")
        return str(request.param)

    @pytest.mark.parametrize("tokens", [TOKENS, Tokens(SecretStr(ACCESS))])
    def test_what_is_kept_comes_back(self, store: TokenStore, place: str, tokens: Tokens) -> None:
        assert store.load("acme") is None
        assert store.save("acme", tokens) == place
        assert TokenStore(store._folder).load("acme") == tokens
        assert store.load("globex") is None

    def test_no_file_holds_a_secret_in_the_clear_or_is_open_to_others(self, store: TokenStore, place: str) -> None:
        store.save("acme", TOKENS)
        for name, content in files(store).items():
            assert ACCESS.encode() not in content, name
            assert REFRESH.encode() not in content, name
        if os.name != "nt":
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store._folder.iterdir()}
            assert set(modes.values()) == {0o600}
            assert stat.S_IMODE(store._folder.stat().st_mode) == 0o700

    def test_every_save_and_removal_is_seen_by_a_look_at_the_file(self, store: TokenStore, place: str) -> None:
        stamps = [store.stamp("acme")]
        for _ in range(3):
            store.save("acme", TOKENS)
            stamps.append(store.stamp("acme"))
        assert store.remove("acme") is True
        assert store.stamp("acme") is None
        assert len(set(stamps)) == 4
        assert (store.load("acme"), store.remove("acme")) == (None, False)

    def test_a_removal_leaves_nothing_of_the_tokens(self, store: TokenStore, place: str, tmp_path: Path) -> None:
        store.save("acme", TOKENS)
        store.remove("acme")
        left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert b"acme" not in left
        assert b"sealed" not in left


class TestWhichPlace:
    def test_a_login_stays_where_it_was(self, store: TokenStore, ring: Path) -> None:
        assert store.save("acme", TOKENS, "file") == "file"
        assert store.save("acme", TOKENS) == "file"
        assert not ring.exists()

    def test_one_that_moves_is_in_one_place_only(self, store: TokenStore, ring: Path) -> None:
        store.save("acme", TOKENS)
        store.save("acme", TOKENS, "file")
        assert json.loads(ring.read_text()) == {}
        store.save("acme", TOKENS, "keyring")
        assert "sealed" not in json.loads(files(store)["login-acme.json"])
        assert store.load("acme") == TOKENS

    def test_a_keyring_that_takes_nothing_is_replaced_by_the_file(
        self, store: TokenStore, ring: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        ring.write_text("full")
        assert store.save("acme", TOKENS) == "file"
        assert store.load("acme") == TOKENS
        assert "does not take the login" in caplog.text

    @pytest.mark.parametrize("state", ["full", "locked"])
    def test_a_renewal_that_the_keyring_does_not_take_is_not_lost(
        self, store: TokenStore, ring: Path, state: str
    ) -> None:
        store.save("acme", TOKENS)
        ring.write_text(state)
        renewed = Tokens(SecretStr("renewed"))
        assert store.save("acme", renewed) == "file"
        assert store.load("acme") == renewed

    def test_but_not_when_it_was_asked_for(self, store: TokenStore, ring: Path) -> None:
        ring.write_text("full")
        with pytest.raises(StoreError, match="does not take the login"):
            store.save("acme", TOKENS, "keyring")
        assert store.stamp("acme") is None

    def test_two_folders_of_one_user_do_not_mix(self, tmp_path: Path, ring: Path) -> None:
        first, second = TokenStore(tmp_path / "a"), TokenStore(tmp_path / "b")
        first.save("acme", TOKENS)
        second.save("acme", Tokens(SecretStr("other")))
        assert first.load("acme") == TOKENS

    def test_a_keyring_that_keeps_no_secrets_is_none(self, store: TokenStore, ring: Path) -> None:
        class Plain(FileKeyring):
            priority = 0.5  # type: ignore[assignment]

        keyring.set_keyring(Plain())
        assert store.save("acme", TOKENS) == "file"


class TestTrouble:
    def test_a_locked_keyring_is_said_to_be_so(self, store: TokenStore, ring: Path) -> None:
        store.save("acme", TOKENS)
        ring.write_text("locked")
        with pytest.raises(StoreError, match=r"does not open \(KeyringLocked\)"):
            store.load("acme")
        with pytest.raises(StoreError):
            store.remove("acme")
        assert store.stamp("acme") is not None

    def test_a_keyring_that_is_gone_is_said_to_be_so(
        self, store: TokenStore, ring: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.save("acme", TOKENS)
        monkeypatch.setitem(sys.modules, "keyring", None)
        with pytest.raises(StoreError, match="cannot be reached"):
            store.load("acme")

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"place": "moon"}', '{"place": "file", "sealed": "x"}'])
    def test_a_damaged_file_is_an_error_until_the_next_login(self, store: TokenStore, text: str) -> None:
        store.save("acme", TOKENS)
        (store._folder / "login-acme.json").write_text(text)
        with pytest.raises(StoreError):
            store.load("acme")
        store.save("acme", TOKENS)
        assert store.load("acme") == TOKENS

    def test_a_damaged_file_can_be_removed(self, store: TokenStore) -> None:
        store.save("acme", TOKENS)
        (store._folder / "login-acme.json").write_text("{")
        assert store.remove("acme") is True

    def test_it_does_not_open_with_another_key(self, store: TokenStore) -> None:
        store.save("acme", TOKENS)
        (store._folder / "key").unlink()
        store.save("globex", TOKENS)
        with pytest.raises(StoreError, match="does not open with the key there is"):
            store.load("acme")

    def test_without_its_key_it_does_not_open_and_no_new_key_is_made(self, store: TokenStore) -> None:
        store.save("acme", TOKENS)
        (store._folder / "key").unlink()
        with pytest.raises(StoreError, match="key of the stored login cannot be used"):
            store.load("acme")
        assert not (store._folder / "key").exists()

    @pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
    def test_a_key_that_others_can_read_is_refused(self, store: TokenStore) -> None:
        store.save("acme", TOKENS)
        (store._folder / "key").chmod(0o644)
        with pytest.raises(StoreError):
            store.load("acme")

    def test_the_key_can_lie_elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(KEY_FILE, str(tmp_path / "mounted" / "key"))
        store = TokenStore(tmp_path / "logins")
        store.save("acme", TOKENS)
        assert store.load("acme") == TOKENS
        assert "key" not in files(store)

    @pytest.mark.parametrize("library", ["filelock", "cryptography"])
    def test_without_the_extra_it_says_how_to_get_it(
        self, store: TokenStore, library: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(StoreError, match=r"pip install '\.\[keyring\]' in the clone"), store.lock("acme", 1):
            store.save("acme", TOKENS)

    def test_a_write_that_fails_leaves_what_was_there(self, store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
        store.save("acme", TOKENS)
        before = files(store)

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            store.save("acme", Tokens(SecretStr("other")))
        assert files(store) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from pydantic import SecretStr
from drift_mcp.credentials.store import TokenStore
from drift_mcp.credentials.tokens import Tokens
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store = TokenStore(Path(sys.argv[1]))
if sys.argv[2] == "replace":
    os.replace = die
elif sys.argv[2] == "fsync":
    os.fsync = die
with store.lock("acme", 5):
    store.save("acme", Tokens(SecretStr("second")))
    die()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize(("at", "found"), [("fsync", "first"), ("replace", "first"), ("end", "second")])
def test_a_process_killed_while_it_saves_leaves_the_old_or_the_new_and_no_lock(
    store: TokenStore, at: str, found: str
) -> None:
    store.save("acme", Tokens(SecretStr("first")))
    child = subprocess.run([sys.executable, "-c", KILLED, str(store._folder), at], check=False)
    assert child.returncode == -9
    with store.lock("acme", 5):
        kept = store.load("acme")
    assert kept == Tokens(SecretStr(found))


def test_a_lock_that_another_process_holds_is_waited_for_no_longer_than_said(store: TokenStore) -> None:
    holder = "import sys; from pathlib import Path; from drift_mcp.credentials.store import TokenStore\n"
    holder += "with TokenStore(Path(sys.argv[1])).lock('acme', 5): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(store._folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match="Another process"), store.lock("acme", 0.1):
            pass
        with store.lock("globex", 0.1):
            pass
        process.stdin.close()
        process.wait(60)
        with store.lock("acme", 5):
            pass


def test_tokens_show_nothing_of_themselves() -> None:
    shown = f"{TOKENS!r} {TOKENS}"
    assert ACCESS not in shown
    assert REFRESH not in shown


@pytest.mark.parametrize(
    ("life", "at", "due", "expired"),
    [
        (7200, 6899, False, False), (7200, 6900, True, False), (7200, 7200, True, True),
        (10, 8.9, False, False), (10, 9, True, False), (10, 10, True, True),
    ],
)  # fmt: skip
def test_a_token_is_renewed_a_little_before_it_ends(life: float, at: float, due: bool, expired: bool) -> None:
    tokens = Tokens(SecretStr("t"), obtained_at=1000, expires_at=1000 + life)
    assert (tokens.due(1000 + at), tokens.expired(1000 + at)) == (due, expired)


def test_a_token_without_an_end_is_never_due() -> None:
    assert not Tokens(SecretStr("t")).due(1e12)
    assert not Tokens(SecretStr("t")).expired(1e12)

"""Where a login's tokens are kept: in the system's keyring, or where there is none, in an encrypted file.

A file per connection says which of the two it is, and changes whenever the tokens do, so that one look at it tells
every process of it. Without a keyring the tokens are in that file, encrypted with a key that by default lies beside
it: that keeps them out of a copy or a screenshot of the one file, and from no one who can read both. To be worth more
the key must lie elsewhere: `DRIFT_STORE_KEY_FILE`, such as a mounted secret.
"""

import json
import logging
import os
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Literal

from drift_mcp.credentials import private_file, sealing, system_keyring
from drift_mcp.credentials.file import Stamp, stamp
from drift_mcp.credentials.tokens import StoreError, Tokens

log = logging.getLogger(__name__)

Place = Literal["keyring", "file"]
KEY_FILE = "DRIFT_STORE_KEY_FILE"
_DAMAGED = "The stored login is damaged."


class TokenStore:
    """The tokens of connections by name, in `folder`, which is made at the first save. Its calls block."""

    def __init__(self, folder: Path, key_file: Path | None = None) -> None:
        self._folder = folder
        self._key_file = key_file or Path(os.path.expanduser(os.environ.get(KEY_FILE) or folder / "key"))

    def stamp(self, name: str) -> Stamp | None:
        """Changes when the tokens do; None when nobody has logged in."""
        return stamp(self._path(name))

    def load(self, name: str) -> Tokens | None:
        """The tokens, or None when nobody has logged in.

        Raises:
            StoreError: there are some, but they cannot be read.
        """
        kept = self._kept(name)
        if kept is None:
            return None
        if kept["place"] == "keyring":
            text = system_keyring.get(self._account(name))
        else:
            text = sealing.opened(str(kept.get("sealed")), self._key_file)
        try:
            return None if text is None else Tokens.loads(text)
        except ValueError:
            raise StoreError(_DAMAGED) from None

    def save(self, name: str, tokens: Tokens, place: Place | None = None) -> Place:
        """Keep `tokens`, on disk when this returns; where they were, or else in the best place there is. Says where.

        Raises:
            StoreError: they could not be kept.
        """
        try:
            before = (self._kept(name) or {}).get("place")
        except StoreError:
            before = None  # a new login replaces what is damaged
        chosen: Place = place or before or ("keyring" if system_keyring.present() else "file")
        if chosen == "keyring":
            try:
                system_keyring.put(self._account(name), tokens.dumps())
            except StoreError:
                if place:
                    raise
                log.warning("The system's keyring does not take the login; it is kept in an encrypted file instead.")
                chosen = "file"
        kept = {"sealed": sealing.sealed(tokens.dumps(), self._key_file)} if chosen == "file" else {}
        private_file.write(self._path(name), json.dumps({"place": chosen} | kept))
        if before == "keyring" and chosen == "file":
            with suppress(StoreError):  # what it does not give up is old, and not looked at any more
                system_keyring.forget(self._account(name))
        return chosen

    def remove(self, name: str) -> bool:
        """Forget the tokens; False when there were none.

        Raises:
            StoreError: they are still there.
        """
        try:
            kept = self._kept(name)
        except StoreError:
            kept = {"place": "keyring" if system_keyring.present() else "file"}
        if kept is None:
            return False
        if kept["place"] == "keyring":
            system_keyring.forget(self._account(name))
        self._path(name).unlink(missing_ok=True)
        return True

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """Holds everybody else off these tokens, in this process and others. `wait` is in seconds.

        Raises:
            StoreError: somebody else held them for longer than that.
        """
        return private_file.locked(self._path(name).with_suffix(".lock"), wait)

    def _path(self, name: str) -> Path:
        return self._folder / f"login-{name}.json"

    def _account(self, name: str) -> str:
        """Its name in the keyring. Two folders of one user may have connections of the same name."""
        return f"{name} ({self._folder.resolve()})"

    def _kept(self, name: str) -> dict[str, Any] | None:
        try:
            kept = json.loads(self._path(name).read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"The stored login cannot be read ({error.strerror}).") from None
        except ValueError:
            raise StoreError(_DAMAGED) from None
        if not isinstance(kept, dict) or kept.get("place") not in {"keyring", "file"}:
            raise StoreError(_DAMAGED)
        return kept

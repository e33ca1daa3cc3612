"""A keyring in a file, so that processes share it: what a system's keyring is to the store, without a desktop."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError, PasswordSetError

VARIABLE = "TEST_KEYRING"
"""Names the file. A file that says "locked" refuses everything, "full" refuses what is new."""


class FileKeyring(KeyringBackend):
    """Chosen by PYTHON_KEYRING_BACKEND=tests.support.keyrings.FileKeyring."""

    priority = 5  # type: ignore[assignment]

    @property
    def _file(self) -> Path:
        return Path(os.environ[VARIABLE])

    def _all(self) -> dict[str, str]:
        text = self._file.read_text() if self._file.exists() else "{}"
        if text == "locked":
            raise KeyringLocked
        found: dict[str, str] = {} if text == "full" else json.loads(text)
        return found

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if self._file.exists() and self._file.read_text() == "full":
            raise PasswordSetError
        self._file.write_text(json.dumps(self._all() | {f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        kept = self._all()
        if kept.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError
        self._file.write_text(json.dumps(kept))

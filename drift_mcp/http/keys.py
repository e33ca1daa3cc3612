"""The keys file: callers that show a key, and what each gets.

Only hashes of keys are stored. A key is 256 random bits, so that a plain hash cannot be searched for it.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from drift_mcp.http.principals import Check, Grant, Principal, check_all
from drift_mcp.http.watched import Watched, read_model
from drift_mcp.settings import InvalidSetting

PREFIX = "drift-mcp-"


class _Entry(Grant):
    sha256: str = Field(pattern="^[0-9a-fA-F]{64}$")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    keys: list[_Entry]


class Keys:
    """The keys in a file.

    Raises:
        InvalidSetting: the file is missing, open to others, or not a keys file; or `check` raises it for an entry.
    """

    def __init__(self, path: Path, check: Check) -> None:
        self._file = Watched(path, lambda path: _load(path, check))

    def names(self) -> set[str]:
        """The names of the entries, in lower case."""
        return {principal.name.lower() for _, principal in self._file.said}

    def principal(self, key: str) -> Principal | None:
        """Whose key it is. Every entry is compared, in constant time each."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        found = None
        for known, principal in self._file.now():
            if hmac.compare_digest(known, digest):
                found = principal
        return found


def new_key(name: str) -> tuple[str, dict[str, str]]:
    """A new key, and its entry for the keys file."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest()}


def _load(path: Path, check: Check) -> list[tuple[str, Principal]]:
    entries = read_model(path, _File, "keys", secret=True).keys
    check_all(entries, check, "keys")
    principals = {entry.sha256.lower(): entry.principal() for entry in entries}
    if len(principals) < len(entries):
        raise InvalidSetting(f"keys: {path} has two entries with the same sha256")
    return list(principals.items())

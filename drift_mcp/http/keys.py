"""The keys file: who may call over HTTP, and what of the operator's choice each gets.

Only hashes of keys are stored. A key is 256 random bits, so that a plain hash cannot be searched for it.
"""

import hashlib
import hmac
import json
import logging
import secrets
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drift_mcp.settings import InvalidSetting
from drift_mcp.surface import Narrowing

log = logging.getLogger(__name__)

PREFIX = "drift-mcp-"
Check = Callable[[Narrowing], object]


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that has shown its key, or anyone at all where no keys are set."""

    name: str
    narrowing: Narrowing | None = None


ANYONE = Principal("anyone")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    sha256: str = Field(pattern="^[0-9a-fA-F]{64}$")
    toolsets: str | list[str] = ""
    tools: str | list[str] = ""
    exclude_tools: str | list[str] = ""
    read_only: bool = False

    def principal(self) -> Principal:
        names = {name: _joined(getattr(self, name)) for name in ("toolsets", "tools", "exclude_tools")}
        return Principal(self.name, Narrowing(**names, read_only=self.read_only))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: list[_Entry] = Field(min_length=1)


class Keys:
    """The keys in a file. A change of the file counts from the next request on, so that a key can be taken away.

    A change that cannot be read is logged, and the keys before it stay: half an edit locks nobody out.

    Raises:
        InvalidSetting: the file is missing, open to others, or not a keys file; or `check` raises it for an entry.
    """

    def __init__(self, path: Path, check: Check) -> None:
        self._path = path
        self._check = check
        self._stamp = _stamp(path)
        self._principals = _load(path, check)

    def principal(self, key: str) -> Principal | None:
        """Whose key it is. Every entry is compared, in constant time each."""
        self._refresh()
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        found = None
        for known, principal in self._principals:
            if hmac.compare_digest(known, digest):
                found = principal
        return found

    def _refresh(self) -> None:
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._principals = _load(self._path, self._check)
        except InvalidSetting as error:
            log.error("The changed keys file cannot be used, the keys before it stay: %s", error)
        else:
            log.info("The keys file has changed: %s keys", len(self._principals))


def new_key(name: str) -> tuple[str, dict[str, str]]:
    """A new key, and its entry for the keys file."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest()}


def _load(path: Path, check: Check) -> list[tuple[str, Principal]]:
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise InvalidSetting(f"keys: {path} cannot be read ({error.strerror})") from None
    if sys.platform != "win32" and mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise InvalidSetting(f"keys: {path} is open to other users; `chmod 600` it")
    try:
        entries = _File.model_validate(json.loads(text)).keys
    except ValidationError as error:
        # What is wrong, without the value: it may be a key that someone put there instead of its hash.
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidSetting(f"keys: {path} is no keys file: {place}: {first['msg']}") from None
    except ValueError:
        raise InvalidSetting(f"keys: {path} is no JSON") from None
    for each in ("name", "sha256"):
        values = [getattr(entry, each).lower() for entry in entries]
        if len(set(values)) < len(values):
            raise InvalidSetting(f"keys: {path} has two entries with the same {each}")
    principals = [(entry.sha256.lower(), entry.principal()) for entry in entries]
    for _, principal in principals:
        try:
            check(principal.narrowing or Narrowing())
        except InvalidSetting as error:
            raise InvalidSetting(f"keys: {principal.name}: {error}") from None
    return principals


def _stamp(path: Path) -> Any:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _joined(names: str | list[str]) -> str:
    return names if isinstance(names, str) else ",".join(names)

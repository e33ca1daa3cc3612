"""Every setting in one place: its default, its flag, its environment variable and its help.

The command line turns each field of `Settings` into an option (see `cli`), so a setting is added here and nowhere else.
"""

import math
import re
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class InvalidSetting(ValueError):
    """A setting that cannot work. The message says which and why."""


def _setting(default: Any, env: str, text: str) -> Any:
    return field(default=default, metadata={"env": env, "help": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can set. Times are in seconds, sizes in bytes."""

    sandbox: bool = _setting(False, "DRIFT_SANDBOX", "Use the embedded local Drift: no token, no network.")
    base_url: str = _setting("https://driftapi.com", "DRIFT_BASE_URL", "Where the Drift API is.")
    connect_timeout: float = _setting(5.0, "DRIFT_CONNECT_TIMEOUT", "Seconds to connect to Drift.")
    read_timeout: float = _setting(20.0, "DRIFT_READ_TIMEOUT", "Seconds of silence from Drift.")
    total_timeout: float = _setting(45.0, "DRIFT_TOTAL_TIMEOUT", "Seconds for one call to Drift in all.")
    result_bytes: int = _setting(24_000, "DRIFT_RESULT_BYTES", "Most bytes of JSON in one result.")
    attachment_bytes: int = _setting(5_000_000, "DRIFT_ATTACHMENT_BYTES", "Largest attachment handed over.")
    toolsets: str = _setting("", "DRIFT_TOOLSETS", "default, all, discovery, or toolsets: conversations,contacts,…")
    tools: str = _setting("", "DRIFT_TOOLS", "Tools to offer by name, besides the toolsets or alone.")
    exclude_tools: str = _setting("", "DRIFT_EXCLUDE_TOOLS", "Tools never to offer.")
    read_only: bool = _setting(False, "DRIFT_READ_ONLY", "Offer nothing that changes data in Drift.")
    allow_dangerous: bool = _setting(
        False, "DRIFT_ALLOW_DANGEROUS", "Offer erasing personal data, deprovisioning users and uninstalling the app."
    )
    ignore_scopes: bool = _setting(False, "DRIFT_IGNORE_SCOPES", "List tools even when the token lacks their scope.")
    catalogue_prefix: str = _setting(
        "/v2", "DRIFT_CATALOGUE_PREFIX", "Path before operations that only third-party catalogues name."
    )
    files: str = _setting("", "DRIFT_FILES", "Folder that jobs may read from and write to; none if empty.")
    state_dir: str = _setting("", "DRIFT_STATE_DIR", "Where jobs keep their state; the user's state folder if empty.")
    log_level: str = _setting("WARNING", "DRIFT_LOG_LEVEL", "Least severe log line on stderr.")

    def __post_init__(self) -> None:
        _check_base_url(self.base_url)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, int | float) and not isinstance(value, bool) and not 0 < value < math.inf:
                raise InvalidSetting(f"{each.name} must be a number more than 0, not {value}")
        if not re.fullmatch(r"(/[A-Za-z0-9._-]+)*", self.catalogue_prefix) or ".." in self.catalogue_prefix:
            raise InvalidSetting("catalogue_prefix must be empty or a path such as /v2")
        if self.result_bytes < 1_000:
            raise InvalidSetting("result_bytes must be at least 1000, or no answer fits")


def _check_base_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidSetting("base_url is not a URL") from None
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        raise InvalidSetting("base_url must have no spaces or special characters")
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidSetting("base_url must start with https:// and name a host")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise InvalidSetting("base_url must be https:// (http:// would send the token in the clear)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidSetting("base_url must have no user, query or fragment")

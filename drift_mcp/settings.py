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


TRANSPORTS = ("stdio", "http", "sse")


@dataclass(frozen=True, slots=True)
class Hosting:
    """What an operator can set about serving. All but the first is for HTTP; several names are separated by commas."""

    transport: str = _setting("stdio", "DRIFT_TRANSPORT", "stdio, http (with the older HTTP+SSE), or sse alone.")
    host: str = _setting("127.0.0.1", "DRIFT_HTTP_HOST", "Address to listen on; any but loopback needs --keys.")
    port: int = _setting(8200, "DRIFT_HTTP_PORT", "Port to listen on; 0: any free one.")
    keys: str = _setting("", "DRIFT_HTTP_KEYS", "JSON file of those who may call; see `drift-mcp key`.")
    allowed_hosts: str = _setting("", "DRIFT_HTTP_ALLOWED_HOSTS", "Names by which clients reach this server.")
    allowed_origins: str = _setting("", "DRIFT_HTTP_ALLOWED_ORIGINS", "Web origins that may call from a browser.")
    max_calls: int = _setting(32, "DRIFT_HTTP_MAX_CALLS", "Most calls at once of one key; more get a 429.")
    body_bytes: int = _setting(4_000_000, "DRIFT_HTTP_BODY_BYTES", "Largest request body.")
    grace: float = _setting(10.0, "DRIFT_HTTP_GRACE", "Seconds for calls in flight to finish when the server ends.")
    tls_cert: str = _setting("", "DRIFT_HTTP_TLS_CERT", "Certificate chain (PEM), to serve https.")
    tls_key: str = _setting("", "DRIFT_HTTP_TLS_KEY", "Private key (PEM) of the certificate.")

    def __post_init__(self) -> None:
        if self.transport not in TRANSPORTS:
            raise InvalidSetting(f"transport must be one of {', '.join(TRANSPORTS)}, not {self.transport!r}")
        if not 0 <= self.port <= 65_535:
            raise InvalidSetting(f"port must be 0 to 65535, not {self.port}")
        if self.max_calls < 1 or self.body_bytes < 1_000:
            raise InvalidSetting("max_calls must be at least 1 and body_bytes at least 1000")
        if not 0 < self.grace < math.inf:
            raise InvalidSetting(f"grace must be a number more than 0, not {self.grace}")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise InvalidSetting("tls_cert and tls_key go together")


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

"""Every setting in one place: its default, its flag, its environment variable and its help.

The command line turns each field of `Settings` into an option (see `cli`), so a setting is added here and nowhere else,
among those of its topic.
"""

import math
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic import ValidationError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_URL = re.compile(r"[\x21-\x7e]+")


class InvalidSetting(ValueError):
    """A setting that cannot work. The message says which and why."""

    @classmethod
    def of(cls, place: str, error: "ValidationError") -> "InvalidSetting":
        """What is wrong in a file, without the value: it may be a secret that someone put in the wrong place."""
        first = error.errors()[0]
        field_name = ".".join(str(part) for part in first["loc"])
        return cls(f"{place}: {field_name}: {first['msg']}")


class UnusableState(InvalidSetting):
    """The state folder cannot be used where it has to be. The message is for the operator alone."""

    def __init__(self, folder: Path, why: str) -> None:
        named = "name another one with --state-dir (DRIFT_STATE_DIR)"
        super().__init__(f"the state folder {folder} cannot be used ({why}); {named}")
        self.folder = folder
        self.why = why


def _setting(default: Any, env: str, text: str, *, secret: bool = False, path: bool = False) -> Any:
    return field(default=default, metadata={"env": env, "help": text, "path": path}, repr=not secret)


DESTRUCTIVE = ("ask", "allow", "block")
LOG_FORMATS = ("text", "json")

TOPICS = {
    "sandbox": "Drift",
    "toolsets": "What an agent sees and may do",
    "result_bytes": "Answers and files",
    "webhook_token_env": "Events",
    "state_dir": "State, audit and log",
    "transport": "Serving",
    "keys": "Callers over HTTP",
}
"""The topics of the help, by the first setting of each; those after it belong to it too."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can set. Times are in seconds, sizes in bytes."""

    sandbox: bool = _setting(False, "DRIFT_SANDBOX", "Use the embedded local Drift: no token, no network.")
    sandbox_org: int = _setting(
        0, "DRIFT_SANDBOX_ORG", "Id of the embedded local Drift's organisation; its own one if 0."
    )
    connections: str = _setting("", "DRIFT_CONNECTIONS", "TOML file of several Drift organisations.", path=True)
    base_url: str = _setting("https://driftapi.com", "DRIFT_BASE_URL", "Where the Drift API is.")
    catalogue_prefix: str = _setting(
        "/v2", "DRIFT_CATALOGUE_PREFIX", "Path before operations that only third-party catalogues name."
    )
    connect_timeout: float = _setting(5.0, "DRIFT_CONNECT_TIMEOUT", "Seconds to connect to Drift.")
    read_timeout: float = _setting(20.0, "DRIFT_READ_TIMEOUT", "Seconds of silence from Drift.")
    total_timeout: float = _setting(45.0, "DRIFT_TOTAL_TIMEOUT", "Seconds for one tool call in all.")
    calls_per_minute: float = _setting(100.0, "DRIFT_CALLS_PER_MINUTE", "Most calls to Drift in a minute.")
    reports_per_minute: float = _setting(60.0, "DRIFT_REPORTS_PER_MINUTE", "Of these, most for reports.")
    cache_seconds: float = _setting(
        0.0, "DRIFT_CACHE_SECONDS", "Seconds for which a conversation or contact that was read is not read again."
    )

    toolsets: str = _setting("", "DRIFT_TOOLSETS", "default, all, discovery, or toolsets: conversations,contacts,…")
    tools: str = _setting("", "DRIFT_TOOLS", "Tools to offer by name, besides the toolsets or alone.")
    exclude_tools: str = _setting("", "DRIFT_EXCLUDE_TOOLS", "Tools never to offer.")
    read_only: bool = _setting(False, "DRIFT_READ_ONLY", "Offer nothing that changes data in Drift.")
    allow_dangerous: bool = _setting(
        False, "DRIFT_ALLOW_DANGEROUS", "Offer erasing personal data, deprovisioning users and uninstalling the app."
    )
    destructive: str = _setting(
        "",
        "DRIFT_DESTRUCTIVE",
        "Deleting and the like: ask (the user), allow or block; empty: ask where possible.",
    )
    ignore_scopes: bool = _setting(False, "DRIFT_IGNORE_SCOPES", "List tools even when the token lacks their scope.")

    result_bytes: int = _setting(24_000, "DRIFT_RESULT_BYTES", "Most bytes of JSON in one result, at least 1000.")
    attachment_bytes: int = _setting(5_000_000, "DRIFT_ATTACHMENT_BYTES", "Largest attachment handed over.")
    withhold_visitor_text: bool = _setting(
        False, "DRIFT_WITHHOLD_VISITOR_TEXT", "Show who wrote and when, but not what visitors wrote."
    )
    files: str = _setting("", "DRIFT_FILES", "Folder that jobs may read from and write to; none if empty.", path=True)

    webhook_token_env: str = _setting(
        "DRIFT_WEBHOOK_TOKEN", "DRIFT_WEBHOOK_TOKEN_ENV", "Variable with the token of Drift's webhooks, or several."
    )
    webhook_token_file: str = _setting("", "DRIFT_WEBHOOK_TOKEN_FILE", "File with such tokens, one a line.", path=True)
    poll_seconds: float = _setting(
        0.0, "DRIFT_POLL_SECONDS", "Ask Drift for events so often, where its webhooks cannot reach; 0: never."
    )
    event_days: float = _setting(7.0, "DRIFT_EVENT_DAYS", "How long received events are kept.")
    event_bytes: int = _setting(100_000_000, "DRIFT_EVENT_BYTES", "Most bytes of events kept; the oldest go first.")

    state_dir: str = _setting(
        "", "DRIFT_STATE_DIR", "Folder for audit, logins, events and jobs; the user's state folder if empty.", path=True
    )
    store: str = _setting("", "DRIFT_STORE", "redis:// URL of what replicas share; none if empty.", secret=True)
    audit_file: str = _setting(
        "", "DRIFT_AUDIT_FILE", "Where each write leaves a line; in the state folder if empty, none if off.", path=True
    )
    audit_bytes: int = _setting(10_000_000, "DRIFT_AUDIT_BYTES", "Size at which a new audit file is begun.")
    audit_keep: int = _setting(10, "DRIFT_AUDIT_KEEP", "Full audit files kept; the oldest go first.")
    log_level: str = _setting("WARNING", "DRIFT_LOG_LEVEL", "Least severe log line on stderr.")
    log_format: str = _setting("text", "DRIFT_LOG_FORMAT", "Log lines as text or json, one object a line.")

    def state(self) -> Path:
        """The folder for what outlives the process, made on first use where it can be made.

        Who writes to it finds out whether it can be used, which may end at any time. See `usable_state`.
        """
        folder = self._state_folder()
        with suppress(OSError):
            _make_private(folder)
        return folder

    def usable_state(self, *, writing: bool = True) -> Path:
        """`state`, where a person has to be told if nothing can be read there, or written.

        Raises:
            UnusableState: it cannot be made or read, or written though it is for `writing`.
        """
        import tempfile

        folder = self._state_folder()
        try:
            _make_private(folder)
            os.listdir(folder)
            if writing:
                with tempfile.TemporaryFile(dir=folder):
                    pass
        except OSError as error:
            why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
            raise UnusableState(folder, why or type(error).__name__) from None
        return folder

    def _state_folder(self) -> Path:
        """Where it is, by the XDG base directories where none is set."""
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return Path(self.state_dir or Path(base) / "drift-mcp")

    def hears(self) -> bool:
        """Whether Drift's events come by themselves: by webhooks, or because this server asks all the time."""
        return bool(self.poll_seconds or self.webhook_token_file or os.environ.get(self.webhook_token_env))

    def __post_init__(self) -> None:
        expand_paths(self)
        check_secure("base_url", self.base_url)
        if "?" in self.base_url:
            raise InvalidSetting("base_url must have no query")
        for each in fields(self):
            value = getattr(self, each.name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and not 0 < value < math.inf and value != each.default:
                raise InvalidSetting(f"{each.name} must be a number more than 0, not {value}")
        if not re.fullmatch(r"(/[A-Za-z0-9._-]+)*", self.catalogue_prefix) or ".." in self.catalogue_prefix:
            raise InvalidSetting("catalogue_prefix must be empty or a path such as /v2")
        if self.destructive not in {"", *DESTRUCTIVE}:
            raise InvalidSetting(f"destructive must be {', '.join(DESTRUCTIVE)} or empty, not {self.destructive!r}")
        if self.log_format not in LOG_FORMATS:
            raise InvalidSetting(f"log_format must be {' or '.join(LOG_FORMATS)}, not {self.log_format!r}")
        _check_store(self.store)
        if self.result_bytes < 1_000:
            raise InvalidSetting("result_bytes must be at least 1000, or no answer fits")


TRANSPORTS = ("stdio", "http", "sse")


@dataclass(frozen=True, slots=True)
class Hosting:
    """What an operator can set about serving. All but the first is for HTTP; several names are separated by commas."""

    transport: str = _setting("stdio", "DRIFT_TRANSPORT", "stdio, http (with the older HTTP+SSE), or sse alone.")
    host: str = _setting("127.0.0.1", "DRIFT_HTTP_HOST", "Address to listen on; any but loopback needs keys or OAuth.")
    port: int = _setting(8200, "DRIFT_HTTP_PORT", "Port to listen on; 0: any free one.")
    workers: int = _setting(1, "DRIFT_HTTP_WORKERS", "Processes that share the port; more than one is stateless.")
    stateless: bool = _setting(
        False, "DRIFT_HTTP_STATELESS", "Keep no sessions, so that any of several servers may answer any request."
    )
    max_calls: int = _setting(32, "DRIFT_HTTP_MAX_CALLS", "Most calls at once of one key; more get a 429.")
    body_bytes: int = _setting(4_000_000, "DRIFT_HTTP_BODY_BYTES", "Largest request body, at least 1000 bytes.")
    metrics: bool = _setting(False, "DRIFT_HTTP_METRICS", "Metrics for Prometheus at /metrics, for those who may call.")
    grace: float = _setting(10.0, "DRIFT_HTTP_GRACE", "Seconds for calls in flight to finish when the server ends.")
    tls_cert: str = _setting("", "DRIFT_HTTP_TLS_CERT", "Certificate chain (PEM), to serve https.", path=True)
    tls_key: str = _setting("", "DRIFT_HTTP_TLS_KEY", "Private key (PEM) of the certificate.", path=True)

    keys: str = _setting("", "DRIFT_HTTP_KEYS", "JSON file of those who may call; see `drift-mcp key`.", path=True)
    oauth_issuer: str = _setting("", "DRIFT_HTTP_OAUTH_ISSUER", "Issuer of the access tokens that callers show.")
    oauth_audience: str = _setting("", "DRIFT_HTTP_OAUTH_AUDIENCE", "This server's URL, for which tokens must be made.")
    oauth_callers: str = _setting("", "DRIFT_HTTP_OAUTH_CALLERS", "JSON file of what a token's holder gets.", path=True)
    oauth_scopes: str = _setting("", "DRIFT_HTTP_OAUTH_SCOPES", "Scopes that a token must have.")
    oauth_jwks: str = _setting("", "DRIFT_HTTP_OAUTH_JWKS", "Where the issuer's keys are; found out if empty.")
    allowed_hosts: str = _setting("", "DRIFT_HTTP_ALLOWED_HOSTS", "Names by which clients reach this server.")
    allowed_origins: str = _setting("", "DRIFT_HTTP_ALLOWED_ORIGINS", "Web origins that may call from a browser.")

    def __post_init__(self) -> None:
        expand_paths(self)
        said = partial(option, Hosting)
        if self.transport not in TRANSPORTS:
            raise InvalidSetting(f"{said('transport')} must be one of {', '.join(TRANSPORTS)}, not {self.transport!r}")
        if not 0 <= self.port <= 65_535:
            raise InvalidSetting(f"{said('port')} must be 0 to 65535, not {self.port}")
        for name, least in (("max_calls", 1), ("body_bytes", 1_000), ("workers", 1)):
            if getattr(self, name) < least:
                raise InvalidSetting(f"{said(name)} must be at least {least}")
        if self.transport == "sse" and self.without_sessions:
            raise InvalidSetting("--transport sse has sessions: it goes with neither --stateless nor several --workers")
        if not 0 < self.grace < math.inf:
            raise InvalidSetting(f"{said('grace')} must be a number more than 0, not {self.grace}")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise InvalidSetting(f"{said('tls_cert')} and {said('tls_key')} go together")
        self._check_oauth()

    def _check_oauth(self) -> None:
        said = partial(option, Hosting)
        if self.oauth_issuer:
            for name in ("oauth_audience", "oauth_callers"):
                if not getattr(self, name):
                    raise InvalidSetting(f"{said('oauth_issuer')} needs {said(name)} too")
            for name in ("oauth_issuer", "oauth_audience", "oauth_jwks"):
                if url := getattr(self, name):
                    check_secure(said(name), url)
        for name in ("oauth_audience", "oauth_callers", "oauth_scopes", "oauth_jwks"):
            if getattr(self, name) and not self.oauth_issuer:
                raise InvalidSetting(f"{said(name)} needs {said('oauth_issuer')} too")

    @property
    def without_sessions(self) -> bool:
        """Whether any process may answer any request."""
        return self.stateless or self.workers > 1

    @property
    def origins(self) -> list[str]:
        """`allowed_origins`, one by one."""
        return listed(self.allowed_origins)


def option(kind: type[Settings] | type[Hosting], name: str) -> str:
    """A setting as an operator knows it: its option, and its environment variable."""
    env = next(each.metadata["env"] for each in fields(kind) if each.name == name)
    return f"--{name.replace('_', '-')} ({env})"


def expand_paths(settings: "DataclassInstance") -> None:
    """Makes the home folder of the `~` in those fields that are paths: in configuration files no shell does."""
    for each in fields(settings):
        value = getattr(settings, each.name)
        if each.metadata.get("path") and value.startswith("~"):
            # To be made whole before anybody has it: the class is frozen.
            object.__setattr__(settings, each.name, os.path.expanduser(value))


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def listed(text: str) -> list[str]:
    """The names in a setting that holds several."""
    return [name.strip().rstrip("/") for name in text.split(",") if name.strip()]


def check_secure(name: str, url: str) -> None:
    """
    Raises:
        InvalidSetting: secrets cannot be sent to `url`, which must be https://, or http:// on this machine. It does not
            show the URL, in which a password may stand.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidSetting(f"{name} is not a URL") from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not secure or not host:
        raise InvalidSetting(f"{name} must start with https:// and name a host (http:// is for this machine only)")
    if parts.username is not None or parts.fragment or not _URL.fullmatch(url):
        raise InvalidSetting(f"{name} must have no user, fragment, spaces or special characters")


def _check_store(url: str) -> None:
    """Whether it can be one. What it is stands in no message: it may hold a password."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidSetting("store is not a URL") from None
    if parts.scheme not in {"redis", "rediss", "unix"} or not (host or parts.path):
        raise InvalidSetting("store must be a redis://, rediss:// or unix:// URL")
    if find_spec("redis") is None:
        raise InvalidSetting("store needs one more library: install drift-mcp with its extra `redis`")

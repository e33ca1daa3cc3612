"""Which provider an operator asked for: the settings of one connection's credential, checked, and what they make.

The keys of a connection in the operator's file:

    token_env = "ACME_DRIFT_TOKEN"         the token is in this environment variable
    token_file = "/run/secrets/acme"       or in this file
    token_command = ["op", "read", "…"]    or this command prints it
    keyring = true                         or `drift-mcp login --token` stored it
    oauth = true                           or `drift-mcp login` does, with the Drift app in the keys below

    client_id, client_secret_env or client_secret_file, redirect_port, authorize_url, token_url
"""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from drift_mcp.credentials import (
    CLIENT,
    AppSource,
    ClientCredentials,
    CredentialProvider,
    MissingCredential,
    no_app,
    ways_to_connect,
)
from drift_mcp.credentials.environment import VARIABLE, EnvironmentCredential, read
from drift_mcp.settings import InvalidSetting, check_secure, expand_paths

if TYPE_CHECKING:
    from drift_mcp.credentials.store import TokenStore
    from drift_mcp.credentials.stored import Exclusive, Login

VARIABLES = (VARIABLE, "DRIFT_TOKEN_FILE", "DRIFT_TOKEN_COMMAND")
"""What gives a token without a login where there is no file of connections; the first that is set counts."""
_FROM = ("token_env", "token_file", "token_command", "keyring", "oauth")
_NO_LOGIN: dict[str, Any] = {"keyring": False, "oauth": False}
_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")
AUTHORIZE_URL = "https://dev.drift.com/authorize"
TOKEN_URL = "https://driftapi.com/oauth2/token"  # noqa: S105 - a URL
"""Both as devdocs: authentication-and-scopes has them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a connection's token comes from, one of the first five, and the Drift app it belongs to.

    `redirect_port` 0 is any free one.

    Raises:
        InvalidSetting: it is nonsense. The message shows no value: a token may stand in the wrong place.
    """

    token_env: str = ""
    token_file: str = field(default="", metadata={"path": True})
    token_command: tuple[str, ...] = ()
    keyring: bool = False
    oauth: bool = False
    client_id: str = ""
    client_secret_env: str = ""
    client_secret_file: str = field(default="", metadata={"path": True})
    redirect_port: int = 0
    authorize_url: str = AUTHORIZE_URL
    token_url: str = TOKEN_URL

    def __post_init__(self) -> None:
        for each in fields(self):
            _check_type(each.name, getattr(self, each.name), each.default)
        expand_paths(self)
        if sum(bool(getattr(self, name)) for name in _FROM) != 1:
            raise InvalidSetting(f"say where the token comes from, with one of {', '.join(_FROM)}")
        for name in ("token_env", "client_secret_env"):
            value = getattr(self, name)
            if value and not _VARIABLE.fullmatch(value):
                raise InvalidSetting(f"{name} must be the name of an environment variable, not a secret itself")
        if self.client_secret_env and self.client_secret_file:
            raise InvalidSetting("client_secret_env and client_secret_file are two places for one secret")
        has_secret = bool(self.client_secret_env or self.client_secret_file)
        if bool(self.client_id) != has_secret:
            raise InvalidSetting("client_id goes together with client_secret_env or client_secret_file")
        if self.oauth and not has_secret:
            raise InvalidSetting("oauth needs client_id, and client_secret_env or client_secret_file")
        if not 0 <= self.redirect_port <= 65_535:
            raise InvalidSetting("redirect_port must be 0 to 65535")
        for name in ("authorize_url", "token_url"):
            check_secure(name, getattr(self, name))

    @property
    def stored(self) -> bool:
        """Whether `drift-mcp login` stores the token."""
        return self.keyring or self.oauth

    def login_command(self, name: str) -> str:
        """What a person types to log in to connection `name`, besides `--connections` with the file that it is in."""
        return f"drift-mcp login {name}{self._by_token}"

    def login(self, name: str) -> "Login":
        """What an agent is told where connection `name` needs a login. The file's path is not for it."""
        from drift_mcp.credentials.stored import Login

        ask = f"Ask the user to run `{self.login_command(name)}` with the file of connections that this server has."
        return Login(ask=ask)

    @property
    def _by_token(self) -> str:
        return "" if self.oauth else " --token"

    def app(self) -> ClientCredentials:
        """The Drift app's own credentials, read now.

        Raises:
            MissingCredential: there are none.
        """
        if self.client_secret_file:
            from drift_mcp.credentials.file import read_secret

            return ClientCredentials(self.client_id, read_secret(Path(self.client_secret_file), CLIENT))
        if self.client_secret_env and (secret := read(self.client_secret_env)):
            return ClientCredentials(self.client_id, SecretStr(secret))
        raise MissingCredential(CLIENT)


@dataclass(frozen=True, slots=True)
class EnvironmentSource(Source):
    """The source of the one connection there is without a file, which needs no name."""

    def login_command(self, name: str) -> str:
        return f"drift-mcp login{self._by_token}"

    def login(self, name: str) -> "Login":
        from drift_mcp.credentials.stored import Login

        none = f"{', '.join(VARIABLES[:-1])} and {VARIABLES[-1]} are not set, and nobody has logged in to Drift."
        command = self.login_command(name)
        return Login(none, f"Ask the user to run `{command}`.", ways_to_connect(command))


def of_entry(entry: Mapping[str, Any]) -> Source:
    """The source in a connection's keys, as TOML has them.

    Raises:
        InvalidSetting: a key is unknown, or what they say is nonsense.
    """
    known = {each.name for each in fields(Source)}
    if unknown := sorted(set(entry) - known):
        raise InvalidSetting(f"{unknown[0]!r} is no setting of a connection")
    values = dict(entry)
    if isinstance(values.get("token_command"), list):
        values["token_command"] = tuple(values["token_command"])
    return Source(**values)


def of_environment() -> Source:
    """The source of the one connection there is without a file: `DRIFT_ACCESS_TOKEN`, else `DRIFT_TOKEN_FILE`, else
    `DRIFT_TOKEN_COMMAND`, else a login.

    Raises:
        InvalidSetting: one of them is nonsense.
    """
    login = login_of_environment()
    if read(VARIABLE):
        return replace(login, **_NO_LOGIN, token_env=VARIABLE)
    if file := read("DRIFT_TOKEN_FILE"):
        return replace(login, **_NO_LOGIN, token_file=file)
    if command := read("DRIFT_TOKEN_COMMAND"):
        try:
            # Backslashes are separators of paths on Windows.
            words = shlex.split(command, posix=os.name != "nt")
        except ValueError:
            raise InvalidSetting("DRIFT_TOKEN_COMMAND has a quote that does not end") from None
        return replace(login, **_NO_LOGIN, token_command=tuple(words))
    return login


def login_of_environment() -> Source:
    """A login, with the app that `DRIFT_CLIENT_ID` and `DRIFT_CLIENT_SECRET` name, if they do.

    Raises:
        InvalidSetting: one of `DRIFT_AUTHORIZE_URL`, `DRIFT_TOKEN_URL` and `DRIFT_REDIRECT_PORT` is nonsense.
    """
    given: dict[str, Any] = {}
    for name in ("authorize_url", "token_url", "redirect_port"):
        if value := read(f"DRIFT_{name.upper()}"):
            given[name] = int(value) if name == "redirect_port" and value.isdecimal() else value
    if client_id := read("DRIFT_CLIENT_ID"):
        secret = "DRIFT_CLIENT_SECRET"  # noqa: S105 - its name
        return EnvironmentSource(oauth=True, client_id=client_id, client_secret_env=secret, **given)
    return EnvironmentSource(keyring=True, **given)


def store(state: Path) -> "TokenStore":
    """The logins of the connection whose state folder this is."""
    from drift_mcp.credentials.store import TokenStore

    return TokenStore(state / "logins")


def provider(source: Source, name: str, state: Path, exclusive: "Exclusive | None" = None) -> CredentialProvider:
    """What answers for the token of connection `name`, whose logins are kept below the folder `state`.

    `exclusive` holds off those who share the logins but not this machine.
    """
    app: AppSource = source.app if source.client_id else no_app
    if source.token_env:
        return EnvironmentCredential(source.token_env, app)
    if source.token_file:
        from drift_mcp.credentials.file import FileCredential

        return FileCredential(Path(source.token_file), app, "DRIFT_TOKEN_FILE, or the connection's `token_file`")
    if source.token_command:
        from drift_mcp.credentials.command import CommandCredential

        return CommandCredential(source.token_command, app)
    from drift_mcp.credentials.stored import StoredCredential
    from drift_mcp.credentials.token_endpoint import TokenEndpoint

    endpoint = TokenEndpoint(source.token_url)
    return StoredCredential(store(state), name, app, endpoint, login=source.login(name), exclusive=exclusive)


def _check_type(name: str, value: Any, default: Any) -> None:
    if isinstance(default, tuple):
        if not isinstance(value, tuple) or not all(isinstance(word, str) and word for word in value):
            raise InvalidSetting(f'{name} must be a list of the program and its arguments, such as ["op", "read"]')
    elif type(value) is not type(default):
        wanted = {str: "text", bool: "true or false", int: "a whole number"}[type(default)]
        raise InvalidSetting(f"{name} must be {wanted}")
    elif isinstance(value, str) and (value != value.strip() or not value.isprintable()):
        raise InvalidSetting(f"{name} must have no blanks around it and no line breaks")

"""A connection's token as an operator sees it: where it comes from, what is wrong with it here, and what to do then.

A token is opened only to see whether it is one, not the placeholder of mcp.json.example. Nothing of it is told, nor a
name that may be a token in the wrong place.
"""

import os
import re
import shlex
import stat
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from drift_mcp.connection import Connection
from drift_mcp.credentials import MissingCredential
from drift_mcp.credentials import source as credentials
from drift_mcp.credentials.environment import VARIABLE, read
from drift_mcp.credentials.placeholders import is_header, is_placeholder, is_quoted, is_reference
from drift_mcp.credentials.shown import shown_path, shown_program, shown_variable
from drift_mcp.doctor import Finding, problem, warning
from drift_mcp.doctor.variables import unread

GET_ONE = "a token of your Drift app (Drift's developer portal, Install to Drift)"
_BROWSER, _TOKEN_TYPED = "login in the browser", "login with a token"
_KINDS = {
    "token_env": "environment variable",
    "token_file": "file",
    "token_command": "command",
    "oauth": _BROWSER,
    "keyring": _TOKEN_TYPED,
}
_TOKEN = re.compile(r"[\x21-\x7e]+")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token comes from: of which `kind`, and the `name` of the variable, file, program or folder."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        name = f" ({self.name})" if self.kind.startswith("login") else f" {self.name}"
        return f"the {self.kind}{name if self.name else ''}"


def place(connection: Connection) -> Place:
    """Where the token of the connection comes from."""
    if connection.settings.sandbox:
        return Place("sandbox")
    source = _source(connection)
    kind = next(kind for setting, kind in _KINDS.items() if getattr(source, setting))
    if source.token_env:
        return Place(kind, shown_variable(source.token_env, "that `token_env` names"))
    if source.token_file:
        return Place(kind, shown_path(source.token_file, "that `token_file` or DRIFT_TOKEN_FILE names"))
    if source.token_command:
        # What follows the program may be a secret.
        program = shown_program(source.token_command[0], "that `token_command` or DRIFT_TOKEN_COMMAND names")
        return Place(kind, program)
    return Place(_login_kind(connection) or kind, str(connection.state() / "logins"))


def _login_kind(connection: Connection) -> str:
    """How somebody has logged in, which may be otherwise than they now would have to; "" where that cannot be seen."""
    from drift_mcp.credentials.tokens import StoreError

    try:
        tokens = credentials.store(connection.state()).load(connection.name)
    except StoreError:
        return ""
    if tokens is None:
        return ""
    return _BROWSER if tokens.granted else _TOKEN_TYPED


async def fault(connection: Connection) -> Finding | None:
    """What is wrong with the token, as far as this machine can tell without asking Drift."""
    source = _source(connection)
    if source.stored:
        return _login_fault(connection, source)
    about, where = f"{connection.name}: token", place(connection)
    try:
        token = (await connection.credential().token()).get_secret_value()
    except MissingCredential as error:
        said = f": {error.problem[:1].lower()}{error.problem[1:].rstrip('.')}"
        said = " is not set" if source.token_env or not error.problem else said
        if source.token_env and read(VARIABLE):
            said += f"; {VARIABLE} is, but this connection does not read that"
        return problem(about, f"{where}{said}", how(connection))
    wrong = flaw(token)
    return problem(about, f"{where} {wrong.text}", wrong.todo or how(connection)) if wrong else None


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with the text of a token, after the name of its place, and what to do, "" to put another there."""

    text: str
    todo: str = ""


def flaw(token: str) -> Flaw | None:
    """Why it cannot be one. Nothing of it is in that."""
    if is_placeholder(token) or is_reference(token):
        return Flaw("holds a placeholder, not a token")
    if is_header(token):
        return Flaw("has the word Bearer before the token", "take the word out there, and leave only the token")
    if is_quoted(token):
        return Flaw("has quotes around the token", "take the quotes out there, and leave only the token")
    if not _TOKEN.fullmatch(token):
        text = "holds no token: it has blanks, line breaks or characters in it that no token has"
        return Flaw(text, f"put {GET_ONE} there, and nothing else")
    return None


def how(connection: Connection) -> str:
    """How to have a token there that works."""
    source, where = _source(connection), place(connection)
    if source.token_env:
        return f"set {where.name} where the server starts (in a client's file: `env`) to {GET_ONE}"
    if source.token_file:
        return _how_file(Path(source.token_file), where.name)
    if source.token_command:
        setting = f"`token_command` in {connection.settings.connections}"
        setting = setting if connection.settings.connections else "DRIFT_TOKEN_COMMAND"
        return f"run all of {setting} in a terminal: it must end well and print the token, and nothing else"
    if source.oauth or connection.settings.connections:
        return f"run `{_login_command(connection, source)}`"
    return f"set {VARIABLE} to {GET_ONE}, or run `{_login_command(connection, source)}`"


def _how_file(path: Path, name: str) -> str:
    if path.is_dir():
        return f"name a file, not a folder: one with {GET_ONE} in it, and `chmod 600` that"
    if _open(path):
        return f"run `chmod 600 {shlex.quote(name)}`"
    return f"put {GET_ONE} into the file {name}, and `chmod 600` it"


def _open(path: Path) -> bool:
    try:
        return sys.platform != "win32" and bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def _source(connection: Connection) -> credentials.Source:
    return connection.source or credentials.of_environment()


def _login_command(connection: Connection, source: credentials.Source) -> str:
    file = connection.settings.connections
    return source.login_command(connection.name) + (f" --connections {shlex.quote(file)}" if file else "")


def _login_fault(connection: Connection, source: credentials.Source) -> Finding | None:
    """What is wrong with a login: that there is none, that it has ended, or that nobody here can renew it."""
    from drift_mcp.credentials.tokens import StoreError

    about, folder = f"{connection.name}: token", place(connection).name
    where = f"the login in {folder}"
    try:
        tokens = credentials.store(connection.state()).load(connection.name)
    except StoreError as error:
        return problem(about, f"{where}: {error}", how(connection))
    if tokens is None:
        return _nobody_logged_in(connection, about, folder)
    ended = tokens.expired(time.time())
    end = "" if tokens.expires_at is None else f" at {_iso(tokens.expires_at)}"
    if tokens.refresh is None:
        return problem(about, f"{where} ended{end}", how(connection)) if ended else None
    try:
        source.app()
    except MissingCredential:
        text = f"{where} {'ended' if ended else 'ends'}{end}, and is not renewed without the Drift app's id and secret"
        return (problem if ended else warning)(about, text, _how_app(connection, source))
    return None


def _nobody_logged_in(connection: Connection, about: str, folder: str) -> Finding:
    nobody = f"nobody has logged in (looked in {folder})"
    if connection.settings.connections:
        return problem(about, nobody, how(connection))
    unset = f"{', '.join(credentials.VARIABLES[:-1])} and {credentials.VARIABLES[-1]} are not set here"
    if others := unread(os.environ, connection.settings.webhook_token_env):
        text = f"{unset}, and {nobody}; nothing reads {' and '.join(others)}"
        return problem(about, text, f"if the token is there, put it into {VARIABLE} instead; else {how(connection)}")
    return problem(about, f"{unset}, and {nobody}", how(connection))


def _how_app(connection: Connection, source: credentials.Source) -> str:
    """How to have the Drift app's own credentials there, with which a login renews itself."""
    of_which = "of the Drift app that was logged in with; a new login is not needed"
    if source.client_secret_file:
        path = shown_path(source.client_secret_file, "the file that `client_secret_file` names")
        return f"put the secret into {path}, `chmod 600` it: that {of_which}"
    if not connection.settings.connections:
        missing = [name for name in ("DRIFT_CLIENT_ID", "DRIFT_CLIENT_SECRET") if not read(name)]
        return f"set {' and '.join(missing)} where the server starts, to those {of_which}"
    if source.client_secret_env:
        variable = shown_variable(source.client_secret_env, "the variable that `client_secret_env` names")
        return f"set {variable} where the server starts, to the secret {of_which}"
    entry = f"[connections.{connection.name}] in {connection.settings.connections}"
    return f"give {entry} `client_id`, and `client_secret_env` or `client_secret_file`, {of_which}"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")

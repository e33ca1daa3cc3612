"""Whether Claude Desktop and Cursor are configured to start this server, and whether that works.

What a file of the current folder says is not started: the folder may be a stranger's, who would have it run anything,
with the token in this process's environment.

Their files: https://modelcontextprotocol.io/docs/develop/connect-local-servers, https://docs.cursor.com/context/mcp.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drift_mcp.credentials import MissingCredential
from drift_mcp.credentials.environment import VARIABLE
from drift_mcp.credentials.file import read_secret
from drift_mcp.credentials.placeholders import is_placeholder, is_reference
from drift_mcp.credentials.shown import PROGRAM, shown_path
from drift_mcp.credentials.source import VARIABLES
from drift_mcp.doctor import Finding, ok, problem, warning
from drift_mcp.doctor.token import GET_ONE, flaw
from drift_mcp.doctor.variables import unread
from drift_mcp.settings import Settings

_THIS_FOLDER = "Cursor (this folder)"
_START_WAIT = 20.0
"""Seconds; hosts wait longer, but a person waits for this."""
_SECRETS = re.compile(r"\w*(TOKEN|SECRET|API_KEY)", re.IGNORECASE)
"""Names of variables with a secret in them, DRIFT_TOKEN_FILE and the like not among them."""
_HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "drift-mcp doctor", "version": "1"},
    },
}


def clients() -> Iterator[Finding]:
    """A finding, or a few, for each client that has a configuration file."""
    files = _files()
    for client, path in files.items():
        if path.is_file():
            yield from _in_file(client, path)
    if not any(path.is_file() for path in files.values()):
        looked = ", ".join(str(path) for path in files.values())
        yield ok("clients", f"neither Claude Desktop nor Cursor has a configuration file here (looked for {looked})")


def _files() -> dict[str, Path]:
    home = Path.home()
    if sys.platform == "darwin":
        settings = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        settings = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    else:
        settings = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = {
        "Claude Desktop": settings / "Claude" / "claude_desktop_config.json",
        "Cursor": home / ".cursor" / "mcp.json",
    }
    try:
        here = Path.cwd() / ".cursor" / "mcp.json"
    except FileNotFoundError:  # somebody has removed the folder
        return files
    return files if here == files["Cursor"] else files | {_THIS_FOLDER: here}


def _in_file(client: str, path: Path) -> Iterator[Finding]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        servers = {name: entry for name, entry in said.get("mcpServers", {}).items() if isinstance(entry, dict)}
    except OSError as error:
        yield problem(client, f"{path} cannot be read ({error.strerror})", f"make {path} readable for you")
        return
    except (ValueError, AttributeError):
        yield problem(client, f"{path} is not JSON as the client expects it", "correct it as in mcp.json.example")
        return
    ours = {name: entry for name, entry in servers.items() if _is_ours(entry)}
    if not ours:
        yield ok(client, f"drift-mcp is not in {path}; mcp.json.example has an entry to copy")
    for name, entry in ours.items():
        yield from _entry(f"{client}: {name}", path, entry, start=client != _THIS_FOLDER)


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return any(re.search(r"drift[-_]mcp", word) for word in _words(entry))


def _words(entry: Mapping[str, Any]) -> list[str]:
    arguments = entry.get("args")
    return [str(word) for word in [entry.get("command", ""), *(arguments if isinstance(arguments, list) else [])]]


def _entry(about: str, file: Path, entry: Mapping[str, Any], *, start: bool) -> Iterator[Finding]:
    command, *arguments = _words(entry)
    own = _environment(entry)
    if "--sandbox" not in arguments:
        yield from _token(f"{about}: token", file, own)
        if not any(word.startswith("--connections") for word in arguments):
            yield from _misnamed(f"{about}: token", file, own)
    path = shutil.which(command, path=own.get("PATH"))
    if path is None:
        # Some write it as in a shell, with a variable before the program, which may be the token.
        name = f" {Path(command).name}" if PROGRAM.fullmatch(Path(command).name) else ""
        text = f"its command{name} in {file} is not found"
        todo = f"put the full path there, such as {_script()}, and nothing else; variables go into `env`"
        yield problem(about, text, todo)
        return
    if not start:
        yield ok(about, f"its command in {file} is there; it is not started from here, as a folder may be a stranger's")
        return
    failure = _start([path, *arguments], os.environ | own)
    if failure:
        todo = f"run what stands at `command` and `args` in {file} in a terminal, to see what it says"
        yield problem(about, f"its command {failure}", todo)
    else:
        yield ok(about, f"its command in {file} starts and answers")


def _token(about: str, file: Path, own: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong with the token that an entry's own environment gives. Values of secrets go nowhere."""
    secrets = {name: value for name, value in own.items() if value and _SECRETS.fullmatch(name)}
    empty = [name for name, value in secrets.items() if is_placeholder(value)]
    plain = [name for name, value in secrets.items() if not is_placeholder(value) and not is_reference(value)]
    if empty:
        text = f"{', '.join(empty)} in {file} still {_has(empty)} the example's placeholder"
        yield problem(about, text, f"put {GET_ONE} there, or run `drift-mcp login --token` and take the line out")
    if plain:
        stands = "stands" if len(plain) == 1 else "stand"
        text = f"{', '.join(plain)} {stands} in {file} in plain text, for all programs and backups that read it"
        todo = "run `drift-mcp login --token`, take it out there, and get a new token from Drift"
        yield warning(about, text, todo)
    wrong = flaw(own[VARIABLE].strip()) if VARIABLE in plain else None
    if wrong:
        yield problem(about, f"{VARIABLE} in {file} {wrong.text}", wrong.todo or f"put {GET_ONE} there")
    named = own.get("DRIFT_TOKEN_FILE", "").strip()
    if named and not secrets and not is_reference(named):
        try:
            read_secret(Path(os.path.expanduser(named)))
        except MissingCredential as error:
            shown = shown_path(named, "a file")
            todo = f"put {GET_ONE} into {shown}, `chmod 600` it; or name another file in {file}"
            if Path(os.path.expanduser(named)).is_dir():
                todo = f"name a file in {file}, not a folder: one with {GET_ONE} in it, and `chmod 600` that"
            yield problem(about, f"DRIFT_TOKEN_FILE in {file} names {shown}: {error.problem}", todo)


def _misnamed(about: str, file: Path, own: Mapping[str, str]) -> Iterator[Finding]:
    """That an entry without a token and without a file of connections seems to give one by a name that is not read."""
    others = unread(own, own.get("DRIFT_WEBHOOK_TOKEN_ENV", Settings().webhook_token_env))
    if others and not own.keys() & {*VARIABLES, "DRIFT_CONNECTIONS"}:
        text = f"nothing reads {' and '.join(others)} in {file}"
        yield problem(about, text, f"if the token is there, put it under the name {VARIABLE}")


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _environment(entry: Mapping[str, Any]) -> dict[str, str]:
    found = entry.get("env")
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _script() -> str:
    return shutil.which("drift-mcp") or str(Path(sys.executable).with_name("drift-mcp"))


def _start(command: list[str], environment: Mapping[str, str]) -> str:
    """Greets the server that the command starts, as its host does. What went wrong, or ""."""
    # stdin ends after the greeting, at which a server ends too. What it logs is not shown: nobody knows what it is.
    greeting = json.dumps(_HELLO) + "\n"
    try:
        done = subprocess.run(  # noqa: S603 - what the user's own host starts
            command,
            input=greeting.encode(),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_START_WAIT,
            check=False,
        )
    except OSError as error:
        return f"cannot be run ({error.strerror})"
    except subprocess.TimeoutExpired:
        return f"does not end within {_START_WAIT:.0f} seconds"
    try:
        answer = json.loads(done.stdout.partition(b"\n")[0])
        answered = "serverInfo" in answer["result"]
    except (ValueError, KeyError, TypeError):
        answered = False
    return "" if answered else f"does not answer as a server does (exit status {done.returncode})"

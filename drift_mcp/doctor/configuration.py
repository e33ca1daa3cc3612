"""Whether the operator's settings and files can be used."""

import platform
import re
import shlex
import stat
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path

from drift_mcp import __version__, connections
from drift_mcp.connection import Connection
from drift_mcp.doctor import Finding, Level, ok, problem, warning
from drift_mcp.settings import Hosting, InvalidSetting, Settings, UnusableState
from drift_mcp.switchboard import Switchboard

_OF_RULES = re.compile(r"connections: (.*: connections\.)?[a-z0-9_-]+[:.] ?on[.:]")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def versions() -> Finding:
    """What a report of a fault has to name."""
    system = f"{platform.system()} {platform.release()}"
    text = f"drift-mcp {__version__}, mcp {version('mcp')}, Python {platform.python_version()}, {system}"
    return ok("versions", text)


def where_to_correct(error: str, file: str = "") -> str:
    """Where an operator corrects what `error`, of an InvalidSetting, names; `file` is that of the connections."""
    if _OF_RULES.match(error):
        return f"correct {file or '--connections'}; docs/events.md shows what rules there can be"
    if error.startswith("connections:"):
        return f"correct {file or '--connections'}; docs/credentials.md shows what may be said"
    for each in (*fields(Settings), *fields(Hosting)):
        if f"({each.metadata['env']})" in error:  # it says so itself
            return "correct it; `drift-mcp serve --help` says what may be said"
    for name in ("token_command", "authorize_url", "token_url", "redirect_port"):
        if re.search(rf"\b(DRIFT_)?{name}\b", error, re.IGNORECASE):
            return f"correct DRIFT_{name.upper()}; docs/credentials.md shows what may be said"
    for each in (*fields(Settings), *fields(Hosting)):
        if re.search(rf"\b{each.name}\b", error):
            return f"correct --{each.name.replace('_', '-')} or {each.metadata['env']}; see `drift-mcp serve --help`"
    return "correct it; `drift-mcp serve --help` lists every setting"


def state_folder(settings: Settings) -> Finding:
    """Whether the folder for what outlives the process can be written, and by nobody else."""
    try:
        folder = settings.usable_state()
        mode = folder.stat().st_mode
    except UnusableState as error:
        todo = "make it writable, or name another one with --state-dir or DRIFT_STATE_DIR"
        return problem("state folder", f"{error.folder} cannot be written ({error.why})", todo)
    if sys.platform != "win32" and mode & _OTHERS:
        text = f"{folder} is open to other users of this machine"
        return warning("state folder", text, f"run `chmod 700 {shlex.quote(str(folder))}`")
    return ok("state folder", f"{folder} is private and can be written")


def own_state_folder(connection: Connection) -> Iterator[Finding]:
    """What is wrong with the connection's own part of it."""
    found = state_folder(connection.settings)
    if found.level is not Level.OK:
        yield replace(found, about=f"{connection.name}: {found.about}")


def files_folder(settings: Settings) -> Iterator[Finding]:
    """Whether the folder that jobs may use is there. Nothing is said where none is named."""
    if settings.files and not Path(settings.files).is_dir():
        text = f"{settings.files} is no folder, so that jobs find no file and leave none"
        yield warning("files", text, "make it, or name another one with --files or DRIFT_FILES")


def connected(settings: Settings) -> "Switchboard | Finding":
    """The connections, or what is wrong with them."""
    try:
        return connections.load(settings)
    except InvalidSetting as error:
        return problem("connections", str(error), where_to_correct(str(error), settings.connections))


def callers(hosting: Hosting, switchboard: Switchboard) -> Iterator[Finding]:
    """Whether the files of those who may call over HTTP can be used. Nothing is said where there are none."""
    if not hosting.keys and not hosting.oauth_issuer:
        return
    from drift_mcp.http.authentication import authentication
    from drift_mcp.http.principals import check_against

    files = ", ".join(str(Path(name)) for name in (hosting.keys, hosting.oauth_callers) if name)
    try:
        authentication(hosting, check_against(switchboard))
    except InvalidSetting as error:
        yield problem("callers", str(error), "correct it; docs/hosting.md shows what may be said")
    else:
        yield ok("callers", f"{files} can be used")

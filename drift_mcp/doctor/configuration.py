"""Whether the operator's settings and files can be used."""

import platform
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path

from drift_mcp import __version__, connections
from drift_mcp.doctor import Finding, ok, problem, warning
from drift_mcp.settings import Hosting, InvalidSetting, Settings
from drift_mcp.switchboard import Switchboard

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def versions() -> Finding:
    """What a report of a fault has to name."""
    system = f"{platform.system()} {platform.release()}"
    text = f"drift-mcp {__version__}, mcp {version('mcp')}, Python {platform.python_version()}, {system}"
    return ok("versions", text)


def where_to_correct(error: str, file: str = "") -> str:
    """Where an operator corrects what `error`, of an InvalidSetting, names; `file` is that of the connections."""
    if error.startswith("connections:"):
        return f"correct {file or '--connections'}; docs/credentials.md shows what may be said"
    for each in (*fields(Settings), *fields(Hosting)):
        if f"({each.metadata['env']})" in error:  # it says so itself
            return "correct it; `drift-mcp serve --help` says what may be said"
    for name in ("authorize_url", "token_url", "redirect_port"):
        if re.search(rf"\b{name}\b", error):
            return f"correct DRIFT_{name.upper()}; docs/credentials.md shows what may be said"
    for each in (*fields(Settings), *fields(Hosting)):
        if re.search(rf"\b{each.name}\b", error):
            return f"correct --{each.name.replace('_', '-')} or {each.metadata['env']}; see `drift-mcp serve --help`"
    return "correct it; `drift-mcp serve --help` lists every setting"


def state_folder(settings: Settings) -> Finding:
    """Whether the folder for what outlives the process can be written, and by nobody else."""
    try:
        folder = settings.state()
        with tempfile.TemporaryFile(dir=folder):
            mode = folder.stat().st_mode
    except OSError as error:
        where = settings.state_dir or error.filename or "it"
        text = f"{where} cannot be written ({error.strerror})"
        return problem(
            "state folder", text, "make it writable, or name another one with --state-dir or DRIFT_STATE_DIR"
        )
    if sys.platform != "win32" and mode & _OTHERS:
        text = f"{folder} is open to other users of this machine"
        return warning("state folder", text, f"run `chmod 700 {folder}`")
    return ok("state folder", f"{folder} is private and can be written")


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

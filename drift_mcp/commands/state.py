"""A state folder that cannot be used: what is lost without it is said, and what needs it is refused."""

import os
from typing import TYPE_CHECKING

import click

from drift_mcp.settings import Settings, UnusableState

if TYPE_CHECKING:
    from drift_mcp.connection import Connection


def warn_of_states(settings: Settings) -> None:
    """Says at once of which connections writes cannot be put on record, rather than only at the first write.

    Nothing stops for that: reading does without a state folder, and of several connections the others go on as well.
    """
    if settings.read_only or warn_of_state(settings) or not settings.connections:
        return
    from drift_mcp import connections

    switchboard = connections.load(settings)
    for name in switchboard.names:
        toolbox = switchboard.toolbox(name)
        if not toolbox.surface.read_only:
            warn_of_state(toolbox.connection.settings, f"{name}: ")


def warn_of_state(settings: Settings, of: str = "") -> bool:
    """Whether writes with these settings cannot be put on record, which is said then, `of` whom first."""
    from drift_mcp.audit import OFF

    file, why = settings.audit_file, ""
    if file not in {"", OFF}:
        why = _not_appended(file)
    try:
        settings.usable_state()
    except UnusableState as error:
        why = why or str(error)
    if why:
        click.echo(f"drift-mcp: {of}writes cannot be put on record: {why}", err=True)
    return bool(why)


def _not_appended(path: str) -> str:
    """Why no line can be put into the file, "" where it can."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
    except OSError as error:
        return f"the audit file {path} cannot be written ({error.strerror or type(error).__name__})"
    return ""


def need_login_folder(connection: "Connection") -> None:
    """
    Raises:
        UnusableState: the token of the connection comes from a login, and no login can be read.
    """
    from drift_mcp.credentials.source import of_environment

    if not connection.settings.sandbox and (connection.source or of_environment()).stored:
        connection.settings.usable_state(writing=False)

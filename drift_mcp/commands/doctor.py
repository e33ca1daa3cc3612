"""`drift-mcp doctor`: what is wrong with this installation, and what to do about it."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

import click

from drift_mcp.commands.options import SettingsCommand, log_to_stderr, one_line, with_hosting, with_settings
from drift_mcp.settings import Hosting, InvalidSetting, Settings

if TYPE_CHECKING:
    from drift_mcp.doctor import Finding


@click.command(cls=SettingsCommand)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@partial(with_settings, unchecked=True)
@partial(with_hosting, unchecked=True)
def doctor(*, settings: Callable[[], Settings], hosting: Callable[[], Hosting], as_json: bool) -> None:
    """Check configuration, network, token, scopes, clock and the clients on this machine.

    The exit status is 1 when there is a problem. No token is ever shown.
    """
    import anyio

    from drift_mcp.doctor import Level

    # Names in a client's file may be a stranger's, where the folder is.
    found = [
        replace(each, about=one_line(each.about), text=one_line(each.text), todo=one_line(each.todo))
        for each in anyio.run(_look, settings, hosting)
    ]
    problems = sum(each.level is Level.PROBLEM for each in found)
    if as_json:
        told = {"problems": problems, "findings": [asdict(each) for each in found]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for each in found:
            todo = f" → {each.todo}" if each.todo else ""
            click.echo(f"{each.level.value:<8} {each.about}: {each.text}{todo}")
    sys.exit(1 if problems else 0)


async def _look(settings: Callable[[], Settings], hosting: Callable[[], Hosting]) -> "list[Finding]":
    """All findings. What is wrong with the settings keeps it only from what needs them."""
    from drift_mcp.doctor import Finding, Level, access, clients, configuration, ok, problem

    found = [configuration.versions()]
    try:
        chosen, serving = settings(), hosting()
    except InvalidSetting as error:
        found.append(problem("settings", str(error), configuration.where_to_correct(str(error))))
        return [*found, *clients.clients()]
    log_to_stderr(chosen)
    state = configuration.state_folder(chosen)
    found += [ok("settings", "are valid"), state, *configuration.files_folder(chosen)]
    switchboard = configuration.connected(chosen)
    if isinstance(switchboard, Finding):
        return [*found, switchboard, *clients.clients()]
    async with switchboard:
        found += configuration.callers(serving, switchboard)
        for name in switchboard.names:
            if chosen.connections and state.level is not Level.PROBLEM:  # each has its own part of it
                found += configuration.own_state_folder(switchboard.toolbox(name).connection)
            found += await access.checked(switchboard.toolbox(name))
    return [*found, *clients.clients()]

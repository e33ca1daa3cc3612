"""`drift-mcp serve`, the default command."""

import gc
import sys
from dataclasses import fields

import click

from drift_mcp.commands.options import SettingsCommand, log_to_stderr, with_hosting, with_settings
from drift_mcp.commands.state import warn_of_states
from drift_mcp.settings import Hosting, Settings


@click.command(cls=SettingsCommand)
@with_settings
@with_hosting
def serve(settings: Settings, hosting: Hosting) -> None:
    """Serve MCP over stdio or HTTP (the default command)."""
    if hosting.transport != "stdio":
        from drift_mcp.http.serve import serve as serve_http

        log_to_stderr(settings)
        warn_of_states(settings)
        serve_http(settings, hosting)
        return
    _refuse_http_options()
    # The imports make a great many objects that stay: collecting garbage among them only costs time (a sixth of it).
    gc.disable()
    from drift_mcp.server import run_stdio
    from drift_mcp.telemetry import spans

    gc.freeze()
    gc.enable()
    log_to_stderr(settings)
    warn_of_states(settings)
    if sys.stdin.isatty():
        click.echo("drift-mcp: waiting for an MCP host on stdin. To look around: drift-mcp demo, or --help.", err=True)
    with spans.made():
        run_stdio(settings)


def _refuse_http_options() -> None:
    """Over stdio they would say nothing. Variables may stay: they are for all servers of a machine.

    Raises:
        click.UsageError: one stands on the command line.
    """
    context = click.get_current_context()
    for each in fields(Hosting):
        given = context.get_parameter_source(each.name)
        if each.name != "transport" and given is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{each.name.replace('_', '-')} needs --transport http")

"""`drift-mcp logout`: forgets what `drift-mcp login` stored."""

from functools import partial

import click

from drift_mcp.commands.login import find
from drift_mcp.commands.options import SettingsCommand, log_to_stderr, with_settings
from drift_mcp.settings import Settings


@click.command(cls=SettingsCommand)
@click.argument("connection", default="")
@partial(with_settings, shown={"connections", "state_dir"})
def logout(connection: str, settings: Settings) -> None:
    """Forget the login of CONNECTION. Servers that run stop using it at their next call."""
    from drift_mcp.credentials.source import store
    from drift_mcp.credentials.tokens import StoreError

    log_to_stderr(settings)
    chosen = find(settings, connection)
    folder = chosen.settings.usable_state()
    logins = store(folder)
    try:
        with logins.lock(chosen.name, 30.0):
            forgotten = logins.remove(chosen.name)
    except StoreError as error:
        raise click.ClickException(f"{error} The logins are in {folder / 'logins'}.") from None
    if not forgotten:
        click.echo(f"Connection {chosen.name!r} was not logged in.")
        return
    click.echo(f"Connection {chosen.name!r} is logged out here.")
    click.echo("Drift itself still accepts its tokens until they end or the app is removed there.")

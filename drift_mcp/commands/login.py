"""`drift-mcp login`: connects a Drift organisation, in the browser or with a private app's token."""

import math
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from drift_mcp.commands.options import SettingsCommand, log_to_stderr, toolbox_of, with_settings
from drift_mcp.settings import Settings

if TYPE_CHECKING:
    from drift_mcp.connection import Connection
    from drift_mcp.credentials.source import Source
    from drift_mcp.credentials.store import Place
    from drift_mcp.credentials.tokens import Tokens


@click.command(cls=SettingsCommand)
@click.argument("connection", default="")
@click.option("--token", "by_token", is_flag=True, help="Read a private app's token, hidden or from a pipe.")
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening the browser.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the loopback redirect address; 0: any free one.")
@click.option(
    "--keep-in", "place", type=click.Choice(["keyring", "file"]), help="Where to keep it; keyring if possible."
)
@click.option(
    "--wait",
    default=300.0,
    type=click.FloatRange(0, 3600),
    show_default=True,
    help="Seconds for the answer in the browser.",
)
@partial(with_settings, shown={"connections", "base_url", "state_dir"})
def login(
    *,
    connection: str,
    by_token: bool,
    no_browser: bool,
    port: int | None,
    place: "Place | None",
    wait: float,
    settings: Settings,
) -> None:
    """Log in to the Drift organisation of CONNECTION, and keep the token for `drift-mcp serve`.

    Without --token it asks in the browser, for which the Drift app's id and secret must be set
    (DRIFT_CLIENT_ID and DRIFT_CLIENT_SECRET, or the connection's own).
    """
    from drift_mcp.credentials.source import store
    from drift_mcp.credentials.tokens import StoreError

    if math.isnan(wait):
        raise click.UsageError("--wait must be a number of seconds")
    log_to_stderr(settings)
    chosen = find(settings, connection)
    source = login_source(chosen, settings)
    folder = chosen.settings.usable_state()
    logins = store(folder)

    def keep(tokens: "Tokens") -> None:
        with logins.lock(chosen.name, 30.0):
            kept = logins.save(chosen.name, tokens, place)
        where = "the system's keyring" if kept == "keyring" else "an encrypted file"
        click.echo(f"Connection {chosen.name!r} is logged in. The token is kept in {where}.")

    try:
        with logins.lock(chosen.name, 5.0):
            pass  # it can be kept: better known before Drift gives out a token
        if by_token:
            keep(_typed(chosen))
        else:
            tell(chosen, _granted(source, keep, port, wait, no_browser=no_browser))
    except StoreError as error:
        raise click.ClickException(f"{error} The logins are in {folder / 'logins'}.") from None


def find(settings: Settings, name: str) -> "Connection":
    """The connection of this name, by default the default one.

    Raises:
        click.UsageError: there is none, or it is the sandbox's.
    """
    from drift_mcp.connections import load

    found = toolbox_of(load(settings), name).connection
    if found.settings.sandbox:
        raise click.UsageError("the sandbox needs no login")
    return found


def login_source(connection: "Connection", settings: Settings) -> "Source":
    """How the connection logs in.

    Raises:
        click.UsageError: its token comes from somewhere else.
    """
    from drift_mcp.credentials.source import login_of_environment, of_environment

    source = connection.source or of_environment()
    if source.stored:
        return source
    if settings.connections:
        raise click.UsageError(f"connection {connection.name!r} has no login: give it `keyring` or `oauth` instead")
    click.echo("Note: the environment names a token, which comes before a login.", err=True)
    return login_of_environment()


def _typed(connection: "Connection") -> "Tokens":
    """A private app's token, which Drift accepts."""
    import time

    from pydantic import SecretStr

    from drift_mcp.credentials.placeholders import why_no_token
    from drift_mcp.credentials.tokens import Tokens

    hidden = sys.stdin.isatty()
    text = click.prompt("Token of the private app", hide_input=True) if hidden else sys.stdin.read()
    if why := why_no_token(text.strip()):
        raise click.UsageError(why)
    words = text.split()
    if len(words) != 1:
        raise click.UsageError("give the token, and nothing else, on stdin")
    tokens = Tokens(SecretStr(words[0]), obtained_at=time.time())
    tell(connection, tokens, must_work=True)
    return tokens


def _granted(
    source: "Source", keep: Callable[["Tokens"], None], port: int | None, wait: float, *, no_browser: bool
) -> "Tokens":
    """The tokens that a person grants in the browser, which is told so when they are kept."""
    import anyio

    from drift_mcp.credentials import MissingCredential
    from drift_mcp.credentials.redirect import NotGranted, waiting
    from drift_mcp.credentials.token_endpoint import EXTRA, NoAnswer, Refused, TokenEndpoint

    if not source.oauth:
        raise click.UsageError(
            "to log in in the browser the Drift app's id and secret must be set, in DRIFT_CLIENT_ID and "
            "DRIFT_CLIENT_SECRET or as `oauth` in the connection; or use --token"
        )
    try:
        app = source.app()
        with waiting(source.redirect_port if port is None else port) as redirect:
            address = redirect.address(source.authorize_url, app.client_id)
            _send_to(address, redirect.uri, no_browser=no_browser)
            code = redirect.code(wait)
            tokens = anyio.run(TokenEndpoint(source.token_url).exchange, app, code, redirect.uri)
            keep(tokens)
            redirect.show("Logged in to Drift", "You can close this window and go back.", good=True)
            return tokens
    except ImportError:
        raise click.ClickException(EXTRA) from None
    except OSError as error:
        raise click.ClickException(f"the redirect address cannot be served ({error.strerror}); try --port") from None
    except MissingCredential as error:
        raise click.ClickException(error.problem or "the Drift app's id and secret are not set") from None
    except NotGranted as error:
        raise click.ClickException(f"{error} Nothing was stored.") from None
    except Refused:
        raise click.ClickException("Drift did not take its own code; start again. Nothing was stored.") from None
    except NoAnswer:
        raise click.ClickException("Drift gave no usable answer; start again. Nothing was stored.") from None


def _send_to(address: str, redirect_uri: str, *, no_browser: bool) -> None:
    import webbrowser

    has_display = sys.platform in {"win32", "darwin"} or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not no_browser and has_display and webbrowser.open(address):
        click.echo("The browser asks for access to Drift. If it does not open, go to:")
    else:
        click.echo("Open this address in a browser on this machine:")
    click.echo(f"\n    {address}\n\nDrift sends it back to {redirect_uri}, which the Drift app must allow. Waiting …")


def tell(connection: "Connection", tokens: "Tokens", *, must_work: bool = False) -> None:
    """Says which organisation it is and what the token may do, as Drift tells.

    Raises:
        click.ClickException: it does not tell, though it `must_work`.
    """
    import anyio

    from drift_mcp.connection import Connection
    from drift_mcp.credentials import FixedCredential
    from drift_mcp.doctor.probe import No, Told, ask
    from drift_mcp.drift.gateway import Gateway

    async def asked() -> Told:
        credential = FixedCredential(tokens.access.get_secret_value())
        probe = Connection(
            connection.settings, connection.name, open_gateway=lambda settings: Gateway(settings.base_url, credential)
        )
        try:
            return await ask(probe)
        finally:
            await probe.aclose()

    told = anyio.run(asked)
    why = ""
    if told.no is No.REJECTED:
        why = "Drift does not accept this token."
    elif told.no:
        why = f"Drift did not say what the token may do ({told.detail})."
    if why and must_work:
        raise click.ClickException(f"{why} Nothing was stored.")
    click.echo(why or f"Organisation: {told.organisation or tokens.organisation or 'unknown'}")
    if not why:
        click.echo(f"Scopes: {' '.join(told.scopes) or 'not told'}")

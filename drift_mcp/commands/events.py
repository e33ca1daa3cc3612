"""`drift-mcp events`: what the rules of the connections could not do, and having it done again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from drift_mcp.commands.audit import moment
from drift_mcp.commands.options import NO_FILE, SettingsCommand, toolbox_of, with_settings
from drift_mcp.settings import Settings

if TYPE_CHECKING:
    from drift_mcp.connection import Connection

MOST = 10_000
_SHOWN = {"connections", "state_dir", "store"}


@click.group()
def events() -> None:
    """Show events that rules could not act on, and have them acted on again."""


@events.command(cls=SettingsCommand)
@click.option("--connection", help="Only this connection.")
@partial(with_settings, shown=_SHOWN)
def failed(connection: str | None, settings: Settings) -> None:
    """Print the events that rules have given up, one JSON object a line, the latest first."""
    import anyio

    from drift_mcp.events.log import Wanted
    from drift_mcp.fields import iso_from_ms

    async def show() -> None:
        count = 0
        async with _with_rules(settings, connection) as found:
            for each in found:
                for failure in await each.events.ledger.failures(Wanted(), MOST):
                    count += 1
                    event = failure.entry.event
                    line: dict[str, Any] = {
                        "connection": each.name,
                        "rule": failure.rule,
                        "reason": failure.reason,
                        "attempts": failure.attempts,
                        "at": iso_from_ms(event.at),
                        "conversation_id": event.conversation_id,
                        "contact_id": event.contact_id,
                    }
                    click.echo(json.dumps(line))
            if not count:
                click.echo(f"drift-mcp: no event that a rule has given up is kept in {_place(found)}", err=True)

    anyio.run(show)


@events.command(cls=SettingsCommand)
@click.option("--failed", "given_up", is_flag=True, help="Only those that rules have given up.")
@click.option("--since", metavar="TIME", help="Only from this time on, such as 2026-11-21T09:00:00Z, or 8h.")
@click.option("--type", "type_name", help="Only of this type, such as new_conversation.")
@click.option("--connection", help="Only of this connection.")
@partial(with_settings, shown=_SHOWN)
def replay(
    given_up: bool, since: str | None, type_name: str | None, connection: str | None, settings: Settings
) -> None:
    """Have a running server act on received events again.

    What was given up is finished: if it was done after all, it is not done twice. Without --failed, what was done is
    done anew, and so is what came before there was the rule.
    """
    import anyio

    from drift_mcp.events.log import Wanted

    if not (given_up or since or type_name):
        raise click.UsageError("say which events: --failed, --since or --type")
    start = int(moment(since).timestamp() * 1000) if since else None

    async def again() -> None:
        async with _with_rules(settings, connection) as found:
            for each in found:
                names = [rule.name for rule in each.rules]
                await each.events.ledger.begin(names)
                org_id = await each.events.org_id()
                if org_id is None:
                    raise click.ClickException(f"{each.name}: Drift does not say which organisation the token is of")
                count = 0
                for rule in each.rules:
                    if type_name in {None, rule.event}:
                        wanted = Wanted(type=rule.event, since=start, org_id=org_id)
                        count += await each.events.ledger.replay(rule.name, wanted, given_up=given_up)
                click.echo(f"{each.name}: {count} to be acted on again")

    anyio.run(again)


@asynccontextmanager
async def _with_rules(settings: Settings, name: str | None) -> AsyncIterator[list[Connection]]:
    """The connections that have rules, or the one of that name.

    Raises:
        click.ClickException: their log cannot be used inside the block.
    """
    from drift_mcp import connections
    from drift_mcp.events.log import LogUnavailable

    async with connections.load(settings) as switchboard:
        chosen = switchboard.names if name is None else [toolbox_of(switchboard, name).connection.name]
        every = [switchboard.toolbox(each).connection for each in chosen]
        found = [each for each in every if each.rules]
        if not found:
            todo = f"see `on` in {settings.connections}" if settings.connections else NO_FILE
            raise click.UsageError(f"no connection has rules ({', '.join(chosen)}): {todo}")
        try:
            yield found
        except LogUnavailable:
            raise click.ClickException(f"the log of events cannot be used, which is in {_place(found)}") from None


def _place(connections: list[Connection]) -> str:
    """Where the events of these are kept."""
    if connections[0].settings.store:
        return "the store of --store"
    return ", ".join(str(each.state()) for each in connections)

"""`drift-mcp connections`: the Drift organisations that this server would work in."""

import json
import sys
from functools import partial
from typing import Any

import click

from drift_mcp.commands.options import SettingsCommand, log_to_stderr, toolbox_of, with_settings
from drift_mcp.commands.state import need_login_folder
from drift_mcp.settings import Settings


@click.command(cls=SettingsCommand)
@click.option(
    "--test",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Ask Drift about the token of this connection, or of each.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead.")
@partial(with_settings, shown={"sandbox", "connections", "base_url", "state_dir"})
def connections(test: str | None, as_json: bool, settings: Settings) -> None:
    """List the connections: where each token comes from, whether it is there, and what may be done.

    With --test the exit status is 1 when Drift does not accept one.
    """
    import anyio

    log_to_stderr(settings)
    rows = anyio.run(_look, settings, test)
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2) if as_json else "\n\n".join(map(_lines, rows)))
    sys.exit(1 if any("problem" in row for row in rows) else 0)


async def _look(settings: Settings, test: str | None) -> list[dict[str, Any]]:
    from drift_mcp.connections import load
    from drift_mcp.doctor import Finding
    from drift_mcp.doctor.access import tried
    from drift_mcp.doctor.token import place

    async with load(settings) as switchboard:
        if test:
            toolbox_of(switchboard, test)
        default = switchboard.toolbox().connection.name
        rows = []
        for name in [test] if test else switchboard.names:
            toolbox = switchboard.toolbox(name)
            need_login_folder(toolbox.connection)
            where = place(toolbox.connection)
            row: dict[str, Any] = {
                "name": name,
                "default": name == default,
                "token_from": where.kind,
                "token_in": where.name,
                "token_there": await toolbox.connection.available(),
                "surface": toolbox.surface.summary(),
            }
            if test is not None:
                told = await tried(toolbox.connection)
                if isinstance(told, Finding):
                    row["problem"] = f"{told.text} → {told.todo}"
                else:
                    row |= {"organisation": told.organisation, "scopes": list(told.scopes)}
            rows.append(row)
    return rows


def _lines(row: dict[str, Any]) -> str:
    lines = [row["name"] + (" (default)" if row["default"] else "")]
    there = "there" if row["token_there"] else "MISSING"
    lines.append(f"  token:        {' '.join(filter(None, (row['token_from'], row['token_in'])))}, {there}")
    lines.append(f"  tools:        {_surface(row['surface'])}")
    if "problem" in row:
        lines.append(f"  problem:      {row['problem']}")
    elif "scopes" in row:
        lines.append(f"  organisation: {row['organisation'] or 'unknown'}")
        lines.append(f"  scopes:       {' '.join(row['scopes']) or 'not told'}")
    return "\n".join(lines)


def _surface(summary: dict[str, Any]) -> str:
    """The surface in a few words."""
    words = [f"{len(summary['only'])} chosen" if "only" in summary else f"list: {summary['list']}"]
    words += ["read-only"] if summary["read_only"] else []
    words += [f"without {', '.join(summary['excluded'])}"] if "excluded" in summary else []
    return ", ".join(words)

"""`drift-mcp call`: one operation from the shell."""

import json
import sys
from functools import partial
from typing import Any

import click

from drift_mcp.caller import Answer, Caller
from drift_mcp.commands.options import SettingsCommand, log_to_stderr, read_arguments, unknown_tool, with_settings
from drift_mcp.commands.state import need_login_folder, warn_of_state
from drift_mcp.settings import Settings

_SHOWN = {
    "sandbox", "connections", "base_url", "total_timeout", "read_only", "allow_dangerous", "destructive",
    "result_bytes", "files", "state_dir", "log_level",
}  # fmt: skip
"""The settings that matter for one call."""


@click.command(cls=SettingsCommand)
@click.argument("tool")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--json", "json_text", metavar="OBJECT", help="The arguments as one JSON object.")
@partial(with_settings, shown=_SHOWN)
def call(tool: str, pairs: tuple[str, ...], json_text: str | None, settings: Settings) -> None:
    """Run one operation and print its result as JSON.

    A value that is JSON (a number, true, a list, an object) is read as such. The exit status is 1 when the result says
    that it failed, was not agreed to, or has a problem, such as whoami without a token that Drift accepts.
    """
    import anyio

    from drift_mcp import catalogue, connections
    from drift_mcp.switchboard import ARGUMENT

    if tool not in catalogue.load():
        unknown_tool(tool, list(catalogue.load()))
    arguments = read_arguments(pairs, json_text)
    log_to_stderr(settings)
    writes = catalogue.load()[tool].access != "read"

    async def run() -> dict[str, Any]:
        async with connections.load(settings) as switchboard:
            name = arguments.get(ARGUMENT) or None
            if name is None or name in switchboard.names:  # otherwise the answer says which there are
                connection = switchboard.toolbox(name).connection
                need_login_folder(connection)
                if writes:
                    warn_of_state(connection.settings)
            return await switchboard.call(tool, arguments, Caller(ask=_ask, progress=_tell))

    result = anyio.run(run)
    content = result["structuredContent"]
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))
    failed = result.get("isError") or content.get("agreed") is False or "problem" in content
    sys.exit(1 if failed else 0)


async def _tell(done: float, total: float | None, message: str) -> None:
    """Shows whoever watches how far a job is. A shell waits for as long as it takes."""
    if sys.stderr.isatty():
        click.echo(f"{done:.0f}{f' of {total:.0f}' if total else ''}: {message}", err=True)


async def _ask(text: str) -> Answer:
    """Asks on the terminal. Where nobody sits at one, nobody agrees."""
    if not sys.stdin.isatty():
        click.echo(f"{text}\ndrift-mcp: this needs a yes on a terminal, or --destructive allow", err=True)
        return Answer.UNANSWERED
    return Answer.ACCEPTED if click.confirm(text, err=True) else Answer.DECLINED

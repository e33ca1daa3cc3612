"""The command line: `drift-mcp [serve]`, `sandbox`, `demo`, `tools`, `call`.

Options come from `settings`; each command imports what it needs, so that `serve` starts fast.
"""

import gc
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import fields
from functools import partial, wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from drift_mcp import __version__
from drift_mcp.settings import Hosting, InvalidSetting, Settings

Command = Callable[..., Any]


def with_settings(
    command: Command, kind: type[Settings] | type[Hosting] = Settings, argument: str = "settings"
) -> Command:
    """Gives `command` one option per setting, each with its environment variable, as a `Settings` in `settings`."""

    @wraps(command)
    def run(**values: Any) -> Any:
        chosen = {each.name: values.pop(each.name) for each in fields(kind)}
        return command(**{argument: kind(**chosen)}, **values)

    decorated: Command = run
    for each in reversed(fields(kind)):
        switch = isinstance(each.default, bool)
        decorated = click.option(
            f"--{each.name.replace('_', '-')}",
            each.name,
            envvar=each.metadata["env"],
            show_envvar=True,
            default=each.default,
            show_default=bool(each.default),
            is_flag=switch,
            type=None if switch else type(each.default),
            help=each.metadata["help"],
        )(decorated)
    return decorated


with_hosting = partial(with_settings, kind=Hosting, argument="hosting")


class _ServeByDefault(click.Group):
    """A group whose options and no command at all mean `serve`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "-h", "--version"}):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ServeByDefault, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="drift-mcp")
def cli() -> None:
    """Drift as MCP tools. Without a command it serves MCP over stdio."""


@cli.command()
@with_hosting
@with_settings
def serve(settings: Settings, hosting: Hosting) -> None:
    """Serve MCP over stdio or HTTP (the default command)."""
    if hosting.transport != "stdio":
        from drift_mcp.http.serve import serve as serve_http

        _log_to_stderr(settings.log_level)
        serve_http(settings, hosting)
        return
    # The imports make a great many objects that stay: collecting garbage among them only costs time (a sixth of it).
    gc.disable()
    from drift_mcp.server import run_stdio

    gc.freeze()
    gc.enable()
    _log_to_stderr(settings.log_level)
    run_stdio(settings)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File to keep the state in.")
@click.option("--token", help="The bearer token to accept.")
def sandbox(host: str, port: int, state: Path | None, token: str | None) -> None:
    """Run a local Drift over HTTP, to develop against."""
    from drift_mcp.sandbox import SANDBOX_TOKEN
    from drift_mcp.sandbox.serve import serve as serve_sandbox
    from drift_mcp.sandbox.state import BadStateFile

    try:
        serve_sandbox(host, port, state, token or SANDBOX_TOKEN)
    except BadStateFile as error:
        raise click.UsageError(str(error)) from None


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def demo(as_json: bool) -> None:
    """Watch an agent reply to a Drift conversation, against the sandbox."""
    from drift_mcp.demo import main as play

    sys.exit(play(as_json=as_json))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead.")
def tools(as_json: bool) -> None:
    """List every operation."""
    from drift_mcp.listing import as_lines, as_records

    if as_json:
        click.echo(json.dumps(as_records(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(as_lines()))


@cli.command()
@click.argument("name")
def key(name: str) -> None:
    """Make a key for a caller over HTTP: the key itself, and its entry for the file of --keys.

    The key is shown this once; the entry holds only its hash.
    """
    from drift_mcp.http.keys import new_key

    secret, entry = new_key(name)
    click.echo(f"{secret}\n{json.dumps(entry, ensure_ascii=False)}")
    click.echo('Give the first line to the caller, and put the second into "keys" of the keys file.', err=True)


@cli.command()
@click.argument("tool")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--json", "json_text", metavar="OBJECT", help="The arguments as one JSON object.")
@with_settings
def call(tool: str, pairs: tuple[str, ...], json_text: str | None, settings: Settings) -> None:
    """Run one operation and print its result as JSON.

    A value that is JSON (a number, true, a list, an object) is read as such.
    """
    import anyio

    from drift_mcp import catalogue
    from drift_mcp.toolbox import Toolbox

    if tool not in catalogue.load():
        _unknown(tool, list(catalogue.load()))
    arguments = _arguments(pairs, json_text)
    _log_to_stderr(settings.log_level)

    async def run() -> dict[str, Any]:
        async with Toolbox(settings) as toolbox:
            return await toolbox.call(tool, arguments)

    result = anyio.run(run)
    click.echo(json.dumps(result["structuredContent"], ensure_ascii=False, indent=2))
    sys.exit(1 if result.get("isError") else 0)


def _arguments(pairs: tuple[str, ...], json_text: str | None) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if json_text is not None:
        try:
            arguments = json.loads(json_text)
        except ValueError as error:
            raise click.UsageError(f"--json is not JSON: {error}") from None
        if not isinstance(arguments, dict):
            raise click.UsageError("--json must be an object, such as '{\"limit\": 5}'")
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{pair!r} is not KEY=VALUE")
        arguments[key] = _value(value)
    return arguments


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    # 00123 is not JSON, but 123e4 or NaN would be read as a number nobody meant.
    return text if isinstance(value, float) and not _plain_number(text) else value


def _plain_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _unknown(tool: str, known: list[str]) -> NoReturn:
    from difflib import get_close_matches

    close = get_close_matches(tool, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else "See `drift-mcp tools`."
    raise click.UsageError(f"there is no tool named {tool!r}. {hint}")


def _log_to_stderr(level: str) -> None:
    if level.upper() not in logging.getLevelNamesMapping():
        raise click.UsageError(f"log-level must be DEBUG, INFO, WARNING or ERROR, not {level!r}")
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # These log request lines and headers at DEBUG; a token has no business near them.
    for name in ("httpx", "httpcore", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)


def main() -> None:
    """The console script."""
    try:
        cli.main(prog_name="drift-mcp", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except InvalidSetting as error:
        click.echo(f"drift-mcp: {error}", err=True)
        sys.exit(2)
    except click.UsageError as error:
        # One clear line; the usage is a `--help` away.
        click.echo(f"drift-mcp: {error.format_message()}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"drift-mcp: {error.format_message()}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()

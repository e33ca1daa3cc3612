"""The command line. Each command is a module of `commands`, imported when it is used, so that `serve` starts fast."""

import sys
from importlib import import_module

import click

from drift_mcp import __version__
from drift_mcp.settings import InvalidSetting

COMMANDS = {
    "serve": "Serve MCP over stdio or HTTP (the default command).",
    "sandbox": "Run a local Drift over HTTP, to develop against.",
    "demo": "Watch an agent reply to a Drift conversation, against the sandbox.",
    "tools": "List every operation.",
    "find": "Find the operations and jobs for what you want to do.",
    "call": "Run one operation and print its result as JSON.",
    "login": "Connect a Drift organisation, in the browser or with a private app's token.",
    "logout": "Forget the login of a Drift organisation.",
    "connections": "List the Drift organisations, and test their tokens.",
    "doctor": "Check configuration, network, token, scopes, clock and clients, and say what to do.",
    "audit": "Show who wrote what to Drift, and how it ended.",
    "events": "Show events that rules could not act on, and have them acted on again.",
    "key": "Make a key for a caller over HTTP.",
}
"""Every command and its line in the help; its module has the same name."""


class _Commands(click.Group):
    """Commands that are imported when they are used. Options and no command at all mean `serve`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"Did you mean {close[0]}?" if close else "See `drift-mcp --help`."
            raise click.UsageError(f"there is no command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"drift_mcp.commands.{cmd_name}"), cmd_name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "-h", "--version"}):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="drift-mcp")
def cli() -> None:
    """Drift as MCP tools. Without a command it serves MCP over stdio."""


def main() -> None:
    """The console script."""
    try:
        cli.main(prog_name="drift-mcp", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except InvalidSetting as error:
        click.echo(f"drift-mcp: {error}", err=True)
        sys.exit(2)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.UsageError as error:
        # One clear line; the usage is a `--help` away.
        click.echo(f"drift-mcp: {error.format_message()}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"drift-mcp: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        # Of a file, or of stdout, where the disk is full.
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"drift-mcp: {where}{error.strerror or type(error).__name__}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

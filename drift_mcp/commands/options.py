"""What commands share: an option for each setting, arguments from the shell, lines for a terminal and for the log."""

import json
import logging
from collections.abc import Callable, Collection
from dataclasses import fields
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click

from drift_mcp.settings import TOPICS, Hosting, Settings

if TYPE_CHECKING:
    from drift_mcp.switchboard import Switchboard
    from drift_mcp.toolbox import Toolbox

Command = Callable[..., Any]

NO_FILE = "name the server's file of connections with --connections or in DRIFT_CONNECTIONS"


class Setting(click.Option):
    """The option of a setting, with the topic under which the help shows it."""

    def __init__(self, *args: Any, topic: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.topic = topic


class SettingsCommand(click.Command):
    """A command with settings: its help has them by topic, and leaves out those that say nothing to it."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        topics: dict[str, list[tuple[str, str]]] = {"Options": []}
        for each in self.get_params(ctx):
            if isinstance(each, click.Option) and (record := each.get_help_record(ctx)):
                topics.setdefault(each.topic if isinstance(each, Setting) else "Options", []).append(record)
        for topic, records in topics.items():
            with formatter.section(topic):
                formatter.write_dl(records)
        if any(isinstance(each, Setting) and each.hidden for each in self.params):
            formatter.write_paragraph()
            formatter.write_text("It takes every other setting of `drift-mcp serve` too, and its environment variable.")


def with_settings(
    command: Command,
    kind: type[Settings] | type[Hosting] = Settings,
    argument: str = "settings",
    *,
    unchecked: bool = False,
    shown: Collection[str] | None = None,
) -> Command:
    """Gives `command` one option per setting, each with its environment variable, as a `Settings` in `settings`.

    Or, `unchecked`, as a function that makes them and raises InvalidSetting where they cannot work. `shown` are the
    settings that its help has, by default all of them; the others work as well.
    """

    @wraps(command)
    def run(**values: Any) -> Any:
        chosen = {each.name: values.pop(each.name) for each in fields(kind)}
        make = partial(kind, **chosen)
        return command(**{argument: make if unchecked else make()}, **values)

    decorated: Command = run
    topics = _topics(kind)
    for each in reversed(fields(kind)):
        switch = isinstance(each.default, bool)
        decorated = click.option(
            f"--{each.name.replace('_', '-')}",
            each.name,
            cls=Setting,
            topic=topics[each.name],
            envvar=each.metadata["env"],
            show_envvar=True,
            default=each.default,
            show_default=bool(each.default),
            is_flag=switch,
            type=None if switch else type(each.default),
            help=each.metadata["help"],
            hidden=shown is not None and each.name not in shown,
        )(decorated)
    return decorated


with_hosting = partial(with_settings, kind=Hosting, argument="hosting")


def _topics(kind: type[Settings] | type[Hosting]) -> dict[str, str]:
    """The topic of each setting."""
    topic, found = "", dict[str, str]()
    for each in fields(kind):
        topic = found[each.name] = TOPICS.get(each.name, topic)
    return found


def toolbox_of(switchboard: "Switchboard", name: str | None) -> "Toolbox":
    """The toolbox of the connection of that name, by default of the default one.

    Raises:
        click.UsageError: there is no such connection.
    """
    try:
        return switchboard.toolbox(name or None)
    except KeyError:
        hint = "" if switchboard.toolbox().connection.settings.connections else f"; {NO_FILE}"
        raise click.UsageError(f"there is no connection {name!r}, only {', '.join(switchboard.names)}{hint}") from None


_TEXT = {"idempotency_key", "preview_token"}
"""Arguments whose values are text whatever they look like: no operation's model says so of these."""


def read_arguments(pairs: tuple[str, ...], json_text: str | None) -> dict[str, Any]:
    """The arguments of an operation, of both ways to write them.

    Raises:
        click.UsageError: they cannot be read, or one is there twice.
    """
    arguments: dict[str, Any] = {}
    if json_text is not None:
        try:
            arguments = json.loads(json_text)
        except ValueError as error:
            raise click.UsageError(f"--json is not JSON: {error}") from None
        except RecursionError:
            raise click.UsageError("--json is nested too deep") from None
        if not isinstance(arguments, dict):
            raise click.UsageError("--json must be an object, such as '{\"limit\": 5}'")
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{pair!r} is not KEY=VALUE")
        if key in arguments:
            raise click.UsageError(f"{key} is given twice")
        arguments[key] = value if key in _TEXT else _value(value)
    return arguments


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    # 00123 is not JSON, but 123e4 or NaN would be read as a number nobody meant.
    return text if isinstance(value, float) and not _plain_number(text) else value


def _plain_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def unknown_tool(tool: str, known: list[str]) -> NoReturn:
    from difflib import get_close_matches

    close = get_close_matches(tool, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else "See `drift-mcp tools`."
    raise click.UsageError(f"there is no tool named {tool!r}. {hint}")


def one_line(text: str) -> str:
    """`text` as a terminal may show it: nothing that it would obey, and no line that `text` began by itself."""
    from drift_mcp.text import visible

    return " ".join(visible(text).splitlines())


def log_to_stderr(settings: Settings) -> None:
    """Raises click.UsageError: there is no such level."""
    from drift_mcp.telemetry.logs import to_stderr

    level = settings.log_level.upper()
    if level not in logging.getLevelNamesMapping():
        raise click.UsageError(f"log-level must be DEBUG, INFO, WARNING or ERROR, not {settings.log_level!r}")
    to_stderr(level, settings.log_format)
    # These log request lines and headers at DEBUG; a token has no business near them.
    for name in ("httpx", "httpcore", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)

"""`drift-mcp audit`: who wrote what to Drift, and how it ended."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import click

from drift_mcp.audit import one_each
from drift_mcp.audit_file import AuditFile
from drift_mcp.commands.options import NO_FILE, SettingsCommand, one_line, with_settings
from drift_mcp.settings import Settings

Line = dict[str, Any]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_COLUMNS = ("time", "principal", "connection", "tool", "ids", "outcome", "status", "ms")
_ENDS = ("begun", "applied", "refused", "not_applied", "unknown", "declined")


@click.command(cls=SettingsCommand)
@click.option(
    "--since", metavar="TIME", help="From this time on, such as 2026-11-21T09:00:00Z, or 30m, 8h, 7d for so long ago."
)
@click.option("--tool", help="Only this tool, or the parts of this job.")
@click.option("--connection", help="Only this connection.")
@click.option("--principal", help="Only this caller.")
@click.option("--outcome", type=click.Choice(_ENDS), help="Only what ended so.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines as they are.")
@partial(with_settings, shown={"connections", "state_dir", "audit_file"})
def audit(since: str | None, tool: str | None, as_json: bool, settings: Settings, **only: str | None) -> None:
    """Show who wrote what to Drift, and how it ended: the oldest first, full files included.

    What is begun is under way, or its server was killed: whether it was applied is to be looked up in Drift.
    """
    start = _time(since) if since else ""
    wanted = {name: value for name, value in only.items() if value}
    if not settings.audit_file:
        settings.usable_state(writing=False)
    files = _files(settings)
    try:
        every = one_each(_lines(files))
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be read ({error.strerror})") from None
    found = [
        line
        for line in every
        if line["time"] >= start
        and (tool is None or tool in {line["tool"], line.get("job")})
        and all(line[name] == value for name, value in wanted.items())
    ]
    found.sort(key=lambda line: line["time"])
    if not found:
        click.echo(f"drift-mcp: {_nothing(files, len(every))}", err=True)
    others = sorted(path.parent.name for path in settings.state().glob("connections/*/audit.jsonl"))
    if others and not settings.connections:
        click.echo(f"drift-mcp: the audit of {', '.join(others)} is not among it: {NO_FILE}", err=True)
    click.echo("\n".join(map(json.dumps, found)) if as_json else _table(found), nl=bool(found) or not as_json)


def _files(settings: Settings) -> list[AuditFile]:
    """The files of every connection, each once."""
    from drift_mcp import connections

    switchboard = connections.load(settings)
    files = [switchboard.toolbox(name).connection.audit.file() for name in switchboard.names]
    return list({file.path.absolute(): file for file in files if file}.values())


def _lines(files: list[AuditFile]) -> Iterator[Line]:
    """Every line. What is no line of the audit is passed over, and how many were is told."""
    unreadable = 0
    for file in files:
        for text in file.lines():
            try:
                line = json.loads(text)
                readable = {"time", "principal", "connection", "tool", "ids", "outcome"} <= set(line)
            except (ValueError, TypeError):
                readable = False
            if readable:
                yield line
            else:
                unreadable += 1
    if unreadable:
        click.echo(f"drift-mcp: {unreadable} lines are cut short or no lines of the audit", err=True)


def _nothing(files: list[AuditFile], lines: int) -> str:
    """Where nothing was found."""
    if not files:
        return "the audit is off (--audit-file, DRIFT_AUDIT_FILE)"
    places = ", ".join(str(file.path.absolute()) for file in files)
    if lines:
        return f"none of the {lines} lines in {places} is asked for"
    return f"no line is in {places}; a server with another --state-dir (DRIFT_STATE_DIR) has its audit there"


def _time(text: str) -> str:
    """The time that `text` means, as lines have it."""
    return moment(text).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The time that the value of `--since` means.

    Raises:
        click.UsageError: it means none.
    """
    ago = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    try:
        time = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])}) if ago else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        hint = "give 2026-11-21T09:00:00Z, or 8h for 8 hours ago"
        raise click.UsageError(f"--since: {text!r} is no time; {hint}") from None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return time.astimezone(UTC)


def _table(lines: list[Line]) -> str:
    # A caller's name may come from elsewhere, and what a terminal would obey has no business in it.
    rows = [_COLUMNS, *(tuple(one_line(_cell(line, name)) for name in _COLUMNS) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ("  ".join(map(str.ljust, row, widths)) for row in rows)
    return "\n".join(row.rstrip() for row in padded)


def _cell(line: Line, name: str) -> str:
    if name == "ids":
        return " ".join(f"{field}={value}" for field, value in line["ids"].items())
    if name == "tool" and "job" in line:
        return f"{line['tool']} ({line['job']})"
    if name == "outcome" and "reason" in line:
        return f"{line['outcome']} ({line['reason']})"
    return str(line.get(name, ""))

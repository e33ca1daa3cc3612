"""`drift-mcp find`: the operations that do what somebody wants."""

import json
import sys

import click


@click.command()
@click.argument("intent", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True, help="How many operations.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead, with the schemas of the arguments.")
def find(intent: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find operations for an intent such as "reply to a conversation". Exits with 1 when nothing fits.

    Needs no token: it looks through the whole catalogue, whatever a server's policy is.
    """
    from drift_mcp import catalogue, intents
    from drift_mcp.workflows.discovery import NOTHING

    index, entries, text = intents.index(), catalogue.load(), " ".join(intent)
    found = {
        "operations": [entries[match.name] for match in index.search(text, limit)],
        "jobs": [entries[match.name] for match in index.jobs(text)],
    }
    if as_json:
        records = {
            kind: [{**entry.tool, "risk": entry.access, "scope": entry.scope} for entry in group]
            for kind, group in found.items()
        }
        click.echo(json.dumps(records, ensure_ascii=False, indent=2))
    for entry in [] if as_json else [*found["operations"], *found["jobs"]]:
        needs = f"scope {entry.scope}" if entry.scope else "no scope"
        click.echo(f"{entry.name}: {entry.tool['title']}")
        click.echo(f"  {entry.tool['description']}")
        click.echo(f"  {entry.access} · {needs} · {'one call' if entry.path else 'a job of several calls'}")
    if not any(found.values()):
        click.echo(NOTHING, err=True)
        sys.exit(1)

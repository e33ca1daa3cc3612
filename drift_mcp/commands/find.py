"""`drift-mcp find`: the operations and jobs that do what somebody wants."""

import json
import sys

import click


@click.command()
@click.argument("intent", nargs=-1, required=True)
@click.option(
    "--limit",
    type=click.IntRange(1, 10),
    default=3,
    show_default=True,
    help="How many operations; jobs that suit come besides.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead, with the schemas of the arguments.")
def find(intent: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find operations and jobs for an intent such as "reply to a conversation". Exits with 1 when nothing fits.

    Needs no token: it looks through the whole catalogue, whatever a server's policy is.
    """
    from drift_mcp import catalogue
    from drift_mcp.workflows.discovery import NOTHING, ranked

    entries = catalogue.load()
    found = [entries[name] for name in ranked(" ".join(intent), limit)]
    if as_json:
        records = [
            {**entry.tool, "kind": "operation" if entry.path else "job", "risk": entry.access, "scope": entry.scope}
            for entry in found
        ]
        click.echo(json.dumps({"operations": records}, ensure_ascii=False, indent=2))
    for entry in [] if as_json else found:
        needs = f"scope {entry.scope}" if entry.scope else "no scope"
        kind = "operation: one call" if entry.path else "job: several calls in one"
        click.echo(f"{entry.name}: {entry.tool['title']}")
        click.echo(f"  {entry.tool['description']}")
        click.echo(f"  {entry.access} · {needs} · {kind}")
    if not found:
        click.echo(NOTHING, err=True)
        sys.exit(1)

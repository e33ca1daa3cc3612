"""`drift-mcp demo`: an agent at work, against the sandbox."""

import sys

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def demo(as_json: bool) -> None:
    """Watch an agent reply to a Drift conversation, against the sandbox."""
    from drift_mcp.demo import main as play

    sys.exit(play(as_json=as_json))

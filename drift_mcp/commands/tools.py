"""`drift-mcp tools`: every operation."""

import json

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead.")
def tools(as_json: bool) -> None:
    """List every operation."""
    from drift_mcp.listing import as_lines, as_records

    if as_json:
        click.echo(json.dumps(as_records(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(as_lines()))

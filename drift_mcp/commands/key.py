"""`drift-mcp key`: a key for a caller over HTTP."""

import json

import click


@click.command()
@click.argument("name")
def key(name: str) -> None:
    """Make a key for a caller over HTTP: the key itself, and its entry for the file of --keys.

    The key is shown this once; the entry holds only its hash.
    """
    from pydantic import ValidationError

    from drift_mcp.http.keys import new_key
    from drift_mcp.http.principals import Grant

    try:
        Grant(name=name)
    except ValidationError as error:
        raise click.UsageError(f"NAME cannot be that of a caller: {error.errors()[0]['msg']}") from None
    secret, entry = new_key(name)
    click.echo(f"{secret}\n{json.dumps(entry, ensure_ascii=False)}")
    click.echo('Give the first line to the caller, and put the second into "keys" of the keys file.', err=True)

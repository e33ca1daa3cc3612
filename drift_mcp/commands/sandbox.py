"""`drift-mcp sandbox`: a local Drift over HTTP."""

from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File to keep the state in.")
@click.option("--token", help="The bearer token to accept.")
@click.option("--org", type=click.IntRange(1), help="Id of the organisation, to play several with several sandboxes.")
@click.option("--token-seconds", default=7200, show_default=True, type=click.IntRange(1), help="Life of OAuth tokens.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="OAuth: an address beside loopback; repeatable.")
@click.option("--redirect-typo", is_flag=True, help="OAuth: redirect to ?code=…?state=…, as Drift's docs print it.")
@click.option("--webhook-url", metavar="URL", help="Where to post events to.")
@click.option("--webhook-token", help="The verification token of events.")
@click.option("--faults", metavar="KIND:SHARE,…", help="Faults to inject, such as reset_after:0.02,429:0.05.")
@click.option("--fault-seed", default=0, show_default=True, help="Another number makes other requests fail.")
@click.option("--rate-limit", type=click.IntRange(1), help="Calls a minute for each token (reports: 60).")
def sandbox(
    *,
    host: str,
    port: int,
    state: Path | None,
    token: str | None,
    org: int | None,
    token_seconds: int,
    redirect_uris: tuple[str, ...],
    redirect_typo: bool,
    webhook_url: str | None,
    webhook_token: str | None,
    faults: str | None,
    fault_seed: int,
    rate_limit: int | None,
) -> None:
    """Run a local Drift over HTTP, to develop against."""
    from drift_mcp.sandbox import SANDBOX_TOKEN
    from drift_mcp.sandbox.faults import BadPlan
    from drift_mcp.sandbox.serve import CannotListen
    from drift_mcp.sandbox.serve import serve as serve_sandbox
    from drift_mcp.sandbox.state import BadStateFile
    from drift_mcp.sandbox.webhooks import BadSettings

    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise click.UsageError("--token must be visible ASCII characters, or no request can carry it")
    plan = None if faults is None else {"faults": faults, "seed": fault_seed}
    try:
        serve_sandbox(
            host,
            port,
            state,
            token or SANDBOX_TOKEN,
            org=org,
            token_seconds=token_seconds,
            redirect_uris=redirect_uris,
            redirect_typo=redirect_typo,
            webhook_url=webhook_url,
            webhook_token=webhook_token,
            faults=plan,
            rate_limit=rate_limit,
        )
    except (BadStateFile, BadPlan, BadSettings, CannotListen) as error:
        raise click.UsageError(str(error)) from None

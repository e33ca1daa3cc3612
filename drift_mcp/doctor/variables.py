"""Variables that somebody seems to have set for the token, though nothing reads them. Their names only, no value."""

import re
from collections.abc import Collection
from dataclasses import fields

from drift_mcp.credentials.source import VARIABLES
from drift_mcp.settings import Hosting, Settings

_LIKE_THE_TOKENS = re.compile(r"DRIFT_(\w+_)?(TOKEN|KEY|SECRET|BEARER|AUTH|AUTHORIZATION)", re.IGNORECASE)
_READ = {*VARIABLES, "DRIFT_CLIENT_SECRET"} | {each.metadata["env"] for each in (*fields(Settings), *fields(Hosting))}


def unread(names: Collection[str], webhooks: str) -> list[str]:
    """Those of `names` that are like the token's variable, but that nothing reads without a file of connections.

    `webhooks` is the name of the variable with the token of Drift's webhooks.
    """
    return sorted(name for name in names if _LIKE_THE_TOKENS.fullmatch(name) and name not in {*_READ, webhooks})

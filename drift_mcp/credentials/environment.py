"""The token from an environment variable, read at each call."""

import os

from pydantic import SecretStr

from drift_mcp.credentials import MissingCredential

VARIABLE = "DRIFT_ACCESS_TOKEN"


class EnvironmentCredential:
    """The token in `DRIFT_ACCESS_TOKEN`: a private app's or an OAuth one (devdocs: authentication-and-scopes)."""

    async def token(self) -> SecretStr:
        value = os.environ.get(VARIABLE, "").strip()
        if not value:
            raise MissingCredential
        return SecretStr(value)

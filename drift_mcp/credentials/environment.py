"""Credentials from environment variables, read at each call."""

import os

from pydantic import SecretStr

from drift_mcp.credentials import CLIENT, ClientCredentials, MissingCredential

VARIABLE = "DRIFT_ACCESS_TOKEN"


def has_token() -> bool:
    """Whether there is a token at all, without opening it."""
    return bool(os.environ.get(VARIABLE, "").strip())


class EnvironmentCredential:
    """The token in `DRIFT_ACCESS_TOKEN`: a private app's or an OAuth one (devdocs: authentication-and-scopes)."""

    async def token(self) -> SecretStr:
        value = os.environ.get(VARIABLE, "").strip()
        if not value:
            raise MissingCredential
        return SecretStr(value)

    async def client(self) -> ClientCredentials:
        """The app's id and secret, in `DRIFT_CLIENT_ID` and `DRIFT_CLIENT_SECRET`."""
        client_id = os.environ.get("DRIFT_CLIENT_ID", "").strip()
        secret = os.environ.get("DRIFT_CLIENT_SECRET", "").strip()
        if not client_id or not secret:
            raise MissingCredential(CLIENT)
        return ClientCredentials(client_id, SecretStr(secret))

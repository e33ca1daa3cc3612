"""Credentials from environment variables, read at each call."""

import os

from pydantic import SecretStr

from drift_mcp.credentials import ACCESS, CLIENT, AppSource, ClientCredentials, Credential, MissingCredential
from drift_mcp.credentials.shown import shown_variable

VARIABLE = "DRIFT_ACCESS_TOKEN"


def read(variable: str) -> str:
    """The value without the blanks and line breaks around it, "" when there is none."""
    return os.environ.get(variable, "").strip()


def app() -> ClientCredentials:
    """The app's id and secret, in `DRIFT_CLIENT_ID` and `DRIFT_CLIENT_SECRET`.

    Raises:
        MissingCredential: one of them is not set.
    """
    client_id, secret = read("DRIFT_CLIENT_ID"), read("DRIFT_CLIENT_SECRET")
    if not client_id or not secret:
        raise MissingCredential(CLIENT)
    return ClientCredentials(client_id, SecretStr(secret))


class EnvironmentCredential(Credential):
    """The token in a variable: a private app's or an OAuth one (devdocs: authentication-and-scopes)."""

    def __init__(self, variable: str = VARIABLE, app: AppSource = app) -> None:
        super().__init__(app)
        self._variable = variable

    async def token(self) -> SecretStr:
        value = read(self._variable)
        if not value:
            name = shown_variable(self._variable, "that `token_env` names")
            raise MissingCredential(ACCESS, f"The environment variable {name} is not set.")
        return SecretStr(value)

    async def available(self) -> bool:
        return bool(read(self._variable))

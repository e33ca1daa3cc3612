"""Where Drift's token comes from. One module per provider; this one holds what they have in common."""

from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import SecretStr

ACCESS: Final = "access"
CLIENT: Final = "client"


class MissingCredential(Exception):
    """A credential that the call needs is not to be had: `ACCESS` to Drift, or `CLIENT` for the app's own."""

    def __init__(self, what: str = ACCESS) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The identity of the Drift app itself, which uninstalling it asks for (devdocs: app-uninstall)."""

    client_id: str
    client_secret: SecretStr


class CredentialProvider(Protocol):
    """Answers "a token for this connection, now".

    Called once per request, so that a rotated or refreshed token is used at once. The token travels as `SecretStr`
    and is opened in one place only, `drift.auth.BearerAuth`.
    """

    async def token(self) -> SecretStr:
        """The token to use now.

        Raises:
            MissingCredential: there is none.
        """
        ...

    async def client(self) -> ClientCredentials:
        """The app's own credentials.

        Raises:
            MissingCredential: they are not configured.
        """
        ...


class FixedCredential:
    """Credentials that are known from the start, such as the sandbox's."""

    def __init__(self, token: str, client: ClientCredentials | None = None) -> None:
        self._token = SecretStr(token)
        self._client = client

    async def token(self) -> SecretStr:
        return self._token

    async def client(self) -> ClientCredentials:
        if self._client is None:
            raise MissingCredential(CLIENT)
        return self._client

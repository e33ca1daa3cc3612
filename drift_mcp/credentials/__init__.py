"""Where Drift's token comes from. One module per provider; this one holds what they have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import SecretStr

ACCESS: Final = "access"
CLIENT: Final = "client"


def ways_to_connect(login: str = "drift-mcp login --token") -> str:
    """What to ask of the user where nothing gives a token yet; `login` is what they type to log in."""
    return (
        "Ask the user to do one of these: set DRIFT_ACCESS_TOKEN to a Drift token in the server's environment (in the "
        f"MCP config: env); run `{login}`; or start the server with --sandbox, a local Drift to try things on without "
        "a token."
    )


class MissingCredential(Exception):
    """A credential that the call needs is not to be had: `ACCESS` to Drift, or `CLIENT` for the app's own.

    `problem` says in whole sentences what is wrong and what the user can do, or "". It holds nothing of a secret, no
    path and no command, so it may be shown to an agent.
    """

    def __init__(self, what: str = ACCESS, problem: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.problem = problem


class UnreachableCredential(MissingCredential):
    """A credential that cannot be had at this moment; trying again may help."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The identity of the Drift app itself: renewing a token and uninstalling ask for it (devdocs: app-uninstall)."""

    client_id: str
    client_secret: SecretStr


class CredentialProvider(Protocol):
    """Answers "a token for this connection, now".

    Asked once per request, so that a rotated or refreshed token is used at once. The token travels as `SecretStr`
    and is opened only where it is sent (`drift.auth.BearerAuth`, `token_endpoint`) or kept (`store`).
    """

    async def token(self) -> SecretStr:
        """The token to use now.

        Raises:
            MissingCredential: there is none.
        """
        ...

    async def renew(self, refused: SecretStr) -> SecretStr | None:
        """Another token than `refused`, which Drift did not accept; None if there is no other.

        Raises:
            MissingCredential: there is none any more, and a person has to do something about it.
            UnreachableCredential: whether there is one cannot be found out now.
        """
        ...

    async def client(self) -> ClientCredentials:
        """The app's own credentials.

        Raises:
            MissingCredential: they are not configured.
        """
        ...

    async def available(self) -> bool:
        """Whether there seems to be a token, found out at little cost: no secret is opened, nothing is run or sent."""
        ...

    def secrets(self) -> tuple[SecretStr, ...]:
        """What it has sent besides the token and no answer may show: the app's secret, refresh tokens."""
        ...


AppSource = Callable[[], ClientCredentials]
"""Reads the app's own credentials. Raises MissingCredential(CLIENT)."""


def no_app() -> ClientCredentials:
    """There are no credentials of the app's own."""
    raise MissingCredential(CLIENT)


class Credential(CredentialProvider):
    """A provider whose token cannot be renewed: the base of those that can do more."""

    def __init__(self, app: AppSource = no_app) -> None:
        self._app = app

    async def renew(self, refused: SecretStr) -> SecretStr | None:
        return None

    async def client(self) -> ClientCredentials:
        return self._app()

    async def available(self) -> bool:
        return True

    def secrets(self) -> tuple[SecretStr, ...]:
        return ()


class FixedCredential(Credential):
    """Credentials that are known from the start, such as the sandbox's."""

    def __init__(self, token: str, client: ClientCredentials | None = None) -> None:
        super().__init__(no_app if client is None else lambda: client)
        self._token = SecretStr(token)

    async def token(self) -> SecretStr:
        return self._token

"""Where Drift's token comes from. One module per provider; this one holds what they have in common."""

from typing import Protocol

from pydantic import SecretStr


class MissingCredential(Exception):
    """There is no token to be had for this connection."""


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


class FixedCredential:
    """A token that is known from the start, such as the sandbox's."""

    def __init__(self, token: str) -> None:
        self._token = SecretStr(token)

    async def token(self) -> SecretStr:
        return self._token

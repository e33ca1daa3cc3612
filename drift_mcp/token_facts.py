"""What Drift says of the token in use: its organisation and its scopes. Asked once for each token.

What is kept for one organisation (answers, keyed writes, confirmations) must never serve another, and a connection may
get a token of another one at any time: by a login, in a file, from a vault. A renewed token of the same one changes
nothing.
"""

import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import anyio
from pydantic import SecretStr

from drift_mcp.credentials import (
    ACCESS,
    ClientCredentials,
    CredentialProvider,
    MissingCredential,
    UnreachableCredential,
)
from drift_mcp.drift.errors import (
    DriftError,
    Forbidden,
    InvalidRequest,
    NotConnected,
    NotFound,
    TimedOut,
    UnexpectedStatus,
    Unreachable,
)
from drift_mcp.within import within

ASK_AGAIN = 10.0
"""Seconds for which it is taken for granted that Drift cannot tell, so that no call after call asks it in vain."""

_only: ContextVar[str] = ContextVar("drift_mcp_only", default="")
_used: ContextVar[list[SecretStr] | None] = ContextVar("drift_mcp_used", default=None)
"""While Drift is asked about a token: those that were used for that, as each try takes the one there is then."""


def only_in(organisation: str) -> AbstractContextManager[str]:
    """Inside, nothing is sent with a token of another organisation than this one. Inside another, that one counts."""
    return within(_only, _only.get() or organisation)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of `token`. `scopes` None: Drift did not tell them.

    `organisation` is one text for each organisation; where Drift did not tell that (`named`), for each token. It is not
    shown.
    """

    token: SecretStr
    scopes: frozenset[str] | None
    organisation: str
    named: bool


class TokenFacts:
    """`token` answers the token to use now, `ask` what `get_token_info` answers of whichever is used then."""

    def __init__(self, token: Callable[[], Awaitable[SecretStr]], ask: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._token = token
        self._ask = ask
        self._asking = anyio.Lock()
        self._failed: tuple[SecretStr, DriftError] | None = None
        self._asked_at = -math.inf
        self.latest: Facts | None = None
        """What is known of the token that was last asked about."""

    async def now(self, patience: float = math.inf) -> Facts:
        """What is known of the token to use now. `patience`: how long Drift's answer is waited for, in seconds.

        Raises:
            DriftError: there is none, or Drift does not answer.
        """
        known = self._known(await self._current())
        if known is not None:
            return known
        with anyio.move_on_after(patience):
            async with self._asking:
                return await self._asked()
        raise TimedOut

    def _known(self, token: SecretStr) -> Facts | None:
        """
        Raises:
            DriftError: Drift was asked a moment ago, and failed.
        """
        latest = self.latest
        if latest is not None and latest.token == token and latest.named:
            return latest
        if anyio.current_time() >= self._asked_at + ASK_AGAIN:
            return None
        if self._failed is not None and self._failed[0] == token:
            error = self._failed[1]
            raise type(error)(error.detail, status=error.status, retry_after=error.retry_after)
        return latest if latest is not None and latest.token == token else None

    async def _asked(self) -> Facts:
        token = await self._current()
        while (known := self._known(token)) is None:  # or else somebody else has asked meanwhile
            try:
                self.latest, self._failed = await self._told(token), None
            except DriftError as error:
                self._failed = token, error
                raise
            finally:
                self._asked_at = anyio.current_time()
            token = await self._current()  # there may be another one by now
        return known

    async def _told(self, token: SecretStr) -> Facts:
        """What Drift tells of the token that it is asked with: `token`, or another one that has come meanwhile."""
        used = [token]
        try:
            with within(_used, used):
                told = await self._ask()
        except (Forbidden, InvalidRequest, NotFound, UnexpectedStatus):
            told = {}  # it answers, but not this
        number = told.get("org_id")
        whose = f"organisation {number}" if isinstance(number, int) else f"token {_digest(used[-1])}"
        return Facts(used[-1], frozenset(told.get("scopes") or ()) or None, whose, isinstance(number, int))

    async def _current(self) -> SecretStr:
        try:
            return await self._token()
        except UnreachableCredential:
            raise Unreachable from None
        except MissingCredential as missing:
            raise NotConnected(missing.problem) from None


class BoundCredential(CredentialProvider):
    """`provider`, as `only_in` lets it be used. `facts` are of its tokens."""

    def __init__(self, provider: CredentialProvider, facts: TokenFacts) -> None:
        self._provider = provider
        self._facts = facts

    async def token(self) -> SecretStr:
        return await self._checked(await self._provider.token())

    async def renew(self, refused: SecretStr) -> SecretStr | None:
        other = await self._provider.renew(refused)
        return None if other is None else await self._checked(other)

    async def client(self) -> ClientCredentials:
        return await self._provider.client()

    async def available(self) -> bool:
        return await self._provider.available()

    def secrets(self) -> tuple[SecretStr, ...]:
        return self._provider.secrets()

    async def _checked(self, token: SecretStr) -> SecretStr:
        """`token`, or the one to use now, where it may be of one organisation only."""
        if (used := _used.get()) is not None:
            used.append(token)
            return token
        if not _only.get():
            return token
        try:
            facts = await self._facts.now()
        except DriftError:
            raise UnreachableCredential(ACCESS, "Drift does not say which organisation the token is of.") from None
        if facts.organisation != _only.get():
            raise MissingCredential(ACCESS, "The connection has got a token of another organisation meanwhile.")
        return facts.token


def _digest(token: SecretStr) -> str:
    return sha256(token.get_secret_value().encode()).hexdigest()

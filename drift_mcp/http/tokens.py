"""Access tokens (JWT, RFC 9068): callers whom an authorization server has let in, and what each gets here."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from pydantic import BaseModel, ConfigDict, Field

from drift_mcp.http.issuer import ALGORITHMS, Issuer
from drift_mcp.http.principals import Check, Grant, Principal, check_all
from drift_mcp.http.watched import Watched, read_model

LEEWAY = 60.0
"""Seconds by which the issuer's clock may differ from ours."""
MAX_TOKEN = 16_000
_TYPES = {"jwt", "at+jwt", "application/at+jwt"}
_CLIENTS = ("client_id", "azp")


class InvalidToken(Exception):
    """The token does not count here. The message may be shown to whoever sent it."""


class LacksScope(Exception):
    """The token is good, but not for enough."""


class NotGranted(Exception):
    """The token is good, but the operator has given its holder nothing."""


class _Caller(Grant):
    """Whoever's token has `value` in `claim`, alone or among others."""

    claim: str = Field(default="sub", min_length=1)
    value: str = Field(min_length=1)

    def covers(self, claims: Mapping[str, Any]) -> bool:
        found = claims.get(self.claim)
        return self.value == found or (isinstance(found, list) and self.value in found)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    callers: list[_Caller]


class AccessTokens:
    """Tokens of `issuer` for `audience`, which is this server's URL, with all of `scopes`.

    Raises:
        InvalidSetting: the file of callers cannot be used; or `check` raises it for one of them.
    """

    def __init__(self, issuer: Issuer, audience: str, scopes: list[str], callers: Path, check: Check) -> None:
        self._issuer = issuer
        self._audience = audience
        self._scopes = scopes
        self._file = Watched(callers, lambda path: _load(path, check))

    def names(self) -> set[str]:
        """The names of the entries, in lower case."""
        return {caller.name.lower() for caller in self._file.said}

    async def principal(self, token: str) -> Principal:
        """Whose token it is.

        Raises:
            InvalidToken, LacksScope, NotGranted: nobody's who gets something here.
            Unreachable: the issuer's keys cannot be had now.
        """
        claims = await self._claims(token)
        if not set(self._scopes) <= _scopes(claims):
            raise LacksScope
        for caller in self._file.now():
            if caller.covers(claims):
                return caller.principal(_part(caller.claim, claims))
        raise NotGranted

    async def _claims(self, token: str) -> Mapping[str, Any]:
        if len(token) > MAX_TOKEN:
            raise InvalidToken("The access token is too long.")
        try:
            header = jwt.get_unverified_header(token)
            if str(header.get("typ", "jwt")).lower() not in _TYPES:
                raise InvalidToken("This is no access token.")
            key = await self._issuer.key(header.get("kid"))
            if key is None:
                raise InvalidToken("The access token is signed with a key that its issuer does not have.")
            return jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer.url,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True},
            )
        except jwt.ExpiredSignatureError:
            raise InvalidToken("The access token has expired.") from None
        except jwt.InvalidAudienceError:
            raise InvalidToken("The access token is for another server.") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise InvalidToken("The access token is not valid.") from None


def _load(path: Path, check: Check) -> list[_Caller]:
    callers = read_model(path, _File, "oauth_callers", secret=False).callers
    check_all(callers, check, "oauth_callers")
    return callers


def _scopes(claims: Mapping[str, Any]) -> set[str]:
    """Text with blanks between (RFC 9068 section 2.2.3); some issuers make a list of it, or call it `scp`."""
    said = claims.get("scope", claims.get("scp", ""))
    words = said.split() if isinstance(said, str) else said
    return {word for word in words if isinstance(word, str)} if isinstance(words, list) else set()


def _part(claim: str, claims: Mapping[str, Any]) -> str:
    """Tells the holders apart whom an entry for `claim` covers, without naming a person in a log.

    Raises:
        InvalidToken: nothing does.
    """
    if claim == "sub":
        return ""
    if subject := claims.get("sub"):
        return _digest(str(subject))
    if claim in _CLIENTS:
        return ""  # a client that acts for itself, of some issuers
    for name in _CLIENTS:
        if client := claims.get(name):
            return _digest(f"client {client}")
    raise InvalidToken("The access token does not say whose it is.")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

"""Drift's token endpoint: a code or a refresh token in, tokens out (drift-api.md §2.2).

The library does OAuth; this says what of it is Drift's: the secret in the form, both spellings of the answer, and what
a refusal means. Nothing that the endpoint says is logged or shown, because it may hold what was sent.
"""

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from pydantic import SecretStr

from drift_mcp.credentials import CLIENT, ClientCredentials, MissingCredential
from drift_mcp.credentials.tokens import Tokens

TIME_LIMIT = 20.0
"""Seconds for one exchange: less than a call to Drift may take."""
# The HTTP library logs addresses and the headers of answers: it is muted, at every level, as the gateway's is.
for _name in ("httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
    logging.getLogger(_name).addFilter(lambda _: False)

EXTRA = "OAuth needs more libraries: run pip install '.[oauth]' in the clone of drift-mcp."
_BAD_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
_BAD_APP = "Drift does not accept the app's id and secret; check DRIFT_CLIENT_ID and DRIFT_CLIENT_SECRET."
_SPELLINGS = {
    "accessToken": "access_token",
    "refreshToken": "refresh_token",
    "expiresIn": "expires_in",
    "orgId": "org_id",
}
_MILLISECONDS = 1_000_000
"""A life from here on is in milliseconds, as Drift documents it elsewhere (devdocs: get-token-information)."""
_LONGEST = 100 * 365 * 24 * 3600.0
"""Seconds; a later end is no date that could be shown."""


class Refused(Exception):
    """Drift does not take the code or the refresh token: it was used before, was revoked, or has ended."""


class NoAnswer(Exception):
    """Drift was not reached, failed, or its answer was lost. `sent`: it may have done what was asked."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("no usable answer")
        self.sent = sent


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """The endpoint at `url`. `clock` tells epoch seconds."""

    url: str
    clock: Callable[[], float] = time.time

    async def exchange(self, app: ClientCredentials, code: str, redirect_uri: str) -> Tokens:
        """The tokens for a one-time code.

        Raises:
            Refused, NoAnswer: there are none.
            MissingCredential: Drift does not know this app, or not with this secret.
        """
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return await self._ask("fetch_token", app, fields, Tokens(SecretStr("")))

    async def refresh(self, app: ClientCredentials, before: Tokens) -> Tokens:
        """The tokens that follow `before`, whose refresh token is spent then. Raises as `exchange` does."""
        assert before.refresh is not None
        return await self._ask("refresh_token", app, {"refresh_token": before.refresh.get_secret_value()}, before)

    async def _ask(self, method: str, app: ClientCredentials, fields: dict[str, str], before: Tokens) -> Tokens:
        try:
            import httpx2
            import truststore
            from authlib.integrations.httpx_client import AsyncOAuth2Client
        except ImportError:
            raise MissingCredential(problem=EXTRA) from None
        secret = app.client_secret.get_secret_value()
        if not (app.client_id + secret).isascii():  # RFC 6749, appendix A
            raise MissingCredential(CLIENT, _BAD_APP)
        client = AsyncOAuth2Client(
            app.client_id,
            secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - its name
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=TIME_LIMIT,
            follow_redirects=False,
        )
        for each in ("access_token_response", "refresh_token_response"):
            client.register_compliance_hook(each, _checked)
        try:
            with anyio.fail_after(TIME_LIMIT):
                async with client:
                    answer = await getattr(client, method)(self.url, **fields)
        except (Refused, NoAnswer, MissingCredential):
            raise
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol):
            raise NoAnswer(sent=False) from None
        except Exception:  # of the library, the network or the clock; its words may hold the form that was sent
            raise NoAnswer(sent=True) from None
        return _tokens(answer, self.clock(), before)


def _checked(response: Any) -> Any:
    """The answer as the library reads it, which knows one spelling, and takes any JSON object for tokens.

    Raises:
        Refused, NoAnswer, MissingCredential: it is not one.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str) and error in _BAD_CLIENT:
        raise MissingCredential(CLIENT, _BAD_APP)
    if response.status_code in {400, 401, 403}:
        raise Refused
    if not response.is_success or not isinstance(body, dict) or error:
        raise NoAnswer(sent=True)
    plain = {_SPELLINGS.get(name, name): value for name, value in body.items()}
    if not isinstance(plain.get("access_token"), str) or not plain["access_token"]:
        raise NoAnswer(sent=True)
    if not isinstance(plain.get("refresh_token"), str):
        plain.pop("refresh_token", None)
    plain["expires_in"] = int(_seconds(plain.get("expires_in")))
    return type(response)(200, json=plain)


def _seconds(life: Any) -> float:
    """The life of a token; 0 where the answer does not say, for one that ends when it is revoked."""
    try:
        number = 0 if isinstance(life, bool) else float(life)
    except (TypeError, ValueError, OverflowError):
        return 0
    if not 0 < number < float("inf"):
        return 0
    return min(number / 1000 if number >= _MILLISECONDS else number, _LONGEST)


def _tokens(answer: Mapping[str, Any], now: float, before: Tokens) -> Tokens:
    """`before`, with what the answer says anew."""
    refresh, life, organisation = answer.get("refresh_token"), answer["expires_in"], answer.get("org_id")
    return Tokens(
        access=SecretStr(answer["access_token"]),
        refresh=SecretStr(refresh) if refresh else before.refresh,
        obtained_at=now,
        expires_at=now + life if life else None,
        organisation=organisation if isinstance(organisation, int) else before.organisation,
    )

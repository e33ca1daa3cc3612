"""The one place where the token is opened and put on a request."""

import json
import re
import time
from collections.abc import AsyncGenerator, Callable
from weakref import WeakSet

import httpx
from pydantic import SecretStr

from drift_mcp.credentials import ACCESS, CredentialProvider, MissingCredential, UnreachableCredential
from drift_mcp.credentials.placeholders import why_no_token
from drift_mcp.drift.wire import Inject

_SHORTEST = 8
_REMEMBERED = 8
"""Secrets kept for redaction: a rotated token may still be echoed for a moment."""
_REFUSED = frozenset({401, 403})
"""Drift documents 403 for a token that it does not accept and for a missing scope (drift-api.md §11 row 16)."""
_PATIENCE = 300.0
"""Seconds in which a renewed token that was refused as well is not renewed again for the same answer."""
_TOKEN = re.compile(r"[\x21-\x7e]+")

INJECT = "drift_mcp.inject"
"""Request extension that names the `Inject` a call asks for."""
AGAIN = "drift_mcp.again"
"""Request extension that is awaited before the request is sent a second time."""


class ForeignHost(Exception):
    """A request was about to carry the token to a host that is not Drift's."""


class UnusableCredential(Exception):
    """The token cannot be a token: an HTTP header could not carry it, and the library would say so with the token."""


class BearerAuth(httpx.Auth):
    """Adds `Authorization: Bearer …` (devdocs: authentication-and-scopes) to calls of one origin, and no other.

    A call that Drift refuses is sent once more with another token, if there is one; it was not carried out before. A
    scope is missing from the other token too: that is remembered, so that such calls do not cost a renewal each.
    """

    def __init__(
        self, provider: CredentialProvider, base_url: httpx.URL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._in_vain: tuple[SecretStr, int] | None = None
        self._in_vain_until = 0.0
        self._origin = _origin(base_url)
        self._sent: dict[str, re.Pattern[bytes]] = {}
        _all.add(self)

    def redact(self, body: bytes) -> bytes:
        """`body` without any secret that was sent lately, should Drift have echoed one, as it is or encoded."""
        for written in self._sent.values():
            body = written.sub(b"[secret]", body)
        return body

    def _remember(self, secret: str) -> None:
        # What is shorter is no secret of Drift's, and would be found in words that have nothing to do with it.
        if len(secret) >= _SHORTEST:
            known = self._sent.pop(secret, None)  # to the end: what is in use is not forgotten
            self._sent[secret] = known or re.compile("".join(map(_written, secret)).encode())
            while len(self._sent) > _REMEMBERED:
                del self._sent[next(iter(self._sent))]

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if _origin(request.url) != self._origin:
            raise ForeignHost
        token = await self._provider.token()
        response = yield await self._signed(request, token)
        if response.status_code not in _REFUSED or self._is_in_vain(token, response.status_code):
            return
        try:
            other = await self._provider.renew(token)
        except UnreachableCredential:
            if response.status_code == 401:
                raise
            return  # Drift's own words say more
        if other is None:
            return
        await _discard(response)
        if AGAIN in request.extensions:
            await request.extensions[AGAIN]()
        response = yield await self._signed(request, other)
        if response.status_code in _REFUSED:
            self._in_vain, self._in_vain_until = (other, response.status_code), self._clock() + _PATIENCE

    def _is_in_vain(self, token: SecretStr, status: int) -> bool:
        return self._in_vain == (token, status) and self._clock() < self._in_vain_until

    async def _signed(self, request: httpx.Request, secret: SecretStr) -> httpx.Request:
        """`request` with the token, and the other secrets that its call asks for."""
        token = secret.get_secret_value()
        if why := why_no_token(token):
            raise MissingCredential(ACCESS, why)
        if not _TOKEN.fullmatch(token):
            raise UnusableCredential
        for other in self._provider.secrets():
            self._remember(other.get_secret_value())
        self._remember(token)
        request.headers["Authorization"] = f"Bearer {token}"
        inject = request.extensions.get(INJECT)
        if inject is Inject.TOKEN_IN_BODY:
            return _with_body(request, json.dumps({"access_token": token}).encode())
        if inject is Inject.CLIENT_IN_QUERY:
            request.url = request.url.copy_merge_params(await self._client())
        return request

    async def _client(self) -> dict[str, str]:
        client = await self._provider.client()
        secret = client.client_secret.get_secret_value()
        self._remember(secret)
        return {"clientId": client.client_id, "clientSecret": secret}


def _written(character: str) -> str:
    """A pattern for a character as it is, or escaped as URLs and JSON do it, more than once if need be."""
    if character.isascii() and character.isalnum():
        return character
    in_url = "".join(f"%(?:25)*{byte:02x}" for byte in character.encode())
    plus = r"|\+" if character == " " else ""
    return rf"(?:\\*{re.escape(character)}|(?i:{in_url}|\\+u{ord(character):04x}){plus})"


_all: WeakSet[BearerAuth] = WeakSet()


def redacted(text: str) -> str:
    """`text` without any secret that this process has sent lately, to whichever Drift."""
    body = text.encode("utf-8", "surrogatepass")
    for auth in list(_all):
        body = auth.redact(body)
    return body.decode("utf-8", "surrogatepass")


async def _discard(response: httpx.Response) -> None:
    """Ends an answer unread. The library would read all of it, however long, before it sends the next request."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    await response.stream.aclose()
    response.stream = httpx.ByteStream(b"")


def _with_body(request: httpx.Request, content: bytes) -> httpx.Request:
    """A copy of `request` with this JSON body: a built request's body cannot be changed."""
    headers = {name: value for name, value in request.headers.items() if name not in {"content-length", "content-type"}}
    headers["content-type"] = "application/json"
    return httpx.Request(
        request.method, request.url, headers=headers, content=content, extensions=dict(request.extensions)
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port

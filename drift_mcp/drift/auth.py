"""The one place where the token is opened and put on a request."""

import json
import re
from collections.abc import AsyncGenerator
from urllib.parse import quote, quote_plus

import httpx

from drift_mcp.credentials import CredentialProvider
from drift_mcp.drift.wire import Inject

_SHORTEST = 8
_REMEMBERED = 4
"""Secrets kept for redaction: a rotated token may still be echoed for a moment."""
_TOKEN = re.compile(r"[\x21-\x7e]+")

INJECT = "drift_mcp.inject"
"""Request extension that names the `Inject` a call asks for."""


class ForeignHost(Exception):
    """A request was about to carry the token to a host that is not Drift's."""


class UnusableCredential(Exception):
    """The token cannot be a token: an HTTP header could not carry it, and the library would say so with the token."""


class BearerAuth(httpx.Auth):
    """Adds `Authorization: Bearer …` (devdocs: authentication-and-scopes) to calls of one origin, and no other."""

    def __init__(self, provider: CredentialProvider, base_url: httpx.URL) -> None:
        self._provider = provider
        self._origin = _origin(base_url)
        self._sent: dict[str, tuple[bytes, ...]] = {}

    def redact(self, body: bytes) -> bytes:
        """`body` without any secret that was sent lately, should Drift have echoed one, as it is or encoded."""
        for forms in self._sent.values():
            for form in forms:
                body = body.replace(form, b"[secret]")
        return body

    def _remember(self, secret: str) -> None:
        # What is shorter is no secret of Drift's, and would be found in words that have nothing to do with it.
        if len(secret) >= _SHORTEST and secret not in self._sent:
            forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
            self._sent[secret] = tuple(form.encode() for form in sorted(forms, key=len, reverse=True))
            while len(self._sent) > _REMEMBERED:
                del self._sent[next(iter(self._sent))]

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if _origin(request.url) != self._origin:
            raise ForeignHost
        token = (await self._provider.token()).get_secret_value()
        if not _TOKEN.fullmatch(token):
            raise UnusableCredential
        self._remember(token)
        request.headers["Authorization"] = f"Bearer {token}"
        inject = request.extensions.get(INJECT)
        if inject is Inject.TOKEN_IN_BODY:
            request = _with_body(request, json.dumps({"access_token": token}).encode())
        elif inject is Inject.CLIENT_IN_QUERY:
            request.url = request.url.copy_merge_params(await self._client())
        yield request

    async def _client(self) -> dict[str, str]:
        client = await self._provider.client()
        secret = client.client_secret.get_secret_value()
        self._remember(secret)
        return {"clientId": client.client_id, "clientSecret": secret}


def _with_body(request: httpx.Request, content: bytes) -> httpx.Request:
    """A copy of `request` with this JSON body: a built request's body cannot be changed."""
    headers = {name: value for name, value in request.headers.items() if name not in {"content-length", "content-type"}}
    headers["content-type"] = "application/json"
    return httpx.Request(
        request.method, request.url, headers=headers, content=content, extensions=dict(request.extensions)
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port

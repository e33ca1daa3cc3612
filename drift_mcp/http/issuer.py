"""The authorization server whose access tokens count here: where its public keys are, and the keys themselves."""

import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import truststore
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from drift_mcp.settings import InvalidSetting, check_secure

log = logging.getLogger(__name__)

MAX_AGE = 3_600.0
"""Seconds after which the keys are fetched anew, so that one that the issuer has taken back stops counting."""
PAUSE = 10.0
"""Seconds between two fetches at least, however many tokens name a key that is not there."""
LAST_RESORT = 86_400.0
"""Seconds that keys still count for when the issuer cannot be reached."""
TIME_LIMIT = 5.0
SIZE_LIMIT = 500_000
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key. Never `none`, and never an HMAC, whose key would be the public one."""


class Unreachable(Exception):
    """The issuer's keys cannot be had now."""


class Issuer:
    """The keys of `url`, at `jwks` or where the issuer's metadata says. `clock` tells seconds."""

    def __init__(self, url: str, jwks: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._jwks = jwks
        self._clock = clock
        self._keys: list[PyJWK] = []
        self._fetched_at = self._tried_at = -LAST_RESORT
        self._fetching = anyio.Lock()

    async def key(self, key_id: str | None) -> PyJWK | None:
        """The key with this id, or for None the only key there is.

        Raises:
            Unreachable: it cannot be found out now.
        """
        found = self._known(key_id)
        if found is not None and self._clock() - self._fetched_at < MAX_AGE:
            return found
        async with self._fetching:
            if self._clock() - self._tried_at >= PAUSE:
                self._tried_at = self._clock()
                await self._fetch()
        if self._clock() - self._fetched_at >= LAST_RESORT:
            raise Unreachable
        return self._known(key_id)

    def _known(self, key_id: str | None) -> PyJWK | None:
        found = self._keys if key_id is None else [key for key in self._keys if key.key_id == key_id]
        return found[0] if len(found) == 1 else None

    async def _fetch(self) -> None:
        try:
            with anyio.fail_after(TIME_LIMIT):
                async with httpx.AsyncClient(
                    verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), follow_redirects=False, timeout=TIME_LIMIT
                ) as http:
                    document = await _get(http, self._jwks or await self._discovered(http))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, Unreachable) as error:
            log.warning("The issuer's keys could not be fetched (%s)", type(error).__name__)
            return
        keys = document.get("keys") if document else None
        if not isinstance(keys, list):
            log.warning("The issuer's keys are no key set")
            return
        self._keys = [usable for key in keys if (usable := _usable(key)) is not None]
        self._fetched_at = self._clock()

    async def _discovered(self, http: httpx.AsyncClient) -> str:
        """Where the issuer says that its keys are (RFC 8414 section 3, OpenID Connect Discovery section 4)."""
        origin, path = _origin(self.url), urlsplit(self.url).path.rstrip("/")
        for place in (
            f"{origin}/.well-known/oauth-authorization-server{path}",
            f"{origin}/.well-known/openid-configuration{path}",
            f"{origin}{path}/.well-known/openid-configuration",
        ):
            metadata = await _get(http, place)
            if metadata is None:
                continue
            address = metadata.get("jwks_uri")
            if metadata.get("issuer") == self.url and isinstance(address, str):
                return address
        raise Unreachable


async def _get(http: httpx.AsyncClient, url: str) -> Mapping[str, Any] | None:
    """The JSON object at `url`; None if there is nothing there.

    Raises:
        Unreachable, httpx.HTTPError: it cannot be had.
    """
    try:
        check_secure("url", url)
    except InvalidSetting:
        raise Unreachable from None
    async with http.stream("GET", url, headers={"Accept": "application/json"}) as answer:
        if answer.status_code in {400, 404, 405}:
            return None
        if answer.status_code != 200:
            raise Unreachable
        body = bytearray()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > SIZE_LIMIT:
                raise Unreachable
    try:
        found = json.loads(bytes(body))
    except ValueError:
        raise Unreachable from None
    if not isinstance(found, dict):
        raise Unreachable
    return found


def _usable(key: Any) -> PyJWK | None:
    """The key, if it is one to check signatures with. It is bound to the one algorithm it is for."""
    if not isinstance(key, dict) or key.get("use", "sig") != "sig" or key.get("kty") not in {"RSA", "EC", "OKP"}:
        return None
    try:
        made = PyJWK(key)
    except (PyJWTError, ValueError, TypeError):
        return None
    return made if made.algorithm_name in ALGORITHMS else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

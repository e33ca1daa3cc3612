"""The Drift client: sends a `Call`, gives back an `Answer`, raises a typed `DriftError`.

One pooled HTTP client for the life of the server. The token is put on by `BearerAuth` and nowhere else. Redirects are
never followed. Every call ends within its deadline.
"""

import json
import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import anyio
import httpx
import truststore

from drift_mcp.credentials import CLIENT, CredentialProvider, MissingCredential
from drift_mcp.drift.auth import INJECT, BearerAuth, UnusableCredential
from drift_mcp.drift.body import parse, refuses
from drift_mcp.drift.errors import (
    BY_STATUS,
    AnswerTooLarge,
    BadToken,
    BrokenAnswer,
    ConnectionLost,
    DriftError,
    InvalidRequest,
    NoClient,
    NotConnected,
    RequestTooLong,
    ServerFault,
    TimedOut,
    UnexpectedStatus,
    Unreachable,
    drift_says,
)
from drift_mcp.drift.wire import ABSENT, Answer, Call, Expect, Inject

MAX_URL = 8_000
"""Characters; servers refuse longer ones."""
_MAX_DETAIL = 500

# The HTTP library logs URLs, headers and connection errors, in which secrets may stand: it is muted, at every level.
for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks"):
    logging.getLogger(_name).addFilter(lambda _: False)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one call, times in seconds, sizes in bytes."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 45.0
    answer_bytes: int = 20_000_000
    attachment_bytes: int = 5_000_000


class Gateway:
    """Sends calls to one Drift organisation.

    `transport` replaces the network, for the sandbox in this process.
    """

    def __init__(
        self,
        base_url: str,
        credentials: CredentialProvider,
        *,
        limits: Limits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        user_agent: str = "drift-mcp",
    ) -> None:
        self._limits = limits or Limits()
        self._base = base_url.rstrip("/")
        self._agent = user_agent
        self._timeout = httpx.Timeout(self._limits.read, connect=self._limits.connect).as_dict()
        self._auth = BearerAuth(credentials, httpx.URL(base_url))
        self._http = httpx.AsyncClient(
            auth=self._auth,
            transport=transport,
            # The system's trust store, so that a company's own certificates count; it is also 30 ms faster to set up.
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        """Close the pooled connections."""
        await self._http.aclose()

    async def send(self, call: Call) -> Answer:
        """Send `call` once.

        Raises:
            DriftError: one of its subclasses, for everything that is not a usable 2xx answer.
        """
        try:
            with anyio.fail_after(self._limits.total):
                return await self._exchange(call)
        except TimeoutError:
            raise TimedOut(maybe_applied=call.writes) from None
        except UnusableCredential:
            raise BadToken from None
        except MissingCredential as missing:
            raise (NoClient if missing.what == CLIENT else NotConnected) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol):
            # Nothing has been sent in any of these.
            raise Unreachable from None
        except httpx.TimeoutException:
            raise TimedOut(maybe_applied=call.writes) from None
        except httpx.DecodingError:
            raise BrokenAnswer(maybe_applied=call.writes) from None
        except httpx.TransportError:
            raise ConnectionLost(maybe_applied=call.writes) from None

    async def _exchange(self, call: Call) -> Answer:
        # `stream`, so that a body is never read past its limit.
        response = await self._http.send(self._request(call), stream=True)
        try:
            if response.is_success:
                return await self._read_success(call, response)
            raise await self._read_failure(call, response)
        finally:
            await response.aclose()

    def _request(self, call: Call) -> httpx.Request:
        """The request of `call`. Built here, because the client's own way merges defaults that are not used."""
        content = None if call.body is ABSENT else json.dumps(call.body, ensure_ascii=False).encode()
        headers = {
            "Accept": "*/*" if call.expect is Expect.BYTES else "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": self._agent,
        }
        if content is not None:
            headers["Content-Type"] = "application/json"
        if call.inject is Inject.CLIENT_IN_QUERY:
            headers["Content-Type"] = "application/json"  # without a body, as devdocs: app-uninstall has it
        query = f"?{urlencode(call.query)}" if call.query else ""
        url = f"{self._base}{call.path}{query}"
        if len(url) > MAX_URL:
            raise RequestTooLong
        return httpx.Request(
            call.method,
            url,
            headers=headers,
            content=content,
            extensions={"timeout": self._timeout, INJECT: call.inject},
        )

    async def _read_success(self, call: Call, response: httpx.Response) -> Answer:
        limit = self._limits.attachment_bytes if call.expect is Expect.BYTES else self._limits.answer_bytes
        raw = await _read_at_most(response, limit)
        if raw is None:
            raise AnswerTooLarge(f"more than {limit} bytes", status=response.status_code, maybe_applied=call.writes)
        if call.expect is not Expect.BYTES:
            raw = self._auth.redact(raw)
        try:
            body = parse(call, response.status_code, raw)
        except (ValueError, RecursionError):
            raise BrokenAnswer(status=response.status_code, maybe_applied=call.writes) from None
        if refuses(body):
            raise InvalidRequest(drift_says(body)[:_MAX_DETAIL], status=response.status_code)
        return Answer(response.status_code, body, _lower(response.headers))

    async def _read_failure(self, call: Call, response: httpx.Response) -> DriftError:
        status = response.status_code
        try:
            # Drift's words are passed on, but never with a secret in them, should it ever be echoed.
            body = json.loads(self._auth.redact(await _read_at_most(response, 100_000) or b"null"))
        except (ValueError, RecursionError, httpx.HTTPError):
            body = None
        detail = drift_says(body)[:_MAX_DETAIL]
        kind = BY_STATUS.get(status) or (ServerFault if status >= 500 else UnexpectedStatus)
        return kind(
            detail,
            status=status,
            maybe_applied=call.writes and status >= 500,
            retry_after=_retry_after(response.headers),
        )


async def _read_at_most(response: httpx.Response, limit: int) -> bytes | None:
    """The body, or None when it is longer than `limit` bytes; the rest is then not read."""
    chunks = bytearray()
    async for chunk in response.aiter_bytes():
        chunks += chunk
        if len(chunks) > limit:
            return None
    return bytes(chunks)


def _lower(headers: httpx.Headers) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _retry_after(headers: httpx.Headers) -> float | None:
    """`Retry-After` in seconds. Drift does not document it; the form with a date is not worth a guess."""
    value = headers.get("retry-after", "").strip()
    return float(value) if re.fullmatch("[0-9]{1,6}", value) else None

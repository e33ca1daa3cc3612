"""The Drift client: sends a `Call`, gives back an `Answer`, raises a typed `DriftError`.

One pooled HTTP client for the life of the server. The token is put on by `BearerAuth` and nowhere else. Redirects are
never followed. Every call ends within its deadline, waits and repetitions included: each try asks the breaker, waits
for the limiter, is sent, and is judged.
"""

import json
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from urllib.parse import urlencode

import anyio
import httpx
import truststore

from drift_mcp.credentials import CLIENT, CredentialProvider, MissingCredential, UnreachableCredential
from drift_mcp.drift import hints
from drift_mcp.drift.auth import AGAIN, INJECT, BearerAuth, UnusableCredential
from drift_mcp.drift.body import parse, refuses
from drift_mcp.drift.breaker import Breaker
from drift_mcp.drift.budget import Budget, MakeBudget
from drift_mcp.drift.clock import now
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
    OutOfTime,
    RateLimited,
    RequestTooLong,
    ServerFault,
    TimedOut,
    UnexpectedStatus,
    Unreachable,
    drift_says,
)
from drift_mcp.drift.limiter import Lane, Limiter, Rates
from drift_mcp.drift.pace import LONGEST_CLOSED
from drift_mcp.drift.retry import Retries
from drift_mcp.drift.sent import Observe, Sent, nobody, sending
from drift_mcp.drift.turn import Turn, current
from drift_mcp.drift.wire import ABSENT, Answer, Call, Expect, Inject

MAX_URL = 8_000
"""Characters; servers refuse longer ones."""
_MAX_DETAIL = 500

# The HTTP library logs URLs, headers and connection errors, in which secrets may stand: it is muted, at every level.
for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks"):
    logging.getLogger(_name).addFilter(lambda _: False)


class _NoCookies(httpx.Cookies):
    """Drift's cookies are neither kept nor sent. To look for them takes the library a tenth of a call."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


class _Client(httpx.AsyncClient):
    _no_cookies = _NoCookies()

    @property  # type: ignore[misc] # the library's can be set
    def cookies(self) -> httpx.Cookies:
        return self._no_cookies


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one call, times in seconds, sizes in bytes.

    `total` is for everything from `send` to the answer. Where the tool call has no deadline (a long job whose client
    hears of its progress) it is for one try, and `patient` for everything.
    """

    connect: float = 5.0
    read: float = 20.0
    total: float = 45.0
    patient: float = 180.0
    answer_bytes: int = 20_000_000
    attachment_bytes: int = 5_000_000


class Gateway:
    """Sends calls to one Drift organisation.

    `rates` bounds the calls a minute, or else only what Drift says does; `budget` makes what counts them (default: in
    this process). `transport` replaces the network, for the sandbox in this process. `observe`
    is told of each call when it is over.
    """

    def __init__(
        self,
        base_url: str,
        credentials: CredentialProvider,
        *,
        limits: Limits | None = None,
        rates: Rates | None = None,
        retries: Retries | None = None,
        budget: MakeBudget = Budget,
        transport: httpx.AsyncBaseTransport | None = None,
        user_agent: str = "drift-mcp",
        observe: Observe = nobody,
    ) -> None:
        self._limits = limits or Limits()
        self._limiter = Limiter(rates, budget)
        self._retries = retries or Retries()
        self._breaker = Breaker()
        self._base = base_url.rstrip("/")
        self._agent = user_agent
        self._observe = observe
        self._timeout = httpx.Timeout(self._limits.read, connect=self._limits.connect).as_dict()
        self._auth = BearerAuth(credentials, httpx.URL(base_url))
        self._http = _Client(
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
        """Send `call`, again where that is safe and may help.

        Raises:
            DriftError: one of its subclasses, for everything that is not a usable 2xx answer.
        """
        with sending(call, self._observe) as sent:
            answer = await self._send(call, sent)
            sent.status = answer.status
            return answer

    async def _send(self, call: Call, sent: Sent) -> Answer:
        turn = current()
        deadline = self._deadline(turn)
        turn = turn or Turn()
        maybe_applied = False
        for tried in count(1):
            try:
                sent.tries = tried
                return await self._try(call, turn, deadline, sent)
            except DriftError as error:
                # What an earlier try may have done stays true, whatever the last one was told.
                maybe_applied = error.maybe_applied = maybe_applied or error.maybe_applied
                pause = self._retries.pause(call, error, tried)
                if pause is None or now() + pause >= deadline:
                    raise
                refused = isinstance(error, RateLimited)
            if not refused:  # or else it waits in the limiter's queue
                await anyio.sleep(pause)
        raise AssertionError  # a try returns, raises, or is followed by another

    def _deadline(self, turn: Turn | None) -> float:
        if turn is None:
            return now() + self._limits.total
        if turn.deadline is None:
            return now() + self._limits.patient
        return min(turn.deadline, now() + self._limits.total)

    async def _try(self, call: Call, turn: Turn, deadline: float, sent: Sent) -> Answer:
        """Send `call` once, when its turn has come. If a token is renewed on the way, the same try takes two turns."""

        async def enter(deadline: float) -> Lane:
            begun = now()
            try:
                return await self._limiter.enter(call.path, turn, deadline)
            finally:
                sent.waited += now() - begun

        self._breaker.check()
        lane = await enter(deadline)
        with self._breaker.watching():
            return await self._send_once(call, lane, deadline, enter)

    async def _send_once(
        self, call: Call, lane: Lane, deadline: float, enter: Callable[[float], Awaitable[Lane]]
    ) -> Answer:
        left = deadline - now()
        if left <= 0:
            raise OutOfTime
        try:
            ends = now() + min(left, self._limits.total)
            # What `anyio.fail_after` would put around it costs each call 4 µs.
            with anyio.CancelScope(deadline=ends):
                return await self._exchange(call, lane, partial(enter, ends))
            raise TimeoutError
        except TimeoutError:
            # What was given less time than Drift may take says nothing about Drift.
            fair = left > min(self._limits.read, self._limits.total / 2)
            kind = TimedOut if fair else OutOfTime
            raise kind(maybe_applied=call.writes) from None
        except UnusableCredential:
            raise BadToken from None
        except UnreachableCredential:
            raise Unreachable from None
        except MissingCredential as missing:
            raise (NoClient if missing.what == CLIENT else NotConnected)(missing.problem) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol):
            # Nothing has been sent in any of these.
            raise Unreachable from None
        except httpx.TimeoutException:
            raise TimedOut(maybe_applied=call.writes) from None
        except httpx.DecodingError:
            raise BrokenAnswer(maybe_applied=call.writes) from None
        except httpx.TransportError:
            raise ConnectionLost(maybe_applied=call.writes) from None

    async def _exchange(self, call: Call, lane: Lane, again: Callable[[], Awaitable[Lane]]) -> Answer:
        sent = now()
        # `stream`, so that a body is never read past its limit.
        response = await self._http.send(self._request(call, again), stream=True)
        headers = {name.lower(): self._auth.redact(value.encode()).decode() for name, value in response.headers.items()}
        refused_for = lane.learn(response.status_code, headers, sent)
        try:
            if response.is_success:
                return await self._read_success(call, response, headers)
            if refused_for is None:
                asked = hints.retry_after(headers)
                raise await self._read_failure(call, response, None if asked is None else min(asked, LONGEST_CLOSED))
            refusal = await self._read_failure(call, response, refused_for)
            if isinstance(refusal, RateLimited):
                refusal.asked = lane.asked
            raise refusal
        finally:
            await response.aclose()

    def _request(self, call: Call, again: Callable[[], Awaitable[Lane]]) -> httpx.Request:
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
            extensions={"timeout": self._timeout, INJECT: call.inject, AGAIN: again},
        )

    async def _read_success(self, call: Call, response: httpx.Response, headers: Mapping[str, str]) -> Answer:
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
        return Answer(response.status_code, body, headers)

    async def _read_failure(self, call: Call, response: httpx.Response, wait: float | None) -> DriftError:
        status = response.status_code
        try:
            # Drift's words are passed on, but never with a secret in them, should it ever be echoed.
            body = json.loads(self._auth.redact(await _read_at_most(response, 100_000) or b"null"))
        except (ValueError, RecursionError, httpx.HTTPError):
            body = None
        detail = drift_says(body)[:_MAX_DETAIL]
        kind = BY_STATUS.get(status) or (ServerFault if status >= 500 else UnexpectedStatus)
        return kind(detail, status=status, maybe_applied=call.writes and status >= 500, retry_after=wait)


async def _read_at_most(response: httpx.Response, limit: int) -> bytes | None:
    """The body, or None when it is longer than `limit` bytes; the rest is then not read."""
    chunks = bytearray()
    async for chunk in response.aiter_bytes():
        chunks += chunk
        if len(chunks) > limit:
            return None
    return bytes(chunks)

"""Whether Drift can be reached from here, and whether both go by the same time."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from drift_mcp.doctor import Finding, ok, problem, warning
from drift_mcp.settings import Settings

_SKEW = 60.0
"""Seconds. A login is renewed by the clock, some minutes before it ends."""


async def reach(settings: Settings) -> list[Finding]:
    """Asks for the root of the API, without a token. Any answer will do."""
    import httpx
    import truststore

    host = urlsplit(settings.base_url).hostname or ""
    timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout)
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        async with httpx.AsyncClient(verify=context, timeout=timeout, follow_redirects=False) as http:
            answer = await http.get(settings.base_url)
    except httpx.HTTPError as error:
        return [_unreachable(settings, host, error)]
    return [ok("network", f"{settings.base_url} answers"), *_clock(answer.headers.get("date", ""))]


def base_url(settings: Settings) -> str:
    """The base URL, with where it is set."""
    file = f", or `base_url` in {settings.connections}" if settings.connections else ""
    return f"the base URL {settings.base_url} (--base-url, DRIFT_BASE_URL{file})"


def _unreachable(settings: Settings, host: str, error: BaseException) -> Finding:
    causes, url = list(_causes(error)), base_url(settings)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return problem("network", f"the name {host} is not found", f"check {url}, and this machine's DNS")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        text = f"the certificate of {host} is not accepted"
        return problem("network", text, "if a proxy stands in between, add its certificate to the system's trust store")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return problem("network", f"{host} does not speak TLS as it should", f"check {url} and any proxy")
    text = f"{host} cannot be reached ({type(error).__name__})"
    return problem("network", text, f"check the network, the proxy (HTTPS_PROXY) and {url}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _clock(date: str) -> list[Finding]:
    try:
        skew = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return []
    if abs(skew) <= _SKEW:
        return [ok("clock", "this machine and Drift have the same time")]
    text = f"this machine's clock is {abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} Drift's"
    return [warning("clock", text, "set it by the network, or logins are renewed at the wrong time")]

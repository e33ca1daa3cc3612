"""The one place where the token is opened and put on a request."""

from collections.abc import AsyncGenerator

import httpx

from drift_mcp.credentials import CredentialProvider


class ForeignHost(Exception):
    """A request was about to carry the token to a host that is not Drift's."""


class BearerAuth(httpx.Auth):
    """Adds `Authorization: Bearer …` (devdocs: authentication-and-scopes) to calls of one origin, and no other."""

    def __init__(self, provider: CredentialProvider, base_url: httpx.URL) -> None:
        self._provider = provider
        self._origin = _origin(base_url)
        self._last: str | None = None

    def redact(self, text: str) -> str:
        """`text` without the token that was last used, should Drift have echoed it."""
        return text.replace(self._last, "[token]") if self._last else text

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if _origin(request.url) != self._origin:
            raise ForeignHost
        self._last = (await self._provider.token()).get_secret_value()
        request.headers["Authorization"] = f"Bearer {self._last}"
        yield request


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port

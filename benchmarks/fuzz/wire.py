"""Looks at what goes out over the wire to Drift: no host, path, header or parameter may come from an argument."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

import httpx

from drift_mcp import catalogue
from drift_mcp.operation import Access, Operation
from drift_mcp.outgoing import concerns

HOST = "driftapi.com"
PREFIX = "/v2"
_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "user-agent", "authorization", "content-type", "content-length", "connection"}
)
_PAGING = frozenset({"limit", "size", "page_token", "next", "index", "startIndex", "count", "cursor"})
_SECRETS = frozenset({"clientId", "clientSecret"})
_FOREIGN = re.compile(r"[/\\?#%\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Seen:
    """One request as it left."""

    method: str
    scheme: str
    host: str
    path: str
    """As on the wire, percent-encoded."""
    query: str
    headers: tuple[tuple[str, str], ...]


class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on to the sandbox and keeps what they were."""

    def __init__(self, real: httpx.AsyncBaseTransport) -> None:
        self._real = real
        self.seen: list[Seen] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = tuple((name.decode().lower(), value.decode()) for name, value in request.headers.raw)
        url = request.url
        self.seen.append(Seen(request.method, url.scheme, url.host, path, query, headers))
        return await self._real.handle_async_request(request)


class Templates:
    """What the operations of the catalogue may send."""

    def __init__(self) -> None:
        records = (entry.record() for entry in catalogue.load().values())
        self._operations = {each.name: each for each in records if isinstance(each, Operation)}
        self._paths = {name: _pattern(each) for name, each in self._operations.items()}

    def wrong(self, tool: str, seen: Seen) -> str:
        """What is wrong about a request that a call of `tool` led to, or ""."""
        if (seen.scheme, seen.host) != ("https", HOST):
            return "another host"
        if {name for name, _ in seen.headers} - _HEADERS or dict(seen.headers)["host"] != HOST:
            return "a header that does not belong there"
        if any("\r" in value or "\n" in value for _, value in seen.headers):
            return "a line break in a header"
        fitting = [name for name in self._allowed(tool) if self._fits(name, seen)]
        if not fitting:
            return "a path or method of another operation"
        if not any(self._knows(name, seen) for name in fitting):
            return "a query parameter that the operation does not have"
        return ""

    def _allowed(self, tool: str) -> list[str]:
        """The operations that `tool` may call: itself; a job and a runner several; and what is looked up first."""
        if tool not in self._operations:
            return list(self._operations)
        reads = [name for name, each in self._operations.items() if each.access is Access.READ]
        looks = concerns(tool) or self._operations[tool].access is Access.DESTRUCTIVE
        return [tool, *(reads if looks else ())]

    def _fits(self, name: str, seen: Seen) -> bool:
        found = self._paths[name].fullmatch(seen.path)
        if found is None or seen.method != self._operations[name].method:
            return False
        segments = [unquote(segment) for segment in found.groups()]
        return not any(_FOREIGN.search(segment) or segment in {".", ".."} for segment in segments)

    def _knows(self, name: str, seen: Seen) -> bool:
        operation = self._operations[name]
        sent = {key for key, _ in parse_qsl(seen.query, keep_blank_values=True)}
        fields = {field.alias or key for key, field in operation.request.model_fields.items()}
        constants = {pair.partition("=")[0] for pair in operation.path.partition("?")[2].split("&")}
        return sent <= fields | constants | _PAGING | (_SECRETS if operation.inject else frozenset())


def _pattern(operation: Operation) -> re.Pattern[str]:
    prefix = PREFIX if operation.provenance.value == "catalogue" else ""
    template = prefix + operation.path.partition("?")[0]
    return re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(template)))

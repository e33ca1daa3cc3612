"""A `drift-mcp serve --transport http` process, and the clients of it: real ones, and HTTP by hand."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.conftest import PATIENCE, Process, eventually

OLD, NEW = "2025-11-25", "2026-07-28"
MODES = {OLD: "legacy", NEW: "auto"}
WAYS = [("/mcp", OLD), ("/mcp", NEW), ("/sse", OLD), ("/sse", NEW)]
"""Every pair of transport and protocol version that the SDK's client can speak."""

BOTH = "application/json, text/event-stream"
HELLO = {"protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "by hand", "version": "0"}}


class Host:
    """The process, once it accepts connections."""

    READY = re.compile(r"^drift-mcp: serving at (https?)://(\S+?):(\d+)/", re.M)

    def __init__(self, process: Process, verify: Any = True) -> None:
        self.process = process
        eventually(lambda: bool(self.READY.search(process.stderr)) or process.child.poll() is not None)
        ready = self.READY.search(process.stderr)
        assert ready, process.stderr
        self.port = int(ready[3])
        self.url = f"{ready[1]}://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False, verify=verify)

    def post(self, message: Any, path: str = "/mcp", **headers: str) -> httpx.Response:
        """POST a message, or these very bytes."""
        content = message if isinstance(message, bytes) else json.dumps(message).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        defaults = {"content-type": "application/json", "accept": BOTH}
        return self.http.post(path, content=content, headers=defaults | named)

    def initialize(self, path: str = "/mcp", **headers: str) -> httpx.Response:
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}
        return self.post(message, path, **headers)

    def refuses(self) -> bool:
        """Whether it takes no connections any more. In the moment in which it stops it may drop one that it took."""
        try:
            httpx.get(f"{self.url}/healthz", trust_env=False)
        except httpx.ConnectError:
            return True
        except httpx.TransportError:
            return False
        return False

    def close(self) -> None:
        self.http.close()
        self.process.end()


@asynccontextmanager
async def client(
    url: str, era: str = NEW, headers: dict[str, str] | None = None, make: Callable[..., Any] = Client
) -> AsyncIterator[Client]:
    """An SDK client at `url`, whose path says by which transport."""
    timeout = httpx2.Timeout(PATIENCE)
    async with httpx2.AsyncClient(headers=headers, timeout=timeout, trust_env=False) as http:
        sse = "/sse" in url
        transport = sse_client(url, headers=headers) if sse else streamable_http_client(url, http_client=http)
        async with make(transport, mode=MODES[era], read_timeout_seconds=PATIENCE) as connected:
            yield connected


def names(listing: Any) -> list[str]:
    return [tool.name for tool in listing.tools]


def error(result: Any) -> dict[str, Any]:
    """The `error` of a call that failed."""
    assert result.is_error, result.structured_content
    found: dict[str, Any] = result.structured_content["error"]
    return found

"""HTTP+SSE, MCP's first transport over HTTP: a stream for answers, and an address to post messages to."""

from collections.abc import Callable

from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.server.sse import SseServerTransport
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from drift_mcp.switchboard import Switchboard


class OlderTransport:
    """Its two endpoints. `seen` says what the sender of a request gets."""

    def __init__(self, server: Server[Switchboard], seen: Callable[[Scope], Switchboard], body_bytes: int) -> None:
        self._server = server
        self._seen = seen
        self._transport = SseServerTransport("/messages", max_request_body_size=body_bytes)

    async def listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A session. What its opening request asks to narrow, which no later message repeats, is for all of it."""
        if scope["method"] != "GET":
            await JSONResponse({"error": "use GET"}, 405, {"Allow": "GET"})(scope, receive, send)
            return
        switchboard = self._seen(scope)
        async with self._transport.connect_sse(scope, receive, send) as (read, write):
            options = self._server.create_initialization_options()
            await serve_dual_era_loop(self._server, read, write, lifespan_state=switchboard, init_options=options)

    async def deliver(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A message for a session; the answer comes through its stream."""
        await self._transport.handle_post_message(scope, receive, send)

"""The web application: the MCP endpoints behind the guard, and the two questions that a supervisor asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from drift_mcp.credentials.environment import has_token
from drift_mcp.http.guard import NARROWINGS, PRINCIPAL, TOO_MANY, Gate, Guard
from drift_mcp.http.keys import Keys
from drift_mcp.http.slots import Full, Slots
from drift_mcp.http.view import narrowed
from drift_mcp.server import Requested, build
from drift_mcp.settings import Hosting, Settings
from drift_mcp.toolbox import Toolbox

MAX_SESSIONS = 2_000


def create_app(settings: Settings, hosting: Hosting, security: TransportSecuritySettings, slots: Slots) -> Starlette:
    """The application, with one toolbox for everyone.

    Raises:
        InvalidSetting: the settings name a tool that does not exist, or the keys file cannot be used.
    """
    toolbox = Toolbox(settings)

    def check(asked: Any) -> None:
        narrowed(toolbox, [asked])

    keys = Keys(Path(hosting.keys), check) if hosting.keys else None
    gate = Gate(keys=keys, security=security, slots=slots, body_bytes=hosting.body_bytes, check=check)
    server = build(toolbox, _view)
    server.middleware.append(_counted(slots))
    endpoints: dict[str, ASGIApp] = {}
    manager: StreamableHTTPSessionManager | None = None
    if hosting.transport == "http":
        manager = StreamableHTTPSessionManager(
            server, max_request_body_size=hosting.body_bytes, max_sessions=MAX_SESSIONS
        )
        endpoints["/mcp"] = StreamableHTTPASGIApp(manager)
    older = _OlderTransport(server, toolbox, hosting.body_bytes)
    endpoints |= {"/sse": older.listen, "/messages": older.deliver}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        # Entered once per process: entering the server's own for each session would close the gateway with the first.
        async with manager.run() if manager else server.lifespan(server):
            yield
            # Calls whose client has left are not among the requests that the web server waits for.
            await slots.idle()

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> JSONResponse:
        if slots.ending:
            return JSONResponse({"status": "ending"}, 503)
        if not settings.sandbox and not has_token():
            return JSONResponse({"status": "not ready", "problem": "there is no Drift token"}, 503)
        return JSONResponse({"status": "ready"})

    guarded = [Route(each, Guard(app, gate)) for path, app in endpoints.items() for each in (path, f"{path}/")]
    return Starlette(routes=[*guarded, Route("/healthz", healthz), Route("/readyz", readyz)], lifespan=lifespan)


class _OlderTransport:
    """HTTP+SSE, MCP's first transport over HTTP: a stream for answers, and an address to post messages to."""

    def __init__(self, server: Server[Toolbox], toolbox: Toolbox, body_bytes: int) -> None:
        self._server = server
        self._toolbox = toolbox
        self._transport = SseServerTransport("/messages", max_request_body_size=body_bytes)

    async def listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A session. What its opening request asks to narrow, which no later message repeats, is for all of it."""
        if scope["method"] != "GET":
            await JSONResponse({"error": "use GET"}, 405, {"Allow": "GET"})(scope, receive, send)
            return
        toolbox = narrowed(self._toolbox, scope[NARROWINGS])
        async with self._transport.connect_sse(scope, receive, send) as (read, write):
            options = self._server.create_initialization_options()
            await serve_dual_era_loop(self._server, read, write, lifespan_state=toolbox, init_options=options)

    async def deliver(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A message for a session; the answer comes through its stream."""
        await self._transport.handle_post_message(scope, receive, send)


def _view(context: Requested) -> Toolbox:
    return narrowed(context.lifespan_context, _scope(context)[NARROWINGS])


def _scope(context: ServerRequestContext[Toolbox, Any]) -> Scope:
    """The scope of the HTTP request that brought the message. There always is one here."""
    assert isinstance(context.request, Request)
    return context.request.scope


def _counted(slots: Slots) -> Any:
    """Counts what runs, so that it can be bounded and waited for."""

    async def count(context: ServerRequestContext[Toolbox, Any], call_next: CallNext) -> HandlerResult:
        if context.request_id is None:
            return await call_next(context)
        try:
            with slots.taken("calls", _scope(context)[PRINCIPAL]), slots.until_the_end():
                return await call_next(context)
        except Full:
            raise MCPError(TOO_MANY, "Too many calls at once with this key; wait for one to end.") from None
        raise MCPError(INTERNAL_ERROR, "This server is ending and gave the call up; it may have been applied.")

    return count

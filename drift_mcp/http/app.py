"""The web application: the MCP endpoints behind the guard, and the two questions that a supervisor asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_REQUEST
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from drift_mcp import connections
from drift_mcp.http.authentication import authentication, metadata_routes
from drift_mcp.http.guard import LISTEN, NARROWINGS, PRINCIPAL, TOO_MANY, Gate, Guard
from drift_mcp.http.metrics import MetricsPage
from drift_mcp.http.older import OlderTransport
from drift_mcp.http.principals import check_against
from drift_mcp.http.resuming import Sessions
from drift_mcp.http.slots import Full, Slots
from drift_mcp.http.webhooks import webhook_routes
from drift_mcp.server import Requested, build
from drift_mcp.settings import Hosting, InvalidSetting, Settings
from drift_mcp.switchboard import Switchboard
from drift_mcp.telemetry import spans

MAX_SESSIONS = 2_000
FOR_SCRIPTS = ("Mcp-Session-Id", "MCP-Protocol-Version", "WWW-Authenticate", "Retry-After")
"""Headers of answers that a page in a browser may read besides the harmless ones."""


def create_app(settings: Settings, hosting: Hosting, security: TransportSecuritySettings, slots: Slots) -> Starlette:
    """The application, with one switchboard for everyone.

    Raises:
        InvalidSetting: the settings name a tool that does not exist, or a file of callers cannot be used.
    """
    switchboard = connections.load(settings)
    if hosting.workers > 1 and any(switchboard.toolbox(each).connection.settings.sandbox for each in switchboard.names):
        raise InvalidSetting(
            "each worker would have a sandbox of its own; run `drift-mcp sandbox` and name its address with "
            "--base-url (DRIFT_BASE_URL)"
        )

    def check(asked: Any) -> None:
        switchboard.narrowed([asked])

    gate = Gate(
        authentication=authentication(hosting, check_against(switchboard)),
        security=security,
        slots=slots,
        body_bytes=hosting.body_bytes,
        check=check,
    )
    metrics = MetricsPage(gate, hosting.workers) if hosting.metrics else None
    server = build(switchboard, _view, caller_name)
    server.middleware.append(_counted(slots))
    endpoints: dict[str, ASGIApp] = {}
    manager: StreamableHTTPSessionManager | None = None
    if hosting.transport == "http":
        made = StreamableHTTPSessionManager if hosting.without_sessions else Sessions
        manager = made(
            server,
            stateless=hosting.without_sessions,
            max_request_body_size=hosting.body_bytes,
            max_sessions=MAX_SESSIONS,
        )
        endpoints["/mcp"] = StreamableHTTPASGIApp(manager)
    if not hosting.without_sessions:
        older = OlderTransport(server, lambda scope: _seen(switchboard, scope), hosting.body_bytes)
        endpoints |= {"/sse": older.listen, "/messages": older.deliver}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        # Entered once per process: entering the server's own for each session would close the gateway with the first.
        counting = metrics.counting() if metrics else nullcontext()
        with spans.made(), counting:
            async with manager.run() if manager else server.lifespan(server):
                yield
                # Calls whose client has left are not among the requests that the web server waits for.
                await slots.idle()

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> JSONResponse:
        if slots.ending:
            return JSONResponse({"status": "ending"}, 503)
        without = [each for each in switchboard.names if not await switchboard.toolbox(each).connection.available()]
        if without:
            # Anybody may ask, and connections are named to nobody but their callers.
            problem = f"there is no Drift token for {len(without)} of {len(switchboard.names)} connections"
            return JSONResponse({"status": "not ready", "problem": problem}, 503)
        return JSONResponse({"status": "ready"})

    def guarded(app: ASGIApp) -> ASGIApp:
        return _readable_by(hosting.origins, Guard(app, gate))

    routes = [Route(each, guarded(app)) for path, app in endpoints.items() for each in (path, f"{path}/")]
    asked = [Route("/healthz", healthz), Route("/readyz", readyz)]
    if metrics:
        asked += metrics.routes
    # Routes are tried in this order, and webhooks come in hundreds a second.
    return Starlette(
        routes=[*webhook_routes(switchboard), *routes, *metadata_routes(hosting), *asked], lifespan=lifespan
    )


def caller_name(context: Requested) -> str:
    """The name of the principal who sent the request."""
    return str(_scope(context)[PRINCIPAL].name)


def _view(context: Requested) -> Switchboard:
    try:
        return _seen(context.lifespan_context, _scope(context))
    except InvalidSetting as error:
        # A session of HTTP+SSE may have been opened before the operator gave its caller other connections.
        raise MCPError(INVALID_REQUEST, str(error)) from None


def _seen(switchboard: Switchboard, scope: Scope) -> Switchboard:
    """What of it the sender of a request gets."""
    return switchboard.narrowed(scope[NARROWINGS], scope[PRINCIPAL].connections)


def _scope(context: ServerRequestContext[Switchboard, Any]) -> Scope:
    """The scope of the HTTP request that brought the message. There always is one here."""
    assert isinstance(context.request, Request)
    return context.request.scope


def _readable_by(origins: list[str], app: ASGIApp) -> ASGIApp:
    """`app`, for scripts of these origins too. Without cookies: a script has to show who it is as others do."""
    if not origins:
        return app
    methods = ("GET", "POST", "DELETE")
    return CORSMiddleware(app, origins, methods, allow_headers=["*"], expose_headers=FOR_SCRIPTS)


def _counted(slots: Slots) -> Any:
    """Counts what runs, so that it can be bounded and waited for."""

    async def count(context: ServerRequestContext[Switchboard, Any], call_next: CallNext) -> HandlerResult:
        if context.request_id is None:
            return await call_next(context)
        listens = context.method == LISTEN
        try:
            with (
                slots.taken("streams" if listens else "calls", caller_name(context)),
                slots.until_ending() if listens else slots.until_the_end(),
            ):
                return await call_next(context)
        except Full:
            raise MCPError(TOO_MANY, "Too many calls at once with this key; wait for one to end.") from None
        raise MCPError(INTERNAL_ERROR, "This server is ending and gave the call up; it may have been applied.")

    return count

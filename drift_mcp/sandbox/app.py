"""Assembles the sandbox: the endpoints of all resources, the admin API, error answers, path rules and request
log."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import admin, choices, event_log, oauth, state, webhook_admin
from .errors import DriftError, error_response
from .faults import FaultInjection, Faults
from .http import Endpoint, Sandbox
from .middleware import LOG_LENGTH, PathRules, RequestLog
from .options import Options
from .resources import endpoints
from .webhooks import Settings, Webhooks
from .world import World, real_clock


def build(
    now: Callable[[], int] | None,
    state_file: Path | None,
    token: str,
    scopes: Iterable[str] | None,
    options: Options,
) -> Starlette:
    """The ASGI app; the parameters are those of `drift_mcp.sandbox.create_app`."""
    clock = now or real_clock
    granted = tuple(choices.ALL_SCOPES if scopes is None else scopes)
    org_id = options.get("org")
    saved = state.load(state_file, org_id) if state_file is not None else None
    world = World.seeded(clock, org_id) if saved is None else World(saved, clock, saved["org"]["id"])
    event_log.begin(world)
    sandbox = Sandbox(world, state_file)
    sandbox.limits.per_minute = options.get("rate_limit")
    faults = Faults(options.get("faults"))

    def grant() -> None:
        """The configured token has the configured scopes, unless a saved state says that it was revoked."""
        known = world.tables["tokens"].get(token)
        if known is None:
            world.issue_token(granted, token=token)
        else:
            known["scopes"] = list(granted)

    grant()
    log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)

    def reset() -> None:
        world.reset()
        event_log.fill(world)
        log.clear()
        sandbox.limits.restart()
        faults.restart()
        webhooks.restart()
        grant()

    given = {"url": options.get("webhook_url"), "token": options.get("webhook_token") or choices.SANDBOX_WEBHOOK_TOKEN}
    webhooks = Webhooks(world, Settings().changed(given))
    oauth_app = oauth.App(
        granted,
        options.get("token_seconds", choices.ACCESS_TOKEN_SECONDS),
        options.get("redirect_uris", ()),
        options.get("redirect_typo", False),
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        yield
        await webhooks.close()
        sandbox.save()

    app = Starlette(
        routes=[
            *_routes(endpoints(), sandbox),
            *oauth.routes(sandbox, oauth_app),
            *admin.routes(sandbox, log, reset),
            *webhook_admin.routes(sandbox, webhooks),
            *faults.routes(),
        ],
        middleware=[Middleware(RequestLog, log=log), Middleware(PathRules), Middleware(FaultInjection, faults=faults)],
        exception_handlers={DriftError: _drift_error, HTTPException: _http_error, Exception: _internal_error},
        lifespan=lifespan,
    )
    # A path ends with or without a slash alike (PathRules): Starlette's redirect would drop a client's
    # bearer.
    app.router.redirect_slashes = False
    app.state.sandbox = sandbox
    return app


def _routes(all_endpoints: Iterable[Endpoint], sandbox: Sandbox) -> Iterator[Route]:
    """One Starlette route per path, so that a wrong method is answered with all the right ones in `Allow`."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in all_endpoints:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    for path, methods in by_path.items():
        yield Route(path, _dispatch(methods, sandbox), methods=list(methods))


def _dispatch(methods: dict[str, Endpoint], sandbox: Sandbox) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await methods[method].serve(request, sandbox)

    return serve


async def _drift_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DriftError)
    return error_response(error, request.url.path)


async def _http_error(request: Request, error: Exception) -> Response:
    """What Starlette's router refuses: an unknown path or method."""
    assert isinstance(error, HTTPException)
    of_the_catalogue = request.url.path.startswith(f"{choices.CATALOGUE_PREFIX}/")
    if error.status_code == 404 or of_the_catalogue:
        refusal = DriftError(404, "not_found", "There is no such resource")
    else:
        message = f"{request.method} is not allowed here"
        refusal = DriftError(error.status_code, choices.METHOD_NOT_ALLOWED_TYPE, message, headers=error.headers)
    return error_response(refusal, request.url.path)


async def _internal_error(request: Request, _: Exception) -> Response:
    """A defect of the sandbox; Starlette raises it again afterwards, so that it is seen."""
    return error_response(DriftError(500, "internal_error", "Something went wrong"), request.url.path)

"""Puts the faults of a plan, or of a request's header, between the client and the sandbox; the admin API of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import error_response, invalid
from ..http import parse_json
from ..middleware import ADMIN, LOG_ENTRY
from .exchange import Exchange
from .plan import BadPlan, Entry, Plan, read_header

HEADER = "X-Sandbox-Fault"


class Faults:
    """The plan in force, if any. `given` is the one to begin with, as Plan.read takes it; raises BadPlan."""

    def __init__(self, given: Any = None) -> None:
        self._given = given
        self.plan: Plan | None = None
        self.restart()

    def restart(self) -> None:
        """Begin anew with the plan that was given first."""
        self.plan = None if self._given is None else Plan.read(self._given)

    def choose(self, request: Request) -> Entry | None:
        """What befalls this request: a header counts for its request alone and leaves the plan as it is."""
        asked = request.headers.get(HEADER)
        if asked is not None:
            fault = read_header(asked)
            if not fault.matches(request):
                raise BadPlan(f"{fault.kind} does nothing to such a request")
            return Entry(fault)
        return None if self.plan is None else self.plan.choose(request)

    def routes(self) -> list[Route]:
        async def show(_: Request) -> Response:
            """{"seed", "requests", "faults": [{…, "injected", "applied"}]}, or {"faults": []} without a plan."""
            return JSONResponse({"faults": []} if self.plan is None else self.plan.view())

        async def begin(request: Request) -> Response:
            try:
                self.plan = Plan.read(parse_json(await request.body()))
            except BadPlan as error:
                raise invalid(str(error)) from None
            return JSONResponse(self.plan.view())

        async def end(_: Request) -> Response:
            self.plan = None
            return JSONResponse({"ok": True})

        path = f"{ADMIN}/faults"
        return [
            Route(path, show, methods=["GET"]),
            Route(path, begin, methods=["POST"]),
            Route(path, end, methods=["DELETE"]),
        ]


class FaultInjection:
    """ASGI middleware. Leaves in the request's log entry which fault it was and whether Drift did it all the
    same."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(ADMIN):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            entry = self._faults.choose(request)
        except BadPlan as error:
            refusal = invalid(f"{HEADER}: {error}")
            await error_response(refusal, request.url.path)(scope, receive, send)
            return
        if entry is None:
            await self._app(scope, receive, send)
        else:
            await self._befall(entry, scope, receive, send)

    async def _befall(self, entry: Entry, scope: Scope, receive: Receive, send: Send) -> None:
        noted = scope[LOG_ENTRY]
        noted |= {"fault": entry.fault.kind, "applied": False}

        def applied() -> None:
            noted["applied"] = True
            entry.applied += 1

        with suppress(ClientDisconnect):
            exchange = await Exchange.begin(self._app, scope, receive, send, applied)
            await entry.fault.befall(exchange)

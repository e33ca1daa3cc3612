"""`/metrics`, for whoever may call: with a key where callers need one, otherwise on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mcp.server.transport_security import TransportSecurityMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from drift_mcp.http.guard import Gate
from drift_mcp.http.refused import Refused
from drift_mcp.telemetry import watched_by
from drift_mcp.telemetry.metrics import Metrics, prepare


class MetricsPage:
    """Shows what has been counted since `counting` was entered, in this process and its fellow workers.

    Raises:
        InvalidSetting: the library for it is not there.
    """

    def __init__(self, gate: Gate, workers: int) -> None:
        prepare(workers)
        self._gate = gate
        self._security = TransportSecurityMiddleware(gate.security)
        self._metrics: Metrics | None = None

    @property
    def routes(self) -> list[Route]:
        return [Route("/metrics", self)]

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Inside, what goes on in this process is counted."""
        self._metrics = Metrics()
        with watched_by(self._metrics):
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(Request(scope)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        refusal = await self._security.validate_request(request)
        if refusal is not None:
            return refusal
        if request.method not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={"Allow": "GET, HEAD"})
        try:
            await self._gate.authentication.principal(request)
        except Refused as refused:
            return refused.response
        assert self._metrics is not None
        written, media_type = self._metrics.written(request.headers.get("accept", ""))
        return Response(written, headers={"Content-Type": media_type, "Cache-Control": "no-store"})

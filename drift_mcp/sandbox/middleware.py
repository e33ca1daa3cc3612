"""ASGI middleware: the path rules of Drift's older clients, and the log of requests for tests."""

from __future__ import annotations

from collections import deque
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import choices

ADMIN = "/_sandbox"
LOG_LENGTH = 1000
LOG_ENTRY = "sandbox.log_entry"
"""Where the ASGI scope holds what is noted of this request beside the usual."""
UNALIASED = (f"/v1{ADMIN}", f"/v1{choices.CATALOGUE_PREFIX}/")
# Query parameters whose values never reach the log (POST /app/uninstall takes its secret there), in lower case and
# without underscores.
SECRET_PARAMETERS = frozenset({"clientsecret", "accesstoken", "refreshtoken", "token", "code"})


class PathRules:
    """`/v1/x` is `/x` (official samples of 2018-19) for what Drift documents, and `/x/` is `/x` (the published
    collection writes both)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if path.startswith("/v1/") and not path.startswith(UNALIASED):
                path = path.removeprefix("/v1")
            scope = {**scope, "path": path.rstrip("/") or "/"}
        await self._app(scope, receive, send)


class RequestLog:
    """Appends {"method", "path", "query", "status"} of every request; no header, so never the token. `status` is
    what the client was sent, None where it was sent nothing. A request that a fault befell has {"fault", "applied"}
    too."""

    def __init__(self, app: ASGIApp, log: deque[dict[str, Any]]) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(ADMIN):
            await self._app(scope, receive, send)
            return

        beside: dict[str, Any] = {}
        noted = False

        def note(status: int | None) -> None:
            nonlocal noted
            if noted:
                return
            noted = True
            query = _without_secrets(scope["query_string"].decode("latin-1"))
            entry = {"method": scope["method"], "path": scope["path"], "query": query, "status": status}
            self._log.append(entry | beside)

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                note(message["status"])
            await send(message)

        try:
            await self._app({**scope, LOG_ENTRY: beside}, receive, watch)
        except Exception:
            if "fault" not in beside:
                note(500)  # answered further out, by Starlette
            raise
        finally:
            note(None)


def _without_secrets(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(_is_secret(name) for name, _ in pairs):
        return query
    return urlencode([(name, "***" if _is_secret(name) else value) for name, value in pairs])


def _is_secret(name: str) -> bool:
    return name.lower().replace("_", "") in SECRET_PARAMETERS

"""Drift's webhooks in: `POST /webhooks/drift/{connection}` (drift-api.md §7.1).

Who sends one shows the app's verification token, in the body, in a header, or in both; what shows a wrong one anywhere
is refused. It is answered with a 2xx status once the event is on disk, and with 503 if that failed, or if the tokens
cannot be read, so that Drift may send it again. The rules of the MCP endpoints about keys, hosts and origins do not
apply here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from drift_mcp import telemetry
from drift_mcp.events import Events
from drift_mcp.events.log import LogUnavailable
from drift_mcp.events.tokens import TokensUnavailable
from drift_mcp.switchboard import Switchboard

log = logging.getLogger(__name__)

PATH = "/webhooks/drift/{connection}"
HEADER = "x-verification-token"
BODY_BYTES = 1_000_000
BODY_PATIENCE = 10.0
MOST_AT_ONCE = 1_000
"""Webhooks being taken in whose headers show the token; further ones are to come again."""
MOST_UNPROVEN = 50
"""Beside them, those that show none until their body is read: strangers neither fill the memory nor keep Drift out."""
MOST_LEVELS = 50
"""Objects and lists inside one another; what is deeper cannot be shown to anybody."""
TYPE_LENGTH = 100
_NOT_OURS = (401, 404)
"""Statuses of what is not from Drift, or not for any connection here."""


def webhook_routes(switchboard: Switchboard) -> list[Route]:
    """The route. It knows no connection that has no token of webhooks."""
    busy = {True: 0, False: 0}

    async def receive(request: Request) -> Response:
        outcome = "unavailable"
        try:
            events, shown = _sender(switchboard, request)
            proven = bool(shown)
            busy[proven] += 1
            try:
                if busy[proven] > (MOST_AT_ONCE if proven else MOST_UNPROVEN):
                    return _again()
                outcome = "new" if await _receive(events, shown, request) else "duplicate"
            finally:
                busy[proven] -= 1
            return JSONResponse({"ok": True})
        except HTTPException as error:
            outcome = "refused" if error.status_code in _NOT_OURS else "invalid"
            raise
        except (LogUnavailable, TokensUnavailable):
            log.error("A webhook could not be kept")
            return _again()
        finally:
            telemetry.webhook_received(outcome)

    return [Route(PATH, receive, methods=["POST"])]


def _sender(switchboard: Switchboard, request: Request) -> tuple[Events, list[str]]:
    """The events of the connection that it is for, and the tokens in its headers, which are right."""
    name = request.path_params["connection"]
    events = switchboard.toolbox(name).connection.events if name in switchboard.names else None
    if events is None or not events.tokens:
        # Anybody may ask, and connections are named to nobody but their callers.
        raise HTTPException(404, "There is no connection of this name that takes webhooks.")
    shown = request.headers.getlist(HEADER)
    if not all(map(events.tokens.accept, shown)):
        raise HTTPException(401, "The verification token is wrong.")
    return events, shown


async def _receive(events: Events, shown: list[str], request: Request) -> bool:
    """Whether what it tells is new. It is kept when this returns."""
    envelope = _parsed(await _body(request))
    in_body = envelope.pop("token", None)
    if in_body is not None:
        shown.append(in_body if isinstance(in_body, str) else "")
    if not shown or not all(map(events.tokens.accept, shown)):
        raise HTTPException(401, "The verification token is missing or wrong.")
    type_name = envelope.get("type")
    # Of a type that nobody knows yet, too.
    if not isinstance(type_name, str) or not 0 < len(type_name) <= TYPE_LENGTH or not type_name.isprintable():
        raise HTTPException(400, "The event has no type.")
    new = await events.told(type_name, envelope.get("orgId"), envelope.get("data"))
    log.debug("webhook of %s: %s%s", events.name, type_name, "" if new else ", again")
    return new


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    too_large = HTTPException(413, f"The body is larger than {BODY_BYTES} bytes.")
    if declared.isdigit() and int(declared) > BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES:
                    raise too_large
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408, "The body did not come in time.") from None
    return bytes(body)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        envelope = json.loads(body, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not JSON that can be read.") from None
    if not isinstance(envelope, dict):
        raise HTTPException(400, "The body is no JSON object.")
    if _levels(envelope) > MOST_LEVELS:
        raise HTTPException(400, f"The body has more than {MOST_LEVELS} levels.")
    return envelope


def _no_number(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("too large")
    return number


def _levels(value: Any) -> int:
    """How many objects and lists are inside one another at most, or one more than are allowed."""
    inside, levels = [value], 0
    while inside and levels <= MOST_LEVELS:
        nested = [each.values() if isinstance(each, dict) else each for each in inside if isinstance(each, dict | list)]
        inside = [child for children in nested for child in children]
        levels += bool(nested)
    return levels


def _again() -> Response:
    return JSONResponse({"error": "The event could not be kept; send it again."}, 503, {"Retry-After": "5"})

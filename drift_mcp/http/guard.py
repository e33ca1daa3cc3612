"""What stands before every MCP endpoint: where a request comes from, who sends it, how much, and what it may see."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from mcp_types import PARSE_ERROR, JSONRPCRequest, jsonrpc_message_adapter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from drift_mcp.http.asked import narrowings
from drift_mcp.http.authentication import Authentication
from drift_mcp.http.principals import Principal
from drift_mcp.http.refused import Refused
from drift_mcp.http.slots import Full, Slots
from drift_mcp.settings import InvalidSetting
from drift_mcp.surface import Narrowing
from drift_mcp.telemetry import open_stream

NARROWINGS, PRINCIPAL = "drift_mcp.narrowings", "drift_mcp.principal"
"""Where a request's scope has what the guard found out."""

TOO_MANY = -32_000
LISTEN = "subscriptions/listen"
BODY_PATIENCE = 30.0
LOOK_AGAIN = 5.0
"""Seconds between looks whether who has a stream open would still be let in."""
_SHUT_OUT = frozenset({401, 403})
_LIST = re.compile(rb"[ \t\r\n]*\[")
_LAST_WORDS = 0.5
"""Seconds for the answer of the last call to get through a stream before the stream is closed."""


@dataclass(frozen=True)
class Gate:
    """What all endpoints share. `check` raises InvalidSetting for a wish to narrow that names what does not exist."""

    authentication: Authentication
    security: TransportSecuritySettings
    slots: Slots
    body_bytes: int
    check: Callable[[Narrowing], object]


class Guard:
    """An endpoint behind the gate."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate
        self._origin = TransportSecurityMiddleware(gate.security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            await self._check_origin(request)
            principal = await self._gate.authentication.principal(request)
            # The credential itself goes no further than this.
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
            scope[PRINCIPAL] = principal
            # The SDK keeps a session to the user who opened it.
            scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=principal.name, scopes=[]))
            scope[NARROWINGS] = self._narrowings(request, principal)
            if request.method == "POST":
                await self._post(request, principal, receive, send)
            elif request.method == "GET":
                await self._stream(request, principal, receive, send)
            else:
                await self._app(scope, receive, send)
        except Refused as refusal:
            await refusal.response(scope, receive, send)

    async def _check_origin(self, request: Request) -> None:
        refusal = await self._origin.validate_request(request)
        if refusal is None:
            return
        what, setting = ("Host", "allowed-hosts") if refusal.status_code == 421 else ("Origin", "allowed-origins")
        message = f"This server does not answer to the {what} of this request; its operator can add it to --{setting}."
        raise Refused(refusal.status_code, message)

    def _narrowings(self, request: Request, principal: Principal) -> list[Narrowing]:
        try:
            asked = narrowings(request)
            for each in asked:
                self._gate.check(each)
        except InvalidSetting as error:
            raise Refused(400, str(error)) from None
        return [*([principal.narrowing] if principal.narrowing else []), *asked]

    async def _post(self, request: Request, principal: Principal, receive: Receive, send: Send) -> None:
        """Pass one message on, once it is known to be one."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, "Content-Type must be application/json.")
        slots, who = self._gate.slots, principal.name
        try:
            with slots.taken("bodies", who):
                body = await self._body(request, receive)
        except Full:
            raise Refused(429, "Too many requests at once with this key.", TOO_MANY, retry_after="1") from None
        again = _repeating(body, receive)
        asked = _request_in(body)
        # Notifications and answers take no further slot: a call that waits for one would otherwise wait for ever. What
        # listens for hours is a stream, and counted as one where it is handled.
        if asked is None:
            await self._app(request.scope, again, send)
            return
        if asked.method == LISTEN:
            await self._until(request.scope, again, send, partial(self._shut_out, request, principal))
            return
        try:
            if slots.full("calls", who):
                raise Full
            with ExitStack() as slot:
                slot.enter_context(slots.taken("requests", who))

                async def freeing(message: Message) -> None:
                    if _is_last(message):
                        slot.close()  # before the client knows that it is free, or its next call could be refused
                    await send(message)

                await self._app(request.scope, again, freeing)
        except Full:
            message = "Too many calls at once with this key; wait for one to end."
            raise Refused(429, message, TOO_MANY, asked.id, retry_after="1") from None

    async def _body(self, request: Request, receive: Receive) -> bytes:
        limit = self._gate.body_bytes
        declared = request.headers.get("content-length", "")
        too_large = Refused(413, f"The body is larger than {limit} bytes.")
        if declared.isdigit() and int(declared) > limit:
            raise too_large
        body = bytearray()
        with anyio.move_on_after(BODY_PATIENCE):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > limit:
                    raise too_large
                if not message.get("more_body", False):
                    return bytes(body)
        raise Refused(408, "The body did not come in time.")

    async def _stream(self, request: Request, principal: Principal, receive: Receive, send: Send) -> None:
        """A stream that stays open until the client leaves, or until the process ends and no call needs it."""
        slots = self._gate.slots

        async def over() -> None:
            await slots.ended()
            await slots.idle()
            await anyio.sleep(_LAST_WORDS)

        try:
            with slots.taken("streams", principal.name), open_stream():
                await self._until(request.scope, receive, send, over, partial(self._shut_out, request, principal))
        except Full:
            raise Refused(429, "Too many open streams with this key.", TOO_MANY, retry_after="5") from None

    async def _until(self, scope: Scope, receive: Receive, send: Send, *ends: Callable[[], Awaitable[None]]) -> None:
        """Passes on what may be answered for hours: until that is over, or one of `ends` returns."""
        state = {"started": False, "over": False}

        async def watched(message: Message) -> None:
            state["started"] = True
            state["over"] = _is_last(message)
            await send(message)

        async with anyio.create_task_group() as tasks:

            async def end(wait: Callable[[], Awaitable[None]]) -> None:
                await wait()
                tasks.cancel_scope.cancel()

            for each in ends:
                tasks.start_soon(end, each)
            await self._app(scope, receive, watched)
            tasks.cancel_scope.cancel()
        if state["started"] and not state["over"]:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _shut_out(self, request: Request, principal: Principal) -> None:
        """Returns once whoever sent the request would not be let in any more, or would get something else."""
        while True:
            await anyio.sleep(LOOK_AGAIN)
            try:
                # What the request showed is still known to it, though to nothing behind this gate.
                now = await self._gate.authentication.principal(request)
            except Refused as refusal:
                if refusal.response.status_code in _SHUT_OUT:
                    return
            else:
                if now != principal:
                    return


def _is_last(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)


def _request_in(body: bytes) -> JSONRPCRequest | None:
    """The request in `body`; None for a notification or an answer."""
    no_message = "The body is no JSON-RPC message: one request, notification or answer."
    if _LIST.match(body):  # a batch, which the protocol no longer has; to read a large one would take seconds
        raise Refused(400, no_message)
    try:
        message = jsonrpc_message_adapter.validate_json(body, by_name=False)
    except ValidationError as error:
        # The SDK would answer with pydantic's words and the caller's own, and log a stack.
        if error.errors()[0]["type"] == "json_invalid":
            raise Refused(400, "The body is not JSON that can be read.", PARSE_ERROR) from None
        raise Refused(400, no_message) from None
    return message if isinstance(message, JSONRPCRequest) else None


def _repeating(body: bytes, receive: Receive) -> Receive:
    """Receives `body` again, then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again

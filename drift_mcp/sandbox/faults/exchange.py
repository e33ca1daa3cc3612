"""One request in the hands of a fault: it can be served, answered, delayed, dripped, cut off or reset.

Behind `sandbox.serve` the TCP connection itself is broken. In the client's own process (httpx.ASGITransport)
there is none: there the client sees the exception that httpx raises for the same thing on a wire.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import anyio
import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONNECTION = "connection"
"""Where `sandbox.serve` puts the asyncio transport into the ASGI scope's `state`."""
# Linger on, for no time: closing such a socket sends RST.
_ABORTIVE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Exchange:
    """A request whose body has been read, and the client who waits for its answer.

    Every wait ends with ClientDisconnect when the client has gone.
    """

    def __init__(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, body: bytes, applied: Callable[[], None]
    ) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send = send
        self._body = body
        self._applied = applied
        self.request = Request(scope)

    @classmethod
    async def begin(
        cls, app: ASGIApp, scope: Scope, receive: Receive, send: Send, applied: Callable[[], None]
    ) -> Exchange:
        """`applied` is called once Drift has done what was asked, whatever the client gets to hear of it."""
        return cls(app, scope, receive, send, body=await Request(scope, receive).body(), applied=applied)

    async def serve(self) -> Response:
        """Let the sandbox do what was asked; its answer is kept back."""
        status = 500
        headers: list[tuple[bytes, bytes]] = []
        body = bytearray()
        unread = True

        async def give() -> Message:
            nonlocal unread
            if unread:
                unread = False
                return {"type": "http.request", "body": self._body, "more_body": False}
            return await self._receive()

        async def keep(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], message["headers"]
            else:
                body.extend(message.get("body", b""))

        await self._app(self._scope, give, keep)
        if status < 400:
            self._applied()
        answer = Response(bytes(body), status)
        answer.raw_headers = list(headers)
        return answer

    async def answer(self, answer: Response) -> None:
        await answer(self._scope, self._receive, self._send)

    def dated(self, answer: Response, seconds: int) -> None:
        """Have the `Date` of `answer` ahead by so many seconds."""
        answer.headers["Date"] = formatdate(time.time() + seconds, usegmt=True)
        connection = self._connection()
        if connection is not None:  # uvicorn adds its own to every answer
            cycle: Any = getattr(connection.get_protocol(), "cycle")  # noqa: B009 - it is uvicorn's
            cycle.default_headers = [each for each in cycle.default_headers if each[0] != b"date"]

    async def pause(self, ms: int) -> None:
        with anyio.move_on_after(ms / 1000):
            await self._client_gone()
            raise ClientDisconnect

    async def drip(self, answer: Response, ms: int) -> None:
        """The body byte by byte, `ms` before each."""
        await self._head(answer)
        for byte in bytes(answer.body):
            await self.pause(ms)
            await self._part(bytes([byte]), more=True)
        await self._part(b"", more=False)

    async def cut(self, answer: Response, length: int | None) -> None:
        """`length` bytes of the body (half of it by default, never all), then the end of the connection. In
        process: httpx.RemoteProtocolError."""
        body = bytes(answer.body)
        if not body:
            await self.reset()
            return
        sent = body[: len(body) // 2 if length is None else min(length, len(body) - 1)]
        connection = self._connection()
        if connection is None:
            raise httpx.RemoteProtocolError(f"the answer ended after {len(sent)} of {len(body)} bytes")
        await self._head(answer)
        await self._part(sent, more=True)
        connection.close()
        await self._client_gone()

    async def reset(self) -> None:
        """A TCP reset instead of an answer. In process: httpx.ReadError."""
        connection = self._connection()
        if connection is None:
            raise httpx.ReadError("the sandbox reset the connection")
        connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTIVE)
        connection.abort()
        await self._client_gone()

    def _connection(self) -> asyncio.Transport | None:
        found: asyncio.Transport | None = self._scope.get("state", {}).get(CONNECTION)
        return found

    async def _head(self, answer: Response) -> None:
        await self._send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})

    async def _part(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _client_gone(self) -> None:
        """Returns once nobody is there any more."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

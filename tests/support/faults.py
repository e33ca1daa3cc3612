"""A server on loopback that misbehaves exactly as told, byte by byte, over real TCP."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Reply = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Asked:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class FaultServer:
    """Answers each path as `replies` says; `asked` has every request, `connections` counts them."""

    port: int = 0
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    reset_at_once: bool = False
    keep_alive: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.reset_at_once:
                await reset(None, writer)  # type: ignore[arg-type]
                return
            while True:
                asked = await _read(reader)
                self.asked.append(asked)
                await self.replies[asked.path](asked, writer)
                await writer.drain()
                if not self.keep_alive:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def faults(replies: dict[str, Reply] | None = None) -> AsyncIterator[FaultServer]:
    """A server that is gone, with everything it was still doing, when the block ends."""
    state = FaultServer(replies=replies or {})
    running: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.ensure_future(state.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


# ---- ways to answer ------------------------------------------------------------------------------------------------


def raw(content: bytes) -> Reply:
    """Exactly these bytes, then the end of the connection."""

    async def reply(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return reply


def answer(status: int = 200, body: Any = b"", **headers: str) -> Reply:
    """A whole answer; `body` is bytes, or else written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content)


def echo(make: Callable[[Asked], Any], status: int = 200) -> Reply:
    """An answer made out of the request."""

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(status, make(asked))(asked, writer)

    return reply


async def silence(_: Asked, __: asyncio.StreamWriter) -> None:
    """Nothing at all, for ever."""
    await asyncio.Event().wait()


async def slow_headers(_: Asked, writer: asyncio.StreamWriter) -> None:
    """The first half of the headers, and then nothing."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await writer.drain()
    await asyncio.Event().wait()


async def drip(_: Asked, writer: asyncio.StreamWriter) -> None:
    """A body that comes a byte at a time without end: never silent, never done."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


def truncated(status: int = 200) -> Reply:
    """Less of a body than the headers promise."""
    return raw(f"HTTP/1.1 {status} OK\r\nContent-Length: 500\r\n\r\n".encode() + b'{"data": {"id": 1')


async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
    """A body that goes on as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def reset(_: Asked, writer: asyncio.StreamWriter) -> None:
    """A TCP reset instead of an answer."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang_up(_: Asked, __: asyncio.StreamWriter) -> None:
    """The end of the connection instead of an answer."""

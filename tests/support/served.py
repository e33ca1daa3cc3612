"""A sandbox of this process on a real port: its world and clock at hand, its connections real ones."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.applications import Starlette

from drift_mcp.sandbox.faults.connection import BreakableProtocol


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The URL that `app` is served at, from a thread, until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    # asyncio sets it only where a socket names its protocol: without it an answer's second packet waits 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(app, loop="asyncio", http=BreakableProtocol, log_level="error", lifespan="on")
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.end()
        thread.join(60)
        assert not thread.is_alive(), "the sandbox does not end"


class _Server(uvicorn.Server):
    """Ends as soon as it is told; uvicorn looks ten times a second, and waits for what is in flight.

    Its clock, the one of `Date`, goes on once a second.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = threading.Event()
        self._ending: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        self._told.wait(60)
        assert self._loop is not None
        assert self._ending is not None
        self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        await self.on_tick(0)
        self._told.set()
        while not self._ending.is_set():
            await self.on_tick(0)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for task in self.server_state.tasks:  # such as an answer that was to be late
            task.cancel()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)
        await self.lifespan.shutdown()

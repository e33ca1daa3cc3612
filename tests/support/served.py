"""A sandbox of this process on a real port: its world and clock at hand, its connections real ones."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from drift_mcp.sandbox.faults.connection import BreakableProtocol


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The URL that `app` is served at, from a thread, until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, loop="asyncio", http=BreakableProtocol, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive(), "the sandbox does not end"

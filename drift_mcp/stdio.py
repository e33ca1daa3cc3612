"""Stdin and stdout as the SDK serves them, but for the way out.

The SDK gives each message to a worker thread twice: to put it into a buffer, and to flush that. Once is enough, which
takes a tenth of a millisecond off every answer.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server


@asynccontextmanager
async def streams() -> AsyncIterator[tuple[Any, Any]]:
    """The messages that come in, and those that go out. Whatever else is printed meanwhile goes to stderr."""
    wire = _claimed()
    if wire is None:
        async with stdio_server() as both:
            yield both
        return
    # Not closed: a thread may still be writing.
    output = _AtOnce(open(wire, "w", encoding="utf-8", closefd=False))  # noqa: ASYNC230, SIM115
    try:
        async with stdio_server(stdout=output) as both:
            yield both
    finally:
        with suppress(OSError):
            sys.stdout.flush()  # what was printed and not written yet
        os.dup2(wire, 1)


def _claimed() -> int | None:
    """A descriptor of its own for what stdout was, which is stderr from then on; None where the SDK has to do it."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        if sys.stdout.fileno() != 1:
            return None
        wire = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 3)
    except (AttributeError, OSError, ValueError):  # no stdout, or one that is no file
        return None
    try:
        os.dup2(2, 1)
    except OSError:  # no stderr
        os.close(wire)
        return None
    return wire


class _AtOnce(anyio.AsyncFile[str]):
    """A file in which is written what it was given: there is nothing left to flush."""

    async def write(self, b: str) -> int:
        return await anyio.to_thread.run_sync(self._write, b)

    async def flush(self) -> None:
        pass

    def _write(self, text: str) -> int:
        written = self.wrapped.write(text)
        self.wrapped.flush()
        return written

"""Runs the sandbox on a port, as `drift-mcp sandbox` does."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Unpack

from . import choices, state
from .options import Options


class CannotListen(ValueError):
    """The address is taken, or not one of this machine's."""


def serve(host: str, port: int, state_file: Path | None, token: str, **options: Unpack[Options]) -> None:
    """Serve until Ctrl-C or SIGTERM; port 0 takes a free one.

    Prints one line to stdout once connections are accepted:
    "Drift sandbox ready at http://127.0.0.1:8123 with token <token>"; and one more where events are posted.

    Raises:
        CannotListen: `host` and `port` cannot be had.
        BadStateFile: `state_file` is none, or cannot be written.
        BadPlan, BadSettings: of the faults, or of the webhooks.
    """
    import uvicorn

    from .app import build
    from .faults.connection import BreakableProtocol

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
            await super().startup(sockets)  # type: ignore[arg-type]
            if self.started:
                bound = listener.getsockname()[1]
                shown = f"[{host}]" if ":" in host else host
                sys.stdout.write(f"Drift sandbox ready at http://{shown}:{bound} with token {token}\n")
                if options.get("webhook_url"):
                    shown_token = options.get("webhook_token") or choices.SANDBOX_WEBHOOK_TOKEN
                    sys.stdout.write(f"Posting events to {options['webhook_url']} with token {shown_token}\n")
                sys.stdout.flush()

    if state_file is not None:
        state.check(state_file)
    app = build(None, state_file, token, None, options)
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        # Not uvloop, where that is installed: a fault sets options of the socket itself.
        loop="asyncio",
        http=BreakableProtocol,
        log_level="warning",
        access_log=False,
        lifespan="on",
    )
    if threading.current_thread() is threading.main_thread():
        # uvicorn ends on SIGTERM in good order (the app saves its state) and then raises the signal again: as
        # KeyboardInterrupt it can be caught here, so that the process ends with status 0.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        return


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address, family=family, backlog=2048)
        # asyncio does it only for sockets that name their protocol; without, second packets wait for 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise CannotListen(f"cannot listen on {host}:{port} ({error.strerror})") from None
    return listener

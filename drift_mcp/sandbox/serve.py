"""Runs the sandbox on a port, as `drift-mcp sandbox` does."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Unpack

from . import choices, state
from .options import Options


def serve(host: str, port: int, state_file: Path | None, token: str, **options: Unpack[Options]) -> None:
    """Serve until Ctrl-C or SIGTERM; port 0 takes a free one.

    Prints one line to stdout once connections are accepted:
    "Drift sandbox ready at http://127.0.0.1:8123 with token <token>"; and one more where events are posted.
    """
    import uvicorn

    from .app import build
    from .faults.connection import BreakableProtocol

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
            await super().startup(sockets=None)
            if self.started:
                bound = self.servers[0].sockets[0].getsockname()[1]
                shown = f"[{host}]" if ":" in host else host
                sys.stdout.write(f"Drift sandbox ready at http://{shown}:{bound} with token {token}\n")
                if options.get("webhook_url"):
                    shown_token = options.get("webhook_token") or choices.SANDBOX_WEBHOOK_TOKEN
                    sys.stdout.write(f"Posting events to {options['webhook_url']} with token {shown_token}\n")
                sys.stdout.flush()

    if state_file is not None:
        state.check(state_file)
    app = build(None, state_file, token, None, options)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
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
        Server(config).run()
    except KeyboardInterrupt:
        return

"""Runs the sandbox on a port, as `drift-mcp sandbox` does."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path


def serve(host: str, port: int, state_file: Path | None, token: str) -> None:
    """Serve until Ctrl-C or SIGTERM; port 0 takes a free one.

    Prints one line to stdout once connections are accepted:
    "Drift sandbox ready at http://127.0.0.1:8123 with token <token>".
    """
    import uvicorn

    from .app import build

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
            await super().startup(sockets=None)
            if self.started:
                bound = self.servers[0].sockets[0].getsockname()[1]
                shown = f"[{host}]" if ":" in host else host
                sys.stdout.write(f"Drift sandbox ready at http://{shown}:{bound} with token {token}\n")
                sys.stdout.flush()

    app = build(None, state_file, token, None)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="on")
    if threading.current_thread() is threading.main_thread():
        # uvicorn ends on SIGTERM in good order (the app saves its state) and then raises the signal again: as
        # KeyboardInterrupt it can be caught here, so that the process ends with status 0.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        Server(config).run()
    except KeyboardInterrupt:
        return

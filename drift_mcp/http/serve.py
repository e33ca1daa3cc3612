"""Runs the web application on a port, as `drift-mcp serve --transport http` does, and ends it in good order."""

from __future__ import annotations

import gc
import ipaddress
import logging
import math
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from sse_starlette.sse import AppStatus

from drift_mcp.http.app import create_app
from drift_mcp.http.said import say
from drift_mcp.http.slots import Slots
from drift_mcp.settings import Hosting, InvalidSetting, Settings, listed, option

_QUIET = (
    "mcp.server.sse", "mcp.server.streamable_http", "mcp.server.streamable_http_manager",
    "mcp.shared.jsonrpc_dispatcher", "sse_starlette.sse", "uvicorn.error", "asyncio",
)  # fmt: skip
"""These log whole messages at DEBUG, and stacks with the text of errors: a visitor's words have no business there."""


def serve(settings: Settings, hosting: Hosting) -> None:
    """Serve until Ctrl-C or SIGTERM. The address is printed on stderr once connections are accepted.

    Raises:
        InvalidSetting: it cannot be served like that.
    """
    local = is_loopback(hosting.host)
    if not local and not (hosting.keys or hosting.oauth_issuer):
        raise InvalidSetting(
            f"{hosting.host} can be reached by others, so callers need keys: make one with `drift-mcp key NAME`, "
            "put its entry in a file and name that with --keys; or set --oauth-issuer"
        )
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
        logging.getLogger(name).addFilter(_without_stack)
    # Its own end would cut the answers of calls in flight: sse-starlette closes every stream at the signal.
    AppStatus.enable_automatic_graceful_drain = False
    first = _server(settings, hosting)  # what is wrong with the settings is found before anything is started
    listener = _listen(hosting)
    words = _words(hosting, listener, local)
    if hosting.workers == 1:
        _run(first, listener, words)
        return
    if sys.platform == "win32":
        raise InvalidSetting("--workers can be more than 1 only where processes can share a port, which is not Windows")
    from drift_mcp.http.workers import CANNOT_START, run_workers

    say(*words)
    status = run_workers(
        hosting.workers, listener, lambda: 0 if _run(_server(settings, hosting), listener) else CANNOT_START
    )
    if status:
        raise InvalidSetting("a worker could not start, so all of them have ended")


def _server(settings: Settings, hosting: Hosting) -> _Server:
    """A web server with the application.

    Raises:
        InvalidSetting: it cannot be served like that.
    """
    slots = Slots(hosting.max_calls)
    config = uvicorn.Config(
        create_app(settings, hosting, security(hosting), slots),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=65,  # longer than a load balancer keeps one, which would meet a closed connection
        timeout_graceful_shutdown=math.ceil(hosting.grace) + 2,  # calls are given up first, so that they get an answer
        ssl_certfile=hosting.tls_cert or None,
        ssl_keyfile=hosting.tls_key or None,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        named = f"{option(Hosting, 'tls_cert')} or {option(Hosting, 'tls_key')}"
        raise InvalidSetting(f"{named} cannot be used ({error.strerror or error})") from None
    return _Server(config, slots, hosting.grace)


def _run(server: _Server, listener: socket.socket, words: Sequence[str] = ()) -> bool:
    """Serve to the end. Whether it ever began."""
    server.words = words
    if sys.platform != "win32":
        # uvicorn ends in good order and then raises the signal again, which here is no reason for a bad status.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return server.started


class _Server(uvicorn.Server):
    words: Sequence[str] = ()

    def __init__(self, config: uvicorn.Config, slots: Slots, grace: float) -> None:
        super().__init__(config)
        self._slots = slots
        self._grace = grace

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()  # what is there now stays; walking through it held all calls up for 80 ms every few hundred calls
        if self.started:
            say(*self.words)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._slots.end(self._grace)
        await super().shutdown(sockets)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`. A name other than localhost may be anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def security(hosting: Hosting) -> TransportSecuritySettings:
    """The Host and Origin headers to accept: this machine's, the address itself, and those the operator names."""
    named = listed(hosting.allowed_hosts)
    hosts = ["localhost", "127.0.0.1", "[::1]", _bracketed(hosting.host), *named]
    here = [f"{scheme}://{host}" for scheme in ("http", "https") for host in ("localhost", "127.0.0.1", "[::1]")]
    origins = [*here, *(f"https://{host}" for host in named), *hosting.origins]
    return TransportSecuritySettings(
        allowed_hosts=[each for host in hosts for each in (host, f"{host}:*")],
        allowed_origins=[each for origin in origins for each in (origin, f"{origin}:*")],
    )


def _without_stack(record: logging.LogRecord) -> bool:
    """Leaves of an exception only its type: a client that goes away in mid-sentence is no event to show a stack for."""
    if record.exc_info:
        kind = record.exc_info[0]
        record.msg, record.args = f"{record.getMessage()} ({kind.__name__ if kind else 'unknown'})", ()
        record.exc_info = record.exc_text = None
    return True


def _listen(hosting: Hosting) -> socket.socket:
    try:
        found = socket.getaddrinfo(hosting.host, hosting.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listener = socket.create_server(address, family=family, backlog=2048)
        # asyncio sets it only where a socket names its protocol, which this one's do not: an answer's second packet
        # would wait 40 ms for the client to acknowledge the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise InvalidSetting(f"cannot listen on {hosting.host}:{hosting.port} ({error.strerror})") from None


def _words(hosting: Hosting, listener: socket.socket, local: bool) -> list[str]:
    """What the operator is told at the start."""
    scheme = "https" if hosting.tls_cert else "http"
    address = f"{scheme}://{_bracketed(hosting.host)}:{listener.getsockname()[1]}"
    paths = f"{address}/sse"
    if hosting.transport == "http":
        paths = f"{address}/mcp" + ("" if hosting.without_sessions else f" (older clients: {paths})")
    words = [f"serving at {paths}"]
    if not local and not hosting.tls_cert:
        words.append("without TLS: put it behind a proxy that has it, or set --tls-cert and --tls-key")
    if not local and not hosting.allowed_hosts:
        words.append(f"answering only to {hosting.host} and localhost: name others with --allowed-hosts")
    return words


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

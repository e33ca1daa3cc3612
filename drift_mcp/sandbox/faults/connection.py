"""uvicorn's HTTP/1.1 protocol, which here lets the app reach its connection: a fault breaks it."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from .exchange import CONNECTION


class BreakableProtocol(H11Protocol):
    """To be given to uvicorn as `http`; under any other server a reset is an exception in the app."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # uvicorn copies this into the `state` of every request's scope.
        self.app_state = {**self.app_state, CONNECTION: transport}

"""What a server does about events beside its tools: polling, keeping rules, and the handlers for those who subscribe.

Light, as every server has one; what subscribing needs is imported when somebody does.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskGroup, TaskStatus
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    UnsubscribeRequestParams,
)

if TYPE_CHECKING:
    from drift_mcp.connection import Connection
    from drift_mcp.events import Events
    from drift_mcp.events.subscriptions import Subscriptions
    from drift_mcp.switchboard import Switchboard
    from drift_mcp.toolbox import Toolbox

Context = ServerRequestContext[Any, Any]

TIDY_EVERY = 600.0
"""Seconds between looks for events that have been kept for long enough, where none come that would drop them."""
RECEIVED = "list_received_events"
"""The tool that has to be allowed to whoever is told of events."""


class Background:
    """Of one server. `view` says what of the switchboard the sender of a request gets."""

    def __init__(self, view: "Callable[[Context], Switchboard]") -> None:
        self._view = view
        self._tasks: TaskGroup | None = None
        self._subscriptions: Subscriptions | None = None

    @asynccontextmanager
    async def running(self, switchboard: "Switchboard") -> AsyncIterator[None]:
        """Goes on with it for as long as this lasts."""
        async with anyio.create_task_group() as self._tasks:
            for name in switchboard.names:
                connection = switchboard.toolbox(name).connection
                self._tasks.start_soon(_tidy, connection)
                if connection.settings.poll_seconds:
                    self._tasks.start_soon(connection.events.poller.keep_on)
                if connection.rules:
                    await self._tasks.start(_keep_rules, switchboard.toolbox(name))
            yield
            self._tasks.cancel_scope.cancel()

    async def subscribe(self, context: Context, params: SubscribeRequestParams) -> Any:
        """Answers resources/subscribe."""
        from drift_mcp.resource_uris import placed
        from drift_mcp.resources import NoResource

        try:
            toolbox, own = placed(self._view(context), str(params.uri))
        except NoResource as error:
            raise MCPError(INVALID_PARAMS, str(error)) from None
        if not toolbox.offers(RECEIVED):
            raise MCPError(INVALID_PARAMS, f"The operator of this server does not allow {RECEIVED}.")
        await self._subscribed().subscribe(context, toolbox.connection.events, str(params.uri), own)
        return {}

    async def unsubscribe(self, context: Context, params: UnsubscribeRequestParams) -> Any:
        """Answers resources/unsubscribe."""
        self._subscribed().unsubscribe(context, str(params.uri))
        return {}

    async def listen(self, context: Context, params: SubscriptionsListenRequestParams) -> Any:
        """Serves subscriptions/listen. Where nothing would come, its acknowledgement says so by leaving it out."""
        from drift_mcp.resource_uris import placed
        from drift_mcp.resources import NoResource

        wanted: list[tuple[str, Events, str]] = []
        for uri in dict.fromkeys(params.notifications.resource_subscriptions or ()):
            with suppress(NoResource):
                toolbox, own = placed(self._view(context), uri)
                if toolbox.offers(RECEIVED) and toolbox.connection.events.hears:
                    wanted.append((uri, toolbox.connection.events, own))
        return await self._subscribed().listen(context, params, wanted)

    def _subscribed(self) -> "Subscriptions":
        from drift_mcp.events.subscriptions import Subscriptions

        if self._subscriptions is None:
            assert self._tasks is not None
            self._subscriptions = Subscriptions(self._tasks)
        return self._subscriptions


async def _tidy(connection: "Connection") -> None:
    while True:
        await anyio.sleep(TIDY_EVERY)
        from drift_mcp.events.log import LogUnavailable

        with suppress(LogUnavailable):
            if connection.events.kept:
                await connection.events.log.trim()


async def _keep_rules(toolbox: "Toolbox", *, task_status: TaskStatus[None]) -> None:
    from drift_mcp.events.rules.worker import Worker

    await Worker(toolbox).keep_on(task_status.started)

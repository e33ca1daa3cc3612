"""What a server does about events beside its tools: polling, keeping rules, and the handlers for those who subscribe.

Light, as every server has one; what subscribing needs is imported when somebody does.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
    from drift_mcp.events.subscriptions import Subscriptions
    from drift_mcp.switchboard import Switchboard
    from drift_mcp.toolbox import Toolbox

Context = ServerRequestContext[Any, Any]

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
                if connection.settings.poll_seconds:
                    self._tasks.start_soon(connection.events.poller.keep_on)
                if connection.rules:
                    await self._tasks.start(_keep_rules, switchboard.toolbox(name))
            yield
            self._tasks.cancel_scope.cancel()

    def hears(self, context: Context) -> bool:
        """Whether there are events for the sender of this request."""
        return self._toolbox(context).connection.events.hears

    async def subscribe(self, context: Context, params: SubscribeRequestParams) -> Any:
        """Answers resources/subscribe."""
        toolbox = self._toolbox(context)
        if not toolbox.offers(RECEIVED):
            raise MCPError(INVALID_PARAMS, f"The operator of this server does not allow {RECEIVED}.")
        await self._subscribed().subscribe(context, toolbox.connection.events, str(params.uri))
        return {}

    async def unsubscribe(self, context: Context, params: UnsubscribeRequestParams) -> Any:
        """Answers resources/unsubscribe."""
        self._subscribed().unsubscribe(context, str(params.uri))
        return {}

    async def listen(self, context: Context, params: SubscriptionsListenRequestParams) -> Any:
        """Serves subscriptions/listen."""
        toolbox = self._toolbox(context)
        allowed = toolbox.offers(RECEIVED)
        return await self._subscribed().listen(context, params, toolbox.connection.events, allowed=allowed)

    def _toolbox(self, context: Context) -> "Toolbox":
        return self._view(context).toolbox()

    def _subscribed(self) -> "Subscriptions":
        from drift_mcp.events.subscriptions import Subscriptions

        if self._subscriptions is None:
            assert self._tasks is not None
            self._subscriptions = Subscriptions(self._tasks)
        return self._subscriptions


async def _keep_rules(toolbox: "Toolbox", *, task_status: TaskStatus[None]) -> None:
    from drift_mcp.events.rules.worker import Worker

    await Worker(toolbox).keep_on(task_status.started)

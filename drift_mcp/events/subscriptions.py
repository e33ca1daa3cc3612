"""Tells MCP clients that a resource has changed because an event came, in both protocol eras.

In the 2025-11-25 era a client subscribes with `resources/subscribe` and is told in its session; in the 2026-07-28 era
it opens a `subscriptions/listen` stream. Both hang on the SDK's bus, one for each connection to Drift, as the same URI
is another conversation in another organisation; a client is told by the URI that it subscribed to. What is published
there is read from the connection's log, so it does not matter which process took the event in.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import anyio
from anyio.abc import TaskGroup
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated, ServerEvent
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_REQUEST, SubscriptionsListenRequestParams, SubscriptionsListenResult

from drift_mcp.events import Events
from drift_mcp.events.event import Event
from drift_mcp.events.log import START, BadCursor, LogUnavailable, Wanted

log = logging.getLogger(__name__)

Context = ServerRequestContext[Any, Any]

TICK = 30.0
BATCH = 200
PAUSE = 1.0
"""Seconds before a log that could not be read is read again."""
PATIENCE = 5.0
"""Seconds for a client to take a notification."""
MOST = 200
"""Resources that one session may subscribe to."""
MOST_STREAMS = 1024
_STATE = "drift_mcp.subscriptions"


def changed_by(event: Event) -> list[str]:
    """The URIs of the resources that `event` changes."""
    here = f"drift://conversations/{event.conversation_id}"
    of_conversation = [f"{here}/events", here, f"{here}/transcript"] if event.conversation_id else []
    return ["drift://events", *of_conversation]


class Subscriptions:
    """Those of all connections in this process. `tasks` ends with the server."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._feeds: dict[str, _Feed] = {}
        self._starting = anyio.Lock()
        self._streams = 0

    async def subscribe(self, context: Context, events: Events, uri: str, own: str) -> None:
        """Tell the session of `context` from now on when `uri` changes, which `events` tell of as `own` (2025-11-25).

        Raises:
            MCPError: nothing would ever come, or it is too much.
        """
        # The SDK gives handlers a session for each request. What outlasts the request is the client's connection, with
        # its end and its state, to which mcp 2.3 has no public way (`Context.connection` is not what handlers get).
        client = context.session._connection
        if not client.has_standalone_channel:
            raise MCPError(INVALID_REQUEST, "Without a session nothing can be told later; call wait_for_event.")
        if not events.hears:
            raise MCPError(INVALID_REQUEST, "This server receives no events from Drift; call wait_for_event.")
        feed = await self._feed(events)
        kept: dict[str, Callable[[], None]] | None = client.state.get(_STATE)
        if kept is None:
            kept = client.state[_STATE] = {}
            client.exit_stack.callback(_end_all, kept)
        if uri in kept:
            return
        if len(kept) >= MOST:
            raise MCPError(INVALID_REQUEST, f"A session may subscribe to {MOST} resources.")
        session = context.session

        async def tell() -> None:
            with anyio.move_on_after(PATIENCE):
                await session.send_resource_updated(uri)

        def hear(event: ServerEvent) -> None:
            if event == ResourceUpdated(own):
                self._tasks.start_soon(_quietly, tell)

        kept[uri] = feed.bus.subscribe(hear)

    def unsubscribe(self, context: Context, uri: str) -> None:
        """Tell that session no more."""
        _end(context.session._connection.state.get(_STATE, {}), uri)

    async def listen(
        self, context: Context, params: SubscriptionsListenRequestParams, wanted: Sequence[tuple[str, Events, str]]
    ) -> SubscriptionsListenResult:
        """Serve one stream (2026-07-28) of what is `wanted`: URIs, the events that tell of them, and as which URI."""
        uris = [uri for uri, _, _ in wanted]
        honoured = params.notifications.model_copy(update={"resource_subscriptions": uris or None})
        params = params.model_copy(update={"notifications": honoured})
        if self._streams >= MOST_STREAMS:
            raise MCPError(INTERNAL_ERROR, "This server has as many streams as it can serve; call wait_for_event.")
        self._streams += 1
        try:
            selection = _Selection()
            for uri, events, own in wanted:
                selection.add(await self._feed(events), own, uri)
            return await ListenHandler(selection)(context, params)
        finally:
            self._streams -= 1

    async def _feed(self, events: Events) -> "_Feed":
        """What is told of a connection that hears. It is being read when this returns."""
        async with self._starting:
            feed = self._feeds.get(events.name)
            if feed is None:
                try:
                    # Where the log ends now, before anybody is told that they are subscribed.
                    begin = (await events.log.latest(Wanted(), 1)).cursor
                except LogUnavailable:
                    raise MCPError(INVALID_REQUEST, "The log of events cannot be read at the moment.") from None
                feed = self._feeds[events.name] = _Feed(events)
                self._tasks.start_soon(feed.read_on, begin)
            return feed


class _Feed:
    """What is published of one connection, and who listens."""

    def __init__(self, events: Events) -> None:
        self.bus = InMemorySubscriptionBus()
        self._events = events

    async def read_on(self, cursor: str) -> None:
        """Publish what comes after the cursor, for ever."""
        while True:
            try:
                await self._events.log.wait(cursor, TICK)
                page = await self._events.log.read(Wanted(org_id=await self._events.org_id()), cursor, BATCH)
            except LogUnavailable:
                log.warning("The events of %s cannot be read", self._events.name)
                await anyio.sleep(PAUSE)
                continue
            except BadCursor:  # the log was emptied: all that is in it is new
                cursor = START
                continue
            cursor = page.cursor
            changed = dict.fromkeys(uri for entry in page.entries for uri in changed_by(entry.event))
            for uri in changed:
                await self.bus.publish(ResourceUpdated(uri))


class _Selection:
    """The bus of one stream: resources of some feeds, each as its feed tells of it and as the client calls it."""

    def __init__(self) -> None:
        self._wanted: dict[_Feed, dict[str, list[str]]] = {}

    def add(self, feed: _Feed, own: str, uri: str) -> None:
        """Have what `feed` tells of as `own` told as `uri`."""
        self._wanted.setdefault(feed, {}).setdefault(own, []).append(uri)

    async def publish(self, event: ServerEvent) -> None:
        """Only feeds do."""
        raise NotImplementedError

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """As a `SubscriptionBus` does."""

        def hear(event: ServerEvent, called: dict[str, list[str]]) -> None:
            for uri in called.get(event.uri, ()) if isinstance(event, ResourceUpdated) else ():
                listener(ResourceUpdated(uri))

        ends = [feed.bus.subscribe(partial(hear, called=called)) for feed, called in self._wanted.items()]

        def unsubscribe() -> None:
            for end in ends:
                end()

        return unsubscribe


def _end(kept: dict[str, Callable[[], None]], uri: str) -> None:
    unsubscribe = kept.pop(uri, None)
    if unsubscribe is not None:
        unsubscribe()


def _end_all(kept: dict[str, Callable[[], None]]) -> None:
    for uri in list(kept):
        _end(kept, uri)


async def _quietly(tell: Callable[[], Any]) -> None:
    """One client that cannot be told takes nobody else's news away."""
    try:
        await tell()
    except Exception as error:
        log.info("a client could not be told of a change: %s", type(error).__name__)

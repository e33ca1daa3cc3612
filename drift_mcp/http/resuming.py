"""Answers of the older era that are kept for a while, so that a client whose stream breaks off loses none of them.

The client comes back with the id of the last event it saw, and gets what came after it (2025-11-25, "Resumability and
Redelivery"). The newer era has no such thing: there a client repeats its request.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http import (
    GET_STREAM_KEY,
    EventCallback,
    EventId,
    EventMessage,
    EventStore,
    StreamableHTTPServerTransport,
    StreamId,
)
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCResponse, jsonrpc_message_adapter

ROOM = 64_000_000
"""Bytes for the events of all sessions of this process."""
MAX_AGE = 300.0
"""Seconds that an answer is kept. A client comes back after one."""
RETRY = 1_000
"""Milliseconds that a client is told to wait before it comes back."""
_OVERHEAD = 500
_SHARE = 4


@dataclass(slots=True, eq=False)
class _Stream:
    """The events of one request, each with its number; None is the place before the first. Over with the answer.

    They are kept as the JSON that they are sent as: as objects a listing takes several times the room.
    """

    key: StreamId
    events: list[tuple[int, bytes | None]] = field(default_factory=list)
    size: int = 0
    over_at: float | None = None
    more: anyio.Event = field(default_factory=anyio.Event)


class Room:
    """The room that sessions share. When it is full, whoever has most in it loses its oldest."""

    def __init__(self, size: int = ROOM, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._left = size
        self._tenants: WeakSet[SessionEvents] = WeakSet()

    def events(self) -> "SessionEvents":
        """A place for the events of one more session; it is free again when nothing refers to it."""
        made = SessionEvents(self)
        self._tenants.add(made)
        return made

    def changed(self, by: int) -> None:
        """Somebody has taken `by` bytes more, or has given them back."""
        self._left -= by
        while self._left < 0:
            max(self._tenants, key=lambda each: each.size).drop_oldest()


class SessionEvents(EventStore):
    """The events of one session. The SDK names a stream by the id of its request, which means nothing elsewhere."""

    def __init__(self, room: Room) -> None:
        self.size = 0
        self._room = room
        self._streams: dict[StreamId, _Stream] = {}
        self._count = 0

    def __del__(self) -> None:
        self._room.changed(-self.size)

    async def store_event(self, stream_id: StreamId, message: JSONRPCMessage | None) -> EventId:
        """Keep the message, or for None only the place in the stream before its first one."""
        now = self._room.clock()
        for each in list(self._streams.values()):
            reused = message is None and each.key == stream_id
            if each.over_at is not None and (reused or now - each.over_at > MAX_AGE):
                self._drop(each)
        stream = self._streams.setdefault(stream_id, _Stream(stream_id))
        self._count += 1
        kept = message.model_dump_json(by_alias=True, exclude_unset=True).encode() if message else None
        stream.events.append((self._count, kept))
        if isinstance(message, JSONRPCResponse | JSONRPCError):
            stream.over_at = now
        stream.more.set()
        stream.more = anyio.Event()
        size = _OVERHEAD + len(kept or b"")
        stream.size += size
        self.size += size
        self._room.changed(size)
        return str(self._count)

    async def replay_events_after(self, last_event_id: EventId, send_callback: EventCallback) -> StreamId | None:
        """Send what comes after in the same stream, up to the answer.

        The SDK would go on by itself with what comes later, but misses what comes while it gets ready, and would not
        end the stream with the answer. So that is left to it only for the stream that belongs to no request.
        """
        for stream in self._streams.values():
            if any(str(number) == last_event_id for number, _ in stream.events):
                break
        else:
            return None
        last = int(last_event_id)
        while True:
            more = stream.more
            for number, kept in [each for each in stream.events if each[0] > last]:
                last = number
                if kept is not None:
                    message = jsonrpc_message_adapter.validate_json(kept, by_name=False)
                    await send_callback(EventMessage(message, str(number)))
            if stream.key == GET_STREAM_KEY:
                return stream.key
            if stream.over_at is not None or self._streams.get(stream.key) is not stream:
                return None
            if stream.events[-1][0] == last:
                await more.wait()

    def drop_oldest(self) -> None:
        """Forget a stream: the one that has been over for longest, or else the oldest."""
        self._drop(min(self._streams.values(), key=lambda each: math.inf if each.over_at is None else each.over_at))

    def _drop(self, stream: _Stream) -> None:
        del self._streams[stream.key]
        stream.more.set()  # nothing comes here any more, for whoever waits for it
        self.size -= stream.size
        self._room.changed(-stream.size)


class Sessions(StreamableHTTPSessionManager):
    """Sessions of the older era, each with events of its own: the SDK would give all of them the same store.

    No caller has more than four times as many as are left, so that there always are some for others.
    """

    def __init__(self, app: Server[Any], *, max_sessions: int, **kwargs: Any) -> None:
        self._room = Room()
        self._most = max_sessions
        super().__init__(app, max_sessions=max_sessions, **kwargs)
        self.retry_interval = RETRY

    def _admit_session(self, requestor: AuthorizationContext | None) -> StreamableHTTPServerTransport | None:
        own = sum(owner == requestor for owner in self._session_owners.values())
        left = self._most - len(self._session_owners)
        return super()._admit_session(requestor) if own < _SHARE * left else None

    @property
    def event_store(self) -> EventStore:
        """Asked for once by each new session."""
        return self._room.events()

    @event_store.setter
    def event_store(self, _: EventStore | None) -> None:
        """The SDK sets what it was given, which is nothing."""

"""A sender of webhooks over connections that stay open, by turns to each replica, again until it is told 2xx."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

_PAUSE = 0.05
"""Seconds before the same is sent again, to the next replica."""
_PATIENCE = 10.0
REFUSED = "no connection"
_LENGTH = re.compile(rb"(?i)\ncontent-length: (\d+)")
_BROKEN = (OSError, asyncio.IncompleteReadError, TimeoutError)


@dataclass
class Sent:
    """`took` are the seconds of each answer with 2xx, `until_taken` those from the first try of a delivery to it.

    `again` counts why a delivery was sent another time: a status, or that no answer came.
    """

    seconds: float = 0.0
    took: list[float] = field(default_factory=list[float])
    until_taken: list[float] = field(default_factory=list[float])
    again: Counter[str] = field(default_factory=Counter[str])

    @property
    def unanswered(self) -> int:
        """How often a delivery was sent that may have been taken without an answer."""
        return self.again.total() - self.again[REFUSED]


async def send(
    bodies: Sequence[Callable[[], bytes]],
    ports: Sequence[int],
    path: str,
    connections: int,
    before: Callable[[int], None],
) -> Sent:
    """Send each of `bodies`, so many at once; `before` is told which is next."""
    sent, left = Sent(), iter(range(len(bodies)))
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(_one(bodies, left, [_Road(port, path) for port in ports], before, sent))
    sent.seconds = time.perf_counter() - began
    return sent


async def _one(
    bodies: Sequence[Callable[[], bytes]],
    left: Iterator[int],
    roads: "list[_Road]",
    before: Callable[[int], None],
    sent: Sent,
) -> None:
    for place in left:
        before(place)
        body = bodies[place]()
        first = time.perf_counter()
        turn = place
        while True:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(_PATIENCE):
                    status = await roads[turn % len(roads)].post(body)
                why = str(status)
            except _BROKEN as error:
                roads[turn % len(roads)].leave()
                status, why = 0, REFUSED if isinstance(error, ConnectionRefusedError) else "no answer"
            if 200 <= status < 300:
                break
            if 400 <= status < 500 and status != 429:
                raise RuntimeError(f"a webhook was refused with {status}")
            sent.again[why] += 1
            turn += 1
            await asyncio.sleep(_PAUSE)
        sent.took.append(time.perf_counter() - began)
        sent.until_taken.append(time.perf_counter() - first)
    for road in roads:
        road.leave()


class _Road:
    """A connection to one replica, made when it is needed."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> int:
        """The status that is answered. Raises one of `_BROKEN`."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        await reader.readexactly(int(length[1]) if length else 0)
        return int(answer.split(b" ", 2)[1])

    def leave(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

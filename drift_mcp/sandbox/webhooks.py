"""Webhooks out: what the world announces is posted to one URL, as well or as badly as the settings say.

An event is {"type", "token", "orgId", "data"}, its token also in the header X-Verification-Token (devdocs:
webhook-events-1). Deliveries are made one after another off the request path, and wait in memory only: what has
not been delivered when the process ends is lost.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict, dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from . import choices
from .world import Row, World

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

Share = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[int, Field(ge=0, le=3_600_000)]


class BadSettings(ValueError):
    """The message names the field and says what is wrong with it."""


class Settings(BaseModel):
    """Where events go, which ones, and how unreliably. The same seed and events make the same run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    url: str | None = Field(None, pattern="^https?://[^/]")
    """Nothing is sent, or counted, without one."""
    token: str = Field(choices.SANDBOX_WEBHOOK_TOKEN, min_length=1)
    events: list[str] | None = None
    """Event types; None: all."""
    duplicates: Share = 0.0
    """Share of events that come twice."""
    loss: Share = 0.0
    """Share of events that never come."""
    reorder: int = Field(0, ge=0, le=1000)
    """By how many later events one may be overtaken."""
    delay_ms: Milliseconds = 0
    """How long after it happened an event is delivered, at the earliest."""
    retries: int = Field(3, ge=0, le=100)
    """How often a delivery is tried again after anything but a 2xx answer."""
    backoff_ms: Milliseconds = 500
    """The wait before the first such try, doubled before each further one."""
    seed: int = 0

    def changed(self, given: Row) -> Self:
        """These with the given fields instead. Raises BadSettings."""
        try:
            return self.model_validate({**self.model_dump(), **given})
        except ValidationError as error:
            wrong = error.errors()[0]
            raise BadSettings(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from None


@dataclass
class Counts:
    """Events `announced` and `dropped`, and deliveries; `announced + duplicated` is the sum of those `dropped`,
    `delivered`, `failed` and `waiting`. `retried` counts tries beyond a delivery's first."""

    announced: int = 0
    delivered: int = 0
    duplicated: int = 0
    dropped: int = 0
    failed: int = 0
    waiting: int = 0
    retried: int = 0


@dataclass(frozen=True)
class Delivery:
    """One envelope on its way, as it was when the event happened. Times are of the monotonic clock."""

    url: str
    token: str
    body: bytes
    due: float
    overdue: float
    """When it no longer waits for later events to overtake it."""


class Webhooks:
    """Listens to a world from the start; `configure` may be called at any time."""

    def __init__(self, world: World, settings: Settings) -> None:
        self._world = world
        self._first_settings = settings
        self._changed = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._warned: set[str] = set()
        self.restart()
        world.listeners.append(self._hear)

    def restart(self) -> None:
        """Back to the settings of the start, with nothing counted and nothing waiting."""
        self.counts = Counts()
        self._heard = 0
        # In the order of going out: (how many events have to be heard before, how many of them overtake it, its number
        # among all deliveries, the delivery)
        self._waiting: list[tuple[int, int, int, Delivery]] = []
        self._numbers = count()
        self.configure(self._first_settings)

    def configure(self, settings: Settings) -> None:
        """The settings for events from now on; the draws begin anew."""
        self.settings = settings
        self._dice = Random(settings.seed)  # noqa: S311

    async def settled(self, seconds: float) -> None:
        """Returns once nothing waits any more, at the latest after `seconds`."""
        until = monotonic() + seconds
        while self.counts.waiting and monotonic() < until:
            await self._change(until)

    async def close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    def _hear(self, event: str, data: Row) -> None:
        settings = self.settings
        if settings.url is None or (settings.events is not None and event not in settings.events):
            return
        self.counts.announced += 1
        self._heard += 1
        # Always the same number of draws, so that one setting does not change what another one does.
        loss, repetition, *places = (self._dice.random() for _ in range(4))
        shifts = [int(place * (settings.reorder + 1)) for place in places]
        if loss < settings.loss:
            self.counts.dropped += 1
        else:
            twice = repetition < settings.duplicates
            self.counts.duplicated += twice
            self._send(settings, settings.url, event, data, shifts[: 1 + twice])
        self._wake()

    def _send(self, settings: Settings, url: str, event: str, data: Row, shifts: list[int]) -> None:
        """Queue one delivery for each of `shifts`: by how many events it is overtaken."""
        envelope = {"type": event, "token": settings.token, "orgId": self._world.org["id"], "data": data}
        due = monotonic() + settings.delay_ms / 1000
        overdue = due + choices.WEBHOOK_HOLD_SECONDS
        delivery = Delivery(url, settings.token, json.dumps(envelope).encode(), due, overdue)
        for shift in shifts:
            self.counts.waiting += 1
            heappush(self._waiting, (self._heard + shift, shift, next(self._numbers), delivery))

    def _wake(self) -> None:
        """Have the worker look; it begins with the first event, as an app under test has no start of its own."""
        self._changed.set()
        if self._waiting and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _change(self, until: float | None) -> None:
        """Until something has happened, or the moment `until`."""
        self._changed.clear()
        try:
            async with asyncio.timeout(None if until is None else until - monotonic()):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _work(self) -> None:
        import httpx

        async with httpx.AsyncClient(trust_env=False, timeout=choices.WEBHOOK_TIMEOUT_SECONDS) as client:
            while True:
                delivery = await self._next()
                counts = self.counts
                if await self._delivered(client, delivery, counts):
                    counts.delivered += 1
                else:
                    counts.failed += 1
                counts.waiting -= 1
                self._changed.set()

    async def _next(self) -> Delivery:
        while True:
            if not self._waiting:
                await self._change(None)
                continue
            after, _, _, delivery = self._waiting[0]
            ready = delivery.due if after <= self._heard else delivery.overdue
            if ready <= monotonic():
                heappop(self._waiting)
                return delivery
            await self._change(ready)

    async def _delivered(self, client: httpx.AsyncClient, delivery: Delivery, counts: Counts) -> bool:
        """Whether the receiver took it, at once or after some tries."""
        import httpx

        headers = {"Content-Type": "application/json", "X-Verification-Token": delivery.token}
        settings = self.settings
        for attempt in range(1 + settings.retries):
            if attempt:
                counts.retried += 1
                await asyncio.sleep(settings.backoff_ms / 1000 * 2 ** (attempt - 1))
            try:
                answer = await client.post(delivery.url, content=delivery.body, headers=headers)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                self._warn(delivery.url, f"get no answer ({type(error).__name__})")
                continue
            if answer.is_success:
                return True
            token = "; it has to be given the verification token" if answer.status_code in {401, 403} else ""
            self._warn(delivery.url, f"are refused with status {answer.status_code}{token}")
        return False

    def _warn(self, url: str, what: str) -> None:
        """Say once for each receiver that it does not take what is sent; how often, the counts tell."""
        if url not in self._warned:
            self._warned.add(url)
            log.warning("Events to %s %s. This is said once.", url.partition("?")[0], what)

    def view(self) -> Row:
        """The counts, and the settings without the token."""
        return {**asdict(self.counts), "settings": self.settings.model_dump(exclude={"token"})}

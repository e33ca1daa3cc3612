"""What Drift tells of by itself: webhooks in, or a poller where they cannot reach, a log of both, and what reads it.

`Events` is all of that for one connection.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from drift_mcp.credentials import MissingCredential
from drift_mcp.events.event import read
from drift_mcp.events.kinds import ERASURE, STATUS
from drift_mcp.events.tokens import WebhookTokens

if TYPE_CHECKING:
    from pydantic import SecretStr

    from drift_mcp.connection import Connection
    from drift_mcp.events.log import EventLog
    from drift_mcp.events.poller import Poller
    from drift_mcp.events.rules.ledger import Ledger
    from drift_mcp.events.rules.rule import Rule
    from drift_mcp.events.statuses import Statuses

ASK_AGAIN = 60.0
"""Seconds before Drift is asked again which organisation the token is of, where it was known once."""
PATIENCE = 2.0
"""Seconds that its answer is waited for then."""
LOOK_EVERY = 30.0
"""Seconds after which it is looked whether there is another token by now."""
_ORG = "org_id"


class EventStore(Protocol):
    """Where events are kept, and what is kept beside them, all in one place."""

    @property
    def log(self) -> "EventLog": ...

    @property
    def ledger(self) -> "Ledger": ...

    @property
    def statuses(self) -> "Statuses": ...


class Events:
    """The events of `connection`. Nothing is opened before the first use."""

    def __init__(self, connection: "Connection") -> None:
        settings = connection.settings
        self._connection = connection
        self.name = connection.name
        self.tokens = WebhookTokens(settings.webhook_token_env, settings.webhook_token_file)
        self.poll_seconds = settings.poll_seconds
        self._org_id: int | None = None
        self._org_of: SecretStr | None = None
        """The token of which Drift said so."""
        self._look_at = -math.inf
        self._ask_org_at = -math.inf

    @property
    def hears(self) -> bool:
        """Whether events come by themselves: by webhooks, or because this server asks all the time."""
        return self._connection.settings.hears()

    @property
    def rules(self) -> "Sequence[Rule]":
        """What the operator wants done about them without an agent."""
        return self._connection.rules

    @cached_property
    def _store(self) -> "EventStore":
        settings = self._connection.settings
        if (shared := self._connection.shared) is not None:
            from drift_mcp.store.events import RedisEvents

            return RedisEvents(shared, days=settings.event_days, size=settings.event_bytes)
        from drift_mcp.events.sqlite_store import SqliteEvents

        return SqliteEvents(self._path, days=settings.event_days, size=settings.event_bytes)

    @property
    def log(self) -> "EventLog":
        """Where they are kept."""
        return self._store.log

    @property
    def ledger(self) -> "Ledger":
        """What the rules have done about them, beside them."""
        return self._store.ledger

    @property
    def statuses(self) -> "Statuses":
        """Under which key a change of status is stored, beside them."""
        return self._store.statuses

    @property
    def _path(self) -> Path:
        # The sandbox and Drift itself can share the folder, but never their events.
        return self._connection.state() / f"events-{self.name}.sqlite"

    @property
    def kept(self) -> bool:
        """Whether there may be any in the log."""
        if self._connection.shared is not None:
            return True
        try:
            return self._path.exists()
        except OSError:
            return False

    @cached_property
    def poller(self) -> "Poller":
        """What asks Drift for them."""
        from drift_mcp.events.poller import Poller

        return Poller(self, self._connection)

    async def told(self, type_name: str, org_id: Any, data: Any) -> bool:
        """Keep what Drift tells; whether it is new. It is durable when this returns.

        Raises:
            LogUnavailable: it could not be kept.
        """
        event = read(self.name, type_name, org_id, data)
        if event.type == STATUS:
            from drift_mcp.events.statuses import settled

            event = await settled(self.statuses, event)
        new = (await self.log.append([event]))[0]
        if event.type == ERASURE:
            from drift_mcp.events.erasure import asked

            await asked(self, event)
        return new

    async def org_id(self, *, sure: bool = False) -> int | None:
        """The organisation of the connection's token; None while Drift has never said.

        An app's webhooks bring the events of all organisations that use it, so readers ask for one of them. Each
        process asks Drift, and again with each new token, as it may be another organisation's; what was told before is
        good while it does not answer. A new token is noticed within `LOOK_EVERY`, or where it is to be `sure` at once.

        Raises:
            LogUnavailable: the log cannot be read.
        """
        from drift_mcp.drift.errors import DriftError

        now = anyio.current_time()
        if self._org_id is not None and not sure and now < self._look_at:
            return self._org_id
        self._look_at = now + LOOK_EVERY
        token = await self._token()
        if self._org_id is not None and token in (None, self._org_of):
            return self._org_id
        known = await self.log.note(_ORG)
        if anyio.current_time() >= self._ask_org_at:
            self._ask_org_at = anyio.current_time() + (0.0 if known is None else ASK_AGAIN)
            with anyio.move_on_after(math.inf if known is None else PATIENCE), suppress(DriftError):
                told = (await self._connection.token_info()).get("org_id")
                if isinstance(told, int):
                    await self.log.keep(_ORG, str(told))
                    self._org_id, self._ask_org_at = told, -math.inf
                    # One that has come meanwhile may be the one it was told of: then the next look asks again.
                    self._org_of = token if await self._token() == token else None
                    return told
        return None if known is None else int(known)

    async def _token(self) -> "SecretStr | None":
        with suppress(MissingCredential):
            return await self._connection.credential().token()
        return None

    async def aclose(self) -> None:
        """Let go of the log. Nothing may be called afterwards."""
        if "_store" in self.__dict__:
            await self.log.aclose()

"""A connection: one Drift organisation, by the name that the operator gave it, and all that belongs to it alone.

Its gateway (with the token behind it) is made at the first call. Nothing of one connection is reachable from another.
"""

import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import SecretStr

from drift_mcp import __version__
from drift_mcp.audit import Audit
from drift_mcp.consent.tickets import FileMarks, Tickets
from drift_mcp.credentials import source as credentials
from drift_mcp.settings import Settings

if TYPE_CHECKING:
    from drift_mcp.audit import Note
    from drift_mcp.cache import ReadCache
    from drift_mcp.claims import Claims
    from drift_mcp.credentials import CredentialProvider
    from drift_mcp.drift.gateway import Gateway
    from drift_mcp.drift.wire import Answer, Call
    from drift_mcp.events import Events
    from drift_mcp.events.rules.rule import Rule
    from drift_mcp.execute import Outcome
    from drift_mcp.keyed import Keyed
    from drift_mcp.operation import Operation, Request
    from drift_mcp.recover import Writes
    from drift_mcp.store.shared import Shared
    from drift_mcp.token_facts import TokenFacts

Open = Callable[[Settings], "Gateway"]
SCOPES_WAIT = 2.0
SCOPES_PAUSE = 60.0
"""Seconds after which a Drift that did not tell the scopes is asked again: not every list waits for it."""
UNCUT = 100_000_000
_ERASING = frozenset({"delete_contact", "delete_personal_data"})
"""Operations that erase a person in Drift, and so in the log of events."""


class Connection:
    """`source` says where the token comes from, by default what the environment says.

    `open_gateway` replaces how the gateway is made, for tests. `rules` say what a server does on events.
    """

    def __init__(
        self,
        settings: Settings,
        name: str = "",
        *,
        source: credentials.Source | None = None,
        open_gateway: Open | None = None,
        rules: "Sequence[Rule]" = (),
    ) -> None:
        self.settings = settings
        self.name = name or ("sandbox" if settings.sandbox else "drift")
        self.source = source
        self.rules = rules
        self._credential: CredentialProvider | None = None
        self._open = open_gateway
        self._gateway: Gateway | None = None
        self._ask_scopes_at = 0.0
        self.audit = Audit(settings, self.name, self.state)

    def gateway(self) -> "Gateway":
        """The way to Drift, made when it is first asked for."""
        if self._gateway is None:
            from drift_mcp.connect import connect

            if self._open:
                self._gateway = self._open(self.settings)
            elif self.settings.sandbox:
                self._gateway = connect(self.settings, self.credential())
            else:
                from drift_mcp.token_facts import BoundCredential

                self._gateway = connect(self.settings, BoundCredential(self.credential(), self._facts), self.shared)
        return self._gateway

    def credential(self) -> "CredentialProvider":
        """What answers for the token, made when it is first asked for."""
        if self._credential is None:
            if self.settings.sandbox:
                from drift_mcp.connect import sandbox_credential

                self._credential = sandbox_credential()
            else:
                source = self.source or credentials.of_environment()
                exclusive = self.shared.renewing if self.shared else None
                self._credential = credentials.provider(source, self.name, self.state(), exclusive)
        return self._credential

    async def aclose(self) -> None:
        """Close the connections to Drift. Nothing may be called afterwards."""
        made = vars(self)  # of the cached properties those that were asked for
        if "writes" in made:
            await self.writes.stop()
        if "keyed" in made:
            await self.keyed.aclose()
        if "claims" in made:
            await self.claims.aclose()
        if self._gateway is not None:
            await self._gateway.aclose()
            self._gateway = None
        if "events" in made:
            await self.events.aclose()
        if made.get("shared") is not None:
            await made["shared"].aclose()

    async def execute(
        self,
        operation: "Operation",
        request: "Request",
        *,
        budget: int,
        note: "Note | None" = None,
        doubt: bool = False,
    ) -> "Outcome":
        """The outcome of `operation` within `budget` bytes; `note` is kept of a write, for `doubt` see `Writes.make`.

        Raises:
            DriftError, InvalidArguments: as `drift_mcp.execute.execute` does.
        """
        from drift_mcp.execute import execute
        from drift_mcp.operation import Access

        send = self.writes.send
        if operation.access is Access.READ:
            prefix = self.settings.catalogue_prefix
            return await execute(operation, request, send, budget=budget, catalogue_prefix=prefix)
        watched = note.watching(send) if note else send
        make = partial(self.writes.make, operation, request, watched, budget, doubt=doubt)
        if operation.name in _ERASING:
            from drift_mcp.events import erasure

            return await erasure.made(self, request, make, doubt=doubt)
        return await make()

    async def found(self, operation: "Operation", request: "Request", *, began: float, budget: int) -> "Outcome | None":
        """As `Writes.found`; who was erased in Drift by the earlier call is erased from the log of events too.

        Raises:
            DriftError: as that does.
        """
        look = partial(self.writes.found, operation, request, began, budget)
        if operation.name in _ERASING:
            from drift_mcp.events import erasure

            return await erasure.made(self, request, look, doubt=True)
        return await look()

    async def token_info(self) -> dict[str, Any]:
        """What `get_token_info` answers.

        Raises:
            DriftError: it cannot be read.
        """
        from drift_mcp.operations.app import TOKEN_INFO

        return (await self.execute(TOKEN_INFO, TOKEN_INFO.request(), budget=UNCUT)).content

    async def scopes(self) -> frozenset[str] | None:
        """What the token may do; None when there is no token or Drift does not say.

        Waits for the answer for `SCOPES_WAIT` seconds at most: a host waits for the list meanwhile. The sandbox's own
        token may do everything, so it is not asked.
        """
        if self.settings.sandbox or (self._open is None and not await self.available()):
            return None
        if self._facts.latest is None and anyio.current_time() >= self._ask_scopes_at:
            from drift_mcp.drift.errors import DriftError

            self._ask_scopes_at = anyio.current_time() + SCOPES_PAUSE
            with anyio.move_on_after(SCOPES_WAIT), suppress(DriftError):  # the token may take its time, too
                await self._facts.now()
        return self._facts.latest.scopes if self._facts.latest else None

    async def organisation(self, patience: float = math.inf) -> str:
        """One text for the organisation of the token in use, another for each other one; not to be shown.

        Drift is asked once for each token, and its answer waited for `patience` seconds. The sandbox in this process is
        one organisation.

        Raises:
            DriftError: there is no token, or Drift does not answer.
        """
        if self.settings.sandbox or self._open is not None:
            return ""
        return (await self._facts.now(patience)).organisation

    async def named_organisation(self) -> str | None:
        """As `organisation`; None where Drift does not name it, as then a renewed token counts as another one's."""
        if self.settings.sandbox or self._open is not None:
            return ""
        facts = await self._facts.now()
        return facts.organisation if facts.named else None

    @cached_property
    def _facts(self) -> "TokenFacts":
        from drift_mcp.token_facts import TokenFacts

        return TokenFacts(self._token, self.token_info)

    async def _token(self) -> SecretStr:
        if self._open is not None:  # that gateway has a token of its own, and no other
            return SecretStr("")
        return await self.credential().token()

    async def available(self) -> bool:
        """Whether there seems to be a token, found out at little cost: Drift is not asked."""
        return await self.credential().available()

    async def _send(self, call: "Call") -> "Answer":
        return await self.gateway().send(call)

    @cached_property
    def cache(self) -> "ReadCache":
        """The answers that may be given again, for this connection alone."""
        from drift_mcp.cache import ReadCache

        return ReadCache(self._send, self.settings.cache_seconds, self.events, self.organisation)

    @cached_property
    def writes(self) -> "Writes":
        """How writes are made, so that none is lost or doubled."""
        from drift_mcp.recover import Writes

        settings = self.settings
        return Writes(
            self.cache.send if settings.cache_seconds else self._send,
            lambda: self.claims,
            total=settings.total_timeout,
            catalogue_prefix=settings.catalogue_prefix,
        )

    @cached_property
    def claims(self) -> "Claims":
        """Which write made what, for all processes that write to the same Drift."""
        if self.shared is not None:
            from drift_mcp.store.claims import SharedClaims

            return SharedClaims(self.shared)
        from drift_mcp.sqlite_claims import SqliteClaims

        if self.settings.sandbox:  # which nobody else writes to
            return SqliteClaims(None, "")
        return SqliteClaims(self.state, sha256(self._where.encode()).hexdigest()[:12])

    @cached_property
    def keyed(self) -> "Keyed":
        """The writes that carry a key of their caller's.

        Raises:
            StoreUnavailable: what is kept of them cannot be used.
        """
        from drift_mcp.keyed import Keyed

        scope, whose, patience = f"{self.name} {self._where}", self.named_organisation, self.settings.total_timeout
        if self.shared is not None:
            from drift_mcp.store.journal import SharedJournal

            return Keyed(
                SharedJournal(self.shared, patience), self.shared.secret, scope, self.named_organisation, patience
            )
        from drift_mcp.journal import SqliteJournal, needed
        from drift_mcp.local_key import local_key

        with needed():
            folder = self.state() / "journal"
            folder.mkdir(mode=0o700, exist_ok=True)

        async def secret() -> bytes:
            with needed():
                return local_key(folder / "key")

        return Keyed(SqliteJournal(folder), secret, scope, whose, patience)

    @cached_property
    def tickets(self) -> Tickets:
        """What stands for the questions that are put to people."""
        if self.shared is not None:
            from drift_mcp.store.marks import SharedMarks

            return Tickets(SharedMarks(self.shared), self.organisation)
        return Tickets(FileMarks(self._consent), self.organisation)

    @cached_property
    def shared(self) -> "Shared | None":
        """What it has in common with other replicas; None where there is no store for that."""
        if not self.settings.store:
            return None
        from drift_mcp.store.shared import Shared

        # Readable, for the operator who looks: neither is a secret.
        where = sha256(self._where.encode()).hexdigest()[:12]
        return Shared(self.settings.store, f"{self.name}-{where}")

    @cached_property
    def _where(self) -> str:
        """Which Drift it is. The sandbox in this process forgets everything with it, as must what was kept of it."""
        return secrets.token_hex(8) if self.settings.sandbox else self.settings.base_url

    @cached_property
    def events(self) -> "Events":
        """What Drift tells of by itself, made when it is first asked for."""
        from drift_mcp.events import Events

        return Events(self)

    def files(self) -> Path | None:
        """The folder that jobs may use, or None."""
        return Path(self.settings.files) if self.settings.files else None

    def state(self) -> Path:
        """The folder for what outlives the process, made on first use."""
        return self.settings.state()

    def _consent(self) -> Path:
        folder = self.state() / "consent"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def about(self) -> Mapping[str, Any]:
        """This connection, as `whoami` shows it."""
        sandbox = self.settings.sandbox
        return {
            "connection": self.name,
            "drift": "in this process" if sandbox else self.settings.base_url,
            "server_version": __version__,
        }

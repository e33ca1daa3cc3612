"""Which write made which record, and which writes are under way: known to all processes that write to the same Drift.

Two writes of the same words leave records that look the same. So that the trace of one is not taken for another's, each
says what it is about to make, and then which record that is. It is known by hashes and ids, never by a value.
"""

import hmac
import json
import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import anyio

from drift_mcp.operation import LostAnswer, Made, Operation, Request
from drift_mcp.store import StoreUnavailable
from drift_mcp.within import within

KEPT_FOR = 30 * 24 * 3600.0
"""Seconds after which a claim is forgotten: as long as a keyed write can be in doubt."""
UNDER_WAY = 600.0
"""Seconds for which a write that has not ended, such as one whose server was killed, may still make its record."""
APART = 60.0
"""Seconds by which the clocks of two servers may differ."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A write of which others may make the like: its own name, and that of all that make the same."""

    write: str
    content: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record in Drift: its id, and when Drift made it (epoch ms), where Drift says so.

    Drift's ids are never used again, but those of a sandbox that begins anew are: then that time is another one.
    """

    id: Any
    at: float | None = None


class Claims(Protocol):
    """Where the claims are. `begin` and `end` raise nothing: a write is made all the same.

    The others raise StoreUnavailable, and then it cannot be told whose a record is.
    """

    async def secret(self) -> bytes:
        """What makes the hashes the servers' own."""
        ...

    async def begin(self, claim: Claim) -> None:
        """It is about to be sent."""
        ...

    async def end(self, claim: Claim, record: Record | None) -> None:
        """It made `record`, Drift has said so; None: it made none."""
        ...

    async def take(self, claim: Claim, record: Record, since: float) -> bool:
        """`record` was found to be what it made. False, and nothing is done, where another write has it."""
        ...

    async def taken(self, claim: Claim, record: Record, since: float) -> bool | None:
        """Whether another write has `record`, and has said so at `since` (Unix time) or later.

        None: it has one of that id that was made at another time.
        """
        ...

    async def rivals(self, claim: Claim) -> bool:
        """Whether another write that makes the same is under way, or nobody knows what it made."""
        ...

    async def aclose(self) -> None:
        """Let go of them."""
        ...


# ---- what a claim is about -------------------------------------------------------------------------------------------

_name: ContextVar[str] = ContextVar("drift_mcp_write", default="")


def named(name: str) -> AbstractContextManager[str]:
    """Inside, writes are parts of the one with that `name`: it has the same one when it is called again."""
    return within(_name, name)


class Mine:
    """What one write says of itself to the others, and what it asks about them.

    It says nothing where the like cannot be made twice. Where the claims cannot be used, no record is surely its own.
    """

    def __init__(self, claims: Claims, operation: Operation, claim: Claim | None) -> None:
        self._claims = claims
        self._claim = claim
        made = operation.recovery
        alike = operation.lost_answer is LostAnswer.LOOK_FIRST and isinstance(made, Made)
        self._list = made.looks[0].operation if alike and isinstance(made, Made) else ""

    @classmethod
    async def of(cls, claims: Claims, operation: Operation, request: Request) -> "Mine":
        """That of a write. One that is a part of a named write is the same one when it is called again."""
        mine = cls(claims, operation, None)
        if mine._list:
            with suppress(StoreUnavailable):
                secret, name = await claims.secret(), _name.get()
                content = _hashed(secret, [operation.name, request.model_dump(mode="json", exclude_none=True)])
                write = _hashed(secret, [name, content]) if name else secrets.token_hex(16)
                mine._claim = Claim(write, content)
        return mine

    async def begin(self) -> None:
        """It is about to be sent."""
        if self._claim is not None:
            await self._claims.begin(self._claim)

    async def made(self, made: Record) -> None:
        """It has made that record.

        One without an id (None) cannot be told from that of the same write by another: this one stays in its way.
        """
        if made.id is not None:
            await self._end(self._record(made))

    async def dropped(self) -> None:
        """It has made nothing."""
        await self._end(None)

    async def _end(self, record: Record | None) -> None:
        if self._claim is not None:
            with anyio.CancelScope(shield=True):
                await self._claims.end(self._claim, record)

    async def excludes(self, made: Record, since: float) -> bool | None:
        """Whether that record is another write's. As `Claims.taken`."""
        if not self._list or made.id is None:
            return False
        return await self._claims.taken(self._said(), self._record(made), since)

    async def takes(self, made: Record, since: float) -> bool:
        """Whether that record can only be this write's, and is from now on. As `Claims.take`.

        It cannot be told while the same write is under way a second time, or was and nobody knows what it made.
        """
        if not self._list:
            return True
        if await self._claims.rivals(self._said()):
            return False
        return made.id is None or await self._claims.take(self._said(), self._record(made), since)

    def _said(self) -> Claim:
        if self._claim is None:
            raise StoreUnavailable
        return self._claim

    def _record(self, made: Record) -> Record:
        # Operations that are looked up in the same list make the same kind of record.
        return Record(f"{self._list} {made.id}", made.at)


def _hashed(secret: bytes, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.new(secret, text.encode(), "sha256").hexdigest()[:32]


def same_record(made: Sequence[float | None], record: Record) -> bool | None:
    """Whether one of those `made` at these times, which have the id of `record`, is that; None: each at another."""
    if not made:
        return False
    return True if any(at is None or record.at is None or at == record.at for at in made) else None

"""Tickets: what a question that was put is known by when its answer comes with a later call.

A ticket is sealed (the MCP SDK's AES-256-GCM), so that only this server can make one. It holds for exactly what it was
made for, in the organisation it was made for, for five minutes, once. The key and the marks of what is used up are
files in one folder, so that this is so for all processes that share the folder, and after a restart; or they are in a
store that replicas share.
"""

import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Protocol

from drift_mcp.store import StoreUnavailable

if TYPE_CHECKING:
    from mcp.server.request_state import AESGCMRequestStateCodec

log = logging.getLogger(__name__)

LIFETIME = 300.0
"""Seconds a person has to answer."""

_LAYOUT = Struct(">d16s16s")
"""When it ends (Unix time), and the digests of what it is for and of what was shown."""


class Fault(StrEnum):
    """Why a ticket does not count."""

    UNKNOWN = "unknown"
    OTHER = "other"
    EXPIRED = "expired"
    USED = "used"
    CHANGED = "changed"


class BadTicket(Exception):
    """The ticket does not count."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Marks(Protocol):
    """The key of tickets and what is left of used ones. Both methods raise StoreUnavailable."""

    async def key(self) -> bytes:
        """The 32 bytes that all who share the marks seal with."""
        ...

    async def use_up(self, mark: str, seconds: float) -> bool:
        """Leave `mark`, for so long at least; False when somebody has left it before."""
        ...


class FileMarks:
    """Marks in a folder, that `folder` gives and makes at the first use."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    async def key(self) -> bytes:
        """As in `Marks`."""
        from drift_mcp.local_key import local_key

        with _needed():
            return local_key(self._folder() / "key")

    async def use_up(self, mark: str, seconds: float) -> bool:
        """As in `Marks`. Those that are older are cleared away."""
        with _needed():
            marks = self._folder() / "used"
            marks.mkdir(mode=0o700, exist_ok=True)
            for each in marks.iterdir():
                with suppress(FileNotFoundError):
                    if each.stat().st_mtime < time.time() - seconds:
                        each.unlink()
            try:
                os.close(os.open(marks / mark, os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                return False
            return True


@contextmanager
def _needed() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error("The folder of confirmations cannot be used: %s", error.strerror or error)
        raise StoreUnavailable from None


class Tickets:
    """Makes tickets and takes them back; `marks` are what they are sealed with and known by when they are used.

    `organisation` says which one the token in use is of, or raises DriftError.
    """

    def __init__(self, marks: Marks, organisation: Callable[[], Awaitable[str]]) -> None:
        self._marks = marks
        self.organisation = organisation

    async def mint(self, bound_to: str, shown: str) -> str:
        """A ticket for `bound_to`, the question having shown `shown`.

        Raises:
            StoreUnavailable: the marks cannot be used.
            DriftError: which organisation it would be for cannot be found out.
        """
        for_what = await self._for_what(bound_to)
        return (await self._sealer()).seal(_LAYOUT.pack(time.time() + LIFETIME, for_what, _digest(shown)))

    async def redeem(self, ticket: str, bound_to: str, shown: str) -> None:
        """Use `ticket` up.

        Raises:
            BadTicket: it is not for `bound_to`, is too old, was used before, or something else than `shown` was shown.
            StoreUnavailable: the marks cannot be used.
            DriftError: which organisation it would be for cannot be found out.
        """
        from mcp.server.request_state import InvalidRequestState

        try:
            end, for_what, of_what = _LAYOUT.unpack((await self._sealer()).unseal(ticket))
        except InvalidRequestState:
            raise BadTicket(Fault.UNKNOWN) from None
        if not compare_digest(for_what, await self._for_what(bound_to)):
            raise BadTicket(Fault.OTHER)
        if time.time() >= end:
            raise BadTicket(Fault.EXPIRED)
        if not await self._marks.use_up(_digest(ticket).hex(), LIFETIME):
            raise BadTicket(Fault.USED)
        if not compare_digest(of_what, _digest(shown)):
            raise BadTicket(Fault.CHANGED)

    async def _for_what(self, bound_to: str) -> bytes:
        return _digest(f"{await self.organisation()} {bound_to}")

    async def _sealer(self) -> "AESGCMRequestStateCodec":
        from mcp.server.request_state import AESGCMRequestStateCodec

        return AESGCMRequestStateCodec([await self._marks.key()])


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]

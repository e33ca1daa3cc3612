"""The claims of writes for all replicas, in Redis: a key for each record that was made, and one for what is under way.

While Redis is away writes are made all the same; one whose answer is lost then stays in doubt.
"""

import time
from typing import Any

from drift_mcp.claims import APART, KEPT_FOR, UNDER_WAY, Claim, Record, same_record
from drift_mcp.drift.clock import now
from drift_mcp.store import StoreUnavailable
from drift_mcp.store.shared import Shared

PAUSE = 5.0
"""Seconds in which a Redis that did not answer is not asked again, so that writes do not all wait for it."""

_TAKE = """
-- KEYS: the record, what is under way with the same content. ARGV: the write, when, since when it counts,
-- ms to keep it, when the record was made
local known = redis.call('HMGET', KEYS[1], 'write', 'at')
if known[1] and known[1] ~= ARGV[1] and tonumber(known[2]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'write', ARGV[1], 'at', ARGV[2], 'made', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
"""


class SharedClaims:
    """`drift_mcp.claims.Claims` in Redis."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._take = shared.redis.register_script(_TAKE)
        self._ask_at = 0.0

    async def secret(self) -> bytes:
        """As in `Claims`."""
        if now() < self._ask_at:
            raise StoreUnavailable
        try:
            return await self._shared.secret()
        except StoreUnavailable:
            self._ask_at = now() + PAUSE
            raise

    async def begin(self, claim: Claim) -> None:
        """As in `Claims`."""
        key = self._under_way(claim)
        await self._recorded(("HSET", key, claim.write, time.time()), ("PEXPIRE", key, int(UNDER_WAY * 1000)))

    async def end(self, claim: Claim, record: Record | None) -> None:
        """As in `Claims`."""
        steps: list[tuple[str | float, ...]] = [("HDEL", self._under_way(claim), claim.write)]
        if record is not None:
            key = self._made(record)
            steps.append(("HSET", key, "write", claim.write, "at", time.time(), "made", _text(record.at)))
            steps.append(("PEXPIRE", key, int(KEPT_FOR * 1000)))
        await self._recorded(*steps)

    async def take(self, claim: Claim, record: Record, since: float) -> bool:
        """As in `Claims`."""
        keys = [self._made(record), self._under_way(claim)]
        values: list[str | float] = [claim.write, time.time(), since - APART, int(KEPT_FOR * 1000), _text(record.at)]
        with self._shared.asked():
            return bool(await self._take(keys, values))

    async def taken(self, claim: Claim, record: Record, since: float) -> bool | None:
        """As in `Claims`."""
        with self._shared.asked():
            known: Any = await self._shared.redis.hmget(self._made(record), ["write", "at", "made"])
        write, at, made = known
        if write is None or write.decode() == claim.write or float(at) < since - APART:
            return False
        return same_record([float(made) if made else None], record)

    async def rivals(self, claim: Claim) -> bool:
        """As in `Claims`."""
        with self._shared.asked():
            known: Any = await self._shared.redis.hgetall(self._under_way(claim))
        since = time.time() - UNDER_WAY
        return any(write.decode() != claim.write and float(at) >= since for write, at in known.items())

    async def aclose(self) -> None:
        """The connections belong to `Shared`."""

    async def _recorded(self, *steps: tuple[str | float, ...]) -> None:
        """The `steps` in one; not at all while Redis is away."""
        try:
            with self._shared.asked():
                async with self._shared.redis.pipeline(transaction=True) as pipe:
                    for step in steps:
                        pipe.execute_command(*step)
                    await pipe.execute()
        except StoreUnavailable:
            self._ask_at = now() + PAUSE

    def _under_way(self, claim: Claim) -> str:
        return self._shared.key("under-way", claim.content)

    def _made(self, record: Record) -> str:
        return self._shared.key("made", record.id)


def _text(at: float | None) -> str:
    return "" if at is None else repr(at)

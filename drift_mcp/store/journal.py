"""The journal of keyed writes for all replicas: one hash in Redis for each, changed by scripts, each one step.

Who began a write lives for as long as a lease of its process is renewed. The lease lasts as long as a call may take: a
replica that Redis does not see any more has no write on its way by the time another one may take it over.
"""

import asyncio
import json
import secrets
import time
from contextlib import suppress
from typing import Any

from drift_mcp import journal
from drift_mcp.journal import Row, State
from drift_mcp.store import StoreUnavailable
from drift_mcp.store.shared import Shared

RENEW_EVERY = 1.0
"""Seconds between renewals of a lease, and between tries to record what could not be recorded."""

_BEGIN = """
-- KEYS: the write, this process's lease. ARGV: arguments, began, owner, ms to keep it, ms of the lease, leases' prefix
redis.call('SET', KEYS[2], 1, 'PX', ARGV[5])
if redis.call('HSETNX', KEYS[1], 'arguments', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'state', 'begun', 'began', ARGV[2], 'owner', ARGV[3], 'ids', '{}')
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return false
end
local row = redis.call('HMGET', KEYS[1], 'arguments', 'state', 'began', 'ids', 'owner')
if row[5] == ARGV[3] then return false end
local process = string.match(row[5], '^[^.]+')
row[6] = redis.call('EXISTS', ARGV[6] .. process)
return row
"""
_TAKE_OVER = """
-- KEYS: the write, this process's lease. ARGV: owner and state that are known, the new owner, ms of the lease
local row = redis.call('HMGET', KEYS[1], 'owner', 'state')
if row[1] == ARGV[3] then return 1 end
if row[1] ~= ARGV[1] or row[2] ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[2], 1, 'PX', ARGV[4])
redis.call('HSET', KEYS[1], 'owner', ARGV[3], 'state', 'begun')
return 1
"""
_END = """
-- KEYS: the write. ARGV: owner, state or '' to forget it, ids
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'ids', ARGV[3])
"""


class SharedJournal:
    """`drift_mcp.journal.Journal` in Redis. `lease` is in seconds, at least those that a write may take.

    `begin` and `take_over` raise StoreUnavailable, and nothing is sent then. What `end` and `forget` have to record
    while Redis is away is recorded when it is back.
    """

    def __init__(self, shared: Shared, lease: float) -> None:
        self._shared = shared
        self._lease = lease
        self._process = secrets.token_hex(8)
        self._begun = 0
        self._mine: dict[str, str] = {}
        """The owner that this process is of each write it has begun: another one each time."""
        self._late: dict[tuple[str, str], tuple[str, str]] = {}
        """The state and ids to be recorded of a write, by its key and owner."""
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False
        self._begin = shared.redis.register_script(_BEGIN)
        self._take_over = shared.redis.register_script(_TAKE_OVER)
        self._end = shared.redis.register_script(_END)

    async def begin(self, key: str, arguments: str) -> Row | None:
        """As in `Journal`."""
        owner = self._new_owner()
        kept, lease = int(journal.KEPT_FOR * 1000), int(self._lease * 1000)
        values: list[str | float] = [arguments, time.time(), owner, kept, lease, self._lease_key("")]
        try:
            with self._shared.asked():
                row = await self._begin([self._write_key(key), self._lease_key(self._process)], values)
        except BaseException:
            self._late[key, owner] = ("", "")  # it may be recorded, but will not be made
            raise
        if row is None:
            self._mine[key] = owner
            return None
        known, state, began, ids, known_owner, alive = row
        found = State(state.decode())
        return Row(known.decode(), found, float(began), json.loads(ids), bool(alive), known_owner.decode())

    async def take_over(self, key: str, row: Row) -> bool:
        """As in `Journal`."""
        owner = self._new_owner()
        values = [row.owner, row.state.value, owner, int(self._lease * 1000)]
        try:
            with self._shared.asked():
                taken = await self._take_over([self._write_key(key), self._lease_key(self._process)], values)
        except BaseException:
            self._late[key, owner] = (State.UNKNOWN.value, "{}")
            raise
        if taken:
            self._mine[key] = owner
        return bool(taken)

    async def end(self, key: str, state: State, ids: dict[str, Any] | None = None) -> None:
        """As in `Journal`."""
        await self._record(key, state.value, json.dumps(ids or {}))

    async def forget(self, key: str) -> None:
        """As in `Journal`."""
        await self._record(key, "", "")

    async def aclose(self) -> None:
        """As in `Journal`."""
        self._closing = True
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        with suppress(StoreUnavailable):
            await self._record_late()
            with self._shared.asked():
                await self._shared.redis.delete(self._lease_key(self._process))

    async def _record(self, key: str, state: str, ids: str) -> None:
        if (owner := self._mine.pop(key, None)) is None:
            return
        self._late[key, owner] = (state, ids)
        with suppress(StoreUnavailable):
            await self._record_late()

    async def _record_late(self) -> None:
        for (key, owner), (state, ids) in list(self._late.items()):
            with self._shared.asked():
                await self._end([self._write_key(key)], [owner, state, ids])
            self._late.pop((key, owner), None)

    async def _keep(self) -> None:
        """Renews the lease, and records what could not be recorded, for as long as this lasts."""
        while not self._closing:  # being cancelled can get lost in the client, where it gives up a connection
            await asyncio.sleep(RENEW_EVERY)
            with suppress(StoreUnavailable):
                await self._record_late()
                with self._shared.asked():
                    lease = self._lease_key(self._process)
                    await self._shared.redis.set(lease, 1, px=int(self._lease * 1000))

    def _new_owner(self) -> str:
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        self._begun += 1
        return f"{self._process}.{self._begun}"

    def _write_key(self, key: str) -> str:
        return self._shared.key("write", key)

    def _lease_key(self, process: str) -> str:
        return self._shared.key("lease", process)

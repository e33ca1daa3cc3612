"""The way to Redis for one connection: the client, the names of its keys, a secret of all replicas, and a lock.

One Redis, or what a service or a sentinel makes look like one; its cluster mode is not supported, as the scripts here
touch keys whose names they make.
"""

import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, LockError, RedisError

from drift_mcp.credentials.tokens import StoreError
from drift_mcp.store import StoreUnavailable

log = logging.getLogger(__name__)

TIMEOUT = 2.0
"""Seconds for Redis to take a connection, and to answer: it takes a thousandth of that."""
CONNECTIONS = 64
LOCK_WAIT = 30.0
"""Seconds to wait for another replica that is renewing: longer than the exchange may take."""
HELD_FOR = 60.0
"""Seconds after which a lock is anybody's, as who held it has died: longer than what is done under it may take."""
_SECRET = "drift-mcp:secret"  # noqa: S105 - the name of a key
_SECRET_BYTES = 32


class Shared:
    """What the replicas that use the Redis at `url` keep there for the connection that `scope` names.

    Nothing is connected before the first use, and a Redis that comes back is used at once. What is asked may be asked
    twice, a script that has done its work before says so again.
    """

    def __init__(self, url: str, scope: str) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            # Once more on a connection that turns out to have ended, such as with a Redis that was started anew.
            retry=Retry(NoBackoff(), 1, (ConnectionError,)),
            protocol=2,
        )
        self.redis: Redis = Redis(connection_pool=self._pool)
        self._prefix = f"drift-mcp:{scope}:"

    def key(self, *parts: str) -> str:
        """The name of a key of this connection's own."""
        return self._prefix + ":".join(parts)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Makes one error of all that Redis and the way to it can fail with.

        Raises:
            StoreUnavailable: that it did.
        """
        try:
            yield
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("the store does not answer: %s", type(error).__name__)
            raise StoreUnavailable from None

    async def secret(self) -> bytes:
        """32 random bytes, made by whoever comes first. Asked for at each use, as Redis may have been emptied.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        fresh = os.urandom(_SECRET_BYTES)
        with self.asked():
            known: Any = await self.redis.set(_SECRET, fresh, nx=True, get=True)
        return bytes(known) if known else fresh

    @asynccontextmanager
    async def alone(self, what: str, wait: float) -> AsyncIterator[None]:
        """Holds all other replicas off `what`. `wait` is in seconds.

        Raises:
            StoreUnavailable: it cannot be had, because Redis does not answer or somebody else held it for so long.
        """
        lock = self.redis.lock(self.key("lock", what), timeout=HELD_FOR, blocking_timeout=wait)
        with self.asked():
            taken = await lock.acquire()
        if not taken:
            raise StoreUnavailable
        try:
            yield
        finally:
            with suppress(LockError, StoreUnavailable), self.asked():  # it ends by itself too
                await lock.release()

    @asynccontextmanager
    async def renewing(self) -> AsyncIterator[None]:
        """Holds all other replicas off the login, which a renewal may spend only once.

        Raises:
            StoreError: that cannot be had.
        """
        try:
            async with self.alone("renewal", LOCK_WAIT):
                yield
        except StoreUnavailable:
            raise StoreError("The store that replicas share does not answer, or another one does not end.") from None

    async def aclose(self) -> None:
        """Close the connections to Redis. Nothing may be called afterwards."""
        await self._pool.aclose()

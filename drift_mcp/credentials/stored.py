"""The token that `drift-mcp login` stored: a private app's, or OAuth tokens that are renewed when it is time.

A renewal spends the refresh token, so there must be only one at a time: a lock in this process and one among processes
hold the others off, who then find what the first has stored. New tokens are on disk before they are used. What remains
is an answer that is lost on its way: the old refresh token is then tried again at the next call, which Drift takes if
it never got the first request, and otherwise refuses; then a person has to log in again.
"""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

import anyio
from anyio import to_thread
from pydantic import SecretStr

from drift_mcp.credentials import (
    ACCESS,
    AppSource,
    ClientCredentials,
    Credential,
    MissingCredential,
    UnreachableCredential,
)
from drift_mcp.credentials.file import Stamp
from drift_mcp.credentials.store import TokenStore
from drift_mcp.credentials.token_endpoint import NoAnswer, Refused, TokenEndpoint
from drift_mcp.credentials.tokens import StoreError, Tokens

log = logging.getLogger(__name__)

LOCK_WAIT = 30.0
"""Seconds to wait for another process that is renewing: longer than the exchange may take."""
PAUSE = 30.0
"""Seconds after a renewal ahead of time that failed, in which the token there is, still good, is used."""

Exclusive = Callable[[], AbstractAsyncContextManager[None]]

_REFUSED = "Drift no longer accepts the login: it was revoked, or the answer to an earlier renewal was lost."


@dataclass(frozen=True, slots=True)
class Login:
    """What is said where a person has to log in: that nobody has (`none`), and what to `ask` of the user.

    `ask_first` is asked instead where nobody has, if there are other ways than a login then.
    """

    none: str = "Nobody has logged in to Drift."
    ask: str = "Ask the user to run `drift-mcp login`."
    ask_first: str = ""


class StoredCredential(Credential):
    """The tokens of connection `name` in `store`, renewed at `endpoint` with the credentials that `app` reads.

    `exclusive` holds other machines off meanwhile, and raises StoreError where it cannot. `clock` tells epoch seconds.
    """

    def __init__(
        self,
        store: TokenStore,
        name: str,
        app: AppSource,
        endpoint: TokenEndpoint,
        *,
        login: Login | None = None,
        exclusive: Exclusive | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(app)
        self._store = store
        self._name = name
        self._endpoint = endpoint
        self._login = login or Login()
        self._exclusive = exclusive or nullcontext
        self._clock = clock
        self._renewing = anyio.Lock()
        self._stamp: Stamp | None = None
        self._held: Tokens | None = None
        self._spent: SecretStr | None = None
        self._refused: SecretStr | None = None
        self._client: ClientCredentials | None = None
        self._not_before = 0.0

    async def token(self) -> SecretStr:
        tokens = await self._current()
        now = self._clock()
        if tokens.due(now) and (tokens.expired(now) or now >= self._not_before):
            try:
                tokens = await self._renewed(tokens)
            except MissingCredential as error:
                if tokens.expired(now):
                    raise
                self._not_before = now + PAUSE
                log.warning("The token cannot be renewed ahead of time. %s", error.problem)
        return tokens.access

    async def renew(self, refused: SecretStr) -> SecretStr | None:
        tokens = await self._current()
        if tokens.access != refused:
            return tokens.access
        if tokens.refresh is None:
            return None
        renewed = await self._renewed(tokens)
        return renewed.access if renewed.access != refused else None

    async def available(self) -> bool:
        return self._store.stamp(self._name) is not None

    def secrets(self) -> tuple[SecretStr, ...]:
        refresh = self._held.refresh if self._held else None
        client = self._client.client_secret if self._client else None
        return tuple(each for each in (refresh, self._spent, client) if each is not None)

    async def _current(self) -> Tokens:
        """The tokens there are, read again when somebody has stored others or removed them."""
        stamp = self._store.stamp(self._name)
        if self._held is None or stamp is None or stamp != self._stamp:
            # The stamp is taken first: what is stored while it is read is read again.
            self._hold(await self._load(), stamp)
        if self._held is None:
            raise MissingCredential(ACCESS, f"{self._login.none} {self._login.ask_first or self._login.ask}")
        return self._held

    def _hold(self, tokens: Tokens | None, stamp: Stamp | None) -> None:
        self._held, self._stamp = tokens, stamp

    async def _load(self) -> Tokens | None:
        try:
            return await to_thread.run_sync(self._store.load, self._name)
        except StoreError as error:
            raise self._login_needed(str(error)) from None

    async def _renewed(self, old: Tokens) -> Tokens:
        """The tokens after `old`, fetched by whoever comes first: another call, another process, or this one."""
        async with self._renewing:
            if self._held is not None and _follows(self._held, old):
                return self._held
            # A call that is given up must not lose the answer, which only this process will ever see.
            with anyio.CancelScope(shield=True):
                try:
                    async with self._exclusive():
                        renewed = await self._renewed_locked(old)
                except StoreError as error:
                    raise UnreachableCredential(ACCESS, str(error)) from None
            return renewed

    async def _renewed_locked(self, old: Tokens) -> Tokens:
        lock = self._store.lock(self._name, LOCK_WAIT)
        await to_thread.run_sync(lock.__enter__)
        try:
            return await self._renewed_alone(old)
        finally:
            await to_thread.run_sync(lock.__exit__, None, None, None)

    async def _renewed_alone(self, old: Tokens) -> Tokens:
        stored = await self._load()
        if stored is None:
            self._hold(None, None)
            raise self._login_needed("The login was removed.")
        if _follows(stored, old):
            self._hold(stored, self._store.stamp(self._name))
            return stored
        if old.refresh is None:
            raise self._login_needed("The token has ended.")
        if old.refresh == self._refused:
            raise self._login_needed(_REFUSED)
        fresh = await self._fetched(old)
        try:
            await to_thread.run_sync(self._store.save, self._name, fresh)
        except StoreError as error:
            # They are all there is now: better in this process alone than lost.
            log.error("The renewed login could not be stored, and ends with this process. %s", error)
        self._spent = old.refresh
        self._hold(fresh, self._store.stamp(self._name))
        return fresh

    async def _fetched(self, old: Tokens) -> Tokens:
        self._client = self._app_or_login()
        try:
            return await self._endpoint.refresh(self._client, old)
        except Refused:
            self._refused = old.refresh
            raise self._login_needed(_REFUSED) from None
        except NoAnswer as error:
            log.warning("The token could not be renewed: %s.", "no usable answer" if error.sent else "no connection")
            raise UnreachableCredential(ACCESS, "Drift did not renew the token just now.") from None

    def _app_or_login(self) -> ClientCredentials:
        try:
            return self._app()
        except MissingCredential:
            raise MissingCredential(
                ACCESS, "The login has to be renewed, for which the Drift app's id and secret must be set."
            ) from None

    def _login_needed(self, why: str) -> MissingCredential:
        return MissingCredential(ACCESS, f"{why} {self._login.ask}")


def _follows(new: Tokens, old: Tokens) -> bool:
    """Whether `new` was obtained after `old`, rather than being the same or, where it could not be stored, older."""
    return new.access != old.access and new.obtained_at >= old.obtained_at

"""Replicas that share a login but no machine: one renews it at a time, and the others find what it stored."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from pydantic import SecretStr

from drift_mcp.credentials import UnreachableCredential
from drift_mcp.credentials.store import TokenStore
from drift_mcp.credentials.stored import StoredCredential
from drift_mcp.credentials.tokens import Tokens
from drift_mcp.store import StoreUnavailable
from drift_mcp.store import shared as shared_module
from drift_mcp.store.shared import Shared
from tests.credentials.conftest import APP, _no_keyring  # noqa: F401 - a fixture
from tests.support.redis_server import RedisServer

NOW = 1_800_000_000.0


class Elsewhere(TokenStore):
    """The logins in a folder that machines share, where locks on files hold nobody off."""

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        return nullcontext()


class Endpoint:
    """Stands for Drift's: takes its time, and notes what was spent."""

    def __init__(self) -> None:
        self.spent: list[str] = []

    async def refresh(self, client: object, old: Tokens) -> Tokens:
        assert old.refresh is not None
        self.spent.append(old.refresh.get_secret_value())
        await anyio.sleep(0.1)
        return tokens(len(self.spent) + 1)


def tokens(number: int, life: float = 7200) -> Tokens:
    access, refresh = SecretStr(f"access-{number}"), SecretStr(f"refresh-{number}")
    return Tokens(access, refresh, obtained_at=NOW - 7200 + number, expires_at=NOW + life)


@pytest.fixture
async def replicas(redis: RedisServer) -> AsyncIterator[list[Shared]]:
    async with AsyncExitStack() as stack:
        shared = [Shared(redis.url, "acme") for _ in range(3)]
        for each in shared:
            stack.push_async_callback(each.aclose)
        yield shared


def credential(shared: Shared, folder: Path, endpoint: Endpoint) -> StoredCredential:
    return StoredCredential(
        Elsewhere(folder), "drift", lambda: APP, cast(Any, endpoint), exclusive=shared.renewing, clock=lambda: NOW
    )


async def test_one_renews_and_the_others_find_it(replicas: list[Shared], tmp_path: Path) -> None:
    Elsewhere(tmp_path).save("drift", tokens(1, life=0))
    endpoint = Endpoint()
    found: list[str] = []

    async def ask(shared: Shared) -> None:
        found.append((await credential(shared, tmp_path, endpoint).token()).get_secret_value())

    async with anyio.create_task_group() as tasks:
        for each in replicas:
            tasks.start_soon(ask, each)
    assert endpoint.spent == ["refresh-1"]
    assert found == ["access-2"] * 3


async def test_without_redis_a_login_is_not_renewed_and_not_spent(
    replicas: list[Shared], redis: RedisServer, tmp_path: Path
) -> None:
    endpoint = Endpoint()
    redis.stop()
    try:
        Elsewhere(tmp_path).save("drift", tokens(1, life=0))
        with pytest.raises(UnreachableCredential):
            await credential(replicas[0], tmp_path, endpoint).token()
        # One that is only due is still good.
        Elsewhere(tmp_path).save("drift", tokens(1, life=200))
        assert (await credential(replicas[0], tmp_path, endpoint).token()).get_secret_value() == "access-1"
    finally:
        redis.start()
    assert endpoint.spent == []
    assert (await credential(replicas[0], tmp_path, endpoint).token()).get_secret_value() == "access-2"


async def test_who_holds_the_lock_and_dies_holds_it_for_a_while_only(
    replicas: list[Shared], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_module, "HELD_FOR", 0.3)
    one, other, _ = replicas
    async with one.alone("renewal", 1):
        with pytest.raises(StoreUnavailable):
            async with other.alone("renewal", 0.05):
                pass
        async with other.alone("renewal", 2):
            pass


async def test_all_replicas_have_one_secret(replicas: list[Shared], redis: RedisServer) -> None:
    secrets = {await each.secret() for each in replicas}
    assert len(secrets) == 1
    redis.clear()
    anew = {await each.secret() for each in replicas}
    assert len(anew) == 1
    assert anew != secrets

"""A desk for each test, and this server's clock at the sandbox's."""

import pickle
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any

import pytest

from drift_mcp.sandbox import world
from drift_mcp.sandbox.world import build_seed
from drift_mcp.workflows.shared import job
from tests.workflows.desk import NOW, Desk


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "clock", lambda: NOW / 1000)


@cache
def seed() -> bytes:
    """The start data at the sandbox's clock, laid out once: the desks are many."""
    return pickle.dumps(build_seed(NOW))


@pytest.fixture(autouse=True)
def known_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "build_seed", lambda at: pickle.loads(seed()) if at == NOW else build_seed(at))


@pytest.fixture
async def open_desk() -> AsyncIterator[Callable[..., Desk]]:
    """Opens desks with a token's scopes or an operator's settings of their own."""
    opened: list[Desk] = []

    def start(**choices: Any) -> Desk:
        opened.append(Desk(**choices))
        return opened[-1]

    yield start
    for desk in opened:
        await desk.toolbox.aclose()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()

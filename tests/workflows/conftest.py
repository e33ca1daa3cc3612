"""A desk for each test, and this server's clock at the sandbox's."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from drift_mcp.workflows.shared import job
from tests.workflows.desk import NOW, Desk


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "clock", lambda: NOW / 1000)


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

"""One sandbox over HTTP for each module; no pause before a second look."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from drift_mcp import recover
from drift_mcp.sandbox import create_app

from ..support.served import served
from .desk import Desk, desk


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "SETTLING", 0.0)


@pytest.fixture
def app() -> Starlette:
    return create_app()


@pytest.fixture
def url(app: Starlette) -> Iterator[str]:
    with served(app) as found:
        yield found


@pytest.fixture
async def at_desk(app: Starlette, url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(app, url, tmp_path) as opened:
        yield opened

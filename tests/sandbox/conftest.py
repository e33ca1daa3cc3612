"""One sandbox per test, on the tiny seed and a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import SANDBOX_TOKEN, create_app, world

from . import tiny

Connect = Callable[..., httpx.AsyncClient]


class Clock:
    """Epoch ms, moved by hand."""

    def __init__(self) -> None:
        self.at = tiny.NOW

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tiny_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "build_seed", tiny.build)


@pytest.fixture
def app(tiny_seed: None, clock: Clock) -> Starlette:
    return create_app(now=clock)


def connect(app: Starlette, token: str | None = SANDBOX_TOKEN) -> httpx.AsyncClient:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://driftapi.test", headers=headers)


@pytest.fixture
async def drift(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may do everything."""
    async with connect(app) as client:
        yield client


@pytest.fixture
def events(app: Starlette) -> list[tuple[str, dict[str, Any]]]:
    """What the world announces, in order."""
    heard: list[tuple[str, dict[str, Any]]] = []
    app.state.sandbox.world.listeners.append(lambda event, data: heard.append((event, dict(data))))
    return heard


def refused(response: httpx.Response, status: int, kind: str) -> str:
    """Asserts Drift's error envelope and gives its message."""
    body = response.json()
    assert (response.status_code, body["error"]["type"]) == (status, kind)
    assert set(body) == {"error"}
    assert set(body["error"]) == {"type", "message"}
    return str(body["error"]["message"])

"""Agents for the tests: connected once per module where they only look, once per test where they change things."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from .agent import ERAS, Agent, connected
from .catalogue import EVERYTHING

Connect = Callable[..., AbstractContextManager[Agent]]


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal("asyncio") as opened:
        yield opened


@pytest.fixture(scope="session")
def connect(
    portal: BlockingPortal, environment: dict[str, str], workplace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Connect:
    """Connects an agent to a server with these arguments and this environment. Its stderr must stay free of stacks."""
    logs = tmp_path_factory.mktemp("stderr")

    @contextmanager
    def connected_agent(
        *args: str, env: dict[str, str] | None = None, era: str = "2026-07-28", **client: Any
    ) -> Iterator[Agent]:
        log = logs / f"{len(list(logs.iterdir()))}.txt"
        everything = environment | (env or {})
        with (
            log.open("w") as errors,
            connected(portal, era, list(args), env=everything, cwd=workplace, errors=errors, **client) as agent,
        ):
            yield agent
        written = log.read_text()
        assert "Traceback" not in written, written

    return connected_agent


@pytest.fixture(scope="session", params=list(ERAS))
def era(request: pytest.FixtureRequest) -> Any:
    """Each protocol version served."""
    return request.param


@pytest.fixture(scope="module")
def agent(connect: Connect, fresh_drift: Any) -> Iterator[Agent]:
    """An agent whose server talks to the local Drift over HTTP and offers everything, for a whole module."""
    with connect(env=fresh_drift.env | EVERYTHING) as connected_agent:
        yield connected_agent

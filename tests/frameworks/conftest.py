"""The server as frameworks start it, or find it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import DRIFT_MCP
from tests.http.host import Host

STDIO = [*DRIFT_MCP, "serve", "--sandbox"]


@pytest.fixture(scope="session")
def url(launch: Callable[..., Any]) -> Iterator[str]:
    """The address of a server of the sandbox."""
    host = Host(launch("serve", "--transport", "http", "--port", "0", "--sandbox"))
    yield host.url
    host.close()
    assert "Traceback" not in host.process.stderr

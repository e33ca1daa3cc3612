"""Malformed messages to real servers: each is answered or ignored, and the next client is served."""

from collections.abc import Callable
from typing import Any

from benchmarks.fuzz import protocol
from tests.http.host import Host

MESSAGES = 120


def test_a_server_on_stdio_outlives_them(launch: Callable[..., Any]) -> None:
    found = protocol.over_stdio(launch("serve", "--sandbox"), MESSAGES, 7)
    assert found.wrong == []
    assert found.messages == MESSAGES
    assert {"-32700", "-32600", "-32601", "result"} <= set(found.answers)


def test_a_server_over_http_outlives_them(launch: Callable[..., Any]) -> None:
    process = launch("serve", "--sandbox", "--transport", "http", "--port", "0")
    found = protocol.over_http(process, Host(process).url, MESSAGES, 7)
    assert found.wrong == []
    assert found.messages == MESSAGES
    assert {"200", "400"} <= set(found.answers)

"""Pages in a browser as clients: only those of the origins that the operator names (CORS)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Serve
from .host import Host

PAGE = "https://page.example"
ASKING = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version,mcp-session-id,x-drift-toolsets",
}


@pytest.fixture(scope="module")
def open_to_page(serve: Serve, keys_file: Path) -> Iterator[Host]:
    host = serve("--sandbox", "--allowed-origins", PAGE, "--keys", str(keys_file))
    yield host
    host.close()


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages"])
def test_a_page_of_a_named_origin_may_ask_without_a_key_whether_it_may(open_to_page: Host, path: str) -> None:
    answer = open_to_page.http.options(path, headers={"Origin": PAGE, **ASKING})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert {"GET", "POST", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert answer.headers["access-control-allow-headers"] == ASKING["Access-Control-Request-Headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_it_can_read_the_answers_and_the_headers_it_needs(open_to_page: Host, secrets: dict[str, str]) -> None:
    refused = open_to_page.initialize(Origin=PAGE)
    assert refused.status_code == 401
    let_in = open_to_page.initialize(Origin=PAGE, Authorization=f"Bearer {secrets['all']}")
    assert let_in.status_code == 200
    for answer in (refused, let_in):
        assert answer.headers["access-control-allow-origin"] == PAGE
        exposed = {name.lower() for name in answer.headers["access-control-expose-headers"].split(", ")}
        assert {"mcp-session-id", "www-authenticate"} <= exposed


@pytest.mark.parametrize(
    "origin", ["https://other.example", "http://page.example", "https://page.example.evil.example", "null"]
)
def test_a_page_of_any_other_may_not(open_to_page: Host, secrets: dict[str, str], origin: str) -> None:
    asked = open_to_page.http.options("/mcp", headers={"Origin": origin, **ASKING})
    assert asked.status_code == 400
    told = open_to_page.initialize(Origin=origin, Authorization=f"Bearer {secrets['all']}")
    assert told.status_code == 403
    for answer in (asked, told):
        assert "access-control-allow-origin" not in answer.headers


def test_where_none_is_named_no_page_may(host: Host) -> None:
    for origin in (PAGE, "http://localhost:6274"):
        assert "access-control-allow-origin" not in host.initialize(Origin=origin).headers
        assert host.http.options("/mcp", headers={"Origin": origin, **ASKING}).status_code >= 400

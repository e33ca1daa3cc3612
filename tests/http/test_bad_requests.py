"""Requests that no proper client sends: each is refused with the right status, and costs nobody else anything."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from drift_mcp.http.app import create_app
from drift_mcp.http.keys import new_key
from drift_mcp.http.serve import security
from drift_mcp.http.slots import Slots
from drift_mcp.settings import Hosting, Settings

from .conftest import Serve
from .host import BOTH, HELLO, NEW, OLD, Host, client

LIMIT = 20_000
JSON = {"content-type": "application/json", "accept": BOTH}


@pytest.fixture(scope="module")
def strict(serve: Serve) -> Iterator[Host]:
    """With names of its own and a small body limit."""
    names = ("--allowed-hosts", "drift.example.com", "--allowed-origins", "https://app.example.com")
    own = serve("--sandbox", "--body-bytes", str(LIMIT), *names)
    yield own
    assert "Traceback" not in own.process.stderr
    own.close()


class TestHostAndOrigin:
    """A page in a browser must not reach this server by a name that it has pointed at this machine."""

    @pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages"])
    @pytest.mark.parametrize("name", ["evil.example.com", "127.0.0.1.evil.example.com", "localhost.evil.com:80", "x"])
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
    def test_a_strange_host_is_refused(self, strict: Host, path: str, name: str, method: str) -> None:
        answer = strict.http.request(method, path, headers=JSON | {"host": name})
        assert answer.status_code == 421
        assert "--allowed-hosts" in answer.json()["error"]["message"]
        assert name not in answer.text or name == "x"

    @pytest.mark.parametrize(
        "name", ["localhost", "127.0.0.1", "[::1]:8200", "drift.example.com", "drift.example.com:443"]
    )
    def test_its_own_names_are_accepted_with_any_port(self, strict: Host, name: str) -> None:
        assert strict.initialize(host=name).status_code == 200

    @pytest.mark.parametrize(
        "origin", ["https://evil.example.com", "null", "http://localhost.evil.com", "https://app.example.com.evil.com"]
    )
    def test_a_strange_origin_is_refused(self, strict: Host, origin: str) -> None:
        answer = strict.initialize(origin=origin)
        assert answer.status_code == 403
        assert "--allowed-origins" in answer.json()["error"]["message"]

    @pytest.mark.parametrize(
        "origin", ["http://localhost:3000", "https://drift.example.com", "https://app.example.com", "http://127.0.0.1"]
    )
    def test_its_own_origins_are_accepted(self, strict: Host, origin: str) -> None:
        assert strict.initialize(origin=origin).status_code == 200


class TestTheBody:
    @pytest.mark.parametrize("path", ["/mcp", "/messages?session_id=00000000000000000000000000000000"])
    @pytest.mark.parametrize("era", [OLD, NEW])
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", -32700),
            (b"{", -32700),
            (b"\xff\xfe", -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\ud800"}}', -32700),
            (b'{"a":' * 3_000, -32700),
            (b"[]", -32600),
            (b"null", -32600),
            (b'"text"', -32600),
            (b'{"id":1,"method":"ping"}', -32600),
            (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', -32600),
            (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
            (b' \r\n\t[{"jsonrpc":"2.0","id":1,"method":"ping"}, and so on, unread', -32600),
        ],
    )
    def test_what_is_no_message_is_a_400_that_repeats_nothing(
        self, strict: Host, path: str, era: str, body: bytes, code: int
    ) -> None:
        answer = strict.post(body, path, mcp_protocol_version=era)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == code
        assert "pydantic" not in answer.text

    @pytest.mark.parametrize("path", ["/mcp", "/messages"])
    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
    def test_another_content_type_is_a_415(self, strict: Host, path: str, kind: str) -> None:
        assert strict.post(b"{}", path, content_type=kind).status_code == 415

    def test_json_with_a_charset_is_json(self, strict: Host) -> None:
        assert strict.initialize(content_type="application/json; charset=utf-8").status_code == 200

    @pytest.mark.parametrize("path", ["/mcp", "/messages"])
    def test_a_body_past_the_limit_is_a_413_whether_declared_or_not(self, strict: Host, path: str) -> None:
        assert strict.post(b" " * (LIMIT + 1), path).status_code == 413
        pieces = (b" " * 1_000 for _ in range(100))
        assert strict.http.post(path, content=pieces, headers=JSON).status_code == 413

    def test_an_answer_that_cannot_be_accepted_is_a_406(self, strict: Host) -> None:
        assert strict.initialize(accept="text/html").status_code == 406

    @pytest.mark.parametrize(
        "head", [b"GARBAGE\r\n\r\n", b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"]
    )
    def test_what_is_no_http_is_a_400(self, strict: Host, head: bytes) -> None:
        with socket.create_connection(("127.0.0.1", strict.port), 5) as raw:
            raw.sendall(head)
            assert b" 400 " in raw.recv(100)


class TestSessions:
    def test_a_session_that_is_not_there_is_a_404(self, host: Host) -> None:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        assert host.post(message, mcp_session_id="0" * 32).status_code == 404
        assert host.post(message, "/messages?session_id=" + "0" * 32).status_code == 404
        assert host.post(message, "/messages?session_id=none").status_code == 400
        assert host.post(message, "/messages").status_code == 400

    def test_an_ended_session_is_a_404(self, host: Host) -> None:
        session = host.initialize().headers["mcp-session-id"]
        ended = host.http.delete("/mcp", headers={"mcp-session-id": session})
        assert ended.status_code == 200
        message = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        assert host.post(message, mcp_session_id=session).status_code == 404

    def test_a_version_that_nobody_speaks_is_a_400(self, host: Host) -> None:
        assert host.initialize(mcp_protocol_version="1999-01-01").status_code == 400

    def test_another_method_is_a_405(self, host: Host) -> None:
        assert host.http.put("/mcp", headers=JSON).status_code == 405
        assert (
            host.http.post("/sse", headers=JSON, json={"jsonrpc": "2.0", "method": "ping", "id": 1}).status_code == 405
        )
        assert host.http.get("/messages").status_code == 405

    def test_another_path_is_a_404(self, host: Host) -> None:
        assert host.http.get("/").status_code == 404
        assert host.http.get("/mcp/more").status_code == 404


class TestTooMuchAtOnce:
    """Two calls at most, against a Drift that does not answer."""

    @pytest.fixture
    def narrow(self, serve: Serve, listener: Any) -> Iterator[Host]:
        env = {"DRIFT_BASE_URL": listener.url, "DRIFT_ACCESS_TOKEN": "a-token-for-tests"}
        own = serve("--max-calls", "2", "--ignore-scopes", env=env)
        yield own
        own.close()

    @pytest.mark.parametrize("path", ["/mcp", "/messages"])
    def test_one_call_too_many_is_a_429_and_notices_pass(
        self, narrow: Host, listener: Any, path: str, wait_until: Any
    ) -> None:
        listener.may_answer.clear()
        session = narrow.initialize().headers["mcp-session-id"]
        call = {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "list_users", "arguments": {}}}
        headers = {"mcp_session_id": session, "mcp_protocol_version": OLD}
        statuses: list[int] = []

        def ask(number: int) -> None:
            statuses.append(narrow.post(call | {"id": number}, **headers).status_code)

        waiting = [threading.Thread(target=ask, args=(number,)) for number in (10, 11)]
        for each in waiting:
            each.start()
        wait_until(lambda: len(listener.heads) == 2)
        refused = narrow.post(call | {"id": 12}, path, **headers)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["id"] == 12
        notice = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}}
        assert narrow.post(notice, **headers).status_code == 202
        listener.may_answer.set()
        for each in waiting:
            each.join()
        assert statuses == [200, 200]
        assert narrow.post(call | {"id": 13}, **headers).status_code == 200

    def test_streams_are_bounded_too(self, narrow: Host) -> None:
        opened = [socket.create_connection(("127.0.0.1", narrow.port), 5) for _ in range(17)]
        for each in opened:
            each.sendall(b"GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heads = [each.recv(12) for each in opened]
        assert sorted(heads) == [b"HTTP/1.1 200"] * 16 + [b"HTTP/1.1 429"]
        for each in opened:
            each.close()

    def test_bodies_that_are_coming_in_are_bounded_too(self, narrow: Host, wait_until: Any) -> None:
        head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        opened = [socket.create_connection(("127.0.0.1", narrow.port), 5) for _ in range(2)]
        for each in opened:
            each.sendall(head)
        wait_until(lambda: narrow.initialize().status_code == 429)
        for each in opened:
            each.close()
        wait_until(lambda: narrow.initialize().status_code == 200)


class TestSessionsOfOneCaller:
    """None takes them all: not a script that opens one for each call and leaves."""

    @pytest.fixture
    def app(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr("drift_mcp.http.app.MAX_SESSIONS", 10)
        self.keys, entries = zip(*(new_key(name) for name in ("one", "two")), strict=True)
        path = tmp_path / "keys.json"
        path.write_text(json.dumps({"keys": entries}))
        path.chmod(0o600)
        settings = Settings(sandbox=True, state_dir=str(tmp_path))
        return create_app(settings, Hosting(transport="http", keys=str(path)), security(Hosting()), Slots(4))

    async def test_leave_some_for_others(self, app: Any) -> None:
        hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=JSON) as http,
        ):

            async def opened(key: str) -> tuple[int, str]:
                answer = await http.post("/mcp", json=hello, headers={"authorization": f"Bearer {key}"})
                return answer.status_code, answer.headers.get("mcp-session-id", "")

            first, second = self.keys
            answers = [await opened(first) for _ in range(10)]
            assert [status for status, _ in answers] == [200] * 8 + [503] * 2
            assert (await opened(second))[0] == 200
            ended = {"authorization": f"Bearer {first}", "mcp-session-id": answers[0][1], "mcp-protocol-version": OLD}
            for number in range(2):
                await http.delete("/mcp", headers=ended | {"mcp-session-id": answers[number][1]})
            assert (await opened(first))[0] == 200


async def test_after_all_that_it_still_serves(strict: Host) -> None:
    async with client(strict.url + "/mcp", NEW) as mcp:
        assert not (await mcp.call_tool("list_users", {})).is_error
    assert json.dumps(HELLO)

"""Keys: who is let in, what each gets, and that no key is ever seen again."""

import errno
import json
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.responses import Response

from drift_mcp.http.app import create_app
from drift_mcp.http.authentication import authentication
from drift_mcp.http.guard import LISTEN, Gate, Guard
from drift_mcp.http.keys import Keys, new_key
from drift_mcp.http.serve import is_loopback, security
from drift_mcp.http.serve import serve as serve_http
from drift_mcp.http.slots import Slots
from drift_mcp.settings import Hosting, InvalidSetting, Settings
from tests.conftest import PATIENCE

from .conftest import Serve
from .host import NEW, OLD, WAYS, Host, client, error, names


def too_many_open_files(*_: Any) -> Any:
    raise OSError(errno.EMFILE, "Too many open files")


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/sse", "/messages"])
@pytest.mark.parametrize(
    "value",
    [None, "", "Bearer", "Bearer wrong", "Basic dXNlcjpwYXNz", "Bearer a b", "Bearer \xe9".encode("latin-1")],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_without_a_right_key_nothing_answers_but_401(keyed: Host, path: str, value: Any, method: str) -> None:
    headers = {} if value is None else {"Authorization": value}
    answer = keyed.http.request(method, path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="drift-mcp"')
    assert answer.json()["error"]["message"]


def test_a_wrong_key_is_said_to_be_wrong_and_not_repeated(keyed: Host) -> None:
    answer = keyed.initialize(Authorization="Bearer drift-mcp-guess")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "guess" not in answer.text


def test_the_hash_of_a_key_is_no_key(keyed: Host, secrets: dict[str, str]) -> None:
    digest = sha256(secrets["all"].encode()).hexdigest()
    assert keyed.initialize(Authorization=f"Bearer {digest}").status_code == 401


def test_two_authorization_headers_are_none(keyed: Host, secrets: dict[str, str]) -> None:
    right = f"Bearer {secrets['all']}"
    answer = keyed.http.post("/mcp", headers=[("Authorization", right), ("Authorization", right)])
    assert answer.status_code == 401


def test_the_scheme_may_be_written_in_any_case(keyed: Host, secrets: dict[str, str]) -> None:
    assert keyed.initialize(Authorization=f"bEARER {secrets['all']}").status_code == 200


@pytest.mark.parametrize(("path", "era"), WAYS)
async def test_the_right_key_opens_every_transport(keyed: Host, secrets: dict[str, str], path: str, era: str) -> None:
    async with client(keyed.url + path, era, bearer(secrets["all"])) as mcp:
        assert not (await mcp.call_tool("list_users", {})).is_error


@pytest.mark.parametrize(("path", "era"), WAYS)
async def test_each_key_has_its_own_surface(keyed: Host, secrets: dict[str, str], path: str, era: str) -> None:
    async with client(keyed.url + path, era, bearer(secrets["reader"])) as reader:
        listed = names(await reader.list_tools())
        assert "list_conversations" in listed
        assert "create_contact" not in listed
        assert error(await reader.call_tool("create_contact", {"email": "a@b.example"}))["kind"] == "not_allowed"
    async with client(keyed.url + path, era, bearer(secrets["contacts"])) as contacts:
        listed = names(await contacts.list_tools())
        assert "create_contact" in listed
        assert not {"list_conversations", "get_contact"} & set(listed)
        for name in ("list_conversations", "get_contact"):
            assert error(await contacts.call_tool(name, {}))["kind"] == "not_allowed"
    async with client(keyed.url + path, era, bearer(secrets["all"])) as everything:
        assert "list_conversations" in names(await everything.list_tools())


def test_a_session_belongs_to_the_key_that_opened_it(keyed: Host, secrets: dict[str, str]) -> None:
    session = keyed.initialize(**bearer(secrets["all"])).headers["mcp-session-id"]
    message = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    answers = [
        keyed.post(message, **bearer(secrets[name]), mcp_session_id=session, mcp_protocol_version=OLD)
        for name in ("all", "reader")
    ]
    assert [answer.status_code for answer in answers] == [200, 404]


async def test_no_key_is_in_any_log_or_result(keyed: Host, secrets: dict[str, str]) -> None:
    async with client(keyed.url + "/mcp", NEW, bearer(secrets["all"])) as mcp:
        results = [await mcp.call_tool(name, {}) for name in ("whoami", "list_users", "get_contact")]
    keyed.initialize(Authorization="Bearer drift-mcp-mistyped")
    assert "DEBUG" in keyed.process.stderr
    seen = keyed.process.stderr + "".join(each.model_dump_json() for each in results)
    assert not [key for key in (*secrets.values(), "drift-mcp-mistyped") if key in seen]
    assert b"".join(keyed.process.output) == b""


async def test_the_callers_key_never_goes_to_drift(
    serve: Serve, secrets: dict[str, str], keys_file: Path, listener: Any
) -> None:
    own = serve("--keys", str(keys_file), env={"DRIFT_BASE_URL": listener.url, "DRIFT_ACCESS_TOKEN": "the-own-token"})
    async with client(own.url + "/mcp", NEW, bearer(secrets["all"])) as mcp:
        await mcp.call_tool("list_users", {})
    own.close()
    assert listener.heads
    assert all("the-own-token" in head for head in listener.heads)
    assert not any(secrets["all"] in head for head in listener.heads)


async def test_what_is_behind_the_door_does_not_see_the_key(secrets: dict[str, str], keys_file: Path) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await Response("seen")(scope, receive, send)

    gate = Gate(
        authentication=authentication(Hosting(keys=str(keys_file)), lambda _: None),
        security=security(Hosting()), slots=Slots(1), body_bytes=1_000, check=lambda _: None,
    )  # fmt: skip
    transport = httpx.ASGITransport(Guard(app, gate))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.delete("/", headers=bearer(secrets["all"]))
    assert answer.text == "seen"
    assert secrets["all"] not in repr(seen)


class TestAnOpenStream:
    """Of a caller who is let in no more, or to something else: it is closed soon, not when the client leaves."""

    @staticmethod
    async def opened(guard: Guard, key: str, message: dict[str, Any] | None) -> AsyncIterator[Any]:
        """What a client is sent that opens one."""
        sending, sent = anyio.create_memory_object_stream[Any](100)
        headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {key}".encode())]
        headers.append((b"content-type", b"application/json"))
        scope = {"type": "http", "method": "POST" if message else "GET", "path": "/mcp", "query_string": b""}
        bodies = [json.dumps(message).encode()]

        async def receive() -> Any:
            if not bodies:
                await anyio.sleep_forever()
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(guard, scope | {"headers": headers}, receive, sending.send)
            async for each in sent:
                yield each
                if each["type"] == "http.response.body" and not each.get("more_body", False):
                    break
            tasks.cancel_scope.cancel()

    @pytest.mark.parametrize("message", [None, {"jsonrpc": "2.0", "id": 1, "method": LISTEN, "params": {}}])
    @pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"read_only": True}])
    async def test_is_closed(
        self, message: Any, change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await anyio.sleep_forever()

        monkeypatch.setattr("drift_mcp.http.guard.LOOK_AGAIN", 0.01)
        key, entry = new_key("one")
        path = tmp_path / "keys.json"
        path.write_text(json.dumps({"keys": [entry]}))
        path.chmod(0o600)
        gate = Gate(
            authentication=authentication(Hosting(keys=str(path)), lambda _: None),
            security=security(Hosting()), slots=Slots(1), body_bytes=1_000, check=lambda _: None,
        )  # fmt: skip
        bodies = []
        with anyio.fail_after(PATIENCE):
            async for sent in self.opened(Guard(app, gate), key, message):
                if sent["type"] == "http.response.body":
                    bodies.append(sent["body"])
                    path.write_text(json.dumps({"keys": [entry | change]}))
        assert bodies == [b"first", b""]


class TestTheKeysFile:
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "drift.example.com", "", "localhost.example.com"])
    def test_any_address_but_loopback_needs_keys(self, host: str) -> None:
        with pytest.raises(InvalidSetting, match="--keys"):
            serve_http(Settings(sandbox=True), Hosting(transport="http", host=host, port=0))

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
    def test_loopback_is_this_machine_only(self, host: str) -> None:
        assert is_loopback(host)

    def test_without_them_the_process_ends_with_one_clear_line(self, run: Callable[..., Any]) -> None:
        finished = run("serve", "--transport", "http", "--host", "0.0.0.0", "--port", "0", "--sandbox")
        assert finished.status == 2
        assert len(finished.stderr.splitlines()) == 1
        assert "--keys" in finished.stderr

    def test_with_keys_it_is_served_and_says_what_is_missing(self, serve: Serve, keys_file: Path) -> None:
        own = serve("--sandbox", "--host", "0.0.0.0", "--keys", str(keys_file))
        assert own.initialize().status_code == 401
        assert "without TLS" in own.process.stderr
        assert "--allowed-hosts" in own.process.stderr
        own.close()

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "no JSON"),
            ("[]", "cannot be used"),
            ('{"name": "a", "sha256": "HASH"}', "keys: Field required"),
            ('{"keys": [{"name": "a", "sha256": "drift-mcp-the-key-itself"}]}', "cannot be used"),
            ('{"keys": [{"name": "a", "sha256": "HASH", "toolset": "x"}]}', "toolset"),
            ('{"keys": [{"name": "a", "sha256": "HASH", "toolsets": "contcts"}]}', "did you mean contacts"),
            ('{"keys": [{"name": "a", "sha256": "HASH"}, {"name": "b", "sha256": "HASH"}]}', "same sha256"),
        ],
    )
    def test_what_is_no_keys_file_is_refused(self, tmp_path: Path, text: str, said: str) -> None:
        path = tmp_path / "keys.json"
        path.write_text(text.replace("HASH", "0" * 64))
        path.chmod(0o600)
        with pytest.raises(InvalidSetting, match=said) as refused:
            create_app(Settings(sandbox=True), Hosting(transport="http", keys=str(path)), security(Hosting()), Slots(1))
        assert "the-key-itself" not in str(refused.value)

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
    @pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o602])
    def test_a_file_open_to_others_is_refused(self, tmp_path: Path, keys_file: Path, mode: int) -> None:
        path = tmp_path / "keys.json"
        path.write_bytes(keys_file.read_bytes())
        path.chmod(mode)
        with pytest.raises(InvalidSetting, match="chmod 600"):
            Keys(path, lambda _: None)

    def test_a_missing_file_ends_the_process_with_one_clear_line(self, run: Callable[..., Any]) -> None:
        finished = run("serve", "--transport", "http", "--sandbox", "--keys", "/nowhere/keys.json")
        assert finished.status == 2
        assert len(finished.stderr.splitlines()) == 1
        assert "cannot be read" in finished.stderr

    def test_a_key_taken_away_stops_working_at_once(self, serve: Serve, tmp_path: Path) -> None:
        (first, one), (second, two) = new_key("one"), new_key("two")
        path = tmp_path / "keys.json"

        def write(*entries: dict[str, str]) -> None:
            path.write_text(json.dumps({"keys": entries}))
            path.chmod(0o600)

        write(one, two)
        own = serve("--sandbox", "--keys", str(path))
        assert own.initialize(**bearer(second)).status_code == 200
        write(one)
        assert own.initialize(**bearer(second)).status_code == 401
        path.write_text("{ half an ed")
        assert own.initialize(**bearer(first)).status_code == 200
        assert "what it said before stays" in own.process.stderr
        write()
        assert own.initialize(**bearer(first)).status_code == 401
        own.close()

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
    def test_a_key_taken_away_in_a_file_open_to_others_stops_working_once_it_is_closed(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (_, one), (second, two) = new_key("one"), new_key("two")
        path, changed = tmp_path / "keys.json", tmp_path / "changed.json"
        path.write_text(json.dumps({"keys": [one, two]}))
        path.chmod(0o600)
        keys = Keys(path, lambda _: None)
        changed.write_text(json.dumps({"keys": [one]}))
        changed.chmod(0o644)  # as many an editor leaves it
        changed.replace(path)
        assert keys.principal(second)
        assert keys.principal(second)
        assert [record.levelname for record in caplog.records] == ["ERROR"]  # said once, not at each look
        assert "chmod 600" in caplog.text
        path.chmod(0o600)
        assert keys.principal(second) is None

    def test_a_change_that_could_not_be_read_counts_once_it_can(
        self, tmp_path: Path, keys_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (first, one) = new_key("one")
        path = tmp_path / "keys.json"
        path.write_bytes(keys_file.read_bytes())
        path.chmod(0o600)
        keys = Keys(path, lambda _: None)
        path.write_text(json.dumps({"keys": [one]}))
        with monkeypatch.context() as patched:
            patched.setattr(Path, "open", too_many_open_files)
            assert keys.principal(first) is None
        assert keys.principal(first)

    def test_a_key_in_the_place_of_its_file_is_not_shown(self, run: Callable[..., Any]) -> None:
        key, _ = new_key("one")
        finished = run("serve", "--transport", "http", "--sandbox", env={"DRIFT_HTTP_KEYS": key})
        assert finished.status == 2
        assert key not in finished.stderr

    def test_the_key_command_prints_a_key_and_its_entry(self, run: Callable[..., Any]) -> None:
        finished = run("key", "build server")
        assert finished.status == 0
        key, entry = finished.stdout.splitlines()
        assert json.loads(entry) == {"name": "build server", "sha256": sha256(key.encode()).hexdigest()}
        assert len(key) > 40
        assert key not in finished.stderr
        assert run("key", "build server").stdout != finished.stdout

    def test_only_the_hash_is_in_the_file(self, keys_file: Path, secrets: dict[str, str]) -> None:
        assert not [key for key in secrets.values() if key in keys_file.read_text()]
        assert os.name == "nt" or stat.S_IMODE(keys_file.stat().st_mode) == 0o600


def test_on_loopback_nobody_is_asked_for_a_key(host: Host) -> None:
    assert host.initialize().status_code == 200
    assert httpx.get(f"{host.url}/healthz", trust_env=False).status_code == 200

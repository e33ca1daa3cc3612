"""Twelve callers with an organisation each, in one server, all at once: each sees its own and nothing else."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp.shared.exceptions import MCPError

from drift_mcp.http.app import create_app
from drift_mcp.http.keys import new_key
from drift_mcp.http.serve import security
from drift_mcp.http.slots import Slots
from drift_mcp.sandbox import create_app as create_sandbox
from drift_mcp.settings import Hosting, InvalidSetting, Settings
from tests.support.served import served

from .conftest import Serve
from .host import OLD, WAYS, Host, client, error, names

MANY = 12


@dataclass(frozen=True)
class Tenant:
    """An organisation: its own Drift with its own token, and a contact that only it has. And who may use it."""

    name: str
    drift: str
    token: str
    key: str
    entry: dict[str, Any]

    @property
    def email(self) -> str:
        return f"marker@{self.name}.example"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture(scope="module")
def tenants() -> Iterator[list[Tenant]]:
    with ExitStack() as open_ones:
        made = []
        for number in range(MANY):
            name, token = f"org-{number}", f"the-token-of-org-{number}"
            url = open_ones.enter_context(served(create_sandbox(token=token)))
            key, entry = new_key(f"caller of {name}")
            tenant = Tenant(name, url, token, key, entry | {"connections": [name]})
            marked = {"attributes": {"email": tenant.email, "name": f"Only in {name}"}}
            bearer = {"Authorization": f"Bearer {token}"}
            httpx.post(f"{url}/contacts", json=marked, headers=bearer, trust_env=False).raise_for_status()
            made.append(tenant)
        yield made


@pytest.fixture(scope="module")
def shared(serve: Serve, tenants: list[Tenant], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One server for all of them, and a caller with the first two."""
    folder = tmp_path_factory.mktemp("tenants")
    text, env = "", {}
    for tenant in tenants:
        variable = tenant.name.upper().replace("-", "_")
        text += f'[connections.{tenant.name}]\nbase_url = "{tenant.drift}"\ntoken_env = "{variable}"\n'
        env[variable] = tenant.token
    (folder / "connections.toml").write_text(text)
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [tenant.entry for tenant in tenants]}))
    keys.chmod(0o600)
    host = serve("--connections", str(folder / "connections.toml"), "--keys", str(keys), env=env)
    yield host
    host.close()
    assert "Traceback" not in host.process.stderr


async def count(mcp: Any, email: str, **where: str) -> int:
    result = await mcp.call_tool("find_contacts_by_email", {"email": email, **where})
    assert not result.is_error, result.structured_content
    found: int = result.structured_content["count"]
    return found


async def test_under_load_each_sees_only_its_own(shared: Host, tenants: list[Tenant]) -> None:
    async def use(number: int) -> None:
        tenant, other = tenants[number], tenants[(number + 1) % MANY]
        path, era = WAYS[number % len(WAYS)]
        async with client(shared.url + path, era, tenant.headers) as mcp:
            tools = (await mcp.list_tools()).tools
            assert all("connection" not in tool.input_schema["properties"] for tool in tools)
            for _ in range(3):
                assert await count(mcp, tenant.email) == 1
                assert await count(mcp, other.email) == 0
                told = (await mcp.call_tool("whoami", {})).structured_content
                assert told["connection"] == tenant.name
                through = {"name": "find_contacts_by_email", "arguments": {"email": tenant.email}}
                found = await mcp.call_tool("run_read_operation", through)
                assert found.structured_content["count"] == 1
                number_of_contact = found.structured_content["items"][0]["id"]
                read = await mcp.read_resource(f"drift://contacts/{number_of_contact}")
                assert f"Only in {tenant.name}" in read.contents[0].text
            assert error(await mcp.call_tool("whoami", {"connection": other.name}))["kind"] == "invalid_arguments"

    async with anyio.create_task_group() as tasks:
        for number in range(MANY):
            tasks.start_soon(use, number)


async def test_each_drift_is_asked_with_its_own_token_and_only_what_its_caller_asks(
    shared: Host, tenants: list[Tenant]
) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for tenant in tenants:
            (await http.post(f"{tenant.drift}/_sandbox/reset")).raise_for_status()

        async def use(tenant: Tenant) -> None:
            async with client(f"{shared.url}/mcp", OLD, tenant.headers) as mcp:
                for _ in range(3):
                    assert await count(mcp, tenant.email) == 0  # a reset takes the marker too

        async with anyio.create_task_group() as tasks:
            for tenant in tenants:
                tasks.start_soon(use, tenant)
        for tenant in tenants:
            log = (await http.get(f"{tenant.drift}/_sandbox/requests")).json()["requests"]
            searches = [each for each in log if "marker@" in json.dumps(each).replace("%40", "@")]
            assert len(searches) == 3
            assert all(tenant.email in json.dumps(each).replace("%40", "@") for each in searches)
            assert {each["status"] for each in searches} == {200}


def test_nobody_can_use_a_session_of_another(shared: Host, tenants: list[Tenant]) -> None:
    owner, other = tenants[:2]
    session = shared.initialize(**owner.headers).headers["mcp-session-id"]
    message = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    stream = {"accept": "text/event-stream", "mcp-session-id": session, "mcp-protocol-version": OLD}
    posts = {
        each.name: shared.post(message, **each.headers, mcp_session_id=session, mcp_protocol_version=OLD).status_code
        for each in (owner, other)
    }
    assert posts == {owner.name: 200, other.name: 404}
    for more in ({}, {"last-event-id": "1"}):
        assert shared.http.get("/mcp", headers=stream | other.headers | more).status_code == 404
    assert shared.http.delete("/mcp", headers=stream | other.headers).status_code == 404
    assert shared.post(message, **owner.headers, mcp_session_id=session, mcp_protocol_version=OLD).status_code == 200


def test_nobody_can_post_into_a_stream_of_another(shared: Host, tenants: list[Tenant]) -> None:
    owner, other = tenants[:2]
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    with shared.http.stream("GET", "/sse", headers=owner.headers) as stream:
        lines = stream.iter_lines()
        address = next(line for line in lines if line.startswith("data:")).partition(":")[2].strip()
        assert shared.post(message, address, **other.headers).status_code == 404
        assert shared.post(message, address, **owner.headers).status_code == 202


class TestWhatAnEntryMustSay:
    TWO = "[connections.acme]\nsandbox = true\n[connections.globex]\nsandbox = true\n"

    def load(self, folder: Path, connections: str, entry: dict[str, Any]) -> None:
        (folder / "connections.toml").write_text(connections)
        keys = folder / "keys.json"
        keys.write_text(json.dumps({"keys": [{"name": "a", "sha256": "0" * 64, **entry}]}))
        keys.chmod(0o600)
        settings = Settings(connections=str(folder / "connections.toml"), state_dir=str(folder))
        create_app(settings, Hosting(transport="http", keys=str(keys)), security(Hosting()), Slots(1))

    def test_with_one_connection_nothing(self, tmp_path: Path) -> None:
        self.load(tmp_path, "[connections.acme]\nsandbox = true", {})

    @pytest.mark.parametrize(
        ("entry", "said"),
        [
            ({}, "say which connections this caller may use, out of: acme, globex"),
            ({"connections": []}, "at least 1"),
            ({"connections": ["acme", "initech"]}, "no connection 'initech'; there are: acme, globex"),
            ({"connections": "acme"}, "list"),
        ],
    )
    def test_with_several_which_of_them(self, tmp_path: Path, entry: dict[str, Any], said: str) -> None:
        with pytest.raises(InvalidSetting, match=said):
            self.load(tmp_path, self.TWO, entry)


async def test_a_caller_of_two_chooses_between_those(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "three.toml").write_text("".join(f"[connections.{name}]\nsandbox = true\n" for name in "abc"))
    key, entry = new_key("two of three")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [entry | {"connections": ["c", "b"]}]}))
    keys.chmod(0o600)
    own = serve("--connections", str(tmp_path / "three.toml"), "--keys", str(keys))
    for path, era in WAYS:
        async with client(own.url + path, era, {"Authorization": f"Bearer {key}"}) as mcp:
            tools = {tool.name: tool for tool in (await mcp.list_tools()).tools}
            assert "list_conversations" in names(await mcp.list_tools())
            assert tools["whoami"].input_schema["properties"]["connection"]["enum"] == ["b", "c"]
            assert (await mcp.call_tool("whoami", {})).structured_content["connection"] == "b"
            refused = error(await mcp.call_tool("whoami", {"connection": "a"}))
            assert refused["kind"] == "unknown_connection"
    own.close()


@pytest.mark.parametrize(("path", "era"), WAYS)
async def test_connections_that_are_taken_away_are_gone_at_once_in_open_sessions_too(
    serve: Serve, tmp_path: Path, path: str, era: str
) -> None:
    (tmp_path / "two.toml").write_text("".join(f"[connections.{name}]\nsandbox = true\n" for name in "ab"))
    key, entry = new_key("first of a, then of b")
    keys = tmp_path / "keys.json"

    def grant(name: str) -> None:
        keys.write_text(json.dumps({"keys": [entry | {"connections": [name], "read_only": name == "b"}]}))
        keys.chmod(0o600)

    grant("a")
    own = serve("--connections", str(tmp_path / "two.toml"), "--keys", str(keys))
    async with client(own.url + path, era, {"Authorization": f"Bearer {key}"}) as mcp:
        assert (await mcp.call_tool("whoami", {})).structured_content["connection"] == "a"
        grant("b")
        if path == "/sse":  # its session was opened for what there was then
            with pytest.raises(MCPError, match=r"no connection|[Cc]losed"):  # closed soon, if this takes long
                await mcp.call_tool("whoami", {})
        else:
            assert (await mcp.call_tool("whoami", {})).structured_content["connection"] == "b"
    own.close()

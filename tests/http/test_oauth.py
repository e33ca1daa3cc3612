"""This server as an OAuth resource server, as clients see it: where they are sent, and what they get."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client

from drift_mcp.http.keys import new_key
from drift_mcp.settings import Hosting, InvalidSetting
from tests.support.authorization_server import SECRET, AuthorizationServer

from .conftest import Serve
from .host import MODES, NEW, OLD, WAYS, Host, client, error, names

TWO = """
default = "acme"
[connections.acme]
sandbox = true
[connections.globex]
sandbox = true
"""
CALLERS = [
    {"name": "nightly", "claim": "client_id", "value": "nightly", "connections": ["globex"], "read_only": True},
    {"name": "ana", "claim": "sub", "value": "ana", "connections": ["acme", "globex"]},
    {"name": "staff", "claim": "groups", "value": "staff", "connections": ["acme"]},
]
METADATA = "/.well-known/oauth-protected-resource"


class Storage:
    """Where the SDK's client keeps what it was given."""

    def __init__(self) -> None:
        self.tokens: Any = None
        self.client: Any = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        self.client = client_info


@pytest.fixture(scope="module")
def issuer() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as opened:
        yield opened


@pytest.fixture(scope="module")
def key() -> tuple[str, dict[str, str]]:
    return new_key("machine")


@pytest.fixture(scope="module")
def protected(
    serve: Serve, issuer: AuthorizationServer, key: tuple[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    """A server of two organisations that takes tokens of `issuer`, and a key. Logs all it can."""
    folder = tmp_path_factory.mktemp("oauth")
    texts = {
        "connections.toml": TWO,
        "callers.json": json.dumps({"callers": CALLERS}),
        "keys.json": json.dumps({"keys": [key[1] | {"connections": ["acme"]}]}),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    host = serve(
        "--connections", str(folder / "connections.toml"), "--keys", str(folder / "keys.json"), "--port", str(port),
        "--oauth-issuer", issuer.issuer, "--oauth-audience", f"http://127.0.0.1:{port}/mcp",
        "--oauth-callers", str(folder / "callers.json"), "--oauth-scopes", "drift", "--log-level", "debug",
    )  # fmt: skip
    yield host
    host.close()
    assert "Traceback" not in host.process.stderr


def bearer(issuer: AuthorizationServer, host: Host, **claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(**{'aud': f'{host.url}/mcp', **claims})}"}


class TestAClientThatComesWithNothing:
    @pytest.mark.parametrize("path", [METADATA, f"{METADATA}/mcp"])
    def test_can_read_whom_to_ask(self, protected: Host, issuer: AuthorizationServer, path: str) -> None:
        said = protected.http.get(path, headers={"Origin": "https://client.example"})
        assert said.status_code == 200
        assert said.headers["access-control-allow-origin"] == "*"
        assert said.json()["resource"] == f"{protected.url}/mcp"
        assert said.json()["authorization_servers"] == [issuer.issuer]
        assert said.json()["scopes_supported"] == ["drift"]

    @pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages"])
    def test_is_told_where_to_read_that(self, protected: Host, path: str) -> None:
        answer = protected.http.get(path)
        assert answer.status_code == 401
        said = answer.headers["www-authenticate"]
        assert said == f'Bearer resource_metadata="{protected.url}{METADATA}/mcp", scope="drift"'

    @pytest.mark.parametrize("era", [OLD, NEW])
    async def test_finds_its_way_by_itself(self, protected: Host, issuer: AuthorizationServer, era: str) -> None:
        url = f"{protected.url}/mcp"
        auth = ClientCredentialsOAuthProvider(url, Storage(), "nightly", SECRET, issuer=issuer.issuer)
        async with httpx2.AsyncClient(auth=auth, trust_env=False, timeout=60) as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, mode=MODES[era], read_timeout_seconds=60) as mcp:
                told = (await mcp.call_tool("whoami", {})).structured_content
                assert told["connection"] == "globex"
                assert told["surface"]["read_only"] is True
                tools = (await mcp.list_tools()).tools
        assert all("connection" not in tool.input_schema["properties"] for tool in tools)


class TestWhatATokenOpens:
    @pytest.mark.parametrize(("path", "era"), WAYS)
    async def test_what_the_operator_says_for_its_holder(
        self, protected: Host, issuer: AuthorizationServer, path: str, era: str
    ) -> None:
        async with client(protected.url + path, era, bearer(issuer, protected)) as mcp:
            tools = {tool.name: tool for tool in (await mcp.list_tools()).tools}
            assert tools["whoami"].input_schema["properties"]["connection"]["enum"] == ["acme", "globex"]
            for name in ("acme", "globex"):
                told = await mcp.call_tool("whoami", {"connection": name})
                assert told.structured_content["connection"] == name
        staff = bearer(issuer, protected, sub="bob", groups=["staff"])
        async with client(protected.url + path, era, staff) as mcp:
            assert (await mcp.call_tool("whoami", {})).structured_content["connection"] == "acme"
            assert error(await mcp.call_tool("whoami", {"connection": "globex"}))["kind"] == "invalid_arguments"

    async def test_a_key_opens_it_too(self, protected: Host, key: tuple[str, dict[str, str]]) -> None:
        async with client(f"{protected.url}/mcp", NEW, {"Authorization": f"Bearer {key[0]}"}) as mcp:
            assert "whoami" in names(await mcp.list_tools())

    def test_a_scope_too_few_is_asked_for(self, protected: Host, issuer: AuthorizationServer) -> None:
        answer = protected.initialize(**bearer(issuer, protected, scope="openid"))
        assert answer.status_code == 403
        said = answer.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in said
        assert 'scope="drift"' in said
        assert "resource_metadata=" in said

    @pytest.mark.parametrize(
        ("claims", "status"),
        [
            ({"exp": 1_000}, 401),
            ({"aud": "https://other.example/mcp"}, 401),
            ({"iss": "https://issuer.example"}, 401),
            ({"sub": "mallory"}, 403),
        ],
    )
    def test_a_bad_token_opens_nothing(
        self, protected: Host, issuer: AuthorizationServer, claims: dict[str, Any], status: int
    ) -> None:
        bad = bearer(issuer, protected, **claims)
        answer = protected.initialize(**bad)
        assert answer.status_code == status
        assert answer.json()["error"]["message"]
        assert ('error="invalid_token"' in answer.headers.get("www-authenticate", "")) == (status == 401)

    def test_a_session_belongs_to_one_holder_even_within_one_entry(
        self, protected: Host, issuer: AuthorizationServer
    ) -> None:
        bob, eve = (bearer(issuer, protected, sub=sub, groups=["staff"]) for sub in ("bob", "eve"))
        session = protected.initialize(**bob).headers["mcp-session-id"]
        message = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        answers = [
            protected.post(message, **who, mcp_session_id=session, mcp_protocol_version=OLD).status_code
            for who in (bob, eve)
        ]
        assert answers == [200, 404]

    def test_no_token_is_in_a_log(self, protected: Host, issuer: AuthorizationServer) -> None:
        good, bad = bearer(issuer, protected), bearer(issuer, protected, exp=1_000)
        for each in (good, bad):
            protected.initialize(**each)
        assert "DEBUG" in protected.process.stderr
        signatures = [each["Authorization"].rpartition(".")[2] for each in (good, bad)]
        assert not [each for each in signatures if each in protected.process.stderr]


@pytest.mark.parametrize(
    "wrong",
    [
        {"oauth_issuer": "https://issuer.example"},
        {"oauth_issuer": "https://issuer.example", "oauth_audience": "https://drift.example/mcp"},
        {"oauth_callers": "callers.json"},
        {"oauth_issuer": "http://issuer.example", "oauth_audience": "https://a.example", "oauth_callers": "c"},
        {"oauth_issuer": "https://issuer.example", "oauth_audience": "drift", "oauth_callers": "c"},
    ],
)
def test_half_of_it_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidSetting, match="oauth"):
        Hosting(**wrong)  # type: ignore[arg-type]

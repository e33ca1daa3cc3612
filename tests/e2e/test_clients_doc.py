"""`docs/clients.md`: each configuration in it works as it stands, with the host's placeholders filled in."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from anyio.from_thread import BlockingPortal
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.sse import sse_client

from drift_mcp.http.keys import new_key
from tests.conftest import LocalDrift
from tests.frameworks.test_langchain import python  # noqa: F401 - a fixture
from tests.http.host import Host, client

from .agent import Agent
from .catalogue import LISTED

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
HOSTS = {
    name: [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", section, re.M | re.S)]
    for name, section in SECTIONS.items()
}
ENTRIES: dict[str, dict[str, Any]] = {
    f"{name}-{entry_name}": entry
    for name, files in HOSTS.items()
    for file in files
    for entry_name, entry in (file.get("mcpServers") or file["servers"]).items()
}
LOCAL = [pytest.param(entry, id=name) for name, entry in ENTRIES.items() if "command" in entry]
REMOTE = [pytest.param(entry, id=name) for name, entry in ENTRIES.items() if "url" in entry]
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", SECTIONS["Frameworks"], re.M | re.S)
SDK = re.findall(r"^```python\n(.*?)^```$", SECTIONS["The Python SDK"], re.M | re.S)
ADDRESS = "http://127.0.0.1:8200"
KEY, KNOWN_AS = new_key("team")


def filled(value: Any, known: dict[str, str]) -> Any:
    """`value` as the host passes it on: with what each placeholder stands for."""
    text = json.dumps(value)
    for placeholder, meant in known.items():
        text = text.replace(placeholder, meant)
    assert "${" not in text
    return json.loads(text)


@pytest.fixture(scope="module")
def team(launch: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The server that the blocks call the team's."""
    file = tmp_path_factory.mktemp("team") / "keys.json"
    file.write_text(json.dumps({"keys": [KNOWN_AS]}))
    file.chmod(0o600)
    host = Host(launch("serve", "--transport", "http", "--port", "0", "--sandbox", "--keys", str(file)))
    yield host
    host.close()


def test_every_host_has_an_entry_for_a_real_drift_and_one_for_the_sandbox() -> None:
    hosts = {name: files for name, files in HOSTS.items() if files}
    assert list(hosts) == ["Claude Desktop", "Claude Code", "Cursor", "VS Code"]
    for [file] in hosts.values():
        servers = file.get("mcpServers") or file["servers"]
        assert list(servers)[:2] == ["drift", "drift-sandbox"]
        assert "--sandbox" not in servers["drift"]["args"]
    [vs_code] = hosts["VS Code"]
    assert {each["id"] for each in vs_code["inputs"]} == set(re.findall(r"\$\{input:([^}]+)\}", json.dumps(vs_code)))


def test_the_commands_for_claude_code_say_the_same_as_its_file() -> None:
    [file] = HOSTS["Claude Code"]
    commands = re.findall(r"^claude mcp add --scope user (\S+) -- (.+)$", SECTIONS["Claude Code"], re.M)
    assert [name for name, _ in commands] == ["drift", "drift-sandbox"]
    for name, command in commands:
        entry = file["mcpServers"][name]
        assert command.split() == [entry["command"], *entry["args"]]


def test_no_token_and_no_key_stands_in_any_of_them() -> None:
    for entry in ENTRIES.values():
        for name, value in (entry.get("env", {}) | entry.get("headers", {})).items():
            assert name == "DRIFT_TOKEN_FILE" or re.fullmatch(r"(Bearer )?\$\{[^}]+\}", value), name


@pytest.mark.parametrize("entry", LOCAL)
def test_each_command_starts_lists_the_tools_and_calls_one(
    entry: dict[str, Any],
    portal: BlockingPortal,
    drift: LocalDrift,
    environment: dict[str, str],
    *,
    workplace: Path,
    tmp_path: Path,
) -> None:
    file = tmp_path / "drift-token"
    file.write_text(drift.token)
    file.chmod(0o600)
    known = dict.fromkeys(
        ("${DRIFT_ACCESS_TOKEN}", "${env:DRIFT_ACCESS_TOKEN}", "${input:drift-token}"), drift.token
    ) | {"/home/you/.config/drift-token": str(file)}
    entry = filled(entry, known)
    command = shutil.which(entry["command"], path=environment["PATH"])
    assert command, "the command is not on the path"
    env = environment | {"DRIFT_BASE_URL": drift.url} | entry.get("env", {})
    server = StdioServerParameters(command=command, args=entry["args"], env=env, cwd=workplace)
    connected = Client(stdio_client(server))
    with portal.wrap_async_context_manager(connected):
        agent = Agent(portal, connected)
        assert [tool.name for tool in agent.tools()] == LISTED
        assert agent.ask("list_conversations", status=["open"])["count"] > 0
    assert bool(drift.requests()) == ("--sandbox" not in entry["args"])


@pytest.mark.parametrize("entry", REMOTE)
async def test_each_address_is_answered_to_who_has_the_key(entry: dict[str, Any], team: Host) -> None:
    names = ("${DRIFT_MCP_KEY}", "${env:DRIFT_MCP_KEY}", "${input:drift-key}")
    entry = filled(entry, dict.fromkeys(names, KEY) | {ADDRESS: team.url})
    async with client(entry["url"], headers=entry["headers"]) as connected:
        assert [tool.name for tool in (await connected.list_tools()).tools] == LISTED


@pytest.mark.parametrize("snippet", SNIPPETS[:2], ids=["openai", "pydantic"])
async def test_each_frameworks_servers_list_the_tools(
    snippet: str, team: Host, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFT_MCP_KEY", KEY)
    monkeypatch.setenv("PATH", environment["PATH"])
    found: dict[str, Any] = {}
    exec(snippet.replace(ADDRESS, team.url), found)
    for name in ("local", "team"):
        async with found[name] as server:
            tools = await server.list_tools()
        assert {tool.name for tool in tools} == set(LISTED)


def test_the_sdks_program_prints_the_same_of_a_server_of_its_own_and_of_the_teams(
    team: Host, environment: dict[str, str], workplace: Path
) -> None:
    program = SDK[0]
    done = subprocess.run(
        [sys.executable, "-c", program.replace(ADDRESS, team.url)],
        env=environment | {"DRIFT_MCP_KEY": KEY}, cwd=workplace, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 6, done.stderr
    assert lines[:3] == lines[3:]
    assert all(re.fullmatch(r"\d+ open", line) for line in lines)


@pytest.mark.parametrize(
    ("typed", "era", "told"), [("y", "auto", "'ok': True"), ("n", "legacy", "'answer': 'declined'")]
)
def test_the_sdks_callback_asks_the_person_who_decides(
    typed: str, era: str, told: str, environment: dict[str, str], workplace: Path
) -> None:
    given = "elicitation_callback=ask"
    assert given in SDK[1]
    done = subprocess.run(
        [sys.executable, "-c", SDK[1].replace(given, f'{given}, mode="{era}"')],
        env=environment, cwd=workplace, capture_output=True, text=True, check=False, input=f"{typed}\n",
    )  # fmt: skip
    assert done.stdout.startswith("Delete contact "), done.stderr
    assert told in done.stdout
    [warning] = re.findall(r"logs `(.+?)`", SECTIONS["The Python SDK"])
    assert warning in done.stderr


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_the_sdk_reaches_the_older_address_in_both_eras(team: Host, era: Literal["auto", "legacy"]) -> None:
    address = f"{team.url}/sse"
    assert f'sse_client("{ADDRESS}/sse", headers=key)' in SECTIONS["The Python SDK"]
    key = {"Authorization": f"Bearer {KEY}"}
    async with Client(sse_client(address, headers=key), mode=era) as connected:
        assert [tool.name for tool in (await connected.list_tools()).tools] == LISTED


def test_each_field_of_an_answer_that_is_explained_is_one() -> None:
    """Renamed in the code, it would be unknown here."""
    fields = re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \|", SECTIONS["Reading an answer"], re.M)
    named = {name for row in fields for name in row if name}
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "drift_mcp").rglob("*.py"))
    assert len(named) > 10
    assert {name for name in named if not re.search(rf"""["']{name}["']|\b{name}[:=]""", code)} == set()


def test_langchains_do_in_an_environment_of_their_own(
    request: pytest.FixtureRequest, team: Host, environment: dict[str, str], workplace: Path
) -> None:
    [snippet] = SNIPPETS[2:]
    listing = """
import asyncio
for name in ("drift", "drift-team"):
    print(*sorted(tool.name for tool in asyncio.run(client.get_tools(server_name=name))))
"""
    done = subprocess.run(
        [request.getfixturevalue("python"), "-c", snippet.replace(ADDRESS, team.url) + listing],
        env=environment | {"DRIFT_MCP_KEY": KEY}, cwd=workplace, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == [" ".join(sorted(LISTED))] * 2, done.stderr

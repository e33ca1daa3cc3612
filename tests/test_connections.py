"""Several Drift organisations in one server: the file that names them, and the argument that picks one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drift_mcp import connections
from drift_mcp.settings import InvalidSetting, Settings
from drift_mcp.surface import STEP_BACK_FOR_CONNECTIONS
from drift_mcp.switchboard import Switchboard

TWO = """
default = "acme"
[connections.acme]
sandbox = true
[connections.globex]
sandbox = true
read_only = true
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Switchboard]:
    def made(text: str, **settings: Any) -> Switchboard:
        file = tmp_path / "connections.toml"
        file.write_text(text)
        return connections.load(Settings(connections=str(file), state_dir=str(tmp_path / "state"), **settings))

    return made


def parameters(tool: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = tool["inputSchema"]["properties"]
    return found


class TestOneConnection:
    async def test_tools_take_no_connection(self) -> None:
        async with connections.load(Settings(sandbox=True)) as switchboard:
            assert all("connection" not in parameters(tool) for tool in await switchboard.listed())

    async def test_a_connection_is_an_unknown_argument(self) -> None:
        async with connections.load(Settings(sandbox=True)) as switchboard:
            result = await switchboard.call("whoami", {"connection": "acme"})
            assert result["structuredContent"]["error"]["kind"] == "invalid_arguments"


class TestSeveral:
    async def test_each_tool_takes_an_optional_connection_out_of_those_that_offer_it(
        self, load: Callable[..., Switchboard]
    ) -> None:
        async with load(TWO) as switchboard:
            tools = {tool["name"]: tool for tool in await switchboard.listed()}
        assert parameters(tools["list_conversations"])["connection"]["enum"] == ["acme", "globex"]
        assert parameters(tools["send_message"])["connection"]["enum"] == ["acme"]
        assert all("connection" not in tool["inputSchema"].get("required", ()) for tool in tools.values())

    async def test_they_are_listed_in_the_order_of_a_single_one(self, load: Callable[..., Switchboard]) -> None:
        async with load(TWO) as several, connections.load(Settings(sandbox=True)) as one:
            order = [tool["name"] for tool in await one.listed()]
            shown = [tool["name"] for tool in await several.listed()]
        assert shown == [name for name in order if name not in STEP_BACK_FOR_CONNECTIONS]

    async def test_a_call_goes_where_it_says_and_by_default_to_the_default(
        self, load: Callable[..., Switchboard]
    ) -> None:
        async with load(TWO) as switchboard:
            for given, reached in (({}, "acme"), ({"connection": "globex"}, "globex"), ({"connection": ""}, "acme")):
                result = await switchboard.call("whoami", given)
                assert result["structuredContent"]["connection"] == reached

    async def test_what_is_written_in_one_is_not_in_the_other(self, load: Callable[..., Switchboard]) -> None:
        async with load(TWO.replace("read_only = true", "")) as switchboard:
            lead = {"email": "only-in-acme@corp.example", "connection": "acme"}
            assert not (await switchboard.call("create_contact", lead)).get("isError")
            counts = {}
            for name in switchboard.names:
                asked = {"email": lead["email"], "connection": name}
                counts[name] = (await switchboard.call("find_contacts_by_email", asked))["structuredContent"]["count"]
        assert counts == {"acme": 1, "globex": 0}

    async def test_each_sandbox_is_an_organisation_of_its_own_the_same_one_each_time(
        self, load: Callable[..., Switchboard]
    ) -> None:
        seen = []
        for _ in range(2):
            async with load(f"{TWO}\n[connections.initech]\nsandbox = true\nsandbox_org = 77") as switchboard:
                told = [await switchboard.call("get_token_info", {"connection": name}) for name in switchboard.names]
            seen.append([each["structuredContent"]["org_id"] for each in told])
        assert seen[0] == seen[1]
        assert seen[0][0] == 84213
        assert 100_000 <= seen[0][1] < 1_000_000
        assert seen[0][2] == 77

    async def test_a_read_only_one_refuses_to_write_however_it_is_asked(self, load: Callable[..., Switchboard]) -> None:
        message = {"conversation_id": 1, "type": "chat", "body": "x"}
        async with load(TWO) as switchboard:
            direct = await switchboard.call("send_message", message | {"connection": "globex"})
            run = {"name": "send_message", "arguments": message, "connection": "globex"}
            through = await switchboard.call("run_write_operation", run)
        assert [each["structuredContent"]["error"]["kind"] for each in (direct, through)] == ["not_allowed"] * 2

    @pytest.mark.parametrize("name", ["nowhere", 7, 0, False, ["acme"], [], {"a": 1}])
    async def test_an_unknown_one_is_an_error_that_names_those_there_are(
        self, load: Callable[..., Switchboard], name: object
    ) -> None:
        async with load(TWO) as switchboard:
            error = (await switchboard.call("whoami", {"connection": name}))["structuredContent"]["error"]
        assert error["kind"] == "unknown_connection"
        assert "acme, globex" in error["next"]

    async def test_narrowed_to_one_connection_the_argument_is_gone(self, load: Callable[..., Switchboard]) -> None:
        async with load(TWO) as switchboard:
            only = switchboard.narrowed([], only=["globex"])
            assert all("connection" not in parameters(tool) for tool in await only.listed())
            assert (await only.call("whoami", {}))["structuredContent"]["connection"] == "globex"
            assert (await only.call("whoami", {"connection": "acme"})).get("isError")

    async def test_each_keeps_its_state_in_a_folder_of_its_own(
        self, load: Callable[..., Switchboard], tmp_path: Path
    ) -> None:
        async with load(TWO) as switchboard:
            states = [switchboard.toolbox(name).connection.state() for name in switchboard.names]
        assert states == [tmp_path / "state" / "connections" / name for name in ("acme", "globex")]


class TestTheFile:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "connections: Field required"),
            ("[connections]", "at least 1"),
            ("[connections.'Big Co']\nsandbox = true", "pattern"),
            ("default = 'b'\n[connections.a]\nsandbox = true", "the default 'b'"),
            ("[connections.a]\nsandbox = 'yes'", "a.sandbox"),
            ("[connections.a]\nsandbox = true\ntoolsets = ['nothing']", "there is no 'nothing'"),
            ("[connections.a]\ntoken_env = 'A'\nbase_url = 'http://drift.example'", "must start with https"),
            ("[connections.a]\nsandbox = yes", "no TOML: see line 2, column 11"),
            ("[connections.a]\nsandbox = true\n[connections.b", "no TOML: see end of document"),
            (f"[connections.a]\nsandbox_org = {'9' * 5_000}", "no TOML$"),
            ("[connections.a]\nsandbox = true\nreadonly = true", "did you mean read_only"),
            ("[connections.a]\ntoken_flie = 'x'", "did you mean token_file"),
            ("[connections.a]\ntoken = 'x'", "'token' is no setting .*with token_env or token_file"),
            ("[connections.a]\nsandbox = true\ncolour = 'x'", "'colour' is no setting .*docs/credentials.md"),
            ("[connections.a]", "one of token_env, .*oauth, or give `sandbox = true`"),
            ("[connections.a]\nsandbox = true\ntoken_env = 'A'", "either `sandbox = true`.* or token_env"),
            ("[connections.a]\nsandbox = true\noauth = true\nclient_id = 'x'", "or oauth, client_id"),
            ("[connections.a]\nsandbox = true\n[connections.a.on.new_mesage]", "new_conversation.*docs/events.md"),
        ],
    )
    def test_what_is_wrong_with_it_is_said(self, load: Callable[..., Switchboard], text: str, said: str) -> None:
        with pytest.raises(InvalidSetting, match=said):
            load(text)

    def test_a_value_that_is_refused_is_not_shown(self, load: Callable[..., Switchboard]) -> None:
        wrong = ("read_only = '{}'", "readonly = '{}'", "token_env = {}", "{}", "{} = 1\n{} = 2")
        for line in (each.replace("{}", "secret-token-1") for each in wrong):
            with pytest.raises(InvalidSetting) as refused:
                load(f"[connections.a]\n{line}")
            assert "secret-token-1" not in str(refused.value)

    def test_a_file_in_another_encoding_is_said(self, tmp_path: Path) -> None:
        file = tmp_path / "connections.toml"
        file.write_bytes("# für uns".encode("latin-1"))
        with pytest.raises(InvalidSetting, match="not in UTF-8"):
            connections.load(Settings(connections=str(file)))

    def test_a_file_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidSetting, match="cannot be read"):
            connections.load(Settings(connections=str(tmp_path / "none.toml")))


class TestPolicyOfOne:
    TEXT = '[connections.acme]\nsandbox = true\n[connections.globex]\nsandbox = true\ndestructive = "block"\n'

    async def test_each_may_have_its_own_word_on_what_is_destructive(self, load: Callable[..., Switchboard]) -> None:
        async with load(self.TEXT, destructive="ask") as switchboard:
            tools = {tool["name"]: tool for tool in await switchboard.listed()}
            offers = [switchboard.toolbox(name).offers("delete_contact") for name in ("acme", "globex")]
            blocked = await switchboard.call("delete_contact", {"contact_id": 1, "connection": "globex"})
        assert offers == [True, False]
        assert blocked["structuredContent"]["error"]["kind"] == "not_allowed"
        assert parameters(tools["run_destructive_operation"])["connection"]["enum"] == ["acme"]

    def test_another_word_is_refused_with_the_name_of_the_connection(self, load: Callable[..., Switchboard]) -> None:
        with pytest.raises(InvalidSetting, match="globex: destructive must be"):
            load(self.TEXT.replace("block", "maybe"))


class TestTheShell:
    """`audit` and `events` look where a server with the same settings has written."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "connections.toml"
        file.write_text(TWO)
        return file

    def test_the_audit_of_connections_is_found_by_the_variable_and_its_absence_is_told(
        self, run: Callable[..., Any], file: Path, tmp_path: Path
    ) -> None:
        state = tmp_path / "state"
        env = {"DRIFT_STATE_DIR": str(state)}
        nothing = run("audit", "--json", env=env)
        assert (nothing.status, nothing.stdout) == (0, "")
        assert f"no line is in {state / 'audit.jsonl'}" in nothing.stderr
        line = {"time": "2026-11-21T09:00:00.000Z", "principal": "ada", "connection": "acme", "tool": "create_contact"}
        (state / "connections" / "acme").mkdir(parents=True)
        written = json.dumps(line | {"ids": {"id": 7}, "outcome": "applied"})
        (state / "connections" / "acme" / "audit.jsonl").write_text(f"{written}\n")
        without = run("audit", "--json", env=env)
        assert "the audit of acme is not among it: name the server's file of connections" in without.stderr
        named = env | {"DRIFT_CONNECTIONS": str(file)}
        assert run("audit", "--json", env=named).stdout == f"{written}\n"
        assert "none of the 1 lines in" in run("audit", "--principal", "ben", env=named).stderr

    def test_events_name_the_file_and_the_folder_where_nothing_was_found(
        self, run: Callable[..., Any], file: Path, tmp_path: Path
    ) -> None:
        env = {"DRIFT_STATE_DIR": str(tmp_path / "state")}
        assert "name the server's file of connections with --connections" in run("events", "failed", env=env).stderr
        named = env | {"DRIFT_CONNECTIONS": str(file)}
        assert (
            f"no connection has rules (acme, globex): see `on` in {file}" in run("events", "failed", env=named).stderr
        )
        refused = run("events", "failed", "--connection", "initech", env=named)
        assert (refused.status, "no connection 'initech', only acme, globex" in refused.stderr) == (2, True)
        file.write_text(f"{TWO}[connections.globex.on.new_conversation]\nenrich_contact = true\n")
        found = run("events", "failed", env=named)
        assert (found.status, found.stdout) == (0, "")
        assert str(tmp_path / "state" / "connections" / "globex") in found.stderr

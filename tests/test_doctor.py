"""`drift-mcp doctor` and `drift-mcp connections` as processes, against a local Drift, with clients' files."""

import json
import re
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from drift_mcp.doctor import Level
from drift_mcp.doctor.clients import _files
from drift_mcp.doctor.reach import reach
from drift_mcp.http.keys import new_key
from drift_mcp.settings import Settings
from tests.conftest import Finished, LocalDrift
from tests.support.faults import answer, faults

TOKEN = "dr1ft-canary-token-0815"
Examine = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def examine(run: Callable[..., Finished], home: Path, drift: LocalDrift) -> Examine:
    """The findings by what they are about. The exit status has to go with them, and no token may be shown."""

    def look(*args: str, env: dict[str, str] | None = None) -> dict[str, dict[str, str]]:
        finished = run("doctor", "--json", *args, env=drift.env | {"HOME": str(home)} | (env or {}))
        told = finished.json
        problems = [each for each in told["findings"] if each["level"] == "problem"]
        assert (finished.status, told["problems"]) == (1 if problems else 0, len(problems)), finished.stderr
        assert all(each["todo"] for each in told["findings"] if each["level"] != "ok")
        assert TOKEN not in finished.stdout + finished.stderr
        assert drift.token not in finished.stdout + finished.stderr
        return {each["about"]: each for each in told["findings"]}

    return look


def claude(home: Path, servers: Any) -> Path:
    path = home / ".config" / "Claude" / "claude_desktop_config.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(servers if isinstance(servers, str) else json.dumps({"mcpServers": servers}))
    return path


def ours(**more: Any) -> dict[str, Any]:
    return {"command": sys.executable, "args": ["-m", "drift_mcp", "serve"]} | more


class TestWhatIsWell:
    def test_everything_is_ok_and_the_status_is_0(self, examine: Examine) -> None:
        found = examine()
        assert {each["level"] for each in found.values()} == {"ok"}
        assert "accepted for organisation 84213" in found["drift: token"]["text"]
        assert "can run all" in found["drift: scopes"]["text"]
        assert {"versions", "settings", "state folder", "drift: network", "drift: clock", "clients"} <= set(found)

    def test_people_get_a_line_for_each_finding(self, run: Callable[..., Finished], home: Path) -> None:
        env = {"HOME": str(home), "DRIFT_BASE_URL": "http://127.0.0.1:1", "DRIFT_ACCESS_TOKEN": TOKEN}
        finished = run("doctor", env=env)
        [line] = [line for line in finished.stdout.splitlines() if line.startswith("problem")]
        assert line.startswith("problem  drift: network: 127.0.0.1 cannot be reached")
        assert " → check the network" in line
        assert (finished.status, TOKEN in finished.stdout) == (1, False)

    def test_the_sandbox_needs_nothing(self, run: Callable[..., Finished], home: Path) -> None:
        finished = run("doctor", "--sandbox", env={"HOME": str(home)})
        assert finished.status == 0
        assert "sandbox: is the sandbox" in finished.stdout


class TestTheToken:
    def test_one_that_drift_does_not_accept_is_a_problem(self, examine: Examine) -> None:
        found = examine(env={"DRIFT_ACCESS_TOKEN": TOKEN})["drift: token"]
        assert (found["level"], found["text"]) == ("problem", "Drift does not accept it")
        assert "environment variable" in found["todo"]

    def test_without_one_it_says_how_to_get_one(self, examine: Examine) -> None:
        found = examine(env={"DRIFT_ACCESS_TOKEN": ""})["drift: token"]
        assert (found["level"], "drift-mcp login" in found["todo"]) == ("problem", True)

    def test_a_file_that_others_can_read_is_no_place_for_it(self, examine: Examine, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_text(TOKEN)
        file.chmod(0o644)
        found = examine(env={"DRIFT_ACCESS_TOKEN": "", "DRIFT_TOKEN_FILE": str(file)})["drift: token"]
        assert (found["level"], "chmod 600" in found["text"]) == ("problem", True)

    def test_listed_tools_that_it_cannot_run_are_named_with_the_scope(
        self, examine: Examine, drift: LocalDrift
    ) -> None:
        few = drift.issue_token("contact_read", "conversation_read", "user_read")
        found = examine(env={"DRIFT_ACCESS_TOKEN": few})["drift: scopes"]
        assert found["level"] == "warning"
        assert "send_message" in found["text"]
        assert "conversation_write" in found["text"]
        assert "list_conversations" not in found["text"]
        narrowed = examine("--tools", "list_conversations", env={"DRIFT_ACCESS_TOKEN": few})["drift: scopes"]
        assert narrowed["level"] == "ok"


class TestTheNetwork:
    def test_a_name_that_is_not_found(self, examine: Examine) -> None:
        found = examine("--base-url", "https://drift.invalid")["drift: network"]
        assert (found["level"], found["text"]) == ("problem", "the name drift.invalid is not found")

    def test_a_port_where_nobody_listens(self, examine: Examine) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert "cannot be reached" in examine("--base-url", f"http://127.0.0.1:{port}")["drift: network"]["text"]

    def test_a_host_that_does_not_speak_tls(self, examine: Examine, drift: LocalDrift) -> None:
        found = examine("--base-url", drift.url.replace("http:", "https:"))["drift: network"]
        assert "does not speak TLS" in found["text"]

    @pytest.mark.parametrize(("minutes", "said"), [(-30, "ahead of Drift's"), (30, "behind Drift's")])
    async def test_a_clock_that_is_wrong(self, minutes: int, said: str) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
        async with faults({"/": answer(404, {}, Date=date)}) as server:
            network, clock = await reach(Settings(base_url=server.url))
        assert (network.level, clock.level) == (Level.OK, Level.WARNING)
        told = re.fullmatch(rf"this machine's clock is (\d+) seconds {said}", clock.text)
        assert told
        assert abs(int(told[1]) - 1800) < 60

    async def test_no_token_goes_along(self) -> None:
        async with faults({"/": answer(404, {})}) as server:
            await reach(Settings(base_url=server.url))
            [asked] = server.asked
        assert "authorization" not in asked.headers


class TestTheConfiguration:
    def test_a_setting_that_cannot_work(self, examine: Examine) -> None:
        found = examine("--total-timeout", "0")
        assert found["settings"]["level"] == "problem"
        assert "clients" in found  # the rest that can be looked at is

    def test_a_file_of_connections_that_cannot_be_used(self, examine: Examine, tmp_path: Path) -> None:
        file = tmp_path / "connections.toml"
        file.write_text(f"[connections.acme]\nread_only = '{TOKEN}'")
        assert examine("--connections", str(file))["connections"]["level"] == "problem"

    def test_each_connection_is_looked_at(self, examine: Examine, drift: LocalDrift, tmp_path: Path) -> None:
        file = tmp_path / "connections.toml"
        url = f'base_url = "{drift.url}"'
        file.write_text(f'[connections.good]\ntoken_env = "GOOD"\n{url}\n[connections.bad]\ntoken_env = "BAD"\n{url}')
        found = examine("--connections", str(file), env={"GOOD": drift.token, "BAD": TOKEN})
        assert (found["good: token"]["level"], found["bad: token"]["level"]) == ("ok", "problem")

    def test_a_state_folder_that_others_can_read(self, examine: Examine, tmp_path: Path) -> None:
        folder = tmp_path / "open"
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
        found = examine("--state-dir", str(folder))["state folder"]
        assert (found["level"], found["todo"]) == ("warning", f"run `chmod 700 {folder}`")

    def test_a_state_folder_that_cannot_be(self, examine: Examine, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.touch()
        assert examine("--state-dir", str(file / "below"))["state folder"]["level"] == "problem"

    def test_a_keys_file(self, examine: Examine, tmp_path: Path) -> None:
        file = tmp_path / "keys.json"
        file.write_text(json.dumps({"keys": [new_key("ada")[1]]}))
        file.chmod(0o644)
        assert "chmod 600" in examine("--keys", str(file))["callers"]["text"]
        file.chmod(0o600)
        assert examine("--keys", str(file))["callers"]["level"] == "ok"


class TestTheClients:
    def test_an_entry_that_starts_is_ok(self, examine: Examine, home: Path) -> None:
        claude(home, {"drift": ours(), "other": {"command": "nothing-of-ours"}})
        found = examine()
        assert found["Claude Desktop: drift"]["text"] == "its command starts and answers"
        assert not any("other" in about for about in found)

    def test_a_token_in_plain_text_is_a_warning_without_the_token(self, examine: Examine, home: Path) -> None:
        secrets = {"DRIFT_ACCESS_TOKEN": TOKEN, "ACME_SECRET": TOKEN, "DRIFT_TOKEN_FILE": "/run/x", "A_TOKEN": "${B}"}
        claude(home, {"drift": ours(env=secrets)})
        found = examine()
        assert found["Claude Desktop: drift"]["level"] == "ok"
        finding = found["Claude Desktop: drift: token"]
        assert finding["level"] == "warning"
        assert finding["text"].startswith("DRIFT_ACCESS_TOKEN, ACME_SECRET stand there in plain text")
        assert "drift-mcp login --token" in finding["todo"]

    def test_the_placeholder_of_the_example_is_no_token(self, examine: Examine, home: Path) -> None:
        example = json.loads((Path(__file__).parents[1] / "mcp.json.example").read_text())
        claude(home, example["mcpServers"])
        assert {each["level"] for each in examine().values()} == {"ok"}

    def test_a_command_that_is_not_there(self, examine: Examine, home: Path) -> None:
        cursor = home / ".cursor" / "mcp.json"
        cursor.parent.mkdir()
        cursor.write_text(json.dumps({"mcpServers": {"drift": {"command": "/nowhere/drift-mcp"}}}))
        found = examine()["Cursor: drift"]
        assert (found["level"], "drift-mcp is not found" in found["text"]) == ("problem", True)
        assert "full path" in found["todo"]

    def test_a_command_that_does_not_start(self, examine: Examine, home: Path) -> None:
        claude(home, {"drift": ours(args=["-m", "drift_mcp", "--frobnicate"])})
        assert "exit status 2" in examine()["Claude Desktop: drift"]["text"]

    def test_a_file_without_it_and_one_that_is_no_json(self, examine: Examine, home: Path) -> None:
        claude(home, {"other": {"command": "x"}})
        assert "drift-mcp is not in" in examine()["Claude Desktop"]["text"]
        claude(home, '{"mcpServers": {')
        assert examine()["Claude Desktop"]["level"] == "problem"

    @pytest.mark.parametrize(
        ("platform", "path"),
        [
            ("darwin", "Library/Application Support/Claude/claude_desktop_config.json"),
            ("win32", "AppData/Roaming/Claude/claude_desktop_config.json"),
            ("linux", ".config/Claude/claude_desktop_config.json"),
        ],
    )
    def test_it_looks_where_the_system_has_the_file(
        self, platform: str, path: str, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setenv("HOME", str(home))
        for name in ("APPDATA", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        assert _files()["Claude Desktop"] == home / path
        assert _files()["Cursor"] == home / ".cursor" / "mcp.json"


class TestConnections:
    @pytest.fixture
    def file(self, drift: LocalDrift, tmp_path: Path) -> Path:
        path = tmp_path / "connections.toml"
        url = f'base_url = "{drift.url}"'
        path.write_text(
            f'default = "globex"\n[connections.acme]\ntoken_env = "ACME"\n{url}\n'
            f'[connections.globex]\ntoken_env = "GLOBEX"\nread_only = true\n{url}\n[connections.play]\nsandbox = true'
        )
        return path

    @pytest.fixture
    def listed(self, run: Callable[..., Finished], drift: LocalDrift, file: Path) -> Callable[..., Finished]:
        env = {"ACME": TOKEN, "GLOBEX": drift.token}
        return lambda *args, **more: run("connections", "--connections", str(file), *args, env=env | more)

    def test_they_are_listed_without_asking_drift(self, listed: Callable[..., Finished], drift: LocalDrift) -> None:
        rows = {row["name"]: row for row in listed("--json", GLOBEX="").json}
        assert [rows[name]["default"] for name in ("acme", "globex", "play")] == [False, True, False]
        assert rows["acme"]["token_from"] == "environment variable"
        assert [rows[name]["token_there"] for name in ("acme", "globex", "play")] == [True, False, True]
        assert rows["globex"]["surface"]["read_only"] is True
        assert drift.requests() == []

    def test_a_test_tells_organisation_and_scopes_or_what_is_wrong(self, listed: Callable[..., Finished]) -> None:
        finished = listed("--json", "--test")
        rows = {row["name"]: row for row in finished.json}
        assert rows["globex"]["organisation"] == 84213
        assert "contact_read" in rows["globex"]["scopes"]
        assert rows["acme"]["problem"].startswith("Drift does not accept it")
        assert (finished.status, TOKEN in finished.stdout + finished.stderr) == (1, False)

    def test_one_can_be_tested_alone(self, listed: Callable[..., Finished], drift: LocalDrift) -> None:
        finished = listed("--test", "globex")
        assert finished.status == 0, finished.stderr
        assert "globex (default)" in finished.stdout
        assert "list: default, read-only" in finished.stdout
        assert "organisation: 84213" in finished.stdout
        assert drift.token not in finished.stdout
        assert len(drift.requests()) == 1
        assert listed("--test", "nobody").status == 2

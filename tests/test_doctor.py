"""`drift-mcp doctor` and `drift-mcp connections` as processes, against a local Drift, with clients' files."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from anyio import to_thread
from pydantic import SecretStr

from drift_mcp.credentials.source import store
from drift_mcp.credentials.tokens import Tokens
from drift_mcp.doctor import Level
from drift_mcp.doctor.clients import _files, clients
from drift_mcp.doctor.reach import reach
from drift_mcp.http.keys import new_key
from drift_mcp.settings import Settings
from tests.conftest import Finished, LocalDrift
from tests.support.faults import answer, faults

TOKEN = "dr1ft-canary-token-0815"
Run = Callable[..., Finished]
Examine = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def examine(run: Run, home: Path, drift: LocalDrift) -> Examine:
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

    def test_people_get_a_line_for_each_finding(self, run: Run, home: Path) -> None:
        env = {"HOME": str(home), "DRIFT_BASE_URL": "http://127.0.0.1:1", "DRIFT_ACCESS_TOKEN": TOKEN}
        finished = run("doctor", env=env)
        [line] = [line for line in finished.stdout.splitlines() if line.startswith("problem")]
        assert line.startswith("problem  drift: network: 127.0.0.1 cannot be reached")
        assert " → check the network" in line
        assert (finished.status, TOKEN in finished.stdout) == (1, False)

    def test_the_sandbox_needs_nothing(self, run: Run, home: Path) -> None:
        finished = run("doctor", "--sandbox", env={"HOME": str(home)})
        assert finished.status == 0
        assert "sandbox: is the sandbox" in finished.stdout


class TestTheToken:
    def test_one_that_drift_does_not_accept_is_a_problem_of_the_variable_it_is_in(self, examine: Examine) -> None:
        found = examine(env={"DRIFT_ACCESS_TOKEN": TOKEN})["drift: token"]
        said = "Drift does not accept it (from the environment variable DRIFT_ACCESS_TOKEN)"
        assert (found["level"], found["text"]) == ("problem", said)
        assert found["todo"].startswith("set DRIFT_ACCESS_TOKEN where the server starts")

    @pytest.mark.parametrize("text", ["paste-your-drift-token-here", "<token>", "${DRIFT_TOKEN}", "your_token"])
    def test_a_placeholder_is_no_token(self, examine: Examine, drift: LocalDrift, text: str) -> None:
        found = examine(env={"DRIFT_ACCESS_TOKEN": text})["drift: token"]
        assert found["level"] == "problem"
        assert found["text"] == "the environment variable DRIFT_ACCESS_TOKEN holds a placeholder, not a token"
        assert [each["path"] for each in drift.requests()] == ["/"]  # whether Drift is there, without a token

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (f"Bearer {TOKEN}", "has the word Bearer before the token"),
            (f"Authorization: bearer  {TOKEN}", "has the word Bearer before the token"),
            (f'"{TOKEN}"', "has quotes around the token"),
            (f"{TOKEN} {TOKEN}", "holds no token: it has blanks"),
            (f"{TOKEN}—", "holds no token: it has blanks"),
        ],
        ids=["bearer", "header", "quotes", "blanks", "dash"],
    )
    def test_a_token_with_something_around_it_is_said_and_not_sent(
        self, examine: Examine, drift: LocalDrift, home: Path, text: str, said: str
    ) -> None:
        path = claude(home, {"drift": TestTheClients.NOT_THERE | {"env": {"DRIFT_ACCESS_TOKEN": text}}})
        told = examine(env={"DRIFT_ACCESS_TOKEN": text})
        found, client = told["drift: token"], told["Claude Desktop: drift: token"]
        assert found["level"] == client["level"] == "problem"
        assert found["text"].startswith(f"the environment variable DRIFT_ACCESS_TOKEN {said}")
        assert client["text"].startswith(f"DRIFT_ACCESS_TOKEN in {path} {said}")
        assert [each["path"] for each in drift.requests()] == ["/"]

    @pytest.mark.parametrize("name", ["DRIFT_API_KEY", "DRIFT_TOKEN", "DRIFT_OAUTH_ACCESS_TOKEN", "drift_access_token"])
    def test_a_variable_that_nothing_reads_is_named(
        self, examine: Examine, home: Path, tmp_path: Path, name: str
    ) -> None:
        path = claude(home, {"drift": TestTheClients.NOT_THERE | {"env": {name: "${A_REFERENCE}"}}})
        others = {"DRIFT_ACCESS_TOKEN": "", "DRIFT_WEBHOOK_TOKEN": TOKEN, "DRIFT_CLIENT_SECRET": TOKEN}
        told = examine("--state-dir", str(tmp_path), env=others | {name: TOKEN})
        assert told["drift: token"]["text"].endswith(f"; nothing reads {name}")
        assert told["drift: token"]["todo"].startswith("if the token is there, put it into DRIFT_ACCESS_TOKEN instead")
        assert told["Claude Desktop: drift: token"]["text"] == f"nothing reads {name} in {path}"
        named = TestTheClients.NOT_THERE | {"args": ["--connections", "c.toml"], "env": {name: "${A_REFERENCE}"}}
        claude(home, {"drift": named})  # it may be the one that this file names
        assert "Claude Desktop: drift: token" not in examine()

    def test_the_token_in_the_variable_of_no_connection_is_named(self, examine: Examine, tmp_path: Path) -> None:
        file = tmp_path / "connections.toml"
        file.write_text('[connections.acme]\ntoken_env = "ACME_TOKEN"\n')
        found = examine("--connections", str(file))["acme: token"]
        said = "the environment variable ACME_TOKEN is not set; DRIFT_ACCESS_TOKEN is, but this connection does not"
        assert found["text"].startswith(said)

    def test_without_one_it_says_where_it_looked_and_how_to_get_one(self, examine: Examine, tmp_path: Path) -> None:
        found = examine("--state-dir", str(tmp_path), env={"DRIFT_ACCESS_TOKEN": ""})["drift: token"]
        assert found["level"] == "problem"
        assert "DRIFT_ACCESS_TOKEN, DRIFT_TOKEN_FILE and DRIFT_TOKEN_COMMAND are not set" in found["text"]
        assert f"(looked in {tmp_path / 'logins'})" in found["text"]
        assert "set DRIFT_ACCESS_TOKEN" in found["todo"]
        assert "`drift-mcp login --token`" in found["todo"]

    def test_a_file_that_cannot_be_used_is_named_with_the_step_that_helps(
        self, examine: Examine, tmp_path: Path
    ) -> None:
        file = tmp_path / "token.txt"
        env = {"DRIFT_ACCESS_TOKEN": "", "DRIFT_TOKEN_FILE": str(file)}
        found = examine(env=env)["drift: token"]
        assert (found["level"], f"the file {file}: " in found["text"]) == ("problem", True)
        assert found["todo"].startswith("put a token of your Drift app")
        file.write_text(TOKEN)
        file.chmod(0o644)
        found = examine(env=env)["drift: token"]
        assert (found["level"], found["todo"]) == ("problem", f"run `chmod 600 {file}`")

    def test_a_folder_in_the_place_of_the_file_is_not_to_be_closed(self, examine: Examine, tmp_path: Path) -> None:
        found = examine(env={"DRIFT_ACCESS_TOKEN": "", "DRIFT_TOKEN_FILE": str(tmp_path)})["drift: token"]
        assert found["todo"].startswith("name a file, not a folder")

    def test_a_token_in_the_place_of_a_path_or_a_name_is_not_shown(self, examine: Examine, tmp_path: Path) -> None:
        found = examine(env={"DRIFT_ACCESS_TOKEN": "", "DRIFT_TOKEN_FILE": "Secret0815"})["drift: token"]
        assert "that `token_file` or DRIFT_TOKEN_FILE names" in found["text"]
        file = tmp_path / "connections.toml"
        file.write_text('[connections.acme]\ntoken_env = "Secret0815"\n')
        told = examine("--connections", str(file), env={"DRIFT_ACCESS_TOKEN": ""})["acme: token"]
        assert told["text"] == "the environment variable that `token_env` names is not set"
        assert "Secret0815" not in f"{found}{told}"

    @pytest.mark.parametrize("variable", ["DRIFT_TOKEN_FILE", "DRIFT_TOKEN_COMMAND", "DRIFT_HTTP_KEYS"])
    @pytest.mark.parametrize("secret", [TOKEN, f"{TOKEN[:9]}/{TOKEN[9:]}+/=="])
    def test_nor_is_it_in_a_log_line(self, run: Run, variable: str, secret: str) -> None:
        finished = run("doctor", "--log-level", "debug", env={"DRIFT_ACCESS_TOKEN": "", variable: secret})
        assert finished.status == 1
        assert secret[:9] not in finished.stdout + finished.stderr

    def test_a_command_is_named_without_its_arguments_and_not_if_it_is_none(self, examine: Examine) -> None:
        unknown = examine(env={"DRIFT_ACCESS_TOKEN": "", "DRIFT_TOKEN_COMMAND": "Secret0815"})["drift: token"]
        assert "the command that `token_command` or DRIFT_TOKEN_COMMAND names: " in unknown["text"]
        found = examine(env={"DRIFT_ACCESS_TOKEN": "", "DRIFT_TOKEN_COMMAND": f"{sys.executable} {TOKEN}"})
        assert f"the command {sys.executable}: " in found["drift: token"]["text"]
        assert "run all of DRIFT_TOKEN_COMMAND in a terminal" in found["drift: token"]["todo"]

    def test_listed_tools_that_it_cannot_run_are_named_with_the_scope(
        self, examine: Examine, drift: LocalDrift
    ) -> None:
        few = drift.issue_token("contact_read", "conversation_read", "user_read")
        found = examine(env={"DRIFT_ACCESS_TOKEN": few})["drift: scopes"]
        assert found["level"] == "warning"
        assert "send_message" in found["text"]
        assert re.match(r"\d+ of the \d+ tools are hidden \(", found["text"])
        assert ", because the token lacks " in found["text"]
        assert "conversation_write" in found["text"]
        assert "list_conversations" not in found["text"]
        narrowed = examine("--tools", "list_conversations", env={"DRIFT_ACCESS_TOKEN": few})["drift: scopes"]
        assert narrowed["level"] == "ok"


class TestTheLogin:
    """Logins as `drift-mcp login` leaves them, in the encrypted file."""

    @pytest.fixture
    def logged_in(
        self, drift: LocalDrift, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[..., dict[str, str]]:
        """Stores a login that ends so many seconds from now; the environment without the Drift app."""
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")

        def kept(seconds: float, *, refresh: bool = True, name: str = "drift", state: Path | None = None) -> Any:
            now = time.time()
            refreshing = SecretStr("refresh-canary-0815") if refresh else None
            tokens = Tokens(SecretStr(drift.token), refreshing, now - 7200, now + seconds)
            store(state or tmp_path).save(name, tokens, "file")
            null = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
            return null | {"DRIFT_ACCESS_TOKEN": "", "DRIFT_STATE_DIR": str(tmp_path)}

        return kept

    def test_one_that_has_ended_is_not_renewed_without_the_app_whose_variables_are_named(
        self, examine: Examine, logged_in: Callable[..., dict[str, str]], tmp_path: Path
    ) -> None:
        env = logged_in(-60)
        found = examine(env=env)["drift: token"]
        assert found["level"] == "problem"
        assert re.match(
            rf"the login in {tmp_path / 'logins'} ended at \d{{4}}-\d\d-\d\dT.*Z, and is not", found["text"]
        )
        assert found["todo"].startswith("set DRIFT_CLIENT_ID and DRIFT_CLIENT_SECRET where the server starts")
        assert "a new login is not needed" in found["todo"]
        half = examine(env=env | {"DRIFT_CLIENT_ID": "sandbox-client-id"})["drift: token"]
        assert half["todo"].startswith("set DRIFT_CLIENT_SECRET where")

    def test_one_that_will_end_is_a_warning_beside_what_drift_says(
        self, run: Run, home: Path, drift: LocalDrift, logged_in: Callable[..., dict[str, str]]
    ) -> None:
        finished = run("doctor", env=drift.env | logged_in(3600) | {"HOME": str(home)})
        told = [line for line in finished.stdout.splitlines() if "drift: token" in line]
        assert [line.split()[0] for line in told] == ["warning", "ok"]
        assert " ends at " in told[0]
        assert "DRIFT_CLIENT_ID and DRIFT_CLIENT_SECRET" in told[0]

    def test_in_a_file_of_connections_the_entry_and_its_variable_are_named(
        self, examine: Examine, drift: LocalDrift, logged_in: Callable[..., dict[str, str]], tmp_path: Path
    ) -> None:
        file = tmp_path / "connections.toml"
        app = 'client_id = "sandbox-client-id"\nclient_secret_env = "ACME_SECRET"'
        url = f'base_url = "{drift.url}"'
        file.write_text(
            f"[connections.acme]\noauth = true\n{app}\n{url}\n[connections.globex]\nkeyring = true\n{url}\n"
            f"[connections.initech]\noauth = true\n{app}\n{url}"
        )
        with file.open("a") as more:
            more.write(f"\n[connections.drift]\nkeyring = true\n{url}")
        for name in ("acme", "globex"):
            env = logged_in(-60, name=name, state=tmp_path / "connections" / name)
        found = examine("--connections", str(file), env=env)
        assert found["acme: token"]["todo"].startswith("set ACME_SECRET where the server starts")
        assert found["globex: token"]["todo"].startswith(f"give [connections.globex] in {file} `client_id`")
        assert found["initech: token"]["todo"] == f"run `drift-mcp login initech --connections {file}`"
        assert found["drift: token"]["todo"] == f"run `drift-mcp login drift --token --connections {file}`"

    @pytest.mark.parametrize("app", [{}, {"DRIFT_CLIENT_ID": "app-1", "DRIFT_CLIENT_SECRET": "s3cret"}])
    def test_the_kind_is_that_of_the_login_there_is_not_of_the_one_there_would_be(
        self, run: Run, drift: LocalDrift, logged_in: Callable[..., dict[str, str]], app: dict[str, str]
    ) -> None:
        env = drift.env | logged_in(3600) | app
        assert run("connections", "--json", env=env).json[0]["token_from"] == "login in the browser"
        store(Path(env["DRIFT_STATE_DIR"])).save("drift", Tokens(SecretStr(drift.token), obtained_at=time.time()))
        assert run("connections", "--json", env=env).json[0]["token_from"] == "login with a token"

    def test_one_that_has_ended_for_good_asks_for_a_new_one(
        self, examine: Examine, logged_in: Callable[..., dict[str, str]]
    ) -> None:
        found = examine(env=logged_in(-60, refresh=False))["drift: token"]
        assert (found["level"], "drift-mcp login --token" in found["todo"]) == ("problem", True)


class TestTheNetwork:
    def test_a_name_that_is_not_found(self, examine: Examine) -> None:
        found = examine("--base-url", "https://drift.invalid")["drift: network"]
        assert (found["level"], found["text"]) == ("problem", "the name drift.invalid is not found")
        assert "the base URL https://drift.invalid (--base-url, DRIFT_BASE_URL)" in found["todo"]

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
        assert found["settings"]["todo"].startswith("correct --total-timeout or DRIFT_TOTAL_TIMEOUT")
        assert "clients" in found  # the rest that can be looked at is

    def test_a_file_of_connections_that_cannot_be_used(self, examine: Examine, tmp_path: Path) -> None:
        file = tmp_path / "connections.toml"
        file.write_text(f"[connections.acme]\nread_only = '{TOKEN}'")
        found = examine("--connections", str(file))["connections"]
        assert (found["level"], str(file) in found["text"]) == ("problem", True)
        assert found["todo"].startswith(f"correct {file}")

    @pytest.mark.parametrize(
        "rule", ['on = "x"', "on.a_holiday.enrich_contact = true", "on.new_conversation.fly = true"]
    )
    def test_a_rule_that_cannot_work_is_corrected_by_the_page_about_rules(
        self, examine: Examine, tmp_path: Path, rule: str
    ) -> None:
        file = tmp_path / "connections.toml"
        file.write_text(f"[connections.acme]\nsandbox = true\n{rule}\n")
        assert examine("--connections", str(file))["connections"]["todo"].startswith(f"correct {file}; docs/events.md")
        file.write_text("[connections.acme]\nsandbox = true\nonly = 1\n")
        told = examine("--connections", str(file))["connections"]
        assert told["todo"].startswith(f"correct {file}; docs/credentials.md")

    def test_a_token_command_that_is_none(self, examine: Examine) -> None:
        found = examine(env={"DRIFT_ACCESS_TOKEN": "", "DRIFT_TOKEN_COMMAND": "op 'read"})["connections"]
        assert found["todo"].startswith("correct DRIFT_TOKEN_COMMAND; docs/credentials.md")

    def test_a_folder_of_files_that_is_not_there(self, examine: Examine, tmp_path: Path) -> None:
        assert examine("--files", str(tmp_path / "nowhere"))["files"]["level"] == "warning"
        assert "files" not in examine("--files", str(tmp_path))

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
        found = examine("--state-dir", str(file / "below"))
        assert found["state folder"]["level"] == "problem"
        assert found["drift: token"]["level"] == "ok"  # what does not need it is looked at all the same

    def test_a_state_folder_of_one_connection_that_cannot_be(
        self, examine: Examine, drift: LocalDrift, tmp_path: Path
    ) -> None:
        file, state = tmp_path / "connections.toml", tmp_path / "state"
        file.write_text("[connections.acme]\nsandbox = true\n[connections.globex]\nsandbox = true\n")
        (state / "connections").mkdir(parents=True, mode=0o700)
        (folder := state / "connections" / "globex").touch()
        found = examine("--connections", str(file), "--state-dir", str(state))
        assert found["globex: state folder"]["level"] == "problem"
        assert f"{folder} cannot be written (it is no folder)" in found["globex: state folder"]["text"]
        assert not any(about.startswith("acme: state") for about in found)

    def test_a_keys_file(self, examine: Examine, tmp_path: Path) -> None:
        file = tmp_path / "keys.json"
        file.write_text(json.dumps({"keys": [new_key("ada")[1]]}))
        file.chmod(0o644)
        assert "chmod 600" in examine("--keys", str(file))["callers"]["text"]
        file.chmod(0o600)
        assert examine("--keys", str(file))["callers"]["level"] == "ok"


class TestTheClients:
    NOT_THERE: ClassVar = {"command": "/nowhere/drift-mcp"}

    def test_an_entry_that_starts_is_ok_and_one_that_does_not_is_none(self, examine: Examine, home: Path) -> None:
        wrong = ours(args=["-m", "drift_mcp", "--frobnicate"])
        path = claude(home, {"drift": ours(), "wrong": wrong, "other": {"command": "nothing-of-ours"}})
        found = examine()
        assert found["Claude Desktop: drift"]["text"] == f"its command in {path} starts and answers"
        assert "exit status 2" in found["Claude Desktop: wrong"]["text"]
        assert f"`command` and `args` in {path}" in found["Claude Desktop: wrong"]["todo"]
        assert not any("other" in about for about in found)

    def test_a_token_in_plain_text_is_a_warning_without_the_token(self, examine: Examine, home: Path) -> None:
        secrets = {"DRIFT_ACCESS_TOKEN": TOKEN, "ACME_SECRET": TOKEN, "DRIFT_TOKEN_FILE": "/run/x", "A_TOKEN": "${B}"}
        path = claude(home, {"drift": self.NOT_THERE | {"env": secrets}})
        finding = examine()["Claude Desktop: drift: token"]
        assert finding["level"] == "warning"
        assert finding["text"].startswith(f"DRIFT_ACCESS_TOKEN, ACME_SECRET stand in {path} in plain text")
        assert "drift-mcp login --token" in finding["todo"]

    def test_the_placeholder_of_the_example_is_no_token_but_a_problem(self, examine: Examine, home: Path) -> None:
        example = json.loads((Path(__file__).parents[1] / "mcp.json.example").read_text())
        path = claude(home, {name: entry | self.NOT_THERE for name, entry in example["mcpServers"].items()})
        found = examine()
        finding = found["Claude Desktop: drift: token"]
        assert finding["level"] == "problem"
        assert finding["text"] == f"DRIFT_ACCESS_TOKEN in {path} still has the example's placeholder"
        assert finding["todo"].startswith("put a token of your Drift app")
        assert "Claude Desktop: drift-sandbox: token" not in found

    def test_the_file_that_an_entry_names_for_the_token_is_looked_at(
        self, examine: Examine, home: Path, tmp_path: Path
    ) -> None:
        token = tmp_path / "drift-token"
        path = claude(home, {"drift": self.NOT_THERE | {"env": {"DRIFT_TOKEN_FILE": str(token)}}})
        finding = examine()["Claude Desktop: drift: token"]
        assert finding["level"] == "problem"
        assert finding["text"].startswith(f"DRIFT_TOKEN_FILE in {path} names {token}: ")
        token.write_text(TOKEN)
        token.chmod(0o600)
        assert "Claude Desktop: drift: token" not in examine()

    def test_a_command_that_is_not_there(self, examine: Examine, home: Path) -> None:
        cursor = home / ".cursor" / "mcp.json"
        cursor.parent.mkdir()
        cursor.write_text(json.dumps({"mcpServers": {"drift": self.NOT_THERE}}))
        found = examine()["Cursor: drift"]
        assert (found["level"], f"drift-mcp in {cursor} is not found" in found["text"]) == ("problem", True)
        assert "full path" in found["todo"]

    def test_what_a_file_of_the_current_folder_says_is_not_started(
        self, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder, mark = tmp_path / "a strangers repository", tmp_path / "mark"
        (folder / ".cursor").mkdir(parents=True)
        code = f"import pathlib; pathlib.Path({str(mark)!r}).touch()  # drift-mcp"
        entry = {"command": sys.executable, "args": ["-c", code]}
        (folder / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"drift": entry}}))
        monkeypatch.chdir(folder)
        monkeypatch.setattr(Path, "home", lambda: home)
        (found,) = [each for each in clients() if "this folder" in each.about]
        assert (found.level, "not started" in found.text) == ("ok", True)
        assert not mark.exists()

    def test_a_name_of_a_file_in_the_current_folder_says_nothing_to_the_terminal(
        self, environment: dict[str, str], home: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "repository" / ".cursor").mkdir(parents=True)
        servers = {"\x1b[2J\nok       drift: token: is fine": {"command": "drift-mcp", "args": ["--sandbox"]}}
        (tmp_path / "repository" / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
        command = [sys.executable, "-m", "drift_mcp", "doctor", "--sandbox"]
        here = tmp_path / "repository"
        said = subprocess.run(
            command, env=environment | {"HOME": str(home)}, cwd=here, capture_output=True, text=True, check=False
        ).stdout
        assert "Cursor (this folder): [2J ok       drift: token: is fine" in said
        assert "\x1b" not in said
        assert "\nok       drift: token" not in said

    def test_it_looks_on_where_the_current_folder_is_gone(
        self, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        monkeypatch.setattr(Path, "home", lambda: home)
        assert set(_files()) == {"Claude Desktop", "Cursor"}

    def test_a_command_with_the_token_before_the_program(self, examine: Examine, home: Path) -> None:
        claude(home, {"drift": {"command": f"DRIFT_ACCESS_TOKEN={TOKEN} drift-mcp"}})
        found = examine()["Claude Desktop: drift"]
        assert found["text"].startswith("its command in ")
        assert "variables go into `env`" in found["todo"]

    def test_a_file_without_it_and_one_that_is_no_json(self, examine: Examine, home: Path) -> None:
        assert str(home / ".cursor" / "mcp.json") in examine()["clients"]["text"]
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
    def listed(self, run: Run, drift: LocalDrift, file: Path) -> Run:
        env = {"ACME": TOKEN, "GLOBEX": drift.token}
        return lambda *args, **more: run("connections", "--connections", str(file), *args, env=env | more)

    def test_they_are_listed_without_asking_drift(self, listed: Run, drift: LocalDrift) -> None:
        rows = {row["name"]: row for row in listed("--json", GLOBEX="").json}
        assert [rows[name]["default"] for name in ("acme", "globex", "play")] == [False, True, False]
        assert (rows["acme"]["token_from"], rows["acme"]["token_in"]) == ("environment variable", "ACME")
        assert [rows[name]["token_there"] for name in ("acme", "globex", "play")] == [True, False, True]
        assert rows["globex"]["surface"]["read_only"] is True
        assert drift.requests() == []

    def test_a_test_tells_organisation_and_scopes_or_what_is_wrong(self, listed: Run) -> None:
        finished = listed("--json", "--test")
        rows = {row["name"]: row for row in finished.json}
        assert rows["globex"]["organisation"] == 84213
        assert "contact_read" in rows["globex"]["scopes"]
        assert rows["acme"]["problem"].startswith("Drift does not accept it (from the environment variable ACME) → set")
        assert (finished.status, TOKEN in finished.stdout + finished.stderr) == (1, False)

    async def test_what_a_terminal_would_obey_is_not_in_the_scopes_that_are_shown(
        self, run: Run, tmp_path: Path
    ) -> None:
        scopes = ["contact_read", "\x1b[31mred\u202e\x9b2J", "a\nOrganisation: 9"]
        told = answer(200, {"authenticated_userid": "orgId:5", "scope": scopes})
        async with faults({"/app/token_info": told, "/": answer(404, {})}) as server:
            env = {"DRIFT_BASE_URL": server.url, "DRIFT_STATE_DIR": str(tmp_path), "DRIFT_ACCESS_TOKEN": TOKEN}
            for arguments in (["connections", "--test", "--json"], ["doctor"], ["connections", "--test"]):
                finished = await to_thread.run_sync(partial(run, *arguments, env=env | {"HOME": str(tmp_path)}))
                assert finished.status == 0, finished.stderr
                assert not set(finished.stdout) & set("\x1b\x9b\u202e"), arguments
                assert "\nOrganisation: 9" not in finished.stdout
        assert "scopes:       contact_read [31mred2J aOrganisation:9" in finished.stdout

    def test_a_login_that_cannot_be_looked_for_names_the_folder(self, listed: Run, file: Path, tmp_path: Path) -> None:
        file.write_text("[connections.acme]\nkeyring = true\n")
        (tmp_path / "file").touch()
        finished = listed("--state-dir", str(tmp_path / "file"))
        assert (finished.status, finished.stdout) == (2, "")
        assert f"the state folder {tmp_path / 'file' / 'connections' / 'acme'} cannot be used" in finished.stderr

    def test_one_can_be_tested_alone(self, listed: Run, drift: LocalDrift) -> None:
        finished = listed("--test", "globex")
        assert finished.status == 0, finished.stderr
        assert "globex (default)" in finished.stdout
        assert "list: default, read-only" in finished.stdout
        assert "organisation: 84213" in finished.stdout
        assert drift.token not in finished.stdout
        assert len(drift.requests()) == 1
        refused = listed("--test", "nobody")
        assert (refused.status, "no connection 'nobody', only acme, globex, play" in refused.stderr) == (2, True)

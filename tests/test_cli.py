"""The command line, run as a real subprocess: what it prints where, and its exit status."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

FIELDS = {
    "name", "title", "description", "intents", "toolset", "access", "scope", "provenance", "method", "path",
    "listed_by_default",
}  # fmt: skip


class TestVersionAndHelp:
    def test_the_version_is_printed(self, run: Run) -> None:
        finished = run("--version")
        assert finished.status == 0
        assert version("drift-mcp") in finished.stdout

    def test_the_installed_script_is_the_same_program(self, run: Run, environment: dict[str, str]) -> None:
        script = Path(sys.executable).with_name("drift-mcp")
        shown = subprocess.run([script, "--version"], env=environment, capture_output=True, text=True, check=True)
        assert shown.stdout == run("--version").stdout

    @pytest.mark.parametrize("command", [[], ["serve"], ["sandbox"], ["demo"], ["tools"], ["call"]])
    def test_every_command_has_help(self, run: Run, command: list[str]) -> None:
        for flag in ("--help", "-h"):
            finished = run(*command, flag)
            assert finished.status == 0
            assert "Usage:" in finished.stdout
            assert finished.stderr == ""

    def test_help_names_every_command(self, run: Run) -> None:
        shown = run("--help").stdout
        for command in ("serve", "sandbox", "demo", "tools", "call"):
            assert re.search(rf"^  {command}\b", shown, re.MULTILINE), command


class TestTools:
    @pytest.fixture(scope="class")
    @classmethod
    def records(cls, run: Run) -> list[dict[str, Any]]:
        finished = run("tools", "--json")
        assert (finished.status, finished.stderr) == (0, "")
        listed: list[dict[str, Any]] = finished.json
        return listed

    def test_every_operation_is_there_once_with_every_field(self, records: list[dict[str, Any]]) -> None:
        assert len(records) == len({record["name"] for record in records}) >= 33
        for record in records:
            assert set(record) >= FIELDS, record["name"]
            assert re.fullmatch(r"[a-z0-9_]{1,48}", record["name"])
            assert record["title"]
            assert record["description"]
            assert record["intents"]
            assert record["access"] in {"read", "write", "destructive"}
            assert record["provenance"] in {"documented", "catalogue"}
            if record["method"] is not None:  # the server's own tools are no single call to Drift
                assert record["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE"}
                assert record["path"].startswith("/")
            assert isinstance(record["listed_by_default"], bool)

    def test_at_most_twenty_are_listed_by_default(self, records: list[dict[str, Any]]) -> None:
        assert 10 <= sum(record["listed_by_default"] for record in records) <= 20

    def test_the_plain_list_shows_each_with_its_title(self, run: Run, records: list[dict[str, Any]]) -> None:
        finished = run("tools")
        assert (finished.status, finished.stderr) == (0, "")
        for record in records:
            assert f"{record['name']}: {record['title']}" in finished.stdout
            if record["method"] is not None:
                assert f"{record['method']} {record['path']}" in finished.stdout
        assert "None" not in finished.stdout


class TestCall:
    def test_a_read_prints_its_result_as_json(self, run: Run) -> None:
        finished = run("call", "get_conversation_stats", "--sandbox")
        assert (finished.status, finished.stderr) == (0, "")
        assert set(finished.json) == {"open", "closed", "pending"}

    def test_a_number_is_a_number(self, run: Run) -> None:
        finished = run("call", "list_conversations", "limit=3", "--sandbox")
        assert finished.status == 0
        assert finished.json["count"] == 3

    def test_a_list_is_written_as_json(self, run: Run) -> None:
        finished = run("call", "list_conversations", 'status=["open","pending"]', "--sandbox")
        assert finished.status == 0
        assert {row["status"] for row in finished.json["items"]} <= {"open", "pending"}

    def test_text_stays_text_even_where_it_looks_like_a_number(self, run: Run) -> None:
        finished = run(
            "call",
            "create_contact",
            "email=zero@acme.example",
            "external_id=00123",
            "phone=+4930123",
            "name=NaN",
            "--sandbox",
        )
        assert finished.status == 0, finished.stdout
        contact = finished.json
        assert (contact["external_id"], contact["phone"], contact["name"]) == ("00123", "+4930123", "NaN")

    def test_a_value_may_hold_an_equals_sign_and_an_object(self, run: Run) -> None:
        finished = run(
            "call",
            "create_contact",
            "email=obj@acme.example",
            "name=a=b=c",
            'attributes={"seats": 3, "code": "007"}',
            "--sandbox",
        )
        assert finished.status == 0, finished.stdout
        assert finished.json["name"] == "a=b=c"
        assert finished.json["attributes"] == {"seats": 3, "code": "007"}

    def test_arguments_may_come_as_one_json_object(self, run: Run) -> None:
        finished = run("call", "list_conversations", "--json", '{"limit": 2, "status": ["closed"]}', "--sandbox")
        assert finished.status == 0
        assert [row["status"] for row in finished.json["items"]] == ["closed", "closed"]

    def test_pairs_and_the_json_object_go_together(self, run: Run) -> None:
        finished = run("call", "list_conversations", "limit=1", "--json", '{"status": ["closed"]}', "--sandbox")
        assert [row["status"] for row in finished.json["items"]] == ["closed"]

    def test_a_key_of_digits_is_text(self, run: Run) -> None:
        finished = run("call", "create_contact", "email=jo@acme.example", "idempotency_key=20261121", "--sandbox")
        assert finished.status == 0, finished.stdout

    @pytest.mark.parametrize(
        "text", ["paste-your-drift-token-here", "${DRIFT_TOKEN}", "Bearer tok-0815", "Authorization: bearer x", "'tok'"]
    )
    def test_a_placeholder_is_not_sent_as_a_token(self, run: Run, drift: Any, text: str) -> None:
        error = run("call", "list_users", env=drift.env | {"DRIFT_ACCESS_TOKEN": text}).json["error"]
        assert (error["kind"], "What is set as the token " in error["message"]) == ("not_connected", True)
        assert "drift-mcp doctor" in error["next"]
        assert drift.requests() == []

    def test_a_file_of_the_token_that_is_not_there_is_said_by_its_setting(self, run: Run, tmp_path: Path) -> None:
        env = {"DRIFT_TOKEN_FILE": "~/token", "HOME": str(tmp_path)}
        finished = run("call", "list_users", env=env)
        assert "DRIFT_TOKEN_FILE" in finished.json["error"]["message"]
        assert "DRIFT_ACCESS_TOKEN" not in finished.stdout
        assert str(tmp_path) not in finished.stdout
        assert str(tmp_path / "token") in finished.stderr  # the home folder stands for the ~

    def test_text_of_the_world_is_printed_as_it_is(self, run: Run) -> None:
        finished = run("call", "create_contact", "email=jo@acme.example", "name=Zoë 北京 🎉", "--sandbox")
        assert "Zoë 北京 🎉" in finished.stdout

    @pytest.mark.parametrize(
        ("arguments", "kind"),
        [
            (["get_contact", "contact_id=1", "--sandbox"], "not_found"),
            (["get_contact", "contact_id=nobody", "--sandbox"], "invalid_arguments"),
            (["get_conversation_stats", "colour=red", "--sandbox"], "invalid_arguments"),
            (["get_conversation_stats"], "not_connected"),
        ],
    )
    def test_an_error_result_is_printed_and_the_status_is_1(self, run: Run, arguments: list[str], kind: str) -> None:
        finished = run("call", *arguments)
        assert (finished.status, finished.stderr) == (1, "")
        assert finished.json["error"]["kind"] == kind

    def test_without_a_token_every_way_to_give_one_is_named(self, run: Run) -> None:
        message = run("call", "list_users").json["error"]["message"]
        assert "DRIFT_ACCESS_TOKEN, DRIFT_TOKEN_FILE and DRIFT_TOKEN_COMMAND are not set" in message

    @pytest.mark.parametrize("token", ["", "tok-of-nobody-at-all"], ids=["none", "refused"])
    def test_whoami_that_cannot_read_a_token_fails(self, run: Run, drift: Any, token: str) -> None:
        finished = run("call", "whoami", env=drift.env | {"DRIFT_ACCESS_TOKEN": token})
        assert (finished.status, "problem" in finished.json) == (1, True)
        assert run("call", "whoami", env=drift.env).status == 0

    def test_an_erasure_that_left_something_behind_fails_too(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "events-sandbox.sqlite").write_text("this is no database" * 100)
        options = ("--sandbox", "--destructive", "allow", "--state-dir", str(tmp_path))
        finished = run("call", "delete_contact", "contact_id=23383583758", *options)
        assert (finished.status, "problem" in finished.json) == (1, True)

    def test_it_works_against_a_drift_over_http(self, run: Run, drift: Any) -> None:
        assert run("call", "get_conversation_stats", env=drift.env).status == 0
        assert [request["path"] for request in drift.requests()] == ["/conversations/stats"]


class TestBadUsage:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["frobnicate"], "frobnicate"),
            (["--frobnicate"], "--frobnicate"),
            (["serve", "extra"], "extra"),
            (["call"], "TOOL"),
            (["call", "get_contacts"], "get_contact"),
            (["call", "weather"], "drift-mcp tools"),
            (["call", "get_conversation_stats", "oops"], "KEY=VALUE"),
            (["call", "get_conversation_stats", "=x"], "KEY=VALUE"),
            (["call", "get_conversation_stats", "--json", "{"], "JSON"),
            (["call", "get_conversation_stats", "--json", "[1]"], "object"),
            (["call", "get_conversation_stats", "--json", "[" * 100_000], "nested too deep"),
            (["call", "list_users", "--state-dir", "/dev/null"], "the state folder /dev/null cannot be used (it is no"),
            (["call", "whoami", "--state-dir", "/dev/null/below"], "the state folder /dev/null/below cannot be used"),
            (["logout", "--state-dir", "/dev/null"], "the state folder /dev/null cannot be used"),
            (["login", "acme"], "there is no connection 'acme', only drift; name the server's file of connections"),
            (["login", "--wait", "nan"], "--wait must be a number"),
            (["key", ""], "NAME"),
            (["sandbox", "--token", "two words"], "--token must be visible ASCII"),
            (["conections"], "Did you mean connections?"),
            (["call", "list_users", "limit=1", "--json", '{"limit": 2}'], "limit is given twice"),
            (["serve", "--port", "8312"], "--port needs --transport http"),
            (["--keys", "keys.json"], "--keys needs --transport http"),
            (["--transport", "http", "--tls-cert", "a.pem"], "--tls-key (DRIFT_HTTP_TLS_KEY)"),
            (["--transport", "http", "--oauth-issuer", "https://a.example"], "--oauth-audience (DRIFT_HTTP_OAUTH_AUD"),
            (["audit", "--state-dir", "/dev/null"], "the state folder /dev/null cannot be used"),
            (["connections", "--state-dir", "/dev/null"], "--state-dir (DRIFT_STATE_DIR)"),
            (["login", "--token", "--state-dir", "/dev/null"], "the state folder /dev/null cannot be used"),
            (["sandbox", "--state", "/dev/null/x.json"], "cannot be written"),
            (["call", "get_conversation_stats", "--json", "{\n\n"], "JSON"),
            (["call", "get_conversation_stats", "--base-url", "http://driftapi.com"], "https"),
            (["--base-url", "http://driftapi.com"], "https"),
            (["--base-url", "ftp://driftapi.com"], "https"),
            (["--base-url", "https://user:secret@driftapi.com"], "user"),
            (["--base-url", "https://[oops"], "URL"),
            (["--log-level", "chatty"], "DEBUG"),
            (["--total-timeout", "0"], "total"),
            (["--total-timeout", "nan"], "total"),
            (["--total-timeout", "inf"], "total"),
            (["--total-timeout", "soon"], "soon"),
            (["--result-bytes", "10"], "1000"),
            (["sandbox", "--port", "70000"], "70000"),
            (["sandbox", "--port", "http"], "http"),
        ],
        ids=lambda value: " ".join(value)[:80] if isinstance(value, list) else "",
    )
    def test_bad_usage_is_one_clear_line_and_status_2(self, run: Run, arguments: list[str], words: str) -> None:
        finished = run(*arguments)
        assert (finished.status, finished.stdout) == (2, "")
        assert finished.stderr.count("\n") == 1, finished.stderr
        assert finished.stderr.startswith("drift-mcp: ")
        assert words in finished.stderr
        assert "secret" not in finished.stderr

    def test_a_misspelt_command_or_tool_is_answered_with_the_right_one(self, run: Run) -> None:
        assert "Did you mean get_conversation_stats?" in run("call", "get_conversation_stat").stderr

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("DRIFT_BASE_URL", "http://driftapi.com"), ("DRIFT_TOTAL_TIMEOUT", "0"), ("DRIFT_LOG_LEVEL", "chatty")],
    )
    def test_a_bad_variable_is_refused_like_the_flag(self, run: Run, variable: str, value: str) -> None:
        finished = run(env={variable: value})
        assert (finished.status, finished.stdout) == (2, "")
        assert finished.stderr.count("\n") == 1

    def test_a_server_without_its_state_folder_says_so_at_its_start(self, run: Run) -> None:
        finished = run("serve", "--sandbox", "--state-dir", "/dev/null", env={"DRIFT_HTTP_PORT": "8312"})
        assert finished.status == 0
        assert "writes cannot be put on record: the state folder /dev/null" in finished.stderr

    def test_a_write_without_its_state_folder_says_so_and_is_made(self, run: Run) -> None:
        write = ("create_contact", "email=jo@acme.example", "--sandbox", "--state-dir", "/dev/null")
        finished = run("call", *write)
        assert (finished.status, finished.json["email"]) == (0, "jo@acme.example")
        assert "writes cannot be put on record: the state folder /dev/null" in finished.stderr

    def test_reading_with_a_token_of_the_environment_needs_no_state_folder(self, run: Run, drift: Any) -> None:
        finished = run("call", "list_users", "--state-dir", "/dev/null", env=drift.env)
        assert (finished.status, finished.stderr) == (0, "")

    def test_an_audit_file_that_cannot_be_written_is_named_at_the_start(self, run: Run) -> None:
        stderr = run("serve", "--sandbox", "--audit-file", "/dev/null/audit").stderr
        assert "writes cannot be put on record: the audit file /dev/null/audit cannot" in stderr

    def test_of_several_connections_one_without_its_state_folder_is_named_and_all_are_served(
        self, run: Run, launch: Callable[..., Any], tmp_path: Path
    ) -> None:
        file, state = tmp_path / "connections.toml", tmp_path / "state"
        file.write_text("[connections.acme]\nsandbox = true\n[connections.globex]\nsandbox = true\n")
        (state / "connections").mkdir(parents=True)
        (folder := state / "connections" / "globex").touch()
        options = ("--connections", str(file), "--state-dir", str(state))
        server = launch("serve", *options)
        call = {"name": "list_users", "arguments": {"connection": "globex", "limit": 1}}
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        for number, (method, params) in enumerate((("initialize", hello), ("tools/call", call))):
            server.write_line(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode())
            answer = json.loads(server.read_line())["result"]
        assert answer["structuredContent"]["count"] == 1
        server.close_stdin()
        assert server.wait() == 0
        assert f"globex: writes cannot be put on record: the state folder {folder} cannot be used" in server.stderr
        assert "acme" not in server.stderr
        whole = run("serve", "--connections", str(file), "--state-dir", "/dev/null")
        assert (whole.status, whole.stderr.count("writes cannot be put on record")) == (0, 1)

    def test_a_name_in_the_audit_says_nothing_to_the_terminal(self, run: Run, tmp_path: Path) -> None:
        line = {"time": "2026-11-21T09:00:00Z", "principal": "eve\x1b[2J\nada", "connection": "drift"}
        line |= {"tool": "create_contact", "ids": {}, "outcome": "applied"}
        (tmp_path / "audit.jsonl").write_text(json.dumps(line) + "\n")
        shown = run("audit", "--state-dir", str(tmp_path)).stdout
        assert "eve[2J ada" in shown
        assert (shown.count("\n"), "\x1b" in shown) == (2, False)

    def test_output_that_finds_no_room_is_one_line_too(self, environment: dict[str, str]) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("there is no /dev/full")
        with Path("/dev/full").open("w") as full:
            command = [sys.executable, "-m", "drift_mcp", "tools"]
            ended = subprocess.run(
                command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert (ended.returncode, ended.stderr.startswith("drift-mcp: ")) == (1, True)
        assert ended.stderr.count("\n") == 1

    def test_a_group_without_a_command_shows_its_help(self, run: Run) -> None:
        finished = run("events")
        assert (finished.status, finished.stdout) == (2, "")
        assert finished.stderr.startswith("Usage: drift-mcp events")

    def test_a_sandbox_on_a_taken_port_says_so(self, run: Run, drift_process: Any) -> None:
        finished = run("sandbox", "--port", drift_process.url.rpartition(":")[2])
        assert finished.status not in {0, None}
        assert finished.stdout == ""
        assert "Traceback" not in finished.stderr
        assert finished.stderr.strip()

    def test_a_state_file_that_is_something_else_is_refused_and_left_alone(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "holiday.json"
        file.write_text('{"beach": true}')
        finished = run("sandbox", "--port", "0", "--state", str(file))
        assert finished.status not in {0, None}
        assert "Traceback" not in finished.stderr
        assert "holiday.json" in finished.stderr
        assert file.read_text() == '{"beach": true}'


class TestEnvironmentVariables:
    def test_the_sandbox_can_be_chosen_by_variable(self, run: Run) -> None:
        assert run("call", "get_conversation_stats", env={"DRIFT_SANDBOX": "1"}).status == 0

    def test_the_base_url_means_the_same_by_flag_and_by_variable(self, run: Run, drift: Any) -> None:
        token = {"DRIFT_ACCESS_TOKEN": drift.token}
        by_flag = run("call", "get_conversation_stats", "--base-url", drift.url, env=token)
        by_variable = run("call", "get_conversation_stats", env=token | {"DRIFT_BASE_URL": drift.url})
        assert (by_flag.status, by_flag.stdout) == (by_variable.status, by_variable.stdout)
        assert by_flag.status == 0

    def test_the_result_budget_means_the_same_by_flag_and_by_variable(self, run: Run) -> None:
        by_flag = run("call", "list_conversations", "--sandbox", "--result-bytes", "1500")
        by_variable = run("call", "list_conversations", "--sandbox", env={"DRIFT_RESULT_BYTES": "1500"})
        assert by_flag.json["count"] == by_variable.json["count"] < 25

    def test_a_flag_wins_over_its_variable(self, run: Run) -> None:
        finished = run(
            "call", "list_conversations", "--sandbox", "--result-bytes", "24000", env={"DRIFT_RESULT_BYTES": "1500"}
        )
        assert finished.json["count"] == 25

    def test_every_setting_has_its_variable_in_the_help(self, run: Run) -> None:
        shown = run("serve", "--help").stdout
        for variable in ("DRIFT_SANDBOX", "DRIFT_BASE_URL", "DRIFT_TOTAL_TIMEOUT", "DRIFT_LOG_LEVEL"):
            assert variable in shown


class TestSandbox:
    @pytest.fixture
    def state(self, tmp_path: Path) -> Path:
        return tmp_path / "deeper" / "state.json"

    @staticmethod
    def remember(drift: Any) -> int:
        """Put something into it; the id to find it by."""
        answer = drift.http.post(
            "/contacts",
            json={"attributes": {"email": "keep@me.example"}},
            headers={"Authorization": f"Bearer {drift.token}"},
        )
        return int(answer.raise_for_status().json()["data"]["id"])

    def test_it_prints_its_address_and_token_and_serves(self, drift: Any) -> None:
        assert drift.url.startswith("http://127.0.0.1:")
        assert drift.get("/users/list")["data"]

    def test_it_accepts_the_token_it_was_given(self, open_drift: Callable[..., Any]) -> None:
        own = open_drift("--token", "my-own-token")
        assert own.token == "my-own-token"
        assert own.get("/users/list")["data"]
        assert own.http.get("/users/list", headers={"Authorization": "Bearer other"}).status_code == 401

    @pytest.mark.parametrize("ending", ["interrupt", "kill"])
    def test_it_keeps_its_state_in_a_file_over_a_restart(
        self, open_drift: Callable[..., Any], state: Path, ending: str
    ) -> None:
        first = open_drift("--state", str(state))
        contact = self.remember(first)
        first.process.signal(2 if ending == "interrupt" else 9)
        assert first.process.wait() == (0 if ending == "interrupt" else -9)
        second = open_drift("--state", str(state))
        assert second.get(f"/contacts/{contact}")["data"]["attributes"]["email"] == "keep@me.example"
        assert json.loads(state.read_text())
        assert [file.name for file in state.parent.iterdir()] == [state.name]

    def test_without_a_file_it_starts_anew_each_time(self, open_drift: Callable[..., Any]) -> None:
        first, second = open_drift(), open_drift()
        contact = self.remember(first)
        headers = {"Authorization": f"Bearer {second.token}"}
        assert second.http.get(f"/contacts/{contact}", headers=headers).status_code == 404

    @pytest.mark.parametrize("number", [2, 15], ids=["SIGINT", "SIGTERM"])
    def test_it_ends_cleanly_on_a_signal(self, open_drift: Callable[..., Any], number: int) -> None:
        local = open_drift()
        assert local.get("/users/list")["data"]
        local.process.signal(number)
        assert local.process.wait() == 0
        assert len(local.process.output) == 1
        assert local.process.stderr == ""

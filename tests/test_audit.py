"""The audit: a line for every write, whole whatever else writes at the same time, and never a value in it."""

import json
import logging
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from drift_mcp.audit import one_each
from drift_mcp.audit_file import AuditFile
from drift_mcp.caller import Answer, Caller
from drift_mcp.connection import Connection
from drift_mcp.credentials import FixedCredential
from drift_mcp.drift.gateway import Gateway
from drift_mcp.drift.retry import Retries
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox

EMAIL, NAME = "nina.falk@brightquay.example", "Nina Falk"
TOKEN = "audit-test-token"
SOON = Retries(first=0.001, longest=0.001)
ROW = {"data": {"id": 4711, "attributes": {"email": EMAIL}}}
Answers = Callable[[httpx.Request], httpx.Response]


def drift(status: int = 200, body: Any = ROW) -> Answers:
    return lambda _: httpx.Response(status, json=body)


def cut_short(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b'{"data": {"id')


def breaks(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone")


def unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


class Desk:
    """A toolbox whose Drift answers as it is told, and its audit."""

    def __init__(self, folder: Path, answers: Answers | None = None, **settings: Any) -> None:
        transport = httpx.MockTransport(answers or drift())

        def connect(_: Settings) -> Gateway:
            return Gateway("https://driftapi.com", FixedCredential(TOKEN), transport=transport, retries=SOON)

        given = {"state_dir": str(folder), "destructive": "allow", "sandbox": True, **settings}
        self.toolbox = Toolbox(Connection(Settings(**given), "acme", open_gateway=connect))
        self.file = folder / "audit.jsonl"

    async def call(self, name: str, caller: Caller | None = None, /, **arguments: Any) -> Any:
        return await self.toolbox.call(name, arguments, caller or Caller("ada"))

    def lines(self) -> list[dict[str, Any]]:
        return one_each(self.every_line())

    def every_line(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []


class TestTheLine:
    async def test_it_says_who_did_what_to_which_record_and_how_it_ended(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        await desk.call("update_contact", contact_id=4711, name=NAME)
        [line] = desk.lines()
        said = datetime.fromisoformat(line.pop("time"))
        assert abs(datetime.now(UTC) - said) < timedelta(minutes=1)
        assert line.pop("ms") >= 0
        assert re.fullmatch(r"[0-9a-f]{64}", line.pop("arguments"))
        assert re.fullmatch(r"[0-9a-f]{16}", line.pop("call"))
        assert line == {
            "principal": "ada",
            "connection": "acme",
            "tool": "update_contact",
            "ids": {"contact_id": 4711, "id": 4711},
            "outcome": "applied",
            "status": 200,
        }
        assert re.search(r'"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"', desk.file.read_text())

    async def test_no_value_and_no_token_is_in_it(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        await desk.call("create_contact", email=EMAIL, name=NAME, external_id="crm-0042")
        await desk.call("remove_contact_tag", contact_id=4711, tag_name="secret-project")
        await desk.call("unsubscribe_emails", emails=[EMAIL])
        assert len(desk.lines()) == 3
        written = desk.file.read_text()
        assert not [word for word in (EMAIL, NAME, "crm-0042", "secret-project", TOKEN) if word in written]

    async def test_the_hash_tells_the_same_arguments_and_cannot_be_searched_without_the_key(
        self, tmp_path: Path
    ) -> None:
        here, elsewhere = Desk(tmp_path / "here"), Desk(tmp_path / "elsewhere")
        for desk in (here, here, elsewhere):
            await desk.call("update_contact", contact_id=4711, name=NAME)
        await here.call("update_contact", contact_id=4711, name="Another")
        first, again, other = [line["arguments"] for line in here.lines()]
        assert first == again
        assert len({first, other, elsewhere.lines()[0]["arguments"]}) == 3

    async def test_only_writes_leave_one(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        await desk.call("get_contact", contact_id=4711)
        await desk.call("update_contact", contact_id="no number")
        assert desk.lines() == []

    async def test_the_writes_of_a_job_name_the_job(self, tmp_path: Path) -> None:
        def answers(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"data": []} if request.method == "GET" else ROW)

        desk = Desk(tmp_path, answers)
        await desk.call("capture_lead", email=EMAIL, name=NAME)
        assert [(line["tool"], line["job"]) for line in desk.lines()] == [("create_contact", "capture_lead")]

    @pytest.mark.parametrize(
        ("answers", "expected"),
        [
            (drift(400, {"error": {"message": "no"}}), {"outcome": "refused", "status": 400}),
            (drift(403, {}), {"outcome": "refused", "status": 403, "reason": "forbidden"}),
            (cut_short, {"outcome": "unknown", "status": 200, "reason": "broken_answer"}),
            (breaks, {"outcome": "unknown", "reason": "connection_lost"}),
            (unreachable, {"outcome": "not_applied", "reason": "unreachable"}),
        ],
    )
    async def test_it_says_how_the_write_ended(
        self, tmp_path: Path, answers: Answers, expected: dict[str, Any]
    ) -> None:
        desk = Desk(tmp_path, answers)
        result = await desk.call("create_contact", email=EMAIL)
        assert result["isError"]
        line = desk.lines()[-1]
        assert expected.items() <= line.items(), line

    async def test_it_is_there_before_anything_is_sent(self, tmp_path: Path) -> None:
        seen: list[list[dict[str, Any]]] = []

        def answers(_: httpx.Request) -> httpx.Response:
            seen.append(desk.lines())
            return httpx.Response(200, json=ROW)

        desk = Desk(tmp_path, answers)
        await desk.call("update_contact", contact_id=4711, name=NAME)
        [[begun]] = seen
        assert begun["ids"] == {"contact_id": 4711}
        assert begun["outcome"] == "begun"
        first, last = desk.every_line()
        assert first == begun
        assert (first["call"], first["arguments"]) == (last["call"], last["arguments"])

    async def test_what_is_not_sent_is_not_begun(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, destructive="block")
        await desk.call("delete_contact", contact_id=4711)
        assert [line["outcome"] for line in desk.every_line()] == ["refused"]

    async def test_a_write_that_is_tried_again_is_one_write(self, tmp_path: Path) -> None:
        answers = iter([httpx.Response(503), httpx.Response(200, json=ROW)])
        desk = Desk(tmp_path, lambda _: next(answers))
        await desk.call("update_contact", contact_id=4711, name=NAME)
        assert [line["outcome"] for line in desk.every_line()] == ["begun", "applied"]

    async def test_a_call_that_is_given_up_is_not_passed_over(self, tmp_path: Path) -> None:
        import anyio

        asked = anyio.Event()

        async def never(_: httpx.Request) -> httpx.Response:
            asked.set()
            await anyio.sleep_forever()
            raise AssertionError

        desk = Desk(tmp_path, never)  # type: ignore[arg-type]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(desk.call, "update_contact", contact_id=4711, name=NAME))
            await asked.wait()
            tasks.cancel_scope.cancel()
        assert [line["outcome"] for line in desk.lines()] == ["unknown"]

    async def test_a_question_that_is_still_open_is_no_end(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, destructive="ask")
        preview = await desk.call("delete_contact", contact_id=4711)
        assert "preview_token" in preview["structuredContent"]
        assert desk.lines() == []

    async def test_a_no_is_an_end(self, tmp_path: Path) -> None:
        async def no(_: str) -> Answer:
            return Answer.DECLINED

        desk = Desk(tmp_path, destructive="ask")
        await desk.call("delete_contact", Caller("ada", ask=no), contact_id=4711)
        [line] = desk.lines()
        assert line["outcome"] == "declined"
        assert not {"status", "reason"} & set(line)

    @pytest.mark.parametrize("answer", [Answer.CANCELLED, Answer.UNANSWERED])
    async def test_no_answer_is_told_from_a_no(self, tmp_path: Path, answer: Answer) -> None:
        async def nothing(_: str) -> Answer:
            return answer

        desk = Desk(tmp_path, destructive="ask")
        await desk.call("delete_contact", Caller("ada", ask=nothing), contact_id=4711)
        assert [(line["outcome"], line["reason"]) for line in desk.lines()] == [("declined", answer.value)]


class TestWhatWasRefusedHere:
    """Somebody tried, and it was not to be: that is worth a line too."""

    SECRET = "the key is AKIAQ7ZK4M2XW9PLT3VB"

    async def test_what_a_person_does_not_want_sent(self, tmp_path: Path) -> None:
        async def no(_: str) -> Answer:
            return Answer.DECLINED

        desk = Desk(tmp_path, destructive="ask")
        await desk.call("send_message", Caller("ada", ask=no), conversation_id=5, body=self.SECRET)
        await desk.call("reply_to_conversation", Caller("ada", ask=no), conversation_id=5, body=self.SECRET)
        assert [(line["tool"], line["outcome"], line["ids"]) for line in desk.lines()] == [
            ("send_message", "declined", {"conversation_id": 5}),
            ("reply_to_conversation", "declined", {"conversation_id": 5}),
        ]
        assert "AKIA" not in desk.file.read_text()

    @pytest.mark.parametrize("body", [SECRET, f"here you are: {TOKEN}"])
    async def test_what_is_never_sent(self, tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = Desk(tmp_path, destructive="block")
        monkeypatch.setattr(desk.toolbox.connection, "credential", lambda: FixedCredential(TOKEN))
        await desk.call("send_message", conversation_id=5, body=body)
        [line] = desk.lines()
        assert line["outcome"] == "refused"
        assert line["reason"] == ("invalid_arguments" if TOKEN in body else "not_allowed")
        assert TOKEN not in desk.file.read_text()

    @pytest.mark.parametrize("settings", [{"destructive": "block"}, {"read_only": True}])
    async def test_what_the_operator_does_not_allow(self, tmp_path: Path, settings: dict[str, Any]) -> None:
        desk = Desk(tmp_path, **settings)
        arguments = {"contact_id": 4711, "idempotency_key": "order-4711"}
        await desk.call("delete_contact", **arguments)
        await desk.call("run_read_operation", name="delete_contact", arguments=arguments)
        await desk.call("delete_contact", contact_id="no id")
        said = [(line["tool"], line["ids"], line["outcome"], line["reason"]) for line in desk.lines()]
        assert said == [("delete_contact", {"contact_id": 4711}, "refused", "not_allowed")] * 2
        assert len({line["arguments"] for line in desk.lines()}) == 1

    @pytest.mark.parametrize("settings", [{"read_only": True}, {"exclude_tools": "run_write_operation,send_message"}])
    async def test_a_write_through_a_runner_that_is_not_allowed_either(
        self, tmp_path: Path, settings: dict[str, Any]
    ) -> None:
        desk = Desk(tmp_path, **settings)
        arguments = {"conversation_id": 5, "body": "Hello"}
        direct = await desk.call("send_message", **arguments)
        through = await desk.call("run_write_operation", name="send_message", arguments=arguments)
        assert [each["structuredContent"]["error"]["kind"] for each in (direct, through)] == ["not_allowed"] * 2
        first, second = [{**line, "time": 0, "ms": 0, "call": 0} for line in desk.lines()]
        assert first == second
        assert (first["tool"], first["outcome"], first["ids"]) == ("send_message", "refused", {"conversation_id": 5})

    @pytest.mark.parametrize(
        "asked",
        [
            {"name": "list_conversations"},
            {"name": "no_such_tool"},
            {"name": "run_write_operation", "arguments": {"name": "send_message"}},
            {"name": "send_message", "arguments": {"conversation_id": "no id"}},
            {"arguments": 5},
        ],
    )
    async def test_but_nothing_that_would_be_no_write(self, tmp_path: Path, asked: dict[str, Any]) -> None:
        desk = Desk(tmp_path, read_only=True)
        result = await desk.call("run_write_operation", **asked)
        assert result["structuredContent"]["error"]["kind"] == "not_allowed"
        assert desk.lines() == []

    async def test_a_question_about_what_is_sent_that_is_still_open_is_no_end(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, destructive="ask")
        preview = await desk.call("send_message", conversation_id=5, body=self.SECRET)
        assert "preview_token" in preview["structuredContent"]
        assert desk.lines() == []


class TestTheFile:
    def test_one_that_cannot_be_set_aside_grows_on_and_loses_no_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(*_: object) -> None:
            raise PermissionError("in use")

        file = AuditFile(tmp_path / "audit.jsonl", size=5, keep=2)
        with monkeypatch.context() as windows:
            windows.setattr(os, "rename", refused)
            file.append("the first line")
            file.append("the second line")
        assert list(file.lines()) == ["the first line", "the second line"]

    async def test_only_its_owner_reads_it_and_the_key(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        await desk.call("update_contact", contact_id=4711, name=NAME)
        for name in ("audit.jsonl", "audit.key"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600

    async def test_it_can_be_elsewhere_or_nowhere(self, tmp_path: Path) -> None:
        other = tmp_path / "other.log"
        await Desk(tmp_path / "a", audit_file=str(other)).call("update_contact", contact_id=4711, name=NAME)
        assert {json.loads(line)["tool"] for line in other.read_text().splitlines()} == {"update_contact"}
        off = Desk(tmp_path / "b", audit_file="off")
        await off.call("update_contact", contact_id=4711, name=NAME)
        assert not (tmp_path / "b").exists()

    async def test_where_it_cannot_be_written_the_result_is_kept_and_the_loss_is_logged(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        desk = Desk(tmp_path, audit_file=str(tmp_path / "no" / "such" / "folder.jsonl"))
        with caplog.at_level(logging.CRITICAL):
            result = await desk.call("update_contact", contact_id=4711, name=NAME)
        assert result["structuredContent"]["id"] == 4711
        said = [record.getMessage() for record in caplog.records if "AUDIT LINE LOST" in record.getMessage()]
        assert ['"outcome": "begun"' in line for line in said] == [True, False]
        assert all('"tool": "update_contact"' in line for line in said)
        assert NAME not in caplog.text

    def test_a_full_one_is_set_aside_and_the_oldest_go(self, tmp_path: Path) -> None:
        file = AuditFile(tmp_path / "audit.jsonl", size=20, keep=2)
        foreign = tmp_path / "audit.jsonl.1"
        foreign.write_text("somebody else's")
        for number in range(10):
            file.append(f"line number {number}")  # two fill a file
        assert list(file.lines()) == [f"line number {number}" for number in range(6, 10)]
        file.append("one more")
        assert list(file.lines())[-1] == "one more"
        assert foreign.exists()

    def test_one_that_is_set_aside_while_it_is_read_is_read_once(self, tmp_path: Path) -> None:
        file = AuditFile(tmp_path / "audit.jsonl", size=28, keep=5)
        for number in range(4):
            file.append(f"line number {number}")
        assert not file.path.exists()
        file.append("line number 4")
        found = file.lines()
        first = next(found)
        file.append("line number 5")  # fills it
        assert [first, *found] == [f"line number {number}" for number in range(6)]

    def test_a_file_that_another_process_has_set_aside_already_is_not_set_aside_again(self, tmp_path: Path) -> None:
        file = AuditFile(tmp_path / "audit.jsonl", size=20, keep=2)
        file.append("not full")
        seen = file.path.stat()
        file.append("but now it is")
        file.append("begun anew")
        file._begin_anew(seen)
        assert file.path.read_text() == "begun anew\n"

    def test_lines_of_several_processes_stay_whole_and_none_is_lost_when_it_is_set_aside(self, tmp_path: Path) -> None:
        writer = (
            "import sys; from pathlib import Path; from drift_mcp.audit_file import AuditFile\n"
            "file = AuditFile(Path(sys.argv[1]), 20_000, 1_000)\n"
            "for number in range(500): file.append(f'{sys.argv[2]} {number} ' + 'x' * 200)\n"
        )
        path = tmp_path / "audit.jsonl"
        command = [sys.executable, "-c", writer, str(path)]
        writers = [subprocess.Popen([*command, name], env=dict(os.environ)) for name in "abcd"]
        assert [each.wait(60) for each in writers] == [0] * 4
        found = sorted(AuditFile(path, 20_000, 1_000).lines())
        assert found == sorted(f"{name} {number} " + "x" * 200 for name in "abcd" for number in range(500))
        assert len(list(tmp_path.iterdir())) > 10


class TestTheCommand:
    @pytest.fixture
    def show(self, run: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
        rows = [
            ("2026-11-19T08:00:00.000Z", "ada", "acme", "create_contact", "applied", {"job": "capture_lead"}),
            ("2026-11-20T08:00:00.000Z", "ben\u001b[2J", "acme", "delete_contact", "declined", {}),
            ("2026-11-21T08:00:00.000Z", "ada", "globex", "send_message", "unknown", {"reason": "timeout"}),
        ]
        path = tmp_path / "audit.jsonl"
        lines = [
            json.dumps(
                {"time": time, "principal": who, "connection": where, "tool": tool, "ids": {"id": 7}, "outcome": end}
                | more
            )
            for time, who, where, tool, end, more in rows
        ]
        (tmp_path / f"audit.jsonl.{1:020}").write_text(lines[0] + "\n")
        path.write_text(f'{lines[1]}\n{{"cut sho\n{lines[2]}\n')
        return lambda *args: run("audit", "--sandbox", *args, env={"DRIFT_STATE_DIR": str(tmp_path)})

    def test_a_write_is_one_line_though_its_end_is_in_another_file(
        self, run: Callable[..., Any], tmp_path: Path
    ) -> None:
        row = {"principal": "ada", "connection": "acme", "tool": "send_message", "ids": {}}
        begun = [
            row | {"time": f"2026-11-2{day}T08:00:00.000Z", "call": f"c{day}", "outcome": "begun"} for day in (0, 1)
        ]
        end = row | {"time": "2026-11-20T08:00:01.000Z", "call": "c0", "outcome": "applied"}
        (tmp_path / f"audit.jsonl.{1:020}").write_text("".join(f"{json.dumps(line)}\n" for line in begun))
        (tmp_path / "audit.jsonl").write_text(f"{json.dumps(end)}\n")

        def show(*args: str) -> list[tuple[str, str]]:
            shown = run("audit", "--sandbox", "--json", *args, env={"DRIFT_STATE_DIR": str(tmp_path)})
            return [(line["call"], line["outcome"]) for line in map(json.loads, shown.stdout.splitlines())]

        assert show() == [("c0", "applied"), ("c1", "begun")]
        assert show("--outcome", "begun") == [("c1", "begun")]

    def test_a_table_shows_every_line_the_full_files_first(self, show: Callable[..., Any]) -> None:
        shown = show()
        assert shown.status == 0
        assert [line.split()[0][:10] for line in shown.stdout.splitlines()[1:]] == [
            "2026-11-19", "2026-11-20", "2026-11-21",
        ]  # fmt: skip
        assert "create_contact (capture_lead)" in shown.stdout
        assert "unknown (timeout)" in shown.stdout
        assert "\u001b" not in shown.stdout
        assert "1 lines are cut short" in shown.stderr

    @pytest.mark.parametrize(
        ("args", "tools"),
        [
            (("--tool", "capture_lead"), ["create_contact"]),
            (("--tool", "send_message"), ["send_message"]),
            (("--principal", "ada"), ["create_contact", "send_message"]),
            (("--connection", "acme"), ["create_contact", "delete_contact"]),
            (("--outcome", "declined"), ["delete_contact"]),
            (("--since", "2026-11-20"), ["delete_contact", "send_message"]),
            (("--since", "2026-11-21T09:00:00+01:00"), ["send_message"]),
            (("--principal", "nobody"), []),
        ],
    )
    def test_it_shows_what_is_asked_for(
        self, show: Callable[..., Any], args: tuple[str, ...], tools: list[str]
    ) -> None:
        shown = show("--json", *args)
        assert [json.loads(line)["tool"] for line in shown.stdout.splitlines()] == tools

    def test_a_time_that_is_none_is_refused(self, show: Callable[..., Any]) -> None:
        assert show("--since", "yesterday").status == 2

"""`export_conversations` against the sandbox: whole conversations, each fetched and written once."""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import DriftDown, DriftError, NotFound, RateLimited, ServerFault, Unauthorized
from drift_mcp.drift.wire import Answer, Call
from drift_mcp.present import size
from drift_mcp.workflow import NotAllowed
from drift_mcp.workflows.bulk.conversation_records import as_plain_text

from . import jobs
from .jobs import Desk, Send


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def export(desk: Desk, **arguments: Any) -> dict[str, Any]:
    return await desk.do("export_conversations", **arguments)


def lines(desk: Desk, name: str = "out.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (desk.files / name).read_text().splitlines()]


def fetched(desk: Desk) -> Counter[str]:
    return Counter(call.path for call in desk.wire.calls if call.path.endswith("/messages"))


async def listed(desk: Desk, count: int) -> list[int]:
    return [row["id"] for row in (await desk.ask("list_conversations", limit=count))["items"]]


class TestFile:
    async def test_every_line_is_one_whole_conversation(self, desk: Desk) -> None:
        report = await export(desk, file="out.jsonl", limit=200)
        found = lines(desk)
        assert report["exported"] == len(found) == len({each["id"] for each in found}) > 50
        assert report["bytes"] == (desk.files / "out.jsonl").stat().st_size
        assert [each["id"] for each in found[:20]] == await listed(desk, 20)
        for each in found:
            assert {"id", "status", "contact", "created_at", "updated_at", "messages"} <= each.keys()
            raw = await desk.wire.real.send(Call("GET", f"/conversations/{each['id']}/messages"))
            first = raw.body["data"]["messages"]
            assert len(each["messages"]) >= len(first)
            assert not any("characters left out" in message.get("text", "") for message in each["messages"])
        assert {"author", "type", "text", "created_at"} <= found[0]["messages"][0].keys()
        assert any(message["type"] == "private_note" for each in found for message in each["messages"])

    async def test_long_conversations_come_whole_and_unshortened(self, tmp_path: Path) -> None:
        wide = Desk(tmp_path, result_bytes=5_000_000)
        await export(wide, file="wide.jsonl", limit=200)
        narrow = Desk(tmp_path, result_bytes=6_000)
        report = await export(narrow, file="narrow.jsonl", limit=200)
        assert "shortened" not in report
        # Each is a sandbox of its own, some seconds apart.
        plain = [[message.get("text") for message in each["messages"]] for each in lines(wide, "wide.jsonl")]
        assert [
            [message.get("text") for message in each["messages"]] for each in lines(narrow, "narrow.jsonl")
        ] == plain
        assert max(map(len, plain)) > 100

    async def test_calls_are_one_a_hundred_listed_and_one_for_50_messages(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, result_bytes=5_000_000)
        report = await export(desk, file="out.jsonl", limit=200)
        pages = sum(max(1, -(-len(each["messages"]) // 50)) for each in lines(desk))
        assert report["drift_calls"] == len(desk.wire.calls) == 1 + pages

    async def test_filters_choose(self, desk: Desk) -> None:
        await export(desk, file="closed.jsonl", status=["closed"], limit=500)
        assert {each["status"] for each in lines(desk, "closed.jsonl")} == {"closed"}
        await export(desk, file="all.jsonl", limit=500)
        everything = lines(desk, "all.jsonl")
        since = everything[10]["updated_at"]
        await export(desk, file="late.jsonl", updated_since=since, limit=500)
        late = [each["id"] for each in everything if each["updated_at"] >= since]
        assert [each["id"] for each in lines(desk, "late.jsonl")] == late
        await export(desk, file="few.jsonl", limit=3)
        assert [each["id"] for each in lines(desk, "few.jsonl")] == [each["id"] for each in everything[:3]]

    async def test_ids_choose_and_those_that_cannot_be_read_are_named(self, desk: Desk) -> None:
        ids = await listed(desk, 3)
        report = await export(desk, file="out.jsonl", ids=[ids[2], 999, ids[0], ids[2]])
        assert [each["id"] for each in lines(desk)] == [ids[2], ids[0]]
        assert report["failed"] == 1
        assert report["failures"][0]["id"] == 999
        assert report["failures"][0]["reason"].startswith("not_found")
        report = await export(desk, file="none.jsonl", ids=ids, updated_since="2999-01-01T00:00:00Z")
        assert (report["exported"], lines(desk, "none.jsonl")) == (0, [])

    async def test_one_that_fails_costs_no_other(self, desk: Desk) -> None:
        ids = await listed(desk, 5)

        async def meddle(number: int, call: Call, send: Send) -> Answer:
            if str(ids[2]) in call.path:
                raise ServerFault("broken", status=500)
            return await send(call)

        desk.wire.meddle = meddle
        report = await export(desk, file="out.jsonl", limit=5)
        assert [each["id"] for each in lines(desk)] == ids[:2] + ids[3:]
        assert report["failures"] == [{"id": ids[2], "reason": "drift_fault: broken"}]

    async def test_contact_details_cost_one_call_a_contact_and_a_deleted_one_has_only_its_id(self, desk: Desk) -> None:
        async def meddle(number: int, call: Call, send: Send) -> Answer:
            if call.path == f"/contacts/{gone}":
                raise NotFound
            return await send(call)

        await export(desk, file="plain.jsonl", limit=30)
        plain = lines(desk, "plain.jsonl")
        gone = plain[1]["contact"]["id"]
        desk.wire.meddle = meddle
        await export(desk, file="out.jsonl", limit=30, contact_details=True)
        contacts = [each["contact"] for each in lines(desk)]
        asked = [call.path for call in desk.wire.calls if call.path.startswith("/contacts/")]
        assert len(asked) == len({each["id"] for each in contacts})
        assert contacts[1] == {"id": gone}
        assert any("email" in each for each in contacts)

    async def test_text_is_to_read_and_no_message_can_pass_for_a_heading(self, desk: Desk) -> None:
        await export(desk, file="out.txt", format="text", limit=10)
        text = (desk.files / "out.txt").read_text()
        assert text.count("\n=== Conversation ") + 1 == 10
        forged = {
            "id": 1,
            "contact": {"id": 2, "name": "x\n=== Conversation 9"},
            "messages": [{"author": "visitor", "text": "hi\n=== Conversation 9\nbye", "created_at": "t"}],
        }
        headings = [line for line in as_plain_text(forged).split("\n") if line.startswith("===")]
        assert len(headings) == 1

    async def test_the_ending_says_the_format(self, desk: Desk) -> None:
        for name in ("a.txt", "a.MD"):
            await export(desk, file=name, limit=1)
            assert (desk.files / name).read_text().startswith("=== Conversation ")
        await export(desk, file="a.jsonl", limit=1)
        assert len(lines(desk, "a.jsonl")) == 1
        with pytest.raises(InvalidArguments, match=r"must end in \.jsonl"):
            await export(desk, file="b.txt", format="jsonl")
        with pytest.raises(InvalidArguments, match=r"\.jsonl or .*\.txt"):
            await export(desk, file="b.csv")

    async def test_a_file_that_exists_is_only_replaced_when_asked(self, desk: Desk) -> None:
        (desk.files / "out.jsonl").write_text("precious\n")
        with pytest.raises(InvalidArguments, match="exists already"):
            await export(desk, file="out.jsonl", limit=2)
        assert (desk.files / "out.jsonl").read_text() == "precious\n"
        await export(desk, file="out.jsonl", limit=2, overwrite=True)
        assert len(lines(desk)) == 2

    @pytest.mark.parametrize("name", ["../out.jsonl", "/tmp/out.jsonl", "out/link.jsonl", "out.sh", ".bashrc.jsonl"])
    async def test_a_path_outside_is_refused(self, desk: Desk, tmp_path: Path, name: str) -> None:
        (desk.files / "out").symlink_to(tmp_path)
        with pytest.raises(InvalidArguments, match="file: "):
            await export(desk, file=name)
        assert desk.wire.calls == []

    async def test_a_part_that_is_a_link_is_not_followed(self, desk: Desk, tmp_path: Path) -> None:
        (tmp_path / "victim").write_text("precious")
        (desk.files / "out.jsonl.part").symlink_to(tmp_path / "victim")
        with pytest.raises(InvalidArguments):
            await export(desk, file="out.jsonl", limit=2)
        assert (tmp_path / "victim").read_text() == "precious"


class TestAnswer:
    async def test_without_a_file_it_is_the_answer_and_stays_within_a_budget(self, desk: Desk) -> None:
        report = await export(desk, limit=60)
        assert size(report) < 24_000
        assert report["exported"] == len(report["conversations"])
        assert report["exported"] + len(report["left_out"]) == 60
        small = await export(desk, limit=2)
        assert "left_out" not in small
        assert small["drift_calls"] == 3

    async def test_one_conversation_too_large_for_an_answer_is_shortened_and_says_so(self, desk: Desk) -> None:
        await export(desk, file="all.jsonl", limit=200)
        longest = max(lines(desk, "all.jsonl"), key=size)
        report = await export(desk, ids=[longest["id"]])
        assert report["exported"] == 1
        assert size(report) < 24_000 or "note" in report

    async def test_where_no_folder_is_allowed_the_file_becomes_the_answer(self, tmp_path: Path) -> None:
        report = await export(Desk(tmp_path, files=""), file="out.jsonl", limit=2)
        assert len(report["conversations"]) == 2
        assert "--files" in report["note"]

    async def test_as_text(self, desk: Desk) -> None:
        report = await export(desk, limit=2, format="text")
        assert report["text"].count("=== Conversation ") == 2
        assert "conversations" not in report


class TestLimitsAndFaults:
    @pytest.mark.parametrize("error", [Unauthorized, RateLimited, DriftDown])
    async def test_a_stop_half_way_keeps_the_part_and_goes_on_later(self, desk: Desk, error: type[DriftError]) -> None:
        async def meddle(number: int, call: Call, send: Send) -> Answer:
            if number > 8:
                raise error
            return await send(call)

        desk.wire.meddle = meddle
        report = await export(desk, file="out.jsonl", limit=20)
        assert report["stopped"]["kind"] == error.kind
        assert report["stopped"]["next"].endswith("goes on where it stopped.")
        assert 0 < report["exported"] < 20
        assert not (desk.files / "out.jsonl").exists()
        done = report["exported"]
        desk.wire.meddle = None
        report = await export(desk, file="out.jsonl", limit=20)
        assert (report["exported"], report["resumed"]) == (20, done)
        assert sum(call.path == "/conversations/list" for call in desk.wire.calls) == 0
        assert [each["id"] for each in lines(desk)] == await listed(desk, 20)
        assert not (desk.files / "out.jsonl.part").exists()

    async def test_refused_at_once_is_an_error(self, desk: Desk) -> None:
        async def meddle(number: int, call: Call, send: Send) -> Answer:
            raise Unauthorized

        desk.wire.meddle = meddle
        with pytest.raises(Unauthorized):
            await export(desk, file="out.jsonl")
        with pytest.raises(Unauthorized):
            await export(desk)

    async def test_what_the_operator_forbids_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(NotAllowed):
            await export(Desk(tmp_path, exclude_tools="list_messages"))

    async def test_cancelled_it_goes_on(self, desk: Desk) -> None:
        with anyio.CancelScope() as scope:

            async def meddle(number: int, call: Call, send: Send) -> Answer:
                if number == 9:
                    scope.cancel()
                    await anyio.lowlevel.checkpoint()
                return await send(call)

            desk.wire.meddle = meddle
            await export(desk, file="out.jsonl", limit=15)
        first = fetched(desk)
        desk.wire.meddle = None
        report = await export(desk, file="out.jsonl", limit=15)
        assert report["exported"] == 15
        assert report["resumed"] >= 6
        assert len(first & fetched(desk)) <= 1  # the one that was cancelled
        assert len({each["id"] for each in lines(desk)}) == 15


class TestTorn:
    async def _half(self, desk: Desk) -> int:
        """An export of 10 that stopped after some; how many were written."""

        async def meddle(number: int, call: Call, send: Send) -> Answer:
            if number > 6:
                raise Unauthorized
            return await send(call)

        desk.wire.meddle = meddle
        written: int = (await export(desk, file="out.jsonl", limit=10))["exported"]
        desk.wire.meddle = None
        return written

    async def test_a_torn_last_line_is_dropped(self, desk: Desk) -> None:
        written = await self._half(desk)
        part = desk.files / "out.jsonl.part"
        whole = part.read_bytes()
        part.write_bytes(whole + whole.split(b"\n")[0] + b'\n{"id":1,"mess')
        assert (await export(desk, file="out.jsonl", limit=10))["resumed"] == written
        assert [each["id"] for each in lines(desk)] == await listed(desk, 10)

    @pytest.mark.parametrize("damage", ["shorter", "gone"])
    async def test_a_part_that_lost_what_was_recorded_is_begun_anew(self, desk: Desk, damage: str) -> None:
        await self._half(desk)
        part = desk.files / "out.jsonl.part"
        if damage == "gone":
            part.unlink()
        else:
            part.write_bytes(part.read_bytes()[:100])
        report = await export(desk, file="out.jsonl", limit=10)
        assert "resumed" not in report
        assert [each["id"] for each in lines(desk)] == await listed(desk, 10)

    async def test_a_part_without_a_journal_is_not_trusted(self, desk: Desk) -> None:
        (desk.files / "out.jsonl.part").write_text('{"id": 1}\n' * 1000)
        await export(desk, file="out.jsonl", limit=4)
        assert [each["id"] for each in lines(desk)] == await listed(desk, 4)

    async def test_resume_false_begins_anew(self, desk: Desk) -> None:
        await self._half(desk)
        report = await export(desk, file="out.jsonl", limit=10, resume=False)
        assert "resumed" not in report
        assert len(lines(desk)) == 10


POINTS: list[dict[str, Any]] = [
    {"when": "progress", "n": 1},
    {"when": "progress", "n": 12},
    {"when": "before", "method": "GET", "n": 1},
    {"when": "after", "method": "GET", "n": 1},
    {"when": "after", "method": "GET", "n": 7},
]


class TestKill:
    @pytest.mark.parametrize("point", POINTS, ids=lambda point: "-".join(map(str, point.values())))
    async def test_killed_at_any_point_it_goes_on_without_repeating(
        self,
        drift: Any,
        launch: Callable[..., Any],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        point: dict[str, Any],
    ) -> None:
        for name, value in drift.env.items():
            monkeypatch.setenv(name, value)
        desk = Desk(tmp_path, sandbox=False, base_url=drift.url)
        asked = {"file": "out.jsonl", "limit": 12}
        expected = await listed(desk, 12)
        drift.reset()
        command = (sys.executable, str(Path(jobs.__file__)), "export_conversations", json.dumps(asked))
        child = launch(str(tmp_path), json.dumps(point), env=drift.env, command=command)
        assert child.read_line() == b"frozen\n", child.stderr
        os.kill(child.child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        # Meanwhile somebody writes: what was planned is exported all the same, and nothing twice.
        drift.visitor_says("news", conversationId=(await listed(desk, 40))[-1])
        report = await export(desk, **asked)
        assert report["exported"] == 12
        found = [each["id"] for each in lines(desk)]
        assert len(found) == len(set(found)) == 12
        if point != POINTS[2] and point != POINTS[3]:
            assert found == expected
        pages = Counter((each["path"], each["query"]) for each in drift.requests() if each["path"].endswith("messages"))
        assert sum(pages.values()) - len(pages) <= (1 if point["when"] == "after" else 0)
        assert [each.name for each in (tmp_path / "state" / "jobs").iterdir()] in ([], ["key"])
        assert [each.name for each in desk.files.iterdir()] == ["out.jsonl"]

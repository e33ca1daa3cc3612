"""`sync_contacts` against the sandbox: what it does with each row, what it costs, and that no write is made twice."""

import json
import os
import signal
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.connection import Connection
from drift_mcp.credentials import FixedCredential
from drift_mcp.drift import pace
from drift_mcp.drift.errors import (
    BadToken,
    ConnectionLost,
    DriftError,
    NotConnected,
    RateLimited,
    ServerFault,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from drift_mcp.drift.gateway import Gateway
from drift_mcp.drift.limiter import Rates
from drift_mcp.drift.wire import Answer, Call
from drift_mcp.sandbox import create_app
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox
from drift_mcp.workflow import NotAllowed
from drift_mcp.workflows.bulk import contact_job
from drift_mcp.workflows.bulk.journal import Journal

from . import jobs
from .jobs import Desk, Send


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_job, "LOST_WAIT", 0.0)
    monkeypatch.setattr(pace, "FIRST_WAIT", 0.001)


def people(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"email": f"p{n}@new.example", "name": f"P {n}", **deepcopy(more)} for n in range(1, count + 1)]


def counts(report: dict[str, Any]) -> tuple[int, int, int, int]:
    return report["created"], report["updated"], report["unchanged"], report["failed"]


async def sync(desk: Desk, **arguments: Any) -> dict[str, Any]:
    return await desk.do("sync_contacts", **arguments)


async def contact(desk: Desk, email: str) -> dict[str, Any]:
    (found,) = (await desk.ask("find_contacts_by_email", email=email, detail="full"))["items"]
    return dict(found)


class TestRows:
    async def test_it_creates_then_leaves_alone_then_changes_only_what_differs(self, desk: Desk) -> None:
        given = people(3, attributes={"plan": "pro", "seats": 5, "vip": True})
        assert counts(await sync(desk, contacts=given, new_attributes=True)) == (3, 0, 0, 0)
        assert desk.wire.made("PATCH") == 0
        assert counts(await sync(desk, contacts=given)) == (0, 0, 3, 0)
        assert desk.wire.made("PATCH") == 0
        given[1]["attributes"]["seats"] = 6
        assert counts(await sync(desk, contacts=given)) == (0, 1, 2, 0)
        (patch,) = [call for call in desk.wire.calls if call.method == "PATCH"]
        assert patch.body == {"attributes": {"seats": 6}}

    async def test_calls_by_email_are_one_a_row_and_one_a_write(self, desk: Desk) -> None:
        report = await sync(desk, contacts=people(7))
        assert report["drift_calls"] == len(desk.wire.calls) == 7 + 7

    async def test_calls_by_external_id_are_one_for_25_rows(self, desk: Desk) -> None:
        given = [each | {"external_id": f"crm-{n}"} for n, each in enumerate(people(60))]
        assert counts(await sync(desk, contacts=given, key="external_id")) == (60, 0, 0, 0)
        report = await sync(desk, contacts=given, key="external_id")
        assert counts(report) == (0, 0, 60, 0)
        assert report["drift_calls"] == len(desk.wire.calls) == 3

    async def test_answers_too_large_to_be_whole_are_asked_for_in_parts(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, result_bytes=3_000)
        given = [
            each | {"external_id": f"crm-{n}", "attributes": {"bio": "x" * 400}} for n, each in enumerate(people(12))
        ]
        for each in given:
            await desk.ask("create_contact", **each)
        assert counts(await sync(desk, contacts=given, key="external_id")) == (0, 0, 12, 0)

    async def test_a_dry_run_writes_nothing_anywhere(self, desk: Desk, tmp_path: Path) -> None:
        await sync(desk, contacts=people(1))
        report = await sync(desk, contacts=[*people(2), {"email": "p1@new.example", "phone": "1"}], dry_run=True)
        assert report["dry_run"] is True
        assert counts(report) == (1, 1, 0, 0)
        assert {call.method for call in desk.wire.calls} == {"GET"}
        assert [each.name for each in (tmp_path / "state" / "jobs").iterdir()] in ([], ["key"])

    async def test_text_means_the_number_or_truth_value_that_drift_has(self, desk: Desk) -> None:
        await sync(
            desk,
            contacts=people(1, attributes={"seats": 5, "share": 0.5, "vip": True, "zip": "01234"}),
            new_attributes=True,
        )
        (desk.files / "a.csv").write_text("email,seats,share,vip,zip\np1@new.example,5,0.50,TRUE,01234\n")
        assert counts(await sync(desk, file="a.csv")) == (0, 0, 1, 0)
        (desk.files / "a.csv").write_text("email,seats,share,vip,zip\np1@new.example,6,0.5,false,1234\n")
        assert counts(await sync(desk, file="a.csv")) == (0, 1, 0, 0)
        after = (await contact(desk, "p1@new.example"))["attributes"]
        assert (after["seats"], after["vip"], after["zip"]) == (6, False, "1234")

    async def test_attributes_that_drift_shows_only_in_full_are_compared_too(self, desk: Desk) -> None:
        given = people(1, attributes={"first_name": "Jane", "recent_source": "ads", "tags": [{"name": "vip"}]})
        await sync(desk, contacts=given, new_attributes=True)
        assert counts(await sync(desk, contacts=given, new_attributes=True)) == (0, 0, 1, 0)

    async def test_case_of_an_address_and_invisible_characters_are_no_change(self, desk: Desk) -> None:
        await sync(desk, contacts=[{"email": "p1@new.example", "name": "Jo\u200banna"}])
        assert counts(await sync(desk, contacts=[{"email": "P1@New.example", "name": "Jo\u200banna"}])) == (0, 0, 1, 0)

    async def test_later_duplicates_win_and_are_reported(self, desk: Desk) -> None:
        rows = [
            {"email": "a@new.example", "name": "A", "phone": "1", "attributes": {"x": 1, "y": 1}},
            {"email": "b@new.example"},
            {"email": "A@NEW.example", "name": "B", "attributes": {"y": 2}},
            {"email": "a@new.example", "attributes": {"z": 3}},
        ]
        report = await sync(desk, contacts=rows, new_attributes=True)
        assert counts(report) == (2, 0, 0, 0)
        assert report["new_attributes"] == ["x", "y", "z"]
        assert (report["rows"], report["duplicates"]) == (4, 2)
        assert report["merged"] == [{"line": 3, "into": 1}, {"line": 4, "into": 1}]
        found = await contact(desk, "a@new.example")
        assert (found["name"], found["phone"]) == ("B", "1")
        assert {name: found["attributes"][name] for name in "xyz"} == {"x": 1, "y": 2, "z": 3}

    async def test_bad_rows_are_named_and_stop_nothing(self, desk: Desk) -> None:
        rows: list[dict[str, Any]] = [
            {"email": "good@new.example"},
            {"name": "nobody"},
            {"email": "no address"},
            {"email": "x@new.example", "E-Mail": "y@new.example"},
            {"email": "x@new.example", "attributes": {"email": "other@new.example"}},
            {"email": "x@new.example", "attributes": {"_END_USER_VERSION": 1}},
            {"email": "x@new.example", "attributes": {"plan": None}},
            {"email": "x@new.example", "name": "two\nlines"},
            {"email": "x@new.example", "attributes": {"industry": {"not": "taken by Drift"}}},
            {"email": "x@new.example", "attributes": {"lead_score": "many"}},
            {"email": "x@new.example", "attributes": "plan=pro"},
            {"email": "good2@new.example"},
        ]
        report = await sync(desk, contacts=rows)
        assert counts(report) == (2, 0, 0, 10)
        reasons = {each["line"]: each["reason"] for each in report["failures"]}
        assert list(reasons) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
        assert reasons[2] == "email is missing"
        assert reasons[3] == "email: is not an e-mail address"
        assert reasons[4] == reasons[5] == "email is given twice"
        assert "invalid_request" in reasons[9]
        assert reasons[10] == "lead_score: must be a number such as 1200 or 12.5"
        assert reasons[11].startswith("attributes: ")

    async def test_creating_by_external_id_needs_an_address(self, desk: Desk) -> None:
        report = await sync(desk, contacts=[{"external_id": "e1", "name": "X"}], key="external_id")
        assert report["failures"][0]["reason"].endswith("creating one needs an email")
        assert desk.wire.made("POST") == 0

    async def test_an_address_that_several_share_is_told_apart_by_external_id_or_left_alone(self, desk: Desk) -> None:
        for number in (1, 2):
            await desk.ask("create_contact", email="both@new.example", external_id=f"e{number}")
        report = await sync(desk, contacts=[{"email": "both@new.example", "name": "X"}])
        assert counts(report) == (0, 0, 0, 1)
        report = await sync(desk, contacts=[{"email": "both@new.example", "external_id": "e2", "name": "X"}])
        assert counts(report) == (0, 1, 0, 0)
        found = (await desk.ask("find_contacts_by_external_id", external_ids=["e1", "e2"]))["items"]
        assert [each.get("name") for each in found] == [None, "X"]

    async def test_an_external_id_that_another_has_fails_that_row_only(self, desk: Desk) -> None:
        await desk.ask("create_contact", email="one@new.example", external_id="taken")
        rows = [{"email": "two@new.example", "external_id": "taken"}, {"email": "three@new.example"}]
        report = await sync(desk, contacts=rows)
        assert counts(report) == (1, 0, 0, 1)
        assert report["failures"][0]["reason"].startswith("conflict: ")


class TestFiles:
    async def test_csv_columns_become_fields_and_attributes(self, desk: Desk) -> None:
        text = '\ufeffE-Mail;External ID;Name;Plan Type\r\n\r\nz@new.example;e9;"Zoë; 李";pro\r\nbad;;x;\r\n'
        (desk.files / "leads.csv").write_bytes(text.encode())
        report = await sync(desk, file="leads.csv", new_attributes=True)
        assert counts(report) == (1, 0, 0, 1)
        assert report["new_attributes"] == ["Plan Type"]
        found = await contact(desk, "z@new.example")
        assert (found["name"], found["external_id"], found["attributes"]["Plan Type"]) == ("Zoë; 李", "e9", "pro")
        assert report["failures_file"] == "leads.csv.failed.jsonl"
        (failed,) = (desk.files / "leads.csv.failed.jsonl").read_text().splitlines()
        assert json.loads(failed)["line"] == 4

    async def test_jsonl_with_garbage_in_it(self, desk: Desk) -> None:
        lines = ['{"email": "a@new.example", "externalId": 7}', "garbage", "", "[]", '{"email": "b@new.exa']
        (desk.files / "leads.jsonl").write_text("\n".join(lines))
        report = await sync(desk, file="leads.jsonl")
        assert counts(report) == (1, 0, 0, 3)
        assert [each["line"] for each in report["failures"]] == [2, 4, 5]
        assert (await contact(desk, "a@new.example"))["external_id"] == "7"

    async def test_the_file_of_failures_goes_when_there_are_none_any_more(self, desk: Desk) -> None:
        beside = desk.files / "a.csv.failed.jsonl"
        (desk.files / "a.csv").write_text("email\na@new.example\nno address\n")
        await sync(desk, file="a.csv")
        assert beside.exists()
        (desk.files / "a.csv").write_text("email\na@new.example\n")
        await sync(desk, file="a.csv", dry_run=True)
        assert beside.exists()
        assert "failures_file" not in await sync(desk, file="a.csv")
        assert not beside.exists()

    async def test_one_that_is_not_there_is_answered_with_those_that_are(self, desk: Desk) -> None:
        (desk.files / "leads.csv").touch()
        with pytest.raises(
            InvalidArguments, match=r"there is no lead\.csv in the allowed folder; there are: leads\.csv"
        ):
            await sync(desk, file="lead.csv")

    async def test_more_failures_than_shown_are_all_in_the_file(self, desk: Desk) -> None:
        (desk.files / "bad.csv").write_text("email\n" + "no address\n" * 45)
        report = await sync(desk, file="bad.csv")
        assert (report["failed"], len(report["failures"])) == (45, 20)
        assert len((desk.files / "bad.csv.failed.jsonl").read_text().splitlines()) == 45

    @pytest.mark.parametrize("name", ["../x.csv", "/etc/passwd", "link.csv", "gone.csv", "x.exe"])
    async def test_a_path_outside_is_refused_before_any_call(self, desk: Desk, tmp_path: Path, name: str) -> None:
        (tmp_path / "x.csv").write_text("email\n")
        (desk.files / "link.csv").symlink_to("../x.csv")
        with pytest.raises(InvalidArguments, match="file: "):
            await sync(desk, file=name)
        assert desk.wire.calls == []

    async def test_without_a_folder_the_setting_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidArguments, match=r"--files \(DRIFT_FILES\)"):
            await sync(Desk(tmp_path, files=""), file="a.csv")

    @pytest.mark.parametrize("given", [{}, {"file": "a.csv", "contacts": [{}]}, {"contacts": []}])
    async def test_there_is_exactly_one_source(self, desk: Desk, given: dict[str, Any]) -> None:
        with pytest.raises(InvalidArguments):
            await sync(desk, **given)


class TestLimitsAndFaults:
    async def test_429_answers_cost_no_row(self, desk: Desk) -> None:
        sandbox, asked = httpx.ASGITransport(app=create_app(token="t")), 0

        class Refusing(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                nonlocal asked
                asked += 1
                return await sandbox.handle_async_request(request) if asked % 3 else httpx.Response(429)

        # Slowed down, the calls are milliseconds apart.
        rates = Rates(calls_per_minute=1_000_000)
        desk.wire.real = Gateway("https://driftapi.com", FixedCredential("t"), transport=Refusing(), rates=rates)
        assert counts(await sync(desk, contacts=people(20))) == (20, 0, 0, 0)
        assert asked > 1.4 * len(desk.wire.calls) > 40
        steps = [done for done, _, _ in desk.told]
        assert steps == sorted(set(steps))  # progress always grows

    async def test_a_long_wait_ends_the_run_which_can_go_on_later(self, desk: Desk) -> None:
        async def meddle(number: int, call: Call, send: Send) -> Answer:
            if call.method == "POST" and number == 4:
                raise RateLimited(retry_after=3600)
            return await send(call)

        desk.wire.meddle = meddle
        report = await sync(desk, contacts=people(20))
        assert report["stopped"]["kind"] == "rate_limited"
        assert report["stopped"]["retry_after_seconds"] == 3600
        assert report["created"] + report["remaining"] == 20
        assert report["remaining"] > 0
        before = report["created"]
        desk.wire.meddle = None
        report = await sync(desk, contacts=people(20))
        assert counts(report) == (20, 0, 0, 0)
        assert report["resumed"] == before
        assert desk.wire.made("POST") == 20 - before

    @pytest.mark.parametrize("applied", [True, False])
    @pytest.mark.parametrize("error", [TimedOut, ConnectionLost, ServerFault])
    async def test_a_lost_answer_is_looked_up_before_anything_is_sent_again(
        self, desk: Desk, applied: bool, error: type[TimedOut]
    ) -> None:
        async def meddle(number: int, call: Call, send: Send) -> Answer:
            if call.method == "POST" and number in {2, 4}:
                if applied:
                    await send(call)
                raise error(maybe_applied=True)
            return await send(call)

        desk.wire.meddle = meddle
        assert counts(await sync(desk, contacts=people(6))) == (6, 0, 0, 0)
        assert desk.wire.made("POST") == 6 + (0 if applied else 2)
        for each in people(6):
            await contact(desk, each["email"])

    async def test_a_token_that_is_refused_at_once_is_an_error_and_later_a_stop(self, desk: Desk) -> None:
        async def refuse(number: int, call: Call, send: Send) -> Answer:
            raise Unauthorized

        async def later(number: int, call: Call, send: Send) -> Answer:
            if number > 3:
                raise Unauthorized
            return await send(call)

        desk.wire.meddle = refuse
        with pytest.raises(Unauthorized):
            await sync(desk, contacts=people(3))
        desk.wire.meddle = later
        report = await sync(desk, contacts=people(10))
        assert report["stopped"] == {
            "kind": "unauthorized",
            "message": "Drift did not accept the token.",
            "next": "Ask the user to check or renew the Drift token; calling again will not help. Afterwards the same "
            "call goes on where it stopped.",
        }
        assert report["failed"] == 0

    @pytest.mark.parametrize("error", [Unreachable, NotConnected, BadToken])
    async def test_a_drift_that_cannot_be_reached_is_an_error_at_once_and_later_a_stop(
        self, desk: Desk, error: type[DriftError]
    ) -> None:
        gone = 0

        async def meddle(number: int, call: Call, send: Send) -> Answer:
            if len(desk.wire.calls) > gone:
                raise error
            return await send(call)

        desk.wire.meddle = meddle
        for more in ({}, {"dry_run": True}, {"attributes": {"plan": "pro"}}):
            dry = bool(more.pop("dry_run", False))
            with pytest.raises(error):
                await sync(desk, contacts=people(30, **more), dry_run=dry)
            assert len(desk.wire.calls) <= 5
        gone = 10
        report = await sync(desk, contacts=people(30))
        assert report["stopped"]["kind"] == error.kind
        assert report["failed"] == 0
        assert report["remaining"] + report["created"] == 30
        assert len(desk.wire.calls) <= gone + 5

    async def test_a_drift_that_is_down_is_not_asked_for_every_row(self, desk: Desk) -> None:
        async def down(number: int, call: Call, send: Send) -> Answer:
            raise ServerFault(status=503)

        desk.wire.meddle = down
        report = await sync(desk, contacts=people(500))
        assert report["stopped"]["kind"] == "drift_error"
        assert report["stopped"]["message"].startswith("20 rows in a row failed, the last with drift_fault")
        assert "goes on where it stopped" in report["stopped"]["next"]
        assert report["remaining"] > 400
        assert len(desk.wire.calls) < 40

    async def test_lookups_run_five_at_once_at_most(self, desk: Desk) -> None:
        running = most = 0

        async def meddle(number: int, call: Call, send: Send) -> Answer:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await anyio.sleep(0.001)
            running -= 1
            return await send(call)

        desk.wire.meddle = meddle
        await sync(desk, contacts=people(30))
        assert most == 5

    async def test_what_the_operator_forbids_is_said_before_anything_is_done(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, exclude_tools="create_contact")
        with pytest.raises(NotAllowed):
            await sync(desk, contacts=people(1))
        assert desk.wire.calls == []
        assert counts(await sync(desk, contacts=people(1), dry_run=True)) == (1, 0, 0, 0)

    async def test_the_same_job_does_not_run_twice_at_once(self, desk: Desk) -> None:
        async def meddle(number: int, call: Call, send: Send) -> Answer:
            if call.method == "POST" and number == 3:
                with pytest.raises(InvalidArguments, match="running already"):
                    await desk.toolbox.run(job, request)
            return await send(call)

        job = jobs.JOBS["sync_contacts"]
        request = jobs.parse(job, {"contacts": people(5)})
        desk.wire.meddle = meddle
        assert counts(await sync(desk, contacts=people(5))) == (5, 0, 0, 0)


class TestGoingOn:
    @pytest.mark.parametrize("at", [1, 4, 9])
    async def test_cancelled_at_any_row_it_goes_on_without_repeating_a_write(self, desk: Desk, at: int) -> None:
        posts = 0
        with anyio.CancelScope() as scope:

            async def meddle(number: int, call: Call, send: Send) -> Answer:
                nonlocal posts
                answer = await send(call)
                if call.path == "/contacts" and call.method == "POST":
                    posts += 1
                    if posts == at:
                        scope.cancel()  # it is applied, and its answer never arrives
                        await anyio.lowlevel.checkpoint()
                return answer

            desk.wire.meddle = meddle
            await sync(desk, contacts=people(12))
        assert scope.cancelled_caught
        report = await sync(desk, contacts=people(12))
        assert counts(report) == (12, 0, 0, 0)
        assert posts == 12
        for each in people(12):
            await contact(desk, each["email"])

    async def test_resume_false_looks_at_everything_again(self, desk: Desk) -> None:
        with anyio.CancelScope() as scope:

            async def meddle(number: int, call: Call, send: Send) -> Answer:
                if call.method == "POST" and number == 6:
                    scope.cancel()
                    await anyio.lowlevel.checkpoint()
                return await send(call)

            desk.wire.meddle = meddle
            await sync(desk, contacts=people(10))
        desk.wire.meddle = None
        report = await sync(desk, contacts=people(10), resume=False)
        assert "resumed" not in report
        assert report["created"] + report["unchanged"] == 10
        assert report["unchanged"] >= 4

    async def test_a_finished_job_is_forgotten_so_that_it_can_be_run_every_week(self, desk: Desk) -> None:
        await sync(desk, contacts=people(2))
        await desk.ask("update_contact", contact_id=(await contact(desk, "p1@new.example"))["id"], name="Somebody")
        assert counts(await sync(desk, contacts=people(2))) == (0, 1, 1, 0)


POINTS: list[dict[str, Any]] = [
    {"when": "progress", "n": 1},
    {"when": "progress", "n": 9},
    {"when": "progress", "n": 20},
    {"when": "before", "method": "POST", "n": 1},  # the first create: its intent is recorded, nothing is sent
    {"when": "after", "method": "POST", "n": 1},  # it is applied, and not known to be
    {"when": "after", "method": "POST", "n": 7},
    {"when": "before", "method": "PATCH", "n": 2},
    {"when": "after", "method": "PATCH", "n": 3},
    {"when": "after", "method": "GET", "n": 6},
]
CASES = [("email", point) for point in POINTS] + [("external_id", POINTS[n]) for n in (1, 4, 7)]


@pytest.fixture
def child_desk(drift: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A server that talks to the local Drift over HTTP."""
    for name, value in drift.env.items():
        monkeypatch.setenv(name, value)
    return Desk(tmp_path, sandbox=False, base_url=drift.url)


async def test_the_organisation_is_asked_once_for_all_syncs(
    drift: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in drift.env.items():
        monkeypatch.setenv(name, value)
    toolbox = Toolbox(Connection(Settings(base_url=drift.url, state_dir=str(tmp_path))))
    job = jobs.JOBS["sync_contacts"]
    for count in (1, 2, 3):
        await toolbox.run(job, jobs.parse(job, {"contacts": people(count)}))
    await toolbox.aclose()
    paths = [each["path"] for each in drift.requests()]
    assert paths.count("/app/token_info") == 1
    assert paths.count("/contacts") == 1 + 2 + 3 + 3


class TestKill:
    @pytest.mark.parametrize(
        ("key", "point"), CASES, ids=[f"{key}-{'-'.join(map(str, point.values()))}" for key, point in CASES]
    )
    async def test_killed_at_any_point_it_goes_on_without_repeating_a_write(
        self, child_desk: Desk, drift: Any, launch: Callable[..., Any], point: dict[str, Any], key: str
    ) -> None:
        desk, home = child_desk, child_desk.files.parent
        rows = [each | {"external_id": f"crm-{n}"} for n, each in enumerate(people(20))]
        for each in rows[::4]:
            await desk.ask("create_contact", email=each["email"], external_id=each["external_id"], name="Old")
        lines = "".join(json.dumps(each) + "\n" for each in rows)
        (desk.files / "rows.jsonl").write_text(lines)
        asked = {"file": "rows.jsonl", "key": key}
        command = (sys.executable, str(Path(jobs.__file__)), "sync_contacts", json.dumps(asked))
        child = launch(str(home), json.dumps(point), env=drift.env, command=command)
        assert child.read_line() == b"frozen\n", child.stderr
        os.kill(child.child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        report = await sync(desk, **asked)
        assert counts(report) == (15, 5, 0, 0)
        # A kill between a request's head and its body leaves a request that Drift could not read: 499, not applied.
        log = [each for each in drift.requests() if each["status"] != 499]
        made = [each for each in log if each["method"] == "POST" and each["path"] == "/contacts"]
        changed = [each["path"] for each in log if each["method"] == "PATCH"]
        assert len(made) == 5 + 15
        assert len(changed) == len(set(changed)) == 5
        assert {each["status"] for each in log} == {200}
        for number, each in enumerate(rows):
            (found,) = drift.get("/contacts", email=each["email"])["data"]
            assert found["attributes"]["name"] == each["name"]
            # Drift counts the writes of each contact: 4 when it is created, one more for every change.
            assert found["attributes"]["_END_USER_VERSION"] == (4 if number % 4 else 5)
        assert [each.name for each in (home / "state" / "jobs").iterdir()] in ([], ["key"])

    async def test_what_an_earlier_run_did_costs_no_call(
        self, child_desk: Desk, drift: Any, launch: Callable[..., Any], tmp_path: Path
    ) -> None:
        (child_desk.files / "rows.jsonl").write_text("".join(json.dumps(each) + "\n" for each in people(20)))
        command = (sys.executable, str(Path(jobs.__file__)), "sync_contacts", '{"file": "rows.jsonl"}')
        child = launch(str(tmp_path), '{"when": "progress", "n": 15}', env=drift.env, command=command)
        assert child.read_line() == b"frozen\n", child.stderr
        child.signal(signal.SIGKILL)
        child.wait()
        report = await sync(child_desk, file="rows.jsonl")
        assert counts(report) == (20, 0, 0, 0)
        assert report["resumed"] == 15
        # For each row left a lookup, and a write at most.
        assert report["drift_calls"] <= 5 + 5
        assert Journal(tmp_path / "state", "any").mark() == 0

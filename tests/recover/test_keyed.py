"""`idempotency_key`: the same key never writes twice, and always answers what became of the first call."""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from drift_mcp import catalogue, journal
from drift_mcp.caller import Caller
from drift_mcp.drift.retry import Retries

from . import desk as desk_module
from .desk import Desk, desk, ended

KEY = "order-4711-reply"
BODY = "Yes, the Scale plan has SSO."


@pytest.fixture(autouse=True)
def kept_in(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here is so with each store."""
    monkeypatch.setattr(desk_module, "STORE", store)


@pytest.fixture
def chat(app: Starlette) -> int:
    """A conversation to write into."""
    return int(app.state.sandbox.world.rows("conversations")[0]["id"])


def written(here: Desk, text: str = BODY) -> int:
    return sum(row["body"] == text for row in here.world.rows("messages"))


async def send(here: Desk, chat: int, key: str = KEY, body: str = BODY, caller: str = "local") -> dict[str, Any]:
    return await here.call("send_message", Caller(name=caller), conversation_id=chat, body=body, idempotency_key=key)


async def until(happened: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not happened():  # noqa: ASYNC110 - the sandbox has no event to wait for
            await anyio.sleep(0.01)


async def test_a_second_call_writes_nothing_and_answers_the_ids_of_the_first(at_desk: Desk, chat: int) -> None:
    first = await send(at_desk, chat)
    second = await send(at_desk, chat)
    assert second == {"already_done": True} | {name: first[name] for name in ("id", "conversation_id", "author_id")}
    assert written(at_desk) == 1


async def test_a_key_outlives_the_process(app: Starlette, url: str, tmp_path: Path, chat: int) -> None:
    async with desk(app, url, tmp_path) as before:
        first = await send(before, chat)
    async with desk(app, url, tmp_path) as after:
        assert (await send(after, chat))["id"] == first["id"]
        assert written(after) == 1


async def test_calls_at_the_same_time_make_one_write_here_and_in_another_process(
    app: Starlette, url: str, tmp_path: Path, chat: int
) -> None:
    answers: list[dict[str, Any]] = []

    async def call(here: Desk) -> None:
        answers.append(await send(here, chat))

    async with desk(app, url, tmp_path) as one, desk(app, url, tmp_path) as other:
        await one.befall("send_message", "latency", ms=300)
        async with anyio.create_task_group() as tasks:
            for here in (one, one, other, other):
                tasks.start_soon(call, here)
        assert written(one) == 1
    assert len({answer["id"] for answer in answers}) == 1
    assert sorted("already_done" in answer for answer in answers) == [False, True, True, True]


async def test_a_call_that_waits_too_long_for_the_first_says_so(
    app: Starlette, url: str, tmp_path: Path, chat: int
) -> None:
    async with desk(app, url, tmp_path) as slow, desk(app, url, tmp_path, total_timeout=0.2) as hasty:
        await slow.befall("send_message", "late_answer", ms=60_000)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, slow, chat)
            await until(lambda: written(slow) == 1)
            error = (await send(hasty, chat))["error"]
            tasks.cancel_scope.cancel()
        assert error["kind"] == "still_running"
        assert written(slow) == 1


async def test_the_same_key_for_something_else_is_refused(at_desk: Desk, chat: int) -> None:
    await send(at_desk, chat)
    error = (await send(at_desk, chat, body="No, it has not."))["error"]
    assert error["kind"] == "key_reused"
    assert written(at_desk, "No, it has not.") == 0


async def test_a_key_is_one_callers_and_one_tools_own(at_desk: Desk, chat: int) -> None:
    await send(at_desk, chat, caller="acme")
    assert "already_done" not in await send(at_desk, chat, caller="globex")
    made = await at_desk.call("create_contact", email="new@visitor.example", idempotency_key=KEY)
    assert "already_done" not in made
    assert written(at_desk) == 2


async def test_what_drift_refused_can_be_called_again_with_the_same_key(at_desk: Desk, chat: int) -> None:
    await at_desk.plan({"kind": "expired_token", "times": 1, "status": 403, "methods": ["POST"]})
    assert (await send(at_desk, chat))["error"]["kind"] == "forbidden"
    assert (await send(at_desk, chat))["id"]
    assert written(at_desk) == 1


@pytest.mark.parametrize(("fault", "found"), [("reset_after", True), ("reset_before", False)])
async def test_a_write_that_nobody_knew_the_end_of_is_looked_up_by_the_next_call(
    at_desk: Desk, chat: int, fault: str, *, found: bool
) -> None:
    # While the messages cannot be read, nothing can be found out.
    lost = {"kind": fault, "times": 1, "methods": ["POST"]}
    await at_desk.plan(lost, {"kind": "server_error", "methods": ["GET"]})
    assert (await send(at_desk, chat))["error"]["may_have_been_applied"] is True
    again = (await send(at_desk, chat))["error"]
    assert (again["kind"], again["may_have_been_applied"]) == ("in_doubt", True)
    assert "list_messages" in again["next"]
    await at_desk.plan()
    settled = await send(at_desk, chat)
    assert ("recovered" in settled) is found
    assert written(at_desk) == 1
    assert (await send(at_desk, chat))["id"] == settled["id"]


async def test_cancelling_a_call_reports_it_and_the_next_one_finds_it_out(
    at_desk: Desk, chat: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await at_desk.befall("send_message", "late_answer", ms=60_000)
    with caplog.at_level(logging.WARNING):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, at_desk, chat)
            await until(lambda: written(at_desk) == 1)
            tasks.cancel_scope.cancel()
    said = [record.getMessage() for record in caplog.records if record.name.startswith("drift_mcp")]
    assert any("send_message was interrupted" in line for line in said)
    assert not any(BODY in line or KEY in line for line in said)
    assert [line["outcome"] for line in ended(tmp_path)] == ["unknown"]
    assert (await send(at_desk, chat))["recovered"] is True
    assert written(at_desk) == 1
    assert [(line["outcome"], line.get("reason")) for line in ended(tmp_path)][1:] == [("applied", "recovered")]


async def test_ending_the_server_reports_what_is_under_way(
    app: Starlette, url: str, tmp_path: Path, chat: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(app, url, tmp_path) as here:
        await here.befall("send_message", "late_answer", ms=60_000)
        with caplog.at_level(logging.WARNING):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(send, here, chat)
                await until(lambda: written(here) == 1)
                await here.toolbox.aclose()
    assert [line["outcome"] for line in ended(tmp_path)] == ["unknown"]
    assert "send_message was interrupted" in caplog.text
    async with desk(app, url, tmp_path) as after:
        assert (await send(after, chat))["recovered"] is True
        assert written(after) == 1


@pytest.mark.parametrize("broken", ["journal", "journal/writes.sqlite", "journal/key"])
async def test_where_the_journal_cannot_be_used_nothing_is_sent_and_it_is_said_so(
    at_desk: Desk, tmp_path: Path, chat: int, store: str, broken: str
) -> None:
    if store:
        pytest.skip("tests/store/test_away.py has it")
    file = tmp_path / broken
    file.parent.mkdir(exist_ok=True)
    file.write_text("something else")
    error = (await send(at_desk, chat))["error"]
    assert error["kind"] == "store_unavailable"
    assert "nothing was sent" in error["message"]
    assert "may_have_been_applied" not in error
    assert written(at_desk) == 0


async def test_a_write_is_answered_even_where_its_end_cannot_be_recorded(
    at_desk: Desk, tmp_path: Path, chat: int, store: str, caplog: pytest.LogCaptureFixture
) -> None:
    if store:
        pytest.skip("tests/store/test_away.py has it")
    await at_desk.befall("send_message", "late_answer", ms=1_000)
    answers: list[dict[str, Any]] = []

    async def call() -> None:
        answers.append(await send(at_desk, chat))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await until(lambda: written(at_desk) == 1)
        with closing(sqlite3.connect(tmp_path / "journal" / "writes.sqlite")) as other:
            other.execute("DROP TABLE writes")
    assert answers[0]["id"]
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize("locked", ["opening", "writes.sqlite"])
async def test_while_another_process_has_the_journal_locked_other_calls_are_answered(
    at_desk: Desk, tmp_path: Path, chat: int, store: str, locked: str
) -> None:
    if store:
        pytest.skip("Redis has no such lock")
    order: list[str] = []

    async def keyed() -> None:
        assert "error" not in await send(at_desk, chat)
        order.append("the keyed write")

    async def another() -> None:
        assert "error" not in await at_desk.call("get_conversation", conversation_id=chat)
        order.append("the other call")

    if locked == "opening":
        (tmp_path / "journal").mkdir()
    else:
        assert "error" not in await send(at_desk, chat, key="another-key-4711", body="Hello.")
    with closing(sqlite3.connect(tmp_path / "journal" / locked, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keyed)
            await anyio.wait_all_tasks_blocked()  # the keyed write waits for the journal
            await another()
            assert written(at_desk) == 0
            order.append("the lock is gone")
            other.execute("COMMIT")
    assert order == ["the other call", "the lock is gone", "the keyed write"]


async def test_a_call_that_is_cancelled_while_the_journal_is_locked_has_its_end_recorded_all_the_same(
    at_desk: Desk, tmp_path: Path, chat: int, store: str
) -> None:
    if store:
        pytest.skip("Redis has no such lock")
    await at_desk.befall("send_message", "late_answer", ms=300)
    with closing(sqlite3.connect(tmp_path / "other.sqlite", isolation_level=None)) as other:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, at_desk, chat)
            await until(lambda: written(at_desk) == 1)
            other.execute("ATTACH ? AS journal", (str(tmp_path / "journal" / "writes.sqlite"),))
            other.execute("BEGIN EXCLUSIVE")
            await until(lambda: any(ended(tmp_path)))  # the write is made and in the audit, and its end is owed
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
            other.execute("COMMIT")
    assert (await send(at_desk, chat))["already_done"] is True
    assert written(at_desk) == 1


def test_a_process_that_starts_does_not_take_another_that_starts_for_one_that_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[Thread] = []

    async def begun(one: journal.SqliteJournal) -> None:
        await one.begin("a write", "its arguments")

    async def one_that_ends() -> None:
        await begun(one := journal.SqliteJournal(tmp_path))
        await one.aclose()

    def start_another() -> None:
        anyio.run(one_that_ends)

    def locked(path: Path, wait: float = 0.0) -> sqlite3.Connection:
        if path.parent.name == "owners" and not others:
            path.touch()  # as it is for a moment: there, and not locked yet
            others.append(Thread(target=start_another))
            others[0].start()
            others[0].join(0.3)
            assert path.exists()
        return lock(path, wait)

    lock = journal._locked
    monkeypatch.setattr(journal, "_locked", locked)
    one = journal.SqliteJournal(tmp_path)
    anyio.run(begun, one)
    others[0].join(60)
    assert one._lives(one._owner)
    anyio.run(one.aclose)


class TestJobs:
    def reply(self, chat: int) -> dict[str, Any]:
        return {"conversation_id": chat, "body": BODY, "note": "Asked for SSO.", "idempotency_key": KEY}

    async def test_a_job_is_done_once(self, at_desk: Desk, chat: int) -> None:
        first = await at_desk.call("reply_to_conversation", **self.reply(chat))
        second = await at_desk.call("reply_to_conversation", **self.reply(chat))
        ids = {name: first[name] for name in ("conversation_id", "message_id", "note_id")}
        assert second == {"already_done": True} | ids
        assert written(at_desk) == 1

    async def test_a_job_that_stopped_half_way_goes_on_and_repeats_nothing(self, at_desk: Desk, chat: int) -> None:
        await at_desk.plan({"kind": "expired_token", "status": 403, "methods": ["POST"], "after": 1, "times": 1})
        first = await at_desk.call("reply_to_conversation", **self.reply(chat))
        assert (first["done"], first["not_done"]) == (["reply"], ["note"])
        second = await at_desk.call("reply_to_conversation", **self.reply(chat))
        assert (second["done"], second["message_id"]) == (["reply", "note"], first["message_id"])
        assert (written(at_desk), written(at_desk, "Asked for SSO.")) == (1, 1)

    async def test_a_job_that_is_safe_to_repeat_takes_a_key_too(self, at_desk: Desk) -> None:
        lead = {"email": "lead@acme.example", "name": "Lea", "idempotency_key": KEY}
        first = await at_desk.call("capture_lead", **lead)
        assert await at_desk.call("capture_lead", **lead) == {"already_done": True, "contact_id": first["contact_id"]}

    async def test_a_runner_passes_the_key_on(self, at_desk: Desk) -> None:
        run = {"name": "create_tag", "arguments": {"name": "beta", "idempotency_key": KEY}}
        first = await at_desk.call("run_write_operation", **run)
        assert await at_desk.call("run_write_operation", **run) == {"already_done": True, "id": first["id"]}


class TestArgument:
    @pytest.mark.parametrize(
        "key", ["short", "x" * 129, "with a space", "tab\tinside", "ümläute-ümläute", 12345678, ""]
    )
    async def test_only_what_can_be_a_key_is_one(self, at_desk: Desk, chat: int, key: Any) -> None:
        error = (await send(at_desk, chat, key=key))["error"]
        assert error["kind"] == "invalid_arguments"
        assert "idempotency_key" in error["message"]
        assert written(at_desk) == 0

    async def test_a_read_takes_none(self, at_desk: Desk, chat: int) -> None:
        error = (await at_desk.call("list_messages", conversation_id=chat, idempotency_key=KEY))["error"]
        assert error["kind"] == "invalid_arguments"

    def test_everything_that_writes_and_nothing_else_shows_it(self) -> None:
        for entry in catalogue.load().values():
            shown = "idempotency_key" in entry.tool["inputSchema"]["properties"]
            assert shown is (entry.access != "read" and not entry.name.startswith("run_"))


class TestJournal:
    """The embedded one's file."""

    @pytest.fixture
    def store(self) -> str:
        return ""

    async def test_it_holds_no_value_and_no_key(self, at_desk: Desk, chat: int, tmp_path: Path) -> None:
        await at_desk.call("create_contact", email="secret@visitor.example", external_id="crm-1", idempotency_key=KEY)
        await send(at_desk, chat)
        held = b"".join(path.read_bytes() for path in (tmp_path / "journal").rglob("*") if path.is_file())
        for value in (KEY, BODY, "secret@visitor.example", "crm-1", "create_contact", "SSO"):
            assert value.encode() not in held

    async def test_what_is_old_is_forgotten(
        self, app: Starlette, url: str, tmp_path: Path, chat: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with desk(app, url, tmp_path) as before:
            await send(before, chat)
        monkeypatch.setattr(journal, "KEPT_FOR", 0.0)
        monkeypatch.setattr(journal, "CLEAR_EVERY", 0.0)
        async with desk(app, url, tmp_path) as after:
            for _ in range(2):  # not only by a server that starts
                assert "already_done" not in await send(after, chat)

    async def test_no_process_leaves_a_file_behind_for_ever(
        self, app: Starlette, url: str, tmp_path: Path, chat: int
    ) -> None:
        owners = tmp_path / "journal" / "owners"
        owners.mkdir(parents=True)
        (owners / "killed").touch()
        async with desk(app, url, tmp_path, retries=Retries()) as here:
            await send(here, chat)
            assert len(list(owners.iterdir())) <= 2
            assert not (owners / "killed").exists()
        assert list(owners.iterdir()) == []

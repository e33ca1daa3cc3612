"""Two processes that write the same: none takes the record of the other for its own."""

import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from benchmarks.faults.writes import ALIKE
from drift_mcp import sqlite_claims
from drift_mcp.claims import APART, KEPT_FOR, UNDER_WAY, Claim, Claims, Record
from drift_mcp.sqlite_claims import CLEAR_EVERY, SqliteClaims
from drift_mcp.store.claims import SharedClaims
from drift_mcp.store.shared import Shared

from . import desk as desk_module
from .desk import Desk, desk

BODY = "Thanks!"
OURS, THEIRS = Claim("ours", "the same"), Claim("theirs", "the same")


@pytest.fixture(autouse=True)
def kept_in(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here is so with each store."""
    monkeypatch.setattr(desk_module, "STORE", store)


@pytest.fixture
async def desks(app: Starlette, url: str, tmp_path: Path) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two servers that know nothing of each other but what they keep in the same place."""
    async with desk(app, url, tmp_path) as one, desk(app, url, tmp_path) as other:
        yield one, other


@pytest.fixture
def chat(app: Starlette) -> int:
    return int(app.state.sandbox.world.rows("conversations")[0]["id"])


def written(here: Desk, text: str = BODY) -> int:
    return sum(row["body"] == text for row in here.world.rows("messages"))


async def until(happened: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not happened():  # noqa: ASYNC110 - the sandbox has no event to wait for
            await anyio.sleep(0.01)


async def until_seen(here: Desk) -> None:
    """Until the fault has befallen a request, whose answer may still be on its way."""
    with anyio.fail_after(60):
        while not (await here.http.get("/_sandbox/faults")).json()["faults"][0]["injected"]:  # noqa: ASYNC110 - as above
            await anyio.sleep(0.01)


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "thanks-4711"}], ids=["unkeyed", "keyed"])
@pytest.mark.parametrize("name", sorted(ALIKE))
async def test_what_another_process_has_just_made_is_not_taken_for_a_write_that_never_arrived(
    desks: tuple[Desk, Desk], chat: int, name: str, key: dict[str, str]
) -> None:
    here, there = desks
    arguments: dict[str, Any] = {"conversation_id": chat, "body": BODY}
    if name == "create_conversation":
        arguments = {"email": "zoe@visitor.example", "body": BODY}
    if name == "post_timeline_event":
        arguments = {"contact_id": here.world.rows("contacts")[0]["id"], "event": BODY}
    if name == "create_group_conversation":
        arguments = {"users": [here.world.rows("users")[0]["id"]]}
    first = await there.call(name, **arguments)
    await here.befall(name, "reset_before")
    second = await here.call(name, **arguments, **key)
    if name == "post_timeline_event":  # which has no id
        assert second["error"]["may_have_been_applied"] is True
        return
    assert "recovered" not in second
    assert second["id"] != first["id"]
    assert await here.applied(name) == 2


async def test_while_another_process_makes_the_same_nobody_knows_whose_it_is(
    desks: tuple[Desk, Desk], chat: int
) -> None:
    here, there = desks
    theirs: list[dict[str, Any]] = []

    async def call() -> None:
        theirs.append(await there.call("send_message", conversation_id=chat, body=BODY))

    await there.befall("send_message", "late_answer", ms=60_000)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await until(lambda: written(there) == 1)
        await here.befall("send_message", "reset_before")
        ours = await here.call("send_message", conversation_id=chat, body=BODY)
        tasks.cancel_scope.cancel()
    assert ours["error"]["may_have_been_applied"] is True
    assert written(here) == 1


async def test_a_write_that_was_cut_off_is_not_found_in_what_another_one_has_made_since(
    desks: tuple[Desk, Desk], chat: int
) -> None:
    here, there = desks
    keyed = {"conversation_id": chat, "body": BODY, "idempotency_key": "cut-off-4711"}
    await here.befall("send_message", "latency", ms=60_000)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: here.call("send_message", **keyed))
        await until_seen(here)
        tasks.cancel_scope.cancel()
    other = await there.call("send_message", conversation_id=chat, body=BODY)
    again = await here.call("send_message", **keyed)
    assert again["id"] != other["id"]
    assert "recovered" not in again
    assert written(here) == 2


async def test_a_write_whose_answer_came_and_whose_server_was_killed_then_finds_its_own_record(
    app: Starlette, url: str, tmp_path: Path, chat: int, store: str
) -> None:
    if store:
        pytest.skip("what a killed server leaves is made by hand, in the file")
    keyed = {"conversation_id": chat, "body": BODY, "idempotency_key": "killed-4711"}
    async with desk(app, url, tmp_path) as before:
        first = await before.call("send_message", **keyed)
    with closing(sqlite3.connect(tmp_path / "journal" / "writes.sqlite")) as journal, journal:
        journal.execute("UPDATE writes SET state = 'begun', ids = '{}'")
    async with desk(app, url, tmp_path) as after:
        again = await after.call("send_message", **keyed)
        assert (again["id"], again["recovered"], written(after)) == (first["id"], True, 1)


async def test_where_it_cannot_be_told_whose_a_record_is_it_is_said_so(
    at_desk: Desk, tmp_path: Path, chat: int, store: str
) -> None:
    if store:
        pytest.skip("tests/store/test_away.py has it")
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "claims.sqlite").write_text("something else" * 100)
    assert (await at_desk.call("send_message", conversation_id=chat, body="Hello."))["id"]
    await at_desk.befall("send_message", "reset_after")
    answer = await at_desk.call("send_message", conversation_id=chat, body=BODY)
    assert answer["error"]["may_have_been_applied"] is True
    assert written(at_desk) == 1


async def test_an_id_that_a_sandbox_gives_again_at_once_doubles_nothing(at_desk: Desk, chat: int) -> None:
    first = await at_desk.call("send_message", conversation_id=chat, body=BODY)
    (await at_desk.http.post("/_sandbox/reset", json={})).raise_for_status()
    await at_desk.befall("send_message", "reset_after")
    answer = await at_desk.call("send_message", conversation_id=chat, body="Welcome!")
    rows = (await at_desk.http.get(f"/conversations/{chat}/messages")).json()["data"]["messages"]
    assert [row["id"] for row in rows if row["body"] == "Welcome!"] == [first["id"]]
    assert answer["error"]["may_have_been_applied"] is True


@pytest.mark.parametrize("set_back", [0.0, 3600.0])
async def test_a_keyed_write_that_began_in_the_future_stays_in_doubt(
    at_desk: Desk, tmp_path: Path, chat: int, store: str, set_back: float
) -> None:
    if store:
        pytest.skip("the clock is set back by hand, in the files")
    keyed = {"conversation_id": chat, "body": BODY, "idempotency_key": "set-back-4711"}
    await at_desk.befall("send_message", "late_answer", ms=60_000)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: at_desk.call("send_message", **keyed))
        await until(lambda: written(at_desk) == 1)
        tasks.cancel_scope.cancel()
    await at_desk.call("send_message", conversation_id=chat, body="One moment.")
    age = 100.0
    for row in at_desk.world.rows("messages"):
        row["createdAt"] -= age * 1000
    for name, column in {"writes": "began", "claims": "at"}.items():
        with closing(sqlite3.connect(tmp_path / "journal" / f"{name}.sqlite")) as db, db:
            db.execute(f"UPDATE {name} SET {column} = {column} + ?", (set_back - age,))
    again = await at_desk.call("send_message", **keyed)
    assert written(at_desk) == 1
    assert again.get("recovered") is (None if set_back else True)
    if set_back:
        assert again["error"]["kind"] == "in_doubt"
        assert "list_messages with conversation_id" in again["error"]["next"]


class TestFile:
    """What only the file has."""

    @pytest.fixture
    async def claims(self, store: str, tmp_path: Path) -> AsyncIterator[SqliteClaims]:
        if store:
            pytest.skip("Redis forgets by itself, and locks nothing")
        claims = SqliteClaims(lambda: tmp_path, "here")
        yield claims
        await claims.aclose()

    @pytest.fixture
    async def other(self, claims: SqliteClaims, tmp_path: Path) -> AsyncIterator[sqlite3.Connection]:
        """The file as another process has it open."""
        await claims.secret()
        with closing(sqlite3.connect(tmp_path / "journal" / "claims.sqlite", isolation_level=None)) as db:
            yield db

    async def test_what_is_old_is_forgotten_while_the_server_runs(
        self, claims: SqliteClaims, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await claims.end(OURS, Record("messages 1"))
        await claims.begin(THEIRS)
        other.execute("UPDATE claims SET at = at - ?", (KEPT_FOR + 1,))
        other.execute("INSERT INTO claims SELECT x'00', content, record, at + 2, made FROM claims LIMIT 1")
        later = sqlite_claims.now() + CLEAR_EVERY
        monkeypatch.setattr(sqlite_claims, "now", lambda: later)
        await claims.begin(Claim("new", "another"))
        assert other.execute("SELECT count(*) FROM claims").fetchone() == (2,)

    async def test_others_go_on_while_another_process_has_it_locked(
        self, claims: SqliteClaims, other: sqlite3.Connection
    ) -> None:
        other.execute("BEGIN IMMEDIATE")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(claims.begin, THEIRS)
            await anyio.wait_all_tasks_blocked()
            other.execute("ROLLBACK")
        assert await claims.rivals(OURS)


class TestClaims:
    @pytest.fixture
    async def claims(self, store: str, tmp_path: Path) -> AsyncIterator[Claims]:
        async with AsyncExitStack() as stack:
            made: Claims = SqliteClaims(lambda: tmp_path, "here")
            if store:
                shared = Shared(store, "acme")
                stack.push_async_callback(shared.aclose)
                made = SharedClaims(shared)
            stack.push_async_callback(made.aclose)
            yield made

    async def test_a_record_belongs_to_the_write_that_said_so(self, claims: Claims) -> None:
        since = time.time()
        await claims.begin(THEIRS)
        assert await claims.rivals(OURS)
        assert not await claims.rivals(THEIRS)
        await claims.end(THEIRS, Record("messages 1"))
        assert not await claims.rivals(OURS)
        assert await claims.taken(OURS, Record("messages 1"), since)
        assert not await claims.take(OURS, Record("messages 1"), since)
        assert not await claims.taken(THEIRS, Record("messages 1"), since)
        assert await claims.take(THEIRS, Record("messages 1"), since)
        assert await claims.take(OURS, Record("messages 2"), since)
        assert await claims.taken(THEIRS, Record("messages 2"), since)

    async def test_a_write_that_was_not_made_is_in_nobodys_way(self, claims: Claims) -> None:
        await claims.begin(THEIRS)
        await claims.end(THEIRS, None)
        assert not await claims.rivals(OURS)

    async def test_an_id_that_a_sandbox_has_given_again_is_not_taken(self, claims: Claims) -> None:
        await claims.end(THEIRS, Record("messages 1"))
        later = time.time() + APART + 1
        assert not await claims.taken(OURS, Record("messages 1"), later)
        assert await claims.take(OURS, Record("messages 1"), later)

    async def test_an_id_with_another_time_is_surely_neither_of_the_two(self, claims: Claims) -> None:
        since = time.time()
        for theirs, ours in ((1.0, 2.0), (None, 2.0), (1.0, None), (1.0, 1.0)):
            await claims.end(THEIRS, Record("messages 1", theirs))
            same = theirs is None or ours is None or theirs == ours
            assert await claims.taken(OURS, Record("messages 1", ours), since) is (True if same else None)
            assert not await claims.take(OURS, Record("messages 1", ours), since)

    async def test_a_write_that_never_ended_is_forgotten_in_time(
        self, claims: Claims, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await claims.begin(THEIRS)
        long_after = time.time() + UNDER_WAY + 1
        monkeypatch.setattr(sqlite_claims.time, "time", lambda: long_after)
        assert not await claims.rivals(OURS)

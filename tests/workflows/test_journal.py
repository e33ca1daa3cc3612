"""The journal of long jobs: durable, locked, without values."""

import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drift_mcp.drift.errors import OutOfTime, Unauthorized, Unreachable
from drift_mcp.workflows.bulk import journal as module
from drift_mcp.workflows.bulk.journal import Journal, Running, job_name


def file_of(state: Path, name: str = "job") -> Path:
    return state / "jobs" / f"{name}.sqlite"


def test_what_was_recorded_is_there_the_next_time(tmp_path: Path) -> None:
    with Journal(tmp_path, "job") as journal:
        journal.intend("a", "created")
        journal.settle("b", "updated", 7)
        journal.settle("c", "updated", 5)
        journal.keep_plan([{"id": 1}, {"id": 2}])
    with Journal(tmp_path, "job") as journal:
        assert (journal.intent("a"), journal.outcome("a")) == ("created", None)
        assert (journal.intent("b"), journal.outcome("b")) == (None, "updated")
        assert (journal.intent("z"), journal.outcome("z")) == (None, None)
        assert journal.mark() == 7
        assert journal.plan() == [{"id": 1}, {"id": 2}]


def test_an_outcome_ends_an_intent_and_a_dropped_intent_is_gone(tmp_path: Path) -> None:
    with Journal(tmp_path, "job") as journal:
        journal.intend("a", "created")
        journal.settle("a", "created")
        journal.intend("b", "created")
        journal.drop("b")
    with Journal(tmp_path, "job") as journal:
        assert journal.intent("a") is None
        assert (journal.intent("b"), journal.outcome("b")) == (None, None)


def test_a_job_cannot_run_twice_at_once_but_two_jobs_can(tmp_path: Path) -> None:
    with Journal(tmp_path, "job"):
        with pytest.raises(Running):
            Journal(tmp_path, "job")
        Journal(tmp_path, "another").close()
    Journal(tmp_path, "job").close()


def test_a_killed_process_leaves_what_it_recorded_and_no_lock(tmp_path: Path, launch: Callable[..., Any]) -> None:
    script = (
        "import sys, time, pathlib; from drift_mcp.workflows.bulk.journal import Journal\n"
        "j = Journal(pathlib.Path(sys.argv[1]), 'job')\n"
        "for n in range(50): j.intend(f'i{n}', 'created'); j.settle(f's{n}', 'created', n)\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    child = launch("-c", script, str(tmp_path), command=(sys.executable,))
    assert child.read_line() == b"ready\n"
    with pytest.raises(Running):
        Journal(tmp_path, "job")
    child.signal(9)
    assert child.wait() == -9
    with Journal(tmp_path, "job") as journal:
        assert all(journal.intent(f"i{n}") == "created" for n in range(50))
        assert all(journal.outcome(f"s{n}") == "created" for n in range(50))
        assert journal.mark() == 49


def test_it_holds_no_value_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with Journal(tmp_path, "job") as journal:
        journal.intend("jane@acme.example", "created")
        files = list(file_of(tmp_path).parent.iterdir())
        assert not any(b"jane" in file.read_bytes() or b"acme" in file.read_bytes() for file in files)
    assert b"jane" not in file_of(tmp_path).read_bytes()
    assert file_of(tmp_path).stat().st_mode & 0o077 == 0


def test_the_same_key_in_two_jobs_has_two_hashes(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "two"):
        with Journal(tmp_path, name) as journal:
            journal.settle("jane@acme.example", "created")
        with sqlite3.connect(file_of(tmp_path, name)) as db:
            keys += [key for (key,) in db.execute("SELECT key FROM items")]
        db.close()
    assert len(set(keys)) == 2


def test_a_finished_job_leaves_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path, "job") as journal:
        journal.settle("a", "created")
        journal.finish()
    assert [path.name for path in file_of(tmp_path).parent.iterdir()] == ["key"]
    with Journal(tmp_path, "job") as journal:
        assert journal.outcome("a") is None


def test_a_fresh_one_forgets_the_run_before(tmp_path: Path) -> None:
    with Journal(tmp_path, "job") as journal:
        journal.settle("a", "created", 3)
        journal.keep_plan([{"id": 1}])
    with Journal(tmp_path, "job", fresh=True) as journal:
        assert (journal.outcome("a"), journal.mark(), journal.plan()) == (None, 0, [])


@pytest.mark.parametrize("content", [b"this is no database, whatever its name says" * 50, b""])
def test_a_file_that_is_no_database_is_replaced(tmp_path: Path, content: bytes) -> None:
    file_of(tmp_path).parent.mkdir()
    file_of(tmp_path).write_bytes(content)
    with Journal(tmp_path, "job") as journal:
        journal.settle("a", "created")
        assert journal.outcome("a") == "created"


def test_a_torn_write_ahead_log_costs_only_what_was_torn(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "job")
    journal.settle("a", "created")
    folder = file_of(tmp_path).parent
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    journal.settle("b", "created")
    after = (folder / "job.sqlite-wal").read_bytes()
    journal.close()
    torn = after[: len(before["job.sqlite-wal"]) + (len(after) - len(before["job.sqlite-wal"])) // 2]
    (folder / "job.sqlite").write_bytes(before["job.sqlite"])
    (folder / "job.sqlite-wal").write_bytes(torn)
    with Journal(tmp_path, "job") as again:
        assert again.outcome("a") == "created"
        assert again.outcome("b") is None


def test_jobs_left_for_long_are_forgotten(tmp_path: Path) -> None:
    for name in ("old", "young"):
        Journal(tmp_path, name).close()
    past = time.time() - module.KEPT_FOR - 60
    os.utime(file_of(tmp_path, "old"), (past, past))
    Journal(tmp_path, "job").close()
    assert not file_of(tmp_path, "old").exists()
    assert file_of(tmp_path, "young").exists()


class Place:
    """As much of a context as a job's name needs."""

    failing: type[Exception] = Unauthorized

    def __init__(self, connection: str = "default", drift: str = "https://a", org: int | None = 1) -> None:
        self._about = {"connection": connection, "drift": drift, "server_version": "1", "surface": {}}
        self._org = org

    def about(self) -> dict[str, Any]:
        return self._about

    async def organisation(self) -> str:
        if self._org is None:
            raise self.failing
        return f"organisation {self._org}"


async def name_of(job: Any = "x", **place: Any) -> str:
    return await job_name(Place(**place), "sync", job)  # type: ignore[arg-type]


async def test_a_job_has_the_same_name_each_time_and_another_in_every_other_place() -> None:
    assert await name_of() == await name_of()
    names = {
        await name_of(),
        await name_of(job="y"),
        await name_of(connection="eu"),
        await name_of(drift="https://b"),
        await name_of(org=2),
        await name_of(org=None),
    }
    assert len(names) == 6


@pytest.mark.parametrize("error", [Unreachable, OutOfTime])
async def test_where_drift_cannot_be_asked_a_job_has_no_name(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(Place, "failing", error)
    with pytest.raises(error):
        await name_of(org=None)


def test_it_knows_whether_an_earlier_run_has_not_come_to_its_end(tmp_path: Path) -> None:
    for fresh, resumed in ((False, False), (False, True), (True, False), (False, True)):
        with Journal(tmp_path, "job", fresh=fresh) as journal:
            assert journal.resumed is resumed
    with Journal(tmp_path, "job") as journal:
        journal.finish()
    with Journal(tmp_path, "job") as journal:
        assert not journal.resumed


async def test_a_job_in_the_sandbox_of_this_process_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    here = await name_of(connection="sandbox")
    assert here == await name_of(connection="sandbox")
    elsewhere = await name_of()
    monkeypatch.setattr(module, "_PROCESS", "another")
    assert here != await name_of(connection="sandbox")
    assert elsewhere == await name_of()


def test_a_guessed_key_cannot_be_found_in_it(tmp_path: Path) -> None:
    with Journal(tmp_path, "job") as journal:
        journal.settle("nina.falk@brightquay.example", "created")
    db = sqlite3.connect(file_of(tmp_path))
    kept = {key for (key,) in db.execute("SELECT key FROM items")}
    db.close()
    assert hashlib.sha256(b"job nina.falk@brightquay.example").hexdigest() not in kept
    assert len(kept) == 1
    (tmp_path / "jobs" / "key").unlink()
    with Journal(tmp_path, "job") as journal:
        assert journal.outcome("nina.falk@brightquay.example") is None

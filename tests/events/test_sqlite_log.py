"""The log of events in SQLite: its file, what cannot be used, and what a killed process leaves."""

import asyncio
import os
import sqlite3
import stat
import sys
from pathlib import Path

import anyio
import pytest

from drift_mcp.events.log import LogUnavailable
from drift_mcp.events.sqlite_log import SqliteLog

from .conftest import OpenLog, new_message
from .test_log import ALL, WRITER, numbers


@pytest.fixture
def store() -> str:
    """The embedded one alone."""
    return ""


class TestFile:
    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
    async def test_only_its_owner_can_read_it(self, log: SqliteLog, tmp_path: Path) -> None:
        await log.append([new_message(1)])
        modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)}
        assert len(modes) == 3
        assert set(modes.values()) == {0o600}

    async def test_a_log_that_cannot_be_written_says_so_to_all_who_append(self, open_log: OpenLog) -> None:
        log = open_log()
        await log.append([new_message(1)])
        assert log._file._db is not None
        log._file._db.execute("PRAGMA query_only = ON")
        refused = await asyncio.gather(
            *(log.append([new_message(number)]) for number in (2, 3)), return_exceptions=True
        )
        assert [type(each) for each in refused] == [LogUnavailable, LogUnavailable]
        log._file._db.execute("PRAGMA query_only = OFF")
        assert await log.append([new_message(2)]) == [True]

    async def test_what_is_no_log_is_left_alone(self, log: SqliteLog, tmp_path: Path) -> None:
        (tmp_path / "events.sqlite").write_bytes(b"no database" * 1_000)
        with pytest.raises(LogUnavailable):
            await log.append([new_message(1)])
        assert (tmp_path / "events.sqlite").read_bytes().startswith(b"no database")

    async def test_each_commit_is_synced(self, log: SqliteLog) -> None:
        await log.append([new_message(1)])
        assert log._file._db is not None
        assert log._file._db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert log._file._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    async def test_a_log_that_lost_everything_goes_on_counting(self, log: SqliteLog) -> None:
        await log.append([new_message(1)])
        cursor = (await log.latest(ALL, 1)).cursor
        assert log._file._db is not None
        log._file._db.execute("DELETE FROM events")
        await log.append([new_message(2)])
        assert numbers(await log.read(ALL, cursor, 5)) == [2]

    async def test_a_killed_process_leaves_a_sound_file(self, tmp_path: Path) -> None:
        script = WRITER.replace("await log.aclose()", "import os; os.kill(os.getpid(), 9)")
        path = str(tmp_path / "events.sqlite")
        killed = await anyio.run_process([sys.executable, "-c", script, path, "1"], check=False)
        assert killed.returncode != 0
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class TestManyAtOnce:
    async def test_what_comes_while_one_is_written_shares_a_transaction(self, log: SqliteLog) -> None:
        await log.append([new_message(1)])
        assert log._file._db is not None
        statements = list[str]()
        log._file._db.set_trace_callback(statements.append)
        await asyncio.gather(*(log.append([new_message(number)]) for number in range(2, 102)))
        assert [each for each in statements if each in {"BEGIN IMMEDIATE", "COMMIT"}] == [
            "BEGIN IMMEDIATE",
            "COMMIT",
        ] * 2

    async def test_more_than_one_statement_takes_are_appended_in_several(self, log: SqliteLog) -> None:
        twice = [new_message(1 + number % 1_500) for number in range(3_000)]
        assert await log.append(twice) == [True] * 1_500 + [False] * 1_500
        assert {entry.duplicates for entry in (await log.read(ALL, "0", 2_000)).entries} == {1}

    async def test_what_waits_is_written_before_it_is_closed(self, log: SqliteLog, open_log: OpenLog) -> None:
        appends = [asyncio.create_task(log.append([new_message(number)])) for number in range(1, 51)]
        await asyncio.sleep(0)
        await log.aclose()
        assert [await each for each in appends] == [[True]] * 50
        assert len((await open_log().read(ALL, "0", 100)).entries) == 50

"""Two processes that begin a file's write-ahead log at once: SQLite lets neither wait by itself, so we do."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drift_mcp import wal


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Two connections to a file, of which the other has it locked."""
    own, other = (sqlite3.connect(tmp_path / "file.sqlite", timeout=0.0, isolation_level=None) for _ in range(2))
    with closing(own), closing(other):
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN EXCLUSIVE")
        yield own, other


def test_who_comes_second_waits_until_the_file_is_free(
    busy: tuple[sqlite3.Connection, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = busy
    monkeypatch.setattr(wal.time, "sleep", lambda _: other.execute("COMMIT"))
    wal.use_wal(own)
    assert own.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_but_not_for_ever(busy: tuple[sqlite3.Connection, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, wal.BUSY - 1, wal.BUSY])
    monkeypatch.setattr(wal.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(wal.time, "sleep", lambda _: None)
    with pytest.raises(sqlite3.OperationalError):
        wal.use_wal(busy[0])


def test_what_no_waiting_helps_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(wal.time, "sleep", waited.append)
    clock = iter([0.0, 0.0, wal.BUSY])
    monkeypatch.setattr(wal.time, "monotonic", lambda: next(clock))
    with closing(sqlite3.connect(tmp_path / "file.sqlite")) as made:
        made.execute("CREATE TABLE t (a)")
    own = sqlite3.connect(f"file:{tmp_path}/file.sqlite?mode=ro", uri=True)
    with closing(own), pytest.raises(sqlite3.OperationalError, match="readonly"):
        wal.use_wal(own)
    assert waited == []

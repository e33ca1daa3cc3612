"""Real processes, ended while they make keyed writes and started again: no write is lost, none is made twice."""

import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import KILL, TERMINATE, LocalDrift, Process, eventually

from .desk import audited

POINTS = 4
SEED = 6
LATE = 20_000
"""Milliseconds: an answer so late comes after the end of whoever waits for it."""

Start = Callable[[], "Server"]


class Server:
    """`drift-mcp serve`, spoken to line by line."""

    def __init__(self, process: Process) -> None:
        self.process = process
        about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        self._say(id=0, method="initialize", params=about)
        process.read_line()
        self._say(method="notifications/initialized")
        self._calls = 0

    def _say(self, **message: Any) -> None:
        self.process.write_line(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def begin(self, tool: str, **arguments: Any) -> None:
        """Call a tool without waiting for its answer."""
        self._calls += 1
        self._say(id=self._calls, method="tools/call", params={"name": tool, "arguments": arguments})

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        self.begin(tool, **arguments)
        content: dict[str, Any] = json.loads(self.process.read_line())["result"]["structuredContent"]
        return content


@pytest.fixture
def start(launch: Callable[..., Process], drift: LocalDrift, tmp_path: Path) -> Start:
    """Starts a server on the local Drift; all of them share one state folder."""
    return lambda: Server(launch("serve", env=drift.env | {"DRIFT_STATE_DIR": str(tmp_path)}))


@pytest.fixture
def chat(drift: LocalDrift) -> int:
    return int(drift.visitor_says("Hello?", email="killed@visitor.example")["conversationId"])


def answer_late(drift: LocalDrift, *, late: bool = True) -> None:
    faults = [{"kind": "late_answer", "ms": LATE, "methods": ["POST"], "path": "*/messages"}] if late else []
    drift.http.post("/_sandbox/faults", json={"faults": faults}).raise_for_status()


def texts(drift: LocalDrift, chat: int) -> Counter[str]:
    return Counter(row["body"] for row in drift.get(f"/conversations/{chat}/messages")["data"]["messages"])


def begun(state: Path) -> int:
    """How many keyed writes the journal has."""
    path = state / "journal" / "writes.sqlite"
    if not path.exists():
        return 0
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT count(*) FROM writes").fetchone()[0])
    except sqlite3.OperationalError:  # the table is not made yet
        return 0
    finally:
        db.close()


def test_a_write_that_was_killed_is_finished_by_the_next_call_and_made_once(
    start: Start, drift: LocalDrift, chat: int, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    answers = [
        {"conversation_id": chat, "body": f"Answer {number}", "idempotency_key": f"point-{number:04}"}
        for number in range(POINTS)
    ]
    answer_late(drift)
    for number, arguments in enumerate(answers):
        server = start()
        server.begin("send_message", **arguments)
        eventually(lambda expected=number + 1: begun(tmp_path) == expected)  # type: ignore[misc]
        if number % 2:  # it dies after Drift has done it, else at any moment around that
            eventually(lambda body=arguments["body"]: texts(drift, chat)[body] == 1)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.02))
        server.process.signal(KILL)
        server.process.wait()
    before = sum(texts(drift, chat)[arguments["body"]] for arguments in answers)
    # Those that were made are in the audit, though nobody knows yet what became of them.
    cut_off = audited(tmp_path)
    assert before <= len(cut_off) <= POINTS
    assert {(line["tool"], line["outcome"]) for line in cut_off} == {("send_message", "begun")}
    answer_late(drift, late=False)
    server = start()
    ended = [server.call("send_message", **arguments) for arguments in answers]
    assert sum("recovered" in answer for answer in ended) == before >= POINTS // 2
    assert not [answer for answer in ended if "error" in answer]
    assert [server.call("send_message", **arguments)["id"] for arguments in answers] == [each["id"] for each in ended]
    made = texts(drift, chat)
    assert [made[arguments["body"]] for arguments in answers] == [1] * POINTS


def test_a_server_that_is_told_to_end_reports_the_write_under_way(
    start: Start, drift: LocalDrift, chat: int, tmp_path: Path
) -> None:
    answer_late(drift)
    server = start()
    server.begin("send_message", conversation_id=chat, body="One moment.", idempotency_key="ended-by-signal")
    eventually(lambda: texts(drift, chat)["One moment."] == 1)
    server.process.signal(TERMINATE)
    server.process.wait()
    (line,) = audited(tmp_path)
    assert (line["tool"], line["outcome"]) == ("send_message", "unknown")
    assert "send_message was interrupted" in server.process.stderr
    assert "One moment." not in server.process.stderr

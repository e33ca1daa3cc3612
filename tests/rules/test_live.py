"""Rules in server processes: the local Drift's webhooks go in for real, and what is done is looked up in Drift."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from drift_mcp.audit import one_each
from tests.conftest import KILL, LocalDrift, eventually
from tests.http.host import Host, client
from tests.store.topology import called

from .conftest import Run, Serve

NOTED = "Began a chat on the website"
NOTE = f'[connections.acme.on.new_conversation]\npost_timeline_event = {{ event = "{NOTED}" }}\n'
ENRICH = "[connections.acme.on.contact_identified]\nenrich_contact = true\n"
LATE = 20_000
Write = Callable[[str], Path]


def visitors_come(drift: LocalDrift, count: int, domain: str = "gearwick.example") -> list[int]:
    """The contacts of so many new visitors, each of whom begins a conversation."""
    chats = [drift.visitor_says("Hello?", email=f"rule{number}@{domain}")["conversationId"] for number in range(count)]
    return [int(drift.get(f"/conversations/{chat}")["data"]["contactId"]) for chat in chats]


def settled(drift: LocalDrift) -> dict[str, Any]:
    counts: dict[str, Any] = drift.http.get("/_sandbox/webhooks", params={"settled": 60}).raise_for_status().json()
    return counts


def faults(drift: LocalDrift, *planned: dict[str, Any]) -> None:
    drift.http.post("/_sandbox/faults", json={"faults": planned}).raise_for_status()


def written(drift: LocalDrift, method: str, path: str = "") -> Counter[str]:
    """How often each path that begins with `path` was written to with success."""
    asked = drift.requests()
    return Counter(
        each["path"]
        for each in asked
        if each["method"] == method and each["path"].startswith(path) and each["status"] < 300
    )


def noted(drift: LocalDrift, contact: int) -> int:
    rows = drift.get(f"/v2/contacts/{contact}/timeline", limit=100)["data"]
    return sum(row["event"] == NOTED for row in rows)


def attributes(drift: LocalDrift, contact: int) -> dict[str, Any]:
    found: dict[str, Any] = drift.get(f"/contacts/{contact}")["data"]["attributes"]
    return found


def begun(state: Path) -> int:
    """How many writes the journal has."""
    try:
        with sqlite3.connect(f"file:{state / 'journal' / 'writes.sqlite'}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT COUNT(*) FROM writes").fetchone()[0])
    except sqlite3.OperationalError:  # it is not made yet
        return 0


def acted(state: Path) -> int:
    """How many events the rules have acted on. The ledger says so: asking Drift all the time would slow it down."""
    with sqlite3.connect(f"file:{state / 'events-acme.sqlite'}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT COUNT(*) FROM tasks WHERE state = 'done'").fetchone()[0])


def audit(state: Path) -> list[dict[str, Any]]:
    return one_each(json.loads(line) for line in (state / "audit.jsonl").read_text().splitlines())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder of the connection acme."""
    return tmp_path / "state" / "connections" / "acme"


class TestActing:
    def test_an_identified_contact_gets_what_its_account_knows_and_what_drift_cannot_do_now_is_done_later(
        self, serve: Serve, connections: Write, drift: LocalDrift, state: Path
    ) -> None:
        connections(ENRICH)
        host = serve("--metrics")
        (contact,) = visitors_come(drift, 1)
        eventually(lambda: acted(state) == 1)
        assert attributes(drift, contact)["employment_name"] == "Gearwick Industrial"
        (line,) = audit(state)
        assert line["principal"] == "rule:contact_identified.enrich_contact"
        assert (line["tool"], line["job"]) == ("update_contact", "enrich_contact")
        assert line["ids"]["contact_id"] == contact
        faults(drift, {"kind": "expired_token", "path": "/accounts*", "times": 1})
        chat = drift.visitor_says("Hello?", email="later@gearwick.example")["conversationId"]
        later = int(drift.get(f"/conversations/{chat}")["data"]["contactId"])
        eventually(lambda: acted(state) == 2)
        assert attributes(drift, later)["employment_name"] == "Gearwick Industrial"
        rule = 'rule="contact_identified.enrich_contact"'
        for outcome, count in (("retried", 1), ("done", 2)):
            counted = f'drift_mcp_rule_runs_total{{outcome="{outcome}",{rule}}} {count}.0'
            eventually(lambda line=counted: line in host.http.get("/metrics").text)  # type: ignore[misc]
        assert written(drift, "PATCH") == {f"/contacts/{each}": 1 for each in (contact, later)}

    def test_two_servers_act_on_each_event_once_however_bad_the_way_to_and_from_drift_is(
        self, serve: Serve, connections: Write, drift: LocalDrift, state: Path
    ) -> None:
        connections(NOTE)
        serve()
        serve(webhooks={"duplicates": 0.6, "reorder": 5, "seed": 4})
        lost = {"path": "/contacts/timeline", "share": 0.2}
        faults(
            drift, {"kind": "reset_after", **lost}, {"kind": "error_after", **lost}, {"kind": "reset_before", **lost}
        )
        contacts = visitors_come(drift, 10)
        counts = settled(drift)
        assert counts["failed"] == 0
        assert counts["duplicated"] > 5
        eventually(lambda: acted(state) >= 10)
        assert [noted(drift, each) for each in contacts] == [1] * 10


def test_what_two_servers_were_acting_on_when_they_were_killed_is_done_once(
    serve: Serve, connections: Write, drift: LocalDrift, state: Path
) -> None:
    connections(NOTE)
    servers = [serve(), serve()]
    # Drift has done what one of them asked for, and not what the other did.
    late: dict[str, Any] = {"ms": LATE, "methods": ["POST"], "path": "/contacts/timeline", "times": 1}
    faults(drift, {"kind": "late_answer", **late}, {"kind": "latency", **late})
    contacts = visitors_come(drift, 2)
    settled(drift)
    eventually(lambda: begun(state) == 2)
    eventually(lambda: sum(noted(drift, each) for each in contacts) == 1)
    for server in servers:
        server.process.signal(KILL)
        server.process.wait()
    faults(drift)
    serve()
    eventually(lambda: acted(state) == 2)
    assert [noted(drift, each) for each in contacts] == [1, 1]


class TestFailing:
    async def test_what_policy_forbids_is_given_up_shown_and_done_once_it_is_allowed_and_again_when_it_is_asked_for(
        self, serve: Serve, connections: Write, drift: LocalDrift, state: Path, events: Run
    ) -> None:
        connections(f"read_only = true\n{NOTE}")
        host = serve()
        contacts = visitors_come(drift, 3)
        settled(drift)
        seen = await failures(host, 3)
        assert {each["contact_id"] for each in seen} == set(contacts)
        assert {json.dumps(each["failed"]) for each in seen} == {
            '{"rule": "new_conversation.post_timeline_event", "reason": "not_allowed", "attempts": 1}'
        }
        assert not written(drift, "POST", "/contacts")
        host.close()
        connections(NOTE)
        listed = events("failed")
        assert [json.loads(line)["reason"] for line in listed.stdout.splitlines()] == ["not_allowed"] * 3
        assert events("replay", "--failed").stdout == "acme: 3 to be acted on again\n"
        serve()
        eventually(lambda: acted(state) == 3)
        assert [noted(drift, each) for each in contacts] == [1] * 3
        assert events("replay", "--type", "contact_identified").stdout.startswith("acme: 0")
        assert events("replay", "--since", "1h").stdout == "acme: 3 to be acted on again\n"
        eventually(lambda: [noted(drift, each) for each in contacts] == [2] * 3)

    def test_a_replay_has_to_say_of_what(self, events: Run) -> None:
        said = events("replay")
        assert said.status == 2
        assert "--failed, --since or --type" in said.stderr
        assert "no connection has rules" in events("replay", "--failed").stderr

    def test_a_rule_that_cannot_work_is_said_by_name(self, events: Run, connections: Write) -> None:
        connections("[connections.acme.on.new_message]\nenrich_contact = true\n")
        said = events("failed")
        assert said.status == 2
        assert "connections: acme: on: rules can be for new_conversation" in said.stderr


def test_what_was_read_is_read_anew_as_soon_as_a_webhook_came_to_any_worker(
    serve: Serve, connections: Write, drift: LocalDrift
) -> None:
    connections("cache_seconds = 600\n")
    host = serve("--workers", "2")
    chat = drift.visitor_says("Hello?", email="cached@visitor.example")["conversationId"]
    settled(drift)
    path = f"/conversations/{chat}"

    def seen() -> set[str]:
        found = set()
        for _ in range(8):  # each by a connection of its own, so that both workers are asked
            with httpx.Client(base_url=host.url, timeout=15, trust_env=False) as http:
                found.add(called(http, "get_conversation", conversation_id=chat)["updated_at"])
        return found

    def asked() -> int:
        return sum(each["path"] == path for each in drift.requests())

    (before,) = seen()
    assert 1 <= asked() <= 2
    # Times are shown to the second, so the next message has to come in another one.
    eventually(lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") > before)
    drift.visitor_says("And another thing", conversationId=chat)
    settled(drift)
    (after,) = seen()
    assert after > before
    assert asked() <= 4


async def failures(host: Host, count: int) -> list[dict[str, Any]]:
    """What the agent is shown of failures, once there are so many."""
    async with client(host.url + "/mcp") as mcp:
        for _ in range(100):
            result = await mcp.call_tool("list_received_events", {"status": "failed"})
            found: list[dict[str, Any]] = result.structured_content["items"]
            if len(found) >= count:
                break
    return found

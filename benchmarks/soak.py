"""`python -m benchmarks.soak`: mixed calls by clients that come and go, while the server is watched.

The server is a process of its own, over HTTP, and so is the sandbox behind it, which fails now and then. 6,000 calls
are an hour of all that Drift's limit lets through. Exit code 1 when memory, open files or the state folder grow.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from statistics import linear_regression, median
from typing import Any

import anyio
import httpx
from mcp import MCPError

from tests.conftest import DRIFT_MCP, LocalDrift, Process
from tests.http.host import WAYS, Host, client

CLIENTS = 6
"""At a time; each stays for some calls, and another one comes."""
FAULTS = "latency:0.02,429:0.002,503:0.01,reset_before:0.005,reset_after:0.005,truncated:0.005,not_json:0.005"
WARM_UP = 0.4
"""Share of the calls after which nothing should grow any more."""
MOST_GROWTH = 25.0
"""KB of memory for 1,000 calls."""
MOST_FILES = 12
"""File descriptors that the last samples may have more than the first: clients and their streams differ in number."""
MOST_REST, MOST_KEPT = 5_500, 0.25
"""KB of the state folder besides the audit: SQLite's logs of up to 4 and 1 MB, and what is kept of each write."""
_BETWEEN = 1.0
"""Seconds between samples."""

Arguments = Callable[[Random, int], dict[str, Any]]


@dataclass(frozen=True)
class Sample:
    """The server at one moment: calls answered, memory in KB, open files, bytes of its audit and of its other state."""

    calls: int
    memory: int
    files: int
    audit: int
    rest: int


@dataclass
class Soak:
    """What the clients share."""

    url: str
    server: int
    state: Path
    wanted: int
    ids: dict[str, list[Any]]
    answered: Counter[str] = field(default_factory=Counter[str])
    samples: list[Sample] = field(default_factory=list[Sample])
    calls: int = 0
    clients: int = 0
    writes: int = 0
    keyed: int = 0
    seconds: float = 0.0

    def sample(self) -> None:
        status = Path(f"/proc/{self.server}/status").read_text()
        memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        files = len(os.listdir(f"/proc/{self.server}/fd"))
        sizes = {path: path.stat().st_size for path in self.state.rglob("*") if path.is_file()}
        audit = sum(size for path, size in sizes.items() if path.name.startswith("audit"))
        self.samples.append(Sample(self.calls, memory, files, audit, sum(sizes.values()) - audit))


def main() -> int:
    options = _options()
    logging.getLogger("client").setLevel(logging.ERROR)  # it warns of every call of a tool that is not listed
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {name: value for name, value in os.environ.items() if not name.startswith("DRIFT_")}
        env["XDG_STATE_HOME"] = folder
        drift = LocalDrift(Process((*DRIFT_MCP, "sandbox", "--port", "0"), env, home))
        serving = Process((*DRIFT_MCP, "serve", "--transport", "http", "--port", "0"), env | drift.env, home)
        try:
            host = Host(serving)
            soak = Soak(host.url, serving.child.pid, home / "drift-mcp", options.calls, _ids(drift))
            drift.http.post("/_sandbox/faults", json={"faults": FAULTS, "seed": 7}).raise_for_status()
            anyio.run(_run, soak, options.seed)
            stacks = serving.stderr.count("Traceback")
        finally:
            serving.end()
            drift.close()
    lines, bad = report(soak)
    print("\n".join(lines))
    if stacks:
        print(f"{stacks} stacks in the server's log: {serving.stderr[serving.stderr.index('Traceback') :][:3000]}")
    return int(bad or bool(stacks))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def _ids(drift: LocalDrift) -> dict[str, list[Any]]:
    """Some of what is in the sandbox."""
    chats = drift.get("/conversations/list", limit=20)["data"]
    contacts = [chat["contactId"] for chat in chats if "contactId" in chat]
    emails = [drift.get(f"/contacts/{each}")["data"]["attributes"].get("email") for each in contacts[:5]]
    return {"chat": [chat["id"] for chat in chats], "contact": contacts, "email": [each for each in emails if each]}


# ---- the calls -----------------------------------------------------------------------------------------------------


def _mix(ids: dict[str, list[Any]]) -> list[tuple[str, int, Arguments]]:
    """The tools that are called, how often each, and with what. A key is of this run and one place in it."""

    def chat(random: Random) -> dict[str, Any]:
        return {"conversation_id": random.choice(ids["chat"])}

    return [
        ("list_conversations", 10, lambda random, _: {"limit": random.randint(1, 50)}),
        ("get_conversation", 15, lambda random, _: chat(random)),
        ("list_messages", 10, lambda random, _: chat(random)),
        ("get_conversation_transcript", 5, lambda random, _: chat(random)),
        ("find_contacts_by_email", 8, lambda random, _: {"email": random.choice(ids["email"])}),
        ("get_contact", 8, lambda random, _: {"contact_id": random.choice(ids["contact"])}),
        ("find_operations", 8, lambda random, _: {"intent": f"add a note to conversation {random.randint(1, 99)}"}),
        ("run_read_operation", 5, lambda _, __: {"name": "list_teams"}),
        ("list_accounts", 3, lambda _, __: {"limit": 10}),
        ("triage_inbox", 1, lambda _, __: {"limit": 5}),
        ("create_note", 4, lambda random, place: chat(random) | {"body": f"Soaked {place}"}),
        ("update_contact", 5, lambda r, place: {"contact_id": r.choice(ids["contact"]), "name": f"Vera {place}"}),
        (
            "post_timeline_event",
            4,
            lambda random, place: {
                "contact_id": random.choice(ids["contact"]),
                "event": f"Soaked {place}",
                "idempotency_key": f"soak-{place:08}",
            },
        ),
        ("get_conversation", 3, lambda _, place: {"conversation_id": 10**12 + place}),  # there is none
        ("get_contact", 3, lambda _, __: {"contact_id": "nobody", "and": "so on"}),
        ("no_such_tool", 1, lambda _, __: {}),
        ("delete_contact", 2, lambda random, _: {"contact_id": random.choice(ids["contact"])}),  # only previewed
    ]


async def _run(soak: Soak, seed: int) -> None:
    random, places = Random(seed), count()
    mix = _mix(soak.ids)
    weights = [weight for _, weight, _ in mix]

    async def one_client(path: str, era: str) -> None:
        """Comes, calls for a while, and goes; now and then in the middle of a call, or without a word."""
        soak.clients += 1
        leaves_early = random.random() < 0.1
        async with client(soak.url + path, era) as mcp:
            for _ in range(random.randint(5, 60)):
                tool, _, arguments = random.choices(mix, weights)[0]
                with anyio.move_on_after(0.02 if leaves_early and random.random() < 0.1 else None) as scope:
                    try:
                        result = await mcp.call_tool(tool, arguments(random, next(places)))
                    except MCPError:
                        soak.answered["protocol error"] += 1
                    else:
                        soak.answered["error result" if result.is_error else "success"] += 1
                soak.answered["cancelled"] += scope.cancelled_caught
                soak.calls += 1
                soak.writes += tool in {"create_note", "update_contact", "post_timeline_event"}
                soak.keyed += tool == "post_timeline_event"

    async def clients() -> None:
        while soak.calls < soak.wanted:
            if random.random() < 0.05:
                await _rude(soak.url)
            path, era = random.choice(WAYS)
            with suppress(ExceptionGroup):
                await one_client(path, era)

    async def watch() -> None:
        while True:
            soak.sample()
            await anyio.sleep(_BETWEEN)

    began = time.monotonic()
    async with anyio.create_task_group() as watching:
        watching.start_soon(watch)
        async with anyio.create_task_group() as tasks:
            for _ in range(CLIENTS):
                tasks.start_soon(clients)
        soak.seconds = time.monotonic() - began
        await anyio.sleep(3)  # streams that are open have ended by then
        soak.sample()
        watching.cancel_scope.cancel()


async def _rude(url: str) -> None:
    """Opens a stream and goes without closing anything."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        with suppress(httpx.HTTPError):
            async with http.stream("GET", f"{url}/sse", headers={"accept": "text/event-stream"}) as answer:
                await anext(answer.aiter_bytes())


# ---- what it came to -----------------------------------------------------------------------------------------------


def report(soak: Soak) -> tuple[list[str], bool]:
    """The figures as lines, and whether something grows."""
    first, last = soak.samples[0], soak.samples[-1]
    warm = [each for each in soak.samples[:-1] if each.calls >= WARM_UP * soak.wanted]
    slope = linear_regression([each.calls for each in warm], [each.memory for each in warm]).slope * 1000
    ends = max(1, len(warm) // 5)
    memory = [median(each.memory for each in part) / 1024 for part in (warm[:ends], warm[-ends:])]
    files = [median(each.files for each in part) for part in (warm[:ends], warm[-ends:])]
    lines = (last.audit - first.audit) / max(1, soak.writes)
    rest = max(each.rest for each in warm) / 1024
    answered = ", ".join(f"{kind} {number:,}" for kind, number in soak.answered.most_common())
    most = MOST_REST + MOST_KEPT * soak.writes
    bad = slope > MOST_GROWTH or files[1] - files[0] > MOST_FILES or rest > most
    return [
        f"{soak.calls:,} calls by {soak.clients:,} clients in {soak.seconds:.0f} s, {soak.calls / soak.seconds:.0f}/s: "
        f"{answered}",
        f"memory: {first.memory / 1024:.1f} MB at the start, {memory[0]:.1f} MB after {WARM_UP:.0%} of the calls, "
        f"{memory[1]:.1f} MB at the end: {slope:+.1f} KB for 1,000 calls since (bar {MOST_GROWTH:+.0f})",
        f"open files: {first.files} at the start, {files[0]:.0f} and {files[1]:.0f} while clients call, "
        f"{last.files} when they have gone (bar {MOST_FILES:+})",
        f"state folder: {lines:.0f} bytes of audit for each of {soak.writes:,} writes; the rest, of which "
        f"{soak.keyed:,} writes had a key, never more than {rest:,.0f} KB (bar {most:,.0f})",
    ], bad


if __name__ == "__main__":
    sys.exit(main())

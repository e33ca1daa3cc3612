"""`python -m benchmarks.webhooks`: webhooks taken in each second, beside a bare route that only inserts into SQLite.

Both are processes of their own that answer when the event is on disk. They get the same events in blocks in turn, over
connections that stay open, one event at a time on each. The ratios are of the medians of the blocks; processor time,
which other work on the machine hardly changes, is that of the server in a block (Linux).

With `--rules` ours without rules is compared with ours that has one, which looks at each event and acts on none.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.conftest import DRIFT_MCP, LocalDrift, Process

PEER = Path(__file__).with_name("peers") / "webhook_route.py"
TOKEN = "a-token-for-the-benchmark"
OURS, BARE, RULES = "drift-mcp", "bare route", "with a rule"
PATHS = {OURS: "/webhooks/drift/drift", BARE: "/", RULES: "/webhooks/drift/drift"}
_READY = re.compile(r"serving at http://127\.0\.0\.1:(\d+)/")
_LENGTH = re.compile(rb"(?i)\ncontent-length: (\d+)")


@dataclass(frozen=True)
class Server:
    """A process that takes webhooks."""

    port: int
    pid: int

    def processor_ms(self) -> float:
        """Milliseconds of processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Prints a line for each number of connections."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhooks", description=__doc__)
    parser.add_argument("--blocks", type=int, default=7, help="blocks for each server (default: 7)")
    parser.add_argument("--events", type=int, default=1_500, help="events in a block (default: 1500)")
    parser.add_argument("--rules", action="store_true", help="compare with a server that has a rule")
    options = parser.parse_args()
    numbers = iter(range(1, 10**9))
    other = RULES if options.rules else BARE
    print(
        f"{'connections':>11}  {'events a second':>27}  {'ratio':>5}  {'p99 in ms':>26}  {'processor ms an event':>26}"
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        start = _with_rule if options.rules else _bare
        candidates = {
            OURS: servers.enter_context(_ours(Path(folder) / "state")),
            other: servers.enter_context(start(Path(folder))),
        }
        for connections in (1, 8, 32, 128):
            rates: dict[str, list[float]] = {name: [] for name in candidates}
            times: dict[str, list[float]] = {name: [] for name in candidates}
            used: dict[str, list[float]] = {name: [] for name in candidates}
            for block in range(options.blocks + 1):
                for name, server in candidates.items():
                    before, began = server.processor_ms(), time.perf_counter()
                    took = asyncio.run(_block(server.port, PATHS[name], connections, options.events, numbers))
                    if block:  # the first only warms up
                        rates[name].append(options.events / (time.perf_counter() - began))
                        used[name].append((server.processor_ms() - before) / options.events)
                        times[name] += took
            ours, theirs = median(rates[OURS]), median(rates[other])
            p99 = {name: sorted(each)[len(each) * 99 // 100] * 1000 for name, each in times.items()}
            print(
                f"{connections:>11}  {ours:>7.0f} ({other} {theirs:>5.0f})  {ours / theirs:>5.2f}"
                f"  {p99[OURS]:>6.1f} ({other} {p99[other]:>5.1f})"
                f"  {median(used[OURS]):>6.2f} ({other} {median(used[other]):>5.2f})"
            )
    return 0


@contextmanager
def _with_rule(folder: Path) -> Iterator[Server]:
    """Ours, with a sandbox to ask which organisation it is, and a rule for what does not come."""
    sandbox = LocalDrift(Process((*DRIFT_MCP, "sandbox", "--port", "0"), {}, folder))
    file = folder / "connections.toml"
    file.write_text(
        f'[connections.drift]\nbase_url = "{sandbox.url}"\ntoken_env = "SANDBOX_TOKEN"\n'
        'webhook_token_env = "DRIFT_WEBHOOK_TOKEN"\n'
        "[connections.drift.on.new_conversation]\nenrich_contact = true\n"
    )
    try:
        more = {"SANDBOX_TOKEN": sandbox.token, "DRIFT_CONNECTIONS": str(file)}
        with _ours(folder / "with-a-rule", **more) as server:
            yield server
    finally:
        sandbox.close()


@contextmanager
def _ours(state: Path, **more: str) -> Iterator[Server]:
    own = {"DRIFT_WEBHOOK_TOKEN": TOKEN, "DRIFT_ACCESS_TOKEN": "none", "DRIFT_STATE_DIR": str(state)}
    env = os.environ | own | more
    command = [sys.executable, "-m", "drift_mcp", "serve", "--transport", "http", "--port", "0"]
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    ready = next(found for line in process.stderr if (found := _READY.search(line)))
    try:
        yield Server(int(ready[1]), process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _bare(folder: Path) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, str(PEER), str(folder / "bare.sqlite")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield Server(int(process.stdout.readline()), process.pid)
    finally:
        process.terminate()
        process.wait()


async def _block(port: int, path: str, connections: int, events: int, numbers: Iterator[int]) -> list[float]:
    """Send so many events; the seconds each answer took."""
    left = iter(range(events))
    took: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            body = _event(next(numbers))
            head = (
                f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                f"X-Verification-Token: {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            began = time.perf_counter()
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(answer)
            await reader.readexactly(int(length[1]) if length else 0)
            took.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer.decode())
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(one())
    return took


def _event(number: int) -> bytes:
    """A visitor's message as Drift sends it (drift-api.md §7)."""
    data = {
        "id": number,
        "orgId": 84213,
        "conversationId": number % 500,
        "type": "chat",
        "author": {"type": "contact", "id": number % 300, "bot": False},
        "body": "<p>Hello, do you have a plan for a team of <b>forty</b>? We would like to start next month.</p>",
        "createdAt": 1_772_452_800_000 + number,
        "context": {"ip": "203.0.113.7", "userAgent": "Mozilla/5.0", "location": {"city": "Boston"}},
        "attributes": {},
    }
    return json.dumps({"type": "new_message", "token": TOKEN, "orgId": 84213, "data": data}).encode()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.budget`: how much of one call budget two replicas use together, and that they never pass it.

Two `drift-mcp serve` processes behind nginx, one Redis, and 50 clients that call as fast as they are answered. The
sandbox counts what reaches it, and refuses what is more than 1 % over the budget. Allowed is what the budget says: a
minute's worth at once, and the rest evenly. Exit code 1 when the use is more than 1 % off that, or a call was refused.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import DRIFT_MCP, LocalDrift, Process
from tests.store.topology import HEADERS, Topology, called, topology
from tests.support.redis_server import redis_server

OFF = 0.01
"""Share of what is allowed by which the calls may differ from it."""
WINDOW = 10
SETTLED = 5
"""Seconds of one window, and from the end of the first burst to the first of them."""
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_users", "arguments": {}}}


@dataclass(frozen=True)
class Look:
    """The sandbox's counts so many seconds after the first call, and how many calls the budget allows until then."""

    seconds: float
    made: int
    refused: int
    allowed: float

    @property
    def off(self) -> float:
        """Calls made and not allowed; below 0 those allowed and not made, among them the part of the next one."""
        return self.made - self.allowed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--per-minute", type=int, default=1_200)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--windows", type=int, default=8, help="of 10 s, after the first burst (default: 8)")
    parser.add_argument("--timeout", default="", help="most seconds for a call (default: as the server has it)")
    options = parser.parse_args()
    settings = {"DRIFT_CALLS_PER_MINUTE": str(options.per_minute), "DRIFT_IGNORE_SCOPES": "1"}
    if options.timeout:
        settings["DRIFT_TOTAL_TIMEOUT"] = options.timeout
    with _pair(str(int(options.per_minute * (1 + OFF))), settings) as pair:
        for replica in pair.replicas:
            called(replica.http, "list_users")
        time.sleep(1 + 120 / options.per_minute)  # what that took out of the budget is there again
        looks, failed = asyncio.run(_Run(pair, options.per_minute).run(options.clients, options.windows))
    return _report(looks, failed, options.per_minute / 60)


@contextmanager
def _pair(most: str, settings: dict[str, str]) -> Iterator[Topology]:
    """The two replicas, and a sandbox that takes `most` calls a minute."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ending:
        home = Path(folder)
        env = {name: value for name, value in os.environ.items() if not name.startswith("DRIFT_")}
        env["XDG_STATE_HOME"] = folder

        def launch(*args: str, env: dict[str, str] = env, base: dict[str, str] = env) -> Process:
            process = Process((*DRIFT_MCP, *args), base | env, home)
            ending.callback(process.end)
            return process

        for name in ("redis", "pair"):
            home.joinpath(name).mkdir()
        drift = LocalDrift(launch("sandbox", "--port", "0", "--rate-limit", most))
        ending.callback(drift.http.close)
        redis = ending.enter_context(redis_server(home / "redis"))
        with topology(launch, drift, redis, home / "pair", **settings) as opened:
            yield opened


class _Run:
    """One measurement with `pair`, whose budget is full when it begins."""

    def __init__(self, pair: Topology, per_minute: int) -> None:
        self._pair = pair
        self._burst = per_minute
        self._rate = per_minute / 60
        self._before = pair.accepted()
        self._began = 0.0
        self._failed = 0

    async def run(self, clients: int, windows: int) -> tuple[list[Look], int]:
        """A look each second once the first burst is used up; and how many calls failed."""
        most = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(base_url=self._pair.url, timeout=60, trust_env=False, limits=most) as http:
            for _ in self._pair.replicas:  # opens the connections
                await http.get("/healthz")
            asked = time.monotonic()
            await self._call(http)
            self._began = (asked + time.monotonic()) / 2
            calling = [asyncio.create_task(self._client(http)) for _ in range(clients)]
            try:
                # What is on its way does not count as a burst that is left.
                while (await self._tick()).off < -clients:
                    pass
                for _ in range(SETTLED):
                    await self._tick()
                looks = [await self._tick() for _ in range(windows * WINDOW + 1)]
            finally:
                for each in calling:
                    each.cancel()
                await asyncio.gather(*calling, return_exceptions=True)
        return looks, self._failed

    async def _client(self, http: httpx.AsyncClient) -> None:
        while True:
            await self._call(http)

    async def _call(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/mcp", json=CALL, headers=HEADERS)
        if '"isError":true' in answer.raise_for_status().text:
            self._failed += 1
            await asyncio.sleep(0.2)

    async def _tick(self) -> Look:
        """A look in a second."""
        await asyncio.sleep(1)
        asked = time.monotonic()
        answer = await asyncio.to_thread(self._pair.drift.http.get, "/_sandbox/limits")
        seconds = (asked + time.monotonic()) / 2 - self._began
        tokens: list[dict[str, Any]] = answer.raise_for_status().json()["tokens"]
        made, refused = (sum(each[name] for each in tokens) for name in ("accepted", "refused"))
        return Look(seconds, made - self._before, refused, self._burst + self._rate * seconds)


def _report(looks: list[Look], failed: int, rate: float) -> int:
    def window(first: Look, last: Look) -> str:
        calls, allowed = last.made - first.made, rate * (last.seconds - first.seconds)
        return f"{calls} of {allowed:.1f} ({calls / allowed - 1:+.2%})"

    print(f"{'seconds':>8}  {'calls in the window':>24}  {'calls since the first':>24}")
    for number in range(0, len(looks), WINDOW):
        look = looks[number]
        inside = window(looks[number - WINDOW], look) if number else ""
        since = f"{look.made} of {look.allowed:.1f} ({look.off / look.allowed:+.2%})"
        print(f"{look.seconds:>8.1f}  {inside:>24}  {since:>24}")
    least, most = min(look.off for look in looks), max(look.off for look in looks)
    refused = looks[-1].refused
    print(f"all windows: {window(looks[0], looks[-1])}")
    print(f"since the first, each second: between {least:+.1f} and {most:+.1f} calls off")
    print(f"refused by the sandbox: {refused}; error results: {failed}; load {os.getloadavg()[0]:.1f}")
    return int(refused > 0 or any(abs(look.off) > OFF * look.allowed for look in looks))


if __name__ == "__main__":
    sys.exit(main())

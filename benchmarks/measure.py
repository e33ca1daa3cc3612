"""The measurements. Timed ones are interleaved, a round being every server once: all see the same machine."""

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import stub
from benchmarks.pipe import Failed, Server
from benchmarks.servers import Call, Candidate

Env = Mapping[str, str]
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Startup:
    """One start: milliseconds from spawning to the complete list of tools, and peak memory then.

    The first call is timed apart, so that work put off until it does not go unseen.
    """

    milliseconds: float
    megabytes: float
    first_call: float


@dataclass(frozen=True)
class Calls:
    """The timed calls of one server, block by block in milliseconds, and its peak memory after them."""

    blocks: list[list[float]]
    megabytes: float

    @property
    def all(self) -> list[float]:
        """Every call's milliseconds."""
        return [call for block in self.blocks for call in block]

    @property
    def medians(self) -> list[float]:
        """The median of each block."""
        return [statistics.median(block) for block in self.blocks]


@dataclass(frozen=True)
class Size:
    """A list of tools as compact JSON."""

    tools: int
    bytes: int
    bytes_with_output: int
    parameters: int
    undescribed: int

    @property
    def per_tool(self) -> float:
        """Average size of one tool, output schema not counted."""
        return self.bytes / self.tools


@contextmanager
def running_stub() -> Iterator[int]:
    """Drift's stand-in, in a process of its own; gives its port."""
    command = (sys.executable, "-m", "benchmarks.stub")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def works(candidate: Candidate, env: Env) -> None:
    """Start a server once and check its answers. Also the warm-up: its byte code is on disk afterwards."""
    with Server(candidate.command, env) as server:
        server.initialize()
        server.tools()
        if str(stub.CONVERSATION_ID) not in _text(server, candidate.get):
            raise Failed(f"{candidate.name} answers {candidate.get.tool} without the conversation")


def startup(candidates: Sequence[Candidate], env: Env, runs: int) -> dict[str, list[Startup]]:
    """Start every server `runs` times, in turn, after a turn that is not counted."""
    results: dict[str, list[Startup]] = {candidate.name: [] for candidate in candidates}
    for run in range(runs + 1):
        for candidate in candidates:
            start = time.perf_counter()
            with Server(candidate.command, env) as server:
                server.initialize()
                tools = server.tools()
                elapsed = time.perf_counter() - start
                memory = server.peak_memory()
                first_call = _timed(server, candidate.get)
            assert tools
            if run:
                results[candidate.name].append(Startup(elapsed * 1000, memory / MEGABYTE, first_call))
    return results


def calls(candidates: Sequence[Candidate], env: Env, blocks: int, per_block: int) -> dict[str, Calls]:
    """Call get_conversation over and over: a block on each server in turn, after two rounds not counted."""
    times: dict[str, list[list[float]]] = {candidate.name: [] for candidate in candidates}
    with ExitStack() as stack:
        servers = {c.name: stack.enter_context(Server(c.command, env)) for c in candidates}
        for server in servers.values():
            server.initialize()
            server.tools()
        for block in range(-2, blocks):
            for candidate in candidates:
                timed = [_timed(servers[candidate.name], candidate.get) for _ in range(per_block)]
                if block >= 0:
                    times[candidate.name].append(timed)
        return {name: Calls(times[name], servers[name].peak_memory() / MEGABYTE) for name in servers}


def size(candidate: Candidate, env: Env) -> Size:
    """How large a server's list of tools is."""
    with Server(candidate.command, env) as server:
        server.initialize()
        tools = server.tools()
    shown = [{key: value for key, value in tool.items() if key != "outputSchema"} for tool in tools]
    parameters = [p for tool in tools for p in tool["inputSchema"].get("properties", {}).values()]
    return Size(
        tools=len(tools),
        bytes=_compact(shown),
        bytes_with_output=_compact(tools),
        parameters=len(parameters),
        undescribed=sum(not parameter.get("description") for parameter in parameters),
    )


def page(candidate: Candidate, env: Env) -> int:
    """How many bytes of text an agent reads for a page of 25 conversations, all of which must be in it."""
    assert candidate.page
    with Server(candidate.command, env) as server:
        server.initialize()
        text = _text(server, candidate.page)
    rows: Any = stub.page()["data"]
    missing = [row["id"] for row in rows if not re.search(rf"\b{row['id']}\b", text)]
    if missing:
        raise Failed(f"{candidate.name} left {len(missing)} of {len(rows)} conversations out of the page")
    return len(text.encode())


def _timed(server: Server, call: Call) -> float:
    start = time.perf_counter()
    server.call(call.tool, call.arguments)
    return (time.perf_counter() - start) * 1000


def _text(server: Server, call: Call) -> str:
    content = server.call(call.tool, call.arguments)["content"]
    return "".join(part["text"] for part in content if part["type"] == "text")


def _compact(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def plain(value: object) -> Any:
    """A result as JSON has it."""
    if isinstance(value, Startup | Calls | Size):
        return asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value

"""`python -m benchmarks.tokens`: the tokens and tool calls of five everyday jobs, beside a generated server."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters, stdio_client

from benchmarks import servers
from benchmarks.jobs import driftbot, lead, reply, routing, triage
from benchmarks.jobs.agent import Agent, Turn, compact
from benchmarks.jobs.drift import Drift, running_drift
from benchmarks.jobs.job import Job
from benchmarks.pipe import Failed

JOBS = (reply.JOB, lead.JOB, driftbot.JOB, routing.JOB, triage.JOB)
OURS, PEER = ("default", "discovery"), "from_openapi"
NAMES = (*OURS, PEER)
BAR = 0.5
ENCODING = "o200k_base"
FOLDER = Path(__file__).parent / "jobs"
MOST_SECONDS = 120
SHOWN = ("name", "description", "inputSchema")


@dataclass
class Played:
    """One job on one server: what a model would have read and written, and why it failed if it did."""

    instructions: str
    tools: list[dict[str, Any]]
    turns: list[Turn]
    guessed: list[str]
    failure: str | None = None


@dataclass(frozen=True)
class Cost:
    """What a job takes, in tokens: what is there before it starts, what is written, what is read; and tool calls."""

    listed: int
    instructions: int
    written: int
    read: int
    calls: int

    @property
    def tokens(self) -> int:
        """From the first tools/list to finished."""
        return self.before + self.written + self.read

    @property
    def before(self) -> int:
        """What every session costs before its first call."""
        return self.listed + self.instructions


def main() -> int:
    """Play, count, print. The exit code is 1 when a bar was missed or a job was not done."""
    options = _options()
    wanted = [job for number, job in enumerate(JOBS, 1) if not options.only or number in options.only]
    python = servers._python("tokens", (FOLDER / "requirements.txt").read_text())
    played = {name: anyio.run(_play_all, name, _command(name), wanted) for name in NAMES}
    count = _counter(python, played)
    costs = {name: [_cost(each, count) for each in plays] for name, plays in played.items()}
    lines, passed = _report(wanted, costs, played, count)
    print("\n".join(lines))
    if options.json:
        document = _document(wanted, costs, played, count, passed)
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if passed else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tokens", description=__doc__)
    numbers = ", ".join(f"{number} {job.name}" for number, job in enumerate(JOBS, 1))
    parser.add_argument(
        "--only", type=int, choices=range(1, len(JOBS) + 1), action="append", help=f"one job; repeatable: {numbers}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every call with its texts as JSON")
    return parser.parse_args()


def _command(name: str) -> tuple[str, ...]:
    if name == PEER:
        return (servers.from_openapi().command[0], str(FOLDER / "peer.py"))
    return servers.ours("--toolsets", name).command


# ---- playing --------------------------------------------------------------------------------------------------------


async def _play_all(name: str, command: Sequence[str], jobs: Sequence[Job]) -> list[Played]:
    """Every job in a session of its own, on a fresh Drift."""
    with running_drift() as drift:
        played = []
        for job in jobs:
            drift.reset()
            print(f"{name}: {job.name} …", file=sys.stderr)
            played.append(await _play(name, command, job, drift))
        return played


async def _play(name: str, command: Sequence[str], job: Job, drift: Drift) -> Played:
    environment = {**servers.environment(0), "DRIFT_BASE_URL": drift.url, "DRIFT_ACCESS_TOKEN": drift.token}
    server = StdioServerParameters(command=command[0], args=list(command[1:]), env=environment)
    played = Played("", [], [], [])
    try:
        facts = job.prepare(drift)
        # What the servers log is no part of the report; one that does not start answers no list, and that is told.
        with anyio.fail_after(MOST_SECONDS), open(os.devnull, "w") as log:  # noqa: ASYNC230
            async with Client(stdio_client(server, log)) as client:
                played.tools = await _tools(client)
                played.instructions = client.instructions or ""
                agent = Agent(client)
                played.turns, played.guessed = agent.turns, agent.guessed
                answer = await job.plays[name](agent, facts)
        job.check(drift, facts, answer)
    except Exception as error:
        # Whatever it is, the others are still worth playing; it is told, and the exit code says so.
        played.failure = _why(error)
    return played


async def _tools(client: Client) -> list[dict[str, Any]]:
    """The whole list, without output schemas, which hosts do not show to a model."""
    tools: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools += [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in page.tools]
        cursor = page.next_cursor
        if cursor is None:
            return [{key: value for key, value in tool.items() if key != "outputSchema"} for tool in tools]


def _why(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"


# ---- counting -------------------------------------------------------------------------------------------------------


def _texts(played: Played) -> list[str]:
    turns = [text for turn in played.turns for text in (turn.tool, turn.arguments, turn.result)]
    return [played.instructions, compact(played.tools), compact(_shown(played.tools)), *turns]


def _shown(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The part of the list that a host hands to a model."""
    return [{key: tool[key] for key in SHOWN if key in tool} for tool in tools]


def _counter(python: Path, played: Mapping[str, list[Played]]) -> Mapping[str, int]:
    """Every text that was written or read, and how many tokens it has."""
    texts = sorted({text for plays in played.values() for each in plays for text in _texts(each)})
    command = (str(python), str(FOLDER / "count.py"), ENCODING)
    done = subprocess.run(command, input=json.dumps(texts).encode(), capture_output=True, check=True)
    return dict(zip(texts, json.loads(done.stdout), strict=True))


def _cost(played: Played, count: Mapping[str, int]) -> Cost:
    return Cost(
        listed=count[compact(played.tools)],
        instructions=count[played.instructions],
        written=sum(count[turn.tool] + count[turn.arguments] for turn in played.turns),
        read=sum(count[turn.result] for turn in played.turns),
        calls=len(played.turns),
    )


# ---- reporting ------------------------------------------------------------------------------------------------------


def _report(
    jobs: Sequence[Job],
    costs: Mapping[str, list[Cost]],
    played: Mapping[str, list[Played]],
    count: Mapping[str, int],
) -> tuple[list[str], bool]:
    rows = [_head()]
    rows += [_row(job.name, [_pair([costs[name][place]]) for name in NAMES]) for place, job in enumerate(jobs)]
    rows.append(_row("in total", [_pair(costs[name]) for name in NAMES]))
    if len(jobs) == len(JOBS):
        but_triage = [_pair(costs[name][:-1]) for name in NAMES]
        rows.append(_row("without triage", but_triage))
        one_session = [(tokens - sum(c.before for c in costs[n][1:]), calls) for n, (tokens, calls) in _totals(costs)]
        rows.append(_row("all in one session", one_session))
        shown = [_pair([_as_shown(c, each, count) for c, each in zip(costs[n], played[n], strict=True)]) for n in NAMES]
        rows.append(_row("with the list as shown", shown))
    lines = [f"tokens of {ENCODING}, tool calls; {datetime.now(UTC):%Y-%m-%d}", "", *_columns(rows), ""]
    rows = [("before the first call", "tools", "tools/list", "of it shown", "instructions", "together")]
    for name in NAMES:
        first, cost = played[name][0], costs[name][0]
        figures = (cost.listed, count[compact(_shown(first.tools))], cost.instructions, cost.before)
        rows.append((name, str(len(first.tools)), *(f"{figure:,}" for figure in figures)))
    lines += [*_columns(rows), ""]
    # The bars are for all five together.
    judged, passed = _judge(costs) if len(jobs) == len(JOBS) else ([], True)
    lines += judged
    for name in NAMES:
        for job, each in zip(jobs, played[name], strict=True):
            if each.failure:
                lines.append(f"FAILED {name}, {job.name}: {each.failure}")
            if each.guessed:
                lines.append(f"FAILED {name}, {job.name}: find_operations did not offer {', '.join(each.guessed)}")
            passed = passed and not each.failure and not each.guessed
    return lines, passed


def _as_shown(cost: Cost, played: Played, count: Mapping[str, int]) -> Cost:
    return replace(cost, listed=count[compact(_shown(played.tools))])


def _pair(costs: Sequence[Cost]) -> tuple[int, int]:
    return sum(cost.tokens for cost in costs), sum(cost.calls for cost in costs)


def _totals(costs: Mapping[str, list[Cost]]) -> list[tuple[str, tuple[int, int]]]:
    return [(name, _pair(costs[name])) for name in NAMES]


def _head() -> tuple[str, ...]:
    ratios = tuple(f"{name} ×" for name in OURS)
    return ("job", f"tokens: {NAMES[0]}", *NAMES[1:], *ratios, f"calls: {NAMES[0]}", *NAMES[1:], *ratios)


def _row(what: str, pairs: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    cells = [what]
    for part in range(2):
        figures = [pair[part] for pair in pairs]
        cells += [f"{figure:,}" for figure in figures]
        cells += [f"{figure / figures[-1]:.2f}" if figures[-1] else "-" for figure in figures[:-1]]
    return tuple(cells)


def _judge(costs: Mapping[str, list[Cost]]) -> tuple[list[str], bool]:
    lines, passed = [], True
    peer = _pair(costs[PEER])
    for name in OURS:
        for what, ours, theirs in zip(("tokens", "tool calls"), _pair(costs[name]), peer, strict=True):
            ratio = ours / theirs if theirs else float("inf")
            passed = passed and ratio <= BAR
            off = abs(1 - ratio / BAR)
            verdict = f"pass, {off:.1%} to spare" if ratio <= BAR else f"MISS by {off:.1%}"
            lines.append(f"{name}: {ratio:.3f} × the {what} of {PEER}, bar ≤ {BAR}: {verdict}")
    return lines, passed


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in rows)
    ]


def _document(
    jobs: Sequence[Job],
    costs: Mapping[str, list[Cost]],
    played: Mapping[str, list[Played]],
    count: Mapping[str, int],
    passed: bool,
) -> dict[str, Any]:
    def turn(each: Turn) -> dict[str, Any]:
        written = count[each.tool] + count[each.arguments]
        return {**vars(each), "tokens_written": written, "tokens_read": count[each.result]}

    def job(name: str, place: int) -> dict[str, Any]:
        cost, each = costs[name][place], played[name][place]
        outcome = {"failure": each.failure, "guessed": each.guessed}
        return {**vars(cost), "tokens": cost.tokens, **outcome, "turns": [turn(one) for one in each.turns]}

    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "encoding": ENCODING,
        "bar": BAR,
        "passed": passed,
        "totals": {name: {"tokens": tokens, "calls": calls} for name, (tokens, calls) in _totals(costs)},
        "jobs": [
            {"name": each.name, "request": each.request, "servers": {name: job(name, place) for name in NAMES}}
            for place, each in enumerate(jobs)
        ],
        "tools": {name: played[name][0].tools for name in NAMES},
    }


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.faults`: thousands of writes under faults; what became of each. Exit code 1 on a violation."""

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import anyio

from benchmarks.faults.run import Ran, Run, Said, run

COLUMNS = ("writes", "applied", "of these recovered", "not applied", "unknown", "of these applied", "violations")


def main() -> int:
    options = _options()
    logging.getLogger("drift_mcp").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as state:
        done = anyio.run(run, options.writes, options.seed, options.callers, Path(state))
    print(table(done))
    print("\n".join(["", *summary(done, options.seed, options.callers)]))
    violations = done.violations()
    for what, ran in violations[:20]:
        write = ran.write
        print(
            f"\n{what}: {write.operation} {json.dumps(write.arguments)}\n  said {ran.said}, settled {ran.settled}, "
            f"there {ran.times} times, then {ran.times_settled}; answers {json.dumps(ran.answers)}",
            file=sys.stderr,
        )
    return int(bool(violations))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--writes", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--callers", type=int, default=24, help="writes at a time (default: 24)")
    return parser.parse_args()


def table(done: Run) -> str:
    """The counts of each operation, and of all, as Markdown."""
    by_operation: dict[str, list[Ran]] = defaultdict(list)
    for ran in done.ran:
        by_operation[ran.write.operation].append(ran)
    lines = ["| operation | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name in sorted(by_operation):
        lines.append(_line(f"`{name}`", by_operation[name]))
    return "\n".join([*lines, _line("**in total**", done.ran)])


def _line(name: str, rows: Iterable[Ran]) -> str:
    counts: Counter[str] = Counter()
    for ran in rows:
        counts["writes"] += 1
        counts[ran.said] += 1
        found = any("recovered" in each or "gone" in each for each in ran.answers)
        counts["of these recovered"] += ran.said is Said.APPLIED and found
        counts["of these applied"] += ran.said is Said.UNKNOWN and ran.times > 0
        counts["violations"] += bool(ran.violation())
    return "| " + " | ".join([name, *(f"{counts[column]:,}" for column in COLUMNS)]) + " |"


def summary(done: Run, seed: int, callers: int) -> list[str]:
    """The run in a few sentences."""
    number = len(done.ran)
    unknown = [ran for ran in done.ran if ran.said is Said.UNKNOWN]
    settled = Counter(ran.settled for ran in unknown if ran.settled)
    hit = sum(done.faults.values())
    kinds = Counter(found for found, _ in done.violations())
    why = Counter(error["kind"] for ran in unknown for answer in ran.answers[:1] if (error := answer.get("error")))
    return [
        f"seed {seed}, {callers} callers; {done.calls:,} calls in {done.seconds:.0f} s: "
        f"{done.calls / done.seconds:.0f} calls/s",
        f"{done.requests:,} requests to Drift, {hit:,} of them hit by a fault ({hit / done.requests:.1%}): "
        + ", ".join(f"{kind} {count:,}" for kind, count in done.faults.most_common()),
        f"unknown: {len(unknown):,} of {number:,} ({len(unknown) / number:.2%}), after "
        + ", ".join(f"{kind} {count:,}" for kind, count in why.most_common()),
        "unknown with a key, called again once Drift worked: "
        + (", ".join(f"{count:,} {said}" for said, count in settled.most_common()) or "none"),
        "audit lines: " + ", ".join(f"{count:,} {end}" for end, count in done.audit.most_common()),
        "violations: " + (", ".join(f"{count} {what}" for what, count in kinds.items()) or "none"),
    ]


if __name__ == "__main__":
    sys.exit(main())

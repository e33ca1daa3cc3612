"""`python -m benchmarks.intents`: how well `find_operations` finds, by kind of phrase, and how fast."""

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drift_mcp import intents
from drift_mcp.catalogue import load

PHRASES = Path(__file__).parent.parent / "tests" / "data" / "intent_phrases_dev.jsonl"
PARTS = ("tune", "unseen", "all")


@dataclass
class Tally:
    """What came of the phrases of one kind."""

    phrases: int = 0
    first: int = 0
    in_three: int = 0
    refused: int = 0
    misses: list[tuple[str, str, str]] = field(default_factory=list)
    """(phrase, wanted, found)"""


def part_of(phrase: str) -> str:
    """Which part of the development phrases this one is in: a fixed 60 % were tuned on, the rest was not looked at."""
    return "tune" if int(hashlib.sha256(phrase.encode()).hexdigest(), 16) % 10 < 6 else "unseen"


def read(file: Path, part: str = "all") -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if part in ("all", part_of(row["phrase"]))]


def tally(index: intents.Index, rows: list[dict[str, Any]]) -> dict[str, Tally]:
    """By kind. A phrase counts when the first result is one that it accepts; nothing fits where `expect` is empty."""
    tallies: dict[str, Tally] = {}
    for row in rows:
        names = [match.name for match in index.search(row["phrase"], 3)]
        result = tallies.setdefault(row["kind"], Tally())
        result.phrases += 1
        expect = row["expect"]
        if not expect:
            result.first += not names
            result.in_three += not names
        else:
            result.first += names[:1] != [] and names[0] in expect
            result.in_three += any(name in expect for name in names)
            result.refused += not names
        if (names[:1] != [] and names[0] not in expect) or (not names and expect):
            result.misses.append((row["phrase"], expect[0] if expect else "nothing", names[0] if names else "nothing"))
    return tallies


def timing(index: intents.Index, phrases: list[str], rounds: int = 5) -> tuple[float, float]:
    """p50 and p99 of a query in milliseconds."""
    times = []
    for _ in range(rounds):
        for phrase in phrases:
            start = time.perf_counter_ns()
            index.search(phrase)
            times.append((time.perf_counter_ns() - start) / 1e6)
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intents", description=__doc__)
    parser.add_argument("--phrases", type=Path, default=PHRASES, help='lines of {"phrase", "expect", "kind"}')
    parser.add_argument("--part", choices=PARTS, default="all", help="of the development phrases (default: all)")
    parser.add_argument("--misses", action="store_true", help="print every phrase that went wrong")
    options = parser.parse_args()
    entries = [entry for entry in load().values() if entry.path is not None]
    start = time.perf_counter()
    index = intents.Index(entries)
    build = (time.perf_counter() - start) * 1000
    rows = read(options.phrases, options.part)
    tallies = tally(index, rows)
    print(f"{'kind':<12}{'phrases':>8}{'first':>9}{'in three':>10}{'refused':>9}")
    served = {kind: each for kind, each in tallies.items() if any(r["expect"] for r in rows if r["kind"] == kind)}
    nothing = {kind: each for kind, each in tallies.items() if kind not in served}
    for kind, each in [*served.items(), *([("all served", _sum(served))] if served else [])]:
        print(
            f"{kind:<12}{each.phrases:>8}{each.first / each.phrases:>9.1%}{each.in_three / each.phrases:>10.1%}"
            f"{each.refused / each.phrases:>9.1%}"
        )
    for kind, each in nothing.items():
        print(f"{kind:<12}{each.phrases:>8}{each.first / each.phrases:>9.1%} recognised as nothing that fits")
    p50, p99 = timing(index, [row["phrase"] for row in rows])
    print(f"\nbuild {build:.1f} ms; a query p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    misses = [miss for each in tallies.values() for miss in each.misses]
    print("\nwanted -> found")
    for (wanted, found), count in Counter((wanted, found) for _, wanted, found in misses).most_common():
        print(f"{count:>4}  {wanted} -> {found}")
    if options.misses:
        for phrase, wanted, found in misses:
            print(f"\n{phrase}\n    wanted {wanted}, found {found}")
    return 0


def _sum(tallies: dict[str, Tally]) -> Tally:
    total = Tally()
    for each in tallies.values():
        total.phrases += each.phrases
        total.first += each.first
        total.in_three += each.in_three
        total.refused += each.refused
    return total


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.intents`: how often the right operation is found for a phrase, by kind of phrase, and how fast.

The phrases are lines of `{"phrase", "expect": [acceptable, best first], "kind"}`; `expect` is empty where nothing fits.
Those of `tests/data` are held out: neither the model nor its settings have seen them. `python -m
drift_mcp.intents.train --check` leaves out one writer of the training phrases at a time; `--phrases` takes a file of
your own.
"""

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drift_mcp import intents
from drift_mcp.catalogue import load

PHRASES = Path(__file__).parent.parent / "tests" / "data" / "intent_phrases_heldout.jsonl"

Row = dict[str, Any]


@dataclass
class Tally:
    """What came of the phrases of one kind."""

    kind: str
    phrases: int = 0
    first: int = 0
    in_three: int = 0
    refused: int = 0
    misses: list[tuple[str, str, str]] = field(default_factory=list)
    """(phrase, wanted, found)"""

    def add(self, other: "Tally") -> None:
        self.phrases += other.phrases
        self.first += other.first
        self.in_three += other.in_three
        self.refused += other.refused
        self.misses += other.misses

    def line(self) -> str:
        return (
            f"{self.kind:<12}{self.phrases:>8}{self.first / self.phrases:>9.1%}{self.in_three / self.phrases:>10.1%}"
            f"{self.refused / self.phrases:>9.1%}"
        )


def read(file: Path = PHRASES) -> list[Row]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def tally(index: intents.Index, rows: list[Row]) -> tuple[list[Tally], Tally]:
    """The phrases that an operation serves, by kind and in the end all, and those that nothing serves."""
    served: dict[str, Tally] = {}
    nothing = Tally("nothing")
    for row in rows:
        names, expect = [match.name for match in index.search(row["phrase"], 3)], row["expect"]
        result = served.setdefault(row["kind"], Tally(row["kind"])) if expect else nothing
        right = names[0] in expect if names and expect else not names and not expect
        result.phrases += 1
        result.first += right
        result.in_three += any(name in expect for name in names) if expect else right
        result.refused += not names
        if not right:
            result.misses.append((row["phrase"], (expect or ["nothing"])[0], (names or ["nothing"])[0]))
    total = Tally("all served")
    for each in served.values():
        total.add(each)
    return [*served.values(), total], nothing


def timing(index: intents.Index, phrases: list[str], rounds: int = 7) -> tuple[float, float]:
    """p50 and p99 over the phrases, in milliseconds; of each phrase the median round, as other processes interrupt.

    A round is all phrases, so that no phrase finds its own features still there.
    """
    times: dict[str, list[float]] = {phrase: [] for phrase in phrases}
    for _ in range(rounds):
        for phrase in phrases:
            start = time.perf_counter_ns()
            index.search(phrase)
            times[phrase].append((time.perf_counter_ns() - start) / 1e6)
    typical = sorted(statistics.median(each) for each in times.values())
    return typical[len(typical) // 2], typical[min(len(typical) - 1, int(len(typical) * 0.99))]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intents", description=__doc__)
    parser.add_argument("--phrases", type=Path, default=PHRASES, metavar="FILE", help="default: tests/data")
    parser.add_argument("--misses", action="store_true", help="print every phrase that went wrong")
    options = parser.parse_args()
    load()
    start = time.perf_counter()
    index = intents.index()
    build = (time.perf_counter() - start) * 1000
    rows = read(options.phrases)
    served, nothing = tally(index, rows)
    print(f"{'kind':<12}{'phrases':>8}{'first':>9}{'in three':>10}{'refused':>9}")
    for each in served:
        if each.phrases:
            print(each.line())
    if nothing.phrases:
        print(f"{nothing.kind:<12}{nothing.phrases:>8}{nothing.first / nothing.phrases:>9.1%} recognised")
    p50, p99 = timing(index, [row["phrase"] for row in rows])
    print(f"\nload {build:.1f} ms; a query p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    misses = served[-1].misses + nothing.misses
    print("\nwanted -> found")
    for (wanted, found), count in Counter((wanted, found) for _, wanted, found in misses).most_common():
        print(f"{count:>4}  {wanted} -> {found}")
    if options.misses:
        for phrase, wanted, found in misses:
            print(f"\n{phrase}\n    wanted {wanted}, found {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

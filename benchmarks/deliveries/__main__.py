"""`python -m benchmarks.deliveries`: webhooks to replicas that are killed. Exit code 1 if one is lost or doubled."""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.deliveries.run import Counted, run


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        done = run(
            Path(folder),
            deliveries=options.deliveries,
            seed=options.seed,
            replicas=options.replicas,
            actions=options.actions,
            connections=options.connections,
            redis=options.store == "redis",
        )
    print("\n".join(summary(done)))
    return int(not done.right)


def summary(done: Counted) -> list[str]:
    """The run in a few lines."""
    deliveries, events, sent = len(done.plan.order), done.plan.events, done.sent
    took, until = sorted(sent.took), sorted(sent.until_taken)
    again = ", ".join(f"{count} {why}" for why, count in sent.again.most_common()) or "none"
    return [
        f"{deliveries:,} deliveries of {events:,} events in {sent.seconds:.0f} s, {done.kills} replicas killed: "
        f"{deliveries / sent.seconds:.0f} a second",
        f"answers: p50 {_ms(took, 50)}, p99 {_ms(took, 99)}; "
        f"from the first try on: p99 {_ms(until, 99)}, slowest {_ms(until, 100)}",
        f"sent again: {sent.again.total()} ({again})",
        f"events lost: {done.lost}, doubled: {done.doubled}, never sent: {done.strange}",
        f"duplicates sent: {deliveries - events:,}, and {sent.unanswered} without an answer; counted: {done.again:,}",
        f"actions: {len(done.plan.acted_on)}, lost: {done.actions_lost}, doubled: {done.actions_doubled}; "
        f"through {done.rules_seconds:.1f} s after the last delivery",
    ]


def _ms(times: list[float], percent: int) -> str:
    return f"{times[min(len(times) - 1, len(times) * percent // 100)] * 1000:.0f} ms"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deliveries", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument(
        "--actions", type=int, default=500, help="events that a rule acts on (default: 500; 0: no rule)"
    )
    parser.add_argument("--connections", type=int, default=32, help="deliveries at once (default: 32)")
    parser.add_argument("--store", choices=("redis", "sqlite"), default="redis", help="sqlite: one state folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

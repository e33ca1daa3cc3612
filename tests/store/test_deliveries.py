"""A small run of `python -m benchmarks.deliveries`: duplicates, disorder and three killed replicas lose nothing."""

from pathlib import Path

from benchmarks.deliveries.__main__ import summary
from benchmarks.deliveries.run import run


def test_no_event_is_lost_or_doubled_or_acted_on_twice(tmp_path: Path) -> None:
    done = run(tmp_path, deliveries=2_000, seed=7, replicas=2, actions=20, connections=16, redis=True)
    assert done.right, "\n".join(summary(done))
    assert done.kills == 3
    assert done.sent.again.total()

"""Slowing down after a refusal and speeding up again."""

import pytest

from drift_mcp.drift.pace import FLOOR, JITTER, LONGEST_WAIT, Pace

INTERVAL = 0.6


def between(low: float, value: float) -> bool:
    """Whether `value` is `low`, with the jitter that may be added."""
    return low - 1e-9 <= value <= low * (1 + JITTER) + 1e-9


def test_without_a_refusal_nothing_waits() -> None:
    pace = Pace(INTERVAL)
    for _ in range(1_000):
        assert pace.wait(0.0) == 0.0
        pace.left(0.0)
        pace.taken(0.0)


@pytest.mark.parametrize("asked", [0.0, 7.0, 300.0])
def test_what_drift_asked_for_is_waited(asked: float) -> None:
    pace = Pace(INTERVAL)
    pace.refused(10.0, 9.0, asked)
    assert between(asked, pace.wait(10.0))


def test_refusals_in_a_row_double_the_wait_up_to_a_minute() -> None:
    pace, now = Pace(INTERVAL), 0.0
    for expected in (1, 2, 4, 8, 16, 32, 60, 60):
        pace.refused(now, now, None)
        assert between(expected, pace.wait(now))
        now += pace.wait(now)
    assert LONGEST_WAIT == 60


def test_a_refusal_halves_the_rate_and_ends_bursts_until_it_has_grown_back() -> None:
    pace = Pace(INTERVAL)
    pace.refused(0.0, 0.0, 0.0)
    assert pace.interval == pytest.approx(INTERVAL * 2)
    waits, now = [], 1.0
    while pace.interval > INTERVAL:
        pace.left(now)
        waits.append(pace.wait(now))
        now += waits[-1]
        pace.taken(now)
    assert waits[0] == pytest.approx(INTERVAL * 2)
    assert waits == sorted(waits, reverse=True)
    assert len(waits) == 8
    pace.left(now)
    assert pace.wait(now) == 0.0


def test_there_is_a_slowest_rate() -> None:
    pace = Pace(INTERVAL)
    for now in range(100):
        pace.refused(float(now), float(now), 0.0)
    assert pace.interval == pytest.approx(INTERVAL / FLOOR)


def test_refusals_of_calls_sent_together_are_one_piece_of_news() -> None:
    pace = Pace(INTERVAL)
    for now in (5.0, 5.1, 5.2):
        pace.refused(now, 4.9, None)
    assert pace.interval == pytest.approx(INTERVAL * 2)
    assert between(1.0, pace.wait(5.0))
    pace.taken(4.9)
    assert pace.interval == pytest.approx(INTERVAL * 2)


def test_a_wait_is_never_shortened_by_a_later_refusal() -> None:
    pace = Pace(INTERVAL)
    pace.refused(0.0, 0.0, 100.0)
    pace.refused(1.0, 1.0, 1.0)
    assert pace.wait(1.0) >= 99.0

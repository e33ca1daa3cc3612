"""Slowing down after a refusal and speeding up again."""

import pytest

from drift_mcp.drift.pace import FLOOR, JITTER, LONGEST_CLOSED, LONGEST_WAIT, PROBE, Pace

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


class TestMoreThanACallLimitNeeds:
    """Drift asks for no call within a day."""

    @pytest.fixture
    def pace(self) -> Pace:
        pace = Pace(INTERVAL)
        pace.refused(0.0, 0.0, 86_400.0)
        return pace

    def test_it_is_not_waited_for_but_remembered(self, pace: Pace) -> None:
        assert between(LONGEST_CLOSED, pace.wait(0.0))
        assert pace.asked == 86_400.0

    def test_one_call_tries_and_the_others_wait_for_what_becomes_of_it(self, pace: Pace) -> None:
        now = pace.wait(0.0)
        assert pace.wait(now) == 0.0
        pace.left(now)
        assert pace.wait(now) == PROBE
        pace.taken(now - 1)  # an answer to a call of before says nothing
        assert pace.wait(now) == PROBE
        pace.taken(now)
        assert pace.wait(now) == 0.0
        assert pace.asked is None

    def test_after_another_refusal_it_is_the_same_again(self, pace: Pace) -> None:
        now = pace.wait(0.0)
        pace.left(now)
        pace.refused(now + 1, now, 86_400.0)
        assert between(LONGEST_CLOSED, pace.wait(now + 1))

    def test_a_call_that_nothing_became_of_does_not_close_it_for_good(self, pace: Pace) -> None:
        now = pace.wait(0.0)
        pace.left(now)
        assert pace.wait(now + PROBE) == 0.0

    def test_what_is_as_long_as_is_waited_is_taken_at_its_word(self) -> None:
        pace = Pace(INTERVAL)
        pace.refused(0.0, 0.0, LONGEST_CLOSED)
        assert pace.asked is None


def test_a_wait_is_never_shortened_by_a_later_refusal() -> None:
    pace = Pace(INTERVAL)
    pace.refused(0.0, 0.0, 100.0)
    pace.refused(1.0, 1.0, 1.0)
    assert pace.wait(1.0) >= 99.0

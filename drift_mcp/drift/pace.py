"""Slows down for everybody when Drift says that there are too many calls, and speeds up again.

The rule, for one budget:

* A refusal (429) halves the rate, down to a sixteenth, and nothing is sent until the wait is over: what Drift asked
  for, else 1, 2, 4 … 60 seconds for refusals in a row. The wait has jitter, so that servers sharing a Drift spread.
* No call limit needs more than `LONGEST_CLOSED`. Where Drift asks for more, one call then tries, and the others wait
  until Drift has taken one.
* While the rate is below the usual one there are no bursts: calls leave at even intervals.
* Every call that Drift takes adds a sixteenth of the usual rate; at the full rate bursts are back.
* A refusal of a call sent before the last slow-down is the same news: it does not slow down again.
"""

import random

FLOOR = STEP = 1 / 16
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
LONGEST_CLOSED = 300.0
PROBE = 60.0
"""Seconds after which the next call tries, where nothing became of the one before."""
JITTER = 0.1
"""Share of a wait that is added at most."""


class Pace:
    """When the next call may leave. Times in seconds, of one clock given by the caller."""

    def __init__(self, interval: float) -> None:
        self._usual = interval
        self._rate = 1.0
        self._open_at = float("-inf")
        self._slowed_at = float("-inf")
        self._refusals = 0
        self._probe_left = float("inf")
        self.asked: float | None = None
        """Seconds that Drift asked for where that was more than is waited, until it takes a call again."""

    @property
    def interval(self) -> float:
        """Seconds between calls once there is no burst left."""
        return self._usual / self._rate

    def wait(self, now: float) -> float:
        """Seconds until a call may leave."""
        return max(0.0, self._open_at - now)

    def left(self, now: float) -> None:
        """A call left."""
        if self.asked is not None:
            self._probe_left = now
            self._open_at = now + PROBE
        elif self._rate < 1:
            self._open_at = now + self.interval

    def taken(self, sent: float) -> None:
        """Drift took a call that left at `sent`."""
        if sent >= self._probe_left:
            self._probe_left, self.asked, self._open_at = float("inf"), None, sent
        if self._rate < 1 and sent >= self._slowed_at:
            self._refusals = 0
            self._rate = min(1.0, self._rate + STEP)

    def refused(self, now: float, sent: float, wait: float | None) -> None:
        """Drift refused a call that left at `sent`, and asked for `wait` seconds if it said so."""
        if sent >= self._slowed_at:
            self._slowed_at = now
            self._rate = max(FLOOR, self._rate / 2)
            self._refusals += 1
            if wait is None:
                wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (self._refusals - 1))
        if wait is not None:
            self.close(now, wait)

    def close(self, now: float, wait: float) -> None:
        """Nothing leaves for `wait` seconds."""
        if wait > LONGEST_CLOSED:
            self._probe_left, self.asked, wait = float("inf"), wait, LONGEST_CLOSED
        jittered = wait * random.uniform(1.0, 1.0 + JITTER)  # noqa: S311
        self._open_at = max(self._open_at, now + jittered)

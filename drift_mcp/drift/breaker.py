"""Leaves a Drift alone that does not work: after many failures in a row calls fail at once, then one call tries."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from drift_mcp.drift.clock import now
from drift_mcp.drift.errors import ConnectionLost, DriftDown, DriftError, ServerFault, TimedOut, Unreachable

FAILURES = 10
"""In a row. More than the tries of one call, which may have hit the one thing that Drift cannot do."""
FIRST_REST, LONGEST_REST = 10.0, 120.0
"""Seconds until a call tries; doubled every time it fails."""

_FAILED = (Unreachable, TimedOut, ConnectionLost, ServerFault)


class Breaker:
    """Counts the tries that failed in a row, of all calls of one gateway."""

    def __init__(self) -> None:
        self._failures = 0
        self._rest = FIRST_REST
        self._closed_until = 0.0
        self._probing = False

    def check(self) -> None:
        """
        Raises:
            DriftDown: Drift is being left alone, or another call is trying just now.
        """
        if self._failures >= FAILURES:
            left = self._closed_until - now()
            if left > 0 or self._probing:
                raise DriftDown(retry_after=max(1, ceil(left)))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one try: notes how it went. Raises as `check` does.

        A try that was cancelled, ran out of its own time or was never sent for want of a token counts as none.
        """
        self.check()
        probe = self._failures >= FAILURES
        self._probing = self._probing or probe
        try:
            yield
        except _FAILED:
            self._note_failure(probe)
            raise
        except DriftError as error:
            if error.status is not None:
                self._failures = 0
            raise
        else:
            self._failures = 0
        finally:
            if probe:
                self._probing = False

    def _note_failure(self, probe: bool) -> None:
        self._failures += 1
        if probe or self._failures == FAILURES:
            self._rest = min(LONGEST_REST, self._rest * 2) if probe else FIRST_REST
            self._closed_until = now() + self._rest

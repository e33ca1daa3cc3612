"""Which failed calls are sent again, and when. What decides is how far the request got:

* **Not sent** (no connection, name not found, no free connection): any call.
* **Refused** (429): any call; Drift did nothing with it. The limiter makes it wait, and the deadline ends that.
* **Sent, and the outcome unknown** (answer lost, late or unreadable, 5xx): only a call that may be sent twice. A 503 is
  no exception, not even with `Retry-After`: what stands before Drift answers so also when Drift was at work already.
* **Answered** (4xx): never, it would be answered the same again. A token that has run out is renewed below this, once.
"""

import random
from dataclasses import dataclass

from drift_mcp.drift.errors import (
    BrokenAnswer,
    ConnectionLost,
    DriftError,
    RateLimited,
    ServerFault,
    TimedOut,
    Unreachable,
)
from drift_mcp.drift.wire import Call

_UNKNOWN = (TimedOut, ConnectionLost, ServerFault, BrokenAnswer)


@dataclass(frozen=True, slots=True)
class Retries:
    """`tries` in all; pauses in seconds, doubling from `first` to `longest`, each shortened at random by up to half."""

    tries: int = 4
    first: float = 0.5
    longest: float = 8.0

    def pause(self, call: Call, error: DriftError, tried: int) -> float | None:
        """Seconds before `call` is sent again, after `tried` tries of which the last failed with `error`; None: never.

        A call that Drift refused is not limited in its tries: see `Pace`.
        """
        if isinstance(error, RateLimited):
            return error.retry_after or 0.0
        again = isinstance(error, Unreachable) or (call.repeatable and isinstance(error, _UNKNOWN))
        if not again or tried >= self.tries:
            return None
        pause = min(self.longest, self.first * 2.0 ** (tried - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
        return max(pause, error.retry_after or 0.0)

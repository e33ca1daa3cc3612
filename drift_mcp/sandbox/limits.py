"""Rate limits: a leaky bucket per token, off unless choices.RATE_LIMITS_ON (or a test) switches them on."""

from __future__ import annotations

from . import choices
from .errors import DriftError


class Bucket:
    """Holds `capacity` calls and drains `per_minute` of them each minute."""

    def __init__(self, capacity: int, per_minute: int) -> None:
        self._capacity = capacity
        self._per_ms = per_minute / 60_000
        self._level = 0.0
        self._at = 0

    def pour(self, now_ms: int) -> bool:
        """Count one call; False where it would overflow."""
        self._level = max(0.0, self._level - (now_ms - self._at) * self._per_ms)
        self._at = now_ms
        if self._level + 1 > self._capacity:
            return False
        self._level += 1
        return True


class Limits:
    """The buckets of every token: one for all calls, one more for /reports (devdocs:
    conversation-reporting)."""

    def __init__(self) -> None:
        self.on = choices.RATE_LIMITS_ON
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def check(self, token_id: str, path: str, now_ms: int) -> None:
        """Raise 429 rate_limit where a budget is used up."""
        if not self.on:
            return
        general = Bucket(choices.GENERAL_BUCKET, choices.GENERAL_LEAK_PER_MINUTE)
        buckets = [self._buckets.setdefault((token_id, "all"), general)]
        if path.startswith("/reports/"):
            reports = Bucket(choices.REPORTS_PER_MINUTE, choices.REPORTS_PER_MINUTE)
            buckets.append(self._buckets.setdefault((token_id, "reports"), reports))
        if not all(bucket.pour(now_ms) for bucket in buckets):
            raise DriftError(429, "rate_limit", "The call budget of this window is used up, try again later")

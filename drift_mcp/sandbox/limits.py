"""Rate limits: a leaky bucket per token, off unless a number of calls a minute is given; and what each token has
asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

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
    """The buckets of every token: one for all calls, one more for /reports (devdocs: conversation-reporting).
    `per_minute`: None for no limit at all."""

    def __init__(self, per_minute: int | None = None) -> None:
        self.per_minute = per_minute
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._counts: dict[str, Counter[str]] = {}

    def check(self, token_id: str, path: str, now_ms: int) -> None:
        """Count the call. Raises 429 rate_limit where a budget is used up."""
        reporting = path.startswith("/reports/")
        accepted = self.per_minute is None or self._pour(token_id, self.per_minute, reporting, now_ms)
        counts = self._counts.setdefault(token_id, Counter())
        what = "accepted" if accepted else "refused"
        counts.update([what, f"reports_{what}"] if reporting else [what])
        if not accepted:
            raise over_budget()

    def restart(self) -> None:
        """Empty buckets, nothing counted."""
        self._buckets.clear()
        self._counts.clear()

    def view(self) -> dict[str, Any]:
        """{"perMinute", "reportsPerMinute", "tokens": [{"id", "accepted", "refused", "reports": {…}}]}, by the
        tokens' ids."""
        limited = self.per_minute is not None
        return {
            "perMinute": self.per_minute,
            "reportsPerMinute": choices.REPORTS_PER_MINUTE if limited else None,
            "tokens": [
                {
                    "id": token_id,
                    "accepted": counts["accepted"],
                    "refused": counts["refused"],
                    "reports": {"accepted": counts["reports_accepted"], "refused": counts["reports_refused"]},
                }
                for token_id, counts in self._counts.items()
            ],
        }

    def _pour(self, token_id: str, per_minute: int, reporting: bool, now_ms: int) -> bool:
        budgets = {"all": per_minute} | ({"reports": choices.REPORTS_PER_MINUTE} if reporting else {})
        return all(
            self._buckets.setdefault((token_id, name), Bucket(calls, calls)).pour(now_ms)
            for name, calls in budgets.items()
        )


def over_budget(headers: Mapping[str, str] | None = None) -> DriftError:
    """429 rate_limit."""
    message = "The call budget of this window is used up, try again later"
    return DriftError(429, "rate_limit", message, headers=headers)

"""What an answer's headers say about the call limit.

Drift documents none of them (drift-api.md §4), so each is understood in the forms in common use, and none is needed.
They are read as they stand; how much of it is done is the limiter's business. Header names are lower case.
"""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"[0-9]{1,14}(\.[0-9]{1,6})?", re.ASCII)
_PAIRS = (("x-ratelimit-remaining", "x-ratelimit-reset"), ("ratelimit-remaining", "ratelimit-reset"))
_MOMENT = 1_000_000_000
"""From here on a number is a moment (seconds since 1970), not a length of time."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds from now, given as seconds or as an HTTP date (RFC 9110 §10.2.3); None without it."""
    value = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        return _until(parsedate_to_datetime(value).timestamp())
    except (ValueError, OverflowError):
        return None


def exhausted_for(headers: Mapping[str, str]) -> float | None:
    """Seconds until calls are left again, where the answer says that none are; None otherwise.

    Reads `X-RateLimit-Remaining` and `-Reset`, with or without the X: the reset is in seconds from now, or a moment in
    seconds or milliseconds since 1970.
    """
    for remaining, until in _PAIRS:
        if headers.get(remaining, "").strip() == "0":
            reset = headers.get(until, "").strip()
            if _NUMBER.fullmatch(reset):
                return _from_now(float(reset))
    return None


def _from_now(reset: float) -> float:
    if reset >= _MOMENT * 1000:
        return _until(reset / 1000)
    return _until(reset) if reset >= _MOMENT else reset


def _until(moment: float) -> float:
    return max(0.0, moment - time.time())

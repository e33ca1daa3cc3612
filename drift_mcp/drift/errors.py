"""What can go wrong between this server and Drift, as types.

Each error carries what a caller needs to go on: the HTTP status, Drift's own words (type and message from its error
body; they never contain the token), how long to wait, and whether a write may have been applied.
"""

from typing import Any


class DriftError(Exception):
    """Base of everything the gateway raises.

    `detail` is Drift's own message where it sent one. `maybe_applied` is True when a write was sent and its answer
    did not arrive or cannot be trusted, so that it may have been carried out.
    """

    kind = "drift_error"

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        maybe_applied: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{self.kind} (status {status})")
        self.detail = detail
        self.status = status
        self.maybe_applied = maybe_applied
        self.retry_after = retry_after


class NotConnected(DriftError):
    """There is no credential for this connection, so nothing was sent."""

    kind = "not_connected"


class BadToken(DriftError):
    """The token has characters that no token has, so nothing was sent."""

    kind = "bad_token"


class NoClient(DriftError):
    """The app's own id and secret are not configured, so nothing was sent."""

    kind = "no_client"


class RequestTooLong(DriftError):
    """The arguments make a URL that no server takes, so nothing was sent."""

    kind = "request_too_long"


class InvalidRequest(DriftError):
    """400: Drift found a field invalid."""

    kind = "invalid_request"


class Unauthorized(DriftError):
    """401: the token is missing, wrong, expired or revoked."""

    kind = "unauthorized"


class Forbidden(DriftError):
    """403: the token is not accepted, or lacks the scope. Drift documents it for both (devdocs: data-and-errors)."""

    kind = "forbidden"


class NotFound(DriftError):
    """404: no such record, or no such endpoint."""

    kind = "not_found"


class Conflict(DriftError):
    """409: it exists already."""

    kind = "conflict"


class RateLimited(DriftError):
    """429: the call budget of the window is used. `retry_after` in seconds where Drift said so.

    `asked`: the seconds that Drift asked for, where that is longer than is waited.
    """

    kind = "rate_limited"
    asked: float | None = None


class ServerFault(DriftError):
    """5xx: a fault on Drift's side."""

    kind = "drift_fault"


class DriftDown(DriftError):
    """Drift failed many times in a row and is left alone for `retry_after` seconds, so nothing was sent."""

    kind = "drift_down"


class UnexpectedStatus(DriftError):
    """A status that Drift does not document, such as a redirect (never followed: it would carry the token away)."""

    kind = "unexpected_answer"


class TimedOut(DriftError):
    """No complete answer within the deadline."""

    kind = "timeout"


class OutOfTime(DriftError):
    """The tool call's own time ran out while Drift may still have been about to answer."""

    kind = "out_of_time"


class Unreachable(DriftError):
    """The connection could not be made, so nothing was sent."""

    kind = "unreachable"


class ConnectionLost(DriftError):
    """The connection broke after the request was sent."""

    kind = "connection_lost"


class BrokenAnswer(DriftError):
    """The answer is not what was asked for: not JSON, cut short, not text."""

    kind = "broken_answer"


class AnswerTooLarge(DriftError):
    """The answer is larger than the limit, and was not read to its end."""

    kind = "too_large"


BY_STATUS: dict[int, type[DriftError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: InvalidRequest,
    429: RateLimited,
}


def drift_says(body: Any) -> str:
    """Drift's message out of an error body, or "" where there is none.

    Three envelopes are in use (drift-api.md §11, 17): `{"error": {"type", "message"}}`, the older
    `{"errors": [{"type", "message", "param"}]}`, and `{"error": "text"}`; SCIM sends `{"detail": "text"}`.
    """
    if not isinstance(body, dict):
        return ""
    found = body.get("error") or body.get("errors") or body.get("detail") or ""
    entries = found if isinstance(found, list) else [found]
    return "; ".join(text for text in map(_entry_text, entries) if text)


def _entry_text(entry: Any) -> str:
    if isinstance(entry, str):
        return entry.strip()
    if not isinstance(entry, dict):
        return ""
    message = str(entry.get("message") or entry.get("type") or "").strip()
    param = entry.get("param")
    return f"{param}: {message}" if param else message

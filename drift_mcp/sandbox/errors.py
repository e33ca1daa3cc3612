"""Drift's error answers: the exception that handlers raise and the body it becomes.

Drift's body is {"error": {"type", "message"}} (devdocs: data-and-errors); under /scim it is the SCIM error of
RFC 7644.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from . import choices

SCIM_ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class DriftError(Exception):
    """An answer other than success. `kind` is Drift's error type, `scim_type` RFC 7644's, for /scim only."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        scim_type: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.headers = headers
        self.scim_type = scim_type


def invalid(message: str, *, scim_type: str | None = None) -> DriftError:
    """400 validation_error."""
    return DriftError(400, "validation_error", message, scim_type=scim_type)


def not_found(what: str) -> DriftError:
    """404 not_found; `what` names the missing thing, e.g. "conversation 12"."""
    return DriftError(404, "not_found", f"{what} not found")


def duplicate(message: str) -> DriftError:
    """The answer to a second contact or account with the same key."""
    return DriftError(choices.DUPLICATE_STATUS, choices.DUPLICATE_TYPE, message, scim_type="uniqueness")


def error_response(error: DriftError, path: str) -> JSONResponse:
    """The body of `error` as the part of Drift that serves `path` writes it."""
    body: dict[str, object]
    if path == "/scim" or path.startswith("/scim/"):
        body = {"schemas": [SCIM_ERROR_SCHEMA], "status": str(error.status), "detail": error.message}
        if error.scim_type:
            body["scimType"] = error.scim_type
    else:
        body = {"error": {"type": error.kind, "message": error.message}}
    return JSONResponse(body, status_code=error.status, headers=dict(error.headers or {}))

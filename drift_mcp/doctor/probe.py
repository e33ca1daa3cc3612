"""Drift's own word on a token: whether it is accepted, and what it is good for."""

from dataclasses import dataclass
from enum import Enum, auto

from drift_mcp.connection import Connection
from drift_mcp.text import visible


class No(Enum):
    """Why Drift tells nothing."""

    MISSING = auto()
    """There is no token to ask with."""
    REJECTED = auto()
    UNTOLD = auto()
    """Drift could not be asked, or did not say."""


@dataclass(frozen=True, slots=True)
class Told:
    """What Drift says of a token, or why it says nothing, with `detail`: this server's own words of it."""

    organisation: int | None = None
    scopes: tuple[str, ...] = ()
    no: No | None = None
    detail: str = ""


async def ask(connection: Connection) -> Told:
    """Asks Drift about the token."""
    from drift_mcp.drift.errors import BadToken, DriftError, Forbidden, InvalidRequest, NotConnected, Unauthorized

    try:
        told = await connection.token_info()
    except NotConnected as error:
        return Told(no=No.MISSING, detail=error.detail or "there is no token")
    except (Unauthorized, Forbidden, InvalidRequest, BadToken):
        return Told(no=No.REJECTED)
    except DriftError as error:
        return Told(no=No.UNTOLD, detail=error.kind)
    # They come from outside, and are shown on a terminal: none may hold what that would obey, or look like two.
    scopes = ("".join(visible(str(scope)).split()) for scope in told.get("scopes") or ())
    return Told(told.get("org_id"), tuple(filter(None, scopes)))

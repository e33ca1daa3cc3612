"""The rules of OAuth 2 without HTTP: questions to the person, one-time codes, pairs of tokens, rotation, revocation.

Everything is a row of the world, so it is saved and restored with it: "consents" (a question that waits for its
answer), "codes" and "refresh_tokens" under their unguessable value, each good for one use; access tokens are among
the world's other "tokens". Times are epoch ms.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hmac import compare_digest

from . import choices
from .world import Row, World


@dataclass(frozen=True)
class Pair:
    """An access token and the refresh token that comes with it."""

    access_token: str
    refresh_token: str


def proves_client(client_id: str, secret: str) -> bool:
    """Whether these are the credentials of the one app there is."""
    known = compare_digest(client_id.encode(), choices.SANDBOX_CLIENT_ID.encode())
    return compare_digest(secret.encode(), choices.SANDBOX_CLIENT_SECRET.encode()) and known


def ask(world: World, *, redirect_uri: str, state: str | None, scopes: tuple[str, ...]) -> str:
    """Note that a person is asked; the value that an answer has to bring."""
    question = {"redirectUri": redirect_uri, "state": state, "scopes": list(scopes)}
    return _put(world, "consents", question, choices.CONSENT_SECONDS)


def answered(world: World, value: str) -> Row | None:
    """The question {"redirectUri", "state", "scopes"}; once, and while it still waits."""
    return _take(world, "consents", value)


def issue_code(world: World, question: Row) -> str:
    granted = {"redirectUri": question["redirectUri"], "scopes": question["scopes"]}
    return _put(world, "codes", granted, choices.CODE_SECONDS)


def redeem_code(world: World, code: str, redirect_uri: str | None, seconds: int) -> Pair | None:
    """The first pair of tokens; None for a code that is unknown, used, too old or meant for another address."""
    granted = _take(world, "codes", code)
    if granted is None or redirect_uri not in (None, granted["redirectUri"]):
        return None
    return _issue_pair(world, granted["scopes"], seconds)


def refresh(world: World, refresh_token: str, seconds: int) -> Pair | None:
    """A new pair, with which the old refresh token is used up; None for one that is not (or no longer) good."""
    granted = _take(world, "refresh_tokens", refresh_token)
    return None if granted is None else _issue_pair(world, granted["scopes"], seconds)


def revoke(world: World, token: str) -> bool:
    """Kill one access or refresh token; False where there is none."""
    if world.tables["refresh_tokens"].pop(token, None) is not None:
        return True
    record = world.live_token(token)
    if record is not None:
        record["revokedAt"] = world.now()
    return record is not None


def uninstall(world: World) -> None:
    """The app leaves the organisation: none of its tokens works any more, and none can be had without asking."""
    for record in world.rows("tokens"):
        record["revokedAt"] = record["revokedAt"] or world.now()
    for table in ("consents", "codes", "refresh_tokens"):
        world.tables[table].clear()


def _issue_pair(world: World, scopes: list[str], seconds: int) -> Pair:
    _forget_expired(world, "tokens")
    access = world.issue_token(scopes, token=f"sandbox-access-{secrets.token_urlsafe(24)}", seconds=seconds)
    return Pair(access, _put(world, "refresh_tokens", {"scopes": scopes}, None))


def _put(world: World, table: str, row: Row, seconds: int | None) -> str:
    """Store what one use is allowed of, `seconds` long (None: for good)."""
    _forget_expired(world, table)
    value = f"sandbox-{table.removesuffix('s').replace('_token', '')}-{secrets.token_urlsafe(24)}"
    expires_at = None if seconds is None else world.now() + seconds * 1000
    world.tables[table][value] = {**row, "expiresAt": expires_at}
    return value


def _take(world: World, table: str, value: str) -> Row | None:
    _forget_expired(world, table)
    row: Row | None = world.tables[table].pop(value, None)
    return row


def _forget_expired(world: World, table: str) -> None:
    """What has expired answers as what never was, so it need not be kept."""
    for value, row in list(world.tables[table].items()):
        if row["expiresAt"] is not None and row["expiresAt"] <= world.now():
            del world.tables[table][value]

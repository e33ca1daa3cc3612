"""One event: what Drift told, what that is about, and the key under which it is stored once.

Made alike of a webhook's envelope and of what the poller finds, so that one that comes both ways is one event.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drift_mcp.events.kinds import Kind, kind_of

Json = dict[str, Any]

SAME_WITHIN = 3_600_000
"""Milliseconds in which a second event with the same data is the same one, where the data does not say when it was."""

LAST_MS = 253_402_300_799_999
"""9999, in epoch milliseconds: what says that it happened later is no time."""

_FIRST_MS = 100_000_000_000  # 1973
_MAX = 2**63 - 1

clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Event:
    """Times are in epoch milliseconds. `author` is visitor, agent or bot, of a message only.

    Where `timeless`, its data does not say when it happened: the same again after `SAME_WITHIN` is another event.
    """

    type: str
    org_id: int | None
    data: Json
    conversation_id: int | None
    contact_id: int | None
    author: str | None
    at: int
    received_at: int
    key: bytes
    timeless: bool


def read(connection: str, type_name: str, org_id: Any, data: Any) -> Event:
    """The event of `type_name` that Drift tells the connection of now. `data` may be anything."""
    content: Json = data if isinstance(data, dict) else {} if data is None else {"value": data}
    kind = kind_of(type_name)
    now = int(clock() * 1000)
    org = id_of(org_id) or id_of(content.get("orgId"))
    when = content.get(kind.when) if kind.when else None
    at = when if _is_moment(when) else None
    return Event(
        type=type_name,
        org_id=org,
        data=content,
        conversation_id=id_of(content.get(kind.conversation)),
        contact_id=_contact(kind, content),
        author=author_of(content),
        at=now if at is None else at,
        received_at=now,
        key=_key(connection, type_name, org, kind, content),
        timeless=at is None,
    )


def _key(connection: str, type_name: str, org_id: int | None, kind: Kind, data: Json) -> bytes:
    named = {name: data.get(name) for name in kind.identity}
    # Two messages without an id are not the same message.
    what = named if named and None not in named.values() else data
    whole = json.dumps([connection, type_name, org_id, what], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).digest()


def _contact(kind: Kind, data: Json) -> int | None:
    if author_of(data) == "visitor":
        return id_of(data["author"].get("id"))
    if data.get("authorType") == "contact":
        return id_of(data.get("authorId"))
    return id_of(data.get(kind.contact))


def author_of(message: Json) -> str | None:
    """visitor, agent or bot; None where it does not say."""
    author = message.get("author")
    if not isinstance(author, dict):
        return None
    return "visitor" if author.get("type") == "contact" else "bot" if author.get("bot") else "agent"


def id_of(value: Any) -> int | None:
    """An id, or None for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX else None


def _is_moment(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and _FIRST_MS <= value <= LAST_MS

"""The sandbox's whole state: plain JSON-able tables, the clock, ids, tokens, and who wants to hear of events.

A table maps the row's id (as text, as JSON keys are) to the row, in Drift's own field names. Rows may hold
more than Drift shows (for example `deleted`); what is shown is decided where an answer is written. Nothing
here knows HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from . import choices

Row = dict[str, Any]
Table = dict[str, Any]  # id as text -> row; "org" and "counters" hold one plain record
Listener = Callable[[str, Row], None]

# The tables and the field that identifies a row in each.
KEYS = {
    "users": "id",
    "teams": "id",
    "contacts": "id",
    "attribute_definitions": "name",
    "accounts": "accountId",
    "conversations": "id",
    "messages": "id",
    "attachments": "id",
    "playbooks": "id",
    "landing_pages": "playbookId",
    "meetings": "id",
    "timeline_events": "id",
    "tags": "id",
    # What only third-party catalogues name; the seed has none of it.
    "notes": "id",
    "flows": "conversationId",
    "deleted_conversations": "id",
    "events": "id",
}
# "tokens", "consents", "codes" and "refresh_tokens" are OAuth's (see grants).
PLAIN_TABLES = ("tokens", "consents", "codes", "refresh_tokens", "unsubscribed", "counters")


def real_clock() -> int:
    """Now, in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def build_seed(anchor_ms: int) -> dict[str, Any]:
    """The start data, laid out relative to `anchor_ms`. Imported late: it is large and a restored state needs
    none."""
    from .seed import build

    seed: dict[str, Any] = build(anchor_ms)
    return seed


class World:
    """Tables, clock and events. Every change goes through plain synchronous code, so no two requests
    interleave."""

    def __init__(self, tables: dict[str, Table], now: Callable[[], int], org_id: int | None = None) -> None:
        """`org_id`: what the organisation of the seed is called after a reset, else as the seed has it."""
        # A state saved by an older sandbox lacks the tables that were added since.
        for name in (*KEYS, *PLAIN_TABLES):
            tables.setdefault(name, {})
        self.tables = tables
        self.now = now
        self._org_id = org_id
        self.listeners: list[Listener] = []

    @classmethod
    def seeded(cls, now: Callable[[], int], org_id: int | None = None) -> World:
        """A fresh world out of the seed."""
        world = cls({}, now, org_id)
        world.reset()
        return world

    def reset(self) -> None:
        """Back to the seed, anchored at the present; tokens are gone."""
        seed = build_seed(self.now())
        tables: dict[str, Table] = {name: {} for name in (*KEYS, *PLAIN_TABLES)}
        org_id = seed["org"]["id"] if self._org_id is None else self._org_id
        tables["org"] = {**seed["org"], "id": org_id}
        self.tables = tables
        for name in KEYS:
            for row in seed.get(name, []):
                self.add(name, {**row, "orgId": org_id} if "orgId" in row else dict(row))

    def announce(self, event: str, data: Row) -> None:
        """Tell listeners of an event in Drift's webhook vocabulary (devdocs: webhook-events-1)."""
        for listener in self.listeners:
            listener(event, data)

    # --- rows ---

    @property
    def org(self) -> Row:
        return self.tables["org"]

    def rows(self, table: str) -> list[Row]:
        return list(self.tables[table].values())

    def get(self, table: str, key: int | str) -> Row | None:
        return self.tables[table].get(str(key))

    def add(self, table: str, row: Row) -> Row:
        """Store a row under its own id, or under the next one where it has none."""
        field = KEYS[table]
        if field not in row:
            row[field] = self.next_id(table)
        self.tables[table][str(row[field])] = row
        self._count(table, row[field])
        return row

    def remove(self, table: str, key: int | str) -> None:
        self.tables[table].pop(str(key), None)

    def next_id(self, table: str) -> int:
        """The number after the highest ever used in this table; never used twice, also after a deletion."""
        counters: dict[str, Any] = self.tables["counters"]
        number = int(counters.get(table, choices.FIRST_IDS.get(table, 1) - 1)) + 1
        counters[table] = number
        return number

    def _count(self, table: str, key: int | str) -> None:
        """Remember an id that came from outside, so that the next one continues from it."""
        digits = str(key).partition("_")[0]  # accounts: "<number>_<domain>"
        if digits.isascii() and digits.isdigit():
            counters: dict[str, Any] = self.tables["counters"]
            counters[table] = max(int(digits), int(counters.get(table, 0)))

    # --- tokens ---

    def issue_token(self, scopes: Iterable[str], *, token: str | None = None, seconds: int | None = None) -> str:
        """Add a bearer token of the sandbox's app; without `seconds` one that never expires, as a private app's."""
        number, now = self.next_id("tokens"), self.now()
        value = token or f"sandbox-token-{number}"
        self.tables["tokens"][value] = {
            "id": str(number),
            "orgId": self.org["id"],
            "clientId": choices.SANDBOX_CLIENT_ID,
            "scopes": list(scopes),
            "createdAt": now,
            "expiresAt": None if seconds is None else now + seconds * 1000,
            "revokedAt": None,
        }
        return value

    def live_token(self, token: str) -> Row | None:
        """The token's record, if it is known, not expired and not revoked."""
        record: Row | None = self.tables["tokens"].get(token)
        if record is None or record["revokedAt"] is not None:
            return None
        if record["expiresAt"] is not None and record["expiresAt"] <= self.now():
            return None
        return record

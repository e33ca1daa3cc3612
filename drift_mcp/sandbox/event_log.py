"""The log behind GET /events: everything announced, and to begin with the latest of what the seed holds.

An entry is {"id", "type" (as in webhooks), "createdAt" (epoch ms), "data" (as it was then)}.
"""

from __future__ import annotations

import copy
from typing import Any

from . import choices, meetings
from .world import Row, World

# The scope a webhook of the type needs (devdocs: webhook-events-1); none: anybody's.
SCOPES = {
    "contact_identified": "contact_read",
    "contact_updated": "all_contact_read",
    "user_availability_updated": "user_read",
    "user_unsubscribed": "user_read",
    "gdpr_delete_requested": "gdpr_read",
    "app_disconnected": None,
}
OTHERWISE = "conversation_read"


def begin(world: World) -> None:
    """Keep the log from now on; where there is none yet, begin it out of what is there."""
    if not world.rows("events"):
        fill(world)
    world.listeners.append(lambda event, data: _record(world, event, data, world.now()))


def fill(world: World) -> None:
    """The latest messages, conversations and meetings, as if they had been announced when they happened."""
    found: list[tuple[int, int, str, Row]] = []
    found += [(row["createdAt"], 0, "new_conversation", row) for row in world.rows("conversations")]
    found += [(row["createdAt"], 1, "new_message", row) for row in world.rows("messages")]
    found += [(row["scheduledAt"], 2, "new_meeting", meetings.announced(row)) for row in world.rows("meetings")]
    found.sort(key=lambda entry: (*entry[:2], str(entry[3].get("id", ""))))
    for at, _, event, data in found[-choices.EVENTS_OF_THE_SEED :]:
        _record(world, event, data, at)


def _record(world: World, event: str, data: Row, at: int) -> None:
    # The request to erase an address must not be what keeps it.
    told: Any = {} if event == "gdpr_delete_requested" else copy.deepcopy(data)
    world.add("events", {"id": world.next_id("events"), "type": event, "createdAt": at, "data": told})
    table = world.tables["events"]
    while len(table) > choices.EVENTS_KEPT:
        del table[next(iter(table))]


def visible(world: World, scopes: list[str]) -> list[Row]:
    """The entries that a token with these scopes may see."""
    needed = {row["type"]: SCOPES.get(row["type"], OTHERWISE) for row in world.rows("events")}
    return [row for row in world.rows("events") if needed[row["type"]] is None or needed[row["type"]] in scopes]


def forget_conversation(world: World, conversation_id: int) -> None:
    """Take out what was told about one conversation."""
    for row in world.rows("events"):
        about = row["data"].get("id" if row["type"] == "new_conversation" else "conversationId")
        if about == conversation_id:
            world.remove("events", row["id"])


def forget_contacts(world: World, contacts: set[int]) -> None:
    """Take out what was told about any of these contacts, their conversations aside."""
    for row in world.rows("events"):
        data = row["data"]
        # What a test announced may look like anything.
        author = data.get("author")
        told = [data.get("contactId"), data.get("endUserId"), data.get("schedulerId")]
        if isinstance(author, dict) and author.get("type") == "contact":
            told.append(author.get("id"))
        if row["type"] in ("contact_identified", "user_unsubscribed"):
            told.append(data.get("id"))
        if any(contact in told for contact in contacts):
            world.remove("events", row["id"])

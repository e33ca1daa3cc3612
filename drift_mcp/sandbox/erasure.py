"""Erasing an e-mail address (devdocs: gdpr-deletion): every row that belongs to its contacts, and every mention.

What is left afterwards has neither the address nor one of those contacts in it. Messages that users wrote
elsewhere stay, as they are the company's own; one that names the address does not.
"""

from __future__ import annotations

import re
from typing import Any

from . import event_log, staff, tags
from .world import World

# Rows of these tables go when they name the address; everywhere else the address alone is taken out.
NAMING_ROWS = ("messages", "timeline_events", "events", "attribute_definitions")
ERASED = "[erased]"

Pattern = re.Pattern[str]


def erase(world: World, email: str) -> None:
    wanted, address = email.casefold(), _pattern(email)
    contacts = {
        row["id"] for row in world.rows("contacts") if str(row["attributes"].get("email", "")).casefold() == wanted
    }
    for user in world.rows("users"):
        # The bot stays: it is no person, and the default author of every message.
        if str(user.get("email", "")).casefold() == wanted and not user.get("bot"):
            staff.remove(world, user)
    for contact_id in contacts:
        world.remove("contacts", contact_id)
    _erase_conversations(world, contacts)
    _erase_meetings(world, contacts, address)
    for event in world.rows("timeline_events"):
        if event["contactId"] in contacts:
            world.remove("timeline_events", event["id"])
    event_log.forget_contacts(world, contacts)
    world.remove("unsubscribed", wanted)
    _erase_mentions(world, address)


def _erase_conversations(world: World, contacts: set[int]) -> None:
    """The conversations with these contacts, deleted ones too, and all that hangs on them."""
    for table in ("conversations", "deleted_conversations"):
        for conversation in world.rows(table):
            if conversation["contactId"] not in contacts:
                continue
            number = conversation["id"]
            world.remove(table, number)
            world.remove("flows", number)
            event_log.forget_conversation(world, number)
            for hanging in ("messages", "attachments"):
                for row in world.rows(hanging):
                    if row.get("conversationId") == number:
                        world.remove(hanging, row["id"])


def _erase_meetings(world: World, contacts: set[int], address: Pattern) -> None:
    """Meetings that these contacts booked go; from others they are taken out."""
    for meeting in world.rows("meetings"):
        if meeting.get("schedulerId") in contacts:
            world.remove("meetings", meeting["id"])
        elif "participants" in meeting:
            meeting["participants"] = [
                entry for entry in meeting["participants"] if entry["id"] not in contacts and not _names(entry, address)
            ]


def _erase_mentions(world: World, address: Pattern) -> None:
    for tag in world.rows("tags"):
        if _names(tag, address):
            tags.remove(world, tag)
    for table in NAMING_ROWS:
        for key, row in list(world.tables[table].items()):
            if _names(row, address):
                del world.tables[table][key]
    for note in world.rows("notes"):
        if world.get("messages", note["id"]) is None:
            world.remove("notes", note["id"])
    for table, rows in world.tables.items():
        if table not in ("tokens", "org") and _names(rows, address):
            world.tables[table] = _without(rows, address)


def _pattern(email: str) -> Pattern:
    """Finds the address but not a longer one that ends or begins like it."""
    return re.compile(rf"(?<![\w.+-]){re.escape(email.casefold())}(?![\w-]|\.\w)")


def _names(value: Any, address: Pattern) -> bool:
    if isinstance(value, dict):
        return any(_names(key, address) or _names(each, address) for key, each in value.items())
    if isinstance(value, list):
        return any(_names(each, address) for each in value)
    return isinstance(value, str) and address.search(value.casefold()) is not None


def _without(value: Any, address: Pattern) -> Any:
    """The same value with every text that names the address replaced."""
    if isinstance(value, dict):
        return {key: _without(each, address) for key, each in value.items() if not _names(key, address)}
    if isinstance(value, list):
        return [_without(each, address) for each in value]
    return ERASED if isinstance(value, str) and _names(value, address) else value

"""GDPR: retrieve and delete everything known of an e-mail address (devdocs: gdpr-retrieval, gdpr-deletion).

Drift works on both later; the sandbox deletes at once and mails nobody.
"""

from __future__ import annotations

import json

from starlette.responses import Response

from .. import fields, staff
from ..http import Call, ask, data, write
from ..world import Row, World


def retrieve(call: Call) -> Response:
    """{"email"} -> the export is mailed to the organisation's owner, whoever the address belongs to."""
    fields.email(call.object)
    owner = call.world.org["ownerEmail"]
    message = f"Your data retrieval is processing and will be sent to {owner}"
    return data({"message": message, "sentToEmail": owner})


def delete(call: Call) -> Response:
    """{"email"} -> contacts and users with that address are gone for good."""
    email = fields.email(call.object)
    _erase(call.world, email)
    call.world.announce("gdpr_delete_requested", {"email": email})
    return data({"message": "Your delete is processing"})


def _erase(world: World, email: str) -> None:
    """Contacts (those removed from view too), users, and every row that belongs to them or names the
    address."""
    wanted = email.casefold()
    contacts = {
        row["id"] for row in world.rows("contacts") if str(row["attributes"].get("email", "")).casefold() == wanted
    }
    conversations = {row["id"] for row in world.rows("conversations") if row["contactId"] in contacts}
    for user in world.rows("users"):
        # The bot stays: it is no person, and the default author of every message.
        if str(user.get("email", "")).casefold() == wanted and not user.get("bot"):
            staff.remove(world, user)
    for contact_id in contacts:
        world.remove("contacts", contact_id)
    for message in world.rows("messages"):
        author = message["author"]
        own = author["type"] == "contact" and author["id"] in contacts
        if own or _names(message, wanted):
            world.remove("messages", message["id"])
    for file in world.rows("attachments"):
        if file.get("conversationId") in conversations:
            world.remove("attachments", file["id"])
    for meeting in world.rows("meetings"):
        if meeting.get("schedulerId") in contacts or _names(meeting, wanted):
            world.remove("meetings", meeting["id"])
    for event in world.rows("timeline_events"):
        if event["contactId"] in contacts or _names(event, wanted):
            world.remove("timeline_events", event["id"])
    world.remove("unsubscribed", wanted)


def _names(row: Row, email: str) -> bool:
    return email in json.dumps(row, ensure_ascii=False).casefold()


routes = [
    ask("/gdpr/retrieve", retrieve, "gdpr_read"),
    write("POST", "/gdpr/delete", delete, "gdpr_write"),
]

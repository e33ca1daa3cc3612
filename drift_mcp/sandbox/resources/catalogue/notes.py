"""Notes on a conversation, for the team only."""

from __future__ import annotations

from starlette.responses import Response

from ... import chat, choices, fields, notes, staff
from ...errors import invalid
from ...http import Call, data, get, write

READ, WRITE = "conversation_read", "conversation_write"
PATH = "/conversations/{conversationId}/timeline/notes"


def create_note(call: Call) -> Response:
    """{"body", "type", "user", "tags", "created_at", "client_created_at", "client_id"}. The same client_id on the
    same conversation answers the note it made before."""
    conversation = chat.find(call.world, call.id("conversationId"))
    body = call.object
    text = fields.required_text(body, "body")
    client_id = fields.identifier(body, "client_id")
    client_time, created_at = fields.moment(body, "client_created_at"), fields.moment(body, "created_at")
    number = fields.integer(body, "user")
    user = staff.bot(call.world) if number is None else staff.find(call.world, number)
    if user is None:
        raise invalid(f"user {number} is no user of this organisation")
    more = {
        "type": fields.one_of(body, "type", choices.NOTE_TYPES) or "note",
        "tags": fields.names(body, "tags") or [],
        "clientId": client_id,
        "clientCreatedAt": client_time,
    }
    note = None if client_id is None else notes.written_by_client(call.world, conversation, client_id)
    if note is None:
        note = notes.create(
            call.world,
            conversation,
            staff.author(user),
            text,
            created_at=client_time if created_at is None else created_at,
            app=call.token["clientId"],
            **more,
        )
    return data(notes.view(call.world, note))


def get_note(call: Call) -> Response:
    conversation = chat.find(call.world, call.id("conversationId"))
    return data(notes.view(call.world, notes.find(call.world, conversation, call.id("noteId"))))


def update_note(call: Call) -> Response:
    """Any of body, closed, labels, tags, type, created_at; a list replaces the old one."""
    conversation = chat.find(call.world, call.id("conversationId"))
    note = notes.find(call.world, conversation, call.id("noteId"))
    body = call.object
    created_at = fields.moment(body, "created_at")
    given = {
        "body": fields.non_empty_text(body, "body"),
        "closed": fields.boolean(body, "closed"),
        "labels": fields.names(body, "labels"),
        "tags": fields.names(body, "tags"),
        "type": fields.one_of(body, "type", choices.NOTE_TYPES),
        "created_at": created_at,
    }
    changes = fields.something(given)
    if changes.pop("created_at", None) is not None:
        changes["createdAt"] = created_at
    notes.change(call.world, conversation, note, changes)
    return data(notes.view(call.world, note))


routes = [
    write("POST", PATH, create_note, WRITE),
    get(PATH + "/{noteId}", get_note, READ),
    write("PATCH", PATH + "/{noteId}", update_note, WRITE),
]

"""One message of a conversation: read it, rewrite it."""

from __future__ import annotations

from starlette.responses import Response

from ... import chat, choices, fields
from ...errors import invalid, not_found
from ...http import Call, data, get, write
from ...world import Row

TYPES = tuple(name for name in choices.MESSAGE_TYPES if name != "edit")


def _message(call: Call, conversation: Row) -> Row:
    number = call.id("messageId")
    message = call.world.get("messages", number)
    if message is None or message["conversationId"] != conversation["id"]:
        raise not_found(f"message {number}")
    return message


def get_message(call: Call) -> Response:
    return data(_message(call, chat.find(call.world, call.id("conversationId"))))


def update_message(call: Call) -> Response:
    """Any of body, labels, reply (id of the message it answers), type; only labels on what a visitor wrote."""
    conversation = chat.find(call.world, call.id("conversationId"))
    message = _message(call, conversation)
    body = call.object
    changes = fields.something(
        {
            "body": fields.non_empty_text(body, "body"),
            "labels": fields.names(body, "labels"),
            "reply": fields.integer(body, "reply"),
            "type": fields.one_of(body, "type", TYPES),
        }
    )
    if message["author"]["type"] != "user" and set(changes) != {"labels"}:
        raise invalid("only a message written by a user can be rewritten")
    if "reply" in changes:
        answered = call.world.get("messages", changes["reply"])
        if answered is None or answered["conversationId"] != conversation["id"] or answered is message:
            raise invalid(f"reply {changes['reply']} is no other message of this conversation")
    message.update(changes)
    conversation["updatedAt"] = call.world.now()
    return data(message)


routes = [
    get("/conversations/{conversationId}/messages/{messageId}", get_message, "conversation_read"),
    write("PATCH", "/conversations/{conversationId}/messages/{messageId}", update_message, "conversation_write"),
]

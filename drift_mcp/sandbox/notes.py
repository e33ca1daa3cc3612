"""The rules of notes: a note is a private note among a conversation's messages, with some more to it.

Text, author and time are the message's; the row in "notes", under the same id, holds only what a message has no
place for. So a note can never be seen where the message cannot, and goes when the message goes.
"""

from __future__ import annotations

from typing import Any

from . import chat, tags
from .errors import not_found
from .world import Row, World

KIND = "private_note"


def find(world: World, conversation: Row, note_id: int) -> Row:
    """The message that is the note."""
    message = world.get("messages", note_id)
    if message is None or message["conversationId"] != conversation["id"] or message["type"] != KIND:
        raise not_found(f"note {note_id}")
    return message


def written_by_client(world: World, conversation: Row, client_id: str) -> Row | None:
    """The note that this client id made before."""
    for extra in world.rows("notes"):
        message = world.get("messages", extra["id"])
        if extra["clientId"] == client_id and message and message["conversationId"] == conversation["id"]:
            return message
    return None


def create(
    world: World, conversation: Row, author: Row, body: str, *, created_at: int | None, app: str, **more: Any
) -> Row:
    """A new note; `more`: type, tags, clientId, clientCreatedAt."""
    message = chat.write(world, conversation, author, KIND, body, attributes={"developer_app_id": app})
    if created_at is not None:
        message["createdAt"] = created_at
    change(world, conversation, message, more)
    return message


def change(world: World, conversation: Row, message: Row, changes: Row) -> None:
    """Store what is given: body and createdAt with the message, the rest beside it."""
    extra = world.get("notes", message["id"]) or world.add("notes", {**_plain(message)})
    for name, value in changes.items():
        if name in ("body", "createdAt"):
            message[name] = value
        elif name == "tags":
            extra["tags"] = [tag["name"] for tag in tags.ensure(world, value)]
        else:
            extra[name] = value
    extra["updatedAt"] = conversation["updatedAt"] = world.now()


def _plain(message: Row) -> Row:
    """What a private note is that nobody has said more about."""
    return {
        "id": message["id"],
        "type": "note",
        "tags": [],
        "labels": [],
        "closed": False,
        "clientId": None,
        "clientCreatedAt": None,
        "updatedAt": message["createdAt"],
    }


def view(world: World, message: Row) -> Row:
    extra = world.get("notes", message["id"]) or _plain(message)
    return {
        "id": message["id"],
        "conversationId": message["conversationId"],
        "body": message["body"],
        "type": extra["type"],
        "user": message["author"]["id"],
        "tags": extra["tags"],
        "labels": extra["labels"],
        "closed": extra["closed"],
        "createdAt": message["createdAt"],
        "updatedAt": extra["updatedAt"],
    }

"""The rules of conversations and messages, the same whether an agent writes by the API or a visitor in the
chat.

Conversation: devdocs conversation-model. Message: devdocs message-model; bodies are HTML, times epoch ms.
"""

from __future__ import annotations

from . import choices, people, staff
from .errors import invalid, not_found
from .plain import plain_text
from .world import Row, World


def find(world: World, conversation_id: int) -> Row:
    row = world.get("conversations", conversation_id)
    if row is None:
        raise not_found(f"conversation {conversation_id}")
    return row


def order(message: Row) -> list[int]:
    """Messages are read oldest first."""
    return [message["createdAt"], message["id"]]


def messages_of(world: World, conversation_id: int) -> list[Row]:
    rows = [row for row in world.rows("messages") if row["conversationId"] == conversation_id]
    return sorted(rows, key=order)


def start(world: World, contact: Row | None, participants: list[int]) -> Row:
    """A new, empty, open conversation; without a contact it is one among users."""
    now = world.now()
    known = world.rows("conversations")
    return world.add(
        "conversations",
        {
            "id": world.next_id("conversations"),
            "status": "open",
            "participants": participants,
            "contactId": None if contact is None else contact["id"],
            "inboxId": known[0]["inboxId"] if known else choices.DEFAULT_INBOX_ID,
            "orgId": world.org["id"],
            "createdAt": now,
            "updatedAt": now,
            "conversationTags": [],
        },
    )


def write(
    world: World,
    conversation: Row,
    author: Row,
    kind: str,
    body: str,
    *,
    buttons: list[Row] | None = None,
    attributes: Row | None = None,
) -> Row:
    """Add one message: the conversation is updated, and reopened if a contact wrote to a closed one."""
    now = world.now()
    message = world.add(
        "messages",
        {
            "id": world.next_id("messages"),
            "orgId": world.org["id"],
            "conversationId": conversation["id"],
            "type": kind,
            "author": author,
            "body": body,
            "createdAt": now,
            "context": {},
            "attributes": attributes or {},
            **({"buttons": buttons} if buttons else {}),
        },
    )
    conversation["updatedAt"] = now
    if author["type"] == "contact" and conversation["status"] != "open":
        set_status(world, conversation, "open")
    elif (
        author["type"] == "user"
        and not author["bot"]
        and kind == "chat"
        and author["id"] not in conversation["participants"]
    ):
        join(world, conversation, author["id"])
    world.announce("new_message", message)
    if plain_text(body).startswith("/"):
        world.announce("new_command_message", message)
    return message


def join(world: World, conversation: Row, user_id: int) -> None:
    """The user becomes a participant."""
    conversation["participants"] = [*conversation["participants"], user_id]
    added = {"conversationId": conversation["id"], "addedParticipants": [user_id], "changedAt": world.now()}
    world.announce("conversation_participant_added", added)


def set_status(world: World, conversation: Row, status: str) -> None:
    """Change the status; the first closing is remembered for the reports."""
    now = world.now()
    conversation["status"] = status
    conversation["updatedAt"] = now
    conversation.pop("resolvedAt", None)
    if status == "closed":
        conversation.setdefault("firstCloseAt", now)
        conversation["resolvedAt"] = now
    change = {
        "orgId": world.org["id"],
        "conversationId": conversation["id"],
        "status": status,
        "changedAt": now,
    }
    world.announce("conversation_status_updated", change)
    if status == "closed":
        world.announce("conversation_manual_push", {"conversationId": conversation["id"]})
        world.announce("conversation_push", {"conversationId": conversation["id"]})


def resolved_at(conversation: Row) -> int | None:
    """When a closed conversation was closed; what was closed before the sandbox began has no recorded moment."""
    if conversation["status"] != "closed":
        return None
    return int(conversation.get("resolvedAt") or conversation.get("firstCloseAt") or conversation["updatedAt"])


def edit(world: World, conversation: Row, message_id: int, kind: str, *, body: str, buttons: list[Row]) -> None:
    """Change or delete a message written by a user (devdocs: v1.3 message-model, editType)."""
    message = world.get("messages", message_id)
    if message is None or message["conversationId"] != conversation["id"]:
        raise not_found(f"message {message_id}")
    if message["author"]["type"] != "user":
        raise invalid("only a message written by a user can be edited")
    if kind == "delete":
        world.remove("messages", message_id)
    if kind in ("replace", "replace_body"):
        message["body"] = body
    if kind in ("replace", "replace_buttons"):
        message["buttons"] = buttons
    conversation["updatedAt"] = world.now()


def visitor_starts(world: World, contact: Row) -> Row:
    """The visitor opens the chat: a conversation routed to an agent."""
    conversation = start(world, contact, [staff.routed(world)["id"]])
    world.announce("new_conversation", conversation)
    return conversation


def visitor_writes(world: World, conversation: Row, body: str) -> Row:
    """A chat message by the conversation's contact."""
    if conversation["contactId"] is None:
        raise invalid(f"conversation {conversation['id']} is one among users, it has no visitor")
    contact = people.find(world, conversation["contactId"])
    if contact is not None:
        before = contact["attributes"]
        contact["attributes"] = {**before, "last_active": world.now()}
        people.touch(world, contact, before)
    clicked = _is_button(world, conversation, plain_text(body))
    author = {"type": "contact", "id": conversation["contactId"], "bot": False}
    message = write(world, conversation, author, "chat", body)
    if clicked:
        world.announce("button_clicked", message)
    return message


def _is_button(world: World, conversation: Row, words: str) -> bool:
    """Whether the newest chat message offers these words: a click sends a button's value as a message."""
    chat = [row for row in messages_of(world, conversation["id"]) if row["type"] == "chat"]
    return any(button["value"] == words for row in chat[-1:] for button in row.get("buttons", []))

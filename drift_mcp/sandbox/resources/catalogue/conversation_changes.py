"""Conversations as the catalogue changes them: begin one without a message, change, delete."""

from __future__ import annotations

from starlette.responses import Response

from ... import chat, event_log, fields, people, staff, tags
from ...errors import invalid
from ...http import Call, data, done, write
from ...world import Row, World
from .conversations import STATUSES, view

WRITE = "conversation_write"


def _user(call: Call, body: Row, name: str) -> int | None:
    number = fields.integer(body, name)
    if number is not None and staff.find(call.world, number) is None:
        raise invalid(f"{name} {number} is no user of this organisation")
    return number


def create_group(call: Call) -> Response:
    """{"users": [user ids], "tags", "labels", "background_mode"}: a conversation among users."""
    body = call.object
    users = fields.integers(body, "users")
    if not users:
        raise invalid("users must name at least one user")
    for number in users:
        if staff.find(call.world, number) is None:
            raise invalid(f"users: {number} is no user of this organisation")
    given = _marks(body)
    quiet = fields.boolean(body, "background_mode")
    conversation = chat.start(call.world, None, [] if not quiet else users)
    for number in [] if quiet else users:
        chat.join(call.world, conversation, number)
    _put(call.world, conversation, given)
    return data(view(conversation))


def create_from_scratch(call: Call) -> Response:
    """{"email", "title", "assigned_user_id", "custom_attributes", "labels", "tags", "background_mode"}: a
    conversation without messages."""
    body = call.object
    email = fields.email(body)
    assigned = _user(call, body, "assigned_user_id")
    given = {**_marks(body), "title": fields.non_empty_text(body, "title"), "assignedUserId": assigned}
    given["customAttributes"] = _attributes(body)
    fields.boolean(body, "background_mode")
    participant = staff.routed(call.world)["id"] if assigned is None else assigned
    conversation = chat.start(call.world, people.find_or_create(call.world, email), [participant])
    _put(call.world, conversation, given)
    return data(view(conversation))


def _marks(body: Row) -> Row:
    return {"labels": fields.names(body, "labels"), "tags": fields.names(body, "tags")}


def _attributes(body: Row) -> Row | None:
    given = body.get("custom_attributes")
    return None if given is None else fields.plain_values(given, "custom_attributes")


def update_conversation(call: Call) -> Response:
    """Any of status, assigned_user_id, custom_attributes, labels, tags, workflow_id; a list replaces the old one."""
    conversation = chat.find(call.world, call.id("conversationId"))
    body = call.object
    given = {
        "status": fields.one_of(body, "status", STATUSES),
        "assigned_user_id": _user(call, body, "assigned_user_id"),
        "custom_attributes": _attributes(body),
        **_marks(body),
        "workflow_id": fields.identifier(body, "workflow_id"),
    }
    fields.something(given)
    conversation["updatedAt"] = call.world.now()
    _put(
        call.world,
        conversation,
        {
            "labels": given["labels"],
            "tags": given["tags"],
            "assignedUserId": given["assigned_user_id"],
            "customAttributes": given["custom_attributes"],
            "workflowId": given["workflow_id"],
        },
    )
    if given["status"] is not None and given["status"] != conversation["status"]:
        chat.set_status(call.world, conversation, given["status"])
    return data(view(conversation))


def _put(world: World, conversation: Row, given: Row) -> None:
    """Store what was given; all of it is checked already."""
    for name, value in given.items():
        if value is None:
            continue
        if name == "tags":
            tags.put_on(world, conversation, value)
        elif name == "customAttributes":
            merged = {**conversation.get(name, {}), **value}
            conversation[name] = {key: each for key, each in merged.items() if each is not None}
        else:
            conversation[name] = value
        if name == "assignedUserId" and value not in conversation["participants"]:
            chat.join(world, conversation, value)


def delete_conversation(call: Call) -> Response:
    """Gone for every call but a search for deleted ones, and with it what hangs on it."""
    conversation = chat.find(call.world, call.id("conversationId"))
    call.world.remove("conversations", conversation["id"])
    call.world.add("deleted_conversations", {**conversation, "updatedAt": call.world.now()})
    call.world.remove("flows", conversation["id"])
    event_log.forget_conversation(call.world, conversation["id"])
    return done()


routes = [
    write("POST", "/conversations", create_group, WRITE),
    write("POST", "/conversations/create", create_from_scratch, WRITE),
    write("PATCH", "/conversations/{conversationId}", update_conversation, WRITE),
    write("DELETE", "/conversations/{conversationId}", delete_conversation, WRITE),
]

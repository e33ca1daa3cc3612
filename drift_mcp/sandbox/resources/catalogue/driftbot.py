"""Driftbot in a conversation: start a flow, revise the prompt that waits for the visitor."""

from __future__ import annotations

from starlette.responses import Response

from ... import chat, choices, driftbot, fields
from ...errors import invalid
from ...http import Call, data, write
from ...world import Row, World

WRITE = "conversation_write"


def trigger(call: Call) -> Response:
    """{"conversation_id" (as in the path), "action_id" (interactionId of a playbook), "payload"} -> the prompt."""
    conversation = chat.find(call.world, call.id("conversationId"))
    body = call.object
    named = fields.identifier(body, "conversation_id")
    if named is not None and named != str(conversation["id"]):
        raise invalid(f"conversation_id {named} is not the conversation of the path")
    if conversation["contactId"] is None:
        raise invalid("Driftbot talks to visitors, and this conversation has none")
    playbook = _playbook(call.world, fields.identifier(body, "action_id"))
    known = fields.plain_values(fields.optional_object(body, "payload"), "payload")
    first_words = fields.non_empty_text(known, "body")
    if known.get("email") is not None:
        fields.email(known)
    known = {name: value for name, value in known.items() if name != "body" and value is not None}
    return data(driftbot.start(call.world, conversation, playbook, first_words, known))


def _playbook(world: World, interaction: str | None) -> Row:
    enabled = [row for row in world.rows("playbooks") if row.get("enabled", True)]
    if interaction is not None:
        fitting = [row for row in enabled if str(row.get("interactionId")) == interaction]
    else:
        welcome = [row for row in enabled if choices.WELCOME_PLAYBOOK in row["name"].casefold()]
        fitting = welcome or enabled
    if not fitting:
        raise invalid("action_id must be the interactionId of an enabled playbook")
    return fitting[0]


def revise(call: Call) -> Response:
    """{"body", "labels"}: the prompt that waits for the visitor changes where it stands."""
    conversation = chat.find(call.world, call.id("conversationId"))
    body = call.object
    changes = fields.something({"body": fields.non_empty_text(body, "body"), "labels": fields.names(body, "labels")})
    prompt = driftbot.current_prompt(call.world, conversation)
    prompt.update(changes)
    conversation["updatedAt"] = call.world.now()
    return data(prompt)


routes = [
    write("POST", "/conversations/{conversationId}/driftbot/trigger", trigger, WRITE),
    write("PATCH", "/conversations/{conversationId}/driftbot", revise, WRITE),
]

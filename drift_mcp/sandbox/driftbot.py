"""Driftbot in a conversation: starts a flow, listens to the visitor, goes on, ends.

A flow in flight is a row {"conversationId", "playbookId", "messageId" (the prompt that waits), "asked" (the
attribute it asks for), "left" (those still to ask)}.
"""

from __future__ import annotations

from . import chat, choices, driftbot_flow, fields, people, staff
from .driftbot_flow import EMAIL, Question
from .errors import DriftError, invalid
from .plain import plain_text
from .world import Row, World

LONGEST_ANSWER = 200
KEYS = ("email", "externalId")  # what no two contacts share


def start(world: World, conversation: Row, playbook: Row, first_words: str | None, known: Row) -> Row:
    """Post the playbook's first prompt; a flow that was in flight is over. `known`: answers that need no
    question."""
    _keep(world, conversation, known)
    world.remove("flows", conversation["id"])
    flow = driftbot_flow.of(playbook)
    left = [question.attribute for question in flow.questions if question.attribute not in known]
    conversation["relatedPlaybookId"] = playbook["id"]
    row = {"conversationId": conversation["id"], "playbookId": playbook["id"], "left": left}
    return _go_on(world, conversation, row, greeting=flow.greeting, instead=first_words)


def in_flight(world: World, conversation: Row) -> Row | None:
    """The flow whose prompt waits for the visitor: still there, in the chat, and no colleague has stepped in."""
    flow = world.get("flows", conversation["id"])
    if flow is None:
        return None
    messages = chat.messages_of(world, conversation["id"])
    prompt = next((row for row in messages if row["id"] == flow["messageId"] and row["type"] == "chat"), None)
    if prompt is None:
        return None
    later = [row for row in messages if row["type"] == "chat" and chat.order(row) > chat.order(prompt)]
    return None if any(row["author"]["type"] == "user" and not row["author"]["bot"] for row in later) else flow


def current_prompt(world: World, conversation: Row) -> Row:
    flow = in_flight(world, conversation)
    prompt = None if flow is None else world.get("messages", flow["messageId"])
    if prompt is None:
        raise invalid("no Driftbot flow is in flight in this conversation")
    return prompt


def react(world: World, conversation: Row, message: Row) -> Row | None:
    """Driftbot's answer to what the visitor just wrote, if a flow waits for it."""
    flow = in_flight(world, conversation)
    if flow is None:
        world.remove("flows", conversation["id"])
        return None
    answer = plain_text(message["body"]).strip()[:LONGEST_ANSWER]
    question = _question(world, flow, flow["asked"])
    if question is EMAIL and not fields.is_email(answer):
        return _ask(world, conversation, flow, question, driftbot_flow.paragraphs(driftbot_flow.EMAIL_AGAIN))
    if not answer:
        return _ask(world, conversation, flow, question, driftbot_flow.paragraphs(question.text))
    _keep(world, conversation, {question.attribute: answer})
    if question is EMAIL:
        contact = people.find(world, conversation["contactId"])
        if contact is not None:
            world.announce("contact_identified", people.view(contact))
    return _go_on(world, conversation, flow)


def _question(world: World, flow: Row, attribute: str) -> Question:
    playbook = world.get("playbooks", flow["playbookId"]) or {}
    return next(each for each in driftbot_flow.of(playbook).questions if each.attribute == attribute)


def _go_on(world: World, conversation: Row, flow: Row, *, greeting: str = "", instead: str | None = None) -> Row:
    """The next question, or the last word."""
    if flow["left"]:
        asked, *left = flow["left"]
        question = _question(world, flow, asked)
        body = instead or driftbot_flow.paragraphs(greeting, question.text)
        return _ask(world, conversation, {**flow, "asked": asked, "left": left}, question, body)
    world.remove("flows", conversation["id"])
    playbook = world.get("playbooks", flow["playbookId"]) or {}
    message = _say(world, conversation, instead or driftbot_flow.paragraphs(driftbot_flow.of(playbook).closing))
    _announce_goal(world, conversation, playbook)
    return message


def _ask(world: World, conversation: Row, flow: Row, question: Question, body: str) -> Row:
    contact = people.find(world, conversation["contactId"])
    known = contact["attributes"] if contact else {}
    message = _say(world, conversation, body, driftbot_flow.buttons(question, known))
    world.add("flows", {**flow, "messageId": message["id"]})
    return message


def _say(world: World, conversation: Row, body: str, buttons: list[Row] | None = None) -> Row:
    return chat.write(world, conversation, staff.author(staff.bot(world)), "chat", body, buttons=buttons)


def _keep(world: World, conversation: Row, answers: Row) -> None:
    """The answers as contact attributes. An address that belongs to somebody else is not taken over."""
    contact = people.find(world, conversation["contactId"])
    if contact is None or not answers:
        return
    try:
        people.update(world, contact, answers)
    except DriftError as refusal:
        if refusal.status != choices.DUPLICATE_STATUS:
            raise
        people.update(world, contact, {name: value for name, value in answers.items() if name not in KEYS})


def _announce_goal(world: World, conversation: Row, playbook: Row) -> None:
    contact = people.find(world, conversation["contactId"])
    if contact is None or not playbook.get("goals"):
        return
    goal = playbook["goals"][0]
    met = {
        "conversationId": conversation["id"],
        "playbookId": playbook["id"],
        "playbookName": playbook["name"],
        "contactId": contact["id"],
        "contactEmail": contact["attributes"].get("email"),
        "goalId": goal["id"],
        "goalName": goal["message"],
    }
    world.announce("playbook_goal_met", met)

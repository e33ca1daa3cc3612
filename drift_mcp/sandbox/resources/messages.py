"""Messages of a conversation: read and send (devdocs: retrieve-a-conversations-messages,
creating-a-message)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from .. import chat, choices, fields, paging, staff
from ..errors import invalid
from ..http import Call, data, get, write
from ..world import Row

PAGE_KIND = "messages"
EDIT_TYPES = ("delete", "replace", "replace_body", "replace_buttons")
BUTTON_TYPES = ("reply", "compose", "action", "noop")
BUTTON_STYLES = ("primary", "danger")
REACTION_TYPES = ("delete", "replace")


def list_messages(call: Call) -> Response:
    """Oldest first, 50 a page; `next` of one answer is the `next` of the following call (empty: the first
    page)."""
    conversation = chat.find(call.world, call.id("conversationId"))
    token = call.query.get("next")
    position = paging.decode(PAGE_KIND, token, "next").get("after") if token else None
    rows = chat.messages_of(call.world, conversation["id"])
    page, more = paging.after(rows, position, chat.order, choices.MESSAGES_PAGE)
    pagination: Row = {"more": more is not None}
    if more is not None:
        pagination["next"] = paging.encode(PAGE_KIND, after=more)
    return data({"messages": page}, pagination=pagination)


def send_message(call: Call) -> Response:
    """Adds a message, or edits one; answers the conversation's newest messages, the new one last.

    In this answer messages lack `orgId` and their `attributes` are empty, as Drift's example shows.
    """
    conversation = chat.find(call.world, call.id("conversationId"))
    body = call.object
    kind = fields.one_of(body, "type", choices.MESSAGE_TYPES)
    if kind is None:
        raise invalid("type is required")
    text = fields.text(body, "body") or ""
    buttons = _buttons(body, kind)
    author = _author(call, fields.integer(body, "userId"))
    if kind == "edit":
        _edit(call, conversation, body, text, buttons)
    else:
        attributes = {"developer_app_id": call.token["clientId"]}
        chat.write(call.world, conversation, author, kind, text, buttons=buttons, attributes=attributes)
    newest = chat.messages_of(call.world, conversation["id"])[-choices.POSTED_MESSAGES_SHOWN :]
    return data({"messages": [_as_posted(message) for message in newest]})


def _as_posted(message: Row) -> Row:
    return {**{name: value for name, value in message.items() if name != "orgId"}, "attributes": {}}


def _author(call: Call, user_id: int | None) -> Row:
    """The user named, by default the org's bot user."""
    user = staff.bot(call.world) if user_id is None else staff.find(call.world, user_id)
    if user is None:
        raise invalid(f"userId {user_id} is no user of this organisation")
    return staff.author(user)


def _edit(call: Call, conversation: Row, body: Row, text: str, buttons: list[Row]) -> None:
    """v1.3's edit; the official SDK spells its two fields with underscores."""
    names = {"editedMessageId": "edited_message_id", "editType": "edit_type"}
    given = {name: body.get(name, body.get(other)) for name, other in names.items()}
    message_id = fields.required_integer(given, "editedMessageId")
    kind = fields.one_of(given, "editType", EDIT_TYPES)
    if kind is None:
        raise invalid("editType is required")
    chat.edit(call.world, conversation, message_id, kind, body=text, buttons=buttons)


def _buttons(body: Row, kind: str) -> list[Row]:
    """Checked buttons. Outside a private prompt (or an edit of one) only a plain reply is allowed."""
    buttons = [fields.as_object(button, "a button") for button in fields.optional_list(body, "buttons")]
    for button in buttons:
        label = fields.required_text(button, "label")
        value = fields.required_text(button, "value")
        button_type = fields.one_of(button, "type", BUTTON_TYPES)
        style = fields.one_of(button, "style", BUTTON_STYLES)
        if button_type is None:
            raise invalid("a button needs a type")
        if kind not in ("private_prompt", "edit"):
            if button_type != "reply":
                raise invalid(f"a {kind} message takes only buttons of type reply")
            if value != label:
                raise invalid("value and label of a reply button must be equal")
            if style is not None:
                raise invalid("only buttons of a private_prompt have a style")
        _check_reaction(button.get("reaction"))
    return buttons


def _check_reaction(given: Any) -> None:
    if given is None:
        return
    reaction = fields.as_object(given, "reaction")
    kind = fields.one_of(reaction, "type", REACTION_TYPES)
    if kind is None:
        raise invalid("a reaction needs a type")
    if kind == "replace":
        fields.required_text(reaction, "message")


routes = [
    get("/conversations/{conversationId}/messages", list_messages, "conversation_read"),
    write("POST", "/conversations/{conversationId}/messages", send_message, "conversation_write"),
]

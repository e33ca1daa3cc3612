"""A conversation as text and as JSON, and its attachments (devdocs: retrieving-a-conversations-transcript,
retrieving-a-conversations-attachments)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, tzinfo
from functools import cache
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.responses import PlainTextResponse, Response

from .. import chat, choices, people
from ..errors import not_found
from ..http import Call, data, get
from ..plain import plain_text
from ..world import Row, World

READ = "conversation_read"


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return UTC


def _time(epoch_ms: int) -> str:
    """As the official sample prints it: "Nov 2, 12:48:26 PM PDT"."""
    at = datetime.fromtimestamp(epoch_ms / 1000, _zone(choices.TRANSCRIPT_ZONE))
    return f"{at:%b} {at.day}, {at.hour % 12 or 12}:{at:%M:%S %p %Z}"


def _speaker(world: World, author: Row) -> str:
    if author["type"] == "user":
        user = world.get("users", author["id"])
        name = (user or {}).get("name") or f"User {author['id']}"
        return f"{name}{choices.TRANSCRIPT_AGENT_MARK}"
    contact = people.find(world, author["id"])
    attributes = contact["attributes"] if contact else {}
    return str(attributes.get("name") or attributes.get("email") or choices.TRANSCRIPT_UNKNOWN_VISITOR)


def get_transcript(call: Call) -> Response:
    """The raw text, one line per message: "Nov 2, 12:48:26 PM PDT Phil: hi there". No JSON, no envelope."""
    conversation = chat.find(call.world, call.id("conversationId"))
    lines = [
        f"{_time(message['createdAt'])} {_speaker(call.world, message['author'])}: "
        f"{plain_text(message.get('body') or '')}"
        for message in chat.messages_of(call.world, conversation["id"])
    ]
    return PlainTextResponse("\n".join(lines))


def get_json_transcript(call: Call) -> Response:
    """{"data": {"messages": [{"id", "body", "type", "author", "createdAt"}]}}, all messages at once."""
    conversation = chat.find(call.world, call.id("conversationId"))
    shown = ("id", "body", "type", "author", "createdAt")
    rows = chat.messages_of(call.world, conversation["id"])
    return data({"messages": [{name: row.get(name) for name in shown} for row in rows]})


def download_attachment(call: Call) -> Response:
    """The file itself."""
    attachment = call.world.get("attachments", call.id("documentId"))
    conversation_id = (attachment or {}).get("conversationId", "")
    if attachment is None or call.world.get("deleted_conversations", conversation_id) is not None:
        raise not_found(f"attachment {call.id('documentId')}")
    name = quote(attachment["fileName"])
    return Response(
        base64.b64decode(attachment["data_base64"]),
        media_type=attachment["mimeType"],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


routes = [
    get("/conversations/{conversationId}/transcript", get_transcript, READ),
    get("/conversations/{conversationId}/json_transcript", get_json_transcript, READ),
    get("/attachments/{documentId}/data", download_attachment, READ),
]

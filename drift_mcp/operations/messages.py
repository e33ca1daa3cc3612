"""Messages of a conversation, its transcript and attachments (devdocs: message-model).

What a catalogue names beyond the documented call (client_message_id, labels, use_custom_avatar of a new message) is not
offered: Drift's own documentation of that call does not know it.
"""

import json
from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from drift_mcp.drift.wire import Expect
from drift_mcp.fields import (
    Id,
    Line,
    MimeType,
    Stamp,
    Text,
    VisitorData,
    VisitorHtml,
    VisitorText,
    Word,
)
from drift_mcp.operation import (
    LOCAL,
    WIDE,
    Access,
    CatalogueRequest,
    Changed,
    ListRequest,
    Look,
    LostAnswer,
    Made,
    Operation,
    Provenance,
    Request,
    Result,
    under_data,
)
from drift_mcp.operations import STAFF, Change, Detailed, with_html
from drift_mcp.operations.conversations import ConversationId
from drift_mcp.text import to_html

Format = Annotated[Literal["text", "html"], LOCAL]


# ---- results -------------------------------------------------------------------------------------------------------


class Attachment(Result):
    id: int | None = Field(None, description="See download_attachment.")
    file_name: VisitorText | None = None
    mime_type: MimeType = None
    url: Annotated[str | None, Field(exclude=True)] = None


class Message(Result):
    """A message (devdocs: message-model). Its HTML body is shown as text."""

    id: int | None = None
    conversation_id: Annotated[int | None, WIDE] = None
    author: Word | None = Field(None, description="visitor, agent or bot.")
    author_id: int | None = Field(None, description="Contact id of a visitor, else user id.")
    type: Word | None = Field(None, description="chat, or private_note: seen by the team only.")
    text: Annotated[VisitorHtml | None, Field(alias="body")] = None
    created_at: Stamp | None = None
    buttons: list[VisitorText] | None = None
    attachments: list[Attachment] | None = None
    labels: list[VisitorText] | None = None
    reply: int | None = Field(None, description="Message id this answers.")
    context: Annotated[VisitorData | None, WIDE] = None
    attributes: Annotated[VisitorData | None, WIDE] = None
    org_id: Annotated[int | None, Field(exclude=True)] = None

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        flat = dict(raw)
        author = flat.pop("author", None)
        if isinstance(author, dict):
            kind = "visitor" if author.get("type") == "contact" else "bot" if author.get("bot") else "agent"
            flat |= {"author": kind, "authorId": author.get("id")}
        if isinstance(flat.get("buttons"), list):
            flat["buttons"] = [
                button.get("label", "") if isinstance(button, dict) else button for button in flat["buttons"]
            ]
        return flat


class Transcript(Result):
    transcript: VisitorText | None = None


class Document(Result):
    """The facts of a file; the file itself is an embedded resource of the result."""

    document_id: int | None = None
    file_name: VisitorText | None = None
    mime_type: MimeType = None
    bytes: int | None = None


# ---- requests -------------------------------------------------------------------------------------------------------


class ListMessages(ListRequest, Detailed):
    conversation_id: Id = Field(description="Conversation id.")
    limit: Annotated[int, Field(ge=1, le=200), LOCAL] = Field(50, description="Rows wanted, 1-200.")


class SendMessage(ConversationId):
    body: Text = Field(description="What to say.")
    format: Format = Field("text", description="html: body is simple HTML.")
    type: Literal["chat", "private_note"] = Field(
        "chat", description="chat: the visitor sees it; private_note: the team only."
    )
    buttons: Annotated[list[Line] | None, Field(max_length=10)] = Field(
        None, description="Answers for the visitor to click; chat only."
    )
    user_id: Id | None = Field(None, description="User to write as; else the bot.")

    @model_validator(mode="after")
    def _buttons_in_chat(self) -> "SendMessage":
        if self.buttons and self.type != "chat":
            raise ValueError("buttons need type chat")
        return self

    def to_body(self, fields: dict[str, Any]) -> Any:
        buttons = [{"label": label, "value": label, "type": "reply"} for label in self.buttons or ()]
        text = to_html(self.body) if self.format == "text" else self.body
        return fields | {"body": text} | ({"buttons": buttons} if buttons else {})


class AttachmentId(Request):
    document_id: Id = Field(description="Attachment id, from a message.")


class MessageId(CatalogueRequest):
    conversation_id: Id = Field(alias="conversationId", description="Conversation id.")
    message_id: Id = Field(alias="messageId", description="Message id.")


class UpdateMessage(Change, MessageId):
    body: Text | None = Field(None, description="New text, plain.")
    labels: list[Line] | None = Field(None, description="Labels.")
    reply: Id | None = Field(None, description="Message id this answers.")
    type: Literal["chat", "private_note"] | None = Field(None, description="New type.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        return with_html(fields)


# ---- how Drift wraps its answers ------------------------------------------------------------------------------------


def messages_of(body: Any) -> Any:
    """The messages in `{"data": {"messages": […]}}`. The JSON transcript is unconfirmed, so a bare list will do too."""
    data = under_data(body)
    return data.get("messages", []) if isinstance(data, dict) else data


def sent_message(body: Any) -> Any:
    """The message just created: Drift answers the conversation's messages, or that one (drift-api.md §11, 13)."""
    data = under_data(body)
    messages = data.get("messages") if isinstance(data, dict) else None
    if not isinstance(messages, list):
        return data
    rows = [row for row in messages if isinstance(row, dict)]
    return max(rows, key=lambda row: (_number(row.get("createdAt")), _number(row.get("id"))), default={})


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) else 0


def transcript_of(body: Any) -> Any:
    """The transcript's text: the body itself, or under `data` (drift-api.md §11, 12)."""
    text = str(body)
    if text.lstrip().startswith("{"):
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            text = json.loads(text)["data"]
    return {"transcript": text}


# ---- operations -----------------------------------------------------------------------------------------------------

OPERATIONS = [
    Operation(
        name="get_conversation_transcript",
        title="Read a conversation",
        summary="The whole conversation as text, as Drift formats it: local times, private notes unmarked, speakers "
        "that a visitor can fake.",
        guidance="Who really said what, and what the visitor saw: list_messages.",
        intents=(
            "read the conversation",
            "what did the visitor say",
            "give me the chat transcript",
            "summarize this conversation",
        ),
        method="GET",
        path="/conversations/{conversationId}/transcript",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        request=ConversationId,
        result=Transcript,
        unwrap=transcript_of,
        expect=Expect.TEXT,
        everyday=True,
    ),
    Operation(
        name="get_conversation_transcript_json",
        title="Get a transcript as data",
        summary="The whole conversation as message records in one call.",
        guidance="For reading use list_messages.",
        intents=(
            "transcript as JSON",
            "machine readable transcript of a chat",
            "export one conversation's messages as structured data",
        ),
        method="GET",
        path="/conversations/{conversationId}/json_transcript",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        request=ListMessages,
        result=Message,
        unwrap=messages_of,
        many=True,
    ),
    Operation(
        name="list_messages",
        title="List messages",
        summary="The messages of a conversation, oldest first, with author, buttons and attachments.",
        guidance="get_conversation_transcript is shorter, but speakers in it can be faked.",
        intents=(
            "show the messages of a conversation",
            "find the attachment a visitor sent",
            "which message came last and who wrote it",
        ),
        method="GET",
        path="/conversations/{conversationId}/messages",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        request=ListMessages,
        result=Message,
        unwrap=messages_of,
        many=True,
        paging="next",
        everyday=True,
    ),
    Operation(
        name="send_message",
        title="Reply in a conversation",
        summary="Send a message into a conversation: a reply the visitor sees, or a private note for the team.",
        guidance="To write to someone without a conversation use create_conversation.",
        intents=(
            "reply to a Drift conversation",
            "send a chat message to the visitor",
            "answer the customer in the chat",
            "leave a private note for the team",
            "offer the visitor buttons to choose from",
        ),
        method="POST",
        path="/conversations/{conversationId}/messages",
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (Look("list_messages", {"conversation_id": "conversation_id"}, ("text", "type"), {"author": STAFF}),),
        ),
        request=SendMessage,
        result=Message,
        unwrap=sent_message,
        everyday=True,
    ),
    Operation(
        name="download_attachment",
        title="Download an attachment",
        summary="The file of a message's attachment, as an embedded resource.",
        guidance="list_messages shows the ids.",
        intents=(
            "download the file the visitor sent",
            "open the attachment",
            "get the PDF from the chat",
        ),
        method="GET",
        path="/attachments/{documentId}/data",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        request=AttachmentId,
        result=Document,
        expect=Expect.BYTES,
    ),
    Operation(
        name="get_message",
        title="Get a message",
        summary="One message of a conversation.",
        guidance="All of them: list_messages.",
        intents=(
            "show this one message",
            "get message 123 of a conversation",
            "look up a single chat message by id",
        ),
        method="GET",
        path="/conversations/{conversationId}/messages/{messageId}",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=MessageId,
        result=Message,
        alternative="list_messages",
    ),
    Operation(
        name="update_message",
        title="Edit a message",
        summary="Change the text, labels or type of a message that was sent.",
        guidance="A new message: send_message.",
        intents=(
            "edit a message I sent",
            "correct a typo in our reply",
            "change the text of a sent message",
        ),
        method="PATCH",
        path="/conversations/{conversationId}/messages/{messageId}",
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(
            Look("get_message", {"conversation_id": "conversation_id", "message_id": "message_id"}),
        ),
        request=UpdateMessage,
        result=Message,
        alternative="send_message with the correction",
    ),
]

"""Notes on a conversation, for the team only. Known from third-party catalogues."""

from typing import Annotated, Any, Literal

from pydantic import Field

from drift_mcp.fields import Id, Line, Moment, OurText, Stamp, Text, VisitorHtml, Word
from drift_mcp.operation import Access, CatalogueRequest, Changed, Look, LostAnswer, Made, Operation, Provenance, Result
from drift_mcp.operations import STAFF, Change, with_html

NoteType = Literal["note", "call", "email", "meeting"]


class Note(Result):
    id: int | None = None
    conversation_id: int | None = None
    body: VisitorHtml | None = None
    type: Word | None = None
    user: int | None = Field(None, description="User id of the author.")
    tags: list[OurText] | None = None
    labels: list[OurText] | None = None
    closed: bool | None = None
    created_at: Stamp | None = None
    updated_at: Stamp | None = None


class CreateNote(CatalogueRequest):
    conversation_id: Id = Field(alias="conversationId", description="Conversation id.")
    body: Text = Field(description="The note.")
    type: NoteType | None = Field(None, description="Kind of note.")
    user: Id | None = Field(None, description="User id of the author; else the bot.")
    tags: list[Line] | None = Field(None, description="Tag names.")
    created_at: Moment | None = Field(None, description="When; now if left out.")
    client_created_at: Moment | None = Field(None, description="When your system wrote it.")
    client_id: Line | None = Field(None, description="Your id; the same one makes no second note.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        return with_html(fields)


class NoteId(CatalogueRequest):
    conversation_id: Id = Field(alias="conversationId", description="Conversation id.")
    note_id: Id = Field(alias="noteId", description="Note id.")


class UpdateNote(Change, NoteId):
    body: Text | None = Field(None, description="New text.")
    type: NoteType | None = Field(None, description="Kind of note.")
    closed: bool | None = Field(None, description="Whether it is dealt with.")
    labels: Annotated[list[Line] | None, Field(max_length=50)] = Field(None, description="Labels.")
    tags: Annotated[list[Line] | None, Field(max_length=50)] = Field(None, description="Tag names.")
    created_at: Moment | None = Field(None, description="When it was written.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        return with_html(fields)


OPERATIONS = [
    Operation(
        name="create_note",
        title="Write a note",
        summary="Leave a note on a conversation that only the team sees.",
        guidance="send_message with type private_note is the documented way.",
        intents=(
            "add an internal note for the assigned rep",
            "write a note on the conversation's timeline",
            "leave a comment the visitor cannot see",
        ),
        method="POST",
        path="/conversations/{conversationId}/timeline/notes",
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (
                Look(
                    "list_messages",
                    {"conversation_id": "conversation_id"},
                    ("text",),
                    {"author": STAFF, "type": ("private_note",)},
                ),
                Look("get_note", {"conversation_id": "conversation_id", "note_id": "id"}),
            ),
            sets_time=("created_at", "client_created_at"),
        ),
        request=CreateNote,
        result=Note,
        alternative="send_message with type private_note",
    ),
    Operation(
        name="get_note",
        title="Get a note",
        summary="One note of a conversation.",
        intents=(
            "read a note of the conversation",
            "show note 77",
            "what does the internal note say",
        ),
        method="GET",
        path="/conversations/{conversationId}/timeline/notes/{noteId}",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=NoteId,
        result=Note,
        alternative="list_messages; private notes are among them",
    ),
    Operation(
        name="update_note",
        title="Edit a note",
        summary="Change a note's text, tags or labels, or mark it as dealt with.",
        intents=(
            "edit the internal note",
            "close a note",
            "correct the note on this conversation",
        ),
        method="PATCH",
        path="/conversations/{conversationId}/timeline/notes/{noteId}",
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_note", {"conversation_id": "conversation_id", "note_id": "note_id"})),
        request=UpdateNote,
        result=Note,
        alternative="send_message with type private_note and the correction",
    ),
]

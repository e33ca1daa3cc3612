"""Conversations: threads between one contact and the organisation (devdocs: conversation-model)."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from drift_mcp.fields import (
    Cleaned,
    Email,
    Id,
    Line,
    Moment,
    OurText,
    Stamp,
    Text,
    VisitorData,
    VisitorText,
    Word,
)
from drift_mcp.operation import (
    LOCAL,
    WIDE,
    Access,
    CatalogueRequest,
    Changed,
    Gone,
    ListRequest,
    Look,
    LookUp,
    LostAnswer,
    Made,
    Operation,
    Provenance,
    Request,
    Result,
    Target,
    under_data,
)
from drift_mcp.operations import STAFF, Change, Detailed, Done, said_ok, tag_names
from drift_mcp.text import to_html

Status = Literal["open", "closed", "pending"]
STATUS_IDS = {"open": 1, "closed": 2, "pending": 3}


class ConversationId(Request):
    conversation_id: Id = Field(description="Conversation id.")


# ---- results -------------------------------------------------------------------------------------------------------


class Conversation(Result):
    """A conversation; listings show the short form, without participants and tags (devdocs: list-conversations)."""

    id: int | None = None
    status: Word | None = None
    contact_id: int | None = Field(None, description="The visitor: see get_contact.")
    participants: list[int] | None = Field(None, description="User ids.")
    tags: Annotated[list[OurText] | None, BeforeValidator(tag_names), Field(alias="conversationTags")] = None
    inbox_id: Annotated[int | None, WIDE] = None
    related_playbook_id: int | Word | None = None
    created_at: Annotated[Stamp | None, WIDE] = None
    updated_at: Stamp | None = None
    title: VisitorText | None = None
    labels: list[OurText] | None = None
    assigned_user_id: int | None = None
    workflow_id: int | Word | None = None
    custom_attributes: VisitorData | None = None
    resolved_at: Stamp | None = None
    org_id: Annotated[int | None, Field(exclude=True)] = None


class Stats(Result):
    open: int | None = None
    closed: int | None = None
    pending: int | None = None


# ---- requests -------------------------------------------------------------------------------------------------------


class ListConversations(ListRequest, Detailed):
    status: Annotated[
        list[Status] | None,
        PlainSerializer(lambda names: [STATUS_IDS[name] for name in names], when_used="unless-none"),
    ] = Field(None, alias="statusId", description="Only these; all if left out.")


class CreateConversation(Request):
    email: Email = Field(description="The contact's; a contact is created if none has it.")
    body: Text = Field(description="First message, from your side.")
    format: Annotated[Literal["text", "html"], LOCAL] = Field("text", description="html: body is simple HTML.")
    integration_source: Line | None = Field(None, description="Where it comes from, e.g. Message from facebook.")
    auto_assignee_id: Id | None = Field(None, description="User id to assign.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        extra = {name: fields[name] for name in ("integrationSource", "autoAssigneeId") if name in fields}
        text = to_html(self.body) if self.format == "text" else self.body
        return {"email": self.email, "message": {"body": text} | ({"attributes": extra} if extra else {})}

    def as_record(self, body: Any) -> dict[str, Any]:
        return {"email": self.email, "body": body["message"]["body"]}


class Cataloged(CatalogueRequest):
    """What several of the catalogue's conversation operations take."""

    labels: Annotated[list[Line] | None, Field(max_length=50)] = Field(None, description="Labels.")
    tags: Annotated[list[Line] | None, Field(max_length=50)] = Field(None, description="Tag names.")


class SearchConversations(ListRequest, CatalogueRequest):
    email: Email | None = Field(None, description="The contact's.")
    title: Line | None = Field(None, description="Words in it.")
    tags: list[Line] | None = Field(None, description="All of these tag names.")
    labels: list[Line] | None = Field(None, description="All of these labels.")
    assigned_user_id: Id | None = Field(None, description="User id.")
    participants: list[Id] | None = Field(None, description="All of these user ids.")
    id: list[Id] | None = Field(None, description="Only these.")
    archived: bool | None = Field(None, description="Closed ones.")
    deleted: bool | None = Field(None, description="Deleted ones.")
    direction: Literal["inbound", "outbound"] | None = Field(None, description="Who began.")
    integration: Line | None = Field(None, description="Source.")
    member_count: Annotated[int, Field(ge=0)] | None = Field(None, description="People in it.")
    reply_subject: Line | None = Field(None, description="Subject.")
    workflow_id: Line | None = Field(None, description="Workflow.")
    custom_attributes: Annotated[dict[str, Any] | None, Cleaned] = Field(None, description="Name to value.")
    created_at: Moment | None = Field(None, description="From then on.")
    updated_at: Moment | None = Field(None, description="From then on.")
    last_activity_at: Moment | None = Field(None, description="From then on.")
    last_message_sent_at: Moment | None = Field(None, description="From then on.")
    resolved_at: Moment | None = Field(None, description="From then on.")


class ListByStatus(ListRequest, CatalogueRequest):
    status: Status = Field(description="Status.")
    archived: bool | None = Field(None, description="Whether archived ones count.")


class CreateGroupConversation(Cataloged):
    users: Annotated[list[Id], Field(min_length=1, max_length=50)] = Field(description="User ids.")
    background_mode: bool | None = Field(None, description="true: nobody is notified.")

    def as_record(self, body: Any) -> dict[str, Any]:
        return {**body, "participants": self.users}


class CreateFromScratch(Cataloged):
    email: Email = Field(description="The contact's.")
    title: Line | None = Field(None, description="Title.")
    assigned_user_id: Id | None = Field(None, description="User id.")
    custom_attributes: Annotated[dict[str, Any] | None, Cleaned] = Field(None, description="Name to value.")
    background_mode: bool | None = Field(None, description="true: nobody is notified.")


class UpdateConversation(Change, Cataloged):
    conversation_id: Id = Field(alias="conversationId", description="Conversation id.")
    status: Status | None = Field(None, description="New status.")
    assigned_user_id: Id | None = Field(None, description="User id.")
    workflow_id: Line | None = Field(None, description="Workflow.")
    custom_attributes: Annotated[dict[str, Any] | None, Cleaned] = Field(None, description="Name to value.")


# ---- how Drift wraps its answers ------------------------------------------------------------------------------------


def counts_of(body: Any) -> Any:
    """`{"conversationCount": {"OPEN": 1, …}}` with the statuses in lower case, as everywhere else."""
    data = under_data(body)
    counts = data.get("conversationCount") if isinstance(data, dict) else None
    return {str(status).lower(): count for status, count in counts.items()} if isinstance(counts, dict) else {}


# ---- operations -----------------------------------------------------------------------------------------------------

OPERATIONS = [
    Operation(
        name="list_conversations",
        title="List conversations",
        summary="List conversations, the most recently updated first.",
        guidance="Rows are short; get_conversation has participants and tags.",
        intents=(
            "list recent Drift conversations for triage",
            "show me the open chats",
            "what is in our Drift inbox",
            "which conversations are pending",
        ),
        method="GET",
        path="/conversations/list",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        request=ListConversations,
        result=Conversation,
        many=True,
        paging="page_token",
        page_size=("limit", 100),
        everyday=True,
    ),
    Operation(
        name="get_conversation",
        title="Get a conversation",
        summary="One conversation: status, contact, participants, tags.",
        guidance="For what was said use list_messages or get_conversation_transcript.",
        intents=(
            "open conversation 12345",
            "who is taking part in this chat",
            "what status and tags does the conversation have",
        ),
        method="GET",
        path="/conversations/{conversationId}",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        request=ConversationId,
        result=Conversation,
    ),
    Operation(
        name="create_conversation",
        title="Start a conversation",
        summary="Start a conversation with a contact by e-mail address, with a first message from your side.",
        guidance="To answer in an existing conversation use send_message.",
        intents=(
            "start a new chat with a lead",
            "open a conversation with jane@acme.example",
            "write to a contact who has no conversation yet",
        ),
        method="POST",
        path="/conversations/new",
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (
                Look("list_conversations"),
                Look("get_contact", {"contact_id": "contact_id"}, ("email",)),
                Look("list_messages", {"conversation_id": "id"}, ("text",), {"author": STAFF}),
            ),
            newest="updated_at",
        ),
        request=CreateConversation,
        result=Conversation,
        everyday=True,
    ),
    Operation(
        name="get_conversation_stats",
        title="Count conversations by status",
        summary="How many conversations are open, closed and pending.",
        guidance="For metrics over time use report_conversations.",
        intents=(
            "how many open conversations do we have",
            "count chats per status",
            "size of the conversation backlog",
        ),
        method="GET",
        path="/conversations/stats",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        request=Request,
        result=Stats,
        unwrap=counts_of,
    ),
    Operation(
        name="search_conversations",
        title="Search conversations",
        summary="Search conversations by contact, tags, assignee, times and more.",
        guidance="Without criteria use list_conversations.",
        intents=(
            "search conversations by tag",
            "find chats assigned to Maya",
            "all conversations with jane@acme.example",
            "conversations since yesterday",
        ),
        method="GET",
        path="/conversations",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=SearchConversations,
        result=Conversation,
        many=True,
        paging="next",
        page_size=("limit", 100),
        alternative="list_conversations, then look at each",
    ),
    Operation(
        name="list_conversations_by_status",
        title="List conversations by status",
        summary="The conversations with one status.",
        guidance="list_conversations with status does the same.",
        intents=(
            "conversations by status endpoint",
            "show only archived closed conversations",
            "pending conversations including archived",
        ),
        method="GET",
        path="/conversations/status/{status}",
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=ListByStatus,
        result=Conversation,
        many=True,
        paging="next",
        page_size=("limit", 100),
        alternative="list_conversations with status",
    ),
    Operation(
        name="create_group_conversation",
        title="Create a group conversation",
        summary="Open a conversation among several users of the organisation.",
        guidance="With a contact: create_conversation.",
        intents=(
            "start a group chat with colleagues",
            "open an internal conversation with several users",
            "create a conversation for the team",
        ),
        method="POST",
        path="/conversations",
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (
                Look("list_conversations", only={"contact_id": (None,)}),
                Look("search_conversations", {"id": "id"}, ("participants", "tags", "labels")),
            ),
            newest="updated_at",
        ),
        request=CreateGroupConversation,
        result=Conversation,
        alternative="create_conversation with a contact's e-mail",
    ),
    Operation(
        name="create_conversation_from_scratch",
        title="Create a conversation without a message",
        summary="Open a conversation with a contact, with title, assignee and tags but no message yet.",
        guidance="With a first message: create_conversation.",
        intents=(
            "create an empty conversation",
            "open a conversation and assign it, no message",
            "new conversation with a title and tags",
        ),
        method="POST",
        path="/conversations/create",
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (
                Look("list_conversations"),
                Look("get_contact", {"contact_id": "contact_id"}, ("email",)),
                Look("list_messages", {"conversation_id": "id"}, empty=True),
                Look("search_conversations", {"id": "id"}, ("title", "assigned_user_id", "tags", "labels")),
            ),
            newest="updated_at",
        ),
        request=CreateFromScratch,
        result=Conversation,
        alternative="create_conversation, which needs a first message",
    ),
    Operation(
        name="update_conversation",
        title="Update a conversation",
        summary="Change a conversation's status, assignee, tags, labels or custom attributes.",
        guidance="Lists given replace the old ones.",
        intents=(
            "close the conversation",
            "assign the chat to Maya",
            "tag this conversation",
            "reopen a conversation",
        ),
        alternative="Drift itself changes status, assignee and tags; send_message can ask a colleague to",
        method="PATCH",
        path="/conversations/{conversationId}",
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("search_conversations", {"id": "conversation_id"})),
        request=UpdateConversation,
        result=Conversation,
        everyday=True,
    ),
    Operation(
        name="delete_conversation",
        title="Delete a conversation",
        summary="Delete a conversation with its messages.",
        guidance="To only end it, close it with update_conversation.",
        intents=(
            "delete this conversation",
            "remove a spam chat for good",
            "get rid of a conversation",
        ),
        alternative="conversations are deleted in Drift itself",
        method="DELETE",
        path="/conversations/{conversationId}",
        toolset="conversations",
        scope="conversation_write",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Delete conversation {conversation_id}",
            (
                LookUp("get_conversation", by="conversation_id", shows=("status", "updated_at")),
                LookUp("get_contact", by="contact_id", shows=("name", "email")),
            ),
        ),
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_conversation", {"conversation_id": "conversation_id"})),
        request=ConversationId,
        result=Done,
        unwrap=said_ok,
    ),
]

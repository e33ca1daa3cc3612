"""Playbooks, landing pages (devdocs: playbook-model-1); Driftbot in a conversation (third-party catalogues)."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from drift_mcp.fields import Cleaned, Id, Line, OurData, OurText, Stamp, Text, Word
from drift_mcp.operation import (
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
    Result,
)
from drift_mcp.operations import Change, Detailed, with_html
from drift_mcp.operations.messages import Message, sent_message


def _goal_texts(goals: Any) -> Any:
    """`[{"id", "message"}]` as messages."""
    if not isinstance(goals, list):
        return goals
    return [goal.get("message", "") if isinstance(goal, dict) else goal for goal in goals]


class Playbook(Result):
    id: int | None = None
    name: OurText | None = None
    report_type: Word | None = Field(None, description="Its purpose, e.g. BOOK_MORE_MEETINGS.")
    interaction_id: int | None = Field(None, description="Starts it in the chat widget.")
    goals: Annotated[list[OurText] | None, BeforeValidator(_goal_texts)] = None
    updated_at: Stamp | None = None
    created_at: Annotated[Stamp | None, WIDE] = None
    created_author_id: Annotated[int | None, WIDE] = None
    updated_author_id: Annotated[int | None, WIDE] = None
    meta: Annotated[OurData | None, WIDE] = None
    org_id: Annotated[int | None, Field(exclude=True)] = None


class LandingPage(Result):
    playbook_id: int | None = None
    playbook_name: OurText | None = None
    landing_page_url: OurText | None = None


class ListPlaybooks(ListRequest, Detailed):
    pass


class TriggerDriftbot(CatalogueRequest):
    conversation_id: Id = Field(alias="conversationId", description="Conversation id.")
    action_id: Line | None = Field(None, description="interaction_id of a playbook; else the welcome flow.")
    payload: Annotated[dict[str, Any] | None, Cleaned] = Field(
        None, description='Values for the flow, e.g. {"body": "How big is your team?"}.'
    )

    def to_body(self, fields: dict[str, Any]) -> Any:
        # The catalogue names the conversation in the body as well as in the path.
        return {"conversation_id": self.conversation_id, **fields}

    def as_record(self, body: Any) -> dict[str, Any]:
        return {"body": (self.payload or {}).get("body")}


class UpdateDriftbotMessage(Change, CatalogueRequest):
    conversation_id: Id = Field(alias="conversationId", description="Conversation id.")
    body: Text | None = Field(None, description="New prompt.")
    labels: Annotated[list[Line] | None, Field(max_length=50)] = Field(None, description="Labels.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        return with_html(fields)


OPERATIONS = [
    Operation(
        name="list_playbooks",
        title="List playbooks",
        summary="The enabled bot playbooks with their goals. Drift refreshes this about every 10 minutes.",
        intents=(
            "which bots are live on our site",
            "list Drift playbooks",
            "find the interaction id of a playbook",
        ),
        method="GET",
        path="/playbooks/list",
        toolset="automation",
        scope="playbook_read",
        access=Access.READ,
        request=ListPlaybooks,
        result=Playbook,
        many=True,
    ),
    Operation(
        name="list_landing_pages",
        title="List landing pages",
        summary="Conversational landing pages with their addresses and playbooks.",
        intents=(
            "which conversational landing pages exist",
            "url of the demo landing page",
            "list chat landing pages",
        ),
        method="GET",
        path="/playbooks/clp",
        toolset="automation",
        scope="playbook_read",
        access=Access.READ,
        request=ListRequest,
        result=LandingPage,
        many=True,
    ),
    Operation(
        name="trigger_driftbot",
        title="Trigger Driftbot",
        summary="Have Driftbot start a flow in a conversation; the visitor sees its prompt.",
        guidance="To change the prompt: update_driftbot_message.",
        intents=(
            "trigger a Driftbot qualification flow",
            "let the bot take over this chat",
            "start a bot flow in the conversation",
        ),
        method="POST",
        path="/conversations/{conversationId}/driftbot/trigger",
        toolset="automation",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (Look("list_messages", {"conversation_id": "conversation_id"}, ("text",), {"author": ("bot",)}),),
        ),
        request=TriggerDriftbot,
        result=Message,
        unwrap=sent_message,
        alternative="send_message with buttons asks the visitor the same question",
    ),
    Operation(
        name="update_driftbot_message",
        title="Revise Driftbot's message",
        summary="Change Driftbot's current prompt in a conversation.",
        guidance="It needs trigger_driftbot first.",
        intents=(
            "revise the bot prompt mid-conversation",
            "change what Driftbot asks",
            "update the in-flight bot message",
        ),
        method="PATCH",
        path="/conversations/{conversationId}/driftbot",
        toolset="automation",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(
            Look("list_messages", {"conversation_id": "conversation_id"}, ("text",), {"author": ("bot",)}),
        ),
        request=UpdateDriftbotMessage,
        result=Message,
        unwrap=sent_message,
        alternative="send_message with the new wording",
    ),
]

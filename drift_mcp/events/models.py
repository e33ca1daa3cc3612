"""The data of each type of event as an agent reads it (drift-api.md §7.2). Fields that Drift adds are kept.

What is undocumented (chat_to_call, gdpr_delete_requested, app_disconnected) has a model without promises.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from drift_mcp.fields import Stamp, VisitorData, VisitorText, Word, shown_json
from drift_mcp.operation import Result
from drift_mcp.operations.contacts import Contact
from drift_mcp.operations.conversations import Conversation
from drift_mcp.operations.meetings import Meeting
from drift_mcp.operations.messages import Message

VisitorValue = Annotated[Any, BeforeValidator(shown_json)]


class _Told(Result):
    """What most types have."""

    org_id: Annotated[int | None, Field(exclude=True)] = None
    conversation_id: int | None = None


class ChangedAttribute(Result):
    """What is called `attributes.last_active` has times for values, as that attribute of a contact does."""

    name: str | None = None
    previous: VisitorValue = None
    updated: VisitorValue = None

    @model_validator(mode="before")
    @classmethod
    def _times(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
            return raw
        named = raw["name"].rpartition(".")[2]
        return raw | {each: shown_json(raw[each], named) for each in ("previous", "updated") if each in raw}


class ContactUpdated(_Told):
    end_user_id: int | None = None
    timestamp: Stamp | None = None
    diff: list[ChangedAttribute] | None = None


class ConversationInactive(_Told):
    last_updated: Stamp | None = None


class ParticipantsChanged(_Told):
    added_participants: list[int] | None = None
    removed_participants: list[int] | None = None
    changed_at: Stamp | None = None


class PhoneCaptured(_Told):
    author_id: int | None = None
    author_type: str | None = None
    phone_number: VisitorText | None = None


class MeetingUpdated(Meeting):
    event_type: str | None = None


class GoalMet(_Told):
    playbook_id: int | None = None
    playbook_name: str | None = None
    contact_id: int | None = None
    contact_email: VisitorText | None = None
    goal_id: str | None = None
    goal_name: str | None = None


class AvailabilityUpdated(_Told):
    user_id: int | None = None
    availability: str | None = None
    updated_at: Stamp | None = None


class StatusUpdated(_Told):
    status: Word | None = None
    changed_at: Stamp | None = None


class ButtonAction(_Told):
    author: VisitorData | None = None
    source_message_id: int | None = None
    button: VisitorData | None = None


class Undocumented(_Told):
    """Whatever comes."""


MODELS: dict[str, type[Result]] = {
    "contact_identified": Contact,
    "contact_updated": ContactUpdated,
    "new_message": Message,
    "new_command_message": Message,
    "new_conversation": Conversation,
    "conversation_inactive": ConversationInactive,
    "conversation_manual_push": Undocumented,
    "conversation_push": Undocumented,
    "conversation_participant_added": ParticipantsChanged,
    "conversation_participant_removed": ParticipantsChanged,
    "button_clicked": Message,
    "phone_captured": PhoneCaptured,
    "new_meeting": Meeting,
    "meeting_updated": MeetingUpdated,
    "meeting_booked": Meeting,
    "playbook_goal_met": GoalMet,
    "user_availability_updated": AvailabilityUpdated,
    "user_unsubscribed": Contact,
    "user_unsubscribe": Contact,
    "chat_to_call": Undocumented,
    "gdpr_delete_requested": Undocumented,
    "app_disconnected": Undocumented,
    "conversation_status_updated": StatusUpdated,
    "button_action": ButtonAction,
}

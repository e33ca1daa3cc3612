"""Meetings: the booked ones (devdocs: get-booked-meetings), and their management (third-party catalogues)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from drift_mcp.fields import Email, Id, Line, Moment, Stamp, Text, VisitorText, Word
from drift_mcp.operation import (
    WIDE,
    Access,
    CatalogueRequest,
    Changed,
    Gone,
    Look,
    LookUp,
    LostAnswer,
    Made,
    Operation,
    Provenance,
    Result,
    Target,
)
from drift_mcp.operations import Change, Done, WideList, said_ok

Minutes = Annotated[int, Field(ge=1, le=1440)]


class Participant(Result):
    id: int | None = None
    email: VisitorText | None = None
    first_name: VisitorText | None = None
    last_name: VisitorText | None = None


class Meeting(Result):
    """A meeting. Booked ones have no id of their own in Drift's documentation."""

    id: int | None = None
    status: Word | None = Field(None, description="ACTIVE or CANCELED.")
    starts_at: Annotated[Stamp | None, Field(alias="slotStart")] = None
    ends_at: Annotated[Stamp | None, Field(alias="slotEnd")] = None
    agent_id: int | None = Field(None, description="User id of the host.")
    contact_id: Annotated[int | None, Field(alias="schedulerId")] = Field(None, description="Who booked.")
    conversation_id: int | None = None
    subject: VisitorText | None = None
    location: VisitorText | None = None
    meeting_type: VisitorText | None = None
    meeting_source: Word | None = None
    meeting_notes: VisitorText | None = None
    conference_type: Word | None = None
    participants: list[Participant] | None = None
    participant_ids: list[int] | None = None
    end_user_time_zone: VisitorText | None = None
    booked_by: int | Word | None = None
    ended_at: Stamp | None = None
    updated_by: Annotated[int | None, WIDE] = None
    duration: Annotated[int | None, WIDE] = Field(None, description="Minutes.")
    scheduled_at: Annotated[Stamp | None, WIDE] = None
    updated_at: Annotated[Stamp | None, WIDE] = None
    event_id: Annotated[Word | None, WIDE] = None
    slug: Annotated[Word | None, WIDE] = None
    is_recurring: Annotated[bool | None, WIDE] = None
    is_private: Annotated[bool | None, WIDE] = None
    org_id: Annotated[int | None, Field(exclude=True)] = None


class ListBooked(WideList):
    min_start_time: Moment = Field(alias="min_start_time", description="From, at most 30 days ago.")
    max_start_time: Moment = Field(alias="max_start_time", description="To.")


class MeetingId(CatalogueRequest):
    meeting_id: Id = Field(alias="meetingId", description="Meeting id.")


class ListMeetings(WideList, CatalogueRequest):
    start_after: Moment | None = Field(None, description="Starts from then on.")
    start_before: Moment | None = Field(None, description="Starts before.")
    start_at: Moment | None = Field(None, description="Starts then.")
    ended_at: Moment | None = Field(None, description="Ended then.")
    created_after: Moment | None = Field(None, description="Booked from then on.")
    created_before: Moment | None = Field(None, description="Booked before.")
    updated_since: Moment | None = Field(None, description="Changed from then on.")
    in_progress: bool | None = Field(None, description="Going on now.")
    participants: list[Email] | None = Field(None, description="All of these e-mails.")
    participant_ids: list[Id] | None = Field(None, description="All of these contact ids.")
    id: list[Id] | None = Field(None, description="Only these.")
    created_by: Id | None = Field(None, description="User id.")
    updated_by: Id | None = Field(None, description="User id.")
    subject: Line | None = Field(None, description="Words in it.")
    location: Line | None = Field(None, description="Words in it.")
    notes: Line | None = Field(None, description="Words in them.")
    duration: Minutes | None = Field(None, description="Minutes.")
    direction: Literal["inbound", "outbound"] | None = Field(None, description="Who booked.")
    event_type: Line | None = Field(None, description="Meeting type.")
    use_precise_filters: bool | None = Field(None, description="true: whole texts, not words.")


class CreateMeeting(CatalogueRequest):
    conversation_id: Id = Field(description="Conversation it belongs to.")
    start_at: Moment = Field(description="Start.")
    duration: Minutes = Field(description="Minutes.")
    created_by: Id | None = Field(None, description="User id of the host; else the bot.")
    updated_by: Id | None = Field(None, description="User id.")

    def as_record(self, body: Any) -> dict[str, Any]:
        return _as_shown(body)


class UpdateMeeting(Change, MeetingId):
    start_at: Moment | None = Field(None, description="New start.")
    duration: Minutes | None = Field(None, description="Minutes.")
    ended_at: Moment | None = Field(None, description="When it ended.")
    subject: Line | None = Field(None, description="Subject.")
    location: Line | None = Field(None, description="Place or link.")
    notes: Text | None = Field(None, description="Notes.")
    participant_ids: list[Id] | None = Field(None, description="Contact ids; replaces the old ones.")
    conversation_id: Id | None = Field(None, description="Conversation.")
    updated_by: Id | None = Field(None, description="User id.")

    def as_record(self, body: Any) -> dict[str, Any]:
        return _as_shown(body)


class AddParticipant(MeetingId):
    email: Email = Field(description="E-mail address.")
    first_name: Line | None = Field(None, description="First name.")
    last_name: Line | None = Field(None, description="Last name.")

    def as_record(self, body: Any) -> dict[str, Any]:
        return {"participants": [{"email": self.email}]}


_SHOWN_AS = {"start_at": "slotStart", "notes": "meetingNotes"}


def _as_shown(body: dict[str, Any]) -> dict[str, Any]:
    return {_SHOWN_AS.get(name, name): value for name, value in body.items()}


OPERATIONS = [
    Operation(
        name="list_booked_meetings",
        title="List booked meetings",
        summary="Meetings booked through Drift that start within a span of time.",
        intents=(
            "which meetings are booked this week",
            "upcoming demos",
            "meetings scheduled through chat",
        ),
        method="GET",
        path="/users/meetings/org",
        toolset="meetings",
        scope="user_read",
        access=Access.READ,
        request=ListBooked,
        result=Meeting,
        many=True,
        page_size=("limit", 1000),
    ),
    Operation(
        name="list_meetings",
        title="Search meetings",
        summary="Search meetings by time, participant, host, subject and more.",
        guidance="By time only: list_booked_meetings.",
        intents=(
            "find the meeting with jane@acme.example",
            "search meetings by subject",
            "which meetings did Maya create",
        ),
        method="GET",
        path="/meetings",
        toolset="meetings",
        scope="user_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=ListMeetings,
        result=Meeting,
        many=True,
        paging="next",
        page_size=("limit", 100),
        alternative="list_booked_meetings",
    ),
    Operation(
        name="get_meeting",
        title="Get a meeting",
        summary="One meeting with its participants.",
        intents=(
            "show meeting 4411",
            "who attends this meeting",
            "when and where is the meeting",
        ),
        method="GET",
        path="/meetings/{meetingId}",
        toolset="meetings",
        scope="user_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=MeetingId,
        result=Meeting,
        alternative="list_booked_meetings around its time",
    ),
    Operation(
        name="create_meeting",
        title="Book a meeting",
        summary="Book a meeting with the contact of a conversation.",
        intents=(
            "book a meeting with the visitor",
            "schedule a demo on Tuesday at 10",
            "set up a call for this conversation",
        ),
        method="POST",
        path="/meetings",
        toolset="meetings",
        scope="user_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (Look("list_meetings", {"start_at": "start_at"}, ("conversation_id", "starts_at", "duration")),),
            at="scheduled_at",
        ),
        request=CreateMeeting,
        result=Meeting,
        alternative="send_message with a booking link",
    ),
    Operation(
        name="update_meeting",
        title="Change a meeting",
        summary="Move a meeting, or change its subject, place, notes or participants.",
        intents=(
            "reschedule the meeting",
            "move the demo to Thursday",
            "add notes to a meeting",
        ),
        alternative="meetings are changed in Drift or the calendar",
        method="PATCH",
        path="/meetings/{meetingId}",
        toolset="meetings",
        scope="user_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_meeting", {"meeting_id": "meeting_id"})),
        request=UpdateMeeting,
        result=Meeting,
    ),
    Operation(
        name="delete_meeting",
        title="Cancel a meeting",
        summary="Cancel a meeting; it leaves the calendar.",
        guidance="To move it use update_meeting.",
        intents=(
            "cancel the meeting",
            "delete this appointment",
            "call off the demo",
        ),
        alternative="meetings are cancelled in Drift or the calendar",
        method="DELETE",
        path="/meetings/{meetingId}",
        toolset="meetings",
        scope="user_write",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Delete meeting {meeting_id}",
            (
                LookUp("get_meeting", by="meeting_id", shows=("subject", "starts_at", "status")),
                LookUp("get_contact", by="contact_id", shows=("name", "email")),
            ),
        ),
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_meeting", {"meeting_id": "meeting_id"}), marks={"status": "CANCELED"}),
        request=MeetingId,
        result=Done,
        unwrap=said_ok,
    ),
    Operation(
        name="add_meeting_participant",
        title="Invite to a meeting",
        summary="Add a person to a meeting by e-mail address.",
        intents=(
            "invite someone to the meeting",
            "add a participant to the demo",
            "bring a colleague into the call",
        ),
        alternative="people are invited in the calendar",
        method="POST",
        path="/meetings/{meetingId}/participants",
        toolset="meetings",
        scope="user_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_meeting", {"meeting_id": "meeting_id"}, ("participants",)), adds=True),
        request=AddParticipant,
        result=Meeting,
    ),
]

"""The timeline of a contact: events from other systems (devdocs: posting-timeline-events)."""

from typing import Self

from pydantic import Field, model_validator

from drift_mcp.fields import Id, Line, Moment, Stamp, VisitorData, VisitorText
from drift_mcp.operation import (
    Access,
    CatalogueRequest,
    ListRequest,
    Look,
    LostAnswer,
    Made,
    Operation,
    Provenance,
    Request,
    Result,
)


class TimelineEvent(Result):
    contact_id: int | None = None
    event: VisitorText | None = None
    created_at: Stamp | None = None
    attributes: VisitorData | None = None


class PostTimelineEvent(Request):
    event: Line = Field(description="What happened, in a few words.")
    contact_id: Id | None = Field(None, description="Contact id, or else external_id.")
    external_id: Line | None = Field(None, description="Your own system's id.")
    created_at: Moment | None = Field(None, description="When; now if left out.")

    @model_validator(mode="after")
    def _one_id(self) -> Self:
        if (self.contact_id is None) == (self.external_id is None):
            raise ValueError("pass exactly one of contact_id and external_id")
        return self


class GetTimeline(ListRequest, CatalogueRequest):
    contact_id: Id = Field(alias="contactId", description="Contact id.")


OPERATIONS = [
    Operation(
        name="post_timeline_event",
        title="Add a timeline event",
        summary="Add an event to a contact's timeline, such as something that happened in another system.",
        intents=(
            "log an event on the contact's timeline",
            "record that the customer upgraded",
            "note in the timeline that the trial started",
        ),
        method="POST",
        path="/contacts/timeline",
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (Look("get_contact_timeline", {"contact_id": "contact_id"}, ("event",)),),
            newest="created_at",
            sets_time=("created_at",),
        ),
        request=PostTimelineEvent,
        result=TimelineEvent,
    ),
    Operation(
        name="get_contact_timeline",
        title="Get a contact's timeline",
        summary="The events on a contact's timeline, newest first.",
        intents=(
            "what happened with this contact so far",
            "show the contact's timeline events",
            "history of a lead",
        ),
        alternative="events can be posted with post_timeline_event but are read in Drift itself",
        method="GET",
        path="/contacts/{contactId}/timeline",
        toolset="contacts",
        scope="contact_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=GetTimeline,
        result=TimelineEvent,
        many=True,
        paging="next",
        page_size=("limit", 100),
    ),
]

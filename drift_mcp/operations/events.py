"""Events of the organisation, as one catalogue page names them; Drift documents webhooks instead."""

from pydantic import Field

from drift_mcp.fields import Line, Moment, Stamp, VisitorData, Word
from drift_mcp.operation import Access, CatalogueRequest, ListRequest, Operation, Provenance, Result


class Event(Result):
    id: int | None = None
    type: Word | None = Field(None, description="As in webhooks, e.g. new_message.")
    created_at: Stamp | None = None
    data: VisitorData | None = None


class ListEvents(ListRequest, CatalogueRequest):
    type: Line | None = Field(None, description="Only this type, e.g. new_message.")
    since: Moment | None = Field(None, description="From then on.")


OPERATIONS = [
    Operation(
        name="list_events",
        title="List events",
        summary="What happened lately: new messages, conversations, contacts, meetings; newest first.",
        intents=(
            "what happened in Drift today",
            "recent Drift events",
            "any new messages or meetings lately",
        ),
        method="GET",
        path="/events",
        toolset="events",
        scope=None,
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=ListEvents,
        result=Event,
        many=True,
        paging="next",
        page_size=("limit", 100),
        alternative="list_conversations, which shows the most recently updated first",
    ),
]

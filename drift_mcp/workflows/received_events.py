"""`list_received_events` and `wait_for_event`: what Drift has told this server, by webhooks or through its poller.

Neither calls Drift where webhooks or the poller bring the events, but once to learn which organisation it is. Elsewhere
`wait_for_event` asks Drift while it waits: every five seconds for the list of conversations, and for the messages of
those that have changed.
"""

from typing import Annotated, Any, Literal, Self

import anyio
from pydantic import Field, model_validator

from drift_mcp import present
from drift_mcp.arguments import InvalidArguments
from drift_mcp.events import Events
from drift_mcp.events.event import Event
from drift_mcp.events.kinds import KINDS, meant_by
from drift_mcp.events.log import START, BadCursor, Entry, LogUnavailable, Page, Wanted
from drift_mcp.events.models import MODELS, Undocumented
from drift_mcp.fields import Cursor, Id, Line, Moment, Stamp, VisitorData, VisitorHtml, iso_from_ms
from drift_mcp.operation import Access, Request, Result
from drift_mcp.operations.messages import Message
from drift_mcp.problems import problem
from drift_mcp.workflow import Context, JobFailed, NotAllowed, Workflow
from drift_mcp.workflows.shared.shown import slim

POLL_EVERY = 5.0
"""Seconds between two rounds of asking Drift, where nothing else brings events; and between two words of progress."""
_WRAPPER = 600
_LIFTED = ("conversation_id", "contact_id", "end_user_id", "author", "text", "status", "created_at", "changed_at")

NOT_SET_UP = (
    "This server receives no events from Drift: neither webhooks nor polling are set up. Use wait_for_event, which "
    "asks Drift itself while it waits, or list_conversations. Or ask the user to set DRIFT_WEBHOOK_TOKEN and have "
    "Drift post to /webhooks/drift/ and this connection's name, or to set --poll-seconds."
)
UNDOCUMENTED = f"No such type is documented, and none has come so far. Drift's types: {', '.join(KINDS)}."
UNAVAILABLE = problem(
    "events_unavailable", "The log of events cannot be used at the moment.", "Call again.", retry_after_seconds=5
)


class _Filters(Request):
    type: Line | None = Field(None, description="E.g. new_message, new_conversation, new_meeting.")
    conversation_id: Id | None = Field(None, description="Only of this conversation.")
    contact_id: Id | None = Field(None, description="Only of this contact.")
    author: Literal["visitor", "agent", "bot"] | None = Field(None, description="Of a message.")
    since: Moment | None = Field(None, description="Only from then on.")


class ListReceived(_Filters):
    status: Literal["failed"] | None = Field(
        None, description="failed: only what a rule of this server could not act on; without cursor."
    )
    cursor: Cursor | None = Field(None, description="Of an answer before: what came after it.")
    limit: Annotated[int, Field(ge=1, le=200)] = Field(20, description="Rows, 1-200.")

    @model_validator(mode="after")
    def _no_place(self) -> Self:
        if self.status and self.cursor:
            raise ValueError("pass only one of status and cursor")
        return self


class WaitFor(_Filters):
    cursor: Cursor | None = Field(None, description="Of an answer before; else from now, or since, on.")
    wait_seconds: Annotated[int, Field(ge=1, le=50)] = Field(30, description="How long, 1-50.")


class FailedRule(Result):
    rule: str | None = None
    reason: str | None = Field(None, description="Kind of the last error.")
    attempts: int | None = None


class ReceivedEvent(Result):
    type: str | None = None
    at: Stamp | None = Field(None, description="When it happened, or else arrived.")
    conversation_id: int | None = None
    contact_id: int | None = None
    message_id: int | None = None
    message_type: str | None = Field(None, description="chat or private_note.")
    author: str | None = Field(None, description="visitor, agent or bot.")
    text: VisitorHtml | None = None
    status: str | None = None
    data: VisitorData | None = Field(None, description="What else Drift told.")
    failed: FailedRule | None = None


class Waited(Result):
    event: ReceivedEvent | None = Field(None, description="Absent: none came.")
    waited_seconds: int | None = None
    cursor: str | None = Field(None, description="Pass on, to go on from there.")
    next: str | None = None


async def list_received_events(request: ListReceived, context: Context) -> dict[str, Any]:
    """The latest first; after a cursor or from a time on, in the order of arrival. `cursor` is where it ends."""
    events = context.events()
    forward = request.cursor is not None or request.since is not None
    try:
        wanted = await _wanted(request, events)
        note = await _note(wanted, events)
        if request.status:
            return note | await _given_up(wanted, request.limit, events, context)
        if forward:
            page = await _read(events, wanted, request.cursor or START, request.limit)
            entries = page.entries
        else:
            page = await events.log.latest(wanted, request.limit)
            entries = page.entries[::-1]
    except LogUnavailable:
        raise JobFailed(UNAVAILABLE) from None
    rows, cut = present.fit_rows([_shown(entry) for entry in entries], context.result_bytes() - _WRAPPER)
    more, cursor = page.more, page.cursor
    if forward and len(rows) < len(entries):
        more, cursor = True, entries[len(rows) - 1].cursor
    said = {"items": rows, "count": len(rows), "has_more": more, "cursor": cursor}
    if more:
        said["next_cursor"] = cursor
    set_up = None if entries or events.hears else NOT_SET_UP
    return said | note | slim({"lost": _lost(page), "truncated": cut, "next": set_up})


async def wait_for_event(request: WaitFor, context: Context) -> dict[str, Any]:
    """The first event that fits, as soon as it is there."""
    events = context.events()
    asks = not events.hears
    for name in ("list_conversations", "list_messages") if asks else ():
        if name not in context.usable():
            raise NotAllowed(name)
    began = anyio.current_time()
    try:
        wanted = await _wanted(request, events)
        note = await _note(wanted, events)
        cursor = request.cursor or (START if request.since is not None else "")
        entry: Entry | None = None
        with anyio.move_on_after(request.wait_seconds - (anyio.current_time() - began)):
            while True:
                if asks:
                    await events.poller.round(POLL_EVERY, request.since)
                if not cursor:
                    # What was there before the first round is no news.
                    cursor = (await events.log.latest(wanted, 1)).cursor
                page = await _read(events, wanted, cursor, 1)
                cursor = page.cursor
                if page.entries:
                    entry = page.entries[0]
                    break
                passed = anyio.current_time() - began
                await context.progress(round(passed, 1), request.wait_seconds, "Waiting for an event")
                await events.log.wait(cursor, POLL_EVERY)
    except LogUnavailable:
        raise JobFailed(UNAVAILABLE) from None
    said = slim({"waited_seconds": round(anyio.current_time() - began), "cursor": cursor})
    if entry is not None:
        return {"event": _shown(entry)} | said
    return said | note | {"next": "Nothing came. Call again with this cursor to go on waiting, or tell the user."}


async def _given_up(wanted: Wanted, limit: int, events: Events, context: Context) -> dict[str, Any]:
    if not events.rules:
        return {"items": [], "count": 0, "has_more": False, "next": "This server acts on no events by itself."}
    found = await events.ledger.failures(wanted, limit + 1)
    about = [{"rule": each.rule, "reason": each.reason, "attempts": each.attempts} for each in found]
    shown = [_shown(each.entry) | {"failed": failed} for each, failed in zip(found, about, strict=True)]
    rows, cut = present.fit_rows(shown[:limit], context.result_bytes() - _WRAPPER)
    return {"items": rows, "count": len(rows), "has_more": len(rows) < len(found)} | slim({"truncated": cut})


async def _wanted(request: ListReceived | WaitFor, events: Events) -> Wanted:
    return Wanted(
        type=request.type,
        conversation_id=request.conversation_id,
        contact_id=request.contact_id,
        author=request.author,
        since=request.since,
        org_id=await events.org_id(),
    )


async def _note(wanted: Wanted, events: Events) -> dict[str, str]:
    """What to say of a type that is neither documented nor in the log: it may be one that Drift has added.

    Raises:
        InvalidArguments: it is a slip of the pen, and would be waited for in vain.
    """
    if wanted.type is None or wanted.type in KINDS:
        return {}
    if (await events.log.latest(Wanted(type=wanted.type, org_id=wanted.org_id), 1)).entries:
        return {}
    if meant := meant_by(wanted.type):
        raise InvalidArguments([f"type: no event has this type; did you mean {meant}?"])
    return {"note": UNDOCUMENTED}


async def _read(events: Events, wanted: Wanted, cursor: str, limit: int) -> Page:
    try:
        return await events.log.read(wanted, cursor, limit)
    except BadCursor:
        said = "cursor: pass the cursor of an answer before, unchanged, or leave it out"
        raise InvalidArguments([said]) from None


def _lost(page: Page) -> str | None:
    if not page.lost:
        return None
    return "Events after the cursor are missing: dropped for their age or for room, or never asked for by polling."


def _shown(entry: Entry) -> dict[str, Any]:
    """An event as the agent reads it: what matters of most types by name, the rest under `data`."""
    event = entry.event
    told = present.result_of(MODELS.get(event.type, Undocumented), event.data, Request())
    message = _about_message(event, told)
    top = {name: told.pop(name, None) for name in _LIFTED}
    removed = told.pop(present.REMOVED, None)
    return slim(
        {
            "type": present.compact(event.type),
            "at": iso_from_ms(event.at),
            "conversation_id": event.conversation_id,
            "contact_id": event.contact_id,
            **message,
            "author": event.author,
            "text": top["text"],
            "status": top["status"],
            "data": told,
            present.REMOVED: removed,
        }
    )


def _about_message(event: Event, told: dict[str, Any]) -> dict[str, Any]:
    if MODELS.get(event.type) is not Message:
        return {}
    return {"message_id": told.pop("id", None), "message_type": told.pop("type", None)}


_INTENTS_LIST = (
    "what has Drift told us since my last look",
    "which webhooks came in",
    "new messages received by webhook for conversation 12345",
)
_INTENTS_WAIT = (
    "tell me when the visitor answers",
    "wait for the next message in this conversation",
    "watch for a new conversation and let me know",
)

WORKFLOWS = [
    Workflow(
        name="list_received_events",
        title="List received events",
        summary="What Drift told this server by webhook or polling: the latest first; with cursor or since, in order "
        "of arrival.",
        guidance="To wait for the next one: wait_for_event.",
        intents=_INTENTS_LIST,
        toolset="events",
        scope=None,
        access=Access.READ,
        request=ListReceived,
        result=ReceivedEvent,
        many=True,
        run=list_received_events,
    ),
    Workflow(
        name="wait_for_event",
        title="Wait for an event",
        summary="Wait until something happens in Drift; answers the first event that fits.",
        guidance="For a visitor's answer: conversation_id, author visitor, since when you wrote. "
        "Past events: list_received_events.",
        intents=_INTENTS_WAIT,
        toolset="events",
        scope=None,
        access=Access.READ,
        request=WaitFor,
        result=Waited,
        run=wait_for_event,
    ),
]

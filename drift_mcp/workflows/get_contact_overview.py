"""Everything about one person: contact, company, conversations, meetings, timeline."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self

from pydantic import Field, model_validator

from drift_mcp import present
from drift_mcp.arguments import InvalidArguments
from drift_mcp.fields import Email, Id, OurText, Stamp, VisitorName, VisitorText
from drift_mcp.operation import Access, Request, Result
from drift_mcp.operations.contacts import Contact
from drift_mcp.workflow import Context, Workflow
from drift_mcp.workflows.shared import job, lookups
from drift_mcp.workflows.shared.job import FAILURES, UNAVAILABLE, Job, Problem, Row
from drift_mcp.workflows.shared.shown import slim

CONVERSATIONS, MEETINGS, EVENTS = 5, 10, 10
SCAN_PAGES = 6  # of 100 conversations each, Drift's largest page
MEETING_PAGES = 5
DAYS_BACK, DAYS_AHEAD = 30, 90
LONGEST = 300


class Overview(Request):
    contact_id: Id | None = Field(None, description="Contact id, or else email.")
    email: Email | None = Field(None, description="Its e-mail address.")

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.contact_id is None) == (self.email is None):
            raise ValueError("pass exactly one of contact_id and email")
        return self


class Company(Result):
    account_id: VisitorName | None = None
    name: VisitorText | None = None
    domain: VisitorName | None = None
    owner: OurText | None = None
    targeted: bool | None = None


class Talk(Result):
    id: int | None = None
    status: str | None = None
    tags: list[OurText] | None = None
    updated_at: Stamp | None = None
    last_message: VisitorText | None = Field(None, description="Of the latest one only.")
    last_author: str | None = None


class Appointment(Result):
    starts_at: Stamp | None = None
    status: str | None = None
    host: OurText | None = None
    subject: VisitorText | None = None
    notes: VisitorText | None = None
    conversation_id: int | None = None


class Event(Result):
    event: VisitorText | None = None
    at: Stamp | None = None


class Portrait(Result):
    contact: Contact | None = None
    same_email: list[int] | None = Field(None, description="Other contacts with this address.")
    account: Company | None = None
    conversations: list[Talk] | None = Field(None, description="The latest five.")
    upcoming_meetings: list[Appointment] | None = None
    past_meetings: list[Appointment] | None = Field(None, description="Of 30 days.")
    timeline: list[Event] | None = None
    problems: list[Problem] | None = None


class _Overview:
    def __init__(self, request: Overview, context: Context) -> None:
        self.request = request
        self.job = Job(context)
        self.now = datetime.fromtimestamp(job.clock(), UTC)

    async def run(self) -> Row:
        contact, others = await lookups.contact_of(self.job, self.request.contact_id, self.request.email, "brief")
        account, talks, meetings, timeline = await self.job.together(
            partial(lookups.account_of, self.job, contact),
            partial(self._conversations, contact),
            partial(self._meetings, contact["id"]),
            partial(self._timeline, contact["id"]),
        )
        names = await self._names([account or {}, *(meetings or [])])
        shown = slim(
            {
                "same_email": others,
                "account": _company(account, names) if account else None,
                "conversations": talks,
                **self._by_time(meetings or [], names),
                "timeline": timeline,
                "problems": self.job.problems,
            }
        )
        answer = {"contact": {key: value for key, value in contact.items() if key != "truncated"}, **shown}
        shortened: Row = present.shortened(answer, LONGEST)[0]
        return shortened

    async def _names(self, rows: list[Row]) -> dict[Any, Any]:
        """The names of the owner and of the hosts."""
        ids = {row[key] for row in rows for key in ("owner_id", "agent_id") if row.get(key)}
        if not ids:
            return {}
        users = await self.job.attempt("users' names", "get_users", user_ids=sorted(ids)[:20])
        return {user.get("id"): user.get("name") for user in (users or {}).get("items", ())}

    async def _conversations(self, contact: Row) -> list[Row] | None:
        try:
            rows = await self._own_conversations(contact)
        except FAILURES as error:
            self.job.note("conversations", "list_conversations", error)
            return None
        rows = sorted(lookups.with_ids(rows), key=lambda row: str(row.get("updated_at")), reverse=True)[:CONVERSATIONS]
        kept = ("id", "status", "tags", "updated_at")
        shown = [{key: row[key] for key in kept if key in row} for row in rows]
        if shown:
            shown[0] |= await self._last_message(shown[0]["id"])
        return shown

    async def _own_conversations(self, contact: Row) -> list[Row]:
        """By the catalogue's search in one call, else out of the documented list, one call for 100 conversations."""
        if contact.get("email"):
            try:
                found = await self.job.operate("search_conversations", email=contact["email"], limit=25)
                return [row for row in found["items"] if row.get("contact_id", contact["id"]) == contact["id"]]
            except (*UNAVAILABLE, InvalidArguments):
                pass  # the list below has them too
        rows, more = await self.job.rows("list_conversations", SCAN_PAGES, limit=100)
        if more:
            self.job.warn(
                "conversations", "not_all_read", f"Found among the {len(rows)} last updated; older may exist."
            )
        return [row for row in rows if row.get("contact_id") == contact["id"]]

    async def _last_message(self, conversation_id: int) -> Row:
        try:
            messages, _ = await lookups.messages(self.job, conversation_id)
        except FAILURES as error:
            self.job.note("last message", "list_messages", error)
            return {}
        chats = [row for row in messages if row.get("type", "chat") == "chat"]
        if not chats:
            return {}
        return {"last_message": chats[-1].get("text", ""), "last_author": chats[-1].get("author")}

    async def _meetings(self, contact_id: int) -> list[Row] | None:
        span = {
            # Drift refuses what is 30 days ago or more.
            "min_start_time": _iso(self.now - timedelta(days=DAYS_BACK) + timedelta(minutes=5)),
            "max_start_time": _iso(self.now + timedelta(days=DAYS_AHEAD)),
        }
        try:
            rows, more = await self.job.rows("list_booked_meetings", MEETING_PAGES, limit=200, **span)
        except FAILURES as error:
            self.job.note("meetings", "list_booked_meetings", error)
            return None
        if more:
            self.job.warn(
                "meetings", "not_all_read", f"Found among the first {len(rows)}; list_booked_meetings has all."
            )
        return [row for row in rows if row.get("contact_id") == contact_id]

    def _by_time(self, meetings: list[Row], names: dict[Any, Any]) -> dict[str, list[Row]]:
        ordered = sorted(meetings, key=lambda row: str(row.get("starts_at")))
        coming = [row for row in ordered if str(row.get("starts_at")) >= _iso(self.now)]
        past = [row for row in reversed(ordered) if row not in coming]
        return {
            "upcoming_meetings": [_appointment(row, names) for row in coming[:MEETINGS]],
            "past_meetings": [_appointment(row, names) for row in past[:MEETINGS]],
        }

    async def _timeline(self, contact_id: int) -> list[Row] | None:
        answer = await self.job.attempt("timeline", "get_contact_timeline", contact_id=contact_id, limit=EVENTS)
        if answer is None:
            return None
        return [slim({"event": row.get("event"), "at": row.get("created_at")}) for row in answer["items"]]


def _company(account: Row, names: dict[Any, Any]) -> Row:
    owner = account.get("owner_id")
    kept = {key: account.get(key) for key in ("account_id", "name", "domain", "targeted")}
    return slim({**kept, "owner": names.get(owner) or owner})


def _appointment(row: Row, names: dict[Any, Any]) -> Row:
    host = row.get("agent_id")
    kept = {key: row.get(key) for key in ("starts_at", "subject", "conversation_id")}
    status = row.get("status")
    more = {"notes": row.get("meeting_notes"), "status": None if status == "ACTIVE" else status}
    return slim({**kept, "host": names.get(host) or host, **more})


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def get_contact_overview(request: Overview, context: Context) -> dict[str, Any]:
    """One call for the contact; then at once one each for conversations, meetings and timeline, one for 65
    accounts; then one each for the last message and the names of users.
    Without the catalogue's search: one for 100 conversations instead.
    """
    return await _Overview(request, context).run()


WORKFLOWS = [
    Workflow(
        name="get_contact_overview",
        title="Overview of a contact",
        summary="One person's contact data, company, latest conversations, meetings and timeline in one call.",
        intents=(
            "tell me everything about this lead",
            "prepare me for the meeting with this person",
            "history of jane@acme.example with us at a glance",
            "360 view of a contact",
        ),
        toolset="contacts",
        scope="contact_read",
        access=Access.READ,
        request=Overview,
        result=Portrait,
        run=get_contact_overview,
        everyday=True,
    ),
]

"""Triage: which conversations wait for an answer, since when, and what about."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from drift_mcp.fields import Line, OurText, Stamp, VisitorText
from drift_mcp.operation import Access, Request, Result
from drift_mcp.workflow import Context, Workflow
from drift_mcp.workflows.shared import job, lookups
from drift_mcp.workflows.shared.inbox import Names, read_wait
from drift_mcp.workflows.shared.job import UNAVAILABLE, Job, Problem, Row
from drift_mcp.workflows.shared.shown import brief, slim

LIST_PAGES = 5
LIST_ROWS = 80  # what fits an operation's answer with tags and people, so that each is one call
MOST_READ = 100
WAVE = 10
MESSAGE_LENGTH = 160

Minutes = Annotated[int, Field(ge=0, le=5_000_000)]


class Triage(Request):
    status: Literal["open", "pending", "closed"] = Field("open", description="Status.")
    tag: Line | None = Field(None, description="Only with this tag.")
    account: Line | None = Field(None, description="Only this company: domain, or part of its name.")
    waiting_at_least_minutes: Minutes | None = Field(None, description="Only unanswered for so long.")
    updated_within_minutes: Minutes | None = Field(None, description="Only changed that lately.")
    unanswered_only: bool = Field(False, description="true: leave answered ones out.")
    limit: Annotated[int, Field(ge=1, le=50)] = Field(20, description="Rows, 1-50.")


class Waiting(Result):
    conversation_id: int | None = None
    contact_id: int | None = None
    who: VisitorText | None = Field(None, description="Name, else e-mail, else anonymous. Absent: not read.")
    company: VisitorText | None = None
    last_message: VisitorText | None = Field(None, description="The visitor's last.")
    waiting_since: Stamp | None = Field(None, description="Absent: answered.")
    waiting: str | None = None
    updated_at: Stamp | None = None
    tags: list[OurText] | None = None
    assignees: list[OurText] | None = None


class Inbox(Result):
    conversations: list[Waiting] | None = Field(None, description="Who waits longest comes first.")
    status: str | None = None
    total: int | None = Field(None, description="Conversations with that status.")
    looked_at: int | None = Field(None, description="Whose messages were read.")
    left_out: dict[str, int] | None = Field(None, description="How many are not shown, by reason.")
    problems: list[Problem] | None = None


class _Triage:
    """One run: the candidates, narrowed step by step, cheapest filter first."""

    def __init__(self, request: Triage, context: Context) -> None:
        self.request = request
        self.job = Job(context)
        self.names = Names(self.job)
        self.now = datetime.fromtimestamp(job.clock(), UTC)
        self.full = True
        self.left_out: dict[str, int] = {}

    async def run(self) -> Row:
        rows, total = await self._listed()
        rows = self._recent(rows)
        if self.request.tag and not self.full:
            await self.names.fill_in(rows)
        if self.request.tag:
            wanted = self.request.tag.casefold()
            rows = self._keep(
                "other_tags", rows, lambda row: wanted in [str(tag).casefold() for tag in row.get("tags", ())]
            )
        if self.request.account:
            company = self.request.account.casefold()
            await self.names.of_account(rows, company)
            rows = self._keep("other_accounts", rows, lambda row: self.names.works_for(row, company))
        read = await self._read(rows)
        shown = self._sorted(read)
        if not self.full:
            await self.names.fill_in(shown)
        await self.names.find(shown)
        return slim({"status": self.request.status, "left_out": self.left_out}) | {
            "conversations": [self._shown(row) for row in shown],
            "total": total,
            "looked_at": len(read),
            **({"problems": self.job.problems} if self.job.problems else {}),
        }

    async def _listed(self) -> tuple[list[Row], int]:
        """The catalogue's list has tags and people in it, which the documented one lacks (one more call a row)."""
        status = self.request.status
        try:
            rows, more = await self.job.rows("list_conversations_by_status", LIST_PAGES, status=status, limit=LIST_ROWS)
        except UNAVAILABLE:
            self.full = False
            rows, more = await self.job.rows(
                "list_conversations", LIST_PAGES, status=[status], detail="full", limit=LIST_ROWS
            )
        if more:
            self.job.warn("list", "not_all_read", f"The {len(rows)} last updated were listed; narrow by filters.")
        rows = lookups.with_ids(rows)
        return rows, len(rows)

    def _recent(self, rows: list[Row]) -> list[Row]:
        within, waiting = self.request.updated_within_minutes, self.request.waiting_at_least_minutes
        if within is not None:
            since = self._ago(within)
            rows = self._keep("updated_too_long_ago", rows, lambda row: str(row.get("updated_at")) >= since)
        if waiting is not None:
            until = self._ago(waiting)  # nobody waits for longer than the conversation lasts
            rows = self._keep("waiting_too_short", rows, lambda row: str(row.get("created_at", "")) <= until)
        return rows

    async def _read(self, rows: list[Row]) -> list[Row]:
        """Read messages, the oldest conversation first, until no unread one can have waited longer than those found.

        Nobody waits for longer than the conversation lasts, so the order of creation bounds what is still to come.
        """
        queue = sorted(rows, key=lookups.first_created)
        read: list[Row] = []
        while queue and len(read) < MOST_READ:
            waits = sorted(row["since"] for row in read if self._waits(row))
            if len(waits) >= self.request.limit and waits[self.request.limit - 1] <= str(queue[0].get("created_at")):
                break
            wave, queue = queue[:WAVE], queue[WAVE:]
            await self.job.together(*(partial(read_wait, self.job, row) for row in wave))
            read += wave
            total = len(read) + len(queue)
            await self.job.context.progress(len(read), total, f"{len(read)} of {total} conversations read")
            if all("unread" in row for row in wave):
                # One after the other fails: more calls would only add to it.
                self._leave("not_tried_after_failures", len(queue))
                return read
        if queue:
            self._leave("newer_than_those_shown" if len(read) < MOST_READ else "not_read_too_many", len(queue))
        return read

    def _waits(self, row: Row) -> bool:
        least = self.request.waiting_at_least_minutes
        return bool(row.get("since")) and (least is None or row["since"] <= self._ago(least))

    def _sorted(self, read: list[Row]) -> list[Row]:
        waiting = sorted((row for row in read if self._waits(row)), key=lambda row: (row["since"], row["id"]))
        rest = [row for row in read if not self._waits(row)]
        if self.request.waiting_at_least_minutes is not None:
            rest = self._keep("waiting_too_short", rest, lambda row: not row.get("since"))
        if self.request.unanswered_only or self.request.waiting_at_least_minutes is not None:
            # What could not be read is shown: it may wait.
            rest = self._keep("already_answered", rest, lambda row: bool(row.get("unread")))
        rest.sort(key=lambda row: str(row.get("updated_at")), reverse=True)
        found = waiting + rest
        self._leave("more_than_limit", len(found) - self.request.limit)
        return found[: self.request.limit]

    def _shown(self, row: Row) -> Row:
        contact = self.names.contact(row)
        since = row.get("since")
        return slim(
            {
                "conversation_id": row["id"],
                "contact_id": row.get("contact_id"),
                "who": lookups.who(row, contact),
                "company": self.names.company(contact),
                "last_message": brief(row.get("last"), MESSAGE_LENGTH),
                "waiting_since": since,
                "waiting": _span(self.now - datetime.fromisoformat(since)) if since else None,
                "updated_at": None if since else row.get("updated_at"),
                "tags": row.get("tags"),
                "assignees": row.get("assignees"),
            }
        )

    def _keep(self, reason: str, rows: list[Row], test: Any) -> list[Row]:
        kept = [row for row in rows if test(row)]
        self._leave(reason, len(rows) - len(kept))
        return kept

    def _leave(self, reason: str, count: int) -> None:
        if count > 0:
            self.left_out[reason] = self.left_out.get(reason, 0) + count

    def _ago(self, minutes: int) -> str:
        return (self.now - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _span(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds()) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {rest}m" if hours else f"{rest}m"


async def triage_inbox(request: Triage, context: Context) -> dict[str, Any]:
    """One call to list 80 conversations, one for the messages of each that may be shown, one for each contact shown,
    one for the names of users, one for 65 accounts; where Drift lacks the catalogue's list, one more a row shown.
    """
    return await _Triage(request, context).run()


WORKFLOWS = [
    Workflow(
        name="triage_inbox",
        title="Triage the inbox",
        summary="Conversations with who, company, last visitor message, waiting time, tags and assignees, "
        "the longest waiting first.",
        guidance="To read one on: get_conversation_transcript.",
        intents=(
            "triage my inbox",
            "who has been waiting longest for an answer",
            "unanswered chats with the last message of each",
            "what needs a reply right now",
        ),
        toolset="conversations",
        scope="conversation_read",
        access=Access.READ,
        request=Triage,
        result=Inbox,
        run=triage_inbox,
        everyday=True,
    ),
]

"""Triage: which conversations wait for an answer, since when, and what about."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from drift_mcp.fields import Line, Stamp, VisitorText
from drift_mcp.operation import Access, Request, Result
from drift_mcp.workflow import Context, Workflow
from drift_mcp.workflows import lookups
from drift_mcp.workflows.lookups import FAILURES, UNAVAILABLE, Job, Problem, Row

LIST_PAGES = 3  # of 200 each
MOST_READ = 100
WAVE = 10
MESSAGE_LENGTH = 160
ACCOUNT_PAGES = 3
ACCOUNT_PAGES_TO_FILTER = 20
MOST_USERS = 20  # Drift's limit of one get_users

Minutes = Annotated[int, Field(ge=0, le=5_000_000)]


class Triage(Request):
    status: Literal["open", "pending", "closed"] = Field("open", description="Status.")
    tag: Line | None = Field(None, description="Only with this tag.")
    account: Line | None = Field(None, description="Only this company: domain, or part of its name.")
    waiting_at_least_minutes: Minutes | None = Field(None, description="Only unanswered for so long.")
    updated_within_minutes: Minutes | None = Field(None, description="Only changed that lately.")
    unanswered_only: bool = Field(False, description="Leave answered ones out.")
    limit: Annotated[int, Field(ge=1, le=50)] = Field(20, description="Rows, 1-50.")


class Waiting(Result):
    conversation_id: int | None = None
    who: VisitorText | None = Field(None, description="Name, else e-mail, else anonymous.")
    company: VisitorText | None = None
    last_message: VisitorText | None = Field(None, description="The visitor's last.")
    waiting_since: Stamp | None = Field(None, description="Absent: answered.")
    waiting: str | None = None
    updated_at: Stamp | None = None
    tags: list[str] | None = None
    assignees: list[str] | None = None


class Inbox(Result):
    conversations: list[Waiting] | None = Field(None, description="Who waits longest comes first.")
    status: str | None = None
    total: int | None = Field(None, description="Conversations with that status.")
    looked_at: int | None = Field(None, description="Whose messages were read.")
    left_out: dict[str, int] | None = Field(None, description="Reason to number.")
    problems: list[Problem] | None = None


class _Triage:
    """One run: the candidates, narrowed step by step, cheapest filter first."""

    def __init__(self, request: Triage, context: Context) -> None:
        self.request = request
        self.job = Job(context)
        self.now = datetime.fromtimestamp(lookups.clock(), UTC)
        self.full = True
        self.left_out: dict[str, int] = {}
        self.contacts: dict[int, Row] = {}
        self.accounts: dict[str, Row] = {}

    async def run(self) -> Row:
        rows, total = await self._listed()
        rows = self._recent(rows)
        if self.request.tag and not self.full:
            await self._fill_in(rows)
        if self.request.tag:
            wanted = self.request.tag.casefold()
            rows = self._keep("tag", rows, lambda row: wanted in [str(tag).casefold() for tag in row.get("tags", ())])
        if self.request.account:
            rows = await self._of_account(rows, self.request.account.casefold())
        read = await self._read(rows)
        shown = self._sorted(read)
        await self._dress(shown)
        return lookups.slim({"status": self.request.status, "left_out": self.left_out}) | {
            "conversations": [self._shown(row) for row in shown],
            "total": total,
            "looked_at": len(read),
            **({"problems": self.job.problems} if self.job.problems else {}),
        }

    async def _listed(self) -> tuple[list[Row], int]:
        """The catalogue's list has tags and people in it, which the documented one lacks (one more call a row)."""
        status = self.request.status
        try:
            rows, more = await self.job.rows("list_conversations_by_status", LIST_PAGES, status=status, limit=200)
        except UNAVAILABLE:
            self.full = False
            rows, more = await self.job.rows(
                "list_conversations", LIST_PAGES, status=[status], detail="full", limit=200
            )
        if more:
            self.job.warn("list", "not_all_read", f"The {len(rows)} last updated were listed; narrow by filters.")
        return rows, len(rows)

    def _recent(self, rows: list[Row]) -> list[Row]:
        within, waiting = self.request.updated_within_minutes, self.request.waiting_at_least_minutes
        if within is not None:
            since = self._ago(within)
            rows = self._keep("updated_earlier", rows, lambda row: str(row.get("updated_at")) >= since)
        if waiting is not None:
            until = self._ago(waiting)  # nobody waits for longer than the conversation lasts
            rows = self._keep("waits_less", rows, lambda row: str(row.get("created_at", "")) <= until)
        return rows

    async def _fill_in(self, rows: list[Row]) -> None:
        async def fill(row: Row) -> None:
            row |= await self.job.attempt("tags and assignees", "get_conversation", conversation_id=row["id"]) or {}

        await self.job.together(*(partial(fill, row) for row in rows))

    async def _of_account(self, rows: list[Row], wanted: str) -> list[Row]:
        async def table() -> None:
            self.accounts, more = await lookups.accounts(
                self.job, {wanted} if "." in wanted else (), ACCOUNT_PAGES_TO_FILTER
            )
            if more:
                self.job.warn("accounts", "not_all_read", f"{len(self.accounts)} accounts were compared.")

        try:
            await self.job.together(table, partial(self._meet, rows))
        except FAILURES as error:  # without accounts their names are not known, but the domains are
            self.job.note("accounts", "list_accounts", error)
            await self._meet(rows)
        return self._keep("account", rows, lambda row: self._works_for(row, wanted))

    def _works_for(self, row: Row, wanted: str) -> bool:
        contact = self.contacts.get(row.get("contact_id", 0), {})
        domain = str(contact.get("email") or "").rpartition("@")[2].casefold()
        return wanted in domain or wanted in str(self._company(contact) or "").casefold()

    async def _meet(self, rows: list[Row]) -> None:
        """Fetch the contacts of `rows`, each once."""

        async def meet(contact_id: int) -> None:
            self.contacts[contact_id] = await self.job.attempt("contacts", "get_contact", contact_id=contact_id) or {}

        unknown = {row["contact_id"] for row in rows if row.get("contact_id")} - set(self.contacts)
        await self.job.together(*(partial(meet, contact_id) for contact_id in sorted(unknown)))

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
            await self.job.together(*(partial(self._look, row) for row in wave))
            read += wave
            total = len(read) + len(queue)
            await self.job.context.progress(len(read), total, f"{len(read)} of {total} conversations read")
        if queue:
            self._leave("began_too_late_to_matter" if len(read) < MOST_READ else "over_the_limit_of_a_call", len(queue))
        return read

    async def _look(self, row: Row) -> None:
        """Put the visitor's last message and the wait into `row`."""
        try:
            messages, more = await lookups.messages(self.job, row["id"])
        except FAILURES as error:
            self.job.note("messages", "list_messages", error)
            row["unread"] = True
            return
        if more:
            self.job.warn("messages", "not_all_read", f"Conversation {row['id']} is long; its end was not read.")
        for message in reversed([each for each in messages if each.get("type", "chat") == "chat"]):
            if message.get("author") != "visitor":
                if "last" in row:
                    break
                row["answered"] = True
            else:
                row.setdefault("last", message.get("text"))
                if "answered" in row:
                    break
                row["since"] = message.get("created_at")

    def _waits(self, row: Row) -> bool:
        least = self.request.waiting_at_least_minutes
        return bool(row.get("since")) and (least is None or row["since"] <= self._ago(least))

    def _sorted(self, read: list[Row]) -> list[Row]:
        waiting = sorted((row for row in read if self._waits(row)), key=lambda row: (row["since"], row["id"]))
        rest = [row for row in read if not self._waits(row)]
        if self.request.waiting_at_least_minutes is not None:
            rest = self._keep("waits_less", rest, lambda row: not row.get("since"))
        if self.request.unanswered_only or self.request.waiting_at_least_minutes is not None:
            # What could not be read is shown: it may wait.
            rest = self._keep("answered", rest, lambda row: bool(row.get("unread")))
        rest.sort(key=lambda row: str(row.get("updated_at")), reverse=True)
        found = waiting + rest
        self._leave("over_limit", len(found) - self.request.limit)
        return found[: self.request.limit]

    async def _dress(self, rows: list[Row]) -> None:
        """Names for ids: contacts, then their accounts, and the people of ours who take part."""
        await self.job.together(partial(self._meet, rows), *([] if self.full else [partial(self._fill_in, rows)]))
        await self.job.together(partial(self._name_users, rows), self._name_accounts)

    async def _name_users(self, rows: list[Row]) -> None:
        ids = {user for row in rows for user in _people(row)}
        if not ids:
            return
        few = len(ids) <= MOST_USERS
        answer = await (
            self.job.attempt("assignees", "get_users", user_ids=sorted(ids))
            if few
            else self.job.attempt("assignees", "list_users", limit=200)
        )
        users = {user.get("id"): user for user in (answer or {}).get("items", ())}
        for row in rows:
            # Ids that have no name are shown as they are; bots answer everybody and own nothing.
            row["assignees"] = [
                str(users.get(each, {}).get("name") or each)
                for each in _people(row)
                if not users.get(each, {}).get("bot")
            ]

    async def _name_accounts(self) -> None:
        wanted = {domain for each in self.contacts.values() if (domain := lookups.domain_of(each.get("email")))}
        if self.accounts or not wanted:
            return
        try:
            self.accounts, _ = await lookups.accounts(self.job, wanted, ACCOUNT_PAGES)
        except FAILURES as error:
            self.job.note("companies", "list_accounts", error)

    def _company(self, contact: Row) -> Any:
        domain = lookups.domain_of(contact.get("email"))
        account = lookups.account_for(domain, self.accounts) if domain else None
        named = contact.get("attributes", {})
        return (account or {}).get("name") or named.get("employment_name") or named.get("company") or domain

    def _shown(self, row: Row) -> Row:
        contact = self.contacts.get(row.get("contact_id", 0), {})
        since = row.get("since")
        return lookups.slim(
            {
                "conversation_id": row["id"],
                "who": contact.get("name") or contact.get("email") or "anonymous",
                "company": self._company(contact),
                "last_message": lookups.brief(row.get("last"), MESSAGE_LENGTH),
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


def _people(row: Row) -> list[int]:
    """The user it is assigned to where that is known, else everybody of ours in it."""
    assigned = row.get("assignedUserId")
    return [assigned] if isinstance(assigned, int) else row.get("participants") or []


def _span(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds()) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {rest}m" if hours else f"{rest}m"


async def triage_inbox(request: Triage, context: Context) -> dict[str, Any]:
    """One call to list 100 conversations, one for the messages of each that may be shown, one for each contact shown,
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

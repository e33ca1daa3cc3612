"""What several jobs look up, and how a job runs its calls: at most five at once, and a part that fails costs no other.

A job's calls go through a `Job`. A part whose failure must not end the job is `attempt`ed: it answers None, and what
went wrong stands in `problems`.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Any

import anyio

from drift_mcp import catalogue, problems
from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import BrokenAnswer, DriftError, Forbidden, InvalidRequest, NotFound, UnexpectedStatus
from drift_mcp.operation import Result
from drift_mcp.workflow import Context, NotAllowed

Row = dict[str, Any]

AT_ONCE = 5
ACCOUNT_PAGE = 65  # Drift's largest page, so that one operation is one call
MESSAGE_PAGES = 10
FREE_MAIL = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
        "aol.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "mail.com", "mail.ru", "qq.com",
    }
)  # fmt: skip
"""Domains that say nothing of the company somebody works for."""

FAILURES = (DriftError, NotAllowed, InvalidArguments)
UNAVAILABLE = (NotFound, Forbidden, UnexpectedStatus, InvalidRequest, NotAllowed)
"""How an operation that only third-party catalogues name can fail where there is a documented way to try instead."""

clock: Callable[[], float] = time.time


class Problem(Result):
    part: str | None = None
    kind: str | None = None
    next: str | None = None


class Job:
    """One running job: its calls to Drift, and what failed of them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.problems: list[Row] = []
        self._at_once = anyio.CapacityLimiter(AT_ONCE)

    async def operate(self, name: str, /, **arguments: Any) -> Row:
        """The operation's result, arguments that are None left out. Raises as `Context.operate` does."""
        given = {key: value for key, value in arguments.items() if value is not None}
        async with self._at_once:
            return await self.context.operate(name, **given)

    async def attempt(self, part: str, name: str, /, **arguments: Any) -> Row | None:
        """The operation's result, or None with a note in `problems`."""
        try:
            return await self.operate(name, **arguments)
        except FAILURES as error:
            self.note(part, name, error)
            return None

    async def together(self, *calls: Callable[[], Awaitable[Any]]) -> list[Any]:
        """The results of `calls`, run side by side. The first that fails ends the others and is raised itself."""
        results: list[Any] = [None] * len(calls)
        failed: list[Exception] = []
        async with anyio.create_task_group() as group:

            async def run(place: int, call: Callable[[], Awaitable[Any]]) -> None:
                try:
                    results[place] = await call()
                except FAILURES as error:
                    failed.append(error)
                    group.cancel_scope.cancel()

            for place, call in enumerate(calls):
                group.start_soon(run, place, call)
        if failed:
            raise failed[0]
        return results

    def note(self, part: str, name: str, error: Exception) -> None:
        """Keep why `part` is missing: operation `name` raised `error`. The same problem is counted, not repeated."""
        problem = {"part": part} | _explained(name, error)
        same = next((known for known in self.problems if known | {"count": 0} == problem | {"count": 0}), None)
        if same is None:
            self.problems.append(problem)
        else:
            same["count"] = same.get("count", 1) + 1

    def unclear(self, part: str) -> bool:
        """Whether `part` was sent and its answer was lost, so that it may be done."""
        return any(problem["part"] == part and "may_have_been_applied" in problem for problem in self.problems)

    def warn(self, part: str, kind: str, then: str) -> None:
        """Keep that `part` is not whole, for a reason that is no failure of Drift."""
        self.problems.append({"part": part, "kind": kind, "next": then})

    async def pages(self, name: str, at_most: int, /, **arguments: Any) -> AsyncIterator[tuple[list[Row], bool]]:
        """A listing's rows, one operation after the other and at most so many, each with whether more would follow."""
        cursor: str | None = None
        for _ in range(at_most):
            answer = await self.operate(name, **arguments, cursor=cursor)
            cursor = answer.get("next_cursor")
            yield answer["items"], cursor is not None
            if cursor is None:
                return

    async def rows(self, name: str, at_most: int, /, **arguments: Any) -> tuple[list[Row], bool]:
        """All rows of `pages`, and whether some are missing."""
        found: list[Row] = []
        more = False
        async for page in self.pages(name, at_most, **arguments):
            items, more = page
            found += items
        return found, more


def _explained(name: str, error: Exception) -> Row:
    """What a failed operation's own error would tell the agent."""
    tool = catalogue.load()[name].record()
    if isinstance(error, DriftError):
        told = problems.drift_failed(tool, error)
    elif isinstance(error, InvalidArguments):
        told = problems.invalid_arguments(tool, error)
    else:
        told = problems.not_allowed(name)
    why = told["error"]
    kept = ("kind", "message", "next", "retry_after_seconds", "may_have_been_applied")
    return {name: why[name] for name in kept if name in why}


# ---- what is looked up ---------------------------------------------------------------------------------------------


async def messages(job: Job, conversation_id: int) -> tuple[list[Row], bool]:
    """A conversation's messages, oldest first, and whether the newest are missing.

    The JSON transcript has them all in one call, where the list takes one for every 50 and begins at the far end. Its
    shape is not confirmed (drift-api.md §6.3), so the documented list is asked where it is missing or unfamiliar. The
    plain transcript is one call as well, but visitors can write lines that look like an agent's.
    """
    arguments: Row = {"conversation_id": conversation_id, "limit": 200}
    try:
        found, more = await job.rows("get_conversation_transcript_json", MESSAGE_PAGES, **arguments)
    except UNAVAILABLE:
        found, more = [], True
    if any("author" not in row or "created_at" not in row for row in found) or (more and not found):
        found, more = await job.rows("list_messages", MESSAGE_PAGES, **arguments)
    return sorted(found, key=lambda row: str(row.get("created_at"))), more


async def contact_of(job: Job, contact_id: int | None, email: str | None, detail: str) -> tuple[Row, list[int]]:
    """The contact, and the ids of others with the same address; of several the first created counts, as in Drift.

    Raises:
        NotFound: there is none. `operate`'s errors besides.
    """
    if contact_id is not None:
        contact = await job.operate("get_contact", contact_id=contact_id, detail=detail)
        if "id" not in contact:
            raise BrokenAnswer
        return contact, []
    found = with_ids((await job.operate("find_contacts_by_email", email=email, detail=detail))["items"])
    if not found:
        raise NotFound("no contact has this e-mail", status=404)
    first, *others = sorted(found, key=first_created)
    return first, [other["id"] for other in others]


async def accounts(job: Job, wanted: Collection[str], most_pages: int) -> tuple[dict[str, Row], bool]:
    """Accounts by domain, one call for every 65, and whether some were not read.

    Drift cannot search them. Stops as soon as each domain in `wanted` has its account; reads on if it is empty.
    """
    found: dict[str, Row] = {}
    more = False
    async for page in job.pages("list_accounts", most_pages, limit=ACCOUNT_PAGE):
        items, more = page
        found |= {str(row["domain"]).casefold(): row for row in items if row.get("domain")}
        if wanted and all(account_for(domain, found) for domain in wanted):
            return found, False
    return found, more


async def account_of(job: Job, contact: Row, most_pages: int = 20) -> Row | None:
    """The account of a contact by its e-mail address; failures are noted."""
    domain = domain_of(contact.get("email"))
    if domain is None:
        return None
    try:
        found, more = await accounts(job, {domain}, most_pages)
    except FAILURES as error:
        job.note("account", "list_accounts", error)
        return None
    account = account_for(domain, found)
    if account is None and more:
        job.warn("account", "not_all_read", f"The first {len(found)} accounts have none of {domain}; ask for its id.")
    return account


# ---- small things --------------------------------------------------------------------------------------------------


def with_ids(rows: list[Row]) -> list[Row]:
    """The rows that can be told apart; a Drift that leaves an id out has said nothing of use."""
    return [row for row in rows if "id" in row]


def first_created(row: Row) -> tuple[str, int]:
    return str(row.get("created_at") or "~"), int(row.get("id") or 0)


def domain_of(email: Any) -> str | None:
    """The company domain of an address; None for a free mailer's."""
    domain = str(email or "").rpartition("@")[2].strip().casefold()
    return domain if "." in domain and domain not in FREE_MAIL else None


def account_for(domain: str, table: Mapping[str, Row]) -> Row | None:
    """The account whose domain is `domain` or one above it: `eu.acme.example` belongs to acme.example."""
    while "." in domain:
        if domain in table:
            return table[domain]
        domain = domain.partition(".")[2]
    return None


def brief(text: Any, longest: int) -> str:
    """`text` on one line, its end cut off."""
    line = " ".join(str(text or "").split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def slim(row: Row) -> Row:
    """`row` without what is None or empty."""
    return {key: value for key, value in row.items() if value is not None and value not in ("", [], {})}

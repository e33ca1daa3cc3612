"""What several jobs look up in Drift."""

from collections.abc import Collection

from drift_mcp.drift.errors import BrokenAnswer, NotFound
from drift_mcp.workflows.shared.domains import account_for, domain_of
from drift_mcp.workflows.shared.job import FAILURES, UNAVAILABLE, Job, Row

ACCOUNT_PAGE = 65  # Drift's largest page, so that one operation is one call
MESSAGE_PAGES = 10


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
    found = all_with_ids((await job.operate("find_contacts_by_email", email=email, detail=detail))["items"])
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


def who(conversation: Row, contact: Row) -> str | None:
    """Whom a conversation is with; None where there is a contact that could not be read, who is not nobody."""
    unread = conversation.get("contact_id") and not contact
    return contact.get("name") or contact.get("email") or (None if unread else "anonymous")


def with_ids(rows: list[Row]) -> list[Row]:
    """The rows that can be told apart; a Drift that leaves an id out has said nothing of use."""
    return [row for row in rows if "id" in row]


def all_with_ids(rows: list[Row]) -> list[Row]:
    """`rows`, where a missing one would be taken for a contact that is not there, and made again.

    Raises:
        BrokenAnswer: one has no id.
    """
    if len(with_ids(rows)) < len(rows):
        error = BrokenAnswer()
        error.add_note("One of the contacts that it answered with has no id.")
        raise error
    return rows


def first_created(row: Row) -> tuple[str, int]:
    return str(row.get("created_at") or "~"), int(row.get("id") or 0)

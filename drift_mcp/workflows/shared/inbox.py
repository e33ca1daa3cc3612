"""What a row of the inbox needs besides Drift's list: who waits since when, and names for ids."""

from functools import partial
from typing import Any

from drift_mcp.workflows.shared import domains, lookups
from drift_mcp.workflows.shared.job import FAILURES, Job, Row

ACCOUNT_PAGES = 3
ACCOUNT_PAGES_TO_FILTER = 20
MOST_USERS = 20  # Drift's limit of one get_users


async def read_wait(job: Job, row: Row) -> None:
    """Put the visitor's last message (`last`) and the first unanswered one's time (`since`) into `row`.

    A bot's chat message counts as an answer, a private note does not. `unread` where the messages cannot be had.
    """
    try:
        messages, more = await lookups.messages(job, row["id"])
    except FAILURES as error:
        job.note("messages", "list_messages", error, row["id"])
        row["unread"] = True
        return
    if more:
        job.warn("messages", "not_all_read", f"Conversation {row['id']} is long; its end was not read.")
    answered = False
    for message in reversed([each for each in messages if each.get("type", "chat") == "chat"]):
        if message.get("author") == "visitor":
            row.setdefault("last", message.get("text"))
            if not answered:
                row["since"] = message.get("created_at")
        else:
            answered = True
        if answered and "last" in row:
            return


class Names:
    """Contacts, accounts and users by id; each is fetched once, and what fails is noted and left out."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._contacts: dict[int, Row] = {}
        self._accounts: dict[str, Row] = {}

    async def meet(self, rows: list[Row]) -> None:
        """Fetch the contacts of `rows`."""

        async def meet(contact_id: int) -> None:
            contact = await self._job.attempt("contacts", "get_contact", contact_id=contact_id)
            self._contacts[contact_id] = contact or {}

        unknown = {row["contact_id"] for row in rows if row.get("contact_id")} - set(self._contacts)
        await self._job.together(*(partial(meet, contact_id) for contact_id in sorted(unknown)))

    async def fill_in(self, rows: list[Row]) -> None:
        """Put into `rows` what only the long form of a conversation has: tags and participants."""

        async def fill(row: Row) -> None:
            found = await self._job.attempt("tags and assignees", "get_conversation", conversation_id=row["id"])
            row |= {"filled": True} | (found or {})

        await self._job.together(*(partial(fill, row) for row in rows if "filled" not in row))

    async def of_account(self, rows: list[Row], wanted: str) -> None:
        """Fetch the contacts of `rows`, and the accounts that could be `wanted`."""

        async def read_accounts() -> None:
            await self._read_accounts({wanted} if "." in wanted else set(), ACCOUNT_PAGES_TO_FILTER)

        await self._job.together(read_accounts, partial(self.meet, rows))

    def works_for(self, row: Row, wanted: str) -> bool:
        """Whether the contact's address has the domain `wanted`, or the company's name that part."""
        contact = self.contact(row)
        domain = str(contact.get("email") or "").rpartition("@")[2].casefold()
        return wanted in domain or wanted in str(self.company(contact) or "").casefold()

    async def find(self, rows: list[Row]) -> None:
        """Everything the rows to be shown still lack."""
        await self.meet(rows)
        wanted = {domain for row in rows if (domain := domains.domain_of(self.contact(row).get("email")))}
        unknown = {domain for domain in wanted if not domains.account_for(domain, self._accounts)}
        read = partial(self._read_accounts, unknown, ACCOUNT_PAGES)
        # Accounts that were read for a filter are not read again for those they did not have.
        await self._job.together(partial(self._name_users, rows), *([read] if unknown and not self._accounts else []))

    async def _read_accounts(self, wanted: set[str], pages: int) -> None:
        try:
            self._accounts, more = await lookups.accounts(self._job, wanted, pages)
        except FAILURES as error:  # without accounts their names are not known, but the domains are
            self._job.note("companies", "list_accounts", error)
            return
        if more and pages == ACCOUNT_PAGES_TO_FILTER:
            self._job.warn("companies", "not_all_read", f"{len(self._accounts)} accounts were compared.")

    async def _name_users(self, rows: list[Row]) -> None:
        ids = sorted({user for row in rows for user in taking_part(row)})
        if not ids:
            return
        few = len(ids) <= MOST_USERS
        name, arguments = ("get_users", {"user_ids": ids}) if few else ("list_users", {"limit": 200})
        answer = await self._job.attempt("assignees", name, **arguments) or {}
        users = {user.get("id"): user for user in answer.get("items", ())}
        for row in rows:
            # An id that has no name is shown as it is. Bots answer everybody and own nothing.
            people = [each for each in taking_part(row) if not users.get(each, {}).get("bot")]
            row["assignees"] = [str(users.get(each, {}).get("name") or each) for each in people]

    def contact(self, row: Row) -> Row:
        return self._contacts.get(row.get("contact_id", 0), {})

    def company(self, contact: Row) -> Any:
        """The company's name, or else the domain of the address."""
        domain = domains.domain_of(contact.get("email"))
        account = domains.account_for(domain, self._accounts) if domain else None
        own = contact.get("attributes", {})
        return (account or {}).get("name") or own.get("employment_name") or own.get("company") or domain


def taking_part(row: Row) -> list[int]:
    """The user a conversation is assigned to where that is known, else everybody of ours in it."""
    assigned = row.get("assigned_user_id")
    return [assigned] if isinstance(assigned, int) else row.get("participants") or []

"""What is sent to people: some of it never, some of it only once a person has seen what stands in it."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from drift_mcp.consent.policy import asks
from drift_mcp.consent.question import Asking, Question, Read, ask
from drift_mcp.credentials import CredentialProvider, MissingCredential
from drift_mcp.drift.errors import DriftError
from drift_mcp.operation import Request, Tool
from drift_mcp.outgoing import Known, TokenPrint, findings, refusals
from drift_mcp.workflow import NotAllowed
from drift_mcp.workflows.shared.domains import FREE_MAIL

_MOST_USERS = 200
_SHORTEST_TOKEN = 8
"""What is shorter is no secret of Drift's, and would be found in words that have nothing to do with it."""


async def check(tool: Tool, request: Request, asking: Asking, credential: Callable[[], CredentialProvider]) -> str:
    """Returns when the text that `tool` sends to people may be sent.

    What it returns is the organisation that a person agreed for, as `only_in` takes it; "" where nobody was asked.
    Drift is asked who reads it only where an address stands in it.

    Raises:
        InvalidArguments: it is never sent.
        NotAgreed: a person has to agree, and has not.
    """
    arguments = request.model_dump(exclude_none=True)
    refusals(tool.name, arguments, Known(token=await _token(credential())))
    found = findings(tool.name, arguments, Known())
    if any(each.kind == "other_email" for each in found):
        found = findings(tool.name, arguments, await _known(arguments, asking.read))
    if not found or not asks(asking, f"what {tool.name} would send"):
        return ""
    reasons = " ".join(each.text for each in found)
    question = Question(
        text=f"{reasons} Send it all the same? Drift organisation: {asking.connection}.",
        bound_to=asking.bound(tool.name, request.model_dump(mode="json", exclude_none=True)),
        shown="",
    )
    return await ask(question, asking)


async def _token(credential: CredentialProvider) -> TokenPrint | None:
    """By what the token is recognised; None where there is none, and the call will say so."""
    with suppress(MissingCredential):
        token = (await credential.token()).get_secret_value()
        return TokenPrint.of(token) if len(token) >= _SHORTEST_TOKEN else None
    return None


async def _known(arguments: dict[str, Any], read: Read) -> Known:
    """Whose addresses may stand in it: the reader's own, and the company's. What cannot be read is not known."""
    contact: set[str] = set()
    users: list[str] = []
    with suppress(DriftError, NotAllowed):
        if "conversation_id" in arguments:
            conversation = await read("get_conversation", conversation_id=arguments["conversation_id"])
            if "contact_id" in conversation:
                contact = _emails([await read("get_contact", contact_id=conversation["contact_id"])])
    with suppress(DriftError, NotAllowed):
        users = sorted(_emails((await read("list_users", limit=_MOST_USERS))["items"]))
    domains = Counter(email.partition("@")[2] for email in users)
    # One user's private address does not make its domain the company's.
    own = {domain for domain, count in domains.items() if 2 * count > len(users) and domain not in FREE_MAIL}
    return Known(contact_emails=frozenset(contact), own_emails=frozenset(users), own_domains=frozenset(own))


def _emails(rows: list[dict[str, Any]]) -> set[str]:
    return {row["email"].strip().lower() for row in rows if isinstance(row.get("email"), str)}

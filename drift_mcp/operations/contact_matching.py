"""Finding and making contacts by other means than id and exact address. Known from third-party catalogues."""

from email.utils import parseaddr
from typing import Annotated, Any

from pydantic import Field

from drift_mcp.fields import Cleaned, Email, Line
from drift_mcp.operation import Access, CatalogueRequest, Changed, Look, LostAnswer, Operation, Provenance
from drift_mcp.operations import Detailed, WideList
from drift_mcp.operations.contacts import Contact


class ListContacts(WideList, CatalogueRequest):
    search: Line | None = Field(None, description="Words in name, e-mail or phone.")
    email: Email | None = Field(None, description="Exactly this address.")
    tags: list[Line] | None = Field(None, description="All of these tag names.")
    labels: list[Line] | None = Field(None, description="All of these labels.")
    custom_attributes: Annotated[dict[str, Any] | None, Cleaned] = Field(None, description="Name to value.")
    workflow_id: Line | None = Field(None, description="Workflow.")
    background_mode: bool | None = Field(None, description="true: reading leaves no trace.")


class ByEmail(Detailed, CatalogueRequest):
    email: Email = Field(description="E-mail address.")


class RawEmail(CatalogueRequest):
    email: Line = Field(description='Address as written, e.g. "Jo Doe <jo@acme.example>".')

    def as_record(self, body: Any) -> dict[str, Any]:
        name, address = parseaddr(self.email)
        return {"address": address, "attributes": {"email": address} | ({"name": name} if name else {})}


OPERATIONS = [
    Operation(
        name="list_contacts",
        title="Search contacts",
        summary="Search contacts by words, tags or attributes, or list them all.",
        guidance="By exact address: find_contacts_by_email.",
        intents=(
            "list all contacts",
            "search contacts named Miller",
            "which leads have the plan pro",
        ),
        method="GET",
        path="/contacts",
        toolset="contacts",
        scope="contact_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=ListContacts,
        result=Contact,
        many=True,
        paging="next",
        page_size=("limit", 100),
        alternative="find_contacts_by_email or find_contacts_by_external_id",
    ),
    Operation(
        name="match_contact_email",
        title="Match a contact's e-mail",
        summary="The one contact an e-mail address belongs to; never creates one.",
        guidance="find_contacts_by_email is the documented way.",
        intents=(
            "match an email to a contact",
            "whose address is this, without creating a contact",
            "resolve one address to a single contact",
        ),
        method="GET",
        path="/contacts/match-email",
        toolset="contacts",
        scope="contact_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=ByEmail,
        result=Contact,
        alternative="find_contacts_by_email",
    ),
    Operation(
        name="create_contact_from_email",
        title="Create or update a contact from an address",
        summary="Make a contact out of a raw e-mail address with a name; an existing one is updated.",
        guidance="With more fields: create_contact.",
        intents=(
            "create a contact from an email signature line",
            "upsert a contact by raw address",
            "add Jo Doe <jo@acme.example> as a contact",
        ),
        method="POST",
        path="/contacts/raw",
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("find_contacts_by_email", {"email": "address"}, ("email", "name"))),
        request=RawEmail,
        result=Contact,
        alternative="find_contacts_by_email, then create_contact or update_contact",
    ),
]

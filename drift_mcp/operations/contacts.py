"""Contacts: the people who visit the website and chat (devdocs: contact-model).

What a catalogue names beyond the documented calls (assigned_user_id, background_mode, labels and tags of an update) is
not offered as arguments: whatever a contact carries can be set as an attribute.
"""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from drift_mcp.fields import (
    Cleaned,
    Email,
    Id,
    Line,
    Stamp,
    VisitorData,
    VisitorName,
    VisitorText,
    Word,
    is_time,
)
from drift_mcp.operation import (
    IN_QUERY,
    WIDE,
    Access,
    Changed,
    Gone,
    ListRequest,
    Look,
    LookUp,
    LostAnswer,
    Made,
    Operation,
    Request,
    Result,
    Target,
    Untold,
    under_data,
)
from drift_mcp.operations import Change, Detailed, Done, said_ok, tag_names

# ---- results -------------------------------------------------------------------------------------------------------

_NAMED = {
    "email": "email", "name": "name", "phone": "phone", "externalId": "externalId", "tags": "tags",
    "last_active": "lastActive", "last_contacted": "lastContacted", "start_date": "startDate",
}  # fmt: skip
_TIMES = frozenset({"last_active", "last_contacted", "start_date"})
_BOOKKEEPING = ("_", "original_", "recent_")
_MANAGED = frozenset(
    {
        "external_id",
        "events",
        "ip",
        "last_context_location",
        "socialProfiles",
        "first_name",
        "last_name",
        "display_name",
    }
)


def place(value: Any) -> Any:
    """`last_context_location`, a JSON text, as "Boston, Massachusetts, United States"."""
    try:
        parts = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, dict):
        return None
    named = (parts.get("city"), parts.get("region"), parts.get("countryName") or parts.get("country"))
    return ", ".join(str(part) for part in named if part) or None


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that stand by name, of those that are what their name says: anybody can set any of them."""
    named: dict[str, Any] = {}
    for theirs, ours in _NAMED.items():
        value = attributes.get(theirs)
        if theirs in _TIMES:
            if is_time(value):
                named[ours] = value
        elif theirs == "tags":
            if isinstance(value, list):
                named[ours] = [name for name in tag_names(value) if isinstance(name, str)]
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            named[ours] = str(value)
    return named


class Contact(Result):
    """A contact. Drift keeps everything in one map of attributes; the usual ones stand here by name.

    One of these that is not what its name says, such as a time that is none, stays among the others.
    """

    id: int | None = None
    email: VisitorText | None = None
    name: VisitorText | None = None
    phone: VisitorText | None = None
    external_id: VisitorName | None = Field(None, description="The id your own system gave.")
    tags: Annotated[list[VisitorName] | None, BeforeValidator(tag_names)] = None
    location: VisitorText | None = None
    created_at: Stamp | None = None
    last_active: Stamp | None = None
    last_contacted: Stamp | None = None
    start_date: Annotated[Stamp | None, WIDE] = None
    attributes: VisitorData | None = Field(None, description="Custom attributes; detail full: all.")

    @model_validator(mode="before")
    @classmethod
    def _name_attributes(cls, raw: Any, info: ValidationInfo) -> Any:
        attributes = raw.get("attributes") if isinstance(raw, dict) else None
        if not isinstance(attributes, dict):
            return raw
        named = _named(attributes)
        full = getattr(info.context, "detail", "brief") == "full"
        rest = {
            name: value
            for name, value in attributes.items()
            if full or not (_NAMED.get(name) in named or name in _MANAGED or name.startswith(_BOOKKEEPING))
        }
        return raw | named | {"location": place(attributes.get("last_context_location")), "attributes": rest}


class AttributeDefinition(Result):
    name: VisitorName | None = None
    display_name: VisitorText | None = None
    type: Word | None = Field(None, description="STRING, NUMERIC, BOOLEAN, DATETIME or DATE.")


# ---- requests ------------------------------------------------------------------------------------------------------


def _no_nulls(attributes: dict[str, Any]) -> dict[str, Any]:
    empty = [name for name, value in attributes.items() if value is None]
    if empty:
        raise PydanticCustomError("null", "has null values, which Drift does not take; leave those attributes out")
    return attributes


Attributes = Annotated[dict[str, Any], AfterValidator(_no_nulls), Cleaned]


class ContactId(Detailed):
    contact_id: Id = Field(description="Contact id.")


class ContactDetails(Request):
    """What can be set on a contact. All of it travels inside `attributes`."""

    email: Email | None = Field(None, description="E-mail address.")
    name: Line | None = Field(None, description="Full name.")
    phone: Line | None = Field(None, description="Phone number.")
    attributes: Attributes | None = Field(None, description="More attributes by name; unknown names are created.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        named = {name: value for name, value in fields.items() if name != "attributes"}
        return {"attributes": (self.attributes or {}) | named}


class CreateContact(ContactDetails):
    email: Email = Field(description="E-mail address.")
    external_id: Line | None = Field(None, description="Your own system's id.")


class UpdateContact(ContactDetails, Change):
    contact_id: Id = Field(description="Contact id.")
    external_id: Line | None = Field(None, description="Your own system's id.")


class UpdateContactByExternalId(ContactDetails, Change):
    external_id: Annotated[Line, IN_QUERY] = Field(alias="id", description="Your own system's id.")


class FindByEmail(ListRequest, Detailed):
    email: Email = Field(description="The whole address.")


class FindByExternalId(ListRequest, Detailed):
    external_ids: Annotated[list[Line], Field(min_length=1, max_length=50)] = Field(
        alias="id", description="Your own system's ids."
    )


class DeleteContact(Request):
    contact_id: Id = Field(description="Contact id.")


class Unsubscribe(Request):
    emails: Annotated[list[Email], Field(min_length=1, max_length=100)] = Field(description="Addresses.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        return fields["emails"]


# ---- how Drift wraps its answers -----------------------------------------------------------------------------------


def contacts_of(body: Any) -> Any:
    """A list of contacts; the documentation prints a single object for one call (drift-api.md §11, 22)."""
    data = under_data(body)
    return [data] if isinstance(data, dict) else data


def properties_of(body: Any) -> Any:
    data = under_data(body)
    return data.get("properties", []) if isinstance(data, dict) else data


# ---- operations ----------------------------------------------------------------------------------------------------

OPERATIONS = [
    Operation(
        name="create_contact",
        title="Create a contact",
        summary="Create a contact. Drift refuses an e-mail that exists, unless an external_id is given.",
        guidance="Search with find_contacts_by_email first; change one with update_contact.",
        intents=(
            "create a new Drift contact for an inbound lead",
            "add a lead to Drift",
            "save this person's details as a contact",
        ),
        method="POST",
        path="/contacts",
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made((Look("find_contacts_by_email", {"email": "email"}, ("email", "external_id")),)),
        request=CreateContact,
        result=Contact,
        everyday=True,
    ),
    Operation(
        name="get_contact",
        title="Get a contact",
        summary="One contact by Drift's contact id.",
        guidance="By address: find_contacts_by_email.",
        intents=(
            "who is this visitor",
            "look up contact 15811408544",
            "details of the person in the conversation",
        ),
        method="GET",
        path="/contacts/{contactId}",
        toolset="contacts",
        scope="contact_read",
        access=Access.READ,
        request=ContactId,
        result=Contact,
        everyday=True,
    ),
    Operation(
        name="find_contacts_by_email",
        title="Find contacts by e-mail",
        summary="The contacts with exactly this e-mail address; several may share it, none gives no rows.",
        intents=(
            "find a contact by email address",
            "is jane@acme.example already in Drift",
            "search the contact with this mail",
        ),
        method="GET",
        path="/contacts",
        toolset="contacts",
        scope="contact_read",
        access=Access.READ,
        request=FindByEmail,
        result=Contact,
        unwrap=contacts_of,
        many=True,
        paging="link_header",
        page_size=("limit", 100),
        everyday=True,
    ),
    Operation(
        name="find_contacts_by_external_id",
        title="Find contacts by external id",
        summary="The contacts with these ids of your own system, such as a CRM.",
        intents=(
            "find the contact with our CRM id",
            "which Drift contact belongs to customer number 8812",
            "look up contacts by external id",
        ),
        method="GET",
        path="/contacts?idType=external",
        toolset="contacts",
        scope="contact_read",
        access=Access.READ,
        request=FindByExternalId,
        result=Contact,
        unwrap=contacts_of,
        many=True,
    ),
    Operation(
        name="update_contact",
        title="Update a contact",
        summary="Change attributes of a contact; those not named stay as they are.",
        guidance="By your own id: update_contact_by_external_id.",
        intents=(
            "update the contact's phone number",
            "enrich the contact with company data",
            "set a custom attribute on a contact",
        ),
        method="PATCH",
        path="/contacts/{contactId}",
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_contact", {"contact_id": "contact_id"})),
        request=UpdateContact,
        result=Contact,
    ),
    Operation(
        name="update_contact_by_external_id",
        title="Update a contact by external id",
        summary="Change attributes of the contact with this id of your own system.",
        guidance="By Drift's id: update_contact.",
        intents=(
            "update the contact with our CRM id",
            "sync attributes from our system by external id",
            "change the contact of customer number 8812",
        ),
        method="PATCH",
        path="/contacts/normalize?idType=external",
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("find_contacts_by_external_id", {"external_ids": "external_id"})),
        request=UpdateContactByExternalId,
        result=Contact,
    ),
    Operation(
        name="delete_contact",
        title="Delete a contact",
        summary="Remove a contact from Drift's views and search.",
        guidance="This does not erase personal data; that is delete_personal_data.",
        intents=(
            "delete this contact",
            "remove a lead from Drift",
            "get rid of a duplicate contact",
        ),
        method="DELETE",
        path="/contacts/{contactId}",
        toolset="contacts",
        scope="contact_write",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Delete contact {contact_id}",
            (LookUp("get_contact", by="contact_id", shows=("name", "email", "location")),),
            "It goes from Drift's lists and views; this server cannot bring it back.",
        ),
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_contact", {"contact_id": "contact_id"})),
        request=DeleteContact,
        result=Done,
        unwrap=said_ok,
    ),
    Operation(
        name="unsubscribe_emails",
        title="Unsubscribe e-mail addresses",
        summary="Opt these addresses out of all e-mail from Drift. There is no call to undo it.",
        intents=(
            "unsubscribe this person from emails",
            "opt a contact out of all mail",
            "stop sending emails to these addresses",
        ),
        method="POST",
        path="/emails/unsubscribe",
        toolset="contacts",
        scope="contact_write",
        access=Access.DESTRUCTIVE,
        target=Target("Opt out of all e-mail from Drift: {emails}"),
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Untold("Drift shows it on the contact; calling again changes nothing more"),
        request=Unsubscribe,
        result=Done,
        unwrap=said_ok,
    ),
    Operation(
        name="list_contact_attributes",
        title="List contact attributes",
        summary="The attributes contacts can have, with type: built-in and custom ones.",
        intents=(
            "which custom attributes do contacts have",
            "list contact fields and their types",
            "what attribute names can I set on a lead",
        ),
        method="GET",
        path="/contacts/attributes",
        toolset="contacts",
        scope="all_contact_read",
        access=Access.READ,
        request=ListRequest,
        result=AttributeDefinition,
        unwrap=properties_of,
        many=True,
    ),
]

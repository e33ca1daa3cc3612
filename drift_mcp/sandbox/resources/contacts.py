"""Contacts: create, read, search, update, delete, and the list of attributes (devdocs: contact-model,
creating-a-contact, retrieving-contact, updating-a-contact, removing-a-contact, listing-custom-attributes)."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from .. import choices, fields, paging, people
from ..errors import invalid, not_found
from ..http import Call, bare, data, done, get, write
from ..world import Row

READ, WRITE = "contact_read", "contact_write"
ID_TYPES = ("drift", "external", "internal")
PAGE_KIND = "contacts"


def contact_of(call: Call) -> Row:
    """The contact of the path, else 404."""
    contact = people.find(call.world, call.id("contactId"))
    if contact is None:
        raise not_found(f"contact {call.id('contactId')}")
    return contact


def _attributes(call: Call) -> Row:
    return fields.as_object(call.object.get("attributes"), "attributes")


def create_contact(call: Call) -> Response:
    return data(people.view(people.create(call.world, _attributes(call))))


def get_contact(call: Call) -> Response:
    return data(people.view(contact_of(call)))


def find_contacts(call: Call) -> Response:
    """By ?email= or by ?idType=…&id=…; always a list, empty where nothing fits."""
    if "email" in call.query:
        return _by_email(call)
    if "idType" in call.query or "id" in call.query:
        ids = call.query.getlist("id")
        if not ids:
            raise invalid("id is required")
        found = [_by_id(call, given) for given in dict.fromkeys(ids)]
        return data([people.view(contact) for contact in found if contact is not None])
    raise invalid("email, or idType and id, is required")


def _by_email(call: Call) -> Response:
    """One page; where there is more, a Link header leads on (header format as devdocs retrieving-contact
    prints it)."""
    email = call.query["email"]
    if not email:
        raise invalid("email must not be empty")
    most = choices.CONTACTS_MAX
    size = fields.query_number(call.query, "limit", choices.CONTACTS_DEFAULT, least=1, most=most)
    token = call.query.get(choices.CONTACTS_CURSOR)
    position = paging.decode(PAGE_KIND, token, choices.CONTACTS_CURSOR).get("after") if token else None
    page, more = paging.after(people.with_email(call.world, email), position, _oldest_first, size)
    headers = {}
    if more is not None:
        cursor = {choices.CONTACTS_CURSOR: paging.encode(PAGE_KIND, after=more)}
        query = urlencode({"email": email, "limit": size, **cursor})
        headers["Link"] = f"<https://driftapi.com/contacts?{query}>; rel='next'"
    return bare({"data": [people.view(contact) for contact in page]}, headers=headers)


def _oldest_first(contact: Row) -> list[int]:
    return [contact["createdAt"], contact["id"]]


def _by_id(call: Call, given: str) -> Row | None:
    kind = call.query.get("idType")
    if kind not in ID_TYPES:
        raise invalid(f"idType must be one of {', '.join(ID_TYPES)}")
    if kind == "external":
        return people.with_external_id(call.world, given)
    return people.find(call.world, fields.number_text(given, "id"))


def update_contact(call: Call) -> Response:
    contact = contact_of(call)
    return data(people.view(people.update(call.world, contact, _attributes(call))))


def normalize_contact(call: Call) -> Response:
    """Update by ?idType=…&id=…: the same body and answer as an update by Drift's id."""
    given = call.query.get("id")
    if not given:
        raise invalid("id is required")
    contact = _by_id(call, given)
    if contact is None:
        raise not_found(f"contact {given}")
    return data(people.view(people.update(call.world, contact, _attributes(call))))


def delete_contact(call: Call) -> Response:
    """Out of view only: conversations stay, nothing is erased. 202, as the deletion is done later."""
    contact_of(call)["deleted"] = True
    return done(202)


def list_attributes(call: Call) -> Response:
    """Built-in and custom attributes; needs the elevated scope all_contact_read."""
    return data({"properties": call.world.rows("attribute_definitions")})


routes = [
    write("POST", "/contacts", create_contact, WRITE),
    get("/contacts", find_contacts, READ),
    get("/contacts/attributes", list_attributes, "all_contact_read"),
    write("PATCH", "/contacts/normalize", normalize_contact, WRITE),
    get("/contacts/{contactId}", get_contact, READ),
    write("PATCH", "/contacts/{contactId}", update_contact, WRITE),
    write("DELETE", "/contacts/{contactId}", delete_contact, WRITE),
]

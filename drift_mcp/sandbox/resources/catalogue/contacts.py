"""Contacts by other means than id and exact address: search, match, raw address, timeline."""

from __future__ import annotations

from email.utils import parseaddr

from starlette.responses import Response

from ... import fields, people, query
from ...errors import invalid, not_found
from ...http import Call, data, get, write
from ...world import Row, World
from ..contacts import contact_of
from . import listing

READ, WRITE = "contact_read", "contact_write"
SEARCHED = ("name", "display_name", "first_name", "last_name", "email", "phone")


def list_contacts(call: Call) -> Response:
    """Those for which every filter holds, everybody without one; the newest first."""
    asked, world = call.query, call.world
    query.boolean(asked, "background_mode")
    search, email = query.text(asked, "search"), query.email(asked, "email")
    tags, labels = query.texts(asked, "tags"), query.texts(asked, "labels")
    attributes, workflow = query.plain_object(asked, "custom_attributes"), query.text(asked, "workflow_id")
    rows = people.visible(world)
    if search is not None:
        rows = [row for row in rows if found_by(row, search)]
    if email is not None:
        rows = [row for row in rows if str(row["attributes"].get("email", "")).casefold() == email.casefold()]
    rows = [row for row in rows if listing.all_of(tags, [tag["name"] for tag in row["attributes"].get("tags", [])])]
    if labels:
        rows = [row for row in rows if listing.all_of(labels, _labels(world, row))]
    if attributes:
        rows = [row for row in rows if listing.same_values(attributes, row["attributes"])]
    if workflow is not None:
        rows = [row for row in rows if workflow in _workflows(world, row)]
    return listing.page(call, "v2-contacts", rows, listing.newest, people.view)


def found_by(contact: Row, search: str) -> bool:
    return listing.words_in(search, [contact["attributes"].get(name) for name in SEARCHED])


def _conversations(world: World, contact: Row) -> list[Row]:
    return [row for row in world.rows("conversations") if row["contactId"] == contact["id"]]


def _labels(world: World, contact: Row) -> set[str]:
    own = {label.strip() for label in str(contact["attributes"].get("labels", "")).split(",")}
    return own.union(*(row.get("labels", []) for row in _conversations(world, contact)))


def _workflows(world: World, contact: Row) -> set[str]:
    own = str(contact["attributes"].get("workflow_id", ""))
    return {own, *(row.get("workflowId", "") for row in _conversations(world, contact))}


def match_email(call: Call) -> Response:
    """?email=: the first contact created with this address, else 404; none is ever created."""
    email = query.email(call.query, "email")
    if email is None:
        raise invalid("email is required")
    found = people.with_email(call.world, email)
    if not found:
        raise not_found(f"contact with email {email}")
    return data(people.view(found[0]))


def create_from_raw(call: Call) -> Response:
    """{"email": "Jo Doe <jo@x.example>"}: a new contact, or the one with this address under the name given."""
    raw = fields.required_text(call.object, "email").strip()
    name, address = parseaddr(raw)
    if not fields.is_email(address) or address not in raw:
        raise invalid("email must be an e-mail address, with or without a name")
    found = people.with_email(call.world, address)
    if not found:
        contact = people.create(call.world, {"email": address, "name": name or None})
    elif name and found[0]["attributes"].get("name") != name:
        contact = people.update(call.world, found[0], {"name": name})
    else:
        contact = found[0]
    return data(people.view(contact))


def get_timeline(call: Call) -> Response:
    """The events on the contact's timeline, the newest first."""
    contact = contact_of(call)
    rows = [row for row in call.world.rows("timeline_events") if row["contactId"] == contact["id"]]
    shown = ("contactId", "event", "createdAt", "attributes")
    return listing.page(call, "v2-timeline", rows, listing.newest, lambda row: {name: row.get(name) for name in shown})


routes = [
    get("/contacts", list_contacts, READ),
    get("/contacts/match-email", match_email, READ),
    write("POST", "/contacts/raw", create_from_raw, WRITE),
    get("/contacts/{contactId}/timeline", get_timeline, READ),
]

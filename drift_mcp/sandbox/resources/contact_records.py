"""What hangs on a contact: timeline events, e-mail opt-out and the legacy tags (devdocs:
posting-timeline-events, unsubscribe-contacts-from-emails; tags: official Python SDK 1.1.3)."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from .. import choices, fields, people
from ..errors import invalid, not_found
from ..http import Call, data, done, write
from ..world import Row
from .contacts import WRITE, contact_of


def post_timeline_event(call: Call) -> Response:
    """{"contactId" | "externalId", "event", "createdAt"? (epoch ms, default now), "attributes"?
    (deprecated)}."""
    body = call.object
    event = fields.required_text(body, "event")
    created_at = fields.integer(body, "createdAt")
    attributes = fields.optional_object(body, "attributes")
    contact = _subject(call, body)
    row = {
        "attributes": {name: _stringified(value) for name, value in attributes.items()},
        "event": event,
        "createdAt": call.world.now() if created_at is None else created_at,
        "contactId": contact["id"],
    }
    call.world.add("timeline_events", {**row})
    return data(row)


def _subject(call: Call, body: Row) -> Row:
    contact_id = fields.integer(body, "contactId")
    external_id = body.get("externalId")
    if contact_id is not None:
        contact = people.find(call.world, contact_id)
    elif external_id is not None and people.is_external_id(external_id):
        contact = people.with_external_id(call.world, external_id)
    else:
        raise invalid("contactId or externalId is required")
    if contact is None:
        raise not_found(f"contact {external_id if contact_id is None else contact_id}")
    return contact


def _stringified(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def unsubscribe(call: Call) -> Response:
    """A bare JSON array of e-mail addresses; addresses nobody has are fine."""
    addresses = fields.as_list(call.json, "the request body")
    if not addresses or not all(fields.is_email(address) for address in addresses):
        raise invalid("the request body must be an array of e-mail addresses")
    for address in addresses:
        call.world.tables["unsubscribed"][address.casefold()] = call.world.now()
        for contact in people.with_email(call.world, address):
            call.world.announce("user_unsubscribed", people.view(contact))
    return done()


def add_tags(call: Call) -> Response:
    """[{"name", "color"?}]; a tag the contact has already keeps its place. Answers all tags of the
    contact."""
    contact = contact_of(call)
    tags = {tag["name"]: tag for tag in contact["attributes"].get("tags", [])}
    for given in fields.as_list(call.json, "the request body"):
        tag = fields.as_object(given, "a tag")
        name = fields.required_text(tag, "name")
        known = tags.get(name, {}).get("color", choices.DEFAULT_TAG_COLOR)
        tags[name] = {"name": name, "color": fields.text(tag, "color") or known}
    _set_tags(call, contact, list(tags.values()))
    return data(contact["attributes"]["tags"])


def remove_tag(call: Call) -> Response:
    contact = contact_of(call)
    name = call.params["tagName"]
    tags = contact["attributes"].get("tags", [])
    left = [tag for tag in tags if tag["name"] != name]
    if len(left) == len(tags):
        raise not_found(f"tag {name}")
    _set_tags(call, contact, left)
    return done()


def remove_tags(call: Call) -> Response:
    """["name", …]"""
    contact = contact_of(call)
    names = fields.as_list(call.json, "the request body")
    if not all(isinstance(name, str) for name in names):
        raise invalid("the request body must be an array of tag names")
    tags = contact["attributes"].get("tags", [])
    _set_tags(call, contact, [tag for tag in tags if tag["name"] not in names])
    return done()


def _set_tags(call: Call, contact: Row, tags: list[Row]) -> None:
    before = contact["attributes"]
    contact["attributes"] = {**before, "tags": tags}
    people.touch(call.world, contact, before)


routes = [
    write("POST", "/contacts/timeline", post_timeline_event, WRITE),
    write("POST", "/emails/unsubscribe", unsubscribe, WRITE),
    write("POST", "/contacts/{contactId}/tags", add_tags, WRITE),
    write("POST", "/contacts/{contactId}/tags/delete/_bulk", remove_tags, WRITE),
    # A tag's name may hold a slash.
    write("DELETE", "/contacts/{contactId}/tags/{tagName:path}", remove_tag, WRITE),
]

"""The rules of contacts: who is who, uniqueness, version counters, custom attributes made on the fly.

A contact is {"id", "createdAt" (epoch ms), "attributes": {…}} (devdocs: contact-model); the row also has
`deleted` once it was removed from view.
"""

from __future__ import annotations

from typing import Any

from . import choices
from .errors import duplicate, invalid
from .fields import is_email, is_int
from .world import Row, World

PROFILES = "socialProfiles"
VERSIONS = ("_END_USER_VERSION", "_end_user_version", "_calculated_version")


def view(contact: Row) -> Row:
    """The contact as Drift shows it."""
    return {key: contact[key] for key in ("id", "createdAt", "attributes")}


def visible(world: World) -> list[Row]:
    """Every contact not deleted, the first created first."""
    rows = [row for row in world.rows("contacts") if not row.get("deleted")]
    return sorted(rows, key=lambda row: (row["createdAt"], row["id"]))


def find(world: World, contact_id: int) -> Row | None:
    row = world.get("contacts", contact_id)
    return None if row is None or row.get("deleted") else row


def with_email(world: World, email: str) -> list[Row]:
    """Several contacts may share an address, so this is a list (devdocs: retrieving-contact)."""
    wanted = email.casefold()
    return [row for row in visible(world) if str(row["attributes"].get("email", "")).casefold() == wanted]


def with_external_id(world: World, external_id: str | int) -> Row | None:
    """Drift takes numbers and text for an external id; 7 and "7" are the same one."""
    wanted = str(external_id)
    for row in visible(world):
        given = row["attributes"].get("externalId")
        if given is not None and str(given) == wanted:
            return row
    return None


def find_or_create(world: World, email: str) -> Row:
    """The first contact created with this address, else a new one (as POST /conversations/new does)."""
    found = with_email(world, email)
    return found[0] if found else create(world, {"email": email})


def create(world: World, given: Row) -> Row:
    """A new contact (devdocs: creating-a-contact). With an externalId only that has to be unique, else the
    e-mail."""
    attributes = _clean(given)
    if "email" not in attributes:
        raise invalid("attributes.email is required")
    _check_unique(world, attributes, None)
    now = world.now()
    contact = world.add(
        "contacts",
        {
            "id": world.next_id("contacts"),
            "createdAt": now,
            "attributes": {
                **dict.fromkeys(VERSIONS, choices.FIRST_CONTACT_VERSION),
                "socialProfiles": {},
                "events": {},
                **attributes,
                "start_date": now,
            },
        },
    )
    _mirror(contact["attributes"])
    _define(world, attributes)
    return contact


def update(world: World, contact: Row, given: Row) -> Row:
    """Merge attributes into a contact; each write counts its versions up (devdocs: updating-a-contact)."""
    attributes = _clean(given)
    before = contact["attributes"]
    _check_unique(world, {**_keys(before), **attributes}, contact["id"], changed=attributes)
    contact["attributes"] = {**before, **attributes}
    _mirror(contact["attributes"])
    _define(world, attributes)
    touch(world, contact, before)
    return contact


def touch(world: World, contact: Row, before: Row) -> None:
    """Count a write and announce what differs from the attributes `before`."""
    after = contact["attributes"]
    for name in VERSIONS:
        after[name] = int(before.get(name, choices.FIRST_CONTACT_VERSION)) + 1
    diff = [
        *_diff("attributes", before, after, without=(*VERSIONS, PROFILES)),
        *_diff(PROFILES, before.get(PROFILES, {}), after.get(PROFILES, {})),
    ]
    announcement = {
        "endUserId": contact["id"],
        "timestamp": world.now(),
        "orgId": world.org["id"],
        "diff": diff,
    }
    if diff:
        world.announce("contact_updated", announcement)


def _diff(where: str, before: Row, after: Row, without: tuple[str, ...] = ()) -> list[Row]:
    """What differs, field by field (devdocs: contact-update-subscriptions)."""
    return [
        {"name": f"{where}.{name}", "previous": before.get(name), "updated": after.get(name)}
        for name in sorted({*before, *after})
        if name not in without and before.get(name) != after.get(name)
    ]


def is_external_id(value: Any) -> bool:
    return is_int(value) or (isinstance(value, str) and bool(value.strip()))


def _keys(attributes: Row) -> Row:
    return {name: attributes[name] for name in ("email", "externalId") if name in attributes}


def _clean(given: Row) -> Row:
    """What of the given attributes is stored: nulls and Drift's own counters are ignored, shapes are
    checked."""
    attributes = {
        name: value for name, value in given.items() if value is not None and name not in choices.MANAGED_ATTRIBUTES
    }
    for name, value in attributes.items():
        if not name.strip():
            raise invalid("an attribute needs a name")
        if isinstance(value, dict | list) and name not in choices.STRUCTURED_ATTRIBUTES:
            raise invalid(f"attributes.{name} must be a string, a number or a boolean")
    if "email" in attributes and not is_email(attributes["email"]):
        raise invalid("attributes.email must be an e-mail address")
    if "externalId" in attributes and not is_external_id(attributes["externalId"]):
        raise invalid("attributes.externalId must be a non-empty string or an integer")
    tags = attributes.get("tags", [])
    if not (isinstance(tags, list) and all(map(_is_tag, tags))):
        raise invalid('attributes.tags must be a list of {"name", "color"}')
    for name in ("socialProfiles", "events"):
        if not isinstance(attributes.get(name, {}), dict):
            raise invalid(f"attributes.{name} must be a JSON object")
    return attributes


def _is_tag(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str)


def _check_unique(world: World, attributes: Row, own_id: int | None, changed: Row | None = None) -> None:
    """The duplicate rule; for an update only where `changed` touches one of the keys."""
    touched = attributes if changed is None else changed
    external = attributes.get("externalId")
    if external is not None:
        other = with_external_id(world, external) if "externalId" in touched else None
        if other is not None and other["id"] != own_id:
            raise duplicate(f"A contact with externalId {external} already exists")
        return
    others = with_email(world, attributes["email"]) if "email" in touched else []
    if any(row["id"] != own_id for row in others):
        raise duplicate(f"A contact with email {attributes['email']} already exists")


def _mirror(attributes: Row) -> None:
    """Drift shows the external id under both spellings."""
    if "externalId" in attributes:
        attributes["external_id"] = attributes["externalId"]


def _define(world: World, attributes: Row) -> None:
    """Unknown attributes become custom attributes on the fly (devdocs: creating-a-contact)."""
    for name, value in attributes.items():
        if name in choices.STRUCTURED_ATTRIBUTES or name.startswith("_") or name == "externalId":
            continue
        if world.get("attribute_definitions", name) is None:
            world.add("attribute_definitions", {"type": _type_of(value), "displayName": name, "name": name})


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOLEAN"
    return "NUMERIC" if isinstance(value, int | float) else "STRING"

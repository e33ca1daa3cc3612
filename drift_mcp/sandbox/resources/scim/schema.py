"""The two directions between a Drift user and a SCIM user (devdocs: user-schema)."""

from __future__ import annotations

from typing import Any

from ... import fields
from ...errors import invalid
from ...world import Row

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
ROLES = {"ADMIN": "admin", "MEMBER": "member"}
# What a PUT that does not mention it unsets. Role and `active` keep their value: they have no "unset".
CLEARED_BY_PUT = ("phone", "avatarUrl", "locale", "givenName", "familyName")


def view(user: Row) -> Row:
    """The user as SCIM shows it; unset texts are left out or empty as in Drift's example."""
    name = user.get("name") or ""
    given, _, family = name.partition(" ")
    role = "ADMIN" if user.get("role") == "admin" else "MEMBER"
    shown: Row = {
        "schemas": [USER_SCHEMA],
        "id": str(user["id"]),
        "userName": user.get("email") or "",
        "name": {
            "formatted": name,
            "familyName": user.get("familyName", family),
            "givenName": user.get("givenName", given),
        },
        "displayName": name,
        "active": user.get("active", True),
        "emails": [_entry(user.get("email"))],
        "phoneNumbers": [_entry(user.get("phone"))],
        "photos": [{"value": user.get("avatarUrl") or "", "display": "", "primary": True}],
        "roles": [{"value": role, "display": role, "primary": True}],
    }
    if user.get("locale"):
        shown["locale"] = user["locale"]
    return shown


def _entry(value: str | None) -> Row:
    return {"value": value, "primary": True} if value else {"primary": True}


def read(body: Row) -> Row:
    """The Drift fields of a SCIM user; userName and displayName are required. Unknown attributes are
    ignored."""
    name = fields.optional_object(body, "name")
    values: dict[str, Any] = {
        "email": _user_name(body),
        "name": fields.required_text(body, "displayName"),
        "givenName": fields.text(name, "givenName"),
        "familyName": fields.text(name, "familyName"),
        "locale": fields.text(body, "locale"),
        "phone": _primary(body, "phoneNumbers"),
        "avatarUrl": _primary(body, "photos"),
        "active": fields.boolean(body, "active"),
        "role": _role(body),
        "roleIds": _role_ids(body),
    }
    return {key: value for key, value in values.items() if value is not None and value != ""}


def _user_name(body: Row) -> str:
    value = fields.required_text(body, "userName")
    if not fields.is_email(value):
        raise invalid("userName must be an e-mail address", scim_type="invalidValue")
    return value


def _primary(body: Row, name: str) -> str | None:
    """The primary entry's value, else the first one's."""
    entries = [fields.as_object(item, name) for item in fields.optional_list(body, name)]
    if not entries:
        return None
    chosen = next((entry for entry in entries if entry.get("primary") is True), entries[0])
    return fields.text(chosen, "value")


def _role(body: Row) -> str | None:
    value = _primary(body, "roles")
    if value is None:
        return None
    if value not in ROLES:
        raise invalid(f"a role must be one of {', '.join(ROLES)}", scim_type="invalidValue")
    return ROLES[value]


def _role_ids(body: Row) -> list[int] | None:
    """`role-ids`, for organisations with role based access control (Enterprise); Drift shows them nowhere."""
    if body.get("role-ids") is None:
        return None
    ids = fields.as_list(body["role-ids"], "role-ids")
    if not all(fields.is_int(number) for number in ids):
        raise invalid("role-ids must be an array of integers", scim_type="invalidValue")
    return ids

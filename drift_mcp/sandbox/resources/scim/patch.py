"""SCIM PATCH: applies the operations of a PatchOp body to a user's SCIM form (RFC 7644, section 3.5.2)."""

from __future__ import annotations

import copy
import re
from typing import Any

from ... import fields
from ...errors import DriftError, invalid
from ...world import Row

SINGLE = ("userName", "displayName", "active", "locale")
NESTED = ("name",)
LISTS = ("emails", "phoneNumbers", "photos", "roles")
KNOWN = {name.lower(): name for name in (*SINGLE, *NESTED, *LISTS)}
NAME_PARTS = {name.lower(): name for name in ("givenName", "familyName", "formatted")}
# `name`, `name.familyName`, `phoneNumbers[primary eq true].value`: a user has one entry of each list, so
# which one the brackets select need not be read.
_PATH = re.compile(r"(?P<name>[A-Za-z]+)(?:\[[^\]]*\])?(?:\.(?P<part>[A-Za-z]+))?")
_BOOLEANS = {"true": True, "false": False}


def apply(user: Row, body: Row) -> Row:
    """The user after all operations; the operations are {"op": add|replace|remove, "path"?, "value"?}."""
    changed = copy.deepcopy(user)
    operations = body.get("Operations", body.get("operations"))
    if not isinstance(operations, list) or not operations:
        raise _bad("Operations must be a non-empty array", "invalidSyntax")
    for item in operations:
        operation = fields.as_object(item, "an operation")
        kind = fields.required_text(operation, "op").lower()
        if kind not in ("add", "replace", "remove"):
            raise _bad("op must be add, replace or remove", "invalidSyntax")
        path = fields.text(operation, "path")
        if kind == "remove":
            if not path:
                raise _bad("remove needs a path", "noTarget")
            _set(changed, path, None)
        elif "value" not in operation:
            raise _bad(f"{kind} needs a value", "invalidValue")
        elif path:
            _set(changed, path, operation["value"])
        else:
            for name, value in fields.as_object(operation["value"], "value").items():
                _set(changed, name, value)
    # The e-mail address is the userName: whichever of the two was changed is meant.
    address = changed.get("emails", [{}])[0].get("value")
    if address != user["userName"] and changed.get("userName") == user["userName"] and address:
        changed["userName"] = address
    # A new display name makes the old parts of the name wrong, unless they were given as well.
    if changed["displayName"] != user["displayName"] and changed["name"] == user["name"]:
        changed["name"] = {}
    return changed


def _set(user: Row, path: str, value: Any) -> None:
    found = _PATH.fullmatch(path)
    name = KNOWN.get(found["name"].lower()) if found else None
    if found is None or name is None:
        raise _bad(f"{path} is no attribute that can be changed", "invalidPath")
    part = found["part"]
    if name in LISTS:
        _set_entry(user, name, part, value)
    elif name in NESTED:
        _set_name(user, part, value)
    elif part:
        raise _bad(f"{path} is no attribute that can be changed", "invalidPath")
    else:
        user[name] = _boolean(value) if name == "active" else value


def _set_name(user: Row, part: str | None, value: Any) -> None:
    parts = {part: value} if part else fields.as_object(value or dict.fromkeys(NAME_PARTS), "name")
    for given, text in parts.items():
        known = NAME_PARTS.get(given.lower())
        if known is None:
            raise _bad(f"name.{given} is no attribute that can be changed", "invalidPath")
        user["name"] = {**user["name"], known: text}
        if known == "formatted" and text:
            user["displayName"] = text


def _set_entry(user: Row, name: str, part: str | None, value: Any) -> None:
    """Sets the one entry of a multi-valued attribute: the whole list, an entry, or its value."""
    if part and part.lower() not in ("value", "display", "primary"):
        raise _bad(f"{name}.{part} is no attribute that can be changed", "invalidPath")
    if part and part.lower() != "value":
        return
    if part:
        user[name] = [{"value": value, "primary": True}]
    elif isinstance(value, list):
        user[name] = value or [{"primary": True}]
    else:
        user[name] = [fields.as_object(value or {"primary": True}, name)]
    if not all(isinstance(entry, dict) for entry in user[name]):
        raise _bad(f"{name} must be an array of objects", "invalidValue")


def _boolean(value: Any) -> Any:
    """Some identity providers send "True" and "False" as text."""
    return _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value


def _bad(message: str, scim_type: str) -> DriftError:
    return invalid(message, scim_type=scim_type)

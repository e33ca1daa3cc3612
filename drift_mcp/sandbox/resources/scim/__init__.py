"""SCIM 2.0 provisioning of users under /scim/Users (devdocs: user-schema, searching, updating).

A SCIM user is a Drift user: the same row, seen and changed through another vocabulary. Shapes are in
`schema`, the search filter in `filters`, PATCH in `patch`. Errors have SCIM's own body (see
errors.error_response).
"""

from __future__ import annotations

from starlette.responses import Response

from ... import choices, fields, staff
from ...errors import DriftError, invalid, not_found
from ...http import Call, bare, get, write
from ...world import Row
from . import filters, patch, schema

SCOPE = choices.SCIM_SCOPE
LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def list_users(call: Call) -> Response:
    """?filter=&startIndex=&count=: a ListResponse; startIndex counts from 1."""
    fits = filters.parse(call.query.get("filter", ""))
    start = max(1, _number(call, "startIndex", 1))
    count = max(0, _number(call, "count", choices.SCIM_COUNT_DEFAULT))
    users = [user for user in map(schema.view, call.world.rows("users")) if fits(user)]
    return bare(
        {
            "schemas": [LIST_SCHEMA],
            "id": None,
            "externalId": None,
            "meta": None,
            "totalResults": len(users),
            "Resources": users[start - 1 : start - 1 + count],
        }
    )


def _number(call: Call, name: str, default: int) -> int:
    given = call.query.get(name)
    return fields.number_text(given, name) if given else default


def get_user(call: Call) -> Response:
    return bare(schema.view(_user(call)))


def _user(call: Call) -> Row:
    user = call.world.get("users", call.id("userId"))
    if user is None:
        raise not_found(f"user {call.id('userId')}")
    return user


def provision_user(call: Call) -> Response:
    """A new member or admin; userName (the e-mail address) and displayName are required."""
    values = schema.read(call.object)
    _check_unique(call, values["email"], None)
    now = call.world.now()
    user = {
        "id": call.world.next_id("users"),
        "orgId": call.world.org["id"],
        "role": "member",
        "availability": "OFFLINE",
        "verified": False,
        "bot": False,
        "active": True,
        **values,
        "createdAt": now,
        "updatedAt": now,
    }
    return bare(schema.view(call.world.add("users", user)), choices.SCIM_CREATED)


def replace_user(call: Call) -> Response:
    """PUT: what is not given is unset, save for the role and whether the user is active."""
    user = _user(call)
    return _store(call, user, schema.read(call.object))


def update_user(call: Call) -> Response:
    """PATCH: the operations are applied to the user's SCIM form, which is then stored as by PUT."""
    user = _user(call)
    changed = patch.apply(schema.view(user), call.object)
    return _store(call, user, schema.read(changed))


def _store(call: Call, user: Row, values: Row) -> Response:
    _check_unique(call, values["email"], user["id"])
    if user.get("bot") and not values.get("active", True):
        raise _bot_stays()
    for name in schema.CLEARED_BY_PUT:
        user.pop(name, None)
    user.update(values, updatedAt=call.world.now())
    return bare(schema.view(user))


def deprovision_user(call: Call) -> Response:
    """The user is gone; the messages stay."""
    user = _user(call)
    if user.get("bot"):
        raise _bot_stays()
    staff.remove(call.world, user)
    return Response(status_code=choices.SCIM_DELETED)


def _bot_stays() -> DriftError:
    return invalid("A bot cannot be deprovisioned", scim_type="mutability")


def _check_unique(call: Call, email: str, own_id: int | None) -> None:
    for other in call.world.rows("users"):
        if other["id"] != own_id and str(other.get("email", "")).casefold() == email.casefold():
            raise DriftError(
                choices.SCIM_DUPLICATE,
                "validation_error",
                f"A user {email} already exists",
                scim_type="uniqueness",
            )


routes = [
    get("/scim/Users", list_users, SCOPE),
    write("POST", "/scim/Users", provision_user, SCOPE),
    get("/scim/Users/{userId}", get_user, SCOPE),
    write("PUT", "/scim/Users/{userId}", replace_user, SCOPE),
    write("PATCH", "/scim/Users/{userId}", update_user, SCOPE),
    write("DELETE", "/scim/Users/{userId}", deprovision_user, SCOPE),
]

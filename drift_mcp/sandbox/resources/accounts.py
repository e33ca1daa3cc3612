"""Accounts (devdocs: account-model, listing-accounts, retrieving-an-account, creating-an-account,
updating-accounts, deleting-accounts). Times are `createDateTime` and `updateDateTime`, epoch ms; ids are
"<number>_<domain>"."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from .. import choices, fields, staff
from ..errors import duplicate, invalid, not_found
from ..http import Call, data, done, get, write
from ..world import Row

READ, WRITE = "account_read", "account_write"
FIELDS = (
    "ownerId",
    "name",
    "domain",
    "accountId",
    "customProperties",
    "deleted",
    "createDateTime",
    "updateDateTime",
    "targeted",
)
# A domain becomes part of the account's id, which is part of a path.
DOMAIN = re.compile(r"[\s/?#]")
PROPERTY_TYPES = (
    "STRING",
    "EMAIL",
    "NUMBER",
    "TEAMMEMBER",
    "ENUM",
    "DATE",
    "DATETIME",
    "LATLON",
    "LAT",
    "LON",
    "PHONE",
    "URL",
    "ENUMARRAY",
)


def view(account: Row) -> Row:
    return {name: account[name] for name in FIELDS if account.get(name) is not None}


def list_accounts(call: Call) -> Response:
    """Not the deleted ones. `next` is a relative URL, absent at the end."""
    index = fields.query_number(call.query, "index", 0, least=0, most=10**9)
    size = fields.query_number(call.query, "size", choices.ACCOUNTS_DEFAULT, least=1, most=choices.ACCOUNTS_MAX)
    rows = [row for row in call.world.rows("accounts") if not row.get("deleted")]
    answer: Row = {"accounts": [view(row) for row in rows[index : index + size]], "total": len(rows)}
    if index + size < len(rows):
        answer["next"] = f"/accounts?index={index + size}&size={size}"
    return data(answer)


def get_account(call: Call) -> Response:
    """Deleted accounts too, marked `deleted`."""
    return data(view(_account(call, call.params["accountId"])))


def _account(call: Call, account_id: str) -> Row:
    account = call.world.get("accounts", account_id)
    if account is None:
        raise not_found(f"account {account_id}")
    return account


def create_account(call: Call) -> Response:
    given = _given(call, call.object, None)
    domain = given.get("domain", "")
    now = call.world.now()
    account = {
        "customProperties": [],
        "targeted": False,
        **given,
        "accountId": f"{call.world.next_id('accounts')}_{domain}",
        "deleted": False,
        "createDateTime": now,
        "updateDateTime": now,
    }
    return data(view(call.world.add("accounts", account)))


def update_account(call: Call) -> Response:
    """Needs accountId and ownerId; what is not given stays."""
    body = call.object
    account = _account(call, fields.required_text(body, "accountId"))
    if account.get("deleted"):
        raise not_found(f"account {account['accountId']}")
    given = _given(call, body, account["accountId"])
    properties = {item["name"]: item for item in account.get("customProperties", [])}
    for item in given.pop("customProperties", []):
        properties[item["name"]] = {**properties.get(item["name"], {}), **item}
    account.update(given, customProperties=list(properties.values()), updateDateTime=call.world.now())
    return data(view(account))


def delete_account(call: Call) -> Response:
    """Soft: hidden from the list, still readable by id."""
    account = _account(call, call.params["accountId"])
    if not account.get("deleted"):
        account.update(deleted=True, updateDateTime=call.world.now())
    return done()


def _given(call: Call, body: Row, own_id: str | None) -> Row:
    """The checked fields of a request."""
    owner = fields.required_integer(body, "ownerId")
    if staff.find(call.world, owner) is None:
        raise invalid(f"ownerId {owner} is no user of this organisation")
    given: Row = {"ownerId": owner}
    for name in ("name", "domain"):
        value = fields.text(body, name)
        if value:
            given[name] = value
    if DOMAIN.search(given.get("domain", "")):
        raise invalid("domain must not hold spaces or slashes")
    targeted = fields.boolean(body, "targeted")
    if targeted is not None:
        given["targeted"] = targeted
    if body.get("customProperties") is not None:
        given["customProperties"] = _properties(body["customProperties"])
    _check_domain(call, given.get("domain"), own_id)
    return given


def _check_domain(call: Call, domain: str | None, own_id: str | None) -> None:
    for row in call.world.rows("accounts") if domain else []:
        taken = str(row.get("domain", "")).casefold() == str(domain).casefold()
        if taken and row["accountId"] != own_id and not row.get("deleted"):
            raise duplicate(f"An account with domain {domain} already exists")


def _properties(given: Any) -> list[Row]:
    """[{"label", "name", "value", "type"}]"""
    properties: list[Row] = []
    for item in fields.as_list(given, "customProperties"):
        entry = fields.as_object(item, "a custom property")
        fields.required_text(entry, "name")
        fields.text(entry, "label")
        fields.one_of(entry, "type", PROPERTY_TYPES)
        properties.append({name: entry[name] for name in ("label", "name", "value", "type") if name in entry})
    return properties


routes = [
    get("/accounts", list_accounts, READ),
    write("POST", "/accounts/create", create_account, WRITE),
    write("PATCH", "/accounts/update", update_account, WRITE),
    get("/accounts/{accountId}", get_account, READ),
    write("DELETE", "/accounts/{accountId}", delete_account, WRITE),
]

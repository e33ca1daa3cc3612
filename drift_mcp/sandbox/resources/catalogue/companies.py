"""The people and the teams around a company; a company is an account."""

from __future__ import annotations

from starlette.responses import Response

from ... import choices, people, query
from ...errors import not_found
from ...http import Call, get
from ...world import Row
from ..users import team_view
from . import contacts, listing

SCOPES = ("all", "active")


def _account(call: Call) -> Row:
    account = call.world.get("accounts", call.params["companyId"])
    if account is None or account.get("deleted"):
        raise not_found(f"company {call.params['companyId']}")
    return account


def list_people(call: Call) -> Response:
    """The contacts who work there, the newest first; scope=active: only those seen or written to lately."""
    account = _account(call)
    active_only = query.one_of(call.query, "scope", SCOPES) == "active"
    search = query.text(call.query, "search")
    rows = [row for row in people.visible(call.world) if _works_for(row["attributes"], account)]
    if active_only:
        since = call.world.now() - choices.ACTIVE_WITHIN_MS
        rows = [row for row in rows if _last_seen(row["attributes"]) >= since]
    if search is not None:
        rows = [row for row in rows if contacts.found_by(row, search)]
    return listing.page(call, "v2-people", rows, listing.newest, people.view)


def _works_for(attributes: Row, account: Row) -> bool:
    domain = str(account.get("domain", "")).casefold()
    if domain and str(attributes.get("email", "")).casefold().rpartition("@")[2] == domain:
        return True
    names = {str(account[name]).casefold() for name in ("accountId", "name", "domain") if account.get(name)}
    return any(str(attributes.get(name, "")).casefold() in names for name in choices.COMPANY_ATTRIBUTES)


def _last_seen(attributes: Row) -> int:
    moments = [attributes.get("last_active"), attributes.get("last_contacted")]
    return max((moment for moment in moments if isinstance(moment, int)), default=0)


def list_teams(call: Call) -> Response:
    """The teams that the account's owner belongs to; scope=active: only those not archived."""
    account = _account(call)
    active_only = query.one_of(call.query, "scope", SCOPES) == "active"
    search = query.text(call.query, "search")
    rows = [row for row in call.world.rows("teams") if account["ownerId"] in row.get("members", [])]
    if active_only:
        rows = [row for row in rows if row.get("status") != "ARCHIVED"]
    if search is not None:
        rows = [row for row in rows if listing.words_in(search, [row["name"]])]
    return listing.page(call, "v2-teams", rows, lambda row: [row["id"]], lambda row: team_view(call.world, row))


routes = [
    get("/companies/{companyId}/people", list_people, "contact_read"),
    get("/companies/{companyId}/teams", list_teams, "user_read"),
]

"""Filling what a contact lacks, from arguments and from its account."""

from functools import partial
from typing import Any, Self

from pydantic import Field, model_validator

from drift_mcp.fields import Email, Id, Line, VisitorName, VisitorsValue, VisitorText
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.workflow import Context, Workflow
from drift_mcp.workflows.shared import lookups
from drift_mcp.workflows.shared.contact_changes import (
    COMPANY,
    Change,
    MoreAttributes,
    as_arguments,
    changes,
    current,
    declared,
    is_set,
    warnings,
)
from drift_mcp.workflows.shared.job import Job, Problem, Row
from drift_mcp.workflows.shared.shown import slim

DOMAIN_NAMES = ("company_domain", "domain", "website")


class Enrich(Request):
    contact_id: Id | None = Field(None, description="Contact id, or else email.")
    email: Email | None = Field(None, description="Its e-mail address.")
    name: Line | None = Field(None, description="Full name.")
    phone: Line | None = Field(None, description="Phone number.")
    company: Line | None = Field(None, description="Where they work.")
    attributes: MoreAttributes | None = Field(None, description="Custom attributes by name.")
    from_account: bool = Field(True, description="Also what its account knows.")
    overwrite: bool = Field(False, description="true: your values replace what is set.")

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.contact_id is None) == (self.email is None):
            raise ValueError("pass exactly one of contact_id and email")
        return self


class Filled(Change):
    new: VisitorsValue = None


class Left(Result):
    field: VisitorName | None = None
    kept: VisitorsValue = None
    offered: VisitorsValue = None
    why: str | None = None


class Enriched(Result):
    contact_id: int | None = None
    name: VisitorText | None = None
    account: VisitorText | None = Field(None, description="Name of the account found.")
    set: list[Filled] | None = None
    left: list[Left] | None = Field(None, description="Fields not set.")
    warnings: list[str] | None = None
    problems: list[Problem] | None = None


async def enrich_contact(request: Enrich, context: Context) -> dict[str, Any]:
    """One call for the contact beside one for the declared attributes; with an account one for 65 accounts and one for
    its properties; one to write, or none where nothing is empty.

    What comes from an account only fills attributes that the organisation has: an account's properties are many, and
    each new name would stay for every contact.
    """
    job = Job(context)
    find = partial(lookups.contact_of, job, request.contact_id, request.email, "full")
    (contact, others), known = await job.together(find, partial(declared, job))
    account = await _account(job, contact) if request.from_account else {}
    own = slim({"name": request.name, "phone": request.phone, COMPANY: request.company})
    own |= request.attributes or {}
    theirs = {name: value for name, value in _offers(account, known).items() if name not in own}
    left = _not_taken(account, known)
    told = [f"The first created of {len(others) + 1} contacts with this e-mail."] if others else []
    told += warnings(own, known)

    now = current(contact)
    replaced = own if request.overwrite else {}
    fields = {name: value for name, value in (own | theirs).items() if not is_set(now.get(name)) or name in replaced}
    left += [
        {"field": change["field"], "kept": change["old"], "offered": change["new"]}
        for change in changes(contact, {name: value for name, value in (own | theirs).items() if name not in fields})
    ]
    done = changes(contact, fields)
    if done:
        given = {change["field"]: change["new"] for change in done}
        await job.operate("update_contact", contact_id=contact["id"], **as_arguments(given))
    rest = slim({"left": left, "warnings": told, "problems": job.problems})
    who = slim({"name": contact.get("name"), "account": account.get("name")})
    return {"contact_id": contact["id"], **who, "set": done, **rest}


async def _account(job: Job, contact: Row) -> Row:
    account = await lookups.account_of(job, contact)
    if account is None:
        return {}
    return account | (await job.attempt("account's properties", "get_account", account_id=account["account_id"]) or {})


def _offers(account: Row, known: frozenset[str] | None) -> Row:
    """What an account can fill, by the contact's attribute."""
    properties = {row.get("name"): row.get("value") for row in account.get("custom_properties", ())}
    domain = {name: account.get("domain") for name in DOMAIN_NAMES}
    offers = domain | properties | {COMPANY: account.get("name")}
    return {
        str(name): value
        for name, value in offers.items()
        if (name == COMPANY or name in (known or ())) and isinstance(value, str | int | float) and is_set(value)
    }


def _not_taken(account: Row, known: frozenset[str] | None) -> list[Row]:
    if known is None:
        return []
    names = [str(row.get("name")) for row in account.get("custom_properties", ())]
    return [{"field": name, "why": "no such contact attribute"} for name in names if name not in known]


WORKFLOWS = [
    Workflow(
        name="enrich_contact",
        title="Enrich a contact",
        summary="Fill a contact's empty attributes from what you pass and from its account; says what it set and left.",
        guidance="To change set ones: overwrite, or update_contact.",
        intents=(
            "fill in what is missing on this contact",
            "enrich the lead from its account",
            "complete the contact with firmographic data",
            "copy the company's industry and size to the person",
        ),
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        request=Enrich,
        result=Enriched,
        run=enrich_contact,
    ),
]

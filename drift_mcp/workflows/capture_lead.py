"""A lead: found and brought up to date, or created."""

from contextlib import suppress
from functools import partial
from typing import Any, Self

from pydantic import Field, model_validator

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import Conflict, DriftError, InvalidRequest
from drift_mcp.fields import Email, Line, VisitorText
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.workflow import Context, Workflow
from drift_mcp.workflows.shared import lookups
from drift_mcp.workflows.shared.contact_changes import (
    COMPANY,
    Change,
    MoreAttributes,
    as_arguments,
    changes,
    declared,
    warnings,
)
from drift_mcp.workflows.shared.job import Job, Problem, Row
from drift_mcp.workflows.shared.shown import slim


class Lead(Request):
    email: Email | None = Field(None, description="E-mail address; or external_id, or both.")
    external_id: Line | None = Field(None, description="Your own system's id.")
    name: Line | None = Field(None, description="Full name.")
    phone: Line | None = Field(None, description="Phone number.")
    company: Line | None = Field(None, description="Where they work.")
    attributes: MoreAttributes | None = Field(None, description="Custom attributes by name.")

    @model_validator(mode="after")
    def _some_key(self) -> Self:
        if self.email is None and self.external_id is None:
            raise ValueError("pass email or external_id")
        return self

    def fields(self) -> Row:
        """What the contact shall have."""
        given = {"email": self.email, "external_id": self.external_id, "name": self.name, "phone": self.phone}
        return slim({**given, COMPANY: self.company}) | (self.attributes or {})


class Captured(Result):
    outcome: str | None = Field(None, description="created, updated or unchanged.")
    contact_id: int | None = None
    name: VisitorText | None = None
    email: VisitorText | None = None
    changes: list[Change] | None = None
    warnings: list[str] | None = None
    problems: list[Problem] | None = None


class _Capture:
    def __init__(self, lead: Lead, context: Context) -> None:
        self.lead = lead
        self.job = Job(context)
        self.warnings: list[str] = []

    async def run(self) -> Row:
        checks = [partial(declared, self.job)] if self.lead.attributes else []
        found, *known = await self.job.together(self._find, *checks)
        if known:
            self.warnings += warnings(self.lead.attributes or {}, known[0])
        answer = await self._create() if found is None else await self._update(found)
        return answer | slim({"warnings": self.warnings, "problems": self.job.problems})

    async def _find(self) -> Row | None:
        """The contact that this lead is. The external id decides; an address may be several people's."""
        by_id, by_email = await self.job.together(self._with_external_id, self._with_email)
        if by_id:
            others = [row["id"] for row in by_email if row["id"] != by_id[0]["id"]]
            if others:
                self._warn(f"The external id decided; others with this e-mail: {_listed(others)}.")
            return dict(by_id[0])
        wanted = self.lead.external_id
        mine = [row for row in by_email if wanted is None or row.get("external_id") in (None, wanted)]
        if len(mine) < len(by_email):
            self._warn("A contact with this e-mail has another external id and was left alone.")
        if not mine:
            return None
        first, *others = sorted(mine, key=lookups.first_created)
        if others:
            self._warn(
                f"The first created of several; others with this e-mail: {_listed([row['id'] for row in others])}."
            )
        return dict(first)

    async def _with_external_id(self) -> list[Row]:
        if self.lead.external_id is None:
            return []
        name = "find_contacts_by_external_id"
        answer = await self.job.operate(name, external_ids=[self.lead.external_id], detail="full")
        return lookups.all_with_ids(answer["items"])

    async def _with_email(self) -> list[Row]:
        if self.lead.email is None:
            return []
        answer = await self.job.operate("find_contacts_by_email", email=self.lead.email, detail="full")
        return lookups.all_with_ids(answer["items"])

    async def _create(self) -> Row:
        fields = self.lead.fields()
        if self.lead.email is None:
            raise InvalidArguments(
                ["email is missing: no contact has this external_id, and a new one needs an address"]
            )
        try:
            made = await self.job.operate("create_contact", **as_arguments(fields))
        except DriftError as error:
            # Somebody was faster, or the answer was lost: it is looked for again, and never created twice.
            if not (error.maybe_applied or isinstance(error, Conflict | InvalidRequest)):
                raise
            found = None
            with suppress(DriftError):
                found = await self._find()
            if found is None:
                raise
            lost = (
                "The answer of the creation was lost; it" if error.maybe_applied else "Drift refused to create it; it"
            )
            self._warn(f"{lost} is there now.")
            return await self._update(found)
        return {"outcome": "created", **_who(made)}

    async def _update(self, contact: Row) -> Row:
        changed = changes(contact, self.lead.fields())
        if not changed:
            return {"outcome": "unchanged", **_who(contact)}
        given = {change["field"]: change["new"] for change in changed}
        after = await self.job.operate("update_contact", contact_id=contact["id"], **as_arguments(given))
        return {"outcome": "updated", **_who(after), "changes": changed}

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)


def _who(contact: Row) -> Row:
    return slim({"contact_id": contact.get("id"), "name": contact.get("name"), "email": contact.get("email")})


def _listed(ids: list[int]) -> str:
    return ", ".join(str(each) for each in ids[:5]) + (" …" if len(ids) > 5 else "")


async def capture_lead(request: Lead, context: Context) -> dict[str, Any]:
    """One call for each key given, one to check attributes if there are any, all at once; then one to write, or none
    where nothing changes. A contact that appears in between costs the search and one more write.
    """
    return await _Capture(request, context).run()


WORKFLOWS = [
    Workflow(
        name="capture_lead",
        title="Capture a lead",
        summary="Find a contact by external id or e-mail, then update or create it; says what changed.",
        guidance="Safe to repeat. To fill only what is empty: enrich_contact.",
        intents=(
            "capture an inbound lead",
            "save this lead, whether or not it is there already",
            "upsert a lead with company and phone",
            "a form was filled in, put the person into Drift",
        ),
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        request=Lead,
        result=Captured,
        run=capture_lead,
        everyday=True,
    ),
]

"""Capture and enrich an inbound lead."""

from typing import Any

from benchmarks.jobs.agent import Agent
from benchmarks.jobs.drift import Drift
from benchmarks.jobs.job import Facts, Job
from benchmarks.pipe import Failed

EMAIL = "ida.norberg@fjallfrakt.example"
NAME, PHONE, COMPANY = "Ida Norberg", "+46 8 555 0142", "Fjällfrakt AB"
ATTRIBUTES = {
    "job_title": "Head of Logistics",
    "plan": "Team",
    "company_size": 140,
    "lead_score": 72,
    "preferred_language": "sv",
}


def _prepare(drift: Drift) -> Facts:
    assert not drift.contacts(EMAIL)
    return {}


async def _default(agent: Agent, _: Facts) -> None:
    await agent.call("capture_lead", email=EMAIL, name=NAME, phone=PHONE, company=COMPANY, attributes=ATTRIBUTES)


async def _discovery(agent: Agent, _: Facts) -> None:
    await agent.look_up("capture_lead")
    await agent.run(
        "capture_lead", "write", email=EMAIL, name=NAME, phone=PHONE, company=COMPANY, attributes=ATTRIBUTES
    )


async def _peer(agent: Agent, _: Facts) -> None:
    found = await agent.call("get_contacts_by_email", email=EMAIL)
    assert not found["data"]
    declared = await agent.call("get_contacts_attributes")
    names = {each["name"] for each in declared["data"]["properties"]}
    assert ATTRIBUTES.keys() <= names
    fields = {"email": EMAIL, "name": NAME, "phone": PHONE, "employment_name": COMPANY, **ATTRIBUTES}
    await agent.call("post_contacts", body={"attributes": fields})


def _check(drift: Drift, _: Facts, __: Any) -> None:
    found = drift.contacts(EMAIL)
    if len(found) != 1:
        raise Failed(f"{len(found)} contacts have the lead's address")
    wanted = {"name": NAME, "phone": PHONE, "employment_name": COMPANY, **ATTRIBUTES}
    differs = [name for name, value in wanted.items() if found[0]["attributes"].get(name) != value]
    if differs:
        raise Failed(f"the contact lacks {', '.join(differs)}")


JOB = Job(
    name="capture and enrich a lead",
    request="A form was filled in: see whether we know this address, check that our attributes are declared, and "
    "save the person with all of it.",
    prepare=_prepare,
    plays={"default": _default, "discovery": _discovery, "from_openapi": _peer},
    check=_check,
)

"""Triage 50 conversations: who, company, the visitor's last message, waiting since."""

from datetime import UTC, datetime
from typing import Any

from benchmarks.jobs.agent import Agent
from benchmarks.jobs.drift import Drift, plain
from benchmarks.jobs.job import Facts, Job
from benchmarks.pipe import Failed

COUNT = 50
COMPARED = 60  # characters of a last message: it may be shown shortened

# The start data has 30 open conversations; these people write as well.
VISITORS = (
    ("Nadia Kessler", "rheinhafenlogistik", "Which carriers do you have a ready connection to in Switzerland?"),
    (
        "Tobias Wren",
        "wrenhaulage",
        "Our trial ends tomorrow and I have not managed to import the depots. More time?",
    ),
    ("Aiko Mori", "minatoforwarding", "Is there a sandbox key that our developers can use before we sign?"),
    ("Pedro Salas", "andestransito", "The invoice of October lists 14 seats, we have 11."),
    ("Greta Lund", "nordkystfisk", "Can temperature readings come with the tracking events, or is that separate?"),
    ("Samuel Otieno", "mombasaclearing", "Two of our drivers cannot log in since the update this morning."),
    ("Elif Aydin", "bosphoruscargo", "We need a quote for 40 carriers and about 3 million events a month."),
    ("Jonas Hartmann", "elbumschlag", "Where do I change the language of the mails that our customers get?"),
    ("Mireille Dubois", "atelierfret", "Do you sign data processing agreements on the customer's paper?"),
    ("Owen Pritchard", "taffvalleyparts", "How do I export last quarter's delays by carrier as a spreadsheet?"),
    ("Zofia Nowak", "wislatransport", "The webhook for delivered shipments arrives twice, with different ids."),
    ("Ravi Menon", "malabarspices", "We ship by sea only. Does the container tracking work without bookings?"),
    ("Helena Costa", "douroexport", "Please move our call of Friday to the week after, same time."),
    ("Liam Byrne", "corkcoldchain", "Is single sign-on part of the Team plan or only of Scale?"),
    ("Yara Haddad", "cedarlines", "A colleague left. How do I take her seat and give it to somebody else?"),
    ("Anton Petrov", "balkanroute", "ETA of shipment BR-20418 has said 'today' for four days now."),
    ("Chloe Martin", "hexhamretail", "Can customers see a branded tracking page under our own domain?"),
    ("Dmitri Volkov", "uralparts", "What happens to our data if we do not renew in January?"),
    ("Ines Ferrer", "llevantfruita", "Your status page says all fine, but the map has been empty since 8 o'clock."),
    ("Karl Nyman", "botniatimber", "Who do I talk to about becoming a reseller in Finland?"),
)


def _prepare(drift: Drift) -> Facts:
    for name, company, body in VISITORS:
        email = f"{name.split()[0].lower()}@{company}.example"
        drift.post("/contacts", {"attributes": {"email": email, "name": name, "employment_name": company.title()}})
        drift.visitor_writes(email, body)
    found = len(drift.open_conversations())
    if found != COUNT:
        raise Failed(f"the sandbox has {found} open conversations, not {COUNT}")
    return {}


async def _default(agent: Agent, _: Facts) -> Any:
    answer = await agent.call("triage_inbox", limit=COUNT)
    return _shown(answer)


async def _discovery(agent: Agent, _: Facts) -> Any:
    await agent.look_up("triage_inbox")
    return _shown(await agent.run("triage_inbox", "read", limit=COUNT))


def _shown(answer: Any) -> Any:
    return {
        row["conversation_id"]: (row["who"], row.get("company"), row.get("last_message"), row.get("waiting_since"))
        for row in answer["conversations"]
    }


async def _peer(agent: Agent, _: Facts) -> Any:
    """The JSON transcript is the least that tells notes from replies; each contact is read once."""
    listed = (await agent.call("get_conversations_list", limit="100", statusId="1"))["data"]
    contacts: dict[int, Any] = {}
    rows = {}
    for conversation in listed:
        number, contact = conversation["id"], conversation["contactId"]
        read = await agent.call("get_conversations_id_json_transcript", id=str(number))
        if contact not in contacts:
            contacts[contact] = (await agent.call("get_contacts_id", id=str(contact)))["data"]["attributes"]
        rows[number] = (*_person(contacts[contact]), *_wait(read["data"]["messages"]))
    return rows


def _person(attributes: Any) -> tuple[str, str | None]:
    """Who, and the company: as the record says, else the address's domain."""
    email = attributes.get("email")
    company = attributes.get("employment_name") or (email.rpartition("@")[2] if email else None)
    return attributes.get("name") or email or "anonymous", company


def _wait(messages: list[Any]) -> tuple[str, str | None]:
    """The visitor's last message, and the time of the first one not answered since."""
    last, since = "", None
    for message in messages:
        if message["type"] != "chat":
            continue
        if message["author"]["type"] != "contact":
            since = None
        else:
            last, since = plain(message["body"]), since or message["createdAt"]
    return last, None if since is None else datetime.fromtimestamp(since / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check(drift: Drift, _: Facts, answer: Any) -> None:
    conversations = drift.open_conversations()
    if answer.keys() != {row["id"] for row in conversations}:
        raise Failed(f"the answer has {len(answer)} of {len(conversations)} conversations")
    wrong = {}
    for row in conversations:
        who, company = _person(drift.get(f"/contacts/{row['contactId']}")["attributes"])
        last, since = _wait(drift.messages(row["id"]))
        shown_who, shown_company, shown_last, shown_since = answer[row["id"]]
        same = {
            "who": shown_who == who,
            "company": bool(shown_company) == bool(company),
            "last message": plain(shown_last or "")[:COMPARED] == last[:COMPARED],
            "waiting since": (shown_since or "")[:19] == (since or "")[:19],
        }
        wrong |= {f"{row['id']} {name}": answer[row["id"]] for name, right in same.items() if not right}
    if wrong:
        raise Failed(f"{len(wrong)} entries are wrong, such as {next(iter(wrong.items()))}")


JOB = Job(
    name="triage 50 conversations",
    request="Go through the 50 open conversations: who, which company, the visitor's last message, waiting since when.",
    prepare=_prepare,
    plays={"default": _default, "discovery": _discovery, "from_openapi": _peer},
    check=_check,
)

"""Who is erased in Drift is erased from the log of events too: what is about them, their conversations, their address.

On a call that deletes a contact or erases personal data, however it was made, and on a webhook that says that somebody
asked for it. A person's events are those with one of their contacts, those of the conversations that such a contact is
in, whoever spoke, and, where personal data are erased, those in which their e-mail address is mentioned. The event that
says that it was asked for stays: it is the news. What Drift delivers late, or again, is not taken in any more
(`EventLog.forget`).

Deleting one contact does not go by the address. In Drift it takes that contact out of sight and nothing else, often
because another one with the same address is to stay, whose events would be lost.
"""

import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import DriftError, Forbidden, NotFound
from drift_mcp.events import event
from drift_mcp.events.event import Event, Json, id_of
from drift_mcp.events.kinds import ERASURE
from drift_mcp.events.log import START, BadCursor, Entry, LogUnavailable, Wanted
from drift_mcp.events.persons import (
    EVER,
    address_mark,
    contact_mark,
    conversation_mark,
    email_of,
    mention,
    mentions,
)

if TYPE_CHECKING:
    from drift_mcp.connection import Connection
    from drift_mcp.events import Events
    from drift_mcp.execute import Outcome
    from drift_mcp.operation import Request

log = logging.getLogger(__name__)

Made = TypeVar("Made", "Outcome", "Outcome | None")

PAGE = 1_000
PATIENCE = 30.0
"""Seconds for erasing, after which the call says that it was not done."""
_UNCUT = 10_000_000
SKEW = 60_000
"""Milliseconds by which Drift's clock may be ahead of this machine's: what seems to happen so soon happened before."""
FAILED = "This server could not erase its events of this person. Call again: that erases them."


@dataclass(frozen=True, slots=True)
class Person:
    """Contacts by id, and an e-mail address, "" where it is not known.

    `for_good`: their personal data are erased, so that nothing new is ever told of these contacts.
    """

    contacts: frozenset[int]
    email: str = ""
    for_good: bool = True


async def made(
    connection: "Connection", request: "Request", make: Callable[[], Awaitable[Made]], *, doubt: bool = False
) -> Made:
    """The outcome of `make`, which erases a person, or finds that an earlier call did; None: it finds that none did.

    Unless it was certainly not made, their events are erased too. With `doubt` an earlier call may have made it.

    Raises:
        DriftError: as `make` does, or whom it is about cannot be told now.
    """
    events = connection.events
    if not (events.kept or events.hears):
        return await make()
    try:
        # Before, as afterwards Drift does not know them any more.
        person, known_before = await _named(connection, request)
    except DriftError as error:
        error.maybe_applied = doubt
        raise
    try:
        outcome = await make()
    except (DriftError, InvalidArguments) as error:
        if isinstance(error, NotFound) or getattr(error, "maybe_applied", False):  # or it was deleted before
            await _erased(events, person)
        elif not known_before:
            await _unnoted(events, person)
        raise
    except anyio.get_cancelled_exc_class():
        await _erased(events, person)
        raise
    if outcome is None:
        await _unnoted(events, person)
    elif not await _erased(events, person):
        return replace(outcome, content=outcome.content | {"problem": FAILED})
    return outcome


async def erase(events: "Events", person: Person, org_id: int) -> int:
    """Erase the person's events in that organisation; how many they were. Readers' cursors stay good.

    Each mark is forgotten before the log is searched for it: what comes with it meanwhile is one or the other.

    Raises:
        LogUnavailable: not all of them could be.
    """
    contacts, conversations, theirs = set(person.contacts), set[int](), dict[str, None]()
    until = int(event.clock() * 1000) + SKEW
    ids_until = EVER if person.for_good else until

    async def forget(marks: Callable[[int | None], list[str]], until: int) -> None:
        if known := [*marks(org_id), *marks(None)]:
            await events.log.forget(known, until)

    if person.email:
        await forget(lambda org: [address_mark(org, person.email)], until)
        pattern = mention(person.email)
        # Stores know the other case of ASCII letters only; the rest of the address is compared here.
        text = json.dumps(max(re.findall("[\x00-\x7f]*", person.email.lower()), key=len))[1:-1]
        async for entry in _found(events, Wanted(org_id=org_id, text=text)):
            told = entry.event
            if mentions(told.data, pattern):
                theirs[entry.cursor] = None
                if told.contact_id and email_of(told.data).lower() == person.email.lower():
                    contacts.add(told.contact_id)
    await forget(lambda org: [contact_mark(org, each) for each in contacts], ids_until)
    for contact in contacts:
        async for entry in _found(events, Wanted(org_id=org_id, contact_id=contact)):
            theirs[entry.cursor] = None
            if entry.event.conversation_id is not None:
                conversations.add(entry.event.conversation_id)
    await forget(lambda org: [conversation_mark(org, each) for each in conversations], ids_until)
    for conversation in conversations:
        async for entry in _found(events, Wanted(org_id=org_id, conversation_id=conversation)):
            theirs[entry.cursor] = None
    await events.log.erase(list(theirs))
    return len(theirs)


async def _found(events: "Events", wanted: Wanted) -> AsyncIterator[Entry]:
    cursor, more = START, True
    while more:
        try:
            page = await events.log.read(wanted, cursor, PAGE)
        except BadCursor:  # the log was emptied meanwhile
            return
        cursor, more = page.cursor, page.more
        for entry in page.entries:
            if entry.event.type != ERASURE:
                yield entry


async def asked(events: "Events", told: Event) -> None:
    """Erase the events of whom the webhook `told` is about.

    Raises:
        LogUnavailable: it could not be done, or it is not known in which organisation.
    """
    data = told.data
    lists = [ids for name in ("contactIds", "endUserIds") if isinstance(ids := data.get(name), list)]
    ids = [told.contact_id, data.get("endUserId"), *(each for ids in lists for each in ids)]
    contacts, email = {known for each in ids if (known := id_of(each)) is not None}, email_of(data)
    if email:
        contacts |= await _noted(events, email)
    person = Person(frozenset(contacts), email)
    if person.contacts or person.email:
        org_id = told.org_id or await _own(events)
        log.info("%s: events of a person erased", await erase(events, person, org_id))
        if org_id == await events.org_id():
            await _unnoted(events, person)


async def _erased(events: "Events", person: Person) -> bool:
    """Whether it could be done. Nothing cuts it off: there may be no second call."""
    done = False
    # RuntimeError: the server ends, and the log is closed.
    with anyio.move_on_after(PATIENCE, shield=True), suppress(LogUnavailable, RuntimeError):
        await erase(events, person, await _own(events))
        if person.email:
            await events.log.keep(_note(person.email), None)
        done = True
    if not done:
        log.error("The events of a person who was erased in Drift could not be erased")
    return done


async def _unnoted(events: "Events", person: Person) -> None:
    """Nothing was erased, so nothing is to be done by the next call."""
    if person.email:
        with anyio.move_on_after(PATIENCE, shield=True), suppress(LogUnavailable, RuntimeError):
            await events.log.keep(_note(person.email), None)


async def _named(connection: "Connection", request: "Request") -> tuple[Person, bool]:
    """Whom a call that erases is about, and whether an earlier call had noted it and was cut off."""
    given: Any = request
    email: str = getattr(given, "email", "")
    if not email:
        return Person(frozenset({given.contact_id}), for_good=False), False
    from drift_mcp.operations.contacts import OPERATIONS

    rows: list[Json] = []
    find = next(each for each in OPERATIONS if each.name == "find_contacts_by_email")
    wanted: Any = find.request
    with suppress(Forbidden, NotFound):  # a token may erase whom it may not read
        rows = (await connection.execute(find, wanted(email=email, limit=200), budget=_UNCUT)).content["items"]
    contacts = {row["id"] for row in rows if isinstance(row.get("id"), int)}
    noted = set[int]()
    with suppress(LogUnavailable):
        noted = await _noted(connection.events, email)
        contacts |= noted
        if contacts:  # for the next call, in case this one is cut off after Drift has forgotten them
            await connection.events.log.keep(_note(email), json.dumps(sorted(contacts)), passing=True)
    return Person(frozenset(contacts), email), bool(noted)


async def _noted(events: "Events", email: str) -> set[int]:
    """The contacts with that address of a call that was cut off.

    Raises:
        LogUnavailable: the log cannot be read.
    """
    return set(json.loads(await events.log.note(_note(email)) or "[]"))


def _note(email: str) -> str:
    """Under what the contacts with that address are kept until they are erased."""
    return f"erasing {hashlib.sha256(email.lower().encode()).hexdigest()}"


async def _own(events: "Events") -> int:
    """The connection's organisation. Without it, others' events would be erased too.

    Raises:
        LogUnavailable: it is not known.
    """
    if (org_id := await events.org_id(sure=True)) is None:
        raise LogUnavailable
    return org_id

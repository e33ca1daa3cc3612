"""Who is erased in Drift is erased from the log of events too: what is about them, their conversations, their address.

On a call that deletes a contact or erases personal data, however it was made, and on a webhook that says that somebody
asked for it. A person's events are those with one of their contacts, those of the conversations that such a contact is
in, whoever spoke, and those in which their e-mail address is mentioned. The event that says that it was asked for
stays: it is the news.
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

from drift_mcp.drift.errors import DriftError, Forbidden, NotFound
from drift_mcp.events.event import Event, Json, id_of
from drift_mcp.events.kinds import ERASURE
from drift_mcp.events.log import START, BadCursor, Entry, LogUnavailable, Wanted

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
FAILED = "This server could not erase its events of this person. Call again: that erases them."


@dataclass(frozen=True, slots=True)
class Person:
    """Contacts by id, and an e-mail address, "" where it is not known."""

    contacts: frozenset[int]
    email: str = ""


async def made(
    connection: "Connection", request: "Request", make: Callable[[], Awaitable[Made]], *, doubt: bool = False
) -> Made:
    """The outcome of `make`, which erases a person, or finds that an earlier call did; None: it finds that none did.

    Unless it was certainly not made, their events are erased too. With `doubt` an earlier call may have made it.

    Raises:
        DriftError: as `make` does, or whom it is about cannot be told now.
    """
    events = connection.events
    if not events.kept:
        return await make()
    try:
        # Before, as afterwards Drift does not know them any more.
        person = await _named(connection, request)
    except DriftError as error:
        error.maybe_applied = doubt
        raise
    try:
        outcome = await make()
    except DriftError as error:
        if error.maybe_applied or isinstance(error, NotFound):  # or it was deleted before
            await _erased(events, person)
        raise
    except anyio.get_cancelled_exc_class():
        await _erased(events, person)
        raise
    if outcome is not None and not await _erased(events, person):
        return replace(outcome, content=outcome.content | {"problem": FAILED})
    return outcome


async def erase(events: "Events", person: Person, org_id: int) -> int:
    """Erase the person's events in that organisation; how many they were. Readers' cursors stay good.

    Raises:
        LogUnavailable: not all of them could be.
    """
    contacts, conversations, theirs = set(person.contacts), set[int](), dict[str, None]()
    if person.email:
        mention, text = _mention(person.email), json.dumps(person.email.lower())[1:-1]
        async for entry in _found(events, Wanted(org_id=org_id, text=text)):
            event = entry.event
            if _mentions(event.data, mention):
                theirs[entry.cursor] = None
                if event.contact_id and _email(event.data).lower() == person.email.lower():
                    contacts.add(event.contact_id)
    for contact in contacts:
        async for entry in _found(events, Wanted(org_id=org_id, contact_id=contact)):
            theirs[entry.cursor] = None
            if entry.event.conversation_id is not None:
                conversations.add(entry.event.conversation_id)
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


async def asked(events: "Events", event: Event) -> None:
    """Erase the events of whom the webhook `event` is about.

    Raises:
        LogUnavailable: it could not be done, or it is not known in which organisation.
    """
    data = event.data
    lists = [ids for name in ("contactIds", "endUserIds") if isinstance(ids := data.get(name), list)]
    ids = [event.contact_id, data.get("endUserId"), *(each for ids in lists for each in ids)]
    contacts, email = {known for each in ids if (known := id_of(each)) is not None}, _email(data)
    if email:
        contacts |= await _noted(events, email)
    person = Person(frozenset(contacts), email)
    if person.contacts or person.email:
        log.info("%s: events of a person erased", await erase(events, person, event.org_id or await _own(events)))


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


async def _named(connection: "Connection", request: "Request") -> Person:
    """Whom a call that erases is about."""
    given: Any = request
    email: str = getattr(given, "email", "")
    if not email:
        return Person(frozenset({given.contact_id}))
    from drift_mcp.operations.contacts import OPERATIONS

    found: list[Json] = []
    find = next(each for each in OPERATIONS if each.name == "find_contacts_by_email")
    wanted: Any = find.request
    with suppress(Forbidden, NotFound):  # a token may erase whom it may not read
        found = (await connection.execute(find, wanted(email=email, limit=200), budget=_UNCUT)).content["items"]
    contacts = {row["id"] for row in found if isinstance(row.get("id"), int)}
    with suppress(LogUnavailable):
        contacts |= await _noted(connection.events, email)
        if contacts:  # for the next call, in case this one is cut off after Drift has forgotten them
            await connection.events.log.keep(_note(email), json.dumps(sorted(contacts)))
    return Person(frozenset(contacts), email)


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
    if (org_id := await events.org_id()) is None:
        raise LogUnavailable
    return org_id


def _mention(email: str) -> re.Pattern[str]:
    """The address as a text mentions it, not as a part of another one; between words of a script without blanks too."""
    return re.compile(rf"(?<![a-z0-9_.+-]){re.escape(email)}(?![a-z0-9_-]|\.[a-z0-9_])", re.I)


def _mentions(data: Json, mention: re.Pattern[str]) -> bool:
    """Whether a text in `data` does. Its JSON would not tell: there a line ends with a letter."""
    inside: list[Any] = [data]
    while inside:
        each = inside.pop()
        if isinstance(each, str) and mention.search(each):
            return True
        if isinstance(each, dict):
            inside += [*each, *each.values()]
        elif isinstance(each, list):
            inside += each
    return False


def _email(data: Json) -> str:
    """The address of the contact that an event is about, "" where it has none."""
    attributes = data.get("attributes")
    places = [data, attributes if isinstance(attributes, dict) else {}]
    found = [place.get(name) for place in places for name in ("email", "contactEmail")]
    return next((each for each in found if isinstance(each, str)), "")

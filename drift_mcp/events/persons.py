"""Whom an event is about: the e-mail addresses in it, and the marks by which it is known as one of somebody erased.

A mark names a contact, a conversation or an address in one organisation. What a log keeps of the marks of who was
erased is hashed, so it never tells whose they are; what comes later is only ever compared with them.
"""

import re
from collections.abc import Iterator
from typing import Any

from drift_mcp.events.event import LAST_MS, Event, Json
from drift_mcp.events.kinds import ERASURE

EVER = LAST_MS
"""Until then everything happens."""

_UNTIMED = 86_400_000
"""Milliseconds for which what does not say when it happened may be late: longer than a delivery takes in a bad hour."""

_DOMAIN = r"[a-z0-9_-]+(?:\.[a-z0-9_][a-z0-9_-]*)*"
_NAME = "[a-z0-9_.+-]"
_ODD_NAME = r"[\w.+\-!#$%&'*/=?^`{|}~]"
# Each begins where a name may begin, so that a long text without an address takes no longer for each of its letters.
_ADDRESSES = (
    re.compile(rf"(?<!{_NAME}){_NAME}+@{_DOMAIN}"),
    re.compile(rf"(?<!{_ODD_NAME}){_ODD_NAME}+@[\w-]+(?:\.[\w-]+)*"),
)
"""As texts mention them, in lower case. The first also amid a script without blanks; the other knows all letters."""


def contact_mark(org_id: int | None, contact_id: int) -> str:
    """`org_id` None: in events of an organisation that is not known."""
    return f"contact {org_id or 0} {contact_id}"


def conversation_mark(org_id: int | None, conversation_id: int) -> str:
    """As `contact_mark`."""
    return f"conversation {org_id or 0} {conversation_id}"


def address_mark(org_id: int | None, email: str) -> str:
    """As `contact_mark`."""
    return f"address {org_id or 0} {email.lower()}"


def marks_of(event: Event) -> list[str]:
    """By what `event` is known as one of a person who was erased. That of the contact is first, if there is one.

    None of what says that somebody is to be erased: it is the news.
    """
    if event.type == ERASURE:
        return []
    marks = []
    if event.contact_id is not None:
        marks.append(contact_mark(event.org_id, event.contact_id))
    if event.conversation_id is not None:
        marks.append(conversation_mark(event.org_id, event.conversation_id))
    return marks + [address_mark(event.org_id, each) for each in sorted(_addresses(event.data))]


def happened(event: Event) -> int:
    """When it happened, in epoch milliseconds; where it does not say so, as early as it may have."""
    return event.at - _UNTIMED if event.timeless else event.at


def mention(email: str) -> re.Pattern[str]:
    """The address as a text mentions it, not as a part of another one; between words of a script without blanks too."""
    return re.compile(rf"(?<![a-z0-9_.+-]){re.escape(email)}(?![a-z0-9_-]|\.[a-z0-9_])", re.I)


def mentions(data: Json, mention: re.Pattern[str]) -> bool:
    """Whether a text in `data` does."""
    return any(mention.search(text) for text in _texts(data))


def email_of(data: Json) -> str:
    """The address of the contact that an event is about, "" where it has none."""
    attributes = data.get("attributes")
    places = [data, attributes if isinstance(attributes, dict) else {}]
    found = [place.get(name) for place in places for name in ("email", "contactEmail")]
    return next((each for each in found if isinstance(each, str)), "")


def _addresses(data: Json) -> set[str]:
    return {
        found for text in _texts(data) if "@" in text for each in _ADDRESSES for found in each.findall(text.lower())
    }


def _texts(data: Json) -> Iterator[str]:
    """All texts in `data`. Its JSON would not do: there a line ends with a letter."""
    inside: list[Any] = [data]
    while inside:
        each = inside.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            inside += [*each, *each.values()]
        elif isinstance(each, list):
            inside += each

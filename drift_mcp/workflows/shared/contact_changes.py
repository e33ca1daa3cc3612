"""What a contact's fields are now, what would change, and whether an attribute's name is one the organisation has.

Fields stand in one flat mapping: `email`, `name`, `phone` and `external_id` by the operations' names, every other
attribute by Drift's.
"""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from drift_mcp.drift.errors import BrokenAnswer
from drift_mcp.fields import VisitorName, VisitorsValue, iso_from_ms, shown_json
from drift_mcp.operation import Result
from drift_mcp.operations.contacts import Attributes
from drift_mcp.present import compact
from drift_mcp.text import visible
from drift_mcp.workflows.shared.job import Job, Row

COMPANY = "employment_name"
"""The attribute in which Drift keeps where somebody works (devdocs: contact-model)."""

_NAMED = ("email", "name", "phone", "external_id")
_HAVE_ARGUMENTS = {"email", "name", "phone", "externalId", "external_id", COMPANY}


_UNREAD = "What the contact has could not be read, so nothing was written over it."


class Change(Result):
    field: VisitorName | None = None
    old: VisitorsValue = None
    new: Any = None


def _without_arguments(attributes: dict[str, Any]) -> dict[str, Any]:
    if len(attributes) > 50:
        raise PydanticCustomError("too_many", "has more than 50 attributes")
    for name in attributes:
        if name in _HAVE_ARGUMENTS:
            raise PydanticCustomError("own_argument", "email, name, phone, external_id and company are not for here")
        if not name.strip() or len(name) > 100:
            raise PydanticCustomError("bad_name", "names must have 1 to 100 characters")
    return attributes


MoreAttributes = Annotated[Attributes, AfterValidator(_without_arguments)]
"""Attributes that are not arguments themselves."""


def current(contact: Row) -> Row:
    """The fields of a contact that was read with `detail` full."""
    attributes: Row = contact.get("attributes", {})
    return attributes | {name: contact[name] for name in _NAMED if name in contact}


def check_readable(contact: Mapping[str, Any], names: Collection[str]) -> None:
    """Refuse to write fields of `contact` that could not be read: they are not empty.

    Raises:
        BrokenAnswer: one of `names` is among what is `unexpected`, or is kept in attributes that are.
    """
    odd = contact.get("unexpected")
    if not names or not isinstance(odd, dict):
        return
    if any(each in odd for name in ("attributes", *names) for each in (name, to_camel(name))):
        error = BrokenAnswer()
        error.add_note(_UNREAD)
        raise error


def changes(contact: Row, wanted: Mapping[str, Any]) -> list[Row]:
    """The fields of `wanted` that are not so already: `{"field", "old", "new"}`, old left out where there is none.

    Raises:
        BrokenAnswer: what the contact has of them could not be read.
    """
    check_readable(contact, wanted)
    now = current(contact)
    return [
        {"field": name, **({"old": now[name]} if is_set(now.get(name)) else {}), "new": value}
        for name, value in wanted.items()
        if not same(value, now.get(name), any_case=name == "email")
    ]


def is_set(value: Any) -> bool:
    """Whether an attribute says anything. False and 0 do."""
    return value is not None and value not in ("", [], {})


def same(wanted: Any, shown: Any, *, any_case: bool = False) -> bool:
    """Whether Drift has `wanted` already. `shown` is presented: visible text, ISO times, and no empty values.

    A text counts as the number or truth value that it means where Drift has one: CSV knows only text.
    """
    if not is_set(shown) or not is_set(wanted):
        return is_set(shown) == is_set(wanted)
    if isinstance(wanted, str) and isinstance(shown, str):
        text = visible(wanted)
        return text.casefold() == shown.casefold() if any_case else text == shown
    if isinstance(wanted, str) or isinstance(shown, str):
        wanted, shown = alike(wanted, shown), alike(shown, wanted)
    if isinstance(wanted, bool) != isinstance(shown, bool):
        return False
    # Drift keeps times as milliseconds.
    return shown == iso_from_ms(wanted) or bool(compact(shown_json(wanted)) == compact(shown))


def alike(value: Any, other: Any) -> Any:
    """The text `value` as the number or truth value that it means, where `other` is one."""
    if not isinstance(value, str):
        return value
    if isinstance(other, bool):
        return {"true": True, "false": False}.get(value.strip().lower(), value)
    if isinstance(other, int | float):
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return value


def as_arguments(fields: Mapping[str, Any]) -> Row:
    """`fields` as create_contact and update_contact take them."""
    named = {name: value for name, value in fields.items() if name in _NAMED}
    rest = {name: value for name, value in fields.items() if name not in _NAMED}
    return named | ({"attributes": rest} if rest else {})


async def declared(job: Job) -> frozenset[str] | None:
    """The names of the attributes that contacts have; None, with a note, where they cannot be read."""
    answer = await job.attempt("attribute check", "list_contact_attributes", limit=200)
    return None if answer is None else frozenset(str(row.get("name")) for row in answer["items"])


def warnings(names: Iterable[str], known: frozenset[str] | None) -> list[str]:
    """A sentence for each of `names` that the organisation does not have."""
    if known is None:
        return []
    words = sorted(name for name in known if name.replace("-", "_").isidentifier())
    found = []
    for name in names:
        if name not in known and name not in _NAMED:
            close = get_close_matches(name, words, n=1, cutoff=0.7)
            hint = f"; did you mean {close[0]}?" if close else ""
            found.append(f"There was no attribute {name!r}, so Drift makes it new{hint}")
    return found

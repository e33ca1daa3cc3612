"""What the names in a file or in arguments mean: fields of a contact, attributes that contacts have, or new ones.

Drift makes an attribute of every name it does not know, for every contact and for good. So names, however they are
spelled, are compared with those that exist before anything is written, and new ones are only made when asked for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import DriftError
from drift_mcp.workflows.bulk.calls import JobCalls
from drift_mcp.workflows.bulk.rows import Table
from drift_mcp.workflows.shared.contact_changes import COMPANY
from drift_mcp.workflows.shared.job import UNAVAILABLE

NAMED = ("email", "external_id", "name", "phone")
"""What is an argument of create_contact itself."""

LIST = "list_contact_attributes"
MOST_PAGES = 10
SHOWN = 10

_SPELLINGS = {
    "email": ("email", "mail", "emailaddress"),
    "name": ("name", "fullname"),
    "phone": ("phone", "phonenumber", "telephone", "tel"),
    "external_id": ("externalid", "crmid"),
    COMPANY: ("company", "companyname", "account", "accountname", "organisation", "organization"),
}
_USUAL = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}
_FIRST, _LAST = ("firstname", "givenname"), ("lastname", "surname", "familyname")
_NUMBER = re.compile(r"[+-]?(\d+|\d*\.\d+|\d+\.)([eE][+-]?\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Declared:
    """The attributes that contacts have: types by name. `unknown` says why they could not be read."""

    types: Mapping[str, str] = field(default_factory=dict[str, str])
    by_plain: Mapping[str, str] = field(default_factory=dict[str, str])
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """What each name means. `parts` are the names whose values together are the contact's name."""

    meaning: Mapping[str, str]
    parts: tuple[str, ...]
    new: tuple[str, ...]
    types: Mapping[str, str]

    def fields(self, given: Mapping[str, Any], columns: bool) -> dict[str, Any]:
        """A row as arguments of create_contact.

        Raises:
            ValueError: two names mean the same, or a value is not of its attribute's type.
        """
        found: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, value in _items(given, columns):
            target = self.meaning.get(name, name)
            if name in self.parts and name in given:
                continue
            into = found if target in NAMED or (target == "attributes" and not columns) else attributes
            if target in into:
                raise ValueError(f"{target} is given twice")
            into[target] = value if into is found else _typed(target, value, self.types.get(target))
        whole = " ".join(str(given[part]).strip() for part in self.parts if given.get(part))
        if whole:
            found["name"] = whole
        return found | ({"attributes": attributes} if attributes else {})

    def told(self, columns: list[str] | None) -> dict[str, str]:
        """What each column means; without columns only the names that mean another."""
        if columns is not None:
            return {name: self.meaning[name] for name in columns}
        return {name: target for name, target in self.meaning.items() if name != target}


def needs_declared(table: Table) -> bool:
    """Whether `table` has more than the usual fields, so that what its names mean is Drift's to say."""
    return not all(_usual(name) in NAMED or not _ours(name) for name in _spelled(table))


async def declared(calls: JobCalls, table: Table) -> Declared:
    """The attributes that contacts have; one call, and none where `table` has nothing but the usual fields.

    Raises:
        DriftError: Drift cannot be asked at all.
    """
    if not needs_declared(table):
        return Declared()
    rows: list[dict[str, Any]] = []
    position: dict[str, Any] = {}
    try:
        for _ in range(MOST_PAGES):
            page = await calls.operate(LIST, limit=200, **position)
            rows += [row for row in page["items"] if isinstance(row.get("name"), str)]
            if not page.get("next_cursor"):
                break
            position = {"cursor": page["next_cursor"]}
    except UNAVAILABLE as error:
        why = error.kind if isinstance(error, DriftError) else "the operator does not allow it"
        return Declared(unknown=f"{LIST}: {why}")
    by_plain: dict[str, str] = {}
    for spelling in ("name", "display_name"):
        for row in rows:
            by_plain.setdefault(_plain(str(row.get(spelling) or row["name"])), row["name"])
    return Declared({row["name"]: str(row.get("type")) for row in rows}, by_plain)


def understand(table: Table, known: Declared, *, create: bool) -> Names:
    """What every name in `table` means. With `create` those that contacts do not have are new attributes.

    Raises:
        InvalidArguments: a name is unknown, or two columns mean the same.
    """
    spelled = _spelled(table)
    meaning: dict[str, str] = {}
    new: list[str] = []
    for name in spelled:
        target = _target(name, known)
        meaning[name] = target or _bare(name)
        if target is None and meaning[name] not in new:
            new.append(meaning[name])
    parts = _parts(table, meaning)
    new = [name for name in new if name not in {_bare(part) for part in parts}]
    meaning |= dict.fromkeys(parts, "name")
    if new and not create:
        raise InvalidArguments([_refused(new, known)])
    seen: dict[str, str] = {}
    for name in table.columns or ():
        if name not in parts and (other := seen.setdefault(meaning[name], name)) != name:
            raise InvalidArguments([f"file: the columns {other!r} and {name!r} both mean {meaning[name]}; drop one"])
    return Names(meaning, parts, tuple(new) if known.unknown is None else (), known.types)


def _refused(new: list[str], known: Declared) -> str:
    shown = ", ".join(f"{name[:60]!r}{_nearest(name, known)}" for name in new[:SHOWN])
    shown += f" and {len(new) - SHOWN} more" if len(new) > SHOWN else ""
    if known.unknown is not None:
        return (
            f"whether contacts have these attributes cannot be read ({known.unknown}), so they could be new: {shown}; "
            "leave them out, or pass new_attributes true to send them as they are spelled"
        )
    return (
        f"contacts have no attribute {shown}; nothing was written. Correct the names or leave them out, or pass "
        f"new_attributes true to create them; {LIST} shows those there are"
    )


def _nearest(name: str, known: Declared) -> str:
    close = get_close_matches(_plain(name), [*known.by_plain, *_USUAL], n=1, cutoff=0.7)
    return f" (did you mean {known.by_plain.get(close[0]) or _USUAL[close[0]]}?)" if close else ""


def _target(name: str, known: Declared) -> str | None:
    """The field or the existing attribute that `name` means. What Drift keeps to itself stays as it is."""
    usual = _usual(name)
    if usual in NAMED or not _ours(name):
        return usual or name
    bare = _bare(name)
    return bare if bare in known.types else known.by_plain.get(_plain(bare)) or usual


def _parts(table: Table, meaning: Mapping[str, str]) -> tuple[str, ...]:
    """The names of first and last name, where together they are all there is of a name."""
    flat = _spelled(table, nested=False)
    first = next((name for name in flat if _plain(name) in _FIRST), None)
    last = next((name for name in flat if _plain(name) in _LAST), None)
    return (first, last) if first and last and "name" not in meaning.values() else ()


def _spelled(table: Table, *, nested: bool = True) -> list[str]:
    """All names in `table`, in the order in which they first appear."""
    if table.columns is not None:
        return table.columns
    rows = [row for _, row in table.rows if isinstance(row, dict)]
    return list(dict.fromkeys(name for row in rows for name, _ in _items(row, False, nested) if name != "attributes"))


def _items(given: Mapping[str, Any], columns: bool, nested: bool = True) -> Iterable[tuple[str, Any]]:
    """The names and values of a row: of its own and, unless it is one of a file with columns, of its `attributes`."""
    for name, value in given.items():
        if name == "attributes" and not columns and isinstance(value, dict):
            yield from value.items() if nested else ()
        elif value is not None:
            yield name, value


def _typed(name: str, value: Any, kind: str | None) -> Any:
    """`value` as its attribute wants it: text that means a number or a truth value is one."""
    text = value.strip() if isinstance(value, str) else None
    if kind == "NUMERIC" and value is not None and text != "":
        if text is not None and _NUMBER.fullmatch(text) and len(text) <= 40:
            return int(text) if text.lstrip("+-").isdecimal() else float(text)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name}: must be a number such as 1200 or 12.5")
    if kind == "BOOLEAN" and text is not None:
        return {"true": True, "false": False}.get(text.casefold(), value)
    return value


def _usual(name: str) -> str | None:
    return _USUAL.get(_plain(_bare(name)))


def _ours(name: str) -> bool:
    """Whether an attribute may be called so; Drift's own begin with _."""
    return bool(name.strip()) and not name.startswith("_")


def _bare(name: str) -> str:
    return name.strip().removeprefix("attributes.")


def _plain(name: str) -> str:
    """`name` without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name.casefold()

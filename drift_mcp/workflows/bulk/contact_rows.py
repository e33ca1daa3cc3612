"""The rows that `sync_contacts` works on: checked, freed of duplicates, compared with the contact in Drift."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal

from pydantic import ValidationError

from drift_mcp.fields import Line
from drift_mcp.operations.contacts import Contact, ContactDetails
from drift_mcp.workflows.bulk.columns import NAMED, Names
from drift_mcp.workflows.bulk.rows import Table
from drift_mcp.workflows.shared.contact_changes import alike, check_readable, same

Key = Literal["email", "external_id"]

_BRIEF = SimpleNamespace(detail="brief")


class RowContact(ContactDetails):
    external_id: Line | None = None


@dataclass(slots=True)
class Row:
    """One contact to be. `fields` are arguments of `create_contact`."""

    line: int
    key: str
    fields: dict[str, Any]
    also: list[int] = field(default_factory=list[int])
    """Lines with the same key, which were merged into this one."""


@dataclass(slots=True)
class Failure:
    line: int
    reason: str
    contact: Any = None


@dataclass(slots=True)
class Prepared:
    rows: list[Row]
    failures: list[Failure]

    @property
    def merged(self) -> list[tuple[int, int]]:
        """Each duplicate's line, with the line of the row that it was merged into."""
        return sorted((line, row.line) for row in self.rows for line in row.also)


def prepare(table: Table, key: Key, names: Names) -> Prepared:
    """The rows to work on and those that cannot be.

    Of rows with one key, later values win over earlier ones.
    """
    rows: dict[str, Row] = {}
    failures: list[Failure] = []
    for line, given in table.rows:
        if isinstance(given, str):
            failures.append(Failure(line, given))
            continue
        try:
            fields = _checked(names.fields(given, table.columns is not None))
            value = fields.get(key)
            if value is None:
                raise ValueError(f"{key} is missing")
        except ValueError as error:
            why = _sentences(error) if isinstance(error, ValidationError) else str(error)
            failures.append(Failure(line, why, given))
            continue
        same = value.casefold() if key == "email" else value
        if same in rows:
            rows[same].also.append(line)
            rows[same].fields = _merged(rows[same].fields, fields)
        else:
            rows[same] = Row(line, same, fields)
    return Prepared(list(rows.values()), failures)


def changes(row: Row, key: Key, contact: Mapping[str, Any]) -> dict[str, Any]:
    """What differs of `contact`, a presented one, as arguments of `update_contact`.

    Raises:
        BrokenAnswer: what the contact has of it could not be read.
    """
    asked = row.fields.get("attributes", {})
    check_readable(contact, [name for name in (*row.fields, *asked) if name not in {key, "attributes"}])
    found: dict[str, Any] = {}
    for name in NAMED:
        if (
            name != key
            and name in row.fields
            and not same(row.fields[name], contact.get(name), any_case=name == "email")
        ):
            found[name] = row.fields[name]
    there = contact.get("attributes", {})
    other = {
        name: alike(wanted, there.get(name)) for name, wanted in asked.items() if not same(wanted, there.get(name))
    }
    return found | ({"attributes": other} if other else {})


@cache
def hidden_in_brief(attribute: str) -> bool:
    """Whether only `detail: full` shows this attribute of a contact."""
    shown = Contact.model_validate({"attributes": {attribute: "1"}}, context=_BRIEF)
    return attribute not in (shown.attributes or {})


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    attributes = given.get("attributes")
    for name in attributes if isinstance(attributes, dict) else ():
        if name.startswith("_") or not name.strip():
            raise ValueError("attributes: names that are empty or begin with _ are Drift's own")
    return RowContact.model_validate(given).model_dump(exclude_none=True)


def _sentences(error: ValidationError) -> str:
    """What is wrong, without repeating any value."""
    said: list[str] = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])[:80]
        if problem["type"] == "string_pattern_mismatch":
            said.append(f"{where}: is not an e-mail address")
            continue
        said.append(f"{where}: {problem['msg']}")
    return "; ".join(said[:3])


def _merged(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    attributes = earlier.get("attributes", {}) | later.get("attributes", {})
    return earlier | later | ({"attributes": attributes} if attributes else {})

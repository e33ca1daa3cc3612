"""SCIM's search filter, as far as Drift's page `searching` goes: comparisons joined by `and`.

    userName eq "a@b.com" and active eq true

Operators eq, co, sw; attributes userName, displayName, id, active. Names, operators and texts ignore case
(RFC 7644).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from ...errors import invalid
from ...world import Row

ATTRIBUTES = {name.lower(): name for name in ("userName", "displayName", "id", "active")}
COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda have, want: have == want,
    "co": lambda have, want: want in have,
    "sw": lambda have, want: have.startswith(want),
}
# One comparison, and either the end of the filter or an `and` with something behind it.
_TERM = re.compile(
    r'(?P<name>[A-Za-z.]+)\s+(?P<operator>[A-Za-z]+)\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false)'
    r"(?:$|\s+and\s+(?=\S))",
    re.IGNORECASE,
)


def parse(text: str) -> Callable[[Row], bool]:
    """A test for SCIM users; an empty filter lets everybody through."""
    terms: list[Callable[[Row], bool]] = []
    rest = text.strip()
    while rest:
        found = _TERM.match(rest)
        if found is None:
            raise _not_understood()
        terms.append(_term(found["name"], found["operator"], found["value"]))
        rest = rest[found.end() :]
    return lambda user: all(term(user) for term in terms)


def _term(name: str, operator: str, value: str) -> Callable[[Row], bool]:
    attribute = ATTRIBUTES.get(name.lower())
    compare = COMPARE.get(operator.lower())
    if attribute is None or compare is None:
        raise _not_understood()
    try:
        wanted = json.loads(value) if value.startswith('"') else value
    except ValueError:
        raise _not_understood() from None
    lowered = str(wanted).lower()
    return lambda user: compare(str(user[attribute]).lower(), lowered)


def _not_understood() -> Exception:
    known = ", ".join(ATTRIBUTES.values())
    return invalid(
        f'filter must be comparisons like userName eq "a@b.com" (eq, co, sw; {known}) joined by and',
        scim_type="invalidFilter",
    )

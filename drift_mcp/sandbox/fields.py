"""Reading request fields: one function per shape, each answering 400 validation_error for anything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import choices
from .errors import invalid

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def as_object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"{what} must be a JSON object")
    return value


def as_list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(f"{what} must be a JSON array")
    return value


def optional_object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object, empty where the field is absent or null."""
    value = body.get(name)
    return {} if value is None else as_object(value, name)


def optional_list(body: Mapping[str, Any], name: str) -> list[Any]:
    """An array, empty where the field is absent or null."""
    value = body.get(name)
    return [] if value is None else as_list(value, name)


def is_int(value: Any) -> bool:
    """JSON integers only: Python counts booleans as integers, JSON does not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_email(value: Any) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def text(body: Mapping[str, Any], name: str) -> str | None:
    """A string, or None where the field is absent or null."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    return value


def required_text(body: Mapping[str, Any], name: str) -> str:
    value = text(body, name)
    if not value or not value.strip():
        raise invalid(f"{name} is required")
    return value


def integer(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not is_int(value):
        raise invalid(f"{name} must be an integer")
    return int(value)


def required_integer(body: Mapping[str, Any], name: str) -> int:
    value = integer(body, name)
    if value is None:
        raise invalid(f"{name} is required")
    return value


def boolean(body: Mapping[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(f"{name} must be true or false")
    return value


def one_of(body: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    value = text(body, name)
    if value is not None and value not in allowed:
        raise invalid(f"{name} must be one of {', '.join(allowed)}")
    return value


def email(body: Mapping[str, Any], name: str = "email") -> str:
    value = required_text(body, name)
    if not is_email(value):
        raise invalid(f"{name} must be an e-mail address")
    return value


def number_text(value: str, name: str) -> int:
    """A query parameter that holds a whole number, sign allowed."""
    digits = value[1:] if value.startswith("-") else value
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        raise invalid(f"{name} must be an integer")
    return int(value)


def query_number(query: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    """A number of the query; below `least` is refused, above `most` is cut (see choices, Paging)."""
    given = query.get(name)
    if given is None or given == "":
        return default
    value = number_text(given, name)
    if value < least:
        raise invalid(f"{name} must be at least {least}")
    return min(value, most)


# --- what only the catalogue operations take ---


def as_moment(value: int, name: str) -> int:
    """Epoch ms between 1970 and the end of 9999: what a calendar can show."""
    if not 0 <= value <= choices.LATEST_MOMENT:
        raise invalid(f"{name} must be a moment in epoch milliseconds")
    return value


def moment(body: Mapping[str, Any], name: str) -> int | None:
    value = integer(body, name)
    return None if value is None else as_moment(value, name)


def non_empty_text(body: Mapping[str, Any], name: str) -> str | None:
    """A string with something in it, or None where the field is absent or null."""
    return None if body.get(name) is None else required_text(body, name)


def names(body: Mapping[str, Any], name: str) -> list[str] | None:
    """A list of names (tags, labels) without repetition, or None where the field is absent or null."""
    if body.get(name) is None:
        return None
    given = as_list(body[name], name)
    if not all(isinstance(item, str) and item.strip() for item in given):
        raise invalid(f"{name} must be an array of non-empty strings")
    distinct: dict[str, str] = {}
    for item in given:
        distinct.setdefault(item.strip().casefold(), item.strip())
    return list(distinct.values())


def integers(body: Mapping[str, Any], name: str) -> list[int] | None:
    """A list of numbers without repetition, or None where the field is absent or null."""
    if body.get(name) is None:
        return None
    given = as_list(body[name], name)
    if not all(map(is_int, given)):
        raise invalid(f"{name} must be an array of integers")
    return list(dict.fromkeys(given))


def plain_values(value: Any, what: str) -> dict[str, Any]:
    """An object of texts, numbers and booleans; a null takes a value away."""
    given = as_object(value, what)
    if any(isinstance(item, dict | list) for item in given.values()) or not all(key.strip() for key in given):
        raise invalid(f"{what} must hold strings, numbers and booleans under names")
    return given


def identifier(body: Mapping[str, Any], name: str) -> str | None:
    """An id that a client may write as text or as a number."""
    value = body.get(name)
    return str(value) if is_int(value) else non_empty_text(body, name)


def something(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were given; a change of nothing is refused."""
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise invalid(f"nothing to change: give at least one of {', '.join(changes)}")
    return given

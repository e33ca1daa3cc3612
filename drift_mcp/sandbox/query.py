"""Reading query parameters: one function per shape, each answering 400 validation_error for anything else.

A parameter that is absent or empty is None, so that a filter left blank filters nothing.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import QueryParams

from . import choices, fields
from .errors import invalid
from .http import parse_json

_BOOLEANS = {"true": True, "false": False}


def text(query: QueryParams, name: str) -> str | None:
    value = (query.get(name) or "").strip()
    return value or None


def texts(query: QueryParams, name: str) -> list[str]:
    """The values of a repeatable parameter."""
    return [value.strip() for value in query.getlist(name) if value.strip()]


def number(query: QueryParams, name: str) -> int | None:
    value = text(query, name)
    return None if value is None else fields.number_text(value, name)


def numbers(query: QueryParams, name: str) -> list[int]:
    return [fields.number_text(value, name) for value in texts(query, name)]


def moment(query: QueryParams, name: str) -> int | None:
    """Epoch ms."""
    value = number(query, name)
    return None if value is None else fields.as_moment(value, name)


def boolean(query: QueryParams, name: str) -> bool | None:
    value = text(query, name)
    if value is None:
        return None
    if value.lower() not in _BOOLEANS:
        raise invalid(f"{name} must be true or false")
    return _BOOLEANS[value.lower()]


def one_of(query: QueryParams, name: str, allowed: tuple[str, ...]) -> str | None:
    value = text(query, name)
    return None if value is None else fields.one_of({name: value}, name, allowed)


def email(query: QueryParams, name: str) -> str | None:
    value = text(query, name)
    if value is not None and not fields.is_email(value):
        raise invalid(f"{name} must be an e-mail address")
    return value


def plain_object(query: QueryParams, name: str) -> dict[str, Any]:
    """A JSON object as text in one value; empty where it is not given."""
    value = text(query, name)
    if value is None:
        return {}
    try:
        given = parse_json(value.encode())
    except UnicodeEncodeError:
        given = None
    return fields.plain_values(given, name)


def page_size(query: QueryParams) -> int:
    return fields.query_number(query, "limit", choices.CATALOGUE_PAGE_DEFAULT, least=1, most=choices.CATALOGUE_PAGE_MAX)

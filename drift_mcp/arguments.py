"""From what an agent passes to a validated request.

Agents pass numbers as text and objects as JSON text, misspell names and leave things out. What is unambiguous is
accepted; the rest is refused in words that say what to do.
"""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError

from drift_mcp.fields import EMAIL_FORM
from drift_mcp.operation import Request, Tool

KEY = "idempotency_key"
"""The argument of everything that writes, besides its own ones."""
KEY_SCHEMA = {"type": "string", "description": "Your own, 8-128 characters; one key writes once in 30 days."}
_VISIBLE = re.compile(r"[\x21-\x7e]{8,128}")

_WHOLE, _OBJECT = "must be a whole number", "must be an object"
_SAID = {
    "string_type": "must be text",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": "is too large a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} {unit}",
    "string_pattern_mismatch": "must have the form that its description gives",
    "extra_forbidden": "is not known there",
}
"""What is said of pydantic's kinds of error, each with what it knows of it. The others have words of this project."""


class InvalidArguments(Exception):
    """The arguments do not fit. `problems` has one sentence each, safe to show: no value is repeated in them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def parse(tool: Tool, arguments: Mapping[str, Any]) -> Request:
    """The request that `arguments` stand for.

    Raises:
        InvalidArguments: an argument is missing, unknown or of the wrong kind.
    """
    model = tool.request
    try:
        return model.model_validate(_prepared(model, arguments))
    except ValidationError as error:
        raise InvalidArguments([_sentence(model, problem) for problem in error.errors()]) from None


def checked_key(key: Any) -> str:
    """`key`, if it can be an idempotency key.

    Raises:
        InvalidArguments: it cannot.
    """
    if not isinstance(key, str) or not _VISIBLE.fullmatch(key):
        raise InvalidArguments([f"{KEY}: must be 8 to 128 visible ASCII characters, without spaces"])
    return key


def _prepared(model: type[Request], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by the names the schema shows. Drift's own names are understood too; null is as good as absent."""
    kinds, names = _kinds_of(model), _names(model)
    prepared: dict[str, Any] = {}
    for given, value in arguments.items():
        name = given if given in kinds else names.get(given, given)
        if value is None:
            continue
        if name in prepared:
            raise InvalidArguments([f"{name} is given twice"])
        if isinstance(value, bool) and name in kinds and not kinds[name] & {bool, Any}:
            raise InvalidArguments([f"{name}: must not be true or false"])
        prepared[name] = _loaded(value, kinds[name]) if name in kinds else value
    return prepared


@cache
def _names(model: type[Request]) -> dict[str, str]:
    """The fields by Drift's names."""
    return {field.alias: name for name, field in model.model_fields.items() if field.alias}


@cache
def _kinds_of(model: type[Request]) -> dict[str, set[Any]]:
    """The plain types that each field allows."""
    return {name: _kinds(field.annotation) for name, field in model.model_fields.items()}


def _loaded(value: Any, kinds: set[Any]) -> Any:
    """`value`, or what it stands for where a field of these `kinds` wants a list or an object and text was passed."""
    if isinstance(value, str) and kinds & {list, dict} and str not in kinds and value.lstrip()[:1] in {"[", "{"}:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return value  # validation says what is wrong with it
    if list in kinds and isinstance(value, str | int | dict) and dict not in kinds:
        return [value]
    return value


def _kinds(annotation: Any) -> set[Any]:
    """The plain types an annotation allows: `list[int] | None` gives {list}."""
    origin = get_origin(annotation)
    if origin in {Union, UnionType}:
        return set().union(*(_kinds(option) for option in get_args(annotation))) - {NoneType}
    if hasattr(annotation, "__metadata__"):
        return _kinds(get_args(annotation)[0])
    return {origin or annotation}


def _sentence(model: type[Request], problem: Any) -> str:
    place = problem["loc"]
    where = ".".join(str(part) for part in place)
    if problem["type"] == "extra_forbidden" and len(place) == 1:
        return _unknown(where[:80], list(model.model_fields))
    if problem["type"] == "missing":
        return f"{where} is missing"
    said = _said(problem)
    if len(place) > 1 and isinstance(place[-1], int):
        where, said = where.rpartition(".")[0], f"entry {place[-1] + 1} {said}"
    return f"{where[:120]}: {said}" if where else said


def _said(problem: Any) -> str:
    """What is wrong with a value, without the value."""
    kind, value, about = problem["type"], problem["input"], problem.get("ctx", {})
    if kind not in _SAID:
        message = str(problem["msg"]).removeprefix("Value error, ")
        return message[:1].lower() + message[1:]
    if kind == "string_pattern_mismatch" and about["pattern"] == EMAIL_FORM:
        return "is not an e-mail address"
    if kind == "int_parsing" and problem["loc"] == ("contact_id",) and "@" in str(value):
        return f"{_WHOLE}; find the id with find_contacts_by_email"
    said = _SAID[kind].format_map(about | {"unit": "characters" if isinstance(value, str) else "entries"})
    return said.replace("'", "")


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else f"it takes {', '.join(known) or 'no arguments'}"
    return f"there is no argument {json.dumps(name)}; {hint}"

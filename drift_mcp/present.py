"""Drift's answers, written for an agent.

A payload becomes the operation's result model (ISO dates, plain text, named fields), nulls are left out, and the whole
is held to a byte budget: long texts are shortened first, then rows are left for the next page, and it is said what
was cut. A record from which invisible characters or hidden text were taken says how many under `removed_text`.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import ValidationError, ValidationInfo, ValidatorFunctionWrapHandler, create_model, field_validator
from pydantic.alias_generators import to_snake

from drift_mcp.fields import shown_json
from drift_mcp.operation import WIDE, Request, Result, marked
from drift_mcp.text import Removed, counted, visible
from drift_mcp.within import within

Json = dict[str, Any]

_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

_SHORTEN_TO = (4_000, 1_000, 300)
_SHORTEST = 200
_ENTRIES = (200, 100, 50, 20, 5)
_FIELDS = 40
"""Fields of a record are no list: so many always stay."""
_KEPT_AT_END = 0.3

_LEAST_ROWS = 4
_MOST_COLUMNS = 12
"""In a wider table one loses count of which value is which."""
_WORTH_IT = 0.75
"""The share of its bytes that a list may keep as a table. Long texts hardly get shorter, and are better named."""

REMOVED = "removed_text"
OWN = frozenset({REMOVED, "truncated", "from_visitors"})
"""What this server says of a record, and Drift cannot."""
_MOST_NOTED = 20
_noting: ContextVar[list[Json] | None] = ContextVar("noting", default=None)


def noting_removed() -> AbstractContextManager[list[Json]]:
    """Collects what was removed from each record presented inside, with its kind and id: for jobs of many calls."""
    return within(_noting, [])


def result_of(model: type[Result], payload: Any, request: Request) -> Json:
    """One record as the agent reads it.

    A field whose value is not what Drift documents does not cost the rest: it comes back raw, under `unexpected`.
    """
    raw: Json = payload if isinstance(payload, dict) else {"value": payload}
    try:
        with counted() as removed:
            slim = _shown(model, model.model_validate(raw, context=request), request)
    except ValidationError:
        with counted() as removed, _setting_aside() as odd:
            slim = _shown(model, _lenient(model).model_validate(raw, context=request), request)
            slim |= _unexpected(model, odd)
    return _with_removed(model, slim, removed)


def _shown(model: type[Result], record: Result, request: Request) -> Json:
    chosen = request.argument("fields")
    brief = chosen is None and request.argument("detail") == "brief"
    shown = record.model_dump(
        by_alias=False,
        exclude_none=True,
        include=set(chosen) if chosen is not None else None,
        exclude=set(marked(model, WIDE)) if brief else None,
    )
    for name in record.model_extra or ():
        # A field that Drift has added: no model says what it is. It never takes the place of one that is known.
        added = shown_json(shown.pop(name, None), name)
        if to_snake(name) not in OWN:
            shown.setdefault(to_snake(name), added)
    slim: Json = compact(shown)
    return slim


_aside: ContextVar[Json] = ContextVar("aside")


def _setting_aside() -> AbstractContextManager[Json]:
    """Collects the values, by Drift's names, that do not fit their fields in a lenient model."""
    return within(_aside, {})


@cache
def _lenient(model: type[Result]) -> type[Result]:
    """`model`, but a field whose value does not fit is left out and the value set aside, wherever Drift has it.

    A model of its own, because to watch every field would cost every answer for the sake of few.
    """

    def set_aside(cls: type[Result], value: Any, fits: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            return fits(value)
        except ValidationError:
            name = info.field_name or ""
            field = cls.model_fields[name]
            if not field.exclude:
                _aside.get()[field.alias or name] = value
            return field.get_default(call_default_factory=True)

    return create_model(
        model.__name__,
        __base__=model,
        __validators__={"_set_aside": field_validator("*", mode="wrap")(classmethod(set_aside))},  # type: ignore[dict-item]
    )


def _with_removed(model: type[Result], record: Json, removed: Removed) -> Json:
    """`record` and what was taken out of it, if anything was: a sign that somebody hid words in it."""
    if not removed.invisible and not removed.hidden:
        return record
    counts = {name: count for name, count in (("invisible", removed.invisible), ("hidden", removed.hidden)) if count}
    noted = _noting.get()
    if noted is not None and len(noted) < _MOST_NOTED:
        # What a job has read need not be in its answer, so an id alone would say nothing.
        noted.append({"record": to_snake(model.__name__)} | ({"id": record["id"]} if "id" in record else {}) | counts)
    return record | {REMOVED: counts}


def _unexpected(model: type[Result], odd: Json) -> Json:
    """What does not fit the model, as it is; a model that drops what it does not know (a token, say) drops this too."""
    if not odd or model.model_config.get("extra") == "ignore":
        return {}
    return {"unexpected": shown_json(odd)}


def compact(value: Any) -> Any:
    """`value` with every text made visible, and without empty texts, lists and objects inside objects.

    Those say no more than their absence.
    """
    if isinstance(value, str):
        return _seen(value)
    if isinstance(value, dict):
        slim = {_seen(str(key)): compact(item) for key, item in value.items()}
        return {key: item for key, item in slim.items() if item or item == 0}
    if isinstance(value, list):
        return [compact(item) for item in value]
    return value


def _seen(text: str) -> str:
    """`text` made visible. Nearly every text is plain, above all names: then there is nothing to look for."""
    return text if text.isascii() and text.isprintable() else visible(text)


def as_text(content: Json) -> str:
    """`content` as compact JSON text."""
    return _JSON.encode(content)


def as_read(content: Json) -> str:
    """`content` as its reader gets it: as JSON text, in which a list of short, uniform rows names its fields once.

    Such a list is `{"columns": ["id", …], "rows": [[1, …], …]}`; null is what a row does not have.
    """
    return as_text(_in_columns(content))


def _in_columns(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_columns(item) for key, item in value.items()}
    if isinstance(value, list):
        return _table(value) or [_in_columns(item) for item in value]
    return value


def _table(rows: list[Any]) -> Json | None:
    """`rows` as a table, if they are flat and it makes them a good deal shorter."""
    if len(rows) < _LEAST_ROWS or not all(isinstance(row, dict) for row in rows):
        return None
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if len(columns) > _MOST_COLUMNS or not all(_is_flat(cell) for row in rows for cell in row.values()):
        return None
    table = {"columns": columns, "rows": [[row.get(name) for name in columns] for row in rows]}
    return table if size(table) <= _WORTH_IT * size(rows) else None


def _is_flat(cell: Any) -> bool:
    """Whether it is a scalar, or a list of them. A null of its own could not be told from what is missing."""
    items = cell if isinstance(cell, list) else [cell]
    return all(isinstance(item, str | int | float) for item in items)


def size(content: Any) -> int:
    """Bytes of `content` as compact JSON."""
    return len(as_text(content).encode("utf-8", "replace"))


def fit_rows(rows: list[Json], budget: int) -> tuple[list[Json], str | None]:
    """The rows that fit `budget` bytes, at least one, and what was cut (None when nothing was)."""
    if size(rows) <= budget:
        return rows, None
    for longest in _SHORTEN_TO:
        shorter, cuts = shortened(rows, longest)
        if size(shorter) <= budget:
            return shorter, _said(cuts, longest)
    kept = 0
    used = 2
    for row in shorter:
        used += size(row) + 1
        if kept and used > budget:
            break
        kept += 1
    _, cuts = shortened(rows[:kept], longest)
    left = f"{len(rows) - kept} rows did not fit and come with next_cursor" if kept < len(rows) else None
    return shorter[:kept], "; ".join(filter(None, (_said(cuts, longest), left))) or None


def fit_record(record: Json, budget: int) -> tuple[Json, str | None]:
    """`record` within `budget` bytes as far as shortening its texts can bring it, and what was cut."""
    if size(record) <= budget:
        return record, None
    longest = budget // 2
    while True:
        shorter, cuts = shortened(record, longest)
        if size(shorter) <= budget:
            return shorter, _said(cuts, longest)
        if longest < _SHORTEST:
            break
        longest = longest * 2 // 3
    said = _said(cuts, longest)
    whole, thinned = shorter, None
    for most in _ENTRIES:
        shorter = _thinned(shorter, most)
        if shorter != whole:
            thinned = f"long lists were cut to {most} entries"
        if size(shorter) <= budget:
            break
    return shorter, "; ".join(filter(None, (said, thinned))) or None


def _thinned(value: Any, most: int) -> Any:
    """`value` with at most `most` entries in every list and object inside it."""
    if isinstance(value, dict):
        return {key: _thinned(item, most) for key, item in list(value.items())[: max(most, _FIELDS)]}
    return [_thinned(item, most) for item in value[:most]] if isinstance(value, list) else value


def _said(cuts: int, longest: int) -> str | None:
    return f"{cuts} long texts were shortened to {longest} characters" if cuts else None


def shortened(value: Any, longest: int) -> tuple[Any, int]:
    """A copy of `value` with every text of more than `longest` characters cut in its middle, and how many were."""
    copy = deepcopy(value)
    cuts = 0
    for holder, key in list(_texts(copy)):
        text = holder[key]
        if len(text) > longest:
            holder[key] = _cut(text, longest)
            cuts += 1
    return copy, cuts


def _cut(text: str, longest: int) -> str:
    tail = int(longest * _KEPT_AT_END)
    return f"{text[: longest - tail]} […{len(text) - longest} characters left out…] {text[-tail:]}"


def _texts(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(pairs):
        if isinstance(item, str):
            yield value, key
        else:
            yield from _texts(item)

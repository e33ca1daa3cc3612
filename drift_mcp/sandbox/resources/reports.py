"""Reports over conversations (devdocs: conversation-reporting; the summary: official Python SDK,
get_metrics)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from starlette.responses import Response

from .. import choices, fields, metrics
from ..errors import invalid
from ..http import Call, ask, bare
from ..metrics import Figure
from ..world import Row

READ = "conversation_read"
OPERATIONS = ("HAS_PROPERTY", "BETWEEN", "IN")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DAY_MS = 24 * 3600 * 1000
# Drift's word for a metric that a conversation does not have; it is a string among numbers.
MISSING = "NaN"

Filter = tuple[str, str, list[Any]]


def report_conversations(call: Call) -> Response:
    """{"filters", "metrics": [property]} -> {"count", "data": [{"conversationId", "metrics": [by
    position]}]}."""
    body = call.object
    wanted = fields.as_list(body.get("metrics"), "metrics")
    if not wanted:
        raise invalid("metrics must name at least one property")
    for name in wanted:
        _check_metric(name)
    rows = [
        {"conversationId": number, "metrics": [_shown(figures[name]) for name in wanted]}
        for number, figures in _selected(call, body)
    ]
    return bare({"count": len(rows), "data": rows})


def summarize_conversations(call: Call) -> Response:
    """{"filters", "metrics": [{"type": "AVG", "property"}]} -> {"count", "data": [{"type", "property",
    "value"}]}."""
    body = call.object
    wanted = [fields.as_object(item, "a metric") for item in fields.as_list(body.get("metrics"), "metrics")]
    if not wanted:
        raise invalid("metrics must name at least one metric")
    for metric in wanted:
        fields.required_text(metric, "type")
        fields.one_of(metric, "type", choices.SUMMARY_TYPES)
        _check_metric(metric.get("property"))
    selected = _selected(call, body)
    data = [
        {
            "type": metric["type"],
            "property": metric["property"],
            "value": _summary(metric["type"], [figures[metric["property"]] for _, figures in selected]),
        }
        for metric in wanted
    ]
    return bare({"count": len(selected), "data": data})


def _check_metric(name: Any) -> None:
    if name not in metrics.NUMBERS:
        raise invalid(f"a metric must be one of {', '.join(metrics.NUMBERS)}")


def _shown(figure: Figure) -> Figure:
    return MISSING if figure is None else figure


def _summary(kind: str, figures: list[Figure]) -> float | str:
    numbers = [figure for figure in figures if isinstance(figure, int)]
    if kind == "COUNT":
        return len(numbers)
    if not numbers:
        return MISSING
    if kind == "AVG":
        return sum(numbers) / len(numbers)
    if kind == "SUM":
        return sum(numbers)
    return min(numbers) if kind == "MIN" else max(numbers)


def _selected(call: Call, body: Row) -> list[tuple[int, dict[str, Figure]]]:
    filters = [_filter(given) for given in fields.optional_list(body, "filters")]
    everything = metrics.of_all(call.world)
    return [(number, figures) for number, figures in everything if all(_fits(figures, f) for f in filters)]


def _filter(given: Any) -> Filter:
    """A checked filter: property, operation, and the values as the property has them."""
    entry = fields.as_object(given, "a filter")
    name = fields.required_text(entry, "property")
    if name not in (*metrics.NUMBERS, *metrics.WORDS):
        raise invalid(f"{name} is no property to filter by")
    operation = fields.required_text(entry, "operation")
    if operation not in OPERATIONS:
        raise invalid(f"operation must be one of {', '.join(OPERATIONS)}")
    if operation == "HAS_PROPERTY":
        return name, operation, []
    values = fields.as_list(entry.get("values"), "values")
    if operation == "BETWEEN":
        if len(values) != 2 or name in metrics.WORDS:
            raise invalid("BETWEEN takes two values of a number or a time")
        return name, operation, [_number(name, values[0]), _number(name, values[1], end=True)]
    if not values:
        raise invalid("IN takes at least one value")
    if name in metrics.WORDS:
        return name, operation, [str(value).lower() for value in values]
    return name, operation, [_number(name, value) for value in values]


def _number(name: str, value: Any, *, end: bool = False) -> int:
    """A number, or for a time also a day "YYYY-MM-DD" (its first millisecond, UTC; its last where `end`)."""
    if fields.is_int(value):
        return int(value)
    if isinstance(value, str):
        if name in metrics.TIMES and DAY.fullmatch(value):
            return _day(value) + (DAY_MS - 1 if end else 0)
        return fields.number_text(value, "values")
    raise invalid("values must be numbers or days YYYY-MM-DD")


def _day(value: str) -> int:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise invalid(f"{value} is no day") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _fits(figures: dict[str, Figure], condition: Filter) -> bool:
    name, operation, values = condition
    figure = figures[name]
    if figure is None:
        return False
    if operation == "BETWEEN":
        return bool(values[0] <= figure <= values[1])
    if operation == "IN":
        return (figure.lower() if isinstance(figure, str) else figure) in values
    return True


routes = [
    ask("/reports/conversations", report_conversations, READ),
    ask("/reports/conversation-summary", summarize_conversations, READ),
]

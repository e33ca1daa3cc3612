"""One field that is not of its kind never hides the others of its record, in any operation of the catalogue."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest

from drift_mcp import present
from drift_mcp.operation import Request, Result
from drift_mcp.present import REMOVED, result_of
from tests.golden import answers
from tests.support.operations import OPERATIONS

ODD: tuple[Any, ...] = (5_551_234, "odd", True, ["odd", {"odd": 1}], {"odd": {"odd": 1}}, 1e300)
_BESIDE = frozenset({"unexpected", "attributes", REMOVED})
"""`attributes` has with detail full what else stands by name."""

Record = tuple[dict[str, Any], Request]
MODELS = {operation.result: name for name, operation in OPERATIONS.items()}


@cache
def recorded() -> dict[type[Result], Record]:
    """The widest record of each model that the sandbox answers, raw, and the request it answers."""
    found: dict[type[Result], Record] = {}

    def note(model: type[Result], payload: Any, request: Request) -> dict[str, Any]:
        if isinstance(payload, dict) and len(payload) > len(found.get(model, ({},))[0]):
            found[model] = deepcopy(payload), request
        return result_of(model, payload, request)

    with patch.object(present, "result_of", note):
        answers()
    return found


def spots(payload: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Where a value stands, at the top and in objects there: Drift keeps a contact's fields in one."""
    for name, value in payload.items():
        if isinstance(value, dict):
            yield from ((name, inner) for inner in value)
        else:
            yield (name,)


def with_odd(payload: dict[str, Any], spot: tuple[str, ...], value: Any) -> dict[str, Any]:
    changed = deepcopy(payload)
    holder = changed
    for name in spot[:-1]:
        holder = holder[name]
    holder[spot[-1]] = value
    return changed


@pytest.mark.parametrize("model", MODELS, ids=list(MODELS.values()))
def test_a_field_of_an_unexpected_type_costs_no_other(model: type[Result]) -> None:
    if model not in recorded():
        pytest.skip("its records are no objects, or nothing answers one")
    payload, request = recorded()[model]
    whole = result_of(model, payload, request)
    for spot in spots(payload):
        for value in ODD:
            shown = result_of(model, with_odd(payload, spot, value), request)
            lost = {name for name in whole if shown.get(name) != whole[name]} - _BESIDE
            assert len(lost) <= 1, (spot, value, lost)


def test_the_records_are_those_of_most_models() -> None:
    assert len(recorded()) >= 0.8 * len(MODELS)
    assert OPERATIONS["get_contact"].result in recorded()
    assert OPERATIONS["list_messages"].result in recorded()

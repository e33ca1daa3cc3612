"""The catalogue's calls as a whole: their prefix, and whatever might be sent to them."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox.resources import endpoints

from . import tiny
from .conftest import refused
from .test_access import CATALOGUE_ROWS, DOCUMENTED_ROWS, concrete

# --- the catalogue's prefix ---


@pytest.mark.parametrize(("method", "path"), [row[:2] for row in DOCUMENTED_ROWS])
async def test_a_documented_call_under_the_catalogues_prefix_is_404(
    drift: httpx.AsyncClient, method: str, path: str
) -> None:
    if (method, f"/v2{path}") in {row[:2] for row in CATALOGUE_ROWS}:
        return
    refused(await drift.request(method, f"/v2{concrete(path)}"), 404, "not_found")


@pytest.mark.parametrize(("method", "path"), [row[:2] for row in CATALOGUE_ROWS])
async def test_a_call_of_the_catalogue_without_its_prefix_or_under_v1_is_not_its_call(
    drift: httpx.AsyncClient, method: str, path: str
) -> None:
    refused(await drift.request(method, f"/v1{concrete(path)}"), 404, "not_found")
    documented = {row[:2] for row in DOCUMENTED_ROWS}
    if (method, path.removeprefix("/v2")) not in documented:
        response = await drift.request(method, concrete(path).removeprefix("/v2"))
        assert response.status_code in (404, 405)


def test_the_sandbox_serves_exactly_the_written_down_calls_of_the_catalogue() -> None:
    served = [e for e in endpoints() if e.path.startswith("/v2/")]
    assert {(e.method, e.path, e.scope or "-") for e in served} == set(CATALOGUE_ROWS)
    assert len(served) == len(CATALOGUE_ROWS) == 30


# --- anything at all ---

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    7,
    101,
    5001,
    7001,
    2**70,
    1.5,
    "",
    " ",
    "x",
    "7001",
    "a@b.example",
    "0960C5",
    "open",
]
ODD += [
    "chat",
    "note",
    "Ada <ada@visitor.example>",
    "<![x",
    "\u0000",
    "😀" * 50,
    [],
    [7],
    ["x"],
    [None],
    [101, 101],
    {},
]
ODD += [{"body": "x"}, {"email": "x"}, {"a": {}}, {"": 1}, {"tags": 1}, tiny.NOW, tiny.NOW + 1]
NAME_LINES = """
action_id archived assigned_user_id background_mode body client_created_at client_id closed color
conversation_id created_after created_at created_before created_by custom_attributes deleted description
direction duration email enabled ended_at event_type first_name id in_progress integration labels
last_activity_at last_message_sent_at last_name limit location member_count name next notes participant_ids
participants payload reply reply_subject resolved_at scope search since start_after start_at start_before
status subject tags title type updated_at updated_by updated_since use_precise_filters user users workflow_id
"""
NAMES = NAME_LINES.split()


@pytest.mark.parametrize(("method", "path"), [row[:2] for row in CATALOGUE_ROWS])
async def test_whatever_is_sent_to_the_catalogue_is_answered_or_refused_but_never_a_defect(
    app: Starlette, drift: httpx.AsyncClient, method: str, path: str
) -> None:
    dice = random.Random(f"{method} {path}")
    for _ in range(150):
        given = {name: dice.choice(ODD) for name in dice.sample(NAMES, dice.randint(0, 8))}
        for name in ("body", "email", "users", "conversation_id", "start_at", "duration"):
            sensible = {"body": "x", "email": "a@b.example", "users": [101], "conversation_id": 7001}
            if dice.random() < 0.4:
                given[name] = sensible.get(name, dice.choice([30, tiny.NOW]))
        if method in ("GET", "DELETE"):
            texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
            response = await drift.request(method, concrete(path), params=texts)
        else:
            response = await drift.request(method, concrete(path), json=given)
        if response.status_code != 200:
            assert response.status_code in (400, 404, 409)
            refused(response, response.status_code, "not_found" if response.status_code == 404 else "validation_error")
    everything = app.state.sandbox.world.tables
    assert json.loads(json.dumps(everything)) == everything
    for readable in ("/conversations/list", "/conversations/7001/transcript", "/users/meetings/org", "/v2/events"):
        times = {"min_start_time": 0, "max_start_time": 10**15}
        assert (await drift.get(readable, params=times)).status_code in (200, 404)
    metrics = {"metrics": ["timeToCloseMillis", "endUserId"]}
    assert (await drift.post("/reports/conversations", json=metrics)).status_code == 200

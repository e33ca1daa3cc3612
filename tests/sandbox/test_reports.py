"""Reports: filters, positional metrics, the summary."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .conftest import refused
from .tiny import ADA, AGENT, CLOSED, DAY, HOUR, NOW, OPEN, PENDING


async def report(drift: httpx.AsyncClient, metrics: list[str], *filters: dict[str, Any]) -> list[tuple[int, list[Any]]]:
    response = await drift.post("/reports/conversations", json={"filters": filters, "metrics": metrics})
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["count"] == len(body["data"])
    return [(row["conversationId"], row["metrics"]) for row in body["data"]]


def condition(name: str, operation: str, *values: Any) -> dict[str, Any]:
    return {"property": name, "operation": operation, **({"values": list(values)} if values else {})}


async def test_metrics_are_positional_and_missing_ones_the_word_nan(drift: httpx.AsyncClient) -> None:
    began = NOW - 10 * DAY
    metrics = ["timeToAgentResponseMillis", "relatedPlaybookId", "lastAgentId", "firstCloseAt", "createdAt"]
    assert await report(drift, metrics) == [
        (OPEN, [61_000, 66, AGENT, "NaN", began]),
        (CLOSED, ["NaN", "NaN", "NaN", NOW - DAY, began]),
        (PENDING, ["NaN", "NaN", "NaN", "NaN", began]),
    ]
    metrics = ["numAgentMessages", "numBotMessages", "numEndUserMessages", "endUserId", "timeToCloseMillis"]
    assert (await report(drift, metrics))[0] == (OPEN, [1, 1, 1, ADA, "NaN"])
    assert (await report(drift, ["timeToCloseMillis", "updatedAt"]))[1] == (CLOSED, [9 * DAY, NOW - HOUR])


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ([condition("lastAgentId", "HAS_PROPERTY")], [OPEN]),
        ([condition("status", "IN", "closed", "OPEN")], [OPEN, CLOSED]),
        ([condition("botStatus", "IN", "BOT_ONLY")], [PENDING]),
        ([condition("endUserId", "IN", ADA)], [OPEN]),
        ([condition("numEndUserMessages", "BETWEEN", 1, 120)], [OPEN, CLOSED]),
        ([condition("firstCloseAt", "BETWEEN", NOW - DAY, str(NOW))], [CLOSED]),
        ([condition("firstCloseAt", "BETWEEN", "2026-11-17", "2026-11-17")], [CLOSED]),
        ([condition("firstCloseAt", "BETWEEN", "2026-11-18", "2026-11-19")], []),
        ([condition("status", "IN", "open"), condition("firstCloseAt", "HAS_PROPERTY")], []),
    ],
)
async def test_filters_are_joined_by_and(
    drift: httpx.AsyncClient, filters: list[dict[str, Any]], ids: list[int]
) -> None:
    assert [number for number, _ in await report(drift, ["createdAt"], *filters)] == ids


@pytest.mark.parametrize(
    "body",
    [
        {"filters": []},
        {"metrics": []},
        {"metrics": ["status"]},
        {"metrics": ["nonsense"]},
        {"metrics": [["createdAt"]]},
        {"metrics": [{}]},
        {"metrics": ["createdAt"], "filters": {}},
        {"metrics": ["createdAt"], "filters": ["x"]},
        {"metrics": ["createdAt"], "filters": [{"operation": "HAS_PROPERTY"}]},
        {"metrics": ["createdAt"], "filters": [condition("nonsense", "HAS_PROPERTY")]},
        {"metrics": ["createdAt"], "filters": [condition("status", "LIKE", "x")]},
        {"metrics": ["createdAt"], "filters": [condition("status", "IN")]},
        {"metrics": ["createdAt"], "filters": [condition("status", "BETWEEN", "a", "b")]},
        {"metrics": ["createdAt"], "filters": [condition("createdAt", "BETWEEN", 1)]},
        {"metrics": ["createdAt"], "filters": [condition("createdAt", "BETWEEN", "2026-13-01", 1)]},
        {"metrics": ["createdAt"], "filters": [condition("createdAt", "BETWEEN", None, 1)]},
        {"metrics": ["createdAt"], "filters": [condition("endUserId", "IN", "2026-11-11")]},
    ],
)
async def test_a_report_that_makes_no_sense_is_400(drift: httpx.AsyncClient, body: dict[str, Any]) -> None:
    refused(await drift.post("/reports/conversations", json=body), 400, "validation_error")


async def test_the_summary_answers_one_value_per_metric(drift: httpx.AsyncClient) -> None:
    kinds = [("AVG", 40.333), ("SUM", 121), ("MIN", 0), ("MAX", 120), ("COUNT", 3)]
    metrics = [{"type": kind, "property": "numEndUserMessages"} for kind, _ in kinds]
    metrics.append({"type": "AVG", "property": "lastAgentId"})
    only_closed = [condition("status", "IN", "closed")]
    body = (await drift.post("/reports/conversation-summary", json={"metrics": metrics})).json()
    assert body["count"] == 3
    values = [pytest.approx(value, abs=0.001) for _, value in kinds]
    assert [row["value"] for row in body["data"]] == [*values, AGENT]
    filtered = {"metrics": metrics[-1:], "filters": only_closed}
    body = (await drift.post("/reports/conversation-summary", json=filtered)).json()
    assert body == {"count": 1, "data": [{"type": "AVG", "property": "lastAgentId", "value": "NaN"}]}


@pytest.mark.parametrize(
    "metrics", [[], ["AVG"], [{"type": "AVG"}], [{"type": "P99", "property": "createdAt"}], [{"type": 1}]]
)
async def test_a_summary_that_makes_no_sense_is_400(drift: httpx.AsyncClient, metrics: list[Any]) -> None:
    refused(await drift.post("/reports/conversation-summary", json={"metrics": metrics}), 400, "validation_error")

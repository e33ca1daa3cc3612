"""Tags: unique names, and what a change of a tag means for whatever carries it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .catalogue import call, tags_of
from .conftest import refused
from .tiny import CLOSED, OPEN


async def test_a_tag_lives_from_creation_to_deletion(drift: httpx.AsyncClient) -> None:
    given = {"name": "VIP", "color": "#ff8800", "description": "Handle with care", "enabled": False}
    tag = await call(drift, "POST", "/tags", json={**given, "background_mode": True})
    assert tag == {**given, "id": 2, "color": "FF8800"}
    assert await call(drift, "GET", "/tags/2") == tag
    assert await call(drift, "PATCH", "/tags/2", json={"enabled": True}) == {**tag, "enabled": True}
    assert await call(drift, "DELETE", "/tags/2") == {"result": "OK", "ok": True}
    for method in ("GET", "DELETE"):
        refused(await drift.request(method, "/v2/tags/2"), 404, "not_found")
    refused(await drift.patch("/v2/tags/2", json={"enabled": True}), 404, "not_found")
    assert (await call(drift, "POST", "/tags", json={"name": "VIP"}))["id"] == 3


async def test_a_name_alone_is_enough(drift: httpx.AsyncClient) -> None:
    tag = await call(drift, "POST", "/tags", json={"name": " plain "})
    assert tag == {"id": 2, "name": "plain", "color": "0960C5", "description": "", "enabled": True}


async def test_names_are_unique_whatever_their_case(drift: httpx.AsyncClient) -> None:
    refused(await drift.post("/v2/tags", json={"name": "PRICING"}), 409, "validation_error")
    await call(drift, "POST", "/tags", json={"name": "other"})
    refused(await drift.patch("/v2/tags/2", json={"name": "Pricing"}), 409, "validation_error")
    assert (await call(drift, "PATCH", "/tags/1", json={"name": "Pricing"}))["name"] == "Pricing"


async def test_a_new_name_and_colour_show_in_every_conversation_and_note_that_carries_the_tag(
    drift: httpx.AsyncClient,
) -> None:
    notes = f"/conversations/{OPEN}/timeline/notes"
    note = await call(drift, "POST", notes, json={"body": "x", "tags": ["pricing"]})
    await call(drift, "PATCH", "/tags/1", json={"name": "money", "color": "00ff00"})
    for number in (OPEN, CLOSED):
        shown = (await drift.get(f"/conversations/{number}")).json()["data"]["conversationTags"]
        assert shown == [{"color": "00FF00", "name": "money"}]
    assert (await call(drift, "GET", f"{notes}/{note['id']}"))["tags"] == ["money"]


async def test_a_deleted_tag_leaves_every_conversation(drift: httpx.AsyncClient) -> None:
    await call(drift, "PATCH", f"/conversations/{OPEN}", json={"tags": ["pricing", "other"]})
    await call(drift, "DELETE", "/tags/1")
    assert await tags_of(drift, OPEN) == ["other"]
    assert await tags_of(drift, CLOSED) == []


@pytest.mark.parametrize(
    "fields", [{"color": "red"}, {"color": 7}, {"enabled": "yes"}, {"description": []}, {"name": ""}]
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_tag_that_makes_no_sense_is_400(drift: httpx.AsyncClient, method: str, fields: dict[str, Any]) -> None:
    path = "/v2/tags" if method == "POST" else "/v2/tags/1"
    body = {"name": "new", **fields} if method == "POST" else fields
    refused(await drift.request(method, path, json=body), 400, "validation_error")


async def test_a_change_of_nothing_is_400(drift: httpx.AsyncClient) -> None:
    refused(await drift.patch("/v2/tags/1", json={"background_mode": True}), 400, "validation_error")

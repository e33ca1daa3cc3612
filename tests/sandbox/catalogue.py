"""Shorthands for the tests of the catalogue's calls."""

from __future__ import annotations

from typing import Any

import httpx

V2 = "/v2"


async def call(drift: httpx.AsyncClient, method: str, path: str, **more: Any) -> Any:
    """The `data` of an answer that has to be a success."""
    response = await drift.request(method, V2 + path, **more)
    assert response.status_code == 200, response.text
    body = response.json()
    return body.get("data", body)


async def ids(drift: httpx.AsyncClient, path: str, **params: Any) -> list[Any]:
    """The ids of a list's first page."""
    return [row["id"] for row in await call(drift, "GET", path, params=params or None)]


async def pages(drift: httpx.AsyncClient, path: str, **params: Any) -> list[list[Any]]:
    """Every page of a list."""
    found, token = [], ""
    while True:
        response = await drift.get(V2 + path, params={**params, "next": token})
        assert response.status_code == 200, response.text
        body = response.json()
        found.append(body["data"])
        if "pagination" not in body:
            assert set(body) == {"data"}
            return found
        assert set(body["pagination"]) == {"more", "next"}
        assert body["pagination"]["more"] is True
        token = body["pagination"]["next"]


async def say(drift: httpx.AsyncClient, conversation: int, text: str) -> Any:
    """The visitor writes; the sandbox's answer."""
    said = {"conversationId": conversation, "body": text}
    return (await drift.post("/_sandbox/visitor/messages", json=said)).json()


async def seen_by_visitor(drift: httpx.AsyncClient, conversation: int) -> list[str]:
    view = (await drift.get(f"/_sandbox/visitor/conversations/{conversation}")).json()
    return [message["body"] for message in view["messages"]]


async def seen_by_agents(drift: httpx.AsyncClient, conversation: int) -> list[dict[str, Any]]:
    """The documented list of messages."""
    rows: list[dict[str, Any]] = (await drift.get(f"/conversations/{conversation}/messages")).json()["data"]["messages"]
    return rows


async def tags_of(drift: httpx.AsyncClient, conversation: int) -> list[str]:
    """As the documented conversation shows them."""
    shown = (await drift.get(f"/conversations/{conversation}")).json()["data"]["conversationTags"]
    return [tag["name"] for tag in shown]

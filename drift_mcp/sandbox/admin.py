"""The sandbox's own API under /_sandbox (no bearer, JSON): tokens, the request log, the visitor's side,
reset.

Not part of Drift: what a person would do in Drift's web pages or in the chat widget, for tests and
demonstrations.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import chat, choices, driftbot, fields, grants, people
from .errors import invalid, not_found
from .http import Sandbox, parse_json
from .middleware import ADMIN
from .world import Row, World

# What a visitor sees of a message: nothing of the context or of who wrote it with which app.
SEEN = ("id", "author", "type", "body", "buttons", "attachments", "createdAt")


def routes(sandbox: Sandbox, log: deque[dict[str, Any]], reset: Callable[[], None]) -> list[Route]:
    """The admin routes of one sandbox."""

    async def create_token(request: Request) -> Response:
        """{"scopes": […]} -> {"token"}; without scopes the token may do everything."""
        body = await _body(request)
        scopes = fields.as_list(body.get("scopes", list(choices.ALL_SCOPES)), "scopes")
        unknown = [scope for scope in scopes if scope not in choices.ALL_SCOPES]
        if unknown:
            raise invalid(f"unknown scope {unknown[0]}; scopes are {', '.join(choices.ALL_SCOPES)}")
        token = sandbox.world.issue_token(scopes)
        sandbox.save()
        return JSONResponse({"token": token})

    async def revoke_token(request: Request) -> Response:
        """{"token"} -> {"ok"}: an access or refresh token stops working."""
        if not grants.revoke(sandbox.world, fields.required_text(await _body(request), "token")):
            raise not_found("token")
        sandbox.save()
        return JSONResponse({"ok": True})

    async def requests(_: Request) -> Response:
        """The last requests, oldest first: {"requests": [{"method", "path", "query", "status"}]}, with "fault" and
        "applied" where a fault was injected."""
        return JSONResponse({"requests": list(log)})

    async def limits(_: Request) -> Response:
        """The limits and how many calls of each token were accepted and refused."""
        return JSONResponse(sandbox.limits.view())

    async def visitor_message(request: Request) -> Response:
        """{"conversationId" | "email", "body"} -> {"conversationId", "message", "answer"?}: the visitor writes in
        the chat; `answer` is Driftbot's, where one of its flows waits."""
        body = await _body(request)
        text = fields.required_text(body, "body")
        conversation = _visitor_conversation(sandbox.world, body)
        message = chat.visitor_writes(sandbox.world, conversation, text)
        answer = driftbot.react(sandbox.world, conversation, message)
        sandbox.save()
        beside = {} if answer is None else {"answer": answer}
        return JSONResponse({"conversationId": conversation["id"], "message": message, **beside})

    async def visitor_view(request: Request) -> Response:
        """{"conversationId", "messages"}: what the visitor sees of a conversation, which is the chat only."""
        number = request.path_params["conversationId"]
        conversation = sandbox.world.get("conversations", number)
        if conversation is None:
            raise not_found(f"conversation {number}")
        rows = chat.messages_of(sandbox.world, conversation["id"])
        seen = [{name: row[name] for name in SEEN if name in row} for row in rows if row["type"] == "chat"]
        return JSONResponse({"conversationId": conversation["id"], "messages": seen})

    async def back_to_seed(_: Request) -> Response:
        reset()
        sandbox.save()
        return JSONResponse({"ok": True})

    return [
        Route(f"{ADMIN}/tokens", create_token, methods=["POST"]),
        Route(f"{ADMIN}/tokens/revoke", revoke_token, methods=["POST"]),
        Route(f"{ADMIN}/requests", requests, methods=["GET"]),
        Route(f"{ADMIN}/limits", limits, methods=["GET"]),
        Route(f"{ADMIN}/visitor/messages", visitor_message, methods=["POST"]),
        Route(f"{ADMIN}/visitor/conversations/{{conversationId}}", visitor_view, methods=["GET"]),
        Route(f"{ADMIN}/reset", back_to_seed, methods=["POST"]),
    ]


async def _body(request: Request) -> Row:
    return fields.as_object(parse_json(await request.body()), "the request body")


def _visitor_conversation(world: World, body: Row) -> Row:
    """The conversation named, or the visitor's latest open one, or a new one."""
    number = fields.integer(body, "conversationId")
    if number is not None:
        conversation = world.get("conversations", number)
        if conversation is None:
            raise not_found(f"conversation {number}")
        return conversation
    email = fields.email(body)
    is_new = not people.with_email(world, email)
    contact = people.find_or_create(world, email)
    if is_new:
        world.announce("contact_identified", people.view(contact))
    still_open = [
        row for row in world.rows("conversations") if row["contactId"] == contact["id"] and row["status"] != "closed"
    ]
    if still_open:
        return max(still_open, key=lambda row: (row["updatedAt"], row["id"]))
    return chat.visitor_starts(world, contact)

"""Tags of conversations: create, read, change, delete."""

from __future__ import annotations

import re

from starlette.responses import Response

from ... import fields, tags
from ...errors import invalid, not_found
from ...http import Call, data, done, get, write
from ...world import Row

READ, WRITE = "conversation_read", "conversation_write"
COLOR = re.compile(r"#?[0-9A-Fa-f]{6}")
FIELDS = ("id", "name", "color", "description", "enabled")


def view(tag: Row) -> Row:
    return {name: tag[name] for name in FIELDS if tag.get(name) is not None}


def _tag(call: Call) -> Row:
    tag = call.world.get("tags", call.id("tagId"))
    if tag is None:
        raise not_found(f"tag {call.id('tagId')}")
    return tag


def _given(body: Row) -> Row:
    color = fields.text(body, "color")
    if color is not None and not COLOR.fullmatch(color):
        raise invalid("color must be six hex digits")
    name = fields.non_empty_text(body, "name")
    fields.boolean(body, "background_mode")
    return {
        "name": None if name is None else name.strip(),
        "color": None if color is None else color.removeprefix("#").upper(),
        "description": fields.text(body, "description"),
        "enabled": fields.boolean(body, "enabled"),
    }


def create_tag(call: Call) -> Response:
    """{"name" (unique), "color", "description", "enabled", "background_mode"}"""
    body = call.object
    fields.required_text(body, "name")
    given = {name: value for name, value in _given(body).items() if value is not None}
    return data(view(tags.create(call.world, **given)))


def get_tag(call: Call) -> Response:
    return data(view(_tag(call)))


def update_tag(call: Call) -> Response:
    """A new name or colour shows in every conversation that carries the tag."""
    tag = _tag(call)
    tags.change(call.world, tag, fields.something(_given(call.object)))
    return data(view(tag))


def delete_tag(call: Call) -> Response:
    tags.remove(call.world, _tag(call))
    return done()


routes = [
    write("POST", "/tags", create_tag, WRITE),
    get("/tags/{tagId}", get_tag, READ),
    write("PATCH", "/tags/{tagId}", update_tag, WRITE),
    write("DELETE", "/tags/{tagId}", delete_tag, WRITE),
]

"""The rules of tags: unique names, and what a change of a tag means for the conversations and notes that carry it.

A tag is {"id", "name", "color" (six hex digits), "description", "enabled"}; a conversation shows it as
{"color", "name"} in conversationTags (devdocs: conversation-model).
"""

from __future__ import annotations

from . import choices
from .errors import duplicate
from .world import Row, World


def named(world: World, name: str) -> Row | None:
    wanted = name.casefold()
    return next((tag for tag in world.rows("tags") if tag["name"].casefold() == wanted), None)


def create(world: World, name: str, color: str | None = None, description: str = "", *, enabled: bool = True) -> Row:
    check_free(world, name, None)
    color = color or choices.DEFAULT_TAG_COLOR
    row = {"name": name, "color": color, "description": description, "enabled": enabled}
    return world.add("tags", {"id": world.next_id("tags"), **row})


def check_free(world: World, name: str, own_id: int | None) -> None:
    taken = named(world, name)
    if taken is not None and taken["id"] != own_id:
        raise duplicate(f"A tag with name {name} already exists")


def ensure(world: World, names: list[str]) -> list[Row]:
    """The tags of these names; a name nobody has used becomes a tag."""
    return [named(world, name) or create(world, name) for name in names]


def put_on(world: World, conversation: Row, names: list[str]) -> None:
    """The conversation carries these tags and no others."""
    conversation["conversationTags"] = [{"color": tag["color"], "name": tag["name"]} for tag in ensure(world, names)]


def change(world: World, tag: Row, changes: Row) -> None:
    """Whatever carries the tag shows its new name and colour."""
    old = tag["name"]
    if "name" in changes:
        check_free(world, changes["name"], tag["id"])
    tag.update(changes)
    for conversation in _conversations(world):
        conversation["conversationTags"] = [
            {"color": tag["color"], "name": tag["name"]} if each["name"] == old else each
            for each in conversation["conversationTags"]
        ]
    for note in world.rows("notes"):
        note["tags"] = [tag["name"] if name == old else name for name in note["tags"]]


def remove(world: World, tag: Row) -> None:
    """The tag leaves everything that carries it."""
    world.remove("tags", tag["id"])
    for conversation in _conversations(world):
        conversation["conversationTags"] = [
            each for each in conversation["conversationTags"] if each["name"] != tag["name"]
        ]
    for note in world.rows("notes"):
        note["tags"] = [name for name in note["tags"] if name != tag["name"]]


def _conversations(world: World) -> list[Row]:
    return [*world.rows("conversations"), *world.rows("deleted_conversations")]

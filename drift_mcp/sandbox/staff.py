"""The rules of users (Drift's agents and bots): who has a seat, who is the bot, what of a row is shown.

A user is shown by /users only while it has a seat: `active` is not false. SCIM shows those without a seat as
well.
"""

from __future__ import annotations

from .world import Row, World

# devdocs: user-model
FIELDS = (
    "id",
    "orgId",
    "name",
    "alias",
    "email",
    "phone",
    "locale",
    "availability",
    "role",
    "timeZone",
    "avatarUrl",
    "verified",
    "bot",
    "createdAt",
    "updatedAt",
)


def view(user: Row) -> Row:
    """The user as /users shows it: unset fields are absent."""
    return {name: user[name] for name in FIELDS if user.get(name) is not None}


def seated(world: World) -> list[Row]:
    return [row for row in world.rows("users") if row.get("active", True)]


def find(world: World, user_id: int) -> Row | None:
    row = world.get("users", user_id)
    return row if row is not None and row.get("active", True) else None


def bot(world: World) -> Row:
    """The org's bot user, default author of messages sent by the API (devdocs: creating-a-message)."""
    return next(row for row in world.rows("users") if row.get("bot"))


def routed(world: World) -> Row:
    """Who a new conversation goes to: an available agent, else the first human, else the bot."""
    humans = [row for row in seated(world) if not row.get("bot")]
    available = [row for row in humans if row.get("availability") == "AVAILABLE"]
    return (available or humans or [bot(world)])[0]


def rename(user: Row, name: str) -> None:
    """A new name; the parts that SCIM gave of the old one no longer hold."""
    user["name"] = name
    for part in ("givenName", "familyName"):
        user.pop(part, None)


def remove(world: World, user: Row) -> None:
    """Deprovision: the user is gone, and from the teams; what they wrote stays."""
    world.remove("users", user["id"])
    for team in world.rows("teams"):
        if user["id"] in team.get("members", []):
            team["members"] = [member for member in team["members"] if member != user["id"]]
            team["updatedAt"] = world.now()


def author(user: Row) -> Row:
    """The user as the author of a message (devdocs: message-model)."""
    return {"type": "user", "id": user["id"], "bot": bool(user.get("bot", False))}

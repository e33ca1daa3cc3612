"""Users, teams and booked meetings (devdocs: user-model, retrieving-user, listing-users, updating-users,
team-model, listing-teams-org, listing-teams-by-user, meeting-model, get-booked-meetings)."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from .. import choices, fields, staff
from ..errors import invalid, not_found
from ..http import Call, data, get, write
from ..world import Row, World

READ, WRITE = "user_read", "user_write"
MOST_IDS = 20
PHONE = re.compile(r"[0-9]{3}-[0-9]{3}-[0-9]{4}")
MEETING_FIELDS = (
    "agentId",
    "orgId",
    "status",
    "meetingSource",
    "schedulerId",
    "eventId",
    "slug",
    "slotStart",
    "slotEnd",
    "updatedAt",
    "scheduledAt",
    "meetingType",
    "conversationId",
    "endUserTimeZone",
    "meetingNotes",
    "bookedBy",
    "conferenceType",
    "isRecurring",
    "isPrivate",
)


def list_users(call: Call) -> Response:
    """All users, bots too, in one answer."""
    return data([staff.view(user) for user in staff.seated(call.world)])


def get_user(call: Call) -> Response:
    return data(staff.view(_user(call, call.id("userId"))))


def get_users(call: Call) -> Response:
    """?userId=1&userId=2, up to 20: a map keyed by id, unknown ids left out."""
    ids = list(dict.fromkeys(call.query.getlist("userId")))
    if not ids:
        raise invalid("userId is required")
    if len(ids) > MOST_IDS:
        raise invalid(f"at most {MOST_IDS} userIds at a time")
    found = [staff.find(call.world, fields.number_text(given, "userId")) for given in ids]
    return data({str(user["id"]): staff.view(user) for user in found if user is not None})


def _user(call: Call, user_id: int) -> Row:
    user = staff.find(call.world, user_id)
    if user is None:
        raise not_found(f"user {user_id}")
    return user


def update_user(call: Call) -> Response:
    """?userId=; any of name, alias, email, phone, locale, avatarUrl, availability. Roles cannot be changed
    here."""
    given = call.query.get("userId")
    if not given:
        raise invalid("userId is required")
    user = _user(call, fields.number_text(given, "userId"))
    body = call.object
    if "role" in body:
        raise invalid("role cannot be changed")
    changes: dict[str, Any] = {
        "name": fields.text(body, "name"),
        "alias": fields.text(body, "alias"),
        "email": fields.email(body) if body.get("email") is not None else None,
        "phone": fields.text(body, "phone"),
        "locale": fields.text(body, "locale"),
        "avatarUrl": fields.text(body, "avatarUrl"),
        "availability": fields.one_of(body, "availability", ("AVAILABLE", "OFFLINE")),
    }
    if changes["phone"] is not None and not PHONE.fullmatch(changes["phone"]):
        raise invalid("phone must look like XXX-XXX-XXXX")
    before = user.get("availability")
    now = call.world.now()
    if changes["name"] is not None:
        staff.rename(user, changes["name"])
    user.update({name: value for name, value in changes.items() if value is not None}, updatedAt=now)
    if user.get("availability") != before:
        event = {"userId": user["id"], "updatedAt": now, "availability": user["availability"]}
        call.world.announce("user_availability_updated", event)
    return data(staff.view(user))


def list_teams(call: Call) -> Response:
    return data([team_view(call.world, team) for team in call.world.rows("teams")])


def team_view(world: World, team: Row) -> Row:
    """Without the members who lost their seat."""
    members = [member for member in team.get("members", []) if staff.find(world, member) is not None]
    return {**team, "members": members}


def list_user_teams(call: Call) -> Response:
    user = _user(call, call.id("userId"))
    rows = [team for team in call.world.rows("teams") if user["id"] in team.get("members", [])]
    return data([team_view(call.world, team) for team in rows])


def list_booked_meetings(call: Call) -> Response:
    """Slots that start within [min_start_time, max_start_time] (epoch ms, both required), not over 30 days
    back."""
    least, most = (_required_time(call, name) for name in ("min_start_time", "max_start_time"))
    if least > most:
        raise invalid("min_start_time must not be after max_start_time")
    limit = fields.query_number(call.query, "limit", choices.MEETINGS_DEFAULT, least=0, most=choices.MEETINGS_MAX)
    floor = call.world.now() - choices.MEETINGS_FLOOR_MS
    rows = [row for row in call.world.rows("meetings") if max(least, floor) <= row["slotStart"] <= most]
    rows.sort(key=lambda row: (row["slotStart"], str(row["id"])))
    return data([meeting_view(row) for row in rows[:limit]])


def meeting_view(meeting: Row) -> Row:
    return {name: meeting[name] for name in MEETING_FIELDS if meeting.get(name) is not None}


def _required_time(call: Call, name: str) -> int:
    given = call.query.get(name)
    if not given:
        raise invalid(f"{name} is required")
    return fields.number_text(given, name)


routes = [
    get("/users", get_users, READ),
    get("/users/list", list_users, READ),
    write("PATCH", "/users/update", update_user, WRITE),
    get("/users/meetings/org", list_booked_meetings, READ),
    get("/users/{userId}", get_user, READ),
    get("/teams/org", list_teams, READ),
    get("/teams/users/{userId}", list_user_teams, READ),
]

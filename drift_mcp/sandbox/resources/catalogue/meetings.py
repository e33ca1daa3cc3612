"""Meetings: search, read, make, move, cancel, invite."""

from __future__ import annotations

from starlette.responses import Response

from ... import choices, fields, meetings, staff
from ...errors import invalid
from ...http import Call, data, done, get, write
from ...world import Row, World
from . import listing, meeting_filters
from .meeting_filters import view

READ, WRITE = "user_read", "user_write"


def list_meetings(call: Call) -> Response:
    """Those for which every filter holds, by start; canceled ones only where they are asked for by id."""
    rows = meeting_filters.apply(call, call.world.rows("meetings"))
    return listing.page(call, "v2-meetings", rows, _by_start, lambda row: view(call.world, row))


def _by_start(meeting: Row) -> list[int]:
    return [meeting["slotStart"], meeting["id"]]


def get_meeting(call: Call) -> Response:
    return data(view(call.world, meetings.find(call.world, call.id("meetingId"))))


def _minutes(body: Row) -> int | None:
    value = fields.integer(body, "duration")
    if value is not None and not 1 <= value <= choices.MOST_MINUTES:
        raise invalid(f"duration must be 1 to {choices.MOST_MINUTES} minutes")
    return value


def _user(world: World, body: Row, name: str) -> Row | None:
    number = fields.integer(body, name)
    user = None if number is None else staff.find(world, number)
    if number is not None and user is None:
        raise invalid(f"{name} {number} is no user of this organisation")
    return user


def _conversation(world: World, body: Row) -> Row | None:
    number = fields.integer(body, "conversation_id")
    conversation = None if number is None else world.get("conversations", number)
    if number is not None and conversation is None:
        raise invalid(f"conversation_id {number} is no conversation")
    return conversation


def create_meeting(call: Call) -> Response:
    """{"conversation_id", "start_at" (epoch ms), "duration" (minutes), "created_by", "updated_by"}; the host is
    created_by, else the bot."""
    body, world = call.object, call.world
    conversation, start, minutes = _conversation(world, body), fields.moment(body, "start_at"), _minutes(body)
    if conversation is None or start is None or minutes is None:
        raise invalid("conversation_id, start_at and duration are required")
    host = _user(world, body, "created_by") or staff.bot(world)
    changer = _user(world, body, "updated_by") or host
    made = meetings.create(world, conversation, host, start=start, length=minutes, updated_by=changer["id"])
    return data(view(world, made))


def update_meeting(call: Call) -> Response:
    """Any of start_at, duration, ended_at, location, notes, participant_ids, subject, conversation_id, updated_by."""
    world = call.world
    meeting = meetings.live(world, call.id("meetingId"))
    body = call.object
    conversation, changer = _conversation(world, body), _user(world, body, "updated_by")
    given = fields.something(
        {
            "start_at": fields.moment(body, "start_at"),
            "duration": _minutes(body),
            "ended_at": fields.moment(body, "ended_at"),
            "location": fields.text(body, "location"),
            "notes": fields.text(body, "notes"),
            "participant_ids": fields.integers(body, "participant_ids"),
            "subject": fields.text(body, "subject"),
            "conversation_id": conversation and conversation["id"],
            "updated_by": changer and changer["id"],
        }
    )
    start: int = given.get("start_at") or meeting["slotStart"]
    length: int = given["duration"] * meetings.MINUTE if "duration" in given else _length(meeting)
    moved = (start, start + length) != (meeting["slotStart"], meeting["slotEnd"])
    if moved:
        meetings.check_free(world, meeting["agentId"], start, start + length, meeting["id"])
    if "ended_at" in given and given["ended_at"] < start:
        raise invalid("ended_at must not be before the start")
    if "participant_ids" in given:
        meetings.set_participants(world, meeting, given["participant_ids"])
    meeting.update(slotStart=start, slotEnd=start + length)
    stored = {
        "ended_at": "endedAt",
        "location": "location",
        "notes": "meetingNotes",
        "subject": "subject",
        "conversation_id": "conversationId",
        "updated_by": "updatedBy",
    }
    meeting.update({stored[name]: value for name, value in given.items() if name in stored})
    meetings.touch(world, meeting, "rescheduled" if moved else None)
    return data(view(world, meeting))


def _length(meeting: Row) -> int:
    return int(meeting["slotEnd"] - meeting["slotStart"])


def delete_meeting(call: Call) -> Response:
    """Canceled: the slot is free again, the meeting can still be read."""
    meetings.cancel(call.world, meetings.find(call.world, call.id("meetingId")))
    return done()


def add_participant(call: Call) -> Response:
    """{"email", "first_name", "last_name"} -> the meeting with its participants."""
    meeting = meetings.live(call.world, call.id("meetingId"))
    body = call.object
    email = fields.email(body)
    given = {
        "firstName": fields.non_empty_text(body, "first_name"),
        "lastName": fields.non_empty_text(body, "last_name"),
    }
    names = {name: value for name, value in given.items() if value is not None}
    meetings.add_participant(call.world, meeting, email, names)
    meetings.touch(call.world, meeting, None)
    return data(view(call.world, meeting))


routes = [
    get("/meetings", list_meetings, READ),
    write("POST", "/meetings", create_meeting, WRITE),
    get("/meetings/{meetingId}", get_meeting, READ),
    write("PATCH", "/meetings/{meetingId}", update_meeting, WRITE),
    write("DELETE", "/meetings/{meetingId}", delete_meeting, WRITE),
    write("POST", "/meetings/{meetingId}/participants", add_participant, WRITE),
]

"""Which meetings a search finds, and how a meeting is shown with what only the catalogue knows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import meetings, query
from ...http import Call
from ...world import Row, World
from ..users import meeting_view
from . import listing

EXTRA = ("subject", "location", "endedAt", "updatedBy")
# Parameter -> the meeting's own field, compared as it is.
NUMBERS = {"created_by": "bookedBy", "updated_by": "updatedBy", "start_at": "slotStart"}
# Parameter -> the meeting's own field, compared as a part, or as a whole with use_precise_filters.
TEXTS = {"subject": "subject", "location": "location", "notes": "meetingNotes", "event_type": "meetingType"}
# Parameter -> the meeting's own field, from that moment on.
SINCE = {"created_after": "scheduledAt", "start_after": "slotStart", "updated_since": "updatedAt"}
BEFORE = {"created_before": "scheduledAt", "start_before": "slotStart"}

Test = Callable[[Row], bool]


def view(world: World, meeting: Row) -> Row:
    taking_part = meetings.participants(world, meeting)
    return {
        "id": meeting["id"],
        **meeting_view(meeting),
        **{name: meeting[name] for name in EXTRA if meeting.get(name) is not None},
        "duration": meetings.minutes(meeting),
        "participants": taking_part,
        "participantIds": [entry["id"] for entry in taking_part],
    }


def apply(call: Call, rows: list[Row]) -> list[Row]:
    ids = set(query.numbers(call.query, "id"))
    tests: list[Test] = [lambda row: row["id"] in ids] if ids else [lambda row: row["status"] != "CANCELED"]
    tests += [*_plain(call), *_moments(call), *_people(call)]
    for test in tests:
        rows = [row for row in rows if test(row)]
    return rows


def _plain(call: Call) -> list[Test]:
    tests: list[Test] = []
    for name, field in NUMBERS.items():
        number = query.number(call.query, name)
        if number is not None:
            tests.append(_equal(field, number))
    whole = query.boolean(call.query, "use_precise_filters") or False
    for name, field in TEXTS.items():
        words = query.text(call.query, name)
        if words is not None:
            tests.append(_text(field, words, whole=whole))
    minutes = query.number(call.query, "duration")
    if minutes is not None:
        tests.append(lambda row: meetings.minutes(row) == minutes)
    direction = query.one_of(call.query, "direction", ("inbound", "outbound"))
    if direction is not None:
        tests.append(lambda row: (row.get("meetingSource") == "WIDGET") == (direction == "inbound"))
    return tests


def _equal(field: str, wanted: Any) -> Test:
    return lambda row: row.get(field) == wanted


def _text(field: str, wanted: str, *, whole: bool) -> Test:
    if whole:
        return lambda row: str(row.get(field) or "").strip().casefold() == wanted.casefold()
    return lambda row: listing.part_of(wanted, row.get(field))


def _moments(call: Call) -> list[Test]:
    tests: list[Test] = []
    for name, field in SINCE.items():
        since = query.moment(call.query, name)
        if since is not None:
            tests.append(_from(field, since))
    for name, field in BEFORE.items():
        end = query.moment(call.query, name)
        if end is not None:
            tests.append(_until(field, end))
    ended = query.moment(call.query, "ended_at")
    if ended is not None:
        tests.append(lambda row: _end(row) == ended)
    running = query.boolean(call.query, "in_progress")
    if running is not None:
        now = call.world.now()
        tests.append(lambda row: (row["slotStart"] <= now < _end(row)) == running)
    return tests


def _from(field: str, since: int) -> Test:
    return lambda row: bool(row[field] >= since)


def _until(field: str, end: int) -> Test:
    return lambda row: bool(row[field] < end)


def _end(meeting: Row) -> int:
    return int(meeting.get("endedAt") or meeting["slotEnd"])


def _people(call: Call) -> list[Test]:
    ids, emails = set(query.numbers(call.query, "participant_ids")), query.texts(call.query, "participants")

    def test(row: Row) -> bool:
        taking_part = meetings.participants(call.world, row)
        addresses = [str(entry.get("email", "")) for entry in taking_part]
        return ids <= {entry["id"] for entry in taking_part} and listing.all_of(emails, addresses)

    return [test] if ids or emails else []

"""The rules of meetings: whose slot is taken, who takes part, what is announced.

A meeting is Drift's (devdocs: meeting-model, times epoch ms) with what only catalogues name beside it: `subject`,
`location`, `participants`, `endedAt`, `updatedBy`. It is one table for the booked ones and the made ones.
"""

from __future__ import annotations

from . import choices, people
from .errors import DriftError, invalid, not_found
from .world import Row, World

MINUTE = 60_000
ANNOUNCED = (
    "agentId",
    "orgId",
    "schedulerId",
    "eventId",
    "slug",
    "slotStart",
    "slotEnd",
    "scheduledAt",
    "conversationId",
)


def find(world: World, meeting_id: int) -> Row:
    meeting = world.get("meetings", meeting_id)
    if meeting is None:
        raise not_found(f"meeting {meeting_id}")
    return meeting


def live(world: World, meeting_id: int) -> Row:
    """A meeting that can still be changed."""
    meeting = find(world, meeting_id)
    if meeting["status"] == "CANCELED":
        raise invalid(f"meeting {meeting_id} is canceled")
    return meeting


def check_free(world: World, host: int, start: int, end: int, own_id: int | None) -> None:
    """The host's active meetings must not overlap."""
    for other in world.rows("meetings"):
        same = other["agentId"] == host and other["status"] == "ACTIVE" and other["id"] != own_id
        if same and start < other["slotEnd"] and other["slotStart"] < end:
            raise DriftError(
                choices.DUPLICATE_STATUS,
                choices.DUPLICATE_TYPE,
                f"The host {host} has meeting {other['id']} in this slot already",
            )


def create(world: World, conversation: Row, host: Row, *, start: int, length: int, updated_by: int) -> Row:
    """`start` in epoch ms, `length` in minutes."""
    end = start + length * MINUTE
    check_free(world, host["id"], start, end, None)
    number, now = world.next_id("meetings"), world.now()
    contact = conversation["contactId"]
    row = {
        "id": number,
        "agentId": host["id"],
        "orgId": world.org["id"],
        "status": "ACTIVE",
        "meetingSource": choices.MEETING_SOURCE,
        **({} if contact is None else {"schedulerId": contact}),
        "eventId": f"sandbox-event-{number}",
        "slug": f"user-{host['id']}-{length}",
        "slotStart": start,
        "slotEnd": end,
        "updatedAt": now,
        "scheduledAt": now,
        "meetingType": choices.MEETING_TYPE,
        "conversationId": conversation["id"],
        "bookedBy": host["id"],
        "isRecurring": False,
        "isPrivate": False,
        "updatedBy": updated_by,
    }
    world.add("meetings", row)
    world.announce("new_meeting", announced(row))
    return row


def cancel(world: World, meeting: Row) -> None:
    if meeting["status"] != "CANCELED":
        meeting["status"] = "CANCELED"
        touch(world, meeting, "canceled")


def touch(world: World, meeting: Row, event_type: str | None) -> None:
    """Note the change, and announce it where it is one of those that Drift tells of: rescheduled or canceled."""
    meeting["updatedAt"] = world.now()
    if event_type is not None:
        world.announce("meeting_updated", {**announced(meeting), "eventType": event_type})


def announced(meeting: Row) -> Row:
    return {name: meeting[name] for name in ANNOUNCED if name in meeting}


def minutes(meeting: Row) -> int:
    return int(meeting["slotEnd"] - meeting["slotStart"]) // MINUTE


# --- who takes part ---


def participants(world: World, meeting: Row) -> list[Row]:
    """[{"id", "email", "firstName", "lastName"}] as far as known; only contacts that are in view."""
    stored = meeting.get("participants")
    if stored is None:
        contact = world.get("contacts", meeting.get("schedulerId", ""))
        stored = [] if contact is None else [participant(contact)]
    return [entry for entry in stored if people.find(world, entry["id"]) is not None]


def participant(contact: Row) -> Row:
    attributes = contact["attributes"]
    first, _, last = str(attributes.get("name") or "").partition(" ")
    known = {
        "email": attributes.get("email"),
        "firstName": attributes.get("first_name") or first,
        "lastName": attributes.get("last_name") or last,
    }
    return {"id": contact["id"], **{name: value for name, value in known.items() if value}}


def set_participants(world: World, meeting: Row, contact_ids: list[int]) -> None:
    """Exactly these contacts; what a meeting already knows of one of them stays."""
    before = {entry["id"]: entry for entry in participants(world, meeting)}
    rows = []
    for number in contact_ids:
        contact = people.find(world, number)
        if contact is None:
            raise invalid(f"participant_ids: {number} is no contact")
        rows.append(before.get(number) or participant(contact))
    meeting["participants"] = rows


def add_participant(world: World, meeting: Row, email: str, names: Row) -> None:
    """The contact of this address, a new one where there is none; the same one twice is one participant."""
    known = people.with_email(world, email)
    if known:
        contact = known[0]
    else:
        given = {"first_name": names.get("firstName"), "last_name": names.get("lastName")}
        full = " ".join(name for name in given.values() if name)
        contact = people.create(world, {"email": email, **given, "name": full or None})
    others = [entry for entry in participants(world, meeting) if entry["id"] != contact["id"]]
    meeting["participants"] = [*others, {**participant(contact), **names}]

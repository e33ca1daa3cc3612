"""The writes of a fault run: each with a mark of its own, by which the sandbox's tables tell how often it was applied.

Every write operation of the catalogue has an entry but one: uninstalling the app, after which nothing can be called.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from benchmarks.faults.targets import LONG_AGO, Targets
from drift_mcp.sandbox.world import Row, World

Count = Callable[[World], int]
Given = tuple[dict[str, Any], Count]
LEFT_OUT = frozenset({"uninstall_app"})


@dataclass(frozen=True)
class Write:
    """One tool call. `applied` counts what it left in Drift's tables: 1 if it was applied once."""

    operation: str
    mark: str
    arguments: dict[str, Any]
    applied: Count
    key: str
    """The idempotency key, or ""."""
    twice: bool
    """Whether two callers make the call with its key at the same time."""
    words: str = ""
    """Whether two processes make a write of these words: "together", "after" one another, or ""."""


def writes(targets: Targets, number: int, seed: int) -> list[list[Write]]:
    """`number` writes, the operations in turn, half of them with a key, and of these one in five called twice.

    Those of the same words by two processes are in a list together, which half of such operations' are.
    """
    random = Random(seed)
    names = list(KINDS)
    order = [names[place % len(names)] for place in range(number)]
    random.shuffle(order)
    groups: list[list[Write]] = []
    last: dict[str, list[Write]] = {}
    for place, operation in enumerate(order):
        keyed = random.random() < 0.5
        key = f"fault-run-{seed}-{place:05}" if keyed else ""
        twice = keyed and random.random() < 0.2
        words = random.choice(["", "", "together", "after"]) if operation in ALIKE else ""
        if operation in last:
            first = last.pop(operation)
            first.append(replace(first[0], key=key, twice=twice))
            continue
        arguments, applied = KINDS[operation](targets, f"w{place:05}")
        groups.append([Write(operation, f"w{place:05}", arguments, applied, key, twice, words)])
        if words:
            last[operation] = groups[-1]
    return groups


# ---- how to count --------------------------------------------------------------------------------------------------


def _rows(table: str, fits: Callable[[Row], bool]) -> Count:
    """How many rows of a table fit."""
    return lambda world: sum(map(fits, world.rows(table)))


def _row(table: str, key: Any, fits: Callable[[Row], Any]) -> Count:
    """1 if the row is there and fits."""
    return lambda world: int((row := world.get(table, key)) is not None and bool(fits(row)))


def _gone(table: str, key: Any) -> Count:
    return lambda world: int(world.get(table, key) is None)


def _said(mark: str, table: str = "messages") -> Count:
    return _rows(table, lambda row: mark in row["body"])


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _names(contact: Row) -> list[str]:
    return [tag["name"] for tag in contact["attributes"].get("tags", [])]


# ---- conversations -------------------------------------------------------------------------------------------------


def _send_message(targets: Targets, mark: str) -> Given:
    chat = targets.shared_chat(mark)["id"]
    return {"conversation_id": chat, "body": f"Yes, that is possible.\nRef. {mark}"}, _said(mark)


def _update_message(targets: Targets, mark: str) -> Given:
    message = targets.message(mark)
    arguments = {"conversation_id": message["conversationId"], "message_id": message["id"], "body": f"Good day {mark}"}
    return arguments, _said(mark)


def _create_note(targets: Targets, mark: str) -> Given:
    return {"conversation_id": targets.shared_chat(mark)["id"], "body": f"Has called, see {mark}"}, _said(mark)


def _update_note(targets: Targets, mark: str) -> Given:
    note = targets.note(mark)
    return {"conversation_id": note["conversationId"], "note_id": note["id"], "body": f"Called: {mark}"}, _said(mark)


def _create_conversation(targets: Targets, mark: str) -> Given:
    email = targets.contact(mark)["attributes"]["email"]
    return {"email": email, "body": f"Hello, about {mark}"}, _said(mark)


def _create_group(targets: Targets, mark: str) -> Given:
    arguments = {"users": [targets.owner["id"]], "labels": [mark]}
    return arguments, _rows("conversations", lambda row: row.get("labels") == [mark])


def _create_from_scratch(targets: Targets, mark: str) -> Given:
    email = targets.contact(mark)["attributes"]["email"]
    title = f"Renewal {mark}"
    return {"email": email, "title": title}, _rows("conversations", lambda row: row.get("title") == title)


def _update_conversation(targets: Targets, mark: str) -> Given:
    chat = targets.chat(mark)["id"]
    return {"conversation_id": chat, "labels": [mark]}, _row("conversations", chat, lambda r: r.get("labels") == [mark])


def _delete_conversation(targets: Targets, mark: str) -> Given:
    chat = targets.chat(mark)["id"]
    return {"conversation_id": chat}, _gone("conversations", chat)


def _trigger_driftbot(targets: Targets, mark: str) -> Given:
    chat = targets.chat(mark)["id"]
    return {"conversation_id": chat, "payload": {"body": f"How big is your team? {mark}"}}, _said(mark)


def _update_driftbot(targets: Targets, mark: str) -> Given:
    return {"conversation_id": targets.flow(mark)["id"], "body": f"How many are you? {mark}"}, _said(mark)


# ---- contacts ------------------------------------------------------------------------------------------------------


def _by_email(email: str) -> Count:
    return _rows("contacts", lambda row: row["attributes"].get("email") == email)


def _create_contact(_: Targets, mark: str) -> Given:
    email = f"{mark}@lead.example"
    return {"email": email, "name": f"Lea {mark}"}, _by_email(email)


def _create_contact_from_email(_: Targets, mark: str) -> Given:
    return {"email": f"Jo {mark} <{mark}@raw.example>"}, _by_email(f"{mark}@raw.example")


def _renamed(contact: Row, name: str) -> Count:
    return _row("contacts", contact["id"], lambda row: row["attributes"].get("name") == name)


def _update_contact(targets: Targets, mark: str) -> Given:
    contact, name = targets.contact(mark), f"Nora {mark}"
    return {"contact_id": contact["id"], "name": name}, _renamed(contact, name)


def _update_by_external_id(targets: Targets, mark: str) -> Given:
    contact, name = targets.contact(mark, externalId=f"crm-{mark}"), f"Nora {mark}"
    return {"external_id": f"crm-{mark}", "name": name}, _renamed(contact, name)


def _delete_contact(targets: Targets, mark: str) -> Given:
    contact = targets.contact(mark)["id"]
    return {"contact_id": contact}, _row("contacts", contact, lambda row: row.get("deleted"))


def _add_tags(targets: Targets, mark: str) -> Given:
    contact = targets.contact(mark)["id"]
    count: Count = lambda world: _names(world.tables["contacts"][str(contact)]).count(mark)  # noqa: E731
    return {"contact_id": contact, "tags": [mark]}, count


def _tagged(targets: Targets, mark: str) -> tuple[int, Count]:
    contact = targets.contact(mark, tags=[{"name": mark, "color": "0960C5"}])["id"]
    return contact, _row("contacts", contact, lambda row: not _names(row))


def _remove_tag(targets: Targets, mark: str) -> Given:
    contact, applied = _tagged(targets, mark)
    return {"contact_id": contact, "tag_name": mark}, applied


def _remove_tags(targets: Targets, mark: str) -> Given:
    contact, applied = _tagged(targets, mark)
    return {"contact_id": contact, "tags": [mark]}, applied


def _timeline_event(targets: Targets, mark: str) -> Given:
    event = f"Signed {mark}"
    contact = targets.contact(mark)["id"]
    targets.event(contact, "Was here")
    given = {"contact_id": contact, "event": event} | ({"created_at": LONG_AGO} if int(mark[1:]) % 2 else {})
    return given, _rows("timeline_events", lambda row: row["event"] == event)


def _unsubscribe(targets: Targets, mark: str) -> Given:
    email = targets.contact(mark)["attributes"]["email"]
    return {"emails": [email]}, lambda world: int(email in world.tables["unsubscribed"])


def _delete_personal_data(targets: Targets, mark: str) -> Given:
    contact = targets.contact(mark)
    return {"email": contact["attributes"]["email"]}, _gone("contacts", contact["id"])


RETRIEVED = "benchmark_retrieved"
"""A table of the run's own: how often each address's data was asked for, which leaves nothing in the sandbox."""


def _retrieve_personal_data(targets: Targets, mark: str) -> Given:
    email = targets.contact(mark)["attributes"]["email"]
    return {"email": email}, lambda world: int(world.tables.get(RETRIEVED, {}).get(email, 0))


# ---- accounts, users, tags, meetings -------------------------------------------------------------------------------


def _create_account(targets: Targets, mark: str) -> Given:
    domain = f"{mark}.new.example"
    arguments = {"owner_id": targets.owner["id"], "name": f"Company {mark}", "domain": domain}
    return arguments, _rows("accounts", lambda row: row.get("domain") == domain)


def _update_account(targets: Targets, mark: str) -> Given:
    account, name = targets.account(mark)["accountId"], f"Renamed {mark}"
    arguments = {"account_id": account, "owner_id": targets.owner["id"], "name": name}
    return arguments, _row("accounts", account, lambda row: row["name"] == name)


def _delete_account(targets: Targets, mark: str) -> Given:
    account = targets.account(mark)["accountId"]
    return {"account_id": account}, _row("accounts", account, lambda row: row["deleted"])


def _named(user: Row, mark: str) -> tuple[str, Count]:
    name = f"Ada {mark}"
    return name, _row("users", user["id"], lambda row: row["name"] == name)


def _update_user(targets: Targets, mark: str) -> Given:
    user = targets.user(mark)
    name, applied = _named(user, mark)
    return {"user_id": user["id"], "name": name}, applied


def _provision(_: Targets, mark: str) -> Given:
    email = f"{mark}@colleague.example"
    arguments = {"user_name": email, "display_name": f"Cleo {mark}", "role": "MEMBER"}
    return arguments, _rows("users", lambda row: row.get("email") == email)


def _replace_scim_user(targets: Targets, mark: str) -> Given:
    user = targets.user(mark)
    name, applied = _named(user, mark)
    return {"id": str(user["id"]), "user_name": user["email"], "display_name": name, "active": True}, applied


def _update_scim_user(targets: Targets, mark: str) -> Given:
    user = targets.user(mark)
    name, applied = _named(user, mark)
    return {"id": str(user["id"]), "display_name": name}, applied


def _deprovision(targets: Targets, mark: str) -> Given:
    user = targets.user(mark)["id"]
    return {"id": str(user)}, _gone("users", user)


def _create_tag(_: Targets, mark: str) -> Given:
    return {"name": f"new {mark}"}, _rows("tags", lambda row: row["name"] == f"new {mark}")


def _update_tag(targets: Targets, mark: str) -> Given:
    tag, text = targets.tag(mark)["id"], f"Is for {mark}"
    return {"tag_id": tag, "description": text}, _row("tags", tag, lambda row: row["description"] == text)


def _delete_tag(targets: Targets, mark: str) -> Given:
    tag = targets.tag(mark)["id"]
    return {"tag_id": tag}, _gone("tags", tag)


def _create_meeting(targets: Targets, mark: str) -> Given:
    chat = targets.chat(mark)["id"]
    arguments = {
        "conversation_id": chat,
        "start_at": _iso(targets.slot()),
        "duration": 30,
        "created_by": targets.owner["id"],
    }
    return arguments, _rows("meetings", lambda row: row.get("conversationId") == chat)


def _update_meeting(targets: Targets, mark: str) -> Given:
    meeting, subject = targets.meeting(mark)["id"], f"About {mark}"
    return {"meeting_id": meeting, "subject": subject}, _row(
        "meetings", meeting, lambda row: row.get("subject") == subject
    )


def _delete_meeting(targets: Targets, mark: str) -> Given:
    meeting = targets.meeting(mark)["id"]
    return {"meeting_id": meeting}, _row("meetings", meeting, lambda row: row["status"] == "CANCELED")


def _add_participant(targets: Targets, mark: str) -> Given:
    meeting, email = targets.meeting(mark)["id"], f"{mark}@guest.example"

    def applied(world: World) -> int:
        guests = world.tables["meetings"][str(meeting)].get("participants", [])
        return sum(guest.get("email") == email for guest in guests)

    return {"meeting_id": meeting, "email": email, "first_name": "Gil"}, applied


ALIKE = frozenset(
    {"send_message", "create_note", "create_conversation", "create_group_conversation", "post_timeline_event"}
)
"""Operations of which two processes make the same one."""

KINDS: dict[str, Callable[[Targets, str], Given]] = {
    "send_message": _send_message,
    "update_message": _update_message,
    "create_note": _create_note,
    "update_note": _update_note,
    "create_conversation": _create_conversation,
    "create_group_conversation": _create_group,
    "create_conversation_from_scratch": _create_from_scratch,
    "update_conversation": _update_conversation,
    "delete_conversation": _delete_conversation,
    "trigger_driftbot": _trigger_driftbot,
    "update_driftbot_message": _update_driftbot,
    "create_contact": _create_contact,
    "create_contact_from_email": _create_contact_from_email,
    "update_contact": _update_contact,
    "update_contact_by_external_id": _update_by_external_id,
    "delete_contact": _delete_contact,
    "add_contact_tags": _add_tags,
    "remove_contact_tag": _remove_tag,
    "remove_contact_tags": _remove_tags,
    "post_timeline_event": _timeline_event,
    "unsubscribe_emails": _unsubscribe,
    "retrieve_personal_data": _retrieve_personal_data,
    "delete_personal_data": _delete_personal_data,
    "create_account": _create_account,
    "update_account": _update_account,
    "delete_account": _delete_account,
    "update_user": _update_user,
    "provision_scim_user": _provision,
    "replace_scim_user": _replace_scim_user,
    "update_scim_user": _update_scim_user,
    "deprovision_scim_user": _deprovision,
    "create_tag": _create_tag,
    "update_tag": _update_tag,
    "delete_tag": _delete_tag,
    "create_meeting": _create_meeting,
    "update_meeting": _update_meeting,
    "delete_meeting": _delete_meeting,
    "add_meeting_participant": _add_participant,
}

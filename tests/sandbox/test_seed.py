"""The sandbox's start data: complete, consistent, laid out before its anchor, and the same every time."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import pytest

from drift_mcp.sandbox.seed import build

ANCHOR = 1_790_000_000_123
DAY = 24 * 3_600_000


@pytest.fixture(scope="module")
def seed() -> dict[str, Any]:
    return build(ANCHOR)


@pytest.fixture(scope="module")
def threads(seed: dict[str, Any]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for message in seed["messages"]:
        found[message["conversationId"]].append(message)
    return found


def ids(rows: list[dict[str, Any]], name: str = "id") -> list[Any]:
    return [row[name] for row in rows]


def timestamps(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Every value in the tree whose field name says that it is a moment."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in timestamps(inner, key)]
    if isinstance(value, list):
        return [found for inner in value for found in timestamps(inner, name)]
    moment = re.search(r"(At|_at|DateTime|_date|slotStart|slotEnd|last_active|last_contacted)$", name)
    return [(name, value)] if moment else []


@pytest.mark.parametrize(
    ("table", "count"),
    [
        ("users", 8),
        ("teams", 3),
        ("contacts", 61),
        ("accounts", 12),
        ("conversations", 80),
        ("attachments", 4),
        ("playbooks", 4),
        ("landing_pages", 2),
        ("meetings", 8),
        ("timeline_events", 16),
        ("tags", 9),
    ],
)
def test_each_table_has_its_number_of_rows(seed: dict[str, Any], table: str, count: int) -> None:
    assert len(seed[table]) == count


def test_two_builds_are_equal() -> None:
    assert build(ANCHOR) == build(ANCHOR)


def test_a_build_shares_nothing_with_the_next_one() -> None:
    first = build(ANCHOR)
    first["conversations"][0]["status"] = "changed"
    first["users"][0]["name"] = "changed"
    first["attribute_definitions"].clear()
    assert build(ANCHOR)["conversations"][0]["status"] != "changed"
    assert build(ANCHOR)["users"][0]["name"] != "changed"
    assert build(ANCHOR)["attribute_definitions"]


def test_another_anchor_moves_the_times_and_keeps_ids_and_texts(seed: dict[str, Any]) -> None:
    later = build(ANCHOR + 5 * DAY)
    for table in ("contacts", "conversations", "messages"):
        assert ids(later[table]) == ids(seed[table])
    assert ids(later["messages"], "body") == ids(seed["messages"], "body")
    moved = zip(later["messages"], seed["messages"], strict=True)
    assert {new["createdAt"] - old["createdAt"] for new, old in moved} == {5 * DAY}


def test_everything_can_be_written_as_json(seed: dict[str, Any]) -> None:
    assert json.loads(json.dumps(seed)) == seed


def test_importing_the_package_reads_no_data() -> None:
    code = "import sys, drift_mcp.sandbox.seed as s; print([m for m in sys.modules if m.startswith(s.__name__)])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['drift_mcp.sandbox.seed']"


@pytest.mark.parametrize(
    "table",
    ["users", "teams", "contacts", "conversations", "messages", "attachments", "playbooks", "tags"],
)
def test_ids_are_distinct_and_fit_javascript(seed: dict[str, Any], table: str) -> None:
    found = ids(seed[table])
    assert len(set(found)) == len(found)
    assert all(type(number) is int and 0 < number < 2**53 for number in found)


def test_ids_look_like_those_of_drift(seed: dict[str, Any]) -> None:
    assert {len(str(number)) for number in ids(seed["contacts"])} == {11}
    assert {len(str(number)) for number in ids(seed["conversations"])} == {10}
    assert {len(str(number)) for number in ids(seed["users"])} == {6}
    assert min(ids(seed["messages"])) > max(ids(seed["conversations"]))
    for account in seed["accounts"]:
        assert re.fullmatch(r"\d+_" + re.escape(account["domain"]), account["accountId"])
    assert len({account["accountId"] for account in seed["accounts"]}) == 12


def test_all_timestamps_are_milliseconds_as_int(seed: dict[str, Any]) -> None:
    found = timestamps({name: rows for name, rows in seed.items() if name != "accounts"})
    assert len(found) > 800
    for name, value in found:
        assert type(value) is int, name
        assert ANCHOR - 5 * 365 * DAY < value < ANCHOR + 30 * DAY, name


def test_only_meetings_and_ends_of_trials_lie_after_the_anchor(seed: dict[str, Any]) -> None:
    ahead = {name for name, value in timestamps(seed) if isinstance(value, int) and value > ANCHOR}
    assert ahead == {"slotStart", "slotEnd", "trial_ends_at"}


def test_every_reference_leads_somewhere(seed: dict[str, Any]) -> None:
    contacts, users = set(ids(seed["contacts"])), set(ids(seed["users"]))
    conversations, playbooks = set(ids(seed["conversations"])), set(ids(seed["playbooks"]))
    tags = {(tag["name"], tag["color"]) for tag in seed["tags"]}
    files = {file["id"]: file for file in seed["attachments"]}
    for conversation in seed["conversations"]:
        assert conversation["contactId"] in contacts
        assert set(conversation["participants"]) <= users
        assert conversation.get("relatedPlaybookId") in playbooks | {None}
        assert {(tag["name"], tag["color"]) for tag in conversation["conversationTags"]} <= tags
    for message in seed["messages"]:
        assert message["conversationId"] in conversations
        for attached in message.get("attachments", []):
            assert files[attached["id"]]["conversationId"] == message["conversationId"]
            assert attached["url"].endswith(f"/attachments/{attached['id']}/data")
    for account in seed["accounts"]:
        assert account["ownerId"] in users
    for meeting in seed["meetings"]:
        assert meeting["agentId"] in users
        assert meeting["bookedBy"] in users
        assert meeting["schedulerId"] in contacts
        assert meeting["conversationId"] in conversations
    for team in seed["teams"]:
        assert {*team["members"], team["owner"]} <= users
    for page in seed["landing_pages"]:
        assert page["playbookId"] in playbooks
    for event in seed["timeline_events"]:
        assert event["contactId"] in contacts


def test_the_author_of_a_message_is_its_contact_a_user_or_the_bot(seed: dict[str, Any]) -> None:
    visitor = {row["id"]: row["contactId"] for row in seed["conversations"]}
    is_bot = {user["id"]: user["bot"] for user in seed["users"]}
    for message in seed["messages"]:
        author = message["author"]
        if author["type"] == "contact":
            assert author == {"type": "contact", "id": visitor[message["conversationId"]], "bot": False}
            assert message["type"] == "chat"
            assert message["context"]["ip"].startswith(("198.51.100.", "203.0.113."))
        else:
            assert author["bot"] is is_bot[author["id"]]


def test_messages_are_in_order_and_the_last_one_sets_updated_at(
    seed: dict[str, Any], threads: dict[int, list[dict[str, Any]]]
) -> None:
    for conversation in seed["conversations"]:
        thread = threads[conversation["id"]]
        times = [message["createdAt"] for message in thread]
        assert all(earlier < later for earlier, later in pairwise(times))
        assert ids(thread) == sorted(ids(thread))
        assert (conversation["createdAt"], conversation["updatedAt"]) == (times[0], times[-1])


def test_conversations_spread_over_ninety_days_with_distinct_update_times(seed: dict[str, Any]) -> None:
    updated = ids(seed["conversations"], "updatedAt")
    assert len(set(updated)) == 80
    assert ANCHOR - max(updated) < 15 * 60_000
    assert 80 * DAY < ANCHOR - min(updated) < 90 * DAY


def test_a_contact_exists_before_its_first_conversation(seed: dict[str, Any]) -> None:
    born = {contact["id"]: contact["createdAt"] for contact in seed["contacts"]}
    assert all(born[row["contactId"]] < row["createdAt"] for row in seed["conversations"])


def test_statuses_are_mixed_as_in_a_busy_inbox(seed: dict[str, Any]) -> None:
    statuses = Counter(row["status"] for row in seed["conversations"])
    assert statuses == {"open": 30, "closed": 35, "pending": 5, "bulk_sent": 10}


def test_bulk_sent_conversations_hold_one_message_of_the_bot(
    seed: dict[str, Any], threads: dict[int, list[dict[str, Any]]]
) -> None:
    for row in seed["conversations"]:
        if row["status"] == "bulk_sent":
            (message,) = threads[row["id"]]
            assert message["author"]["bot"]
            assert row["relatedPlaybookId"]
            assert row["participants"] == []


def test_three_threads_need_a_second_page_and_one_a_third(
    threads: dict[int, list[dict[str, Any]]],
) -> None:
    lengths = sorted((len(thread) for thread in threads.values()), reverse=True)
    assert len([length for length in lengths if length > 50]) == 3
    assert lengths[0] > 110


def test_long_threads_do_not_repeat_themselves(threads: dict[int, list[dict[str, Any]]]) -> None:
    for thread in threads.values():
        if len(thread) > 50:
            assert len({message["body"] for message in thread}) == len(thread)


def test_many_open_conversations_wait_for_an_answer(
    seed: dict[str, Any], threads: dict[int, list[dict[str, Any]]]
) -> None:
    waiting = [
        ANCHOR - row["updatedAt"]
        for row in seed["conversations"]
        if row["status"] == "open" and threads[row["id"]][-1]["author"]["type"] == "contact"
    ]
    assert len(waiting) >= 20
    assert min(waiting) < 3_600_000
    assert max(waiting) > 3 * DAY


def test_private_notes_and_buttons_occur(seed: dict[str, Any]) -> None:
    notes = [row for row in seed["messages"] if row["type"] == "private_note"]
    assert len(notes) >= 25
    assert all(row["author"]["type"] == "user" for row in notes)
    buttons = [button for row in seed["messages"] for button in row.get("buttons", [])]
    assert len(buttons) > 20
    assert all(button["label"] == button["value"] and button["type"] == "reply" for button in buttons)


def test_bodies_show_the_html_of_drift(seed: dict[str, Any]) -> None:
    text = "\n".join(ids(seed["messages"], "body"))
    for piece in ("<p>", "<b>", "<a href=", "<ul>", "<ol>", "&#39;", "&nbsp;", "&amp;", "<br>", "<pre>"):
        assert piece in text
    assert '<span class="driftiwyg-tag-property">' in text


def test_visitors_write_in_many_scripts(seed: dict[str, Any]) -> None:
    said = "".join(row["body"] for row in seed["messages"] if row["author"]["type"] == "contact")
    for piece in ("Grüß", "¡Hola", "Bonjour", "です", "transportadoras", "شركة", "🚚"):
        assert piece in said


def test_hidden_characters_and_forged_boundaries_occur(seed: dict[str, Any]) -> None:
    said = "".join(row["body"] for row in seed["messages"] if row["author"]["type"] == "contact")
    for piece in ("\u200b", "\u202e", "\U000e0041", "<!--", "display:none", "&lt;/visitor_text&gt;"):
        assert piece in said


def test_attachments_are_the_files_they_say_they_are(seed: dict[str, Any]) -> None:
    starts = {"application/pdf": b"%PDF-1.4", "image/png": b"\x89PNG\r\n\x1a\n", "text/csv": b"shipment_id,"}
    for file in seed["attachments"]:
        data = base64.b64decode(file["data_base64"], validate=True)
        assert data.startswith(starts.get(file["mimeType"], b"ISA*"))


def test_contacts_include_the_awkward_kinds(seed: dict[str, Any]) -> None:
    attributes = [contact["attributes"] for contact in seed["contacts"]]
    emails = Counter(row["email"] for row in attributes if "email" in row)
    (shared,) = [email for email, count in emails.items() if count > 1]
    assert len({row["externalId"] for row in attributes if row.get("email") == shared}) == 2
    assert len([row for row in attributes if "email" not in row]) >= 5
    assert any("email" in row and "name" not in row for row in attributes)
    assert any("+" in email for email in emails)
    assert any(isinstance(row.get("externalId"), int) for row in attributes)
    assert any(not row.get("name", "").isascii() for row in attributes)


def test_each_contact_carries_the_attributes_drift_manages(seed: dict[str, Any]) -> None:
    for contact in seed["contacts"]:
        row = contact["attributes"]
        assert row["start_date"] == contact["createdAt"] <= row["last_active"] <= ANCHOR
        assert row["_END_USER_VERSION"] == row["_end_user_version"] == row["_calculated_version"]
        assert isinstance(row["events"], dict)
        assert isinstance(row["socialProfiles"], dict)
        assert {"city", "countryName", "latitude"} <= json.loads(row["last_context_location"]).keys()


def test_custom_attributes_are_defined(seed: dict[str, Any]) -> None:
    defined = set(ids(seed["attribute_definitions"], "name"))
    assert {"age", "alias", "avatar_url", "bio", "button_clicked", "city", "country"} <= defined
    assert {"plan", "company_size", "industry", "lead_score", "job_title", "trial_ends_at"} <= defined


def test_addresses_belong_to_reserved_domains(seed: dict[str, Any]) -> None:
    text = json.dumps({name: rows for name, rows in seed.items() if name != "attachments"})
    for domain in re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", text):
        assert domain.lower().endswith(".example"), domain


def test_one_account_is_deleted_and_some_are_targeted(seed: dict[str, Any]) -> None:
    assert [row["deleted"] for row in seed["accounts"]].count(True) == 1
    assert 2 <= [row["targeted"] for row in seed["accounts"]].count(True) <= 6
    assert len({row["domain"] for row in seed["accounts"]}) == 12


def test_users_are_one_bot_and_people_of_every_role(seed: dict[str, Any]) -> None:
    assert [user["bot"] for user in seed["users"]].count(True) == 1
    assert {user["role"] for user in seed["users"]} == {"admin", "agent", "member"}
    assert {user["availability"] for user in seed["users"]} == {"AVAILABLE", "OFFLINE", "ON_CALL"}
    assert seed["org"]["ownerEmail"] in {user["email"] for user in seed["users"]}


def test_meetings_lie_on_both_sides_of_the_anchor(seed: dict[str, Any]) -> None:
    starts = [meeting["slotStart"] for meeting in seed["meetings"]]
    assert all(ANCHOR - 30 * DAY < start < ANCHOR + 30 * DAY for start in starts)
    assert min(starts) < ANCHOR < max(starts)
    assert [meeting["status"] for meeting in seed["meetings"]].count("CANCELED") == 1
    assert all(meeting["slotStart"] < meeting["slotEnd"] for meeting in seed["meetings"])


def test_every_tag_is_used(seed: dict[str, Any]) -> None:
    used = {tag["name"] for row in seed["conversations"] for tag in row["conversationTags"]}
    assert used == {tag["name"] for tag in seed["tags"]}

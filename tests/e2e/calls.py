"""One meaningful call of every operation, in an order in which each finds what it needs in the results before it.

An operation added to the catalogue needs a row here: `test_every_operation` fails until it has one.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Results = Mapping[str, Any]
"""The structured content of the calls made so far, by operation."""

ATTACHMENT = 581264
"""PO-20418.pdf, sent by a visitor in the sandbox's seed."""

BUSY = "maya.duran+pricing@brightwater.example"


SENT_MARKUP = "Would <b>Tuesday</b> suit you & your team?"
"""Plain text that looks like HTML: an agent must get it back as it wrote it."""


def soon(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def agent_id(results: Results) -> int:
    """The id of a user who is a person."""
    return int(next(user["id"] for user in results["list_users"]["items"] if not user["bot"]))


def first(results: Results, listing: str) -> Any:
    return results[listing]["items"][0]


CALLS: Mapping[str, Callable[[Results], dict[str, Any]]] = {
    # users
    "list_users": lambda _: {},
    "get_user": lambda r: {"user_id": first(r, "list_users")["id"]},
    "get_users": lambda r: {"user_ids": [user["id"] for user in r["list_users"]["items"]]},
    "update_user": lambda r: {
        "user_id": agent_id(r),
        "availability": "OFFLINE",
        "phone": "202-555-0199",
    },
    "list_teams": lambda _: {},
    "list_user_teams": lambda r: {"user_id": first(r, "list_teams")["owner"]},
    # conversations
    "list_conversations": lambda _: {"status": ["open", "pending"], "limit": 5},
    "get_conversation": lambda r: {"conversation_id": first(r, "list_conversations")["id"]},
    "get_conversation_stats": lambda _: {},
    "create_conversation": lambda _: {
        "email": BUSY,
        "body": "Hello Maya, you asked about the Scale plan.\nShall I send a quote?",
        "integration_source": "Message from the pricing page",
    },
    "send_message": lambda r: {
        "conversation_id": r["create_conversation"]["id"],
        "body": SENT_MARKUP,
        "buttons": ["Yes", "Another day"],
    },
    "list_messages": lambda r: {"conversation_id": r["create_conversation"]["id"]},
    "get_conversation_transcript": lambda r: {"conversation_id": r["create_conversation"]["id"]},
    "get_conversation_transcript_json": lambda r: {"conversation_id": r["create_conversation"]["id"]},
    "download_attachment": lambda _: {"document_id": ATTACHMENT},
    "get_message": lambda r: {
        "conversation_id": r["create_conversation"]["id"],
        "message_id": r["send_message"]["id"],
    },
    "update_message": lambda r: {
        "conversation_id": r["create_conversation"]["id"],
        "message_id": r["send_message"]["id"],
        "body": "Would Wednesday suit you?",
    },
    "search_conversations": lambda r: {"id": [r["create_conversation"]["id"]]},
    "list_conversations_by_status": lambda _: {"status": "closed"},
    "create_group_conversation": lambda r: {
        "users": [user["id"] for user in r["list_users"]["items"][:3]],
        "tags": ["launch"],
        "labels": ["team room"],
    },
    "create_conversation_from_scratch": lambda r: {
        "email": "ines.prado@tidewater.example",
        "title": "Renewal 2027",
        "tags": ["renewal"],
        "assigned_user_id": agent_id(r),
        "custom_attributes": {"seats": 40},
    },
    "update_conversation": lambda r: {
        "conversation_id": r["create_conversation_from_scratch"]["id"],
        "status": "pending",
        "tags": ["renewal", "priority"],
    },
    "create_note": lambda r: {
        "conversation_id": r["create_conversation_from_scratch"]["id"],
        "body": "Called Ines: she decides on Friday.",
        "type": "call",
        "user": agent_id(r),
        "client_id": "call-8812",
        "created_at": "2026-03-01T09:00:00Z",
    },
    "get_note": lambda r: {
        "conversation_id": r["create_note"]["conversation_id"],
        "note_id": r["create_note"]["id"],
    },
    "update_note": lambda r: {
        "conversation_id": r["create_note"]["conversation_id"],
        "note_id": r["create_note"]["id"],
        "closed": True,
    },
    "trigger_driftbot": lambda r: {
        "conversation_id": r["create_conversation_from_scratch"]["id"],
        "payload": {"body": "How big is your team?"},
    },
    "update_driftbot_message": lambda r: {
        "conversation_id": r["create_conversation_from_scratch"]["id"],
        "body": "How many people are in your team?",
    },
    "create_tag": lambda _: {"name": "beta tester", "color": "0960C5", "description": "Takes part in the beta."},
    "get_tag": lambda r: {"tag_id": r["create_tag"]["id"]},
    "update_tag": lambda r: {"tag_id": r["create_tag"]["id"], "name": "alpha tester", "enabled": False},
    "delete_tag": lambda r: {"tag_id": r["create_tag"]["id"]},
    # meetings
    "create_meeting": lambda r: {
        "conversation_id": r["create_conversation_from_scratch"]["id"],
        "start_at": soon(days=2),
        "duration": 30,
        "created_by": agent_id(r),
    },
    "get_meeting": lambda r: {"meeting_id": r["create_meeting"]["id"]},
    "update_meeting": lambda r: {
        "meeting_id": r["create_meeting"]["id"],
        "duration": 45,
        "subject": "Renewal",
        "location": "https://meet.example/renewal",
    },
    "add_meeting_participant": lambda r: {
        "meeting_id": r["create_meeting"]["id"],
        "email": "cfo@tidewater.example",
        "first_name": "Rosa",
    },
    "list_booked_meetings": lambda _: {"min_start_time": soon(days=-29), "max_start_time": soon(days=29)},
    "list_meetings": lambda _: {"start_after": soon(days=1), "start_before": soon(days=3)},
    "delete_meeting": lambda r: {"meeting_id": r["create_meeting"]["id"]},
    "delete_conversation": lambda r: {"conversation_id": r["create_conversation_from_scratch"]["id"]},
    # playbooks and reports
    "list_playbooks": lambda _: {},
    "list_landing_pages": lambda _: {},
    "report_conversations": lambda _: {
        "metrics": ["createdAt", "firstCloseAt", "timeToCloseMillis", "numEndUserMessages"],
        "filters": [{"property": "status", "operation": "IN", "values": ["closed"]}],
    },
    "summarize_conversation_metrics": lambda _: {
        "metrics": [{"type": "AVG", "property": "numBotMessages"}, {"type": "MAX", "property": "createdAt"}],
        "filters": [],
    },
    # contacts
    "create_contact": lambda _: {
        "email": "jonas.weber+eu@kestrelparts.example",
        "name": "Jonas Weber",
        "phone": "+49 30 5550142",
        "external_id": "crm-0042",
        "attributes": {"plan": "scale", "seats": 40, "newsletter": False},
    },
    "get_contact": lambda r: {"contact_id": r["create_contact"]["id"]},
    "find_contacts_by_email": lambda r: {"email": r["create_contact"]["email"]},
    "find_contacts_by_external_id": lambda _: {"external_ids": ["crm-0042"]},
    "update_contact": lambda r: {
        "contact_id": r["create_contact"]["id"],
        "name": "Jonas K. Weber",
        "attributes": {"seats": 55},
    },
    "update_contact_by_external_id": lambda _: {"external_id": "crm-0042", "attributes": {"region": "DACH"}},
    "list_contacts": lambda _: {"search": "Jonas", "limit": 5},
    "match_contact_email": lambda r: {"email": r["create_contact"]["email"]},
    "create_contact_from_email": lambda _: {"email": "Jo Doe <jo.doe@lumenfreight.example>"},
    "post_timeline_event": lambda r: {
        "contact_id": r["create_contact"]["id"],
        "event": "Signed the order form",
        "created_at": "2026-03-01T09:00:00Z",
    },
    "get_contact_timeline": lambda r: {"contact_id": r["create_contact"]["id"]},
    "list_contact_attributes": lambda _: {},
    "add_contact_tags": lambda r: {
        "contact_id": r["create_contact"]["id"],
        "tags": ["vip", "renewal 2026", "reference"],
        "color": "0960C5",
    },
    "remove_contact_tag": lambda r: {"contact_id": r["create_contact"]["id"], "tag_name": "renewal 2026"},
    "remove_contact_tags": lambda r: {"contact_id": r["create_contact"]["id"], "tags": ["vip", "reference"]},
    "unsubscribe_emails": lambda r: {"emails": [r["create_contact"]["email"]]},
    "delete_contact": lambda r: {"contact_id": r["create_contact"]["id"]},
    # accounts
    "list_accounts": lambda _: {"limit": 3},
    "create_account": lambda r: {
        "owner_id": r["update_user"]["id"],
        "name": "Kestrel Parts GmbH",
        "domain": "kestrelparts.example",
        "targeted": True,
        "custom_properties": [
            {"name": "tier", "value": "A"},
            {"name": "company_size", "value": "310", "type": "NUMBER", "label": "Company size"},
        ],
    },
    "get_account": lambda r: {"account_id": r["create_account"]["account_id"]},
    "update_account": lambda r: {
        "account_id": r["create_account"]["account_id"],
        "owner_id": r["update_user"]["id"],
        "targeted": False,
    },
    "delete_account": lambda r: {"account_id": r["create_account"]["account_id"]},
    "list_company_people": lambda r: {"company_id": first(r, "list_accounts")["account_id"]},
    "list_company_teams": lambda r: {"company_id": first(r, "list_accounts")["account_id"]},
    # provisioning
    "list_scim_users": lambda _: {"limit": 5},
    "provision_scim_user": lambda _: {
        "user_name": "new.colleague@harborloom.example",
        "display_name": "New Colleague",
        "given_name": "New",
        "family_name": "Colleague",
        "role": "MEMBER",
    },
    "get_scim_user": lambda r: {"id": r["provision_scim_user"]["id"]},
    "update_scim_user": lambda r: {"id": r["provision_scim_user"]["id"], "display_name": "N. Colleague"},
    "replace_scim_user": lambda r: {
        "id": r["provision_scim_user"]["id"],
        "user_name": "new.colleague@harborloom.example",
        "display_name": "Nova Colleague",
        "active": True,
    },
    "deprovision_scim_user": lambda r: {"id": r["provision_scim_user"]["id"]},
    # personal data
    "retrieve_personal_data": lambda r: {"email": r["create_contact_from_email"]["email"]},
    "delete_personal_data": lambda r: {"email": r["create_contact_from_email"]["email"]},
    # jobs
    "triage_inbox": lambda _: {"limit": 3, "unanswered_only": True},
    "reply_to_conversation": lambda r: {
        "conversation_id": first(r, "list_conversations")["id"],
        "body": "We are on it.",
        "note": "Answered from the end-to-end test.",
        "status": "pending",
    },
    "capture_lead": lambda _: {
        "email": "captured@brightwater.example",
        "name": "Cora",
        "company": "Brightwater",
    },
    "get_contact_overview": lambda _: {"email": "captured@brightwater.example"},
    "enrich_contact": lambda _: {"email": "captured@brightwater.example", "phone": "202-555-0107"},
    "route_conversation": lambda r: {"conversation_id": first(r, "list_conversations")["id"]},
    "qualify_with_driftbot": lambda r: {
        "conversation_id": r["create_conversation"]["id"],
        "prompt": "How many people work at your company?",
        "wait_seconds": 0,
    },
    "sync_contacts": lambda _: {
        "contacts": [{"email": "captured@brightwater.example", "name": "Cora Captured-Moved"}],
        "resume": False,
    },
    "export_conversations": lambda _: {"limit": 2, "status": ["closed"]},
    # waiting first, as it asks Drift for what the rows before have caused
    "wait_for_event": lambda _: {"since": "2020-01-01T00:00:00Z", "wait_seconds": 50},
    "list_received_events": lambda _: {},
    # the server's own tools
    "whoami": lambda _: {},
    "find_operations": lambda _: {"intent": "reply to a visitor in the chat"},
    "run_read_operation": lambda _: {"name": "list_teams"},
    "run_write_operation": lambda _: {"name": "create_tag", "arguments": {"name": "made by a runner"}},
    "run_destructive_operation": lambda r: {
        "name": "delete_tag",
        "arguments": {"tag_id": r["run_write_operation"]["id"]},
    },
    # what happened, the token, and at the very end its death
    "list_events": lambda _: {},
    "get_token_info": lambda _: {},
    "uninstall_app": lambda _: {},
}

"""One meaningful call of every operation, in an order in which each finds what it needs in the results before it.

An operation added to the catalogue needs a row here: `test_every_operation` fails until it has one.
"""

from collections.abc import Callable, Mapping
from typing import Any

Results = Mapping[str, Any]
"""The structured content of the calls made so far, by operation."""

ATTACHMENT = 581264
"""PO-20418.pdf, sent by a visitor in the sandbox's seed."""

BUSY = "maya.duran+pricing@brightwater.example"


def first(results: Results, listing: str) -> Any:
    return results[listing]["items"][0]


CALLS: Mapping[str, Callable[[Results], dict[str, Any]]] = {
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
        "body": "Would <b>Tuesday</b> suit you & your team?",
        "buttons": ["Yes", "Another day"],
    },
    "list_messages": lambda r: {"conversation_id": r["create_conversation"]["id"]},
    "get_conversation_transcript": lambda r: {"conversation_id": r["create_conversation"]["id"]},
    "get_conversation_transcript_json": lambda r: {"conversation_id": r["create_conversation"]["id"]},
    "download_attachment": lambda _: {"document_id": ATTACHMENT},
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
    "post_timeline_event": lambda r: {
        "contact_id": r["create_contact"]["id"],
        "event": "Signed the order form",
        "created_at": "2026-03-01T09:00:00Z",
    },
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
    # users
    "list_users": lambda _: {},
    "get_user": lambda r: {"user_id": first(r, "list_users")["id"]},
    "get_users": lambda r: {"user_ids": [user["id"] for user in r["list_users"]["items"]]},
    "update_user": lambda r: {
        "user_id": next(user["id"] for user in r["list_users"]["items"] if not user["bot"]),
        "availability": "OFFLINE",
        "phone": "202-555-0199",
    },
    "list_teams": lambda _: {},
    "list_user_teams": lambda r: {"user_id": first(r, "list_teams")["owner"]},
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
}

"""A seed small enough to know by heart: one bot, three people, three contacts, three conversations."""

from __future__ import annotations

import base64
from typing import Any

NOW = 1_795_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR

BOT, ADMIN, AGENT, AWAY = 100, 101, 102, 103
ADA, BEN, TWIN = 5001, 5002, 5003
OPEN, CLOSED, PENDING = 7001, 7002, 7003
TEXT_FILE = b"hello\x00file"


def _user(number: int, name: str, role: str, availability: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "orgId": 9,
        "name": name,
        "email": f"{name.split(maxsplit=1)[0].lower()}@ours.example",
        "availability": availability,
        "role": role,
        "verified": True,
        "bot": False,
        "createdAt": NOW - 90 * DAY,
        "updatedAt": NOW - 90 * DAY,
        **more,
    }


def _contact(number: int, email: str, **attributes: Any) -> dict[str, Any]:
    versions = dict.fromkeys(("_END_USER_VERSION", "_end_user_version", "_calculated_version"), 10)
    created = NOW - 60 * DAY + number
    return {
        "id": number,
        "createdAt": created,
        "attributes": {"email": email, "start_date": created, **versions, **attributes},
    }


def _conversation(number: int, contact: int, status: str, updated: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "contactId": contact,
        "status": status,
        "participants": [AGENT],
        "inboxId": 77,
        "orgId": 9,
        "createdAt": NOW - 10 * DAY,
        "updatedAt": updated,
        "conversationTags": [{"color": "0960C5", "name": "pricing"}],
        **more,
    }


def _message(number: int, conversation: int, author: tuple[str, int], at: int, **more: Any) -> dict[str, Any]:
    kind, who = author
    return {
        "id": number,
        "orgId": 9,
        "conversationId": conversation,
        "author": {"type": kind, "id": who, "bot": who == BOT},
        "type": "chat",
        "body": f"<p>message {number}</p>",
        "createdAt": at,
        "attributes": {},
        "context": {"ip": "203.0.113.1", "userAgent": "x"},
        **more,
    }


def _messages() -> list[dict[str, Any]]:
    start = NOW - 10 * DAY
    ada, bot, agent = ("contact", ADA), ("user", BOT), ("user", AGENT)
    return [
        _message(8001, OPEN, ada, start, body="<p>Hi &amp; hello</p>"),
        _message(8002, OPEN, bot, start + 1000, body="<p>Which package?</p>"),
        _message(8003, OPEN, agent, start + 61_000, body="Here <b>you</b> are<br>bye"),
        _message(8004, OPEN, agent, start + 62_000, type="private_note", body="Looks keen"),
        *[_message(8100 + n, CLOSED, ("contact", BEN), start + n) for n in range(120)],
        _message(8300, PENDING, bot, start),
    ]


def _account(number: int, domain: str, **more: Any) -> dict[str, Any]:
    return {
        "accountId": f"{number}_{domain}",
        "ownerId": AGENT,
        "name": domain.split(".", maxsplit=1)[0].title(),
        "domain": domain,
        "customProperties": [{"label": "Plan", "name": "plan", "value": "pro", "type": "STRING"}],
        "deleted": False,
        "targeted": False,
        "createDateTime": NOW - 5 * DAY,
        "updateDateTime": NOW - 5 * DAY,
        **more,
    }


def _meeting(number: int, start: int) -> dict[str, Any]:
    return {
        "id": number,
        "agentId": AGENT,
        "orgId": 9,
        "status": "ACTIVE",
        "meetingSource": "WIDGET",
        "schedulerId": ADA,
        "eventId": f"event-{number}",
        "slug": "demo",
        "slotStart": start,
        "slotEnd": start + HOUR,
        "updatedAt": NOW,
        "scheduledAt": NOW,
        "meetingType": "New Meeting",
        "conversationId": OPEN,
        "endUserTimeZone": "UTC",
        "bookedBy": ADA,
    }


def build(_: int) -> dict[str, Any]:
    """The tables, as the real seed's `build` returns them."""
    return {
        "org": {"id": 9, "name": "Ours", "ownerEmail": "owner@ours.example"},
        "users": [
            _user(BOT, "Bot", "member", "AVAILABLE", bot=True),
            _user(ADMIN, "Olga Owner", "admin", "OFFLINE", phone="202-555-0100"),
            _user(AGENT, "Gus Agent", "agent", "AVAILABLE", locale="en-US"),
            _user(AWAY, "Ann Away", "agent", "OFFLINE"),
        ],
        "teams": [
            {"id": 1, "orgId": 9, "name": "All", "members": [ADMIN, AGENT, AWAY], "owner": ADMIN},
            {"id": 2, "orgId": 9, "name": "Sales", "members": [AGENT], "owner": ADMIN},
        ],
        "contacts": [
            _contact(ADA, "ada@visitor.example", name="Ada", externalId="ext-1", external_id="ext-1"),
            _contact(BEN, "ben@visitor.example"),
            _contact(TWIN, "ada@visitor.example", externalId=42, external_id=42),
        ],
        "attribute_definitions": [
            {"type": "STRING", "displayName": "Email", "name": "email"},
            {"type": "STRING", "displayName": "Name", "name": "name"},
        ],
        "accounts": [
            _account(300, "one.example"),
            _account(301, "two.example"),
            _account(302, "gone.example", deleted=True),
        ],
        "conversations": [
            _conversation(OPEN, ADA, "open", NOW - 3 * HOUR, relatedPlaybookId=66),
            _conversation(CLOSED, BEN, "closed", NOW - 1 * HOUR, firstCloseAt=NOW - DAY),
            _conversation(PENDING, TWIN, "pending", NOW - 2 * HOUR),
        ],
        "messages": _messages(),
        "attachments": [
            {
                "id": 900,
                "fileName": "price list.txt",
                "mimeType": "text/plain",
                "conversationId": OPEN,
                "data_base64": base64.b64encode(TEXT_FILE).decode(),
            }
        ],
        "playbooks": [
            {"id": 66, "name": "Welcome", "orgId": 9, "goals": [], "meta": {}, "interactionId": 1},
            {"id": 67, "name": "Off", "orgId": 9, "goals": [], "meta": {}, "enabled": False},
        ],
        "landing_pages": [{"playbookId": 66, "playbookName": "Welcome", "landingPageUrl": "https://x.example"}],
        "meetings": [_meeting(1, NOW + DAY), _meeting(2, NOW - 29 * DAY), _meeting(3, NOW - 31 * DAY)],
        "timeline_events": [{"contactId": ADA, "event": "Signed up", "createdAt": NOW, "attributes": {}}],
        "tags": [{"id": 1, "name": "pricing", "color": "0960C5", "description": "", "enabled": True}],
    }

"""The company's own side: users, teams, accounts, playbooks, meetings and timeline events."""

from __future__ import annotations

from typing import Any

from drift_mcp.sandbox.seed.source import DAY, HOUR, MINUTE, span, spread


def users(company: dict[str, Any], anchor_ms: int) -> list[dict[str, Any]]:
    """The people who answer, and the bot."""
    org_id = company["org"]["id"]
    return [
        {
            "id": source["id"],
            "orgId": org_id,
            **{name: value for name, value in source.items() if name not in ("key", "id", "joined", "changed")},
            "createdAt": anchor_ms - span(source["joined"]),
            "updatedAt": anchor_ms - span(source["changed"]),
        }
        for source in company["users"]
    ]


def teams(company: dict[str, Any], user_ids: dict[str, int], anchor_ms: int) -> list[dict[str, Any]]:
    return [
        {
            **{name: value for name, value in source.items() if name != "changed"},
            "orgId": company["org"]["id"],
            "members": [user_ids[name] for name in source["members"]],
            "owner": user_ids[source["owner"]],
            "updatedAt": anchor_ms - span(source["changed"]),
        }
        for source in company["teams"]
    ]


def accounts(sources: list[dict[str, Any]], user_ids: dict[str, int], anchor_ms: int) -> list[dict[str, Any]]:
    """Companies the visitors work for. The size and industry of the source become custom properties."""
    rows = []
    for source in sources:
        properties = [
            {"label": "Industry", "name": "industry", "value": source["industry"], "type": "STRING"},
            {"label": "Company size", "name": "company_size", "value": source["size"], "type": "NUMBER"},
            *source.get("customProperties", []),
        ]
        rows.append(
            {
                "accountId": source["accountId"],
                "ownerId": user_ids[source["owner"]],
                "name": source["name"],
                "domain": source["domain"],
                "customProperties": properties,
                "deleted": source.get("deleted", False),
                "targeted": source.get("targeted", False),
                "createDateTime": anchor_ms - span(source["since"]) - spread(source["key"], DAY),
                "updateDateTime": anchor_ms - span(source["changed"]) - spread(source["key"], HOUR),
            }
        )
    return rows


def playbooks(company: dict[str, Any], user_ids: dict[str, int], anchor_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "id": source["id"],
            "name": source["name"],
            "orgId": company["org"]["id"],
            "meta": {},
            "goals": source["goals"],
            "createdAt": anchor_ms - span(source["since"]),
            "updatedAt": anchor_ms - span(source["changed"]),
            "createdAuthorId": user_ids[source["author"]],
            "updatedAuthorId": user_ids[source["editor"]],
            "interactionId": source["interactionId"],
            "reportType": source["reportType"],
        }
        for source in company["playbooks"]
    ]


def landing_pages(company: dict[str, Any]) -> list[dict[str, Any]]:
    """Pages that are nothing but a conversation, each run by one playbook."""
    named = {playbook["key"]: playbook for playbook in company["playbooks"]}
    return [
        {
            "playbookId": named[page["playbook"]]["id"],
            "playbookName": named[page["playbook"]]["name"],
            "landingPageUrl": page["url"],
        }
        for page in company["landingPages"]
    ]


def meetings(
    sources: list[dict[str, Any]],
    *,
    org_id: int,
    user_ids: dict[str, int],
    contact_ids: dict[str, int],
    conversation_ids: dict[str, int],
    anchor_ms: int,
) -> list[dict[str, Any]]:
    """Booked slots, by start. They begin on the half hour, as calendars offer them."""
    rows = []
    for source in sources:
        start = (anchor_ms - span(source["starts"])) // (30 * MINUTE) * (30 * MINUTE)
        booked = anchor_ms - span(source["booked"])
        row = {
            "agentId": user_ids[source["agent"]],
            "orgId": org_id,
            "status": source.get("status", "ACTIVE"),
            "meetingSource": source["source"],
            "schedulerId": contact_ids[source["contact"]],
            "eventId": source["eventId"],
            "slug": source["slug"],
            "slotStart": start,
            "slotEnd": start + source["minutes"] * MINUTE,
            "scheduledAt": booked,
            "updatedAt": anchor_ms - span(source.get("changed", source["booked"])),
            "meetingType": "New Meeting",
            "conversationId": conversation_ids[source["conversation"]],
            "endUserTimeZone": source["timeZone"],
            "meetingNotes": source.get("notes", ""),
            "bookedBy": user_ids[source.get("bookedBy", source["agent"])],
            "conferenceType": source["conference"],
            "isRecurring": False,
            "isPrivate": False,
        }
        rows.append(row)
    return sorted(rows, key=lambda row: row["slotStart"])


def timeline_events(sources: list[dict[str, Any]], contact_ids: dict[str, int], anchor_ms: int) -> list[dict[str, Any]]:
    """What other systems told about a contact, oldest first."""
    rows = [
        {
            "contactId": contact_ids[source["contact"]],
            "event": source["event"],
            "createdAt": anchor_ms - span(source["ago"]),
            "attributes": source.get("attributes", {}),
        }
        for source in sources
    ]
    return sorted(rows, key=lambda row: row["createdAt"])

"""The start data of the sandbox: one small company with its visitors, chats, meetings and accounts.

`build(anchor_ms)` lays the same people and texts out in the ninety days before the given moment. Ids and
texts never change; only the timestamps move with the anchor. The texts live in `data/`, which is read
when `build` is called and not before. How to write a thread is said in `data/README.md`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["build"]


def build(anchor_ms: int) -> dict[str, Any]:
    """Every table of the sandbox, in Drift's own field names, as it stands at `anchor_ms`."""
    from drift_mcp.sandbox.seed import business, people, threads
    from drift_mcp.sandbox.seed.source import read, read_threads

    company = read("company")
    org_id = company["org"]["id"]
    user_ids = {user["key"]: user["id"] for user in company["users"]}
    scheduled = [threads.schedule(source) for source in read_threads()]
    contact_sources = read("contacts")
    born = people.births(contact_sources, scheduled)
    contact_ids = {key: people.contact_id(before) for key, before in born.items()}

    cast = threads.Cast(
        anchor_ms=anchor_ms,
        org_id=org_id,
        inbox_id=company["inboxId"],
        users=user_ids,
        contacts=contact_ids,
        contexts=people.contexts(contact_sources, read("places")),
        playbooks={playbook["key"]: playbook["id"] for playbook in company["playbooks"]},
        tags={tag["name"]: tag["color"] for tag in company["tags"]},
        files={file["key"]: file for file in read("attachments")},
    )
    conversations, messages, attachments = threads.tables(scheduled, cast)
    conversation_ids = {item.key: item.conversation_id for item in scheduled}

    return {
        "org": company["org"],
        "users": business.users(company, anchor_ms),
        "teams": business.teams(company, user_ids, anchor_ms),
        "contacts": people.contacts(contact_sources, born, scheduled, read("places"), anchor_ms),
        "attribute_definitions": company["attributeDefinitions"],
        "accounts": business.accounts(read("accounts"), user_ids, anchor_ms),
        "conversations": conversations,
        "messages": messages,
        "attachments": attachments,
        "playbooks": business.playbooks(company, user_ids, anchor_ms),
        "landing_pages": business.landing_pages(company),
        "meetings": business.meetings(
            read("meetings"),
            org_id=org_id,
            user_ids=user_ids,
            contact_ids=contact_ids,
            conversation_ids=conversation_ids,
            anchor_ms=anchor_ms,
        ),
        "timeline_events": business.timeline_events(read("timeline"), contact_ids, anchor_ms),
        "tags": company["tags"],
    }

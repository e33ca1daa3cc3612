"""Turns data/contacts.json into Drift contacts: identity, technical attributes, places, custom attributes."""

from __future__ import annotations

import json
from typing import Any

from drift_mcp.sandbox.seed.source import HOUR, MINUTE, page_title, read, span, spread
from drift_mcp.sandbox.seed.threads import Thread

SITE = "https://www.harborloom.example"
NEWEST_CONTACT_ID = 23_400_000_000
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
)
CUSTOM = ("job_title", "plan", "lead_score", "trial_ends_at", "newsletter_opt_in", "preferred_language")
LOCATION = ("city", "region", "country", "countryName", "postalCode", "latitude", "longitude")


def contact_id(born_before: int) -> int:
    """Ids rise with time, as Drift's do, and depend on nothing but the contact's own age."""
    return NEWEST_CONTACT_ID - born_before // 1_000


def births(sources: list[dict[str, Any]], threads: list[Thread]) -> dict[str, int]:
    """How long before the anchor each contact was first seen: never after its first conversation."""
    first_seen: dict[str, int] = {}
    for thread in threads:
        first_seen[thread.contact] = max(first_seen.get(thread.contact, 0), thread.started_before)
    born = {}
    for source in sources:
        key = source["key"]
        told = span(source["since"]) + spread(key, 9 * HOUR) if "since" in source else 0
        born[key] = max(told, first_seen.get(key, HOUR) + MINUTE + spread(key, 20 * MINUTE))
    return born


def contexts(sources: list[dict[str, Any]], places: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the chat widget tells with a visitor's message: browser and place."""
    return {source["key"]: _context(source, places[source["place"]]) for source in sources}


def _context(source: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    return {
        "ip": _ip(source["key"]),
        "userAgent": AGENTS[spread(source["key"], len(AGENTS))],
        "referrer": source.get("referer", ""),
        "timezone": place["timezone"],
        "locale": place["locale"],
        "location": {name: place[name] for name in LOCATION},
    }


def contacts(
    sources: list[dict[str, Any]],
    born: dict[str, int],
    threads: list[Thread],
    places: dict[str, Any],
    anchor_ms: int,
) -> list[dict[str, Any]]:
    """All contacts, oldest first."""
    companies = {account["key"]: account for account in read("accounts")}
    oldest_first = sorted(threads, key=lambda thread: -thread.started_before)
    rows = []
    for source in sources:
        key = source["key"]
        own = [thread for thread in oldest_first if thread.contact == key]
        created = anchor_ms - born[key]
        attributes = {
            **_identity(source, companies),
            **_technical(source, places[source["place"]]),
            **_activity(own, created, anchor_ms),
            **{name: source[name] for name in CUSTOM if name in source},
            "events": {name: anchor_ms - span(ago) for name, ago in source.get("events", {}).items()},
            "socialProfiles": source.get("social", {}),
        }
        if "trial_ends" in source:
            attributes["trial_ends_at"] = anchor_ms - span(source["trial_ends"])
        rows.append({"id": contact_id(born[key]), "createdAt": created, "attributes": attributes})
    return sorted(rows, key=lambda row: int(row["createdAt"]))


def _identity(source: dict[str, Any], companies: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("email", "phone"):
        if name in source:
            found[name] = source[name]
    if "name" in source:
        first, _, last = source["name"].partition(" ")
        found |= {"name": source["name"], "display_name": source["name"], "first_name": first}
        if last:
            found["last_name"] = last
    if "ext" in source:
        found |= {"externalId": source["ext"], "external_id": source["ext"]}
    if "account" in source:
        company = companies[source["account"]]
        found |= {
            "employment_name": company["name"],
            "company_size": company["size"],
            "industry": company["industry"],
        }
    if "tags" in source:
        found["tags"] = source["tags"]
    return found


def _technical(source: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    key = source["key"]
    version = 3 + spread(key, 24)
    entry, page = source.get("entry", "/"), source.get("page", "/")
    ip = _ip(key)
    found: dict[str, Any] = {
        "_END_USER_VERSION": version,
        "_end_user_version": version,
        "_calculated_version": version,
        "ip": ip if spread(key, 3) else f"{ip},192.0.2.{1 + spread(key, 250)}",
        "original_ip": ip,
        "last_context_location": json.dumps({name: place[name] for name in LOCATION}, ensure_ascii=False),
        "original_entrance_page_url": SITE + entry,
        "original_entrance_page_title": page_title(entry),
        "recent_entrance_page_url": SITE + page,
        "recent_entrance_page_title": page_title(page),
        "recent_source": source.get("source", "direct"),
        "recent_medium": source.get("medium", "none"),
        "city": place["city"],
        "country": place["countryName"],
    }
    if "referer" in source:
        found |= {"original_referer_url": source["referer"], "recent_referer_url": source["referer"]}
    return found


def _activity(own: list[Thread], created: int, anchor_ms: int) -> dict[str, Any]:
    lines = [line for thread in own for line in thread.lines]
    said = [line.before for line in lines if line.who == "c"]
    heard = [line.before for line in lines if line.who not in ("c", "bot") and not line.note]
    found: dict[str, Any] = {
        "start_date": created,
        "last_active": anchor_ms - min(said) if said else created,
    }
    if said:
        found["_classification"] = "Engaged"
        for when, thread in (("original", own[0]), ("recent", own[-1])):
            found[f"{when}_conversation_started_page_url"] = SITE + thread.page
            found[f"{when}_conversation_started_page_title"] = page_title(thread.page)
    if heard:
        found["last_contacted"] = anchor_ms - min(heard)
    return found


def _ip(key: str) -> str:
    """An address out of the blocks reserved for documentation."""
    block = ("198.51.100", "203.0.113")[spread(key, 2)]
    return f"{block}.{1 + spread(key + 'ip', 253)}"

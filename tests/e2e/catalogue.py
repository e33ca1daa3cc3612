"""The catalogue as it is shipped, for tests over all tools: Drift's operations and the server's own."""

import re
from typing import Any

from drift_mcp import catalogue
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID as CLIENT_ID
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_SECRET as CLIENT_SECRET

ENTRIES = catalogue.load()
NAMES = list(ENTRIES)
OPERATIONS = [name for name, entry in ENTRIES.items() if entry.method]
"""Those that are one call to Drift."""

LISTED = [name for name, entry in ENTRIES.items() if entry.everyday or entry.essential]
DANGEROUS = [name for name, entry in ENTRIES.items() if entry.dangerous]
EVERYTHING = {
    "DRIFT_ALLOW_DANGEROUS": "1",
    "DRIFT_DESTRUCTIVE": "allow",
    "DRIFT_CLIENT_ID": CLIENT_ID,
    "DRIFT_CLIENT_SECRET": CLIENT_SECRET,
}
"""Settings with which every operation can be called at the sandbox, and nobody is asked."""

_PREFIX = {"documented": "", "catalogue": "/v2"}


def properties(name: str) -> dict[str, dict[str, Any]]:
    """The arguments of an operation, by name, with the schema of each."""
    found: dict[str, dict[str, Any]] = ENTRIES[name].tool["inputSchema"].get("properties", {})
    return found


def required(name: str) -> list[str]:
    return list(ENTRIES[name].tool["inputSchema"].get("required", []))


def path_pattern(name: str) -> re.Pattern[str]:
    """What the decoded path of a request of this operation must look like: each parameter one segment, no more."""
    template = _PREFIX[ENTRIES[name].provenance] + ENTRIES[name].path.partition("?")[0]
    return re.compile(re.sub(r"\\\{\w+\\\}", r"[^/\\x00-\\x1f]+", re.escape(template)))


def plausible(name: str, schema: dict[str, Any]) -> Any:
    """A value that the schema of argument `name` allows."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case "array":
            return [plausible(name, schema["items"])]
        case "object":
            inner = schema.get("properties", {})
            return {key: plausible(key, inner[key]) for key in schema.get("required", ())} or {"plan": "scale"}
    known = {"email": "jo@acme.example", "date-time": "2026-03-01T09:00:00Z"}
    by_name = {"account_id": "1_acme.example", "phone": "202-555-0101", "color": "0960C5"}
    return known.get(schema.get("format", ""), by_name.get(name, "some text"))


def plausible_arguments(name: str) -> dict[str, Any]:
    """The required arguments of an operation, each of them plausible."""
    arguments = {each: plausible(each, properties(name)[each]) for each in required(name)}
    # An update wants something to update, a timeline event somebody: more than `required` can say.
    return arguments | _BESIDES.get(name, {})


_BESIDES: dict[str, dict[str, Any]] = {
    "update_contact": {"name": "Jo"},
    "update_contact_by_external_id": {"name": "Jo"},
    "update_account": {"targeted": True},
    "update_user": {"alias": "Jo"},
    "update_conversation": {"status": "open"},
    "update_message": {"body": "Hi"},
    "update_note": {"closed": True},
    "update_meeting": {"duration": 45},
    "update_tag": {"enabled": True},
    "update_driftbot_message": {"body": "Hi"},
    "update_scim_user": {"active": True},
    "post_timeline_event": {"contact_id": 1},
    "list_booked_meetings": {"min_start_time": "2026-03-01T09:00:00Z", "max_start_time": "2026-03-02T09:00:00Z"},
    "wait_for_event": {"wait_seconds": 1},
    "run_read_operation": {"name": "get_contact", "arguments": {"contact_id": 1}},
    "run_write_operation": {"name": "update_contact", "arguments": {"contact_id": 1, "name": "Jo"}},
    "run_destructive_operation": {"name": "delete_contact", "arguments": {"contact_id": 1}},
}

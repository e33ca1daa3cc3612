"""The catalogue as `drift-mcp tools --json` and the shipped file show it, for tests over all operations."""

import re
from typing import Any

from drift_mcp import catalogue

ENTRIES = catalogue.load()
NAMES = list(ENTRIES)
LISTED = [name for name, entry in ENTRIES.items() if entry.everyday]


def properties(name: str) -> dict[str, dict[str, Any]]:
    """The arguments of an operation, by name, with the schema of each."""
    found: dict[str, dict[str, Any]] = ENTRIES[name].tool["inputSchema"].get("properties", {})
    return found


def required(name: str) -> list[str]:
    return list(ENTRIES[name].tool["inputSchema"].get("required", []))


def path_pattern(name: str) -> re.Pattern[str]:
    """What the decoded path of a request of this operation must look like: each parameter one segment, no more."""
    template = ENTRIES[name].path.partition("?")[0]
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
    extra = {
        "update_contact": {"name": "Jo"},
        "update_contact_by_external_id": {"name": "Jo"},
        "update_account": {"targeted": True},
        "update_user": {"alias": "Jo"},
        "post_timeline_event": {"contact_id": 1},
    }
    return arguments | extra.get(name, {})

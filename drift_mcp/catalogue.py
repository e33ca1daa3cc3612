"""The face of every operation, ready to show: the generated file `catalogue.json` and the code that generates it.

Building 78 schemas out of pydantic models takes longer than a host should wait for the list. So the list is built
beforehand: `python -m drift_mcp.generate` writes it from the records, a test holds it against them, and at
run time an operation's module is imported when the operation is first called.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drift_mcp.operation import Tool

FILE = Path(__file__).with_name("catalogue.json")
PROVENANCE_KEY = "drift-mcp/provenance"

OPERATIONS = (
    "conversations", "messages", "notes", "contacts", "contact_matching", "contact_timeline", "contact_tags",
    "accounts", "companies", "users", "meetings", "automation", "tags", "reports", "app", "privacy", "scim", "events",
)  # fmt: skip
"""The modules of `drift_mcp.operations`, in the order in which their tools are listed."""


WORKFLOWS = (
    "triage_inbox", "reply_to_conversation", "capture_lead", "get_contact_overview", "enrich_contact",
    "route_conversation", "qualify_with_driftbot", "sync_contacts", "export_conversations", "received_events",
    "discovery", "whoami",
)  # fmt: skip
"""The modules of `drift_mcp.workflows`, listed after the operations."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tool as the catalogue holds it. `tool` is the MCP tool exactly as it is listed.

    `method` and `path` are None for a workflow. `untrusted` has the places of visitors' texts, and whether what stands
    there is a `text`, a `name` or `data`.
    """

    name: str
    module: str
    toolset: str
    access: str
    scope: str | None
    provenance: str
    method: str | None
    path: str | None
    everyday: bool
    essential: bool
    dangerous: bool
    intents: tuple[str, ...]
    untrusted: Mapping[str, str]
    tool: dict[str, Any]

    def record(self) -> "Tool":
        """The record itself, an Operation or a Workflow; imports its module on first use."""
        return _records(self.module)[self.name]


@cache
def load() -> Mapping[str, Entry]:
    """Every entry by name, in listing order."""
    rows = json.loads(FILE.read_bytes())
    return {row["name"]: Entry(**row | {"intents": tuple(row["intents"])}) for row in rows}


@cache
def _records(module: str) -> Mapping[str, "Tool"]:
    """The records of `operations.contacts` or `workflows.whoami`, by name."""
    records: list[Tool] = getattr(import_module(f"drift_mcp.{module}"), module.partition(".")[0].upper())
    return {record.name: record for record in records}


def build() -> list[dict[str, Any]]:
    """The catalogue's rows, made anew from the records."""
    modules = [f"operations.{name}" for name in OPERATIONS] + [f"workflows.{name}" for name in WORKFLOWS]
    return [_row(module, record) for module in modules for record in _records(module).values()]


def dump(rows: list[dict[str, Any]]) -> str:
    """`rows` as the file holds them: one operation a line, so that a change shows as the lines it touches."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return f"[\n{lines}\n]\n"


def _row(module: str, record: "Tool") -> dict[str, Any]:
    from drift_mcp.schema import untrusted_paths

    return {
        "name": record.name,
        "module": module,
        "toolset": record.toolset,
        "access": record.access.value,
        "scope": record.scope,
        "provenance": record.provenance.value,
        "method": getattr(record, "method", None),
        "path": getattr(record, "path", None),
        "everyday": record.everyday,
        "essential": record.essential,
        "dangerous": record.dangerous,
        "intents": record.intents,
        "untrusted": untrusted_paths(record.result, many=record.many),
        "tool": _tool(record),
    }


def _tool(record: "Tool") -> dict[str, Any]:
    from drift_mcp.arguments import KEY, KEY_SCHEMA
    from drift_mcp.consent.question import PREVIEW_TOKEN, PREVIEW_TOKEN_SCHEMA
    from drift_mcp.operation import Access, LostAnswer, Provenance
    from drift_mcp.outgoing import concerns
    from drift_mcp.schema import input_schema, output_schema

    read = record.access is Access.READ
    schema = input_schema(record.request)
    if getattr(record, "target", None) or concerns(record.name):
        schema["properties"][PREVIEW_TOKEN] = PREVIEW_TOKEN_SCHEMA
    if not read and not hasattr(record, "runs"):  # what a runner runs takes it itself
        schema["properties"][KEY] = KEY_SCHEMA
    tool: dict[str, Any] = {
        "name": record.name,
        "title": record.title,
        "description": record.description,
        "inputSchema": schema,
        "outputSchema": output_schema(record.result, many=record.many),
        "annotations": {
            "title": record.title,
            "readOnlyHint": read,
            "destructiveHint": record.access is Access.DESTRUCTIVE,
            "idempotentHint": read or record.lost_answer is not LostAnswer.LOOK_FIRST,
            "openWorldHint": record.toolset != "server",
        },
    }
    if record.provenance is Provenance.CATALOGUE:
        tool["_meta"] = {PROVENANCE_KEY: record.provenance.value}
    return tool

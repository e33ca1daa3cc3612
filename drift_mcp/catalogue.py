"""The face of every operation, ready to show: the generated file `catalogue.json` and the code that generates it.

Building 78 schemas out of pydantic models takes longer than a host should wait for the list. So the list is built
beforehand: `python -m drift_mcp.catalogue` writes it from the Operation records, a test holds it against them, and at
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
    from drift_mcp.operation import Operation

FILE = Path(__file__).with_name("catalogue.json")
PROVENANCE_KEY = "drift-mcp/provenance"

MODULES = (
    "conversations", "messages", "notes", "contacts", "contact_matching", "contact_timeline", "contact_tags",
    "accounts", "companies", "users", "meetings", "automation", "tags", "reports", "app", "privacy", "scim", "events",
)  # fmt: skip
"""The modules of `drift_mcp.operations`, in the order in which their tools are listed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation as the catalogue holds it. `tool` is the MCP tool exactly as it is listed."""

    name: str
    module: str
    toolset: str
    access: str
    scope: str | None
    provenance: str
    method: str
    path: str
    everyday: bool
    dangerous: bool
    intents: tuple[str, ...]
    untrusted: tuple[str, ...]
    tool: dict[str, Any]

    def operation(self) -> "Operation":
        """The Operation record itself; imports its module on first use."""
        return _operations(self.module)[self.name]


@cache
def load() -> Mapping[str, Entry]:
    """Every entry by name, in listing order."""
    rows = json.loads(FILE.read_bytes())
    return {
        row["name"]: Entry(**row | {"intents": tuple(row["intents"]), "untrusted": tuple(row["untrusted"])})
        for row in rows
    }


@cache
def _operations(module: str) -> Mapping[str, "Operation"]:
    operations: list[Operation] = import_module(f"drift_mcp.operations.{module}").OPERATIONS
    return {operation.name: operation for operation in operations}


def build() -> list[dict[str, Any]]:
    """The catalogue's rows, made anew from the Operation records."""
    return [_row(module, operation) for module in MODULES for operation in _operations(module).values()]


def dump(rows: list[dict[str, Any]]) -> str:
    """`rows` as the file holds them: one operation a line, so that a change shows as the lines it touches."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return f"[\n{lines}\n]\n"


def _row(module: str, operation: "Operation") -> dict[str, Any]:
    from drift_mcp.schema import untrusted_paths

    return {
        "name": operation.name,
        "module": module,
        "toolset": operation.toolset,
        "access": operation.access.value,
        "scope": operation.scope,
        "provenance": operation.provenance.value,
        "method": operation.method,
        "path": operation.path,
        "everyday": operation.everyday,
        "dangerous": operation.dangerous,
        "intents": operation.intents,
        "untrusted": untrusted_paths(operation.result, many=operation.many),
        "tool": _tool(operation),
    }


def _tool(operation: "Operation") -> dict[str, Any]:
    from drift_mcp.operation import Access, LostAnswer, Provenance
    from drift_mcp.schema import input_schema, output_schema

    read = operation.access is Access.READ
    tool: dict[str, Any] = {
        "name": operation.name,
        "title": operation.title,
        "description": operation.description,
        "inputSchema": input_schema(operation.request),
        "outputSchema": output_schema(operation.result, many=operation.many),
        "annotations": {
            "title": operation.title,
            "readOnlyHint": read,
            "destructiveHint": operation.access is Access.DESTRUCTIVE,
            "idempotentHint": read or operation.lost_answer is not LostAnswer.LOOK_FIRST,
            "openWorldHint": True,
        },
    }
    if operation.provenance is Provenance.CATALOGUE:
        tool["_meta"] = {PROVENANCE_KEY: operation.provenance.value}
    return tool


def main() -> None:
    """Write the file."""
    FILE.write_text(dump(build()), encoding="utf-8")


if __name__ == "__main__":
    main()

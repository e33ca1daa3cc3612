"""The catalogue for people and programs at the shell: `drift-mcp tools [--json]`."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from drift_mcp import catalogue
from drift_mcp.settings import Settings
from drift_mcp.surface import chosen


def as_records() -> list[dict[str, Any]]:
    """One object per operation."""
    entries = catalogue.load()
    default = chosen(Settings(), entries)
    return [
        {
            "name": entry.name,
            "title": entry.tool["title"],
            "description": entry.tool["description"],
            "intents": list(entry.intents),
            "toolset": entry.toolset,
            "access": entry.access,
            "scope": entry.scope,
            "provenance": entry.provenance,
            "method": entry.method,
            "path": entry.path,
            "listed_by_default": default.is_listed(entry),
        }
        for entry in entries.values()
    ]


def as_lines() -> Iterator[str]:
    """The operations by toolset, one paragraph each."""
    records = as_records()
    operations = sum(record["path"] is not None for record in records)
    own = sum(record["toolset"] == "server" for record in records)
    yield (
        f"{operations} operations, {len(records) - operations - own} jobs, {own} tools of the server itself. "
        "* = listed by default; the others are run by name or with run_…_operation."
    )
    order = list(dict.fromkeys(record["toolset"] for record in records))
    records.sort(key=lambda record: order.index(record["toolset"]))
    for toolset, group in groupby(records, key=lambda record: record["toolset"]):
        yield f"\n{toolset}"
        for record in group:
            star = "*" if record["listed_by_default"] else " "
            needs = f"scope {record['scope']}" if record["scope"] else "no scope"
            what = "this server" if toolset == "server" else "a job of several calls"
            if record["path"]:
                what = f"{record['method']} {record['path']} · {record['provenance']}"
            yield f" {star} {record['name']}: {record['title']}"
            yield f"     {record['description']}"
            yield f"     {record['access']} · {needs} · {what}"
            yield f"     “{'”, “'.join(record['intents'])}”"

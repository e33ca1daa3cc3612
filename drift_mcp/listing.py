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
    yield f"{len(records)} operations; * = listed by default, the others can be called by name."
    for toolset, group in groupby(records, key=lambda record: record["toolset"]):
        yield f"\n{toolset}"
        for record in group:
            star = "*" if record["listed_by_default"] else " "
            needs = f"scope {record['scope']}" if record["scope"] else "no scope"
            yield f" {star} {record['name']}: {record['title']}"
            yield f"     {record['description']}"
            route = f"{record['method']} {record['path']}" if record["path"] else "several calls or none"
            yield f"     {record['access']} · {route} · {needs} · {record['provenance']}"
            yield f"     “{'”, “'.join(record['intents'])}”"

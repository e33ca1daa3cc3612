"""The MCP results of tool calls, as JSON objects."""

from collections.abc import Iterable
from typing import Any

ToolResult = dict[str, Any]


def answered(content: dict[str, Any], blocks: Iterable[dict[str, Any]] = ()) -> ToolResult:
    """`content` as an MCP result, with more content blocks besides."""
    from drift_mcp.present import as_read

    return {"content": [{"type": "text", "text": as_read(content)}, *blocks], "structuredContent": content}


def failed(content: dict[str, Any]) -> ToolResult:
    """An error as an MCP result."""
    return answered(content) | {"isError": True}

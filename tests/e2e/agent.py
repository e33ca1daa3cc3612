"""An agent at work: a real MCP client, connected over stdio to a server process of its own, in plain function calls."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from anyio.from_thread import BlockingPortal
from jsonschema import Draft202012Validator
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import CallToolResult, Tool

ERAS = {"2025-11-25": "legacy", "2026-07-28": "auto"}
"""The protocol versions served, and how the SDK's client is told to speak each."""


class Agent:
    """Calls tools, and knows what every result must be like."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self.portal = portal
        self.client = client

    def tools(self) -> list[Tool]:
        return self.portal.call(self.client.list_tools).tools

    def call(self, name: str, /, **arguments: Any) -> CallToolResult:
        result = self.portal.call(self.client.call_tool, name, arguments)
        assert isinstance(result, CallToolResult)
        return result

    def ask(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The structured result of a call that must succeed."""
        result = self.call(name, **arguments)
        assert not result.is_error, f"{name} {arguments}: {result.structured_content}"
        content: dict[str, Any] = result.structured_content
        return content

    def refused(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The `error` of a call that must fail, once it is known to be a clear one."""
        result = self.call(name, **arguments)
        assert result.is_error, f"{name} should have failed: {result.structured_content}"
        return clear_error(result.model_dump(by_alias=True, exclude_none=True))

    def every_row(self, name: str, /, **arguments: Any) -> list[dict[str, Any]]:
        """All rows of a listing, page by page."""
        page = self.ask(name, **arguments)
        rows = list(page["items"])
        while page["has_more"]:
            page = self.ask(name, **arguments, cursor=page["next_cursor"])
            assert page["count"] == len(page["items"]) > 0, "a page without rows would make an agent turn for ever"
            rows += page["items"]
        assert "next_cursor" not in page
        return rows


@contextmanager
def connected(
    portal: BlockingPortal, era: str, args: list[str], *, env: dict[str, str], cwd: Path, errors: TextIO, **client: Any
) -> Iterator[Agent]:
    """An agent connected to a server with these arguments; its stderr goes to `errors`, `client` to the client."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "drift_mcp", *args], env=env, cwd=cwd)
    made = Client(stdio_client(server, errlog=errors), mode=ERAS[era], read_timeout_seconds=60, **client)
    with portal.wrap_async_context_manager(made):
        yield Agent(portal, made)


_ERROR = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "from_visitors": {"type": "string", "pattern": r"^error\.drift_says: "},
        "error": {
            "type": "object",
            "required": ["kind", "message", "next"],
            "additionalProperties": False,
            "properties": {
                "kind": {"type": "string", "pattern": "^[a-z_]+$"},
                "message": {"type": "string", "minLength": 10, "maxLength": 2000},
                "next": {"type": "string", "minLength": 5, "maxLength": 500},
                "status": {"type": "integer"},
                "drift_says": {"type": "string", "minLength": 1},
                "retry_after_seconds": {"type": "number", "minimum": 0},
                "may_have_been_applied": {"const": True},
            },
        },
    },
}
_CHECKED = Draft202012Validator(_ERROR)
_STACK = ("Traceback", '.py", line', "Error(", "Exception", "pydantic", "httpx", "errors.")


def clear_error(result: dict[str, Any]) -> dict[str, Any]:
    """The `error` of a tool result, in JSON's names, that says what failed and what to do next, and nothing else."""
    assert result.get("isError") is True, result
    content: dict[str, Any] = result["structuredContent"]
    _CHECKED.validate(content)
    assert [block["type"] for block in result["content"]] == ["text"]
    text = result["content"][0]["text"]
    assert json.loads(text) == content
    assert not any(word in text for word in _STACK), text
    error: dict[str, Any] = content["error"]
    return error

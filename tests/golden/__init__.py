"""The whole answer of every read and every job, and of the writes whose answer is read, as files to look at.

`python -m tests.golden` writes them anew out of a sandbox in its first state, whose clock stands still; `test_golden`
holds them. The arguments are those of `tests/e2e/calls.py`, with few rows of what is a list.
"""

import json
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio

from drift_mcp.fields import iso_from_ms
from drift_mcp.present import as_text
from drift_mcp.sandbox import choices
from drift_mcp.workflows.shared import job
from tests.e2e import calls
from tests.e2e.catalogue import ENTRIES, OPERATIONS, properties
from tests.workflows.desk import NOW, Desk

FOLDER = Path(__file__).parent
COMMAND = "python -m tests.golden"
_DAY = 86_400_000
_WIDTH = 120
_ROWS = 4
_WRITES = ("send_message", "create_conversation", "update_conversation", "create_contact", "update_contact")
_ABOUT_THIS_SERVER = frozenset({"whoami", "find_operations", "list_received_events", "wait_for_event"})
"""They tell of the version, of the tools (held in `tools/`), and of what came in while the server ran."""

GOLDEN = [
    name
    for name in calls.CALLS
    if name in _WRITES
    or (name in OPERATIONS and ENTRIES[name].access == "read")
    or (name not in OPERATIONS and not name.startswith("run_") and name not in _ABOUT_THIS_SERVER)
]
"""The tools whose answers are kept, in the order in which they are called."""

_GRACE = "grace.adeyemi@cobaltmed.example"
_INSTEAD: dict[str, dict[str, Any]] = {
    "list_messages": {"conversation_id": 3479994343},
    "get_conversation": {"conversation_id": 3479994343},
    "get_conversation_transcript": {"conversation_id": 3479872824},
    "get_conversation_transcript_json": {"conversation_id": 3479872824},
    "find_contacts_by_email": {"email": _GRACE},
    "get_contact": {"contact_id": 23395233518, "detail": "full"},
    "get_contact_overview": {"email": _GRACE},
    "route_conversation": {"conversation_id": 3479994343},
    "triage_inbox": {"limit": _ROWS},
}
"""Calls that show more than the one that only has to succeed: threads of the start data, one of them with orders."""


def path(name: str) -> Path:
    return FOLDER / f"{name}.json"


def answers() -> dict[str, str]:
    """The content of every file, by the tool's name."""
    with (
        tempfile.TemporaryDirectory() as state,
        patch.object(calls, "soon", lambda days: iso_from_ms(NOW + days * _DAY)),
        patch.object(job, "clock", lambda: NOW / 1000),
        patch.object(choices, "TRANSCRIPT_ZONE", "UTC"),  # as where the machine has no zone data
    ):
        return anyio.run(_answers, state)


async def _answers(state: str) -> dict[str, str]:
    desk = Desk(destructive="allow", allow_dangerous=True, state_dir=state)
    contents: dict[str, Any] = {}
    found = {}
    for name in calls.CALLS:
        if name == "uninstall_app":
            continue
        arguments = _INSTEAD.get(name) or calls.CALLS[name](contents)
        if "limit" in properties(name):
            arguments = {"limit": _ROWS} | arguments
        result = await desk.toolbox.call(name, arguments)
        contents[name] = result["structuredContent"]
        if name in GOLDEN:
            found[name] = written({"tool": name, "arguments": arguments} | _shown(result)) + "\n"
    await desk.toolbox.aclose()
    return found


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    """A result with its text as the JSON that it is, where that differs from the structure."""
    text, *blocks = result.pop("content")
    read = json.loads(text["text"])
    assert as_text(read) == text["text"]
    result["text"] = "the same" if read == result["structuredContent"] else read
    return result | ({"blocks": blocks} if blocks else {})


def written(value: Any, indent: str = "") -> str:
    """`value` as JSON, with what fits a line on one line: a row is one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent + line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {written(item, inner)}" for key, item in value.items()]
    else:
        parts = [written(item, inner) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closing}"

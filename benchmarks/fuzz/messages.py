"""JSON-RPC messages that are wrong in some way, as the bytes that go over the wire."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from benchmarks.fuzz.arguments import any_text, anything

OLD, NEW = "2025-11-25", "2026-07-28"
_HELLO = {"protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "0"}}
_META = {"io.modelcontextprotocol/protocolVersion": NEW, "progressToken": "p"}

GOOD: tuple[dict[str, Any], ...] = (
    {"method": "initialize", "params": _HELLO},
    {"method": "ping"},
    {"method": "server/discover", "params": {"_meta": _META}},
    {"method": "tools/list", "params": {"cursor": ""}},
    {"method": "tools/call", "params": {"name": "get_contact", "arguments": {"contact_id": 1}, "_meta": _META}},
    {"method": "tools/call", "params": {"name": "run_read_operation", "arguments": {"name": "list_teams"}}},
    {"method": "tools/call", "params": {"name": "create_tag", "arguments": {"name": "x"}, "inputResponses": {}}},
    {"method": "resources/list"},
    {"method": "resources/read", "params": {"uri": "drift://conversations/1"}},
    {"method": "resources/templates/list", "params": {}},
    {"method": "prompts/list"},
    {"method": "prompts/get", "params": {"name": "triage", "arguments": {"status": "open"}}},
    {"method": "completion/complete", "params": {"ref": {"type": "ref/prompt", "name": "triage"}, "argument": {}}},
    {"method": "logging/setLevel", "params": {"level": "debug"}},
    {"method": "notifications/cancelled", "params": {"requestId": 1, "reason": "x"}},
    {"method": "notifications/initialized"},
    {"method": "notifications/progress", "params": {"progressToken": 1, "progress": 0.5}},
    {"result": {}},
    {"error": {"code": -32000, "message": "x"}},
)
IDS = st.integers() | any_text | st.sampled_from((None, 0, -1, 1.5, True, [], {}, 2**64, "1", "", "x" * 10_000))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """One message without a line break in it: good JSON-RPC with something changed in it, in its JSON or its bytes."""
    message: Any = {"jsonrpc": "2.0", "id": draw(st.integers(1, 10**6)), **draw(st.sampled_from(GOOD))}
    for _ in range(draw(st.integers(0, 3))):
        message = draw(st.sampled_from(_CHANGES))(draw, message)
    raw = json.dumps(message).encode()
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        raw = draw(st.sampled_from(_DAMAGES))(draw, raw)
    return raw.replace(b"\n", b" ").replace(b"\r", b" ")


def _id(draw: st.DrawFn, message: Any) -> Any:
    return {**message, "id": draw(IDS)} if isinstance(message, dict) else message


def _value(draw: st.DrawFn, message: Any) -> Any:
    """Another value somewhere in it."""
    if isinstance(message, dict) and message:
        name = draw(st.sampled_from(sorted(message)))
        deeper = isinstance(message[name], dict) and message[name] and draw(st.booleans())
        return {**message, name: _value(draw, message[name]) if deeper else draw(anything)}
    return draw(anything)


def _missing(draw: st.DrawFn, message: Any) -> Any:
    if not isinstance(message, dict) or not message:
        return message
    gone = draw(st.sampled_from(sorted(message)))
    return {name: value for name, value in message.items() if name != gone}


def _added(draw: st.DrawFn, message: Any) -> Any:
    return {**message, draw(any_text): draw(anything)} if isinstance(message, dict) else message


def _wrapped(draw: st.DrawFn, message: Any) -> Any:
    return [message] if isinstance(message, list) else [message] * draw(st.sampled_from((0, 1, 2, 50)))


_CHANGES: tuple[Callable[[st.DrawFn, Any], Any], ...] = (_id, _value, _value, _value, _missing, _added, _wrapped)


def _cut(draw: st.DrawFn, raw: bytes) -> bytes:
    return raw[: draw(st.integers(0, len(raw)))]


def _inserted(draw: st.DrawFn, raw: bytes) -> bytes:
    at = draw(st.integers(0, len(raw)))
    return raw[:at] + draw(st.binary(min_size=1, max_size=6)) + raw[at:]


def _changed(draw: st.DrawFn, raw: bytes) -> bytes:
    at = draw(st.integers(0, max(0, len(raw) - 1)))
    return raw[:at] + bytes([draw(st.integers(0, 255))]) + raw[at + 1 :]


def _framed(draw: st.DrawFn, raw: bytes) -> bytes:
    before = draw(
        st.sampled_from((b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"Content-Length: 5 ", b"data: ", b"[", b" "))
    )
    return before + raw + draw(st.sampled_from((b"", raw, b"\x00", b",", b"]", b"}" * 50)))


_DAMAGES: tuple[Callable[[st.DrawFn, bytes], bytes], ...] = (_cut, _inserted, _changed, _framed)

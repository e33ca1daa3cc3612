"""Reads the body of an answer: JSON that is JSON, not deeper than anything Drift means, and no error in disguise."""

import json
from codecs import BOM_UTF8
from typing import Any, NoReturn

from drift_mcp.drift.wire import Call, Expect

MAX_DEPTH = 30
"""Levels of nesting that are passed on. Hosts give up on a message that nests past a hundred or so."""
TOO_DEEP = "[nested too deeply]"
_NO_CONTENT = 204


def parse(call: Call, status: int, raw: bytes) -> Any:
    """The body as `call` expects it; None where a success has nothing to say.

    Raises:
        ValueError: it is not what was expected.
        RecursionError: it nests absurdly.
    """
    if call.expect is Expect.BYTES:
        return raw
    if call.expect is Expect.TEXT:
        return raw.decode("utf-8", "replace")
    if (call.writes or status == _NO_CONTENT) and not raw.strip():
        return None
    # The codec that takes the mark away itself is written in Python.
    body = _JSON.decode(raw.removeprefix(BOM_UTF8).decode("utf-8", "surrogatepass"))
    # What has no more brackets than that cannot nest deeper either.
    return _pruned(body, 0) if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH else body


def refuses(body: Any) -> bool:
    """Whether an answer of a 2xx status says that it failed all the same."""
    if not isinstance(body, dict):
        return False
    return body.get("ok") is False or ("data" not in body and bool(body.get("error") or body.get("errors")))


def _pruned(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return TOO_DEEP if depth > MAX_DEPTH else {key: _pruned(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return TOO_DEEP if depth > MAX_DEPTH else [_pruned(item, depth + 1) for item in value]
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse)

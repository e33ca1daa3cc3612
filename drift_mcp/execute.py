"""Runs one operation: a validated request goes down to Drift, its answer comes up as what the agent reads."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qsl, urlencode

from drift_mcp import present
from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import BrokenAnswer
from drift_mcp.drift.paging import STYLES, PagingStyle, Position, Send, pages
from drift_mcp.drift.wire import Answer, Call, Expect
from drift_mcp.fields import mime_type
from drift_mcp.operation import ListRequest, Operation, Request
from drift_mcp.text import visible

_WRAPPER = 300
"""Bytes kept free for what stands around the rows of a listing, the cursor not counted."""

MAX_PAGES = 20
"""Requests one listing may cost at most."""

_LOOPS = "Drift's next page is one that was read before: the rows after these cannot be read now"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool call answers: the structured result, and MCP content blocks besides its text."""

    content: dict[str, Any]
    blocks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


async def execute(
    operation: Operation, request: Request, send: Send, *, budget: int, catalogue_prefix: str = ""
) -> Outcome:
    """Run `operation` and present its answer within `budget` bytes of JSON.

    Raises:
        DriftError: Drift could not be reached, refused, or answered what cannot be used.
        InvalidArguments: the cursor is not one of this operation's.
    """
    _check_fields(operation, request)
    call = operation.call(request, catalogue_prefix=catalogue_prefix)
    if operation.many:
        return Outcome(await _listing(operation, request, call, send, budget))
    answer = await send(call)
    if operation.expect is Expect.BYTES:
        return _attachment(call, answer)
    payload = _unwrapped(operation, call, answer)
    if payload is None:
        raise BrokenAnswer(status=answer.status, maybe_applied=call.writes)
    record, cut = present.fit_record(present.result_of(operation.result, payload, request), budget)
    return Outcome(record | ({"truncated": cut} if cut else {}))


def _check_fields(operation: Operation, request: Request) -> None:
    """The fields that were chosen have to be some of the result; only the operation knows both."""
    chosen = request.argument("fields")
    if not chosen:
        return
    known = [name for name, each in operation.result.model_fields.items() if not each.exclude]
    for name in chosen:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise InvalidArguments([f"fields: there is no field {json.dumps(name)}; {hint}"])


class Incomplete(Exception):
    """A listing has more rows than can be read."""


async def raw_rows(
    operation: Operation, request: Request, send: Send, *, catalogue_prefix: str = ""
) -> AsyncIterator[Any]:
    """The rows that a read answers, or its one record, as Drift sends them.

    Raises:
        DriftError: as `execute` does.
        Incomplete: after the rows that were read there are more, on too many pages or on none that Drift leads to.
    """
    call = operation.call(request, catalogue_prefix=catalogue_prefix)
    style = STYLES[operation.paging] if operation.paging else None
    walked = 0
    async for page in pages(send, call, style):
        if walked == MAX_PAGES:
            raise Incomplete
        walked += 1
        payload = _unwrapped(operation, call, page.answer)
        if not operation.many:
            payload = [payload]
        if not isinstance(payload, list):
            raise BrokenAnswer(status=page.answer.status)
        for row in payload:
            yield row
        if page.loops:
            raise Incomplete


def _unwrapped(operation: Operation, call: Call, answer: Answer) -> Any:
    """The payload of `answer`. One in no shape that the operation knows is a broken answer, not this server's fault."""
    try:
        return operation.unwrap(answer.body)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        raise BrokenAnswer(status=answer.status, maybe_applied=call.writes) from None


@dataclass(frozen=True, slots=True)
class _Row:
    """A presented row, and where it stands: the position of its page and its place in it."""

    record: dict[str, Any]
    position: Position
    place: int


async def _listing(operation: Operation, request: Request, call: Call, send: Send, budget: int) -> dict[str, Any]:
    style = STYLES[operation.paging] if operation.paging else None
    wanted = request.limit if isinstance(request, ListRequest) else None
    start, skip = _read_cursor(request.cursor if isinstance(request, ListRequest) else None, style)
    rows: list[_Row] = []
    after: Position | None = None
    walked, loops = 0, False
    async for page in pages(send, call, style, start):
        payload = _unwrapped(operation, call, page.answer)
        found = [] if payload is None else payload
        if not isinstance(found, list):
            raise BrokenAnswer(status=page.answer.status)
        # One row more than wanted tells that there are more; presenting the rest would be work for nothing.
        enough = None if wanted is None else skip + wanted + 1 - len(rows)
        for place, raw in enumerate(found[skip:enough], skip):
            rows.append(_Row(present.result_of(operation.result, raw, request), page.position, place))
        skip, after, walked, loops = max(0, skip - len(found)), page.next, walked + 1, page.loops
        if walked == MAX_PAGES or (wanted is not None and len(rows) >= wanted):
            break
    longest = max((len(urlencode(row.position)) for row in rows), default=0)
    kept, cut = present.fit_rows([row.record for row in rows[:wanted]], budget - _WRAPPER - longest)
    if len(kept) < len(rows):
        following = rows[len(kept)]
        cursor: str | None = _write_cursor(following.position, following.place)
    else:
        cursor = _write_cursor(after, 0) if after else None
    lost = loops and cursor is None
    listing: dict[str, Any] = {"items": kept, "count": len(kept), "has_more": cursor is not None or lost}
    if cursor is not None:
        listing["next_cursor"] = cursor
    if lost:
        cut = "; ".join(filter(None, (cut, _LOOPS)))
    if cut:
        listing["truncated"] = cut
    return listing


def _write_cursor(position: Position, place: int) -> str:
    """A position in a listing as text: Drift's own parameters, and how many rows of that page have been shown."""
    return urlencode({**position, "skip": place} if place or not position else position)


def _read_cursor(cursor: str | None, style: PagingStyle | None) -> tuple[Position, int]:
    if not cursor:
        return {}, 0
    known = (style.keys if style else frozenset[str]()) | {"skip"}
    parts: Mapping[str, str] = dict(parse_qsl(cursor, keep_blank_values=True))
    skip = parts.get("skip", "0")
    if not parts or not set(parts) <= known or not (skip.isascii() and skip.isdigit() and len(skip) < 7):
        raise InvalidArguments(["cursor: pass the next_cursor of the answer before, unchanged, or leave it out"])
    return {name: value for name, value in parts.items() if name != "skip"}, int(skip)


def _attachment(call: Call, answer: Answer) -> Outcome:
    """A file as an embedded resource, with its name and type in the structured part."""
    document = call.path.split("/")[-2]
    mime = mime_type(answer.headers.get("content-type")) or "application/octet-stream"
    name = _file_name(answer.headers.get("content-disposition", "")) or f"attachment-{document}"
    blob = {
        "type": "resource",
        "resource": {
            "uri": f"drift://attachments/{document}",
            "mimeType": mime,
            "blob": base64.b64encode(answer.body).decode("ascii"),
        },
    }
    facts = {"document_id": int(document), "file_name": name, "mime_type": mime, "bytes": len(answer.body)}
    return Outcome(facts, [blob])


def _file_name(disposition: str) -> str:
    """The plain file name in a Content-Disposition header, or ""."""
    from email.message import Message

    header = Message()
    header["Content-Disposition"] = disposition.encode("ascii", "replace").decode("ascii")
    name = visible(header.get_filename() or "")
    name = " ".join(name.replace("\\", "/").rpartition("/")[2].split())[:200]
    return "" if name in {".", ".."} else name

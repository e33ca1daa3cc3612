"""Drift's five ways of paging behind one interface.

A style knows which query parameters carry the position, and how to find the next position in an answer. Everything
else is common: `pages` walks from a position and stops at the end, or, saying so, where a position comes back.

A position is a mapping of query parameters. It is all that is taken from a link Drift sends: the host and the path of
a `links.next` are never followed, so a token cannot be sent to another host (drift-api.md §11, 9).
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from drift_mcp.drift.wire import Answer, Call

Position = Mapping[str, str]
Send = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class PagingStyle:
    """One way of paging: the query parameters that carry the position, and how the next one is found."""

    name: str
    keys: frozenset[str]
    find_next: Callable[[Call, Answer], Mapping[str, str]]

    def next_position(self, call: Call, answer: Answer) -> Position | None:
        """The position after `answer`, or None at the end."""
        found = self.find_next(call, answer)
        return {name: value for name, value in found.items() if name in self.keys and value} or None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a walk, the position it was asked with ({} for the first) and the position after it.

    With `loops` it leads back to a page that was there before: there is more, and no way to it.
    """

    answer: Answer
    position: Position
    next: Position | None
    loops: bool = False


async def pages(
    send: Send, call: Call, style: PagingStyle | None, start: Position | None = None
) -> AsyncIterator[Page]:
    """The pages of `call`, one request each, from `start` on. With no style there is one page.

    Raises whatever `send` raises.
    """
    position: Position = start or {}
    seen: set[str] = set()
    while True:
        asked = call.with_query(position) if position else call
        answer = await send(asked)
        following = style.next_position(asked, answer) if style else None
        seen.add(urlencode(position))
        # A position that repeats would go round for ever (drift-api.md §11, 8).
        loops = following is not None and urlencode(following) in seen
        yield Page(answer, position, None if loops else following, loops)
        if following is None or loops:
            return
        position = following


def _query_of(url: Any) -> dict[str, str]:
    """The query of a link Drift sent; none where it is no URL, and the walk ends there."""
    try:
        return dict(parse_qsl(urlsplit(url).query)) if isinstance(url, str) else {}
    except ValueError:
        return {}


def _mapping(body: Any, key: str) -> Mapping[str, Any]:
    value = body.get(key) if isinstance(body, dict) else None
    return value if isinstance(value, dict) else {}


def _page_token(_: Call, answer: Answer) -> Mapping[str, str]:
    from_link = _query_of(_mapping(answer.body, "links").get("next"))
    return from_link or _pagination_next(_, answer)


def _pagination_next(_: Call, answer: Answer) -> Mapping[str, str]:
    pagination = _mapping(answer.body, "pagination")
    following = pagination.get("next")
    return {"next": str(following)} if following is not None and pagination.get("more", True) else {}


def _index(_: Call, answer: Answer) -> Mapping[str, str]:
    return _query_of(_mapping(answer.body, "data").get("next"))


_NEXT_LINK = re.compile(r"""<([^>]*)>\s*;[^,]*\brel\s*=\s*["']?next\b""", re.IGNORECASE)


def _link_header(call: Call, answer: Answer) -> Mapping[str, str]:
    match = _NEXT_LINK.search(answer.headers.get("link", ""))
    return _query_of(match.group(1)) if match else {}


def _start_index(call: Call, answer: Answer) -> Mapping[str, str]:
    body = answer.body if isinstance(answer.body, dict) else {}
    rows, total = body.get("Resources"), body.get("totalResults")
    if not isinstance(rows, list) or not isinstance(total, int) or not rows:
        return {}
    asked = dict(call.query).get("startIndex", "1")
    following = (int(asked) if asked.isdigit() else 1) + len(rows)
    return {"startIndex": str(following)} if following <= total else {}


STYLES: Mapping[str, PagingStyle] = {
    style.name: style
    for style in (
        # devdocs: list-conversations; the older listing-conversations answers `pagination` instead of `links`.
        PagingStyle("page_token", frozenset({"page_token", "next"}), _page_token),
        # devdocs: retrieve-a-conversations-messages. 50 a page.
        PagingStyle("next", frozenset({"next"}), _pagination_next),
        # devdocs: listing-accounts. `data.next` is a relative URL.
        PagingStyle("index", frozenset({"index"}), _index),
        # devdocs: retrieving-contact shows the header but not the name of its cursor: the usual ones are understood.
        PagingStyle(
            "link_header",
            frozenset({"cursor", "next", "page", "page_token", "offset", "index", "start", "after"}),
            _link_header,
        ),
        # SCIM 2.0 (RFC 7644 §3.4.2.4). 1-based.
        PagingStyle("start_index", frozenset({"startIndex"}), _start_index),
    )
}

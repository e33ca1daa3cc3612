"""Drifts of a few lines each, one for every way of paging: they answer calls out of a list of rows."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from drift_mcp.drift.wire import Answer, Call

Rows = Sequence[dict[str, Any]]


class PagedDrift:
    """Answers `rows` in pages of one paging style, `page` rows each. `calls` has every request."""

    def __init__(self, style: str | None, rows: Rows, page: int) -> None:
        self.style = style
        self.rows = list(rows)
        self.page = page
        self.calls: list[Call] = []

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        assert len(self.calls) < 2_000, "this walk does not end"
        answers: dict[str | None, Callable[[dict[str, str]], Answer]] = {
            "page_token": self._page_token,
            "pagination": self._pagination,
            "next": self._next,
            "index": self._index,
            "link_header": self._link_header,
            "start_index": self._start_index,
            None: lambda query: Answer(200, {"rows": self.rows}),
        }
        return answers[self.style](dict(call.query))

    def _slice(self, start: int) -> tuple[list[dict[str, Any]], int | None]:
        after = start + self.page
        return self.rows[start:after], after if after < len(self.rows) else None

    def _page_token(self, query: dict[str, str]) -> Answer:
        # The token is opaque and has characters that need escaping in a URL.
        token = query.get("page_token")
        rows, after = self._slice(_opened(token) if token else 0)
        links = {"self": "https://api.drift.com/conversations/list"}
        if after is not None:
            links["next"] = (
                f"https://api.drift.com/conversations/list?{urlencode({'page_token': _token(after), 'limit': 7})}"
            )
        return Answer(200, {"rows": rows, "links": links})

    def _pagination(self, query: dict[str, str]) -> Answer:
        rows, after = self._slice(int(query.get("next", "0")))
        more = {"pagination": {"more": True, "next": str(after)}} if after is not None else {}
        return Answer(200, {"rows": rows, **more})

    def _next(self, query: dict[str, str]) -> Answer:
        rows, after = self._slice(int(query.get("next", "0")))
        # The last page may name a cursor as well; `more` decides.
        return Answer(200, {"rows": rows, "pagination": {"more": after is not None, "next": after or 10**9}})

    def _index(self, query: dict[str, str]) -> Answer:
        rows, after = self._slice(int(query.get("index", "0")))
        following = {"next": f"/accounts?index={after}&size={self.page}"} if after is not None else {}
        return Answer(200, {"rows": rows, "data": {"accounts": rows, "total": len(self.rows), **following}})

    def _link_header(self, query: dict[str, str]) -> Answer:
        rows, after = self._slice(int(query.get("cursor", "0")))
        link = f"<https://driftapi.com/contacts?email=a%40b.com&cursor={after}>; rel='next'"
        return Answer(200, {"rows": rows}, {"link": link} if after is not None else {})

    def _start_index(self, query: dict[str, str]) -> Answer:
        start = int(query.get("startIndex", "1"))
        rows, _ = self._slice(start - 1)
        return Answer(200, {"rows": rows, "Resources": rows, "totalResults": len(self.rows)})


def _token(start: int) -> str:
    return base64.b64encode(json.dumps({"at": start, "é": "?>~"}).encode()).decode() + "+/=&"


def _opened(token: str) -> int:
    assert token.endswith("+/=&"), "the token came back changed"
    return int(json.loads(base64.b64decode(token.removesuffix("+/=&")))["at"])

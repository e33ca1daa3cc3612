"""What all lists of the catalogue share: pages with a `next` cursor, and how a filter compares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from starlette.responses import Response

from ... import paging, query
from ...http import Call, data
from ...world import Row


def page(
    call: Call, kind: str, rows: list[Row], key: Callable[[Row], list[int]], view: Callable[[Row], Row]
) -> Response:
    """{"data": […], "pagination": {"more": true, "next": "…"}}, `pagination` only where there is more."""
    size = query.page_size(call.query)
    token = query.text(call.query, "next")
    position = paging.decode(kind, token, "next").get("after") if token else None
    shown, more = paging.after(sorted(rows, key=key), position, key, size)
    beside = {} if more is None else {"pagination": {"more": True, "next": paging.encode(kind, after=more)}}
    return data([view(row) for row in shown], **beside)


def newest(row: Row) -> list[int]:
    """Sorts by creation, the newest first."""
    return [-row["createdAt"], -row["id"]]


def part_of(wanted: str, text: Any) -> bool:
    return wanted.casefold() in str(text or "").casefold()


def words_in(wanted: str, texts: Iterable[Any]) -> bool:
    """Every word of the search is somewhere in the texts."""
    everything = " ".join(str(text) for text in texts if text is not None).casefold()
    return all(word in everything for word in wanted.casefold().split())


def all_of(wanted: Iterable[str], have: Iterable[str]) -> bool:
    known = {text.casefold() for text in have}
    return all(text.casefold() in known for text in wanted)


def same_values(wanted: Row, have: Row) -> bool:
    """Every wanted value is there, however it is typed: 5 and "5" are the same."""
    return all(name in have and _text(have[name]) == _text(value) for name, value in wanted.items())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

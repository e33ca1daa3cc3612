"""Opaque cursors: what a page token holds and how a page is cut out of a sorted list.

A cursor names the last row served (keyset), not a position, so that rows written between two calls shift
nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from .errors import invalid
from .fields import is_int

Row = dict[str, Any]


def encode(kind: str, **state: Any) -> str:
    """A URL-safe token of the given kind; a token of one list is refused by another."""
    raw = json.dumps({"kind": kind, **state}, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(kind: str, token: str, name: str) -> dict[str, Any]:
    """The state of a token; `name` is the parameter it came in. Anything not minted here is 400."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        state = json.loads(raw)
    except (ValueError, RecursionError):
        raise invalid(f"{name} is not valid") from None
    if not isinstance(state, dict) or state.pop("kind", None) != kind or not all(map(_plain, state.values())):
        raise invalid(f"{name} is not valid")
    return state


def _plain(value: Any) -> bool:
    """Tokens hold numbers, lists of numbers and null: a forged one gets no further than this."""
    return value is None or is_int(value) or (isinstance(value, list) and all(map(is_int, value)))


def after(
    rows: Sequence[Row], position: list[int] | None, key: Callable[[Row], list[int]], size: int
) -> tuple[list[Row], list[int] | None]:
    """Up to `size` rows whose key comes after `position`, and the position to continue from (None at the
    end).

    `rows` must be sorted by `key`.
    """
    rest = [row for row in rows if position is None or key(row) > position]
    page = rest[:size]
    return page, key(page[-1]) if len(rest) > len(page) else None

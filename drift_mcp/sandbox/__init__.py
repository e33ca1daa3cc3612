"""A local Drift: serves Drift's REST API as its documentation describes it, with state of its own.

It knows only Drift's published behaviour and imports nothing of drift_mcp's client side, so that a misreading
in the client cannot hide here. What the documentation leaves open is decided in choices.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from .choices import SANDBOX_TOKEN
from .options import Options
from .serve import serve

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["SANDBOX_TOKEN", "create_app", "serve"]


def create_app(
    *,
    now: Callable[[], int] | None = None,
    state_file: Path | None = None,
    token: str = SANDBOX_TOKEN,
    scopes: Iterable[str] | None = None,
    **options: Unpack[Options],
) -> Starlette:
    """A sandbox of its own as an ASGI app.

    `now`: the clock, epoch milliseconds; the seed is laid out relative to it. `state_file`: loaded if it
    exists and written after every change. `token`: the bearer that is accepted. `scopes`: what it may do, by
    default everything. The rest: see `Options`.
    """
    from .app import build

    return build(now, state_file, token, scopes, options)

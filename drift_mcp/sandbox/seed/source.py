"""Reads the JSON files of the seed, and the small notations used in them ("2d 3h" before the anchor)."""

from __future__ import annotations

import json
import re
import zlib
from importlib.resources import files
from typing import Any

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_PART = re.compile(r"(\d+)([smhd])")
_DATA = files(__package__).joinpath("data")


def read(name: str) -> Any:
    """The content of data/<name>.json."""
    return json.loads(_DATA.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def read_threads() -> list[dict[str, Any]]:
    """Every thread of data/threads/, file by file in the order of their names."""
    folder = _DATA.joinpath("threads")
    sources = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=_name)
    return [thread for entry in sources for thread in json.loads(entry.read_text(encoding="utf-8"))]


def _name(entry: Any) -> str:
    return str(entry.name)


def span(text: str) -> int:
    """Milliseconds of a span such as "40m", "3h" or "2d 5h"; a leading minus turns it round."""
    parts = _PART.findall(text)
    if not parts:
        raise ValueError(f"not a span of time: {text!r}")
    total = sum(int(number) * _UNITS[unit] for number, unit in parts)
    return -total if text.startswith("-") else total


def spread(key: str, width: int) -> int:
    """A number in 0..width-1 that always belongs to this key: variety without randomness."""
    return zlib.crc32(key.encode()) % width


def page_title(path: str) -> str:
    """A page's title made from its path: "/docs/connectors" is "Connectors – Docs | Harborloom"."""
    parts = [part.replace("-", " ").capitalize() for part in path.split("/") if part]
    return " – ".join(reversed(parts)) + " | Harborloom" if parts else "Harborloom – freight data, in order"

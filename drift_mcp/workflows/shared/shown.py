"""How jobs write what they found."""

from typing import Any


def brief(text: Any, longest: int) -> str:
    """`text` on one line, its end cut off."""
    line = " ".join(str(text or "").split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def slim(row: dict[str, Any]) -> dict[str, Any]:
    """`row` without what is None or empty."""
    return {key: value for key, value in row.items() if value is not None and value not in ("", [], {})}

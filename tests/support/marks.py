"""Where in an answer a phrase stands, and whether a mark of `drift-mcp/untrusted` names that place."""

import re
from collections.abc import Iterator
from typing import Any

Path = tuple[Any, ...]


def spots(value: Any, phrase: str, path: Path = ()) -> Iterator[Path]:
    """Where in `value` a text holds `phrase`, a key of an object too."""
    if isinstance(value, str) and phrase in value:
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(key, str) and phrase in key:
            yield (*path, key)
        yield from spots(item, phrase, (*path, key))


def covers(mark: str, path: Path) -> bool:
    """Whether a mark such as `items[0,2-4].text` names that place, or something around it."""
    steps: list[Any] = []
    for name, rows in re.findall(r"([^.\[\]]+)(?:\[([^\]]*)\])?", mark):
        steps.append({name})
        if f"{name}[" in mark:
            ranges = [each.partition("-") for each in rows.split(",") if each]
            steps.append({n for low, _, high in ranges for n in range(int(low), int(high or low) + 1)} or None)
    return len(steps) <= len(path) and all(step is None or path[at] in step for at, step in enumerate(steps))

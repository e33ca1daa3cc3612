"""Operations that a text names outright, by their name or by their endpoint: no guess can be better than that."""

import re
from collections.abc import Iterable, Iterator

from drift_mcp.catalogue import Entry

_NAME = re.compile(r"[a-z]+(?:_[a-z]+)+")
_ENDPOINT = re.compile(r"(?:\b(GET|POST|PUT|PATCH|DELETE)\s+|(?<![\w/.:])(?=/))(/?[\w{}%?=./-]+)")


class Named:
    """The names and endpoints of operations."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._names: set[str] = set()
        self._paths: list[tuple[str, re.Pattern[str], str]] = []
        for entry in entries:
            self._names.add(entry.name)
            path = re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape((entry.path or "").lstrip("/")))
            self._paths.append((entry.method or "", re.compile(path, re.IGNORECASE), entry.name))

    def find(self, text: str) -> list[list[str]]:
        """What is named, in order of mention; several operations where they share an endpoint."""
        found: list[tuple[int, list[str]]] = [
            (match.start(), [match[0]]) for match in _NAME.finditer(text) if match[0] in self._names
        ]
        for match in _ENDPOINT.finditer(text):
            names = list(self._at(match[1], match[2].rstrip(".?").lstrip("/")))
            if names:
                found.append((match.start(), names))
        return [names for _, names in sorted(found)]

    def _at(self, method: str | None, path: str) -> Iterator[str]:
        exact = [name for verb, pattern, name in self._paths if method in (None, verb) and pattern.fullmatch(path)]
        literal = [name for verb, pattern, name in self._paths if name in exact and pattern.pattern == re.escape(path)]
        yield from literal or exact

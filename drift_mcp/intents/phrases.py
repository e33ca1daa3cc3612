"""More of what people say for each operation, beside the `intents` of its record: the file `phrases.txt`.

The index takes their words, not the phrases: they are examples to be near to, not answers to look up. None of them is
among the development phrases.
"""

from pathlib import Path

FILE = Path(__file__).with_name("phrases.txt")


def load() -> dict[str, list[str]]:
    """The phrases of each operation."""
    phrases: dict[str, list[str]] = {}
    of: list[str] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            of = phrases.setdefault(line.strip("[]"), [])
        elif line:
            of.append(line)
    return phrases

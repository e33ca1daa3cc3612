"""Whether Drift shows what was sent. It may write it in another way, so there is a third answer, None: unsure."""

import re
from typing import Any


def alike(sent: Any, shown: Any, *, part: bool = False, absent: bool | None = None) -> bool | None:
    """Whether `shown` is what was `sent`; None: it may be, written in another way. Both are presented values.

    With `part`, a list that was sent may be a part of the one shown. `absent` is the answer where nothing is shown.
    """
    if shown is None:
        return absent
    if isinstance(sent, dict) and isinstance(shown, dict):
        return all_of([alike(value, shown.get(name), part=part, absent=absent) for name, value in sent.items()])
    if isinstance(sent, list) and isinstance(shown, list):
        if len(sent) != len(shown) and not part:
            return False
        return all_of([any_of([alike(each, other, part=part) for other in shown]) for each in sent])
    if isinstance(sent, str) or isinstance(shown, str):
        return _same_text(str(sent), str(shown))
    return bool(sent == shown)


def _same_text(sent: str, shown: str) -> bool | None:
    """None where only spaces, punctuation and the like differ."""
    ours, theirs = (" ".join(text.split()).casefold() for text in (sent, shown))
    if ours == theirs:
        return True
    return None if re.sub(r"\W+", "", ours) == re.sub(r"\W+", "", theirs) else False


def all_of(answers: list[bool | None]) -> bool | None:
    """True if all are, False if one is not, None if it is unsure."""
    return False if False in answers else None if None in answers else True


def any_of(answers: list[bool | None]) -> bool | None:
    """True if one is, False if none is, None if it is unsure."""
    return True if True in answers else None if None in answers else False


def blank(value: Any) -> bool:
    """Whether something in `value` is empty: presented, it would not be seen."""
    if isinstance(value, dict) and value:
        return any(map(blank, value.values()))
    return value is None or value in ("", [], {})

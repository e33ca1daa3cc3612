"""Plain text out of what Drift stores: HTML bodies, and whatever a website visitor typed.

Everything here only takes away or sets apart; nothing is interpreted. What is taken away because nobody would see it
is counted (`counted`), for it is a sign that somebody hides words from people that are meant for machines.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape

from drift_mcp import html_text

# Characters that show nothing, or turn the reading order round: zero-width characters and joiners, bidirectional
# controls, variation selectors, tag characters (which can carry a whole hidden sentence), fillers, non-characters, and
# C0/C1 controls other than tab and newline.
_INVISIBLE = (
    "\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# What of these is part of ordinary writing, and stays where it is: the emoji style and joiners inside an emoji, the
# flags of England, Scotland and Wales (the only ones made of tag characters), and one joiner between two letters of a
# script that spells with it (Persian, Hindi and their like). Nothing can be spelled with what is left of them. Variants
# of a CJK character, soft hyphens and direction marks go: the text keeps its letters and its order without them.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_EMOJI = f"{_PICTURE}[\U0001f3fb-\U0001f3ff]?\ufe0f?"
_FLAGS = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
_JOINING = "[\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]"
_ORDINARY = (
    f"\U0001f3f4(?:{_FLAGS})\U000e007f|[0-9#*]\ufe0f\u20e3|{_EMOJI}(?:\u200d{_EMOJI})*"
    f"|(?<={_JOINING})[\u200c\u200d](?={_JOINING})"
)
_SUSPECT = re.compile(f"[{_INVISIBLE}]")
_KEPT_OR_GONE = re.compile(f"({_ORDINARY})|[{_INVISIBLE}]")
_SURROGATE = re.compile("[\ud800-\udfff]")

# What makes Markdown and HTML more than text, wherever it stands. An image is loaded when a host renders it, and its
# address can carry away what was read; a link can show one address and go to another, also to one that is defined
# elsewhere (`[https://bank.example][x]`, `[x]: https://evil.example`); a tag can do both, in more ways than are known.
_RENDERED = re.compile(r"!(?=\[)|\](?=[(\[:])|<(?=[A-Za-z/!?])")


@dataclass(slots=True)
class Removed:
    """How many characters were taken away: invisible ones, and those of text that HTML hides."""

    invisible: int = 0
    hidden: int = 0


_counting: ContextVar[Removed | None] = ContextVar("removed", default=None)


@contextmanager
def counted() -> Iterator[Removed]:
    """Counts what is taken away inside."""
    removed = Removed()
    before = _counting.set(removed)
    try:
        yield removed
    finally:
        _counting.reset(before)


def visible(text: str) -> str:
    """`text` without characters that a reader cannot see. Line ends become newlines."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if _SUSPECT.search(unified):
        seen = _KEPT_OR_GONE.sub(lambda found: found.group(1) or "", unified)
        removed = _counting.get()
        if removed is not None:
            removed.invisible += len(unified) - len(seen)
        unified = seen
    return _SURROGATE.sub("\ufffd", unified)


def from_html(html: str) -> str:
    """The text of an HTML message body as a reader sees it: blocks on lines of their own, links with their target."""
    if "<" not in html and "&" not in html:
        return visible(html).strip()
    text, hidden = html_text.read(html)
    removed = _counting.get()
    if removed is not None:
        removed.hidden += hidden
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in visible(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def unrendered(text: str) -> str:
    """`text` with the Markdown and HTML broken by a space that a host would load from, or show a false address for.

    Every word and address stays; a bare address is left alone, for it says where it goes.
    """
    return _RENDERED.sub(r"\g<0> ", text)


def to_html(text: str) -> str:
    """Plain text as an HTML message body: escaped, newlines kept (devdocs: message-model, bodies are HTML)."""
    return escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")

"""Plain text out of what Drift stores: HTML bodies, and whatever a website visitor typed.

Everything here only takes away; nothing is interpreted.
"""

import re
from collections import Counter
from contextlib import suppress
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

# Characters that show nothing, or turn the reading order round: zero-width and joiner characters, bidirectional
# controls, variation selectors supplement, tag characters (which can carry a whole hidden sentence), and C0/C1 controls
# other than tab and newline. The joiner U+200D and the emoji variation selector U+FE0F stay: emoji are built with them.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")

_BLOCKS = frozenset("p div br li ul ol tr table h1 h2 h3 h4 h5 h6 blockquote pre hr".split())  # noqa: SIM905
_MAX_PARSED = 6_000
"""Characters. The parser takes quadratic time on hostile input, and a visitor's message must not stop the server."""
_STRIPPED = (
    (re.compile(r"<!--(?:.*?-->|.*\Z)", re.DOTALL), ""),
    (re.compile(r"<(script|style|template|title|noscript)\b(?:.*?</\1\s*>|.*\Z)", re.DOTALL | re.IGNORECASE), ""),
    (re.compile(r"<(?:br|/?p|/?div|li|/?ul|/?ol|tr|/?h[1-6]|hr)\b[^>]*>", re.IGNORECASE), "\n"),
    (re.compile(r"<[^>]*>?"), ""),
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
_HIDING_STYLE = re.compile(
    r"display:none|visibility:(hidden|collapse)|opacity:0*\.?0*(;|$)|font-size:0*\.?0*(px|em|pt|%)?(;|$)"
)
_HIDDEN = frozenset({"script", "style", "template", "head", "title", "noscript"})


def visible(text: str) -> str:
    """`text` without characters that a reader cannot see. Line ends become newlines."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", unified))


def from_html(html: str) -> str:
    """The text of an HTML message body as a reader sees it: blocks on lines of their own, links with their target."""
    if "<" not in html and "&" not in html:
        return visible(html).strip()
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in visible(_read_html(html)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _read_html(html: str) -> str:
    if len(html) <= _MAX_PARSED:
        parser = _TextOf()
        # The parser gives up on some malformed declarations.
        with suppress(AssertionError):
            parser.feed(html)
            parser.close()
            return "".join(parser.parts)
    return _without_tags(html)


def _without_tags(html: str) -> str:
    """The text of HTML by plain search, in time that grows with its length alone: links lose their target."""
    for pattern, instead in _STRIPPED:
        html = pattern.sub(instead, html)
    return unescape(html)


def to_html(text: str) -> str:
    """Plain text as an HTML message body: escaped, newlines kept (devdocs: message-model, bodies are HTML)."""
    return escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")


class _TextOf(HTMLParser):
    """Collects the text of HTML in `parts`. What a browser does not show is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        """The elements around, outermost first, and whether each hides what is in it."""
        self._names: Counter[str] = Counter()
        self._hiding = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag not in _VOID:
            hides = tag in _HIDDEN or _is_hidden(attributes)
            self._open.append((tag, hides))
            self._names[tag] += 1
            self._hiding += hides
        if self._hiding:
            return
        if tag == "a":
            self._links.append((attributes.get("href") or "", len(self.parts)))
        elif tag == "img" and not _is_hidden(attributes):
            self.parts.append(f"[image: {attributes.get('alt') or 'no description'}]")
        elif tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if not self._names[tag]:
            return
        shown = not self._hiding
        name = ""
        while name != tag:
            name, hides = self._open.pop()
            self._names[name] -= 1
            self._hiding -= hides
        if tag == "a" and shown and self._links:
            self._close_link(*self._links.pop())
        elif tag in _BLOCKS and tag != "li" and shown:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hiding:
            self.parts.append(data)

    def close(self) -> None:
        super().close()
        while self._links:
            self._close_link(*self._links.pop())

    def _close_link(self, target: str, start: int) -> None:
        # The real target is shown beside the words, because the words can say anything.
        shown = "".join(self.parts[start:]).strip()
        if target and target not in {shown, f"mailto:{shown}"}:
            known = _scheme(target) in {"http", "https", "mailto", "tel"}
            self.parts.append(f" ({target if known else 'link removed'})")


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    """Whether an element's own attributes hide it; style sheets are not there to be asked."""
    style = re.sub(r"\s", "", (attributes.get("style") or "").lower())
    return "hidden" in attributes or bool(_HIDING_STYLE.search(style))


def _scheme(url: str) -> str:
    """The scheme of `url` in lower case, or "" when it has none or is not a URL at all."""
    try:
        return urlsplit(url.strip()).scheme.lower()
    except ValueError:
        return ""

"""The text of HTML as its reader sees it, in time that grows with its length alone.

Written for what strangers send: nothing nests too deeply or ends too early for it, and what a browser would not show
is left out and counted. Inline style and attributes are asked whether something shows; style sheets are not there.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from html import unescape
from urllib.parse import urlsplit

_GAP = re.compile(r"[\s/]*")
_NAME = re.compile(r"[^\s/>][^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_WORD = re.compile(r"[^\s>]*")
_COMMENT_END = re.compile("--!?>")
_LONG_REFERENCE = re.compile(r"&#(?:[xX][0-9a-fA-F]{9,}|[0-9]{9,});?")
"""Numbers beyond Unicode, which Python may refuse to read."""

_BLOCKS = frozenset("p div br li ul ol tr table h1 h2 h3 h4 h5 h6 blockquote pre hr".split())  # noqa: SIM905
_ENDS_PARAGRAPH = _BLOCKS - {"br", "li", "tr"}
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
_RAW = frozenset("script style title textarea iframe noembed noframes noscript xmp".split())  # noqa: SIM905
"""Elements whose content is not markup."""
_RAW_SHOWN = frozenset({"textarea", "xmp"})
_HIDDEN = frozenset({"template", "datalist", "audio", "video", "canvas", "object"})
_WEB = frozenset({"http", "https"})
_LONGEST_TARGET = 500

Colour = tuple[int, ...] | None
"""Red, green and blue; empty when it is transparent, None when it cannot be told."""
_WHITE = (255, 255, 255)
_NAMED: dict[str, Colour] = {"white": _WHITE, "black": (0, 0, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240)}
_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|rgba?\([^)]{0,60}\)|[a-z]{3,20}")
_ALIKE = 24
"""Two colours that differ by less in each part are one to the eye."""
_SIZE = re.compile(r"(\d{0,9}\.?\d{1,9})\s*([a-z%]*)")
_SMALLEST = {"px": 1.0, "pt": 1.0, "%": 10.0}
_OFF_SCREEN = re.compile(r"-\d{3,}")


@dataclass(frozen=True, slots=True)
class _Look:
    """What of the style around decides whether a text can be seen."""

    gone: bool = False
    unseen: bool = False
    tiny: bool = False
    ink: Colour = None
    paper: Colour = _WHITE

    @property
    def hides(self) -> bool:
        return self.gone or self.unseen or self.tiny or self.ink == () or _alike(self.ink, self.paper)


def read(html: str) -> tuple[str, int]:
    """The text of `html`, and how many characters of text were left out because nobody would have seen them.

    Blocks stand on lines of their own, links have their real target and images their description and host beside them.
    """
    reader = _Reader()
    at = 0
    while at < len(html):
        start = html.find("<", at)
        if start < 0:
            reader.text(html[at:])
            break
        reader.text(html[at:start])
        at = _markup(html, start, reader)
    reader.end()
    return "".join(reader.parts), reader.hidden


def references(text: str) -> str:
    """`text` with its character references (`&amp;`) resolved."""
    return unescape(_LONG_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def _markup(html: str, start: int, reader: "_Reader") -> int:
    """Take in the markup at `start`, a `<`. The place after it; what never ends is not shown, as in a browser."""
    following = html[start + 1 : start + 2]
    if following.isascii() and following.isalpha():
        return _start_tag(html, start, reader)
    if following not in {"/", "!", "?"}:
        reader.text("<")
        return start + 1
    if html.startswith("<!--", start):
        end = _COMMENT_END.search(html, start + 2)
        reader.leave_out(html[start + 4 : end.start() if end else len(html)])
        return end.end() if end else len(html)
    closing = html.find(">", start)
    if closing < 0:
        reader.leave_out(html[start:])
        return len(html)
    name = _NAME.match(html, start + 2)
    if following == "/" and name:
        reader.close(name.group().lower())
    return closing + 1


def _start_tag(html: str, start: int, reader: "_Reader") -> int:
    name = _NAME.match(html, start + 1)
    assert name is not None
    tag = name.group().lower()
    attributes: dict[str, str] = {}
    at = _attributes(html, name.end(), attributes)
    if at is None:
        reader.leave_out(html[start:])
        return len(html)
    if tag not in _RAW:
        reader.open(tag, attributes)
        return at
    end = _end_of(tag).search(html, at)
    content = html[at : end.start() if end else len(html)]
    if tag in _RAW_SHOWN:
        reader.text(content)
    elif tag not in {"script", "style"}:
        reader.leave_out(content)
    return html.find(">", end.start()) + 1 or len(html) if end else len(html)


def _attributes(html: str, at: int, found: dict[str, str]) -> int | None:
    """Put the attributes of a start tag, from `at` on, into `found`. The place after the tag; None if it never ends."""
    while True:
        gap = _GAP.match(html, at)
        at = gap.end() if gap else at
        name = _NAME.match(html, at)
        if name is None:
            return at + 1 if at < len(html) else None
        at, value = name.end(), ""
        equals = _EQUALS.match(html, at)
        if equals:
            at = equals.end()
            quote = html[at : at + 1]
            if quote in {'"', "'"}:
                end = html.find(quote, at + 1)
                if end < 0:
                    return None
                value, at = html[at + 1 : end], end + 1
            elif word := _WORD.match(html, at):
                value, at = word.group(), word.end()
        found.setdefault(name.group().lower(), references(value))


@cache
def _end_of(tag: str) -> re.Pattern[str]:
    return re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE)


class _Reader:
    """Takes in texts and tags one after the other; `parts` is what shows of them."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.hidden = 0
        self._open: list[tuple[str, _Look]] = []
        self._names: Counter[str] = Counter()
        self._look = _Look()
        self._link: tuple[str, int] | None = None

    def text(self, raw: str) -> None:
        text = references(raw)
        if self._look.hides:
            self.leave_out(text)
        else:
            self.parts.append(text)

    def leave_out(self, text: str) -> None:
        self.hidden += sum(map(len, text.split()))

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _ENDS_PARAGRAPH and self._names["p"]:
            self.close("p")
        if tag == "a" and self._names["a"]:
            self.close("a")
        if tag == "li" and self._open and self._open[-1][0] == "li":
            self.close("li")
        look = _look_of(tag, attributes, self._look)
        if tag not in _VOID:
            self._open.append((tag, self._look))
            self._names[tag] += 1
            self._look = look
        if look.hides:
            return
        if tag == "a":
            self._link = (attributes.get("href", ""), len(self.parts))
        elif tag == "img":
            self.parts.append(_image(attributes))
        elif tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def close(self, tag: str) -> None:
        if not self._names[tag]:
            return
        shown = not self._look.hides
        name = ""
        while name != tag:
            name, self._look = self._open.pop()
            self._names[name] -= 1
            if name == "a":
                self._end_link()
        if tag in _BLOCKS and tag != "li" and shown:
            self.parts.append("\n")

    def end(self) -> None:
        self._end_link()

    def _end_link(self) -> None:
        # The real target is shown beside the words, because the words can say anything.
        if self._link is not None:
            target, start = self._link
            self._link = None
            shown = "".join(self.parts[start:]).strip()
            if target and target not in {shown, f"mailto:{shown}", f"tel:{shown}"}:
                self.parts.append(f" ({_target(target)})")


def _target(url: str) -> str:
    """Where a link really goes; of a target that would run or hold something only what kind it is."""
    url = re.sub(r"[\t\r\n]", "", url).strip()
    scheme = scheme_of(url)
    if scheme in _WEB or scheme in {"mailto", "tel"} or re.match(r"//[\w.-]", url):
        url = url.replace(" ", "%20")
        return url if len(url) <= _LONGEST_TARGET else f"{url[:_LONGEST_TARGET]}…"
    return f"{scheme}: link removed" if scheme else "link removed"


def _image(attributes: dict[str, str]) -> str:
    """An image by its description and where it would be loaded from."""
    source = re.sub(r"[\t\r\n]", "", attributes.get("src", "")).strip()
    scheme = scheme_of(source)
    try:
        host = urlsplit(source).hostname if scheme in _WEB or source.startswith("//") else None
    except ValueError:
        host = None
    origin = host or ("" if scheme in _WEB or not scheme else f"{scheme}:")
    return f"[image: {attributes.get('alt') or 'no description'}{f', from {origin}' if origin else ''}]"


def scheme_of(url: str) -> str:
    """The scheme of `url` in lower case as a browser reads it, which skips control characters, or ""."""
    found = re.match(r"([a-z][a-z0-9+.-]{0,30}):", re.sub(r"[\x00-\x20]", "", url[:200]).lower())
    return found.group(1) if found else ""


# ---- what shows ----------------------------------------------------------------------------------------------------


def _look_of(tag: str, attributes: dict[str, str], around: _Look) -> _Look:
    """How an element looks, after what it inherits, its own attributes and its inline style."""
    look = around
    if tag in _HIDDEN or "hidden" in attributes or attributes.get("aria-hidden", "").strip().lower() == "true":
        look = replace(look, gone=True)
    if tag == "dialog" and "open" not in attributes:
        look = replace(look, gone=True)
    if tag == "font" and "color" in attributes:
        look = replace(look, ink=_colour(attributes["color"].lower()))
    if "bgcolor" in attributes:
        look = replace(look, paper=_colour(attributes["bgcolor"].lower()) or look.paper)
    return _styled(look, _declarations(attributes["style"])) if "style" in attributes else look


def _declarations(style: str) -> dict[str, str]:
    """Inline style as property to value, in lower case; of two the later one counts."""
    plain = re.sub(r"/\*.*?\*/", "", style.lower(), flags=re.DOTALL) if style.count("/*") <= style.count("*/") else ""
    pairs = (part.partition(":") for part in plain.split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs}


def _styled(look: _Look, style: dict[str, str]) -> _Look:
    if _out_of_sight(style):
        look = replace(look, gone=True)
    if "visibility" in style:
        look = replace(look, unseen=style["visibility"] in {"hidden", "collapse"})
    size = style.get("font-size") or next(
        iter(re.findall(r"(?:^|\s)([\d.]+[a-z%]*)(?=[/\s])", style.get("font", ""))), ""
    )
    if size:
        look = replace(look, tiny=_is_tiny(size))
    if "color" in style:
        look = replace(look, ink=_colour(style["color"]))
    paper = style.get("background-color") or style.get("background")
    if paper:
        found = None if "url(" in paper or "gradient" in paper else _colour(paper)
        # What is transparent shows the colour behind it.
        look = look if found == () else replace(look, paper=found)
    return look


def _out_of_sight(style: dict[str, str]) -> bool:
    if style.get("display") == "none" or style.get("mso-hide") == "all":
        return True
    opacity = _SIZE.fullmatch(style.get("opacity", ""))
    if opacity and float(opacity.group(1)) < (5 if opacity.group(2) == "%" else 0.05):
        return True
    flat = any(_is_tiny(style[name]) for name in ("width", "max-width", "height", "max-height") if name in style)
    if flat and style.get("overflow", "").startswith(("hidden", "clip")):
        return True
    moved = ("left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top", "transform")
    if any(_OFF_SCREEN.search(style[name]) for name in moved if name in style):
        return True
    cut = style.get("clip-path", "") + style.get("clip", "")
    return "scale(0)" in style.get("transform", "") or "inset(100%" in cut or bool(re.search(r"rect\([01 ]", cut))


def _is_tiny(size: str) -> bool:
    found = _SIZE.match(size)
    return found is not None and float(found.group(1)) <= _SMALLEST.get(found.group(2), 0.1)


def _colour(text: str) -> Colour:
    found = _COLOUR.search(text)
    word = found.group() if found else ""
    if word == "transparent":
        return ()
    if word.startswith("#"):
        digits = word[1:]
        short = len(digits) in {3, 4}
        parts = [int(each * 2, 16) for each in digits] if short else [int(digits[n : n + 2], 16) for n in (0, 2, 4)]
        alpha = digits[3:4] * 2 if short else digits[6:8]
        return () if alpha in {"00", "01", "02"} else tuple(parts[:3])
    if "(" in word:
        numbers = [float(each) for each in re.findall(r"\d{0,6}\.?\d{1,6}", word)]
        if len(numbers) > 3 and numbers[3] < 0.05:
            return ()
        return tuple(int(each) for each in numbers[:3]) if len(numbers) > 2 else None
    return _NAMED.get(word)


def _alike(one: Colour, other: Colour) -> bool:
    if not one or not other:
        return False
    return all(abs(a - b) < _ALIKE for a, b in zip(one, other, strict=False))

"""The text of an HTML body, one line per block."""

from __future__ import annotations

from html.parser import HTMLParser

_BREAKS = frozenset({"p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "tr"})


class _Text(HTMLParser):
    """Collects the text of an HTML body, one line per block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")


def plain_text(html: str) -> str:
    parser = _Text()
    try:
        parser.feed(html)
        parser.close()
    except AssertionError:  # html.parser gives up so on "<![" with an unknown word
        return html
    lines = [line.strip() for line in "".join(parser.parts).splitlines()]
    return "\n".join(line for line in lines if line)

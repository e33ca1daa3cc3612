"""What an agent is about to send: what is never sent, and what a person is asked about first.

Pure functions of the arguments and of what is `Known`; they ask Drift nothing and change nothing. The arguments are
those of the validated request, by the names the schema shows: `request.model_dump(exclude_none=True)`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from drift_mcp.arguments import InvalidArguments
from drift_mcp.html_text import references, scheme_of
from drift_mcp.leaks import addresses, plain, secrets
from drift_mcp.text import counted, from_html, to_html, visible

Reader = Literal["visitor", "team"]
Kind = Literal["other_email", "secret"]
_Form = Literal["text", "html", "free"]

MAX_SENT = 50_000
"""Characters of one body as it is sent, markup counted."""

ALLOWED: dict[str, set[str]] = {
    "a": {"href", "target", "rel", "title"}, "img": {"src", "alt", "title", "width", "height"}, "span": {"class"},
    "p": set(), "br": set(), "hr": set(), "b": set(), "strong": set(), "i": set(), "em": set(), "u": set(), "s": set(),
    "ul": set(), "ol": set(), "li": set(), "blockquote": set(), "code": set(), "pre": set(),
}  # fmt: skip
"""The HTML that a chat message is made of, tag to attributes (devdocs: message-model names a, p, b and spans)."""
_SCHEMES = {"href": {"http", "https", "mailto", "tel"}, "src": {"https"}}

# What of a tool's arguments is read by whom. `free`: sent as it is, so markup in it counts.
_FIELDS: dict[str, tuple[tuple[str, Reader, _Form], ...]] = {
    "send_message": (("body", "visitor", "text"), ("buttons", "visitor", "free")),
    "create_conversation": (("body", "visitor", "text"),),
    "reply_to_conversation": (("body", "visitor", "text"), ("buttons", "visitor", "free"), ("note", "team", "text")),
    "update_message": (("body", "visitor", "text"),),
    "trigger_driftbot": (("payload", "visitor", "free"),),
    "update_driftbot_message": (("body", "visitor", "text"),),
    "qualify_with_driftbot": (
        ("prompt", "visitor", "free"), ("questions", "visitor", "text"), ("revise", "visitor", "text"),
        ("known", "visitor", "free"),
    ),
    "create_conversation_from_scratch": (("title", "visitor", "free"),),
    "update_meeting": (("subject", "visitor", "free"), ("location", "visitor", "free"), ("notes", "visitor", "free")),
    "create_note": (("body", "team", "text"),),
    "update_note": (("body", "team", "text"),),
    "route_conversation": (("note", "team", "text"),),
}  # fmt: skip

_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))?)*)\s*/?>""")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)(?:\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'))?""")
_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
_ENOUGH = 8
"""Letters and digits that a token must have to be recognised by them alone."""


@dataclass(frozen=True, slots=True)
class TokenPrint:
    """By what a token is recognised without keeping it: by its letters and digits, or else by all but its spaces."""

    length: int
    digest: bytes
    bare: bool

    @classmethod
    def of(cls, token: str) -> "TokenPrint":
        bare = len(_reduced(token, bare=True)) >= _ENOUGH and any(map(str.isdigit, token))
        reduced = _reduced(token, bare=bare).encode()
        return cls(len(reduced), sha256(reduced).digest(), bare)

    def is_in(self, text: str) -> bool:
        """Whether the token stands anywhere in `text`, whatever stands between its characters."""
        raw = _reduced(text, bare=self.bare).encode()
        places = range(len(raw) - self.length + 1)
        return any(sha256(raw[at : at + self.length]).digest() == self.digest for at in places)


def _reduced(text: str, *, bare: bool) -> str:
    """`text` without spaces; `bare`: without anything but letters and digits, as "-" can be written in many ways."""
    return _BETWEEN.sub("", text) if bare else "".join(text.split())


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of those who will read it. Addresses and domains are in lower case.

    `contact_emails` are those of the conversation's own contact. An empty set says that none is known, so that every
    address but ours is a finding.
    """

    contact_emails: frozenset[str] = frozenset()
    own_emails: frozenset[str] = frozenset()
    own_domains: frozenset[str] = frozenset()
    token: TokenPrint | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason to ask a person first, in words for that person."""

    kind: Kind
    text: str


def concerns(tool_name: str) -> bool:
    """Whether a tool sends text to people."""
    return tool_name in _FIELDS


def refusals(tool_name: str, arguments: Mapping[str, Any], known: Known) -> None:
    """Check what is never sent.

    Raises:
        InvalidArguments: a text is too long or has invisible characters, HTML has what a message may not have, or the
            connection's own token stands in it. Says what to do.
    """
    problems: list[str] = []
    for name, text, _, form in _texts(tool_name, arguments):
        sent = to_html(text) if form == "text" else text
        if len(sent) > MAX_SENT:
            problems.append(f"{name}: is {len(sent)} characters long as it is sent; send at most {MAX_SENT}")
            continue
        with counted() as removed:
            visible(text)
        if removed.invisible:
            problems.append(f"{name}: has {removed.invisible} invisible characters; write it without them")
        if form == "html" or (form == "free" and re.search(r"<[a-zA-Z/!?]", text)):
            problems += [f"{name}: {problem}" for problem in _html_problems(text)]
        if known.token and any(known.token.is_in(each) for each in (plain(text), _readings(text, "free"))):
            problems.append(f"{name}: holds this server's Drift token, which is never sent; leave it out")
    if problems:
        raise InvalidArguments(problems)


def findings(tool_name: str, arguments: Mapping[str, Any], known: Known) -> list[Finding]:
    """What a person should see before this is sent: somebody else's address to a visitor, what looks like a secret."""
    mine = known.contact_emails | known.own_emails
    if isinstance(arguments.get("email"), str):
        mine |= {arguments["email"].strip().lower()}
    found: dict[Finding, None] = {}
    for name, text, reader, form in _texts(tool_name, arguments):
        readable = _readings(text, form)
        if reader == "visitor":
            for address in addresses(readable):
                domain = address.partition("@")[2]
                if address not in mine and not any(
                    domain == own or domain.endswith(f".{own}") for own in known.own_domains
                ):
                    found[
                        Finding("other_email", f"{name} tells the visitor {address}, which is not their address.")
                    ] = None
        who = "the visitor" if reader == "visitor" else "the team"
        for what, secret in secrets(readable):
            shown = f"{secret[:4]}… ({len(secret)} characters)"
            found[Finding("secret", f"{name} tells {who} what looks like {what}: {shown}.")] = None
    return list(found)


def _texts(tool_name: str, arguments: Mapping[str, Any]) -> Iterator[tuple[str, str, Reader, _Form]]:
    """Every text that is sent: the argument's name, the text, who reads it, and how it is sent."""
    for name, reader, form in _FIELDS.get(tool_name, ()):
        note = name == "body" and arguments.get("type") == "private_note"
        html = name == "body" and arguments.get("format") == "html"
        for text in _strings(arguments.get(name)):
            yield name, text, "team" if note else reader, "html" if html else form


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


# ---- HTML ----------------------------------------------------------------------------------------------------------


def _html_problems(html: str) -> Iterator[str]:
    """What in `html` a message may not have, each once. Strict: what is not exactly an allowed tag is none."""
    said: dict[str, None] = {}
    for _, written, attributes in _TAG.findall(html):
        tag = written.lower()
        if tag not in ALLOWED:
            said[f"<{tag}> is not allowed; use {', '.join(ALLOWED)}"] = None
            continue
        for given, quoted, other in _ATTRIBUTE.findall(attributes):
            name = given.lower()
            if name not in ALLOWED[tag]:
                said[f"<{tag}> must not have {name}"] = None
            elif name in _SCHEMES and scheme_of(references(quoted or other)) not in _SCHEMES[name]:
                said[f"{name} of <{tag}> must be a whole address: {', '.join(sorted(_SCHEMES[name]))}"] = None
    if "<" in _TAG.sub("", html):
        said["has a < that begins no tag, a comment, or an attribute without quotes; write &lt; for the character"] = (
            None
        )
    yield from said


# ---- what its reader sees ------------------------------------------------------------------------------------------


def _readings(text: str, form: _Form) -> str:
    """Everything of `text` that its reader can get at, addresses of links too, without disguises."""
    if form != "text" and "<" in text:
        links = " ".join(quoted or other for _, quoted, other in _ATTRIBUTE.findall(text))
        text = f"{from_html(text)} {references(links)}"
    return plain(text)

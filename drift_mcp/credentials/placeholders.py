"""What stands in a configuration where a secret belongs, and is none."""

import re

_PLACEHOLDER = re.compile(
    r"\A<.*>\Z|(?<![a-z0-9])(your|paste|placeholder)(?![a-z0-9])|\A(…|\.\.\.)\Z", re.IGNORECASE | re.DOTALL
)
_REFERENCE = re.compile(r"\$\{.*\}")
_HEADER = re.compile(r"(authorization\s*:\s*)?bearer(\s.*)?", re.IGNORECASE | re.DOTALL)
_QUOTES = "\"'`“”‘’"


def is_placeholder(text: str) -> bool:
    """Whether somebody is to put a secret in its place, such as the token of mcp.json.example."""
    return _PLACEHOLDER.search(text) is not None


def is_reference(text: str) -> bool:
    """Whether it names another place, which a client reads: `${NAME}`, `${env:NAME}`, `${input:id}`."""
    return _REFERENCE.fullmatch(text) is not None


def is_header(text: str) -> bool:
    """Whether it is the header `Authorization: Bearer …` or its value, and not the token alone."""
    return _HEADER.fullmatch(text) is not None


def is_quoted(text: str) -> bool:
    """Whether quotes of a shell or a file stand around it, or one that is left of them."""
    return text[:1] in set(_QUOTES) or text[-1:] in set(_QUOTES)


def why_no_token(text: str) -> str:
    """What `text` is instead of a token, in a sentence without it; "" where it may be one."""
    if is_placeholder(text):
        return "What is set as the token is still the placeholder of an example."
    if is_reference(text):
        return "What is set as the token is a reference to another place, which nothing has put the token in for."
    if is_header(text):
        return "What is set as the token has the word Bearer before it; only what follows that word is the token."
    if is_quoted(text):
        return "What is set as the token has quotes around it, which are no part of it."
    return ""

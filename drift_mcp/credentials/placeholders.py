"""What stands in a configuration where a secret belongs, and is none."""

import re

_PLACEHOLDER = re.compile(
    r"\A<.*>\Z|(?<![a-z0-9])(your|paste|placeholder)(?![a-z0-9])|\A(…|\.\.\.)\Z", re.IGNORECASE | re.DOTALL
)
_REFERENCE = re.compile(r"\$\{.*\}")


def is_placeholder(text: str) -> bool:
    """Whether somebody is to put a secret in its place, such as the token of mcp.json.example."""
    return _PLACEHOLDER.search(text) is not None


def is_reference(text: str) -> bool:
    """Whether it names another place, which a client reads: `${NAME}`, `${env:NAME}`, `${input:id}`."""
    return _REFERENCE.fullmatch(text) is not None


def why_no_token(text: str) -> str:
    """What `text` is instead of a token, in a sentence without it; "" where it may be one."""
    if is_placeholder(text):
        return "What is set as the token is still the placeholder of an example."
    if is_reference(text):
        return "What is set as the token is a reference to another place, which nothing has put the token in for."
    return ""

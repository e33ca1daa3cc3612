"""What stands in a configuration where a secret belongs, and is none."""

import re

_PLACEHOLDER = re.compile(r"<.*>|.*(?<![a-z])(your|paste|placeholder)(?![a-z]).*|…|\.\.\.", re.IGNORECASE | re.DOTALL)
_REFERENCE = re.compile(r"\$\{.*\}")


def is_placeholder(text: str) -> bool:
    """Whether somebody is to put a secret in its place, such as the token of mcp.json.example."""
    return _PLACEHOLDER.fullmatch(text) is not None


def is_reference(text: str) -> bool:
    """Whether it names another place, which a client reads: `${NAME}`, `${env:NAME}`, `${input:id}`."""
    return _REFERENCE.fullmatch(text) is not None

"""The verification tokens that a webhook of a connection may show (drift-api.md §7.1).

Drift has one for each app, and makes a new one when somebody asks for it: until the change is through, the old and the
new one are both right. Only their hashes are compared, each in constant time, and no token is ever part of a message.
"""

import hashlib
import hmac
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


class WebhookTokens:
    """The tokens in the environment variable `variable` and in the file `path`, separated by blanks or line ends.

    Both are read at each webhook, so that a change counts at once. "" is no variable, no file.
    """

    def __init__(self, variable: str, path: str) -> None:
        self._variable = variable
        self._path = path

    def __bool__(self) -> bool:
        """Whether there is any token."""
        return bool(self._hashes())

    def accept(self, token: str) -> bool:
        """Whether `token` is one of them."""
        shown = _hash(token)
        found = False
        for known in self._hashes():
            found |= hmac.compare_digest(known, shown)
        return found

    def _hashes(self) -> list[bytes]:
        text = os.environ.get(self._variable, "") if self._variable else ""
        if self._path:
            try:
                text += f"\n{Path(self._path).read_text(encoding='utf-8')}"
            except (OSError, ValueError):
                log.error("The file of webhook tokens cannot be read: %s", self._path)
        return [_hash(token) for token in text.split()]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

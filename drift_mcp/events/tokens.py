"""The verification tokens that a webhook of a connection may show (drift-api.md §7.1).

Drift has one for each app, and makes a new one when somebody asks for it: until the change is through, the old and the
new one are both right. Only their hashes are compared, each in constant time, and no token is ever part of a message.
"""

import hashlib
import hmac
import logging
import os
from pathlib import Path

from drift_mcp.credentials.shown import shown_path

log = logging.getLogger(__name__)


class TokensUnavailable(Exception):
    """The file of tokens cannot be read, so whether a token is right cannot be told."""


class WebhookTokens:
    """The tokens in the environment variable `variable` and in the file `path`, separated by blanks or line ends.

    Both are read at each webhook, so that a change counts at once. "" is no variable, no file.
    """

    def __init__(self, variable: str, path: str) -> None:
        self._variable = variable
        self._path = path

    def __bool__(self) -> bool:
        """Whether webhooks are wanted: there is any token, or a file that cannot be read."""
        hashes, whole = self._hashes()
        return bool(hashes) or not whole

    def accept(self, token: str) -> bool:
        """Whether `token` is one of them.

        Raises:
            TokensUnavailable: it is none of those that could be read.
        """
        shown = _hash(token)
        hashes, whole = self._hashes()
        found = False
        for known in hashes:
            found |= hmac.compare_digest(known, shown)
        if not found and not whole:
            raise TokensUnavailable
        return found

    def _hashes(self) -> tuple[list[bytes], bool]:
        """Those of the tokens, and whether all could be read."""
        text = os.environ.get(self._variable, "") if self._variable else ""
        whole = True
        if self._path:
            try:
                text += f"\n{Path(self._path).read_text(encoding='utf-8')}"
            except (OSError, ValueError):
                log.error("The file of webhook tokens cannot be read: %s", shown_path(self._path))
                whole = False
        return [_hash(token) for token in text.split()], whole


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

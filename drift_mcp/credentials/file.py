"""A token in a file of one's own, read again when the file changes: what secret managers mount."""

import logging
import os
import stat
import sys
from pathlib import Path

from pydantic import SecretStr

from drift_mcp.credentials import ACCESS, AppSource, Credential, MissingCredential, no_app
from drift_mcp.credentials.shown import shown_path

log = logging.getLogger(__name__)

_LARGEST = 65_536
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

Stamp = tuple[int, int, int, int]
"""Changes when the file does: modified at (ns), size (bytes), inode, mode."""


def stamp(path: Path) -> Stamp | None:
    """The stamp of the file; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode


def read_secret(path: Path, what: str = ACCESS, setting: str = "") -> SecretStr:
    """The content of a file that nobody else can read, without the blanks and line breaks around it.

    The log says which file; the error, which an agent may see, only the `setting` that names it.

    Raises:
        MissingCredential: of `what`. There is no such file, it is empty, it is not text, or others can read it.
    """
    try:
        with path.open("rb") as file:
            # Of the open file: another one may stand at the path a moment later.
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise _unusable(path, what, setting, f"cannot be read ({error.strerror})") from None
    if sys.platform != "win32" and mode & _OTHERS:
        raise _unusable(path, what, setting, "is open to other users of the machine; `chmod 600` it")
    if len(content) > _LARGEST:
        raise _unusable(path, what, setting, "is too large for one")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise _unusable(path, what, setting, "is not text") from None
    if not text:
        raise _unusable(path, what, setting, "is empty")
    return SecretStr(text)


def _unusable(path: Path, what: str, setting: str, why: str) -> MissingCredential:
    secret = "token" if what == ACCESS else "app's secret"
    log.warning("The file with the %s, %s, %s.", secret, shown_path(str(path)), why)
    named = f" ({setting})" if setting else ""
    return MissingCredential(what, f"The file with the {secret}{named} {why}.")


class FileCredential(Credential):
    """The token in a file, private on POSIX (mode 0600 or 0400). `setting` is what names it."""

    def __init__(self, path: Path, app: AppSource = no_app, setting: str = "") -> None:
        super().__init__(app)
        self._path = path
        self._setting = setting
        self._stamp: Stamp | None = None
        self._token: SecretStr | None = None

    async def token(self) -> SecretStr:
        now = stamp(self._path)
        if self._token is None or now is None or now != self._stamp:
            # The stamp is taken first: a file that changes while it is read is read again.
            self._token = None
            self._token = read_secret(self._path, setting=self._setting)
            self._stamp = now
        return self._token

    async def renew(self, refused: SecretStr) -> SecretStr | None:
        self._stamp = None
        token = await self.token()
        return token if token != refused else None

    async def available(self) -> bool:
        return stamp(self._path) is not None

"""Files of jobs: only inside the folder that the operator allows, read within limits, written whole or line by line.

Nothing outside the folder can be named: no absolute path, no `..`, no link that leads out. A path is refused in words
that name the rule and never the path.
"""

import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drift_mcp.arguments import InvalidArguments

MAX_BYTES = 20_000_000
LISTED = 10
FAILED = ".failed.jsonl"
"""What the name of a file with failed rows ends in, after the name of the file that they come from."""

_BAD_NAME = re.compile(r"[\x00-\x1f\x7f<>:\"|?*\\]")
_SAFE_OPEN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def refuse(why: str) -> InvalidArguments:
    """The error for a file that cannot be used."""
    return InvalidArguments([f"file: {why}"])


# ---- paths ---------------------------------------------------------------------------------------------------------


def inside(folder: Path | None, name: str, endings: tuple[str, ...]) -> Path:
    """The path of `name`, which is relative to `folder` and need not exist yet.

    Raises:
        InvalidArguments: there is no folder, or `name` is not a plain path inside it with one of `endings`.
    """
    if folder is None:
        raise refuse("this server uses no files; the operator allows a folder with --files (DRIFT_FILES)")
    try:
        root = folder.resolve(strict=True)
    except (OSError, RuntimeError):
        raise refuse("the folder of the setting --files (DRIFT_FILES) does not exist") from None
    parts = name.split("/")
    if name.startswith("/") or re.match("[A-Za-z]:", name) or "\\" in name:
        raise refuse("must be relative to the allowed folder, such as contacts.csv, with / between folders")
    if ".." in parts or "." in parts or "" in parts or any(part.startswith((".", "~")) for part in parts):
        raise refuse("must be a plain path inside the allowed folder, without .. and hidden names")
    if _BAD_NAME.search(name) or len(name) > 300 or any(part.endswith((" ", ".")) for part in parts):
        raise refuse("has characters that file names should not have")
    if not name.lower().endswith(endings):
        raise refuse(f"must end in {_or(endings)}")
    try:
        path = root.joinpath(*parts).resolve()
        known_folder = path.parent.is_dir()
    except (OSError, RuntimeError):
        raise refuse("cannot be resolved") from None
    if not path.is_relative_to(root) or path == root:
        raise refuse("leads out of the allowed folder")
    if not known_folder:
        raise refuse("its folder does not exist in the allowed folder")
    return path


def existing(folder: Path | None, name: str, endings: tuple[str, ...]) -> Path:
    """`inside`, for a file to be read.

    Raises:
        InvalidArguments: also when it is not there; names those that are.
    """
    path = inside(folder, name, endings)
    if path.exists():
        return path
    assert folder is not None
    root = folder.resolve()
    found = sorted(each.relative_to(root).as_posix() for each in path.parent.iterdir() if _offered(each, endings))
    shown = ", ".join(found[:LISTED]) + (f" and {len(found) - LISTED} more" if len(found) > LISTED else "")
    raise refuse(f"there is no {name} in the allowed folder; there are: {shown or f'none that end in {_or(endings)}'}")


def _offered(path: Path, endings: tuple[str, ...]) -> bool:
    name = path.name.lower()
    return name.endswith(endings) and not name.startswith(".") and not name.endswith(FAILED) and _is_plain(path)


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _or(endings: tuple[str, ...]) -> str:
    return " or ".join(endings)


# ---- reading -------------------------------------------------------------------------------------------------------


def read(path: Path) -> bytes:
    """The content of a file of at most `MAX_BYTES`.

    Raises:
        InvalidArguments: it is not there, not a plain file, not readable or too large.
    """
    try:
        # Without blocking, because what stands there could be a pipe.
        handle = os.open(path, os.O_RDONLY | _SAFE_OPEN | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise refuse("is not a plain file")
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise refuse("is not in the allowed folder") from None
    except OSError:
        raise refuse("cannot be read") from None
    if len(content) > MAX_BYTES:
        raise refuse(f"is larger than {MAX_BYTES // 1_000_000} MB; split it")
    return content


# ---- writing -------------------------------------------------------------------------------------------------------


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Replace `path` by a JSONL file of `rows`: a reader sees the old file or the new one, never a part.

    Raises:
        InvalidArguments: it cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(json_line(row) for row in rows)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError:
        raise refuse("the allowed folder cannot be written to") from None


def publish(part: Path, path: Path) -> None:
    """Let the complete `part` take the place of `path` in one step.

    Raises:
        InvalidArguments: it cannot be written.
    """
    try:
        os.replace(part, path)
    except OSError:
        raise refuse("the allowed folder cannot be written to") from None


def remove(path: Path) -> None:
    """See to it that `path` is not there; where it cannot be removed it stays."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def size_of(path: Path) -> int | None:
    """The size of a file, or None where there is none."""
    try:
        return path.lstat().st_size
    except OSError:
        return None


def json_line(row: dict[str, Any]) -> bytes:
    """`row` as one line of JSONL."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


class Appending:
    """A file that grows by whole records, each on disk when `append` returns.

    Opened, it is cut to its first `keep` bytes: what follows them is torn or not accounted for.

    Raises:
        InvalidArguments: it cannot be written.
    """

    def __init__(self, path: Path, keep: int = 0) -> None:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | _SAFE_OPEN, 0o600)
            self._file = os.fdopen(handle, "r+b")
            self._file.truncate(keep)
            self._file.seek(keep)
        except OSError:
            raise refuse("the allowed folder cannot be written to") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, record: bytes) -> int:
        """Add `record`; the size of the file after it."""
        self._file.write(record)
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

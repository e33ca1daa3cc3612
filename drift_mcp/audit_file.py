"""Lines that several processes append to one file, which begins anew when it is full. Older files keep their time.

`audit.jsonl` is written to; a full one becomes `audit.jsonl.<time>`. A line is one write at the file's end, so lines
of several processes follow each other whole. Nothing is locked: who has the file open while another one renames it
writes its line to the end of the renamed file.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

_MODE = 0o600
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class AuditFile:
    """The file at `path` and the full ones beside it. It is begun anew at `size` bytes; `keep` full ones stay."""

    def __init__(self, path: Path, size: int, keep: int) -> None:
        self.path = path
        self._size = size
        self._keep = keep

    def append(self, line: str) -> None:
        """Write `line`, which has no line end, to the end of the file.

        Raises:
            OSError: it is not there, or not all of it.
        """
        data = line.encode() + b"\n"
        handle = os.open(self.path, _APPEND, _MODE)
        try:
            if os.write(handle, data) != len(data):
                raise OSError("the line was cut short")
            now = os.fstat(handle)
        finally:
            os.close(handle)
        if now.st_size >= self._size:
            self._begin_anew(now)

    def lines(self) -> Iterator[str]:
        """Every line, the oldest first. One that is set aside meanwhile is read once."""
        with ExitStack() as opened:
            current: IO[str] | None = None
            with suppress(FileNotFoundError):
                current = opened.enter_context(_open(self.path))
            for path in self._full():  # listed after the current one was opened: none is missed
                with suppress(FileNotFoundError), _open(path) as file:
                    if current is None or not os.path.sameopenfile(current.fileno(), file.fileno()):
                        yield from _lines(file)
            if current is not None:
                yield from _lines(current)

    def _full(self) -> list[Path]:
        if not self.path.parent.is_dir():
            return []
        full = re.compile(rf"{re.escape(self.path.name)}\.\d{{20}}")
        return sorted(path for path in self.path.parent.iterdir() if full.fullmatch(path.name))

    def _begin_anew(self, full: os.stat_result) -> None:
        """Rename the file that is `full`, unless another process has done so meanwhile.

        Where that fails it grows on, and the next line tries again: Windows renames no file that somebody has open.
        """
        with suppress(OSError):
            if os.path.samestat(os.stat(self.path), full):
                os.rename(self.path, self.path.with_name(f"{self.path.name}.{time.time_ns():020}"))
        for path in self._full()[: -self._keep]:
            with suppress(OSError):
                path.unlink()


def _open(path: Path) -> IO[str]:
    return path.open(encoding="utf-8", errors="replace")


def _lines(file: IO[str]) -> Iterator[str]:
    return (line.rstrip("\n") for line in file)

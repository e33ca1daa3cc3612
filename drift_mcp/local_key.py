"""A random key in a file of its own, made at the first use and the same for all processes that use the file."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

_BYTES = 32


def local_key(path: Path) -> bytes:
    """The 32 bytes in the file at `path`, which only its owner can read. Made whole or not at all.

    It is on disk before it is used: what was recorded with a key that is lost would be found no more.

    Raises:
        OSError: it can be neither read nor made, or is damaged.
    """
    with suppress(FileNotFoundError):
        return _read(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        os.write(handle, os.urandom(_BYTES))
        os.fsync(handle)
        os.close(handle)
        with suppress(FileExistsError):  # somebody else was faster
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
    return _read(path)


def _read(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != _BYTES:
        raise OSError(f"the key {path.name} is damaged")
    return key

"""Files that only their owner can read, replaced as a whole, and locks between processes."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drift_mcp.credentials.tokens import StoreError

EXTRA = "Keeping a login needs more libraries: run pip install '.[keyring]' in the clone of drift-mcp."


def write(path: Path, text: str) -> None:
    """Replaces the file, and ends when that is on disk. A crash leaves the old one or the new one, never a part.

    Raises:
        StoreError: it could not be written; the old one is as it was.
    """
    _make_folder(path.parent)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"The login cannot be written ({error.strerror}).") from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)


@contextmanager
def locked(path: Path, wait: float) -> Iterator[None]:
    """Holds everybody else off, in this process and others. `wait` is in seconds. Ends with the process that holds it.

    Raises:
        StoreError: somebody else held it for longer than that, or it cannot be made.
    """
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        raise StoreError(EXTRA) from None
    _make_folder(path.parent)
    # Not per thread: it may be released in another one than it was taken in.
    lock = FileLock(path, timeout=wait, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise StoreError("Another process is renewing this login and does not end.") from None
    except OSError as error:
        raise StoreError(f"The folder of the logins cannot be written ({error.strerror}).") from None
    try:
        yield
    finally:
        lock.release()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder of the logins cannot be made ({error.strerror}).") from None


def _sync_folder(folder: Path) -> None:
    """Makes a rename last. Not every system can do that with a folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

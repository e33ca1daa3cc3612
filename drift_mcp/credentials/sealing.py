"""Encrypts what is kept in a file, with a key in another one (Fernet: AES-128-CBC with HMAC-SHA256)."""

from pathlib import Path
from typing import Any

from drift_mcp.credentials import MissingCredential
from drift_mcp.credentials.file import read_secret
from drift_mcp.credentials.private_file import EXTRA, locked, write
from drift_mcp.credentials.tokens import StoreError

_LOCK_WAIT = 10.0


def sealed(text: str, key_file: Path) -> str:
    """`text` encrypted. The key is made at the first use.

    Raises:
        StoreError: the key cannot be made or used, or the library is missing.
    """
    fernet = _library()
    if not key_file.exists():
        with locked(key_file.with_suffix(".lock"), _LOCK_WAIT):
            if not key_file.exists():
                write(key_file, fernet.Fernet.generate_key().decode())
    token: bytes = _cipher(key_file).encrypt(text.encode())
    return token.decode()


def opened(text: str, key_file: Path) -> str:
    """What `sealed` encrypted.

    Raises:
        StoreError: the key is gone or another one, or `text` was changed.
    """
    try:
        plain: bytes = _cipher(key_file).decrypt(text.encode())
    except _library().InvalidToken:
        raise StoreError("The stored login does not open with the key there is.") from None
    return plain.decode()


def _cipher(key_file: Path) -> Any:
    try:
        return _library().Fernet(read_secret(key_file).get_secret_value())
    except MissingCredential:
        raise StoreError("The key of the stored login cannot be used.") from None
    except ValueError:
        raise StoreError("The key file of the stored login holds no key.") from None


def _library() -> Any:
    try:
        from cryptography import fernet
    except ImportError:
        raise StoreError(EXTRA) from None
    return fernet

"""The system's keyring: macOS Keychain, Windows Credential Locker, Secret Service. Each has errors of its own."""

from typing import Any

from drift_mcp.credentials.tokens import StoreError

_SERVICE = "drift-mcp"


def present() -> bool:
    """Whether there is one that keeps secrets (the library's measure: priority 1 and more)."""
    return _ring() is not None


def get(account: str) -> str | None:
    """What was put there, or None.

    Raises:
        StoreError: it is not there or does not open.
    """
    ring = _ring()
    if ring is None:
        raise StoreError("The login is in the system's keyring, which cannot be reached.")
    try:
        found: str | None = ring.get_password(_SERVICE, account)
    except Exception as error:
        raise StoreError(f"The system's keyring does not open ({type(error).__name__}).") from None
    return found


def put(account: str, text: str) -> None:
    """Keep `text`.

    Raises:
        StoreError: it is not there or does not take it.
    """
    ring = _ring()
    if ring is None:
        raise StoreError("There is no keyring on this system.")
    try:
        ring.set_password(_SERVICE, account, text)
    except Exception as error:
        raise StoreError(f"The system's keyring does not take the login ({type(error).__name__}).") from None


def forget(account: str) -> None:
    """Remove what was put there, if anything was.

    Raises:
        StoreError: it is still there.
    """
    if get(account) is None:
        return
    try:
        _ring().delete_password(_SERVICE, account)
    except Exception as error:
        raise StoreError(f"The system's keyring does not remove the login ({type(error).__name__}).") from None


def _ring() -> Any:
    try:
        import keyring
    except ImportError:
        return None
    ring = keyring.get_keyring()
    return ring if ring.priority >= 1 else None

"""What a login leaves behind: Drift's tokens of one connection, as they are kept between runs."""

import json
from dataclasses import dataclass
from typing import Self

from pydantic import SecretStr

_SKEW = 300.0
"""Seconds before its end at which a token is renewed; a tenth of a shorter life."""


class StoreError(Exception):
    """Tokens cannot be kept or read. The message is a sentence for people, without a secret or a path."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token and what belongs to it. Times are epoch seconds.

    A private app's token has neither `refresh` nor `expires_at`. `organisation` is Drift's orgId.
    """

    access: SecretStr
    refresh: SecretStr | None = None
    obtained_at: float = 0.0
    expires_at: float | None = None
    organisation: int | None = None

    @property
    def granted(self) -> bool:
        """Whether they were granted in the browser, rather than typed in."""
        return any(each is not None for each in (self.refresh, self.expires_at, self.organisation))

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def due(self, now: float) -> bool:
        """Whether it is time to renew it, a little before it ends."""
        if self.expires_at is None:
            return False
        return now >= self.expires_at - min(_SKEW, (self.expires_at - self.obtained_at) / 10)

    def dumps(self) -> str:
        """The text to keep, secrets included."""
        return json.dumps(
            {
                "access_token": self.access.get_secret_value(),
                "refresh_token": self.refresh.get_secret_value() if self.refresh else None,
                "obtained_at": self.obtained_at,
                "expires_at": self.expires_at,
                "organisation": self.organisation,
            }
        )

    @classmethod
    def loads(cls, text: str) -> Self:
        """What `dumps` wrote.

        Raises:
            ValueError: it is something else; the message shows nothing of it.
        """
        try:
            kept = json.loads(text)
            refresh = kept["refresh_token"]
            return cls(
                access=SecretStr(str(kept["access_token"])),
                refresh=SecretStr(str(refresh)) if refresh else None,
                obtained_at=float(kept["obtained_at"]),
                expires_at=None if kept["expires_at"] is None else float(kept["expires_at"]),
                organisation=None if kept["organisation"] is None else int(kept["organisation"]),
            )
        except (ValueError, TypeError, KeyError):
            raise ValueError("these are no tokens") from None

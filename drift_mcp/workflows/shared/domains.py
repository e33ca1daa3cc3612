"""Which company somebody works for, as far as an e-mail address tells."""

from collections.abc import Mapping
from typing import Any

FREE_MAIL = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
        "aol.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "mail.com", "mail.ru", "qq.com",
    }
)  # fmt: skip
"""Domains that say nothing of the company somebody works for."""


def domain_of(email: Any) -> str | None:
    """The company domain of an address; None for a free mailer's."""
    domain = str(email or "").rpartition("@")[2].strip().casefold()
    return domain if "." in domain and domain not in FREE_MAIL else None


def account_for(domain: str, table: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The account whose domain is `domain` or one above it: `eu.acme.example` belongs to acme.example."""
    while "." in domain:
        if domain in table:
            return table[domain]
        domain = domain.partition(".")[2]
    return None

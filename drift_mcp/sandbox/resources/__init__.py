"""Drift's resources, one module each: handlers and a `routes` list. Order matters only within a module."""

from __future__ import annotations

from ..http import Endpoint
from . import (
    accounts,
    app_admin,
    catalogue,
    contact_records,
    contacts,
    conversations,
    messages,
    playbooks,
    privacy,
    reports,
    scim,
    transcripts,
    users,
)


def endpoints() -> list[Endpoint]:
    """Every call the sandbox serves, fixed paths before those with a placeholder in the same place."""
    return [
        *conversations.routes,
        *messages.routes,
        *transcripts.routes,
        *reports.routes,
        *contact_records.routes,
        *contacts.routes,
        *accounts.routes,
        *users.routes,
        *playbooks.routes,
        *app_admin.routes,
        *privacy.routes,
        *scim.routes,
        *catalogue.endpoints(),
    ]

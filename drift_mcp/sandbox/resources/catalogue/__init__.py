"""The operations that only third-party catalogues name, under a prefix of their own; one module per resource.

Requests are in the catalogue's snake_case, answers are Drift's own models under {"data": …}; see choices.py.
"""

from __future__ import annotations

import dataclasses

from ... import choices
from ...http import Endpoint
from . import (
    companies,
    contacts,
    conversation_changes,
    conversations,
    driftbot,
    events,
    meetings,
    messages,
    notes,
    tags,
)


def endpoints() -> list[Endpoint]:
    """Every call of the catalogue, fixed paths before those with a placeholder in the same place."""
    modules = (
        conversations,
        conversation_changes,
        messages,
        notes,
        driftbot,
        tags,
        contacts,
        companies,
        meetings,
        events,
    )
    return [
        dataclasses.replace(endpoint, path=choices.CATALOGUE_PREFIX + endpoint.path)
        for module in modules
        for endpoint in module.routes
    ]

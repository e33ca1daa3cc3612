"""Playbooks and conversational landing pages: bare arrays (devdocs: playbook-model-1, get-playbooks,
retrieve-conversational-landing-pages)."""

from __future__ import annotations

from starlette.responses import Response

from ..http import Call, bare, get

READ = "playbook_read"
FIELDS = (
    "goals",
    "id",
    "name",
    "orgId",
    "meta",
    "createdAt",
    "updatedAt",
    "createdAuthorId",
    "updatedAuthorId",
    "interactionId",
    "reportType",
)


def list_playbooks(call: Call) -> Response:
    """The enabled and active ones."""
    rows = [row for row in call.world.rows("playbooks") if row.get("enabled", True)]
    return bare([{name: row[name] for name in FIELDS if name in row} for row in rows])


def list_landing_pages(call: Call) -> Response:
    shown = ("playbookId", "playbookName", "landingPageUrl")
    return bare([{name: row[name] for name in shown} for row in call.world.rows("landing_pages")])


routes = [
    get("/playbooks/list", list_playbooks, READ),
    get("/playbooks/clp", list_landing_pages, READ),
]

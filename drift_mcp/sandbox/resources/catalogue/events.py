"""The log of what happened, newest first."""

from __future__ import annotations

from starlette.responses import Response

from ... import event_log, query
from ...http import Call, get
from . import listing


def list_events(call: Call) -> Response:
    """?type= (as in webhooks) &since= (epoch ms): {"id", "type", "createdAt", "data"}."""
    kind, since = query.text(call.query, "type"), query.moment(call.query, "since")
    rows = event_log.visible(call.world, call.token["scopes"])
    if kind is not None:
        rows = [row for row in rows if row["type"] == kind]
    if since is not None:
        rows = [row for row in rows if row["createdAt"] >= since]
    return listing.page(call, "v2-events", rows, listing.newest, dict)


routes = [get("/events", list_events, None)]

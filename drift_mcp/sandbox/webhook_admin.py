"""The admin API of webhooks: set them up (on Drift: the app's page), see what became of them, announce an event."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import fields
from .errors import invalid
from .http import Sandbox, parse_json
from .middleware import ADMIN
from .webhooks import BadSettings, Webhooks
from .world import Row

LONGEST_WAIT = 60


def routes(sandbox: Sandbox, webhooks: Webhooks) -> list[Route]:
    async def show(request: Request) -> Response:
        """?settled=SECONDS -> Counts and the settings; `settled`: first wait until nothing waits any more."""
        seconds = fields.query_number(request.query_params, "settled", 0, least=0, most=LONGEST_WAIT)
        await webhooks.settled(seconds)
        return JSONResponse(webhooks.view())

    async def set_up(request: Request) -> Response:
        """Any of the fields of Settings; the others stay as they are."""
        given = await _body(request)
        try:
            webhooks.configure(webhooks.settings.changed(given))
        except BadSettings as error:
            raise invalid(str(error)) from None
        return JSONResponse(webhooks.view())

    async def announce(request: Request) -> Response:
        """{"type", "data"} -> {"ok"}: any event, such as those that only a person in Drift's web app causes."""
        given = await _body(request)
        sandbox.world.announce(fields.required_text(given, "type"), fields.as_object(given.get("data"), "data"))
        sandbox.save()
        return JSONResponse({"ok": True})

    async def serve(request: Request) -> Response:
        return await (set_up if request.method == "POST" else show)(request)

    return [
        Route(f"{ADMIN}/webhooks", serve, methods=["GET", "POST"]),
        Route(f"{ADMIN}/events", announce, methods=["POST"]),
    ]


async def _body(request: Request) -> Row:
    return fields.as_object(parse_json(await request.body()), "the request body")

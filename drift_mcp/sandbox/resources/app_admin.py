"""The app's own affairs: what a token may do, and uninstalling (devdocs: get-token-information,
app-uninstall)."""

from __future__ import annotations

from starlette.responses import Response

from .. import choices, fields, grants
from ..errors import DriftError, invalid
from ..http import Call, ask, bare, done, write


def get_token_info(call: Call) -> Response:
    """{"access_token"} -> a bare object; a token Drift does not know is 400, not 404.

    `accessToken` is taken as well, as a published client sends it. Times are epoch ms, `scope` is
    space-separated.
    """
    body = call.object
    token = fields.text(body, "access_token") or fields.text(body, "accessToken")
    if not token:
        raise invalid("access_token is required")
    record = call.world.live_token(token)
    if record is None:
        raise invalid("access_token is not a known token")
    expires_at = record["expiresAt"]
    return bare(
        {
            "access_token": token,
            "authenticated_userid": f"orgId:{record['orgId']}",
            "credential_id": record["clientId"],
            "token_type": "bearer",
            "expires_in": 0 if expires_at is None else expires_at - record["createdAt"],
            "created_at": record["createdAt"],
            "scope": " ".join(record["scopes"]),
            "id": record["id"],
        }
    )


def uninstall_app(call: Call) -> Response:
    """?clientId=&clientSecret=: the app's tokens are dead afterwards, the calling one among them."""
    client_id, secret = call.query.get("clientId"), call.query.get("clientSecret")
    if not client_id or not secret:
        raise invalid("clientId and clientSecret are required")
    if not grants.proves_client(client_id, secret):
        raise DriftError(choices.BAD_CLIENT_STATUS, "authentication_error", "clientId and clientSecret do not fit")
    grants.uninstall(call.world)
    call.world.announce("app_disconnected", {"orgId": call.token["orgId"], "clientId": client_id})
    return done()


routes = [
    ask("/app/token_info", get_token_info, None),
    write("POST", "/app/uninstall", uninstall_app, None),
]

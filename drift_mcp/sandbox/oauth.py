"""OAuth 2 over HTTP: /authorize (on Drift at dev.drift.com) and /oauth2/token (devdocs: authentication-and-scopes).

The token endpoint takes a form in snake_case, and the JSON in camelCase of Drift's clients of 2018; each is answered
in its own spelling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from . import choices, consent_page, grants
from .errors import DriftError
from .http import Sandbox, parse_json

NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
FORM = "application/x-www-form-urlencoded"
CAMEL = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "grant_type": "grantType",
    "code": "code",
    "refresh_token": "refreshToken",
    "redirect_uri": "redirectUri",
}


@dataclass(frozen=True)
class App:
    """How the one app is set up (on Drift: the app's page on dev.drift.com). A token keeps the scopes it was made
    with (devdocs: faqs)."""

    scopes: tuple[str, ...]
    token_seconds: int
    redirect_uris: Sequence[str]
    redirect_typo: bool


class TokenError(Exception):
    """A refusal of the token endpoint, in RFC 6749's words."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.status = status


def routes(sandbox: Sandbox, app: App) -> list[Route]:
    """The two paths of one sandbox."""

    async def show(request: Request) -> Response:
        """?response_type=code&client_id=&redirect_uri=&state=: asks the person."""
        query = request.query_params
        redirect_uri = query.get("redirect_uri", "")
        if query.get("client_id") != choices.SANDBOX_CLIENT_ID:
            return consent_page.refusal("There is no app with this client_id.")
        if not _may_return_to(redirect_uri, app.redirect_uris):
            return consent_page.refusal(
                "redirect_uri must be an http or https address: a loopback one, or one registered for this app."
            )
        state = query.get("state")
        if query.get("response_type") != "code":
            return _back(app, redirect_uri, state, error="unsupported_response_type")
        value = grants.ask(sandbox.world, redirect_uri=redirect_uri, state=state, scopes=app.scopes)
        sandbox.save()
        name, company = choices.SANDBOX_APP_NAME, sandbox.world.org["name"]
        return consent_page.consent(name, company, app.scopes, redirect_uri, value)

    async def decide(request: Request) -> Response:
        """consent=&decision=approve|deny, as the page's form sends them."""
        # A form that another site made may not answer, whatever it knows.
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return consent_page.refusal("The answer has to come from the page itself.")
        given = dict(parse_qsl((await request.body()).decode("latin-1")))
        decision = given.get("decision")
        if decision not in ("approve", "deny"):
            return consent_page.refusal("The answer must be to approve or to deny.")
        question = grants.answered(sandbox.world, given.get("consent", ""))
        if question is None:
            return consent_page.refusal("This page was answered already, or is too old. Start again from the app.")
        if decision == "approve":
            answer = {"code": grants.issue_code(sandbox.world, question)}
        else:
            answer = {"error": "access_denied"}
        sandbox.save()
        return _back(app, question["redirectUri"], question["state"], **answer)

    async def authorize(request: Request) -> Response:
        return await (decide if request.method == "POST" else show)(request)

    async def token(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        raw = await request.body()
        try:
            given = _read(kind, raw)
            pair = _exchange(sandbox, app, given)
        except TokenError as refusal:
            body = {"error": refusal.code, "error_description": refusal.description}
            return JSONResponse(body, refusal.status, NOT_STORED)
        sandbox.save()
        org_id = sandbox.world.org["id"]
        if kind == FORM:
            answer = {"access_token": pair.access_token, "refresh_token": pair.refresh_token, "orgId": org_id}
            return JSONResponse({**answer, "token_type": "bearer", "expires_in": app.token_seconds}, headers=NOT_STORED)
        answer = {"accessToken": pair.access_token, "refreshToken": pair.refresh_token, "orgId": org_id}
        return JSONResponse(answer, headers=NOT_STORED)

    return [
        Route("/authorize", authorize, methods=["GET", "POST"]),
        Route("/oauth2/token", token, methods=["POST"]),
    ]


def _may_return_to(uri: str, registered: Sequence[str]) -> bool:
    """Loopback addresses with any port and path, others only exactly as registered (RFC 8252, 7.3)."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname or "", parts.port
        # A name before the host is how an address looks like another one, to a person or to a browser.
        if parts.scheme not in ("http", "https") or parts.username is not None or parts.fragment:
            return False
        return uri.isprintable() and (uri in registered or host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


def _back(app: App, redirect_uri: str, state: str | None, **answer: str) -> Response:
    """To the app, with the answer in the query. 303: what the browser sends there is a GET."""
    pairs = [*answer.items(), *([] if state is None else [("state", state)])]
    query = ("?" if app.redirect_typo else "&").join(urlencode([pair]) for pair in pairs)
    joint = "&" if "?" in redirect_uri else "?"
    return RedirectResponse(f"{redirect_uri}{joint}{query}", 303, NOT_STORED)


def _read(kind: str, raw: bytes) -> Mapping[str, str]:
    """The request's fields under their names in snake_case."""
    if kind == FORM:
        pairs = parse_qsl(raw.decode("latin-1"))
        if len({name for name, _ in pairs}) < len(pairs):
            _refuse("invalid_request", "a field is given twice")
        return dict(pairs)
    if kind != "application/json":
        _refuse("invalid_request", f"the body must be {FORM}")
    try:
        body = parse_json(raw)
    except DriftError as problem:
        _refuse("invalid_request", problem.message)
    if not isinstance(body, dict):
        _refuse("invalid_request", "the body must be a JSON object")
    return {snake: body[camel] for snake, camel in CAMEL.items() if isinstance(body.get(camel), str)}


def _exchange(sandbox: Sandbox, app: App, given: Mapping[str, str]) -> grants.Pair:
    if not grants.proves_client(given.get("client_id", ""), given.get("client_secret", "")):
        raise TokenError("invalid_client", "client_id and client_secret do not fit", choices.BAD_OAUTH_CLIENT_STATUS)
    world, kind = sandbox.world, given.get("grant_type")
    if kind == "authorization_code":
        pair = grants.redeem_code(world, given.get("code", ""), given.get("redirect_uri"), app.token_seconds)
    elif kind == "refresh_token":
        pair = grants.refresh(world, given.get("refresh_token", ""), app.token_seconds)
    else:
        raise TokenError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
    if pair is None:
        raise TokenError("invalid_grant", "the code or refresh token is not valid: unknown, used or expired")
    return pair


def _refuse(code: str, description: str) -> NoReturn:
    raise TokenError(code, description)

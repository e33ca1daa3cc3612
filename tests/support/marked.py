"""Marked secrets, a search for them in whatever form, and a Drift that knows them and tells them to everyone."""

import base64
import json
import math
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from drift_mcp.sandbox import SANDBOX_TOKEN
from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

CORES = {"access": "CanaryAccess7f3k9q2w", "refresh": "CanaryRefresh4x8m1z5", "client": "CanaryClient6p0r2t7v"}
"""What makes each secret known, wherever it is: neither percent-encoding nor JSON changes it."""

ACCESS, REFRESH, CLIENT = (f"{core}/a+b=c%d" for core in CORES.values())
"""Secrets with characters in them that every encoding changes. A number may follow."""


def found(where: bytes | str) -> list[str]:
    """The secrets of which a trace is in `where`: as it is, escaped, in capitals, backwards, in hex or in base64."""
    text = where.encode("utf-8", "replace") if isinstance(where, str) else where
    return sorted(
        {name for name, core in CORES.items() for form in _forms(core) if form in text or form in text.lower()}
    )


def _forms(core: str) -> set[bytes]:
    raw = core.encode()
    forms = {raw, raw.lower(), raw[::-1], raw.hex().encode()}
    for shift in range(3):  # where the core begins within three bytes decides what base64 makes of it
        encoded = base64.b64encode(b"\0" * shift + raw)
        forms.add(encoded[math.ceil(shift * 8 / 6) : (shift + len(raw)) * 8 // 6])
    return forms


@dataclass
class MarkedDrift:
    """The sandbox `inside`, to be reached with the marked secrets only.

    `status` not 0 answers every call with it, and with all that was sent in body and headers. `tokens` says how the
    token endpoint answers: "good", or "refused", "failing", "garbled" or "lost", all of them with all that was sent.
    """

    inside: Starlette
    status: int = 0
    tokens: str = "good"
    given: int = 0
    renewals: list[str] = field(default_factory=list)

    @property
    def access(self) -> str:
        return f"{ACCESS}{self.given}"

    @property
    def refresh(self) -> str:
        return f"{REFRESH}{self.given}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/_sandbox", "/authorize")):
            await self.inside(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        if scope["path"] == "/oauth2/token":
            await self._token(dict(parse_qsl(body.decode())))(scope, receive, send)
        elif self.status:
            await _telling(self.status, request, body.decode())(scope, receive, send)
        else:
            await self._pass(scope, body, receive, send)

    def _token(self, form: dict[str, str]) -> Response:
        self.renewals.append(self.tokens)
        told = {"form": form, "form_again": urlencode(form)}
        if self.tokens == "refused":
            return JSONResponse({"error": "invalid_grant", "error_description": str(form), **told}, 400)
        if self.tokens == "failing":
            return JSONResponse({"error": str(form), **told}, 503)
        if self.tokens == "garbled":
            return Response(f"<html>{form}</html>", headers={"X-Told": urlencode(form)})
        assert form["client_secret"] == CLIENT, form
        assert form.get("refresh_token", self.refresh) == self.refresh
        self.given += 1
        return JSONResponse({"access_token": self.access, "refresh_token": self.refresh, "expires_in": 7200, **told})

    async def _pass(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """To the sandbox with its own secrets, and back with the marked ones."""
        marked = [(self.access, SANDBOX_TOKEN), (CLIENT, SANDBOX_CLIENT_SECRET), ("marked-app", SANDBOX_CLIENT_ID)]

        def unmarked(text: bytes) -> bytes:
            for ours, theirs in marked:
                for form in (ours, quote(ours, safe=""), quote_plus(ours), json.dumps(ours)[1:-1]):
                    text = text.replace(form.encode(), theirs.encode())
            return text

        headers = [(name, unmarked(value)) for name, value in scope["headers"] if name != b"content-length"]
        inner = unmarked(body)
        headers.append((b"content-length", str(len(inner)).encode()))
        changed = scope | {"headers": headers, "query_string": unmarked(scope["query_string"])}

        given = False

        async def give() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": inner, "more_body": False}

        async def remark(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] == "/app/token_info":
                kept = [(name, value) for name, value in message["headers"] if name != b"content-length"]
                message = message | {"headers": [*kept, (b"connection", b"close")]}
            elif scope["path"] == "/app/token_info":
                message = message | {
                    "body": message.get("body", b"").replace(SANDBOX_TOKEN.encode(), self.access.encode())
                }
            await send(message)

        await self.inside(changed, give, remark)


def _telling(status: int, request: Request, body: str) -> Response:
    """An answer with everything that was sent, in every way in which it might be written down."""
    secret = request.headers.get("authorization", "")
    words = f"{secret} {quote(secret)} {quote_plus(secret)} {json.dumps(secret)} {request.url.query} {body}"
    content: dict[str, Any] = {
        "error": {"type": "x", "message": words},
        "data": {"id": words, words: [words]},
        "name": words,
    }
    headers = {
        "X-Told": quote(words),
        "Location": f"https://elsewhere.example/?told={quote(words)}",
        "Set-Cookie": "a=b",
    }
    if status in {401, 403}:
        headers["WWW-Authenticate"] = f'Bearer error="{quote(words)}"'
    return JSONResponse(content, status, headers)


def marked_app(drift: MarkedDrift) -> ASGIApp:
    """`drift` as an application with the sandbox's lifespan."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (drift.inside if scope["type"] == "lifespan" else drift)(scope, receive, send)

    return app

"""The layer between Starlette and the resources: one Endpoint record per call, bearer and scope check, JSON
in and out.

Handlers are plain functions from a Call to a Response. As the body is read before and the answer sent after,
a handler runs without an await: no other request can come between its read and its write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from . import choices, fields, state
from .errors import DriftError, invalid, not_found
from .limits import Limits
from .world import Row, World


class Sandbox:
    """What one app runs on: the world, where it is saved, and the things that do not outlive the process."""

    def __init__(self, world: World, state_file: Path | None) -> None:
        self.world = world
        self.limits = Limits()
        self._state_file = state_file

    def save(self) -> None:
        if self._state_file is not None:
            state.save(self._state_file, self.world.tables)


@dataclass(frozen=True)
class Call:
    """One authorised request, its body already read."""

    world: World
    params: Mapping[str, str]
    query: QueryParams
    raw: bytes
    bearer: str
    token: Row

    @cached_property
    def json(self) -> Any:
        """The body as JSON; anything else is 400."""
        return parse_json(self.raw)

    @property
    def object(self) -> Row:
        return fields.as_object(self.json, "the request body")

    def id(self, name: str) -> int:
        """A numeric id out of the path; other text names nothing, so it is 404."""
        given = self.params[name]
        if not (given.isascii() and given.isdigit() and len(given) <= choices.MAX_ID_DIGITS):
            raise not_found(f"{name} {given}")
        return int(given)


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Endpoint:
    """One call of Drift's API. `scope` None: any valid token will do. `changes`: the state is saved
    afterwards."""

    method: str
    path: str
    handler: Handler
    scope: str | None
    changes: bool

    async def serve(self, request: Request, sandbox: Sandbox) -> Response:
        """Authorise, read the body, run the handler, save. Raises DriftError for every refusal."""
        world = sandbox.world
        bearer, token = authenticate(world, request.headers.get("authorization"))
        sandbox.limits.check(token["id"], request.url.path, world.now())
        if self.scope is not None and self.scope not in token["scopes"]:
            raise DriftError(
                choices.MISSING_SCOPE_STATUS,
                "authentication_error",
                f"This token lacks the scope {self.scope}",
            )
        try:
            raw = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is there to read it; nothing was done
        # The token may have died while the body came in.
        if world.live_token(bearer) is None:
            _refuse("The access token is not valid")
        response = self.handler(Call(world, request.path_params, request.query_params, raw, bearer, token))
        if self.changes:
            sandbox.save()
        return response


def get(path: str, handler: Handler, scope: str | None) -> Endpoint:
    return Endpoint("GET", path, handler, scope, changes=False)


def write(method: str, path: str, handler: Handler, scope: str | None) -> Endpoint:
    return Endpoint(method, path, handler, scope, changes=True)


def ask(path: str, handler: Handler, scope: str | None) -> Endpoint:
    """A POST that only reads."""
    return Endpoint("POST", path, handler, scope, changes=False)


def authenticate(world: World, header: str | None) -> tuple[str, Row]:
    """The bearer token and its record. The scheme is case-insensitive (official samples send `bearer`)."""
    scheme, _, token = (header or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        _refuse("An access token is required: Authorization: Bearer <token>")
    record = world.live_token(token)
    if record is None:
        _refuse("The access token is not valid")
    return token, record


def _refuse(message: str) -> NoReturn:
    raise DriftError(choices.BAD_TOKEN_STATUS, "authentication_error", message, headers={"WWW-Authenticate": "Bearer"})


def parse_json(raw: bytes) -> Any:
    """JSON that can be stored and sent again: no NaN, no infinity, no half of a surrogate pair."""
    try:
        value = json.loads(raw, parse_constant=_no_constant, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("The request body is not valid JSON") from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return number


# --- answers ---


def bare(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON without Drift's envelope."""
    return JSONResponse(body, status_code=status, headers=headers)


def data(body: Any, **beside: Any) -> Response:
    """Drift's envelope {"data": …}, with `pagination` or `links` beside it (devdocs: data-and-errors)."""
    return JSONResponse({"data": body, **beside})


def done(status: int = 200) -> Response:
    """Drift's answer to a call that has nothing to show."""
    return JSONResponse({"result": "OK", "ok": True}, status_code=status)

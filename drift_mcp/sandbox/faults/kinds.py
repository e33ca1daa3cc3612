"""The kinds of faults: each with its parameters and what it does to a request it befalls."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from .. import choices
from ..errors import DriftError, error_response
from ..limits import over_budget
from .exchange import Exchange

PAGE = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
# Lists that lead from page to page, and the parameter that a further page is asked for with.
PAGED = {
    "/conversations/list": "page_token",
    "/conversations/*/messages": "next",
    "/accounts": "index",
    "/contacts": "next",
    f"{choices.CATALOGUE_PREFIX}/*": "next",
}

Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
ServerStatus = Annotated[int, Field(ge=500, le=599)]
HeaderText = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


class Fault(BaseModel, ABC):
    """One entry of a plan. Of the requests that match `methods` (all, if empty) and `path` (a glob, `*` also
    across slashes) it lets `after` pass, then befalls the `share` given, at most `times`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    kind: ClassVar[str]
    header_parameter: ClassVar[str | None] = None
    """The field that `X-Sandbox-Fault: kind:value` sets."""

    share: float = Field(1.0, ge=0, le=1)
    times: int | None = Field(None, ge=1)
    after: int = Field(0, ge=0)
    methods: tuple[Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], ...] = ()
    path: str = "*"

    def matches(self, request: Request) -> bool:
        return (not self.methods or request.method in self.methods) and fnmatchcase(request.url.path, self.path)

    @abstractmethod
    async def befall(self, exchange: Exchange) -> None:
        """Answer the request, or break its connection."""


class Latency(Fault):
    """Drift acts `ms` late. A client that leaves before has had nothing done."""

    kind = "latency"
    header_parameter = "ms"
    ms: Milliseconds = 1000

    async def befall(self, exchange: Exchange) -> None:
        await exchange.pause(self.ms)
        await exchange.answer(await exchange.serve())


class LateAnswer(Fault):
    """Drift acts at once and answers `ms` late: a client that leaves before does not know that it was done."""

    kind = "late_answer"
    header_parameter = "ms"
    ms: Milliseconds = 1000

    async def befall(self, exchange: Exchange) -> None:
        answer = await exchange.serve()
        await exchange.pause(self.ms)
        await exchange.answer(answer)


class RateLimited(Fault):
    """429, not applied. Drift documents no header: `Retry-After` (seconds) and others only where asked for."""

    kind = "rate_limited"
    header_parameter = "retry_after"
    retry_after: int | None = Field(None, ge=0)
    headers: dict[HeaderName, HeaderText] = {}

    async def befall(self, exchange: Exchange) -> None:
        waiting = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        refusal = over_budget(waiting | self.headers)
        await exchange.answer(error_response(refusal, exchange.request.url.path))


class _Failure(Fault):
    """A 5xx in Drift's envelope, or as the HTML page of a proxy in front of it."""

    header_parameter = "status"
    status: ServerStatus = 503
    html: bool = False

    async def fail(self, exchange: Exchange) -> None:
        if self.html:
            page = PAGE.format(f"{self.status} Service Unavailable")
            await exchange.answer(HTMLResponse(page, self.status))
        else:
            failure = DriftError(self.status, "internal_error", "Something went wrong")
            await exchange.answer(error_response(failure, exchange.request.url.path))


class ServerError(_Failure):
    """5xx, not applied."""

    kind = "server_error"

    async def befall(self, exchange: Exchange) -> None:
        await self.fail(exchange)


class ErrorAfter(_Failure):
    """Applied, and then 5xx."""

    kind = "error_after"

    async def befall(self, exchange: Exchange) -> None:
        await exchange.serve()
        await self.fail(exchange)


class ResetBefore(Fault):
    """The connection is reset once the request is in; not applied."""

    kind = "reset_before"

    async def befall(self, exchange: Exchange) -> None:
        await exchange.reset()


class ResetAfter(Fault):
    """Applied, and then the connection is reset without an answer."""

    kind = "reset_after"

    async def befall(self, exchange: Exchange) -> None:
        await exchange.serve()
        await exchange.reset()


class Truncated(Fault):
    """Applied; the answer ends after `bytes` of its body (half of it by default), short of its Content-Length."""

    kind = "truncated"
    header_parameter = "bytes"
    bytes: int | None = Field(None, ge=0)

    async def befall(self, exchange: Exchange) -> None:
        await exchange.cut(await exchange.serve(), self.bytes)


class NotJson(Fault):
    """200 with an HTML page, as of a portal in between; `applied` or not, the client cannot tell."""

    kind = "not_json"
    header_parameter = "applied"
    applied: bool = True

    async def befall(self, exchange: Exchange) -> None:
        if self.applied:
            await exchange.serve()
        await exchange.answer(HTMLResponse(PAGE.format("Please sign in")))


class SlowDrip(Fault):
    """Applied; the body comes byte by byte, `ms` before each."""

    kind = "slow_drip"
    header_parameter = "ms"
    ms: Milliseconds = 20

    async def befall(self, exchange: Exchange) -> None:
        await exchange.drip(await exchange.serve(), self.ms)


class ExpiredToken(Fault):
    """Refused as with a token that has died, not applied: 401 as the sandbox answers by itself, or 403 as Drift
    documents it (see choices.BAD_TOKEN_STATUS)."""

    kind = "expired_token"
    header_parameter = "status"
    status: Literal[401, 403] = 401

    async def befall(self, exchange: Exchange) -> None:
        refusal = DriftError(
            self.status,
            "authentication_error",
            "The access token is not valid",
            headers={"WWW-Authenticate": "Bearer"},
        )
        await exchange.answer(error_response(refusal, exchange.request.url.path))


class WrongDate(Fault):
    """An answer as usual, of a machine whose clock is `seconds` ahead."""

    kind = "wrong_date"
    header_parameter = "seconds"
    seconds: Annotated[int, Field(ge=-86_400, le=86_400)] = 60

    async def befall(self, exchange: Exchange) -> None:
        answer = await exchange.serve()
        exchange.dated(answer, self.seconds)
        await exchange.answer(answer)


class LoopingPages(Fault):
    """Further pages lead to themselves: a client that follows them blindly never ends. It befalls nothing else."""

    kind = "looping_pages"

    def matches(self, request: Request) -> bool:
        path, query = request.url.path, request.query_params
        further = any(query.get(parameter) and fnmatchcase(path, paged) for paged, parameter in PAGED.items())
        return request.method == "GET" and further and super().matches(request)

    async def befall(self, exchange: Exchange) -> None:
        answer = await exchange.serve()
        if answer.status_code == 200:
            lead_to_itself(exchange.request, answer)
        await exchange.answer(answer)


def lead_to_itself(request: Request, answer: Response) -> None:
    """Make the pointer to the next page one to this page, in the style of the list."""
    body, query, path = json.loads(bytes(answer.body)), request.query_params, request.url.path
    again = f"{path}?{urlencode(query.multi_items())}"
    if path == "/conversations/list":
        body["links"]["next"] = body["links"]["self"]
    elif path == "/accounts":
        body["data"]["next"] = again
    elif path == "/contacts":
        answer.headers["Link"] = f"<https://driftapi.com{again}>; rel='next'"
    else:
        body["pagination"] = {"more": True, "next": query["next"]}
    answer.body = json.dumps(body).encode()
    answer.headers["Content-Length"] = str(len(answer.body))


KINDS: dict[str, type[Fault]] = {
    each.kind: each
    for each in (
        Latency,
        LateAnswer,
        RateLimited,
        ServerError,
        ErrorAfter,
        ResetBefore,
        ResetAfter,
        Truncated,
        NotJson,
        SlowDrip,
        ExpiredToken,
        WrongDate,
        LoopingPages,
    )
}

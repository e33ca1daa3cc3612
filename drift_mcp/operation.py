"""What an operation is: one value per Drift operation, from which everything else is derived.

The input and output schema, the HTTP request, the annotations, the search index, the documentation and the snapshot in
`tools/` all come from the `Operation` record and its two models. Models are written in snake_case; Drift's camelCase is
the alias of each field.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from drift_mcp.drift.wire import ABSENT, Call, Expect, Inject, Method, Query
from drift_mcp.fields import Cursor

Toolset = Literal[
    "conversations", "contacts", "accounts", "users", "meetings", "automation", "tags",
    "reports", "app", "privacy", "scim", "events", "server",
]  # fmt: skip


class Access(StrEnum):
    """What an operation may do to Drift's data."""

    READ = "read"
    WRITE = "write"
    DESTRUCTIVE = "destructive"


class Provenance(StrEnum):
    """Where the operation is known from (drift-api.md §0)."""

    DOCUMENTED = "documented"
    CATALOGUE = "catalogue"


class LostAnswer(StrEnum):
    """What to do when a request was sent and its answer did not come."""

    REPEAT = "repeat"
    """Nothing changes in Drift: ask again."""
    IDEMPOTENT = "idempotent"
    """The second time changes nothing more than the first: send again."""
    LOOK_FIRST = "look_first"
    """It may have been applied and a second time would double it: look before sending again."""


IN_QUERY: Final = "in_query"
"""Marks a field of a writing request that travels in the query string."""
LOCAL: Final = "local"
"""Marks a field that is for this server and never sent."""
WIDE: Final = "wide"
"""Marks a field of a result that only `detail: full` shows, where the request has `detail`."""


class Request(BaseModel):
    """The arguments of an operation, as the agent gives them.

    A field whose alias stands in the operation's path goes there; of the others, those of a GET or DELETE and those
    marked `IN_QUERY` go into the query string, those marked `LOCAL` nowhere, and the rest is the JSON body.
    """

    model_config = ConfigDict(
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        coerce_numbers_to_str=True,
        defer_build=True,
        hide_input_in_errors=True,
        loc_by_alias=False,
    )

    def to_body(self, fields: dict[str, Any]) -> Any:
        """The JSON body made of `fields` (Drift's names, unset ones left out). Overridden where Drift wraps it."""
        return fields or ABSENT

    def as_record(self, body: Any) -> dict[str, Any]:
        """What `body` writes, in the shape in which Drift shows the record. Overridden where that is another one."""
        return body if isinstance(body, dict) else {}

    def argument(self, name: str) -> Any:
        """The argument `name`, or None where this operation has none of that name."""
        return self.__dict__.get(name)  # getattr would have pydantic raise an error: 2 µs


class CatalogueRequest(Request):
    """The arguments of an operation that only third-party catalogues name. Their parameters are in snake_case.

    It has to be the last of several bases, because the last one's configuration counts.
    """

    model_config = ConfigDict(alias_generator=None)


class ListRequest(Request):
    """The arguments every listing has."""

    limit: Annotated[int, Field(ge=1, le=200), LOCAL] = Field(25, description="Rows wanted, 1-200.")
    cursor: Annotated[Cursor | None, LOCAL] = Field(None, description="next_cursor of the answer before.")


class Result(BaseModel):
    """What an operation answers. Every field may be missing, and fields Drift adds are kept."""

    model_config = ConfigDict(
        extra="allow",
        alias_generator=to_camel,
        populate_by_name=True,
        defer_build=True,
        hide_input_in_errors=True,
    )


def under_data(body: Any) -> Any:
    """The content of Drift's envelope `{"data": …}`; a bare body is taken as it is (devdocs: data-and-errors)."""
    return body["data"] if isinstance(body, dict) and "data" in body else body


def as_is(body: Any) -> Any:
    """The body itself, where Drift uses no envelope."""
    return body


@dataclass(frozen=True, kw_only=True)
class Tool:
    """What an agent can call: the part that an operation and a workflow have in common.

    `summary` says what it does; `guidance` when to use it and what to use otherwise. `intents` are phrases a person
    would say. With `many` it answers a listing whose rows are each a `result`.
    """

    name: str
    title: str
    summary: str
    guidance: str = ""
    intents: tuple[str, ...]
    toolset: Toolset
    scope: str | None
    access: Access
    provenance: Provenance = Provenance.DOCUMENTED
    lost_answer: LostAnswer = LostAnswer.REPEAT
    request: type[Request]
    result: type[Result]
    many: bool = False
    everyday: bool = False
    """Whether the default surface lists it."""
    essential: bool = False
    """Whether every surface lists it, the smallest too."""
    dangerous: bool = False
    """Whether it stays off until the operator turns such operations on."""

    @property
    def description(self) -> str:
        """What the agent reads to choose this tool."""
        source = "Not in Drift's documentation." if self.provenance is Provenance.CATALOGUE else ""
        return " ".join(filter(None, (self.summary, self.guidance, source)))


@dataclass(frozen=True, slots=True)
class LookUp:
    """How a target is read: by the read operation `operation`, given the argument `by` ("": none).

    `by` is an argument of the destructive operation, or a field that a look-up before this one found. `shows` are the
    fields of the answer (of each row of a listing) that tell a person what it is.
    """

    operation: str
    by: str
    shows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What a destructive operation acts on, for the person who is asked whether it may.

    `effect` says what will happen, with every argument in braces; `consequence` whether there is a way back.
    """

    effect: str
    look_ups: tuple[LookUp, ...] = ()
    consequence: str = "This cannot be undone."


@dataclass(frozen=True, slots=True)
class Look:
    """A read that shows what became of a write: by the operation `operation`, given its arguments `by`.

    `by` names arguments of the write, or fields of what a look before this one found. A row counts that has the values
    sent in the fields `same`, and in the fields `only` one of these values; with `empty` there must be no row.
    """

    operation: str
    by: Mapping[str, str] = field(default_factory=dict[str, str])
    same: tuple[str, ...] = ()
    only: Mapping[str, tuple[Any, ...]] = field(default_factory=dict[str, tuple[Any, ...]])
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """The write makes a record: it is among the rows of the first look, and the others find what belongs to it.

    `at` is the field that says when Drift made it, which the arguments `sets_time` of the write take over. The rows
    come newest first by the field `newest`, where that is set.
    """

    looks: tuple[Look, ...]
    at: str = "created_at"
    newest: str = ""
    sets_time: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """The write changes a record: it shows what was sent, in the fields `same` of the look or in all that were sent.

    With `adds`, a list that was sent is a part of the one that is shown.
    """

    look: Look
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """The write takes a record away: the look fails with one of `kinds`, finds no row, or one that says so.

    It says so by having one of the values `marks` in a field, or by lacking in the list of a field what an argument of
    the write names (`without`). Without `at_once`, Drift may take its time.
    """

    look: Look
    marks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    without: Mapping[str, str] = field(default_factory=dict[str, str])
    kinds: frozenset[str] = frozenset({"not_found"})
    at_once: bool = True


@dataclass(frozen=True, slots=True)
class Untold:
    """Drift does not show it. `check` says where else it can be seen."""

    check: str


Recovery = Made | Changed | Gone | Untold
"""How it is found out whether a write was applied whose answer was lost."""


@dataclass(frozen=True, kw_only=True)
class Operation(Tool):
    """One Drift operation.

    `path` is a template in Drift's names, and may end in constants for the query string. `unwrap` takes the payload
    (with `many`, the list of rows) out of the body. `page_size` is the query parameter for the page size, and its
    maximum. `alternative` names the documented way to the end of a catalogue operation. Every destructive operation has
    a `target`, and no other; everything that writes has a `recovery`.
    """

    method: Method
    path: str
    unwrap: Callable[[Any], Any] = under_data
    paging: str | None = None
    page_size: tuple[str, int] | None = None
    expect: Expect = Expect.JSON
    inject: Inject | None = None
    alternative: str = ""
    target: Target | None = None
    recovery: Recovery | None = None

    def call(self, request: Request, *, catalogue_prefix: str = "") -> Call:
        """The HTTP request for `request`, an instance of this operation's request model.

        `catalogue_prefix` goes before the path of an operation that only third-party catalogues name.
        """
        values = request.model_dump(by_alias=True, exclude_none=True, exclude=set(marked(self.request, LOCAL)))
        path = self.path
        for alias in [name for name in values if f"{{{name}}}" in path]:
            path = path.replace(f"{{{alias}}}", quote(str(values.pop(alias)), safe=""))
        in_query = frozenset(values) if self.method in {"GET", "DELETE"} else _query_fields(self.request)
        query = _query(self.path, {name: values.pop(name) for name in [*values] if name in in_query})
        if self.page_size is not None and isinstance(request, ListRequest):
            name, most = self.page_size
            # Where there is no next page, the first one has to have everything.
            query = (*query, (name, str(min(request.limit, most) if self.paging else most)))
        body = ABSENT if self.method in {"GET", "DELETE"} else request.to_body(values)
        prefix = catalogue_prefix if self.provenance is Provenance.CATALOGUE else ""
        return Call(
            method=self.method,
            path=prefix + path.partition("?")[0],
            query=query,
            body=body,
            expect=self.expect,
            writes=self.access is not Access.READ,
            repeatable=self.lost_answer is not LostAnswer.LOOK_FIRST,
            inject=self.inject,
            template=prefix + self.path.partition("?")[0],
        )


@cache
def marked(model: type[BaseModel], marker: str) -> frozenset[str]:
    """The names of the fields of `model` that carry `marker`."""
    return frozenset(name for name, field in model.model_fields.items() if marker in field.metadata)


@cache
def _query_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(model.model_fields[name].alias or name for name in marked(model, IN_QUERY))


def _query(template: str, values: dict[str, Any]) -> Query:
    """The query string: constants out of the path template (`?idType=external`), then `values`, lists repeated."""
    pairs: list[tuple[str, str]] = []
    for constant in filter(None, template.partition("?")[2].split("&")):
        name, _, value = constant.partition("=")
        if value and name not in values:
            pairs.append((name, value))
    for name, value in values.items():
        items = value if isinstance(value, list) else [value]
        pairs.extend((name, _query_value(item)) for item in items)
    return tuple(pairs)


def _query_value(value: Any) -> str:
    """A value as it stands in a query string: JSON, but for plain text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

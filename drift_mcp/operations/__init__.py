"""Drift's operations, one module per resource: its models and its Operation records, nothing else.

What several resources share stands here.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from drift_mcp.fields import Line
from drift_mcp.operation import LOCAL, ListRequest, Request, Result
from drift_mcp.text import to_html

STAFF = ("agent", "bot")
"""Who writes a message on the organisation's side."""


def tag_names(tags: Any) -> Any:
    """`[{"name", "color"}]` as names."""
    if not isinstance(tags, list):
        return tags
    return [tag.get("name", "") if isinstance(tag, dict) else tag for tag in tags]


def with_html(fields: dict[str, Any]) -> dict[str, Any]:
    """A request's fields with the plain text in `body` as HTML, which Drift's bodies are (devdocs: message-model)."""
    return fields | {"body": to_html(fields["body"])} if isinstance(fields.get("body"), str) else fields


class Detailed(Request):
    """Arguments of a read whose rows are wide."""

    detail: Annotated[Literal["brief", "full"], LOCAL] = Field("brief", description="full: every field.")


class WideList(ListRequest, Detailed):
    """Arguments of a listing whose rows are so wide that one chooses among the fields. `present` does as they say."""

    fields: Annotated[list[Line] | None, LOCAL] = Field(None, description="Only these fields.")


class Change(Request):
    """Arguments of an update: the required ones say which record, at least one of the others what changes."""

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        changeable = [name for name, field in type(self).model_fields.items() if not field.is_required()]
        if all(getattr(self, name) in (None, {}) for name in changeable):
            raise ValueError(f"nothing to change: pass at least one of {', '.join(changeable)}")
        return self


class Done(Result):
    """Drift's `{"result":"OK","ok":true}`, and the numeric ids of the request: Drift does not say what it did that to.

    An id that is text may have been made of what a visitor typed, as an account's is.
    """

    ok: bool | None = None
    result: Annotated[str | None, Field(exclude=True)] = None

    @model_validator(mode="before")
    @classmethod
    def _to_what(cls, body: Any, info: ValidationInfo) -> Any:
        request = info.context
        if not isinstance(body, dict) or not isinstance(request, Request):
            return body
        given = {name: request.argument(name) for name in type(request).model_fields if name.endswith("_id")}
        return {name: value for name, value in given.items() if isinstance(value, int)} | body


def said_ok(body: object) -> object:
    """The payload of an answer that only confirms: an empty or unfamiliar one of a 2xx status means done as well."""
    return body if isinstance(body, dict) and "ok" in body else {"ok": True}

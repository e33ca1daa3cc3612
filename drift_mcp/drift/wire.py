"""An HTTP exchange with Drift as plain data: what is asked (`Call`) and what came back (`Answer`).

Nothing here does I/O, so that building a request and reading an answer can be tested without a network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import Any, Final, Literal

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Query = tuple[tuple[str, str], ...]


class Expect(StrEnum):
    """What the body of a successful answer is."""

    JSON = "json"
    TEXT = "text"
    BYTES = "bytes"


class Inject(StrEnum):
    """A secret that a call needs besides its bearer token; put in where the token is, never by the caller."""

    TOKEN_IN_BODY = "token_in_body"  # noqa: S105 - a name, not a secret
    """The JSON body becomes `{"access_token": token}` (devdocs: get-token-information)."""
    CLIENT_IN_QUERY = "client_in_query"
    """`clientId` and `clientSecret` join the query string (devdocs: app-uninstall)."""


class _Absent(Enum):
    ABSENT = "absent"


ABSENT: Final = _Absent.ABSENT
"""No request body at all, as opposed to a body that is JSON null."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Drift. `path` is percent-encoded and starts with a slash; `body` is a JSON value."""

    method: Method
    path: str
    query: Query = ()
    body: Any = ABSENT
    expect: Expect = Expect.JSON
    writes: bool = False
    """Whether Drift's data may change: decides what is said when the answer is lost."""
    repeatable: bool = False
    """Whether it may be sent twice: reads, and writes whose second time changes nothing more."""
    inject: Inject | None = None
    template: str = field(default="", compare=False)
    """`path` with the names of its parameters in place of their values, for logs and metrics."""

    def with_query(self, params: Mapping[str, str]) -> "Call":
        """This call with the query parameters `params` set, replacing those of the same name."""
        kept = tuple((name, value) for name, value in self.query if name not in params)
        return replace(self, query=(*kept, *params.items()))


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful (2xx) answer. `body` is JSON, text or bytes, as the call expected; header names are lower case."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

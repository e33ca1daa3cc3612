"""Arguments that no operation can take: each gets a clear error result, and none reaches another path of the API.

The server talks to the local Drift over HTTP, whose request log shows what was really asked of it.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .agent import Agent, clear_error
from .catalogue import (
    ENTRIES,
    EVERYTHING,
    NAMES,
    OPERATIONS,
    path_pattern,
    plausible_arguments,
    properties,
    required,
)
from .pipe import Pipe

# ---- what is wrong with a value, by the type that its schema asks for -------------------------------------------

NOT_A_TEXT = [[], {}, [["a"]], {"a": "b"}, True]
NOT_A_NUMBER = [True, "", " ", "abc", "0x10", "1e400", [], "NaN", "-Infinity", 1.5, "12 34", "１２x", {}, [1], "1.5"]
NOT_AN_ID = [0, -1, "0", 2**63, 10**30, "-1", str(2**63), "9" * 5000, 1e300, -0.5]
"""For whatever counts from 1: ids, and how many rows are wanted."""
NOT_A_FLAG = ["maybe", 2, -1, [], {}, 0.5]
NOT_A_LIST = [{}, {"a": 1}, True, 1.5]
NOT_AN_OBJECT = ["text", "[1]", 1, True, [], [[]]]
NOT_ONE_LINE = ["", "  ", "a\nb", "a\r\nHost: evil.example", "a\x00b", "\x1b[2J", "\x7f"]
PATH_TRICKS = [
    "../users/list", "..", ".", "..%2fusers%2flist", "%2e%2e/users/list", "%2e%2e%2fusers", "..\\users\\list",
    "/users/list", "//evil.example/x", "1/../../users/list", "x?idType=external&id=1", "x#fragment", "x%00", "x\x00",
    "x\n", "x\r\nX: y", "x%0d%0aX:%20y", "https://evil.example/", "a/b", "a%2Fb", "%", "", " ", "..;/users/list",
    "\u2025/users", "\uff0e\uff0e/x",
]  # fmt: skip


def wrong_values(operation: str, name: str) -> list[Any]:
    """Values that argument `name` of `operation` cannot take, whatever Drift holds."""
    schema = properties(operation)[name]
    if "enum" in schema:
        return [*NOT_A_TEXT, "nonsense", "", 3]
    if schema.get("format") == "email":
        return [*NOT_A_TEXT, *NOT_ONE_LINE, "no-at-sign", "@", "a b@c.example"]
    if schema["type"] == "array":
        inner = {"string": NOT_A_TEXT, "integer": _not_a_number(schema["items"])}.get(schema["items"]["type"], ["x"])
        return [*NOT_A_LIST, *([each] for each in inner)]
    by_type = {
        "integer": _not_a_number(schema),
        "boolean": NOT_A_FLAG,
        "object": NOT_AN_OBJECT,
        "string": NOT_A_TEXT,
    }
    return by_type[schema["type"]]


def _not_a_number(schema: dict[str, Any]) -> list[Any]:
    return [*NOT_A_NUMBER, *(NOT_AN_ID if schema.get("minimum") == 1 else [])]


def _in_path(operation: str, name: str) -> bool:
    """Whether argument `name` becomes a part of the path."""
    return f"{{{name}}}" in _snake(ENTRIES[operation].path or "")


def _some(values: list[Any]) -> list[Any]:
    """Every third one: where a value cannot reach a path, a few say enough."""
    return values[::3]


class Watched:
    """An agent, and the local Drift behind its server."""

    def __init__(self, agent: Agent, drift: Any) -> None:
        self.agent = agent
        self.drift = drift
        self._before = len(drift.requests())
        if self._before > 500:  # the log holds the last 1000
            drift.reset()
            self._before = 0

    def refuses_before_sending(self, name: str, arguments: dict[str, Any]) -> None:
        error = self.agent.refused(name, **arguments)
        shown = repr(arguments)[:200]
        assert error["kind"] == "invalid_arguments", f"{name} {shown}: {error}"
        assert len(json.dumps(error)) < 2500, f"{name} {shown}: the error repeats what was wrong at length"

    def answers_clearly(self, name: str, arguments: dict[str, Any]) -> None:
        """A success or a clear error; nothing of this server's own failing."""
        result = self.agent.call(name, **arguments)
        if result.is_error:
            error = clear_error(result.model_dump(by_alias=True, exclude_none=True))
            assert error["kind"] != "internal_error", f"{name} {arguments!r}"

    def asked(self) -> list[dict[str, Any]]:
        """What Drift was asked. The server asks for the token's scopes itself, before it lists the tools."""
        new = self.drift.requests()[self._before :]
        return [request for request in new if request["path"] != "/app/token_info"]

    def only_reached(self, name: str) -> None:
        """Everything Drift was asked belongs to this operation: method, path and query parameters."""
        entry = ENTRIES[name]
        for request in self.asked():
            assert request["method"] == entry.method, request
            assert path_pattern(name).fullmatch(request["path"]), request
            allowed = {"limit", "size", "page_token", "next", "index", "startIndex", "count", "idType", "id", "email"}
            allowed |= {"clientId", "clientSecret"}
            extra = {key for key, _ in parse_qsl(request["query"], keep_blank_values=True)} - allowed
            assert {_snake(key) for key in extra} <= _singular(properties(name)) | {"status_id"}, request


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _singular(names: Any) -> set[str]:
    return set(names) | {name.removesuffix("s") for name in names}


@pytest.fixture
def watched(agent: Agent, fresh_drift: Any) -> Watched:
    return Watched(agent, fresh_drift)


# ---- through the real client, operation by operation -------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
class TestEveryOperation:
    def test_wrong_values_are_refused_before_anything_is_sent(self, watched: Watched, name: str) -> None:
        for argument in properties(name):
            wrongs = [] if (name, argument) == ("sync_contacts", "contacts") else wrong_values(name, argument)
            # The rows of a sync are judged one by one and reported, so that one bad row does not stop the others.
            for wrong in wrongs if _in_path(name, argument) else _some(wrongs)[:4]:
                watched.refuses_before_sending(name, plausible_arguments(name) | {argument: wrong})
        assert watched.asked() == []

    def test_a_missing_argument_is_named(self, watched: Watched, name: str) -> None:
        for argument in required(name):
            for nothing in ({}, {argument: None}):
                arguments = plausible_arguments(name)
                del arguments[argument]
                error = watched.agent.refused(name, **(arguments | nothing))
                assert error["kind"] == "invalid_arguments"
                assert f"{argument} is missing" in error["message"]
        assert watched.asked() == []

    def test_an_unknown_argument_is_named(self, watched: Watched, name: str) -> None:
        for unknown in ("frobnicate", "__class__", "self", "DRIFT_ACCESS_TOKEN", "x" * 10_000, "a\nb", "\x00", ""):
            error = watched.agent.refused(name, **plausible_arguments(name), **{unknown: 1})
            assert error["kind"] == "invalid_arguments", unknown
            assert "there is no argument" in error["message"], unknown
        assert watched.asked() == []

    def test_path_tricks_reach_no_other_path(self, watched: Watched, name: str) -> None:
        if name not in OPERATIONS:
            return
        for argument, schema in properties(name).items():
            if schema["type"] in {"string", "integer"} and "enum" not in schema:
                in_path = _in_path(name, argument)
                every = in_path and schema["type"] == "string"  # what must be a number gets no further than that
                for trick in PATH_TRICKS if every else _some(PATH_TRICKS)[: None if in_path else 4]:
                    watched.answers_clearly(name, plausible_arguments(name) | {argument: trick})
        watched.only_reached(name)

    def test_a_megabyte_in_any_text_is_refused_before_anything_is_sent(self, watched: Watched, name: str) -> None:
        for argument, schema in properties(name).items():
            if schema["type"] == "string":
                watched.refuses_before_sending(name, plausible_arguments(name) | {argument: "x" * 1_000_000})
        assert watched.asked() == []


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.sampled_from(PATH_TRICKS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_whatever_stands_in_an_argument_the_answer_is_clear(
    agent: Agent, fresh_drift: Any, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([name for name in OPERATIONS if properties(name)]))
    argument = data.draw(st.sampled_from(sorted(properties(name))))
    watched = Watched(agent, fresh_drift)
    watched.answers_clearly(name, plausible_arguments(name) | {argument: data.draw(anything)})
    for request in watched.asked():
        assert request["method"] == ENTRIES[name].method
        assert path_pattern(name).fullmatch(request["path"]), request


# ---- what no proper client would send, by hand over the pipe ------------------------------------------------------


@pytest.fixture(scope="module")
def pipe(launch: Callable[..., Any], fresh_drift: Any) -> Iterator[Pipe]:
    process = launch(env=fresh_drift.env | EVERYTHING)
    opened = Pipe(process).greet()
    yield opened
    process.close_stdin()
    assert process.wait() == 0
    assert opened.only_protocol_on_stdout()
    assert "Traceback" not in process.stderr


def _strings(name: str) -> list[str]:
    return [argument for argument, schema in properties(name).items() if schema["type"] == "string"]


def test_half_a_surrogate_pair_in_any_text_is_refused_before_anything_is_sent(pipe: Pipe, drift: Any) -> None:
    for name in OPERATIONS:
        for argument in _strings(name):
            # json.dumps writes it as the six characters \ud800, which is valid JSON.
            arguments = json.dumps(plausible_arguments(name) | {argument: "a\ud800b"}).encode()
            assert b"\\ud800" in arguments
            clear_error(pipe.call_raw(name, arguments))
    assert drift.requests() == []


@pytest.mark.parametrize("text", ["1e400", "-1e400", "NaN", "Infinity", "1" + "0" * 400])
def test_numbers_beyond_all_bounds_are_refused(pipe: Pipe, drift: Any, text: str) -> None:
    for name, arguments in (
        ("get_contact", '{"contact_id": %s}'),
        ("list_conversations", '{"limit": %s}'),
        ("create_contact", '{"email": "a@b.example", "attributes": {"score": %s}}'),
    ):
        result = pipe.call_raw(name, (arguments % text).encode())
        if name != "create_contact" or not text.startswith("1" + "0" * 9):
            assert clear_error(result)["kind"] == "invalid_arguments"
    assert [request for request in drift.requests() if request["path"] != "/contacts"] == []


@pytest.mark.parametrize("depth", [30, 100, 250, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_deep_nesting_is_refused(pipe: Pipe, drift: Any, depth: int, opening: str, closing: str) -> None:
    deep = opening * depth + "1" + closing * depth
    clear_error(pipe.call_raw("create_contact", f'{{"email":"a@b.example","attributes":{{"x":{deep}}}}}'.encode()))
    clear_error(pipe.call_raw("get_contact", f'{{"contact_id":{deep}}}'.encode()))
    assert drift.requests() == []


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"{",
        b'{"jsonrpc":"2.0","id":7',
        b"[]",
        b"null",
        b"42",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"jsonrpc":"1.0","id":7,"method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
        b'{"jsonrpc":"2.0","method":"notifications/nonsense","params":{"a":1}}',
        b'{"jsonrpc":"2.0","id":"never asked","result":{}}',
        b"[" * 100_000,
        b"x" * 1_000_000,
        b'{"jsonrpc":"2.0","id":7,"method":"\\ud800"}',
    ],
    ids=lambda line: repr(line[:40]),
)
def test_after_a_line_that_is_no_request_a_good_request_still_works(pipe: Pipe, line: bytes) -> None:
    pipe.process.write_line(line)
    assert not pipe.call("get_conversation_stats", {}).get("isError")


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"name": 5},
        {"arguments": {}},
        {"name": "get_user", "arguments": []},
        {"name": "get_user", "arguments": "x"},
        [1],
    ],
    ids=json.dumps,
)
def test_a_request_that_is_no_tool_call_is_refused_by_the_protocol(pipe: Pipe, params: Any) -> None:
    error = pipe.answer_to(pipe.ask("tools/call", params))["error"]
    assert error["code"] in {-32600, -32602}
    assert "Traceback" not in json.dumps(error)


def test_an_unknown_method_is_refused_by_the_protocol(pipe: Pipe) -> None:
    assert pipe.request("tools/frobnicate", {})["error"]["code"] == -32601

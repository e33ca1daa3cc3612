"""How the body of an answer is read."""

import codecs
import json
from typing import Any

import pytest

from drift_mcp.drift.body import MAX_DEPTH, TOO_DEEP, parse
from drift_mcp.drift.wire import Call

READ = Call("GET", "/x")
WRITE = Call("POST", "/x", writes=True)


def nested(levels: int, kind: str) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if kind == "list" else {"in": value}
    return value


def levels_in(value: Any) -> int:
    """How many levels of lists and objects there are around what is inside."""
    count = 0
    while isinstance(value, list | dict):
        value = value[0] if isinstance(value, list) else value["in"]
        count += 1
    return count


def innermost(value: Any) -> Any:
    while isinstance(value, list | dict):
        value = value[0] if isinstance(value, list) else value["in"]
    return value


@pytest.mark.parametrize("kind", ["list", "object"])
class TestNesting:
    @pytest.mark.parametrize("levels", [1, MAX_DEPTH, MAX_DEPTH + 1])
    def test_what_nests_no_deeper_is_left_as_it_is(self, kind: str, levels: int) -> None:
        sent = nested(levels, kind)
        assert parse(READ, 200, json.dumps(sent).encode()) == sent

    @pytest.mark.parametrize("levels", [MAX_DEPTH + 2, MAX_DEPTH + 3, 200])
    def test_what_nests_deeper_ends_with_a_word_about_it(self, kind: str, levels: int) -> None:
        found = parse(READ, 200, json.dumps(nested(levels, kind)).encode())
        assert levels_in(found) == MAX_DEPTH + 1
        assert innermost(found) == TOO_DEEP

    def test_a_wide_body_beside_a_deep_part_keeps_its_rows(self, kind: str) -> None:
        rows = [{"id": number} for number in range(MAX_DEPTH * 2)]
        found = parse(READ, 200, json.dumps({"data": rows, "odd": nested(MAX_DEPTH + 5, kind)}).encode())
        assert found["data"] == rows
        assert innermost(found["odd"]) == TOO_DEEP


def test_a_byte_order_mark_is_no_part_of_the_json() -> None:
    assert parse(READ, 200, codecs.BOM_UTF8 + b'{"a": "\xc3\xa9"}') == {"a": "é"}


@pytest.mark.parametrize("raw", [b"", b" \r\n"])
def test_nothing_is_an_answer_to_a_write_only(raw: bytes) -> None:
    assert parse(WRITE, 200, raw) is None
    assert parse(READ, 204, raw) is None
    with pytest.raises(ValueError, match="Expecting value"):
        parse(READ, 200, raw)


@pytest.mark.parametrize("raw", [b"\xff{}", b"NaN", b"[Infinity]", b"{"])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which one is the library's affair
        parse(READ, 200, raw)

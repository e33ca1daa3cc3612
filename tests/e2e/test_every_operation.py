"""Every operation of the catalogue, called over real stdio, in process and over real HTTP, in both protocol eras."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import pytest
from mcp_types import CallToolResult

from tests.support import columns
from tests.support.each import for_each

from .calls import CALLS, SENT_MARKUP
from .catalogue import ENTRIES, EVERYTHING, NAMES, OPERATIONS, properties

WHERE = {
    "embedded, 2025-11-25": ("2025-11-25", False),
    "embedded, 2026-07-28": ("2026-07-28", False),
    "over HTTP, 2025-11-25": ("2025-11-25", True),
    "over HTTP, 2026-07-28": ("2026-07-28", True),
}
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DATES = jsonschema.FormatChecker(formats=())
DATES.checks("date-time")(lambda value: not isinstance(value, str) or bool(ISO.fullmatch(value)))
MARKUP = re.compile(r"</?(p|br|div|span|b|i|em|strong|a|ul|ol|li|img|table)\b[^>]*>", re.IGNORECASE)
EPOCH_MS = range(946_684_800_000, 4_102_444_800_000)  # the years 2000 to 2100


@dataclass
class Played:
    """The results of the whole table in one place. An operation with `detail` was also asked for everything."""

    results: dict[str, CallToolResult] = field(default_factory=dict)
    full: dict[str, CallToolResult] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)

    def of(self, name: str) -> list[CallToolResult]:
        if name in self.broken:
            raise AssertionError(f"{name} could not be called") from self.broken[name]
        return [self.results[name], *([self.full[name]] if name in self.full else [])]


@pytest.fixture(scope="module", params=list(WHERE))
def played(request: pytest.FixtureRequest, connect: Callable[..., Any], drift_process: Any) -> Played:
    era, over_http = WHERE[request.param]
    drift_process.reset()
    args, env = ((), drift_process.env) if over_http else (("--sandbox",), {})
    done = Played()
    contents: dict[str, Any] = {}
    with connect(*args, env=env | EVERYTHING, era=era) as agent:
        for name, arguments_from in CALLS.items():
            try:
                arguments = arguments_from(contents)
                done.results[name] = agent.call(name, **arguments)
                contents[name] = done.results[name].structured_content
                if "detail" in properties(name):
                    done.full[name] = agent.call(name, **arguments, detail="full")
            except Exception as error:  # the tests of this operation say so, those of the others go on
                done.broken[name] = error
    if over_http:
        # Otherwise the server would have answered out of itself.
        assert len(drift_process.requests()) >= len(OPERATIONS)
    return done


def everything(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside `value`, with the names that lead to it."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from everything(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from everything(item, f"{path}[]")


def test_every_tool_of_the_catalogue_has_a_call_and_no_call_is_stale() -> None:
    assert sorted(CALLS) == sorted(NAMES), "tests/e2e/calls.py needs one row for each tool of the catalogue"


@for_each("name", [name for name in NAMES if name in CALLS])
class TestTheCallOf:
    def test_it_succeeds(self, played: Played, name: str) -> None:
        for result in played.of(name):
            assert not result.is_error, result.structured_content

    def test_it_says_the_same_in_text_and_in_structure(self, played: Played, name: str) -> None:
        for result in played.of(name):
            assert result.content[0].type == "text"
            assert columns.read(result.content[0].text) == result.structured_content

    def test_it_fits_its_output_schema_dates_included(self, played: Played, name: str) -> None:
        checked = jsonschema.Draft202012Validator(ENTRIES[name].tool["outputSchema"], format_checker=DATES)
        for result in played.of(name):
            checked.validate(result.structured_content)

    def test_it_has_something_to_say_and_no_nulls(self, played: Played, name: str) -> None:
        for result in played.of(name):
            assert result.structured_content
            assert [path for path, value in everything(result.structured_content) if value is None] == []

    def test_it_has_no_epoch_milliseconds(self, played: Played, name: str) -> None:
        for result in played.of(name):
            numbers = [
                (path, value)
                for path, value in everything(result.structured_content)
                if isinstance(value, int | float) and int(value) in EPOCH_MS
            ]
            assert numbers == []

    def test_it_shows_no_markup(self, played: Played, name: str) -> None:
        for result in played.of(name):
            marked = [
                (path, value)
                for path, value in everything(result.structured_content)
                if isinstance(value, str) and MARKUP.search(value.replace(SENT_MARKUP, ""))
            ]
            assert marked == []

    def test_it_is_what_drift_documents(self, played: Played, name: str) -> None:
        for result in played.of(name):
            odd = [path for path, _ in everything(result.structured_content) if path.endswith(".unexpected")]
            assert odd == []

    def test_it_names_its_fields_in_snake_case(self, played: Played, name: str) -> None:
        for result in played.of(name):
            rows = [result.structured_content, *result.structured_content.get("items", [])]
            assert [key for row in rows if isinstance(row, dict) for key in row if key != key.lower()] == []

    def test_its_listing_counts_what_it_shows(self, played: Played, name: str) -> None:
        for result in played.of(name):
            content = result.structured_content
            if "items" in ENTRIES[name].tool["outputSchema"]["properties"]:
                assert content["count"] == len(content["items"]) > 0
                assert content["has_more"] == ("next_cursor" in content)


def test_an_attachment_comes_as_a_file_with_its_name_and_type(played: Played) -> None:
    result = played.results["download_attachment"]
    assert result.structured_content["file_name"] == "PO-20418.pdf"
    assert result.structured_content["mime_type"] == "application/pdf"
    _, resource = result.content
    assert resource.type == "resource"
    assert resource.resource.mime_type == "application/pdf"
    assert resource.resource.blob.startswith("JVBERi0xLjQK")  # %PDF-1.4


def test_plain_text_with_markup_in_it_comes_back_as_it_was_sent(played: Played) -> None:
    assert played.results["send_message"].structured_content["text"] == SENT_MARKUP
    assert played.results["list_messages"].structured_content["items"][-1]["text"] == SENT_MARKUP


def test_what_a_visitor_may_have_written_is_marked(played: Played) -> None:
    for name in ("get_conversation_transcript", "get_contact"):
        assert played.results[name].meta is not None, name
        assert played.results[name].meta["drift-mcp/untrusted"], name

"""What every MCP host can read: rules over the schemas of the whole catalogue, and the code that writes them."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from drift_mcp import catalogue, surface
from drift_mcp.arguments import InvalidArguments, parse
from drift_mcp.operation import Request, Result
from drift_mcp.schema import input_schema, output_schema
from drift_mcp.settings import Settings
from tests.support.each import for_each
from tests.support.operations import OPERATIONS
from tests.support.requests import ROWS

TOOLS = [entry.tool for entry in catalogue.load().values()]
by_name = for_each("tool", TOOLS, lambda tool: str(tool["name"]))


def schemas(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """`schema` and every schema inside it, with its place."""
    yield where, schema
    for name, part in schema.get("properties", {}).items():
        yield from schemas(part, f"{where}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from schemas(schema[key], f"{where}[]")


def keys(value: Any) -> Iterator[str]:
    """Every key in `value` that is not the name of a property."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            for inner in part.values() if key == "properties" else [part]:
                yield from keys(inner)
    elif isinstance(value, list):
        for part in value:
            yield from keys(part)


class TestInputSchemas:
    @by_name
    def test_the_root_is_a_closed_object(self, tool: dict[str, Any]) -> None:
        schema = tool["inputSchema"]
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        assert isinstance(schema["properties"], dict)

    @by_name
    def test_nothing_stands_in_it_that_a_host_chokes_on(self, tool: dict[str, Any]) -> None:
        banned = {
            "anyOf",
            "oneOf",
            "allOf",
            "not",
            "$ref",
            "$defs",
            "definitions",
            "title",
            "const",
            "nullable",
            "x-untrusted",
        }
        assert not banned & set(keys(tool["inputSchema"]))

    @by_name
    def test_every_part_has_one_plain_type_that_is_not_null(self, tool: dict[str, Any]) -> None:
        plain = {"object", "array", "string", "integer", "number", "boolean"}
        assert {
            where: schema.get("type")
            for where, schema in schemas(tool["inputSchema"])
            if schema.get("type") not in plain
        } == {}

    @by_name
    def test_arrays_say_what_they_hold(self, tool: dict[str, Any]) -> None:
        bare = [
            where
            for where, schema in schemas(tool["inputSchema"])
            if schema["type"] == "array" and not schema.get("items")
        ]
        assert bare == []

    @by_name
    def test_choices_are_texts(self, tool: dict[str, Any]) -> None:
        for where, schema in schemas(tool["inputSchema"]):
            if "enum" in schema:
                assert schema["type"] == "string", where
                assert schema["enum"], where
                assert all(isinstance(value, str) for value in schema["enum"]), where

    @by_name
    def test_every_property_says_what_it_means(self, tool: dict[str, Any]) -> None:
        silent = [
            f"{where}.{name}"
            for where, schema in schemas(tool["inputSchema"])
            for name, part in schema.get("properties", {}).items()
            if not str(part.get("description", "")).strip()
        ]
        assert silent == []

    @by_name
    def test_required_names_are_properties_and_have_no_default(self, tool: dict[str, Any]) -> None:
        for where, schema in schemas(tool["inputSchema"]):
            required = schema.get("required", [])
            assert set(required) <= set(schema.get("properties", {})), where
            assert not [name for name in required if "default" in schema["properties"][name]], where

    @by_name
    def test_it_is_valid_json_schema(self, tool: dict[str, Any]) -> None:
        Draft202012Validator.check_schema(tool["inputSchema"])

    @by_name
    def test_names_are_snake_case(self, tool: dict[str, Any]) -> None:
        names = [name for _, schema in schemas(tool["inputSchema"]) for name in schema.get("properties", {})]
        assert [name for name in names if not re.fullmatch("[a-z0-9_]{1,48}", name)] == []

    @for_each("row", ROWS)
    def test_arguments_that_a_host_checks_against_it_are_the_ones_accepted(self, row: Any) -> None:
        schema = catalogue.load()[row.name].tool["inputSchema"]
        lists = {name for name, part in schema["properties"].items() if part["type"] == "array"}
        arguments = {
            name: [value] if name in lists and not isinstance(value, list) else value
            for name, value in row.arguments.items()
        }
        Draft202012Validator(schema).validate(arguments)
        for name in schema.get("required", []):
            with pytest.raises(InvalidArguments):
                parse(OPERATIONS[row.name], {key: value for key, value in arguments.items() if key != name})


class TestOutputSchemas:
    @by_name
    def test_it_is_valid_json_schema_with_an_object_at_its_root(self, tool: dict[str, Any]) -> None:
        Draft202012Validator.check_schema(tool["outputSchema"])
        assert tool["outputSchema"]["type"] == "object"

    @by_name
    def test_it_demands_nothing_and_closes_nothing(self, tool: dict[str, Any]) -> None:
        assert not {"required", "$ref", "$defs", "title", "anyOf", "x-untrusted"} & set(keys(tool["outputSchema"]))
        closed = [
            where for where, schema in schemas(tool["outputSchema"]) if schema.get("additionalProperties") is False
        ]
        assert closed == []

    @by_name
    def test_an_answer_with_a_field_that_drift_added_fits_it(self, tool: dict[str, Any]) -> None:
        Draft202012Validator(tool["outputSchema"]).validate({"brand_new": {"x": [1, None]}})

    @by_name
    def test_a_listing_says_how_to_go_on(self, tool: dict[str, Any]) -> None:
        listing = catalogue.load()[tool["name"]].record().many
        assert ({"items", "count", "has_more", "next_cursor"} <= set(tool["outputSchema"]["properties"])) is listing


class TestTranslation:
    """The code that writes schemas, on models that the catalogue does not have."""

    def test_an_optional_field_loses_its_null_and_keeps_its_bounds(self) -> None:
        class Model(Request):
            count: int | None = Field(None, ge=2, le=5, description="How many.")

        assert input_schema(Model) == {
            "type": "object",
            "properties": {"count": {"type": "integer", "minimum": 2, "maximum": 5, "description": "How many."}},
            "additionalProperties": False,
        }

    def test_required_fields_come_first_and_a_default_is_told(self) -> None:
        class Model(Request):
            kind: Literal["a", "b"] = Field("a", description="Kind.")
            one: Literal["only"] = Field(description="One.")

        schema = input_schema(Model)
        assert list(schema["properties"]) == ["one", "kind"]
        assert schema["required"] == ["one"]
        assert schema["properties"]["kind"] == {
            "type": "string",
            "enum": ["a", "b"],
            "default": "a",
            "description": "Kind.",
        }
        assert schema["properties"]["one"]["enum"] == ["only"]

    def test_a_model_inside_a_model_is_written_in_place(self) -> None:
        class Inner(Request):
            """For readers of the code."""

            name: str = Field(description="Name.")

        class Outer(Request):
            """For readers of the code."""

            inner: list[Inner] | None = Field(None, description="Inner ones.")

        part = input_schema(Outer)["properties"]["inner"]
        assert part == {
            "type": "array",
            "description": "Inner ones.",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string", "description": "Name."}},
                "required": ["name"],
                "additionalProperties": False,
            },
        }

    def test_a_property_that_is_called_like_a_keyword_stays(self) -> None:
        class Model(Request):
            title: str = Field(description="Title.")
            default: str = Field(description="Default.")

        assert set(input_schema(Model)["properties"]) == {"title", "default"}

    def test_a_result_of_several_types_promises_nothing(self) -> None:
        class Model(Result):
            either: int | str | None = Field(None, description="Either.")
            inner: dict[str, int] | None = None

        assert output_schema(Model, many=False)["properties"] == {
            "either": {"description": "Either."},
            "inner": {"type": "object", "additionalProperties": {"type": "integer"}},
        }


class TestSizes:
    def test_the_default_list_is_short(self) -> None:
        entries = catalogue.load()
        shown = surface.chosen(Settings(), entries)
        listed = [entry.tool for entry in entries.values() if shown.is_listed(entry)]
        assert 10 <= len(listed) <= 20
        assert compact_bytes(listed) <= 16 * 1024

    def test_a_tool_takes_900_bytes_on_average_at_most(self) -> None:
        assert compact_bytes(TOOLS) / len(TOOLS) <= 900


def compact_bytes(tools: list[dict[str, Any]]) -> int:
    """The size of `tools` as compact JSON without output schemas, which hosts do not show to the model."""
    shown = [{key: value for key, value in tool.items() if key != "outputSchema"} for tool in tools]
    return len(json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode())

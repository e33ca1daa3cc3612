"""JSON schemas that every MCP host accepts, out of pydantic models.

Hosts differ in what they choke on: `$ref`, `anyOf` with null, `title` noise, arrays without `items`, enums of
numbers. So the schema of an operation's arguments is written in the small common part of JSON schema: an optional field
is one that is not in `required`.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from drift_mcp.fields import MAX_BODY, OURS, UNTRUSTED

JsonSchema = dict[str, Any]

_DROPPED = {"title", "default", UNTRUSTED, OURS}
_EVIDENT = (("minimum", 1), ("minLength", 1), ("minItems", 1), ("maxLength", MAX_BODY))
"""Bounds that nobody crosses by mistake: checked all the same, but not worth their tokens in every list."""
_DEFAULT_KEPT = (str, int, bool)


def input_schema(model: type[BaseModel]) -> JsonSchema:
    """The schema of a request: closed, by snake_case names."""
    raw = model.model_json_schema(by_alias=False, mode="validation")
    schema = _plain(raw, raw.get("$defs", {}))
    properties, required = schema.get("properties", {}), schema.get("required", [])
    ordered = {name: properties[name] for name in [*required, *(p for p in properties if p not in required)]}
    return {
        "type": "object",
        "properties": ordered,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def output_schema(model: type[BaseModel], *, many: bool) -> JsonSchema:
    """The schema of a result: open, so that a field Drift adds or leaves out breaks no host; a listing is wrapped."""
    raw = model.model_json_schema(by_alias=False, mode="serialization")
    schema = _plain(raw, raw.get("$defs", {}), closed=False)
    schema.pop("required", None)
    if not many:
        return schema
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": schema},
            "count": {"type": "integer", "description": "Rows in this answer."},
            "has_more": {"type": "boolean"},
            "next_cursor": {"type": "string", "description": "Pass as cursor for the rows after these."},
        },
    }


def untrusted_paths(model: type[BaseModel], *, many: bool) -> dict[str, str]:
    """Where in a result a visitor's own text may stand, such as `items[].text`, and whether it is a text or a name."""
    raw = model.model_json_schema(by_alias=False, mode="serialization")
    return dict(_untrusted(_inline(raw, raw.get("$defs", {})), "items[]" if many else ""))


def _untrusted(schema: JsonSchema, path: str) -> Iterator[tuple[str, str]]:
    if UNTRUSTED in schema:
        yield path, schema[UNTRUSTED]
    for name, part in schema.get("properties", {}).items():
        yield from _untrusted(part, f"{path}.{name}" if path else name)
    for part in schema.get("anyOf", ()):
        yield from _untrusted(part, path)
    if isinstance(schema.get("items"), dict):
        yield from _untrusted(schema["items"], f"{path}[]")


def _inline(schema: Any, defs: JsonSchema) -> Any:
    if isinstance(schema, list):
        return [_inline(part, defs) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = _inline(defs[schema["$ref"].rpartition("/")[2]], defs)
        return target | {key: value for key, value in schema.items() if key != "$ref"}
    return {key: _inline(value, defs) for key, value in schema.items() if key != "$defs"}


def _plain(raw: JsonSchema, defs: JsonSchema, *, closed: bool = True) -> JsonSchema:
    return _tidy(_inline(raw, defs), closed)


def _tidy(schema: JsonSchema, closed: bool) -> JsonSchema:
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) == 1:
        # `X | None`: the outer description says more than the inner one.
        schema = options[0] | {key: value for key, value in schema.items() if key != "anyOf"}
    elif options and not closed:
        # A result of several types: nothing is promised.
        schema = {key: value for key, value in schema.items() if key != "anyOf"}
    kept: JsonSchema = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _tidy(part, closed) for name, part in value.items()}
        elif key == "items" and isinstance(value, dict):
            kept[key] = _tidy(value, closed)
        elif key == "additionalProperties":
            kept |= _extra(value, closed)
        elif key == "const":
            kept["enum"] = [value]
        elif (key == "default" and closed and isinstance(value, _DEFAULT_KEPT)) or (
            key not in _DROPPED and not (closed and (key, value) in _EVIDENT)
        ):
            kept[key] = value
    if "properties" in kept and schema.get("title") and "description" in schema:
        # A model's docstring is for those who read the code.
        kept.pop("description", None)
    return kept


def _extra(value: Any, closed: bool) -> JsonSchema:
    if value is False:
        return {"additionalProperties": False} if closed else {}
    if isinstance(value, dict) and value:
        return {"additionalProperties": _tidy(value, closed)}
    return {}

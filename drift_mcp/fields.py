"""The field types that requests and results are made of.

A type says three things at once: what is accepted or shown, how it is converted, and how the schema describes it.
"""

import math
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from drift_mcp.text import from_html, visible

MAX_ID = 2**63 - 1
MAX_BODY = 50_000
MAX_LINE = 500
MAX_CURSOR = 8_000
_MAX_MS = 253_402_300_799_999  # the last millisecond of the year 9999

_CONTROL = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


# ---- going to Drift ------------------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    if _SURROGATE.search(text):
        raise PydanticCustomError("surrogate", "must be valid Unicode text (it has half of a surrogate pair)")
    if _CONTROL.search(text):
        raise PydanticCustomError("control_characters", "must not have control characters")
    return text


def _one_line(text: str) -> str:
    text = _clean(text).strip()
    if not text:
        raise PydanticCustomError("blank", "must not be empty")
    if "\n" in text or "\t" in text or "\r" in text:
        raise PydanticCustomError("line_break", "must be one line")
    if len(text) > MAX_LINE:
        raise PydanticCustomError("line_too_long", "must have at most 500 characters")
    return text


def _cursor(text: str) -> str:
    if len(text) > MAX_CURSOR:
        raise PydanticCustomError("cursor_too_long", "is longer than any cursor")
    return _clean(text)


def _path_safe(text: str) -> str:
    text = _one_line(text)
    if "/" in text or "\\" in text or "%" in text or text in {".", ".."} or "?" in text or "#" in text:
        raise PydanticCustomError("path_characters", "must be a plain id, without / \\ % ? #")
    return text


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("bool", "must be a whole number, not true or false")
    return value


def _int64(number: int) -> int:
    if number > MAX_ID:
        raise PydanticCustomError("too_large", "is larger than any Drift id")
    return number


def clean_json(value: Any) -> Any:
    """`value` unchanged, once every text in it, keys too, is known to be sendable.

    Raises:
        PydanticCustomError: a text has control characters or lone surrogates, a number is not finite, or it nests
            deeper than 20 levels.
    """
    _check_json(value, 0)
    return value


def _check_json(value: Any, depth: int) -> None:
    if depth > 20:
        raise PydanticCustomError("too_deep", "nests too deeply")
    if isinstance(value, str):
        _clean(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("not_finite", "must be a finite number")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_json(key, depth + 1)
            _check_json(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_json(item, depth + 1)


Id = Annotated[int, Field(ge=1), BeforeValidator(_no_bool), AfterValidator(_int64)]
"""A numeric Drift id (int64)."""

Line = Annotated[str, AfterValidator(_one_line)]
"""A short text of one line: a name, a label."""

Cursor = Annotated[str, AfterValidator(_cursor)]
"""A position in a listing, as this server gave it out."""

Text = Annotated[str, AfterValidator(_clean), Field(min_length=1, max_length=MAX_BODY)]
"""A text of many lines, such as a message body."""

PathText = Annotated[str, AfterValidator(_path_safe)]
"""An id that is text and becomes one segment of a path, such as an account's `123458_domain.com`."""

EMAIL_FORM = r"^[^@\s]+@[^@\s]+$"
Email = Annotated[
    str,
    AfterValidator(_one_line),
    Field(pattern=EMAIL_FORM),
    WithJsonSchema({"type": "string", "format": "email"}),
]
"""One e-mail address. Only the outer form is checked: Drift decides what it accepts."""

Cleaned = AfterValidator(clean_json)
"""For free-form JSON that goes to Drift."""


def _to_ms(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{1,15}", text):
            value = int(text)
        else:
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                raise PydanticCustomError(
                    "date", "must be a date-time such as 2026-03-01T09:00:00Z, or epoch milliseconds"
                ) from None
            # A time without a zone is read as UTC, as results are written.
            value = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    value = _no_bool(value)
    if isinstance(value, int | float) and not 0 <= value <= _MAX_MS:
        raise PydanticCustomError("date_range", "must lie between the years 1970 and 9999")
    return value


Moment = Annotated[int, BeforeValidator(_to_ms), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A point in time: ISO 8601 (UTC where no zone is given) or epoch milliseconds in, epoch milliseconds to Drift."""


# ---- coming from Drift ---------------------------------------------------------------------------------------------


def iso_from_ms(value: Any) -> Any:
    """Epoch milliseconds as ISO 8601 in UTC, to the second. Anything else comes back unchanged."""
    if isinstance(value, str) and re.fullmatch(r"\d{12,15}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_MS:
        return value
    return datetime.fromtimestamp(int(value) // 1000, UTC).isoformat().replace("+00:00", "Z")


_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:?\d\d)?")


def _stamp(value: Any) -> Any:
    shown = iso_from_ms(value)
    if shown is not value:
        return shown
    if isinstance(value, str) and _ISO_TIME.fullmatch(value):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(value)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    raise PydanticCustomError("no_time", "is no point in time")


def is_time(value: Any) -> bool:
    """Whether `value` is a point in time as Drift writes it, so that a `Stamp` shows it."""
    try:
        return bool(_stamp(value))
    except PydanticCustomError:
        return False


_MIME_TYPE = re.compile(
    r"(?i)(?:application|audio|font|haptics|image|message|model|multipart|text|video)/[a-z0-9][a-z0-9!#$&^_.+-]{0,79}"
)


def mime_type(value: Any) -> str | None:
    """The media type in `value`, a header or a field, in lower case and without parameters; None if it is none."""
    found = _MIME_TYPE.fullmatch(value.partition(";")[0].strip()) if isinstance(value, str) else None
    return found.group().lower() if found else None


def _shown_html(value: Any) -> Any:
    return from_html(value) if isinstance(value, str) else value


_NAMES_A_TIME = re.compile(r"(?i)(_at|_date|_time|timestamp)$|(?<=[a-z])(At|Date|Time)$|^last_(active|contacted)$")
_FIRST_PLAUSIBLE_MS = 100_000_000_000  # 1973; a smaller number is something else than epoch milliseconds


def shown_json(value: Any, name: str = "") -> Any:
    """Free-form JSON as an agent reads it; nulls are left out of objects.

    Every text is made visible; what is called a time and looks like epoch milliseconds becomes ISO 8601; a message's
    HTML body becomes plain text.
    """
    if isinstance(value, dict):
        # `events` maps what happened to when.
        named = {str(key): item for key, item in value.items() if item is not None}
        return {
            visible(key): shown_json(item, "event_time" if name == "events" else key) for key, item in named.items()
        }
    if isinstance(value, list):
        return [shown_json(item, name) for item in value]
    if isinstance(value, str):
        return from_html(value) if name == "body" else visible(value)
    if isinstance(value, int) and value >= _FIRST_PLAUSIBLE_MS and _NAMES_A_TIME.search(name):
        return iso_from_ms(value)
    return value


# Every text that Drift answers is of one of these kinds. What does not fit its kind is shown as `unexpected`, which
# counts as a visitor's; a plain `str` in a result says nothing of who wrote it, and a test finds it.

UNTRUSTED = "x-untrusted"
"""Schema keyword of fields whose content a website visitor chose: `text`, `name` (see `VisitorName`) or `data` (see
`VisitorData`). Taken out of the published schema."""
OURS = "x-ours"
"""Schema keyword of fields whose content the organisation's own people chose, or Drift itself. Taken out as well."""

Stamp = Annotated[str, BeforeValidator(_stamp), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A point in time, shown as ISO 8601 UTC. Nothing else is one."""

Word = Annotated[str, Field(pattern="^[A-Za-z0-9_.:/+@#=~-]*$", max_length=80), WithJsonSchema({"type": "string"})]
"""One of Drift's own words or ids: a status, a kind, a time zone.

The pattern `[\\w…]{0,80}` would say the same, in 12 MB of memory.
"""

MimeType = Annotated[str | None, BeforeValidator(mime_type), WithJsonSchema({"type": "string"})]
"""A media type. What is none is left out."""

OurText = Annotated[str, Field(json_schema_extra={OURS: True})]
"""A text by the organisation's own people, such as a tag's or a user's name, or by Drift itself."""

OurData = Annotated[dict[str, Any], BeforeValidator(shown_json), Field(json_schema_extra={OURS: True})]
"""Free-form data of the organisation's own."""

_by_visitor = Field(json_schema_extra={UNTRUSTED: "text"})

VisitorText = Annotated[str, _by_visitor]
"""A text that a visitor may have written."""

VisitorName = Annotated[str, Field(json_schema_extra={UNTRUSTED: "name"})]
"""A name or an id that a visitor may have chosen. Where visitors' text is withheld it stays if it is a single word, as
nothing could be done with the record without it."""

VisitorHtml = Annotated[str, BeforeValidator(_shown_html), _by_visitor]
"""An HTML body that a visitor may have written, shown as plain text."""

VisitorData = Annotated[dict[str, Any], BeforeValidator(shown_json), Field(json_schema_extra={UNTRUSTED: "data"})]
"""Free-form data that a visitor may have chosen, such as contact attributes; so too beside what one of ours wrote."""

VisitorsValue = Annotated[Any, _by_visitor]
"""A value of any kind that a visitor may have chosen."""

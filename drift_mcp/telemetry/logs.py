"""Log lines on stderr, for people or as JSON: where they go, what they look like, and what is never in them."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from drift_mcp.telemetry import ToolCall, Watcher, watch

if TYPE_CHECKING:
    from drift_mcp.drift.sent import Sent

FIELDS = "drift_mcp_fields"
"""The attribute of a record with what it says in names and numbers."""

_tools = logging.getLogger("drift_mcp.tools")
_drift = logging.getLogger("drift_mcp.drift")


class Lines(Watcher):
    """A line for each tool call (INFO), and for each call to Drift (DEBUG)."""

    def tool_called(self, call: ToolCall) -> None:
        if _tools.isEnabledFor(logging.INFO):
            fields = {
                "tool": call.tool,
                "connection": call.connection,
                "principal": call.principal,
                "outcome": call.outcome,
                "ms": _ms(call.seconds),
                "drift_calls": call.drift_calls,
                "waited_ms": _ms(call.waited),
            }
            _tools.info("tool call", extra={FIELDS: fields})

    def drift_called(self, sent: "Sent", call: ToolCall | None) -> None:
        if _drift.isEnabledFor(logging.DEBUG):
            fields = {
                "tool": call.tool if call else None,
                "method": sent.method,
                "path": sent.template,
                "status": sent.status,
                "error": sent.error or None,
                "ms": _ms(sent.seconds),
                "tries": sent.tries,
                "waited_ms": _ms(sent.waited),
            }
            known = {name: value for name, value in fields.items() if value is not None}
            _drift.debug("drift call", extra={FIELDS: known})


def to_stderr(level: str, form: str) -> None:
    """Log lines of `level` and above go to stderr, as `text` or `json`, none of them with a secret."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(level=level, handlers=[handler])
    watch(Lines())


class _Redacted(logging.Formatter):
    """The whole line, stack included, without any secret that this process has sent.

    Nothing here is meant to log one; this is for what nobody thought of, other people's libraries among it.
    """

    def line(self, record: logging.LogRecord) -> str:
        raise NotImplementedError

    def format(self, record: logging.LogRecord) -> str:
        line = self.line(record)
        auth = sys.modules.get("drift_mcp.drift.auth")  # before it is imported, nothing has been sent
        return str(auth.redacted(line)) if auth else line


class _Text(_Redacted):
    """`time LEVEL logger: message name=value …`, one line but for a stack."""

    def line(self, record: logging.LogRecord) -> str:
        text = f"{_time(record)} {record.levelname} {record.name}: {record.getMessage()}"
        for name, value in getattr(record, FIELDS, {}).items():
            text += f" {name}={_shown(value)}"
        return "\n".join([text, *_stack(self, record)])


class _Json(_Redacted):
    """One JSON object a line: time, level, logger, message, and the record's own fields."""

    def line(self, record: logging.LogRecord) -> str:
        said = {"time": _time(record), "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        said |= getattr(record, FIELDS, {})
        if stack := _stack(self, record):
            said["stack"] = "\n".join(stack)
        return json.dumps(said, ensure_ascii=False)


def _stack(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    stack = [formatter.formatException(record.exc_info)] if record.exc_info else []
    return [*stack, formatter.formatStack(record.stack_info)] if record.stack_info else stack


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(value: Any) -> str:
    """A value as one word: a caller's name may have blanks in it, or what a terminal would obey."""
    text = str(value)
    return text if text.isprintable() and " " not in text and '"' not in text else json.dumps(text)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)

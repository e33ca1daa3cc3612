"""The tools of one server: which are listed, and what a call of one answers.

Speaks MCP's data (tools and results as JSON objects) but not its protocol, so the command line uses it as the server
does. What only a call needs is imported at the first call: a host waits for the list, not for that.
"""

import logging
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from drift_mcp import catalogue, surface
from drift_mcp.settings import Settings

if TYPE_CHECKING:
    from drift_mcp.drift.gateway import Gateway

log = logging.getLogger(__name__)

ToolResult = dict[str, Any]
UNTRUSTED_KEY = "drift-mcp/untrusted"


class Toolbox:
    """Lists tools and runs them over one gateway, which is made at the first call."""

    def __init__(self, settings: Settings, connect: "Callable[[Settings], Gateway] | None" = None) -> None:
        self._settings = settings
        self._entries = catalogue.load()
        self._connect = connect
        self._gateway: Gateway | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to Drift. Nothing may be called afterwards."""
        if self._gateway is not None:
            await self._gateway.aclose()
            self._gateway = None

    def listed(self) -> list[dict[str, Any]]:
        """The MCP tools to show, in a fixed order."""
        return [entry.tool for entry in self._entries.values() if surface.is_listed(entry)]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """The MCP result of calling tool `name`. Failures are results too (`isError`); this raises nothing."""
        from drift_mcp import present, problems
        from drift_mcp.arguments import InvalidArguments, parse
        from drift_mcp.drift.errors import DriftError
        from drift_mcp.execute import execute

        entry = self._entries.get(name)
        if entry is None:
            close = get_close_matches(name, self._entries, n=1)
            return _failed(problems.unknown_tool(name, close[0] if close else None))
        operation = entry.operation()
        try:
            request = parse(operation, arguments)
            outcome = await execute(operation, request, self._send(), budget=self._settings.result_bytes)
        except InvalidArguments as error:
            return _failed(problems.invalid_arguments(operation, error))
        except DriftError as error:
            log.info("%s failed: %s, status %s", name, error.kind, error.status)
            return _failed(problems.drift_failed(operation, error))
        except Exception as error:
            log.error("%s failed inside this server: %s", name, _where(error))
            return _failed(problems.internal())
        text = {"type": "text", "text": present.as_text(outcome.content)}
        result: ToolResult = {"content": [text, *outcome.blocks], "structuredContent": outcome.content}
        if entry.untrusted:
            result["_meta"] = {UNTRUSTED_KEY: list(entry.untrusted)}
        return result

    def _send(self) -> "Any":
        if self._gateway is None:
            from drift_mcp.connect import connect

            self._gateway = (self._connect or connect)(self._settings)
        return self._gateway.send


def _failed(content: dict[str, Any]) -> ToolResult:
    from drift_mcp.present import as_text

    return {
        "content": [{"type": "text", "text": as_text(content)}],
        "structuredContent": content,
        "isError": True,
    }


def _where(error: BaseException) -> str:
    """The type of `error` and the places it came through. Its message is left out: it may hold a visitor's words."""
    places: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' > '.join(places)}"

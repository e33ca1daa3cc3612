"""The tools of one server: which are listed, and what a call of one answers.

Speaks MCP's data (tools and results as JSON objects) but not its protocol, so the command line uses it as the server
does. What only a call needs is imported at the first call: a host waits for the list, not for that.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio

from drift_mcp import __version__, catalogue, surface
from drift_mcp.credentials.environment import has_token
from drift_mcp.settings import Settings

if TYPE_CHECKING:
    from drift_mcp.drift.gateway import Gateway
    from drift_mcp.execute import Outcome
    from drift_mcp.operation import Request, Tool

log = logging.getLogger(__name__)

ToolResult = dict[str, Any]
UNTRUSTED_KEY = "drift-mcp/untrusted"
SCOPES_WAIT = 2.0


class Toolbox:
    """Lists tools and runs them over one gateway, which is made at the first call.

    Raises:
        InvalidSetting: the settings name a tool or toolset that does not exist.
    """

    def __init__(self, settings: Settings, connect: "Callable[[Settings], Gateway] | None" = None) -> None:
        self._settings = settings
        self._entries = catalogue.load()
        self._surface = surface.chosen(settings, self._entries)
        self._connect = connect
        self._gateway: Gateway | None = None
        self._scopes: frozenset[str] | None = None

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

    async def listed(self) -> list[dict[str, Any]]:
        """The MCP tools to show, in a fixed order."""
        scopes = None if self._settings.ignore_scopes else await self.scopes()
        return [entry.tool for entry in self._entries.values() if self._surface.is_listed(entry, scopes)]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """The MCP result of calling tool `name`. Failures are results too (`isError`); this raises nothing."""
        from drift_mcp import present, problems
        from drift_mcp.arguments import InvalidArguments, parse
        from drift_mcp.drift.errors import DriftError

        entry = self._entries.get(name)
        if entry is None:
            return _failed(problems.unknown_tool(name, self._close_to(name)))
        if not self._surface.may_run(entry):
            return _failed(problems.not_allowed(name))
        tool = entry.record()
        try:
            outcome = await self._run(tool, parse(tool, arguments))
        except InvalidArguments as error:
            return _failed(problems.invalid_arguments(tool, error))
        except DriftError as error:
            log.info("%s failed: %s, status %s", name, error.kind, error.status)
            return _failed(problems.drift_failed(tool, error))
        except Exception as error:  # whatever it is, the agent gets a result and no stack
            log.error("%s failed inside this server: %s", name, _where(error))
            return _failed(problems.internal())
        text = {"type": "text", "text": present.as_text(outcome.content)}
        result: ToolResult = {"content": [text, *outcome.blocks], "structuredContent": outcome.content}
        if entry.untrusted:
            result["_meta"] = {UNTRUSTED_KEY: list(entry.untrusted)}
        return result

    # ---- what a workflow may use (drift_mcp.workflow.Context) ----

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The presented result of a Drift operation.

        Raises:
            DriftError: Drift could not do it.
            InvalidArguments: the arguments do not fit.
        """
        from drift_mcp.arguments import parse

        tool = self._entries[name].record()
        return (await self._run(tool, parse(tool, arguments))).content

    async def scopes(self) -> frozenset[str] | None:
        """What the token may do, asked once; None when there is no token or Drift does not say.

        Waits for the answer for `SCOPES_WAIT` seconds at most: a host waits for the list meanwhile.
        """
        if self._settings.sandbox or (self._connect is None and not has_token()):
            return None
        if self._scopes is None:
            from drift_mcp.drift.errors import DriftError

            with anyio.move_on_after(SCOPES_WAIT), suppress(DriftError):
                self._scopes = frozenset((await self.operate("get_token_info")).get("scopes", ())) or None
        return self._scopes

    def about(self) -> Mapping[str, Any]:
        """This server, as `whoami` shows it."""
        sandbox = self._settings.sandbox
        return {
            "connection": "sandbox" if sandbox else "default",
            "drift": "in this process" if sandbox else self._settings.base_url,
            "server_version": __version__,
            "surface": self._surface.summary(),
        }

    async def _run(self, tool: "Tool", request: "Request") -> "Outcome":
        from drift_mcp.execute import Outcome, execute
        from drift_mcp.operation import Operation
        from drift_mcp.workflow import Workflow

        if isinstance(tool, Workflow):
            return Outcome(await tool.run(request, self))
        assert isinstance(tool, Operation)
        return await execute(
            tool,
            request,
            self._open_gateway().send,
            budget=self._settings.result_bytes,
            catalogue_prefix=self._settings.catalogue_prefix,
        )

    def _open_gateway(self) -> "Gateway":
        if self._gateway is None:
            from drift_mcp.connect import connect

            self._gateway = (self._connect or connect)(self._settings)
        return self._gateway

    def _close_to(self, name: str) -> str | None:
        offered = [entry.name for entry in self._entries.values() if self._surface.may_run(entry)]
        return next(iter(get_close_matches(name, offered, n=1)), None)


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

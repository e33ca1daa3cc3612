"""The tools of one server: which are listed, and what a call of one answers.

Speaks MCP's data (tools and results as JSON objects) but not its protocol, so the command line uses it as the server
does. What only a call needs is imported at the first call: a host waits for the list, not for that.
"""

import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio

from drift_mcp import __version__, catalogue, surface
from drift_mcp.credentials.environment import has_token
from drift_mcp.settings import Settings

if TYPE_CHECKING:
    from drift_mcp.catalogue import Entry
    from drift_mcp.drift.gateway import Gateway
    from drift_mcp.execute import Outcome
    from drift_mcp.operation import Request, Tool
    from drift_mcp.workflow import Runner

log = logging.getLogger(__name__)

ToolResult = dict[str, Any]
Progress = Callable[[float, float | None, str], Awaitable[None]]
UNTRUSTED_KEY = "drift-mcp/untrusted"
SCOPES_WAIT = 2.0
SCOPES_PAUSE = 60.0
"""Seconds after which a Drift that did not tell the scopes is asked again: not every list waits for it."""
UNCUT = 100_000_000


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
        self._ask_scopes_at = 0.0

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

    @property
    def surface(self) -> surface.Surface:
        """What of the catalogue it offers."""
        return self._surface

    async def listed(self) -> list[dict[str, Any]]:
        """The MCP tools to show, in a fixed order."""
        scopes = None if self._settings.ignore_scopes else await self.scopes()
        return [entry.tool for entry in self._entries.values() if self._surface.is_listed(entry, scopes)]

    async def call(self, name: str, arguments: Mapping[str, Any], progress: Progress | None = None) -> ToolResult:
        """The MCP result of calling tool `name`. Failures are results too (`isError`); this raises nothing.

        `progress` is told how far a long job is: done, total (None: unknown) and a message.
        """
        from drift_mcp import problems
        from drift_mcp.workflow import Runner

        entry = self._entries.get(name)
        if entry is None:
            return failed(problems.unknown_tool(name, self._close_to(name)))
        if not self._surface.may_run(entry):
            return failed(problems.not_allowed(name))
        tool = entry.record()
        if isinstance(tool, Runner):
            return await self._call_through(tool, arguments, progress)
        return await self._call(entry, tool, arguments, progress)

    async def _call(
        self, entry: "Entry", tool: "Tool", arguments: Mapping[str, Any], progress: Progress | None
    ) -> ToolResult:
        from drift_mcp import present, problems
        from drift_mcp.arguments import InvalidArguments, parse
        from drift_mcp.drift.errors import DriftError
        from drift_mcp.workflow import NotAllowed

        try:
            outcome = await self.run(tool, parse(tool, arguments), progress)
        except InvalidArguments as error:
            return failed(problems.invalid_arguments(tool, error))
        except NotAllowed as error:
            return failed(problems.not_allowed(error.name, tool.name))
        except DriftError as error:
            log.info("%s failed: %s, status %s", tool.name, error.kind, error.status)
            return failed(problems.drift_failed(tool, error))
        except Exception as error:  # whatever it is, the agent gets a result and no stack
            log.error("%s failed inside this server: %s", tool.name, _where(error))
            return failed(problems.internal(tool))
        text = {"type": "text", "text": present.as_text(outcome.content)}
        result: ToolResult = {"content": [text, *outcome.blocks], "structuredContent": outcome.content}
        if entry.untrusted:
            result["_meta"] = {UNTRUSTED_KEY: list(entry.untrusted)}
        return result

    async def _call_through(
        self, runner: "Runner", arguments: Mapping[str, Any], progress: Progress | None
    ) -> ToolResult:
        """What a runner was asked to run, with its own policy, arguments and errors."""
        from drift_mcp import problems
        from drift_mcp.arguments import InvalidArguments, parse

        try:
            request: Any = parse(runner, arguments)
        except InvalidArguments as error:
            return failed(problems.invalid_arguments(runner, error))
        target = self._entries.get(request.name)
        if target is None:
            return failed(problems.unknown_tool(request.name, self._close_to(request.name)))
        if not self._surface.may_run(target):
            return failed(problems.not_allowed(target.name))
        if target.toolset == runner.toolset:
            return failed(problems.call_directly(target.name))
        if target.access != runner.runs.value:
            return failed(problems.other_risk(target.name, target.access))
        return await self.call(target.name, request.arguments or {}, progress)

    async def run(
        self, tool: "Tool", request: "Request", progress: Progress | None = None, *, budget: int | None = None
    ) -> "Outcome":
        """The outcome of `tool`, an Operation or a Workflow, within `budget` bytes. Policy has been asked before.

        Raises:
            DriftError, InvalidArguments, NotAllowed: as the tool does.
        """
        from drift_mcp.execute import Outcome, execute
        from drift_mcp.operation import Operation
        from drift_mcp.present import fit_record
        from drift_mcp.workflow import Workflow

        budget = self._settings.result_bytes if budget is None else budget
        if isinstance(tool, Workflow):
            record, cut = fit_record(await tool.run(request, _Context(self, progress)), budget)
            return Outcome(record | ({"truncated": cut} if cut else {}))
        assert isinstance(tool, Operation)
        send, prefix = self._open_gateway().send, self._settings.catalogue_prefix
        return await execute(tool, request, send, budget=budget, catalogue_prefix=prefix)

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The presented result of an operation, uncut, whatever policy says of it. Raises as `run` does."""
        from drift_mcp.arguments import parse

        tool = self._entries[name].record()
        return (await self.run(tool, parse(tool, arguments), budget=UNCUT)).content

    async def scopes(self) -> frozenset[str] | None:
        """What the token may do; None when there is no token or Drift does not say.

        Waits for the answer for `SCOPES_WAIT` seconds at most: a host waits for the list meanwhile. The sandbox's own
        token may do everything, so it is not asked.
        """
        if self._settings.sandbox or (self._connect is None and not has_token()):
            return None
        if self._scopes is None and anyio.current_time() >= self._ask_scopes_at:
            from drift_mcp.drift.errors import DriftError

            self._ask_scopes_at = anyio.current_time() + SCOPES_PAUSE
            with anyio.move_on_after(SCOPES_WAIT), suppress(DriftError):
                self._scopes = frozenset((await self.operate("get_token_info")).get("scopes", ())) or None
        return self._scopes

    def files(self) -> Path | None:
        """The folder that jobs may use, or None."""
        return Path(self._settings.files) if self._settings.files else None

    def state(self) -> Path:
        """The folder for what outlives the process (XDG base directories where none is set), made on first use."""
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        folder = Path(self._settings.state_dir or Path(base) / "drift-mcp")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def offered(self) -> "list[Entry]":
        """The tools that policy lets run, listed or not."""
        return [entry for entry in self._entries.values() if self._surface.may_run(entry)]

    def usable(self) -> frozenset[str]:
        """The names of the tools that a job may use inside."""
        return frozenset(entry.name for entry in self._entries.values() if self._surface.may_use(entry))

    def about(self) -> Mapping[str, Any]:
        """This server, as `whoami` shows it."""
        sandbox = self._settings.sandbox
        return {
            "connection": "sandbox" if sandbox else "drift",
            "drift": "in this process" if sandbox else self._settings.base_url,
            "server_version": __version__,
            "surface": self._surface.summary(),
        }

    def _open_gateway(self) -> "Gateway":
        if self._gateway is None:
            from drift_mcp.connect import connect

            self._gateway = (self._connect or connect)(self._settings)
        return self._gateway

    def _close_to(self, name: str) -> str | None:
        return next(iter(get_close_matches(name, [entry.name for entry in self.offered()], n=1)), None)


class _Context:
    """What one running workflow may use: the `Context` of `drift_mcp.workflow`."""

    def __init__(self, toolbox: Toolbox, progress: Progress | None) -> None:
        self._toolbox = toolbox
        self._progress = progress
        self._allowed = toolbox.usable()

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        from drift_mcp.workflow import NotAllowed

        if name not in self._allowed:
            raise NotAllowed(name)
        return await self._toolbox.operate(name, **arguments)

    async def progress(self, done: float, total: float | None, message: str) -> None:
        if self._progress is not None:
            await self._progress(done, total, message)

    def files(self) -> Path | None:
        return self._toolbox.files()

    def state(self) -> Path:
        return self._toolbox.state()

    async def token_info(self) -> Mapping[str, Any]:
        return await self._toolbox.operate("get_token_info")

    def offered(self) -> "list[Entry]":
        return self._toolbox.offered()

    def usable(self) -> frozenset[str]:
        return self._allowed

    def about(self) -> Mapping[str, Any]:
        return self._toolbox.about()


def failed(content: dict[str, Any]) -> ToolResult:
    """An error as an MCP result."""
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

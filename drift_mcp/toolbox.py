"""The tools of one server: which are listed, which may run, and the way to what a call of one answers.

Speaks MCP's data (tools and results as JSON objects) but not its protocol, so the command line uses it as the server
does. What only a call needs is imported at the first call: a host waits for the list, not for that.
"""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from drift_mcp import catalogue, surface
from drift_mcp.caller import NOBODY, Caller
from drift_mcp.connection import Connection
from drift_mcp.results import ToolResult
from drift_mcp.surface import Around, Narrowing, Surface

if TYPE_CHECKING:
    from drift_mcp.calls import Calls
    from drift_mcp.catalogue import Entry
    from drift_mcp.execute import Outcome
    from drift_mcp.operation import Request, Tool


class Toolbox:
    """Lists the tools of one connection that a surface lets through, and runs them.

    `beside` are the names of the connections that its caller may choose from, where there are several.

    Has no state of its own, so that narrowing it for one request costs nothing.

    Raises:
        InvalidSetting: the settings name a tool or toolset that does not exist.
    """

    def __init__(self, connection: Connection, offers: Surface | None = None, beside: Sequence[str] = ()) -> None:
        self.connection = connection
        self.beside = beside
        self._entries = catalogue.load()
        self._surface = offers or surface.chosen(connection.settings, self._entries)

    async def aclose(self) -> None:
        """Close the connections to Drift. Nothing may be called afterwards."""
        await self.connection.aclose()

    def narrowed(self, asked: Narrowing) -> "Toolbox":
        """The part of this that is `asked` for.

        Raises:
            InvalidSetting: a toolset or tool is named that does not exist.
        """
        return Toolbox(self.connection, self._surface.narrowed(asked, self._entries))

    @property
    def surface(self) -> surface.Surface:
        """What of the catalogue it offers."""
        return self._surface

    def among(self, connections: Sequence[str]) -> "Toolbox":
        """This, as one of several."""
        return Toolbox(self.connection, self._surface, connections)

    async def listed(self, around: Around | None = None) -> list[dict[str, Any]]:
        """The MCP tools to show, in a fixed order."""
        scopes = await self.scopes()
        around = around or Around(hears=self.connection.settings.hears())
        return [entry.tool for entry in self._entries.values() if self._surface.is_listed(entry, scopes, around)]

    async def scopes(self) -> frozenset[str] | None:
        """The scopes of the token, or None where nothing is hidden for them."""
        return None if self.connection.settings.ignore_scopes else await self.connection.scopes()

    def in_order(self, names: Collection[str]) -> list[str]:
        """`names` of tools in the order in which they are listed."""
        return [name for name in self._entries if name in names]

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller = NOBODY) -> ToolResult:
        """The MCP result of calling tool `name`. Failures are results too (`isError`); this raises nothing."""
        return await self._calls.answer(name, arguments, caller)

    async def run(
        self, tool: "Tool", request: "Request", caller: Caller = NOBODY, *, budget: int | None = None
    ) -> "Outcome":
        """The outcome of `tool`, an Operation or a Workflow, within `budget` bytes. The surface has been asked before.

        Raises:
            DriftError, InvalidArguments, NotAllowed: as the tool does.
            NotAgreed: a person has to agree, and has not.
        """
        return await self._calls.run(tool, request, caller, budget)

    async def operate(self, name: str, caller: Caller = NOBODY, /, **arguments: Any) -> dict[str, Any]:
        """The presented result of an operation, uncut, whatever policy says of it.

        Raises:
            DriftError, InvalidArguments, NotAgreed: as the operation does.
        """
        return await self._calls.operate(name, caller, arguments)

    @cached_property
    def _calls(self) -> "Calls":
        from drift_mcp.calls import Calls

        return Calls(self)

    def entry(self, name: str) -> "Entry | None":
        """The tool of this name, whether policy lets it run or not."""
        return self._entries.get(name)

    def may_run(self, entry: "Entry") -> bool:
        """Whether policy lets this tool run."""
        return self._surface.may_run(entry)

    def offers(self, name: str) -> bool:
        """Whether policy lets a tool of this name run."""
        return name in self._entries and self.may_run(self._entries[name])

    def offered(self) -> "list[Entry]":
        """The tools that policy lets run, listed or not."""
        return [entry for entry in self._entries.values() if self.may_run(entry)]

    def usable(self) -> frozenset[str]:
        """The names of the tools that a job may use inside."""
        return frozenset(entry.name for entry in self._entries.values() if self._surface.may_use(entry))

    def about(self) -> Mapping[str, Any]:
        """This server, as `whoami` shows it."""
        connections = {"connections": list(self.beside)} if self.beside else {}
        return {**self.connection.about(), **connections, "surface": self._surface.summary()}

    def close_to(self, name: str) -> str | None:
        """The tool that `name` may be meant for."""
        return next(iter(get_close_matches(name, [entry.name for entry in self.offered()], n=1)), None)

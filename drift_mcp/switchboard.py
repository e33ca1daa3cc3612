"""Several connections behind one set of tools: which toolbox a call is for, and how an agent says so.

With one connection nothing of this is seen. With more, each tool takes an optional `connection`. Its names stand in the
schema of each tool where they are few and short; otherwise `whoami` tells them, so that the list stays small.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import anyio

from drift_mcp.caller import NOBODY, Caller
from drift_mcp.results import ToolResult, failed
from drift_mcp.settings import InvalidSetting
from drift_mcp.surface import Around, Narrowing
from drift_mcp.toolbox import Toolbox

ARGUMENT = "connection"
NAMES_BYTES = 24
"""Bytes that the names of connections may take in the schema of each tool, as JSON and with that of the default one."""


class Switchboard:
    """The toolboxes of `toolboxes` by the names of their connections; `default` is for calls that name none."""

    def __init__(self, toolboxes: Mapping[str, Toolbox], default: str) -> None:
        # What a caller is not to use is not named to it either.
        beside = tuple(toolboxes) if len(toolboxes) > 1 else ()
        self._toolboxes = {name: box.among(beside) if box.beside != beside else box for name, box in toolboxes.items()}
        self._default = default

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections to Drift. Nothing may be called afterwards."""
        for toolbox in self._toolboxes.values():
            await toolbox.aclose()

    @property
    def names(self) -> list[str]:
        """The connections, in the operator's order."""
        return list(self._toolboxes)

    def toolbox(self, name: str | None = None) -> Toolbox:
        """The toolbox of a connection, by default of the default one.

        Raises:
            KeyError: there is no such connection here.
        """
        return self._toolboxes[self._default if name is None else name]

    def narrowed(self, asked: Iterable[Narrowing], only: Collection[str] | None = None) -> "Switchboard":
        """The part of this that is `asked` for, of the connections in `only`; itself where that is all.

        Raises:
            InvalidSetting: a toolset or tool is named that does not exist, or no connection is left.
        """
        wishes = list(asked)
        if not wishes and only is None:
            return self
        kept = {name: box for name, box in self._toolboxes.items() if only is None or name in only}
        if not kept:
            raise InvalidSetting("there is no connection for this caller")
        for wish in wishes:
            kept = {name: box.narrowed(wish) for name, box in kept.items()}
        return Switchboard(kept, self._default if self._default in kept else next(iter(kept)))

    def offered(self) -> frozenset[str]:
        """The names of the tools that may run with any of the connections."""
        return frozenset(entry.name for toolbox in self._toolboxes.values() for entry in toolbox.offered())

    async def listed(self) -> list[dict[str, Any]]:
        """The MCP tools to show, in a fixed order: what any of the connections offers."""
        if len(self._toolboxes) == 1:
            return await self.toolbox().listed()
        lists: dict[str, list[dict[str, Any]]] = {}
        hears = any(toolbox.connection.settings.hears() for toolbox in self._toolboxes.values())
        around = Around(hears=hears, several=True)

        async def ask(name: str, toolbox: Toolbox) -> None:
            lists[name] = await toolbox.listed(around)

        async with anyio.create_task_group() as tasks:
            for name, toolbox in self._toolboxes.items():
                tasks.start_soon(ask, name, toolbox)
        offering: dict[str, list[str]] = {}
        tools: dict[str, dict[str, Any]] = {}
        for connection in self._toolboxes:
            for tool in lists[connection]:
                tools[tool["name"]] = tool
                offering.setdefault(tool["name"], []).append(connection)
        return [self._with_argument(tools[name], offering[name]) for name in self.toolbox().in_order(tools)]

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller = NOBODY) -> ToolResult:
        """The MCP result of calling tool `name` with the connection that the arguments name. Raises nothing."""
        if len(self._toolboxes) == 1:
            return await self.toolbox().call(name, arguments, caller)
        rest = dict(arguments)
        connection = rest.pop(ARGUMENT, "")
        if connection in ("", None):  # and nothing else that is no name
            connection = self._default
        toolbox = self._toolboxes.get(connection) if isinstance(connection, str) else None
        if toolbox is None:
            from drift_mcp import problems

            return failed(problems.unknown_connection(str(connection), self.names))
        return await toolbox.call(name, rest, caller)

    def _with_argument(self, tool: dict[str, Any], offering: list[str]) -> dict[str, Any]:
        schema = tool["inputSchema"]
        argument: dict[str, Any] = {"type": "string", "description": "A connection that whoami names."}
        if len(json.dumps([self._default, *self.names], separators=(",", ":"))) <= NAMES_BYTES:
            text = f"Default: {self._default}." if self._default in offering else "Drift organisation."
            argument |= {"enum": offering, "description": text}
        return tool | {"inputSchema": schema | {"properties": schema.get("properties", {}) | {ARGUMENT: argument}}}

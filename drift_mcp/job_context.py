"""What a job finds around it while it runs: the operations of its toolbox, within the policy, and facts about it."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drift_mcp.caller import NOBODY, Caller
from drift_mcp.drift.clock import now
from drift_mcp.drift.errors import DriftError, OutOfTime
from drift_mcp.drift.turn import current
from drift_mcp.workflow import NotAllowed

if TYPE_CHECKING:
    from drift_mcp.catalogue import Entry
    from drift_mcp.events import Events
    from drift_mcp.toolbox import Toolbox


_FOR_A_WRITE = 1 / 3
"""The share of a call's time that has to be left for a write: for its answer, or to look up what became of it."""


class JobContext:
    """What one running workflow may use: the `Context` of `drift_mcp.workflow`.

    `ran_out` says whether a step was left, or cut off, for want of time; `wrote` whether anything may have
    been written.
    """

    def __init__(self, toolbox: "Toolbox", caller: Caller = NOBODY) -> None:
        self._toolbox = toolbox
        self._caller = caller
        self._allowed = toolbox.usable()
        self.ran_out = False
        self.wrote = False

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        if name not in self._allowed:
            raise NotAllowed(name)
        entry = self._toolbox.entry(name)
        writes = entry is not None and entry.access != "read"
        try:
            if writes and self.left() < _FOR_A_WRITE * self._toolbox.connection.settings.total_timeout:
                raise OutOfTime
            answer = await self._toolbox.operate(name, self._caller, **arguments)
        except DriftError as error:
            self.ran_out = self.ran_out or isinstance(error, OutOfTime)
            self.wrote = self.wrote or (writes and error.maybe_applied)
            raise
        self.wrote = self.wrote or writes
        return answer

    def left(self) -> float:
        turn = current()
        return math.inf if turn is None or turn.deadline is None else turn.deadline - now()

    async def progress(self, done: float, total: float | None, message: str) -> None:
        if self._caller.progress is not None:
            await self._caller.progress(done, total, message)

    def files(self) -> Path | None:
        return self._toolbox.connection.files()

    def state(self) -> Path:
        return self._toolbox.connection.state()

    def events(self) -> "Events":
        return self._toolbox.connection.events

    def result_bytes(self) -> int:
        return self._toolbox.connection.settings.result_bytes

    async def token_info(self) -> Mapping[str, Any]:
        return await self._toolbox.operate("get_token_info", self._caller)

    async def organisation(self) -> str:
        return await self._toolbox.connection.organisation()

    def offered(self) -> "list[Entry]":
        return self._toolbox.offered()

    async def scopes(self) -> frozenset[str] | None:
        return await self._toolbox.scopes()

    def usable(self) -> frozenset[str]:
        return self._allowed

    def about(self) -> Mapping[str, Any]:
        return self._toolbox.about()

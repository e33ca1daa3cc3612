"""What the server lets its operator see: log lines, spans and metrics, all of them out of the same two records.

A `ToolCall` and a `Sent` hold names, outcomes, counts and times. Nothing of what was asked or answered is in them, so
nothing of it can come out of any of the three.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drift_mcp.drift.sent import Sent

log = logging.getLogger(__name__)

OK, ASKED, UNKNOWN = "ok", "asked", "unknown"


@dataclass(slots=True)
class ToolCall:
    """One tool call. `outcome` is `OK`, `ASKED` (it ended with a question), or the kind of the error.

    `tool` is a name of the catalogue, or `UNKNOWN`: what a client made up is not passed on. `drift_calls` and `waited`
    (seconds for the call limit) add up what it took at Drift.
    """

    tool: str
    connection: str
    principal: str
    outcome: str = "cancelled"
    drift_calls: int = 0
    waited: float = 0.0
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.outcome not in {OK, ASKED}

    def answers(self, result: Mapping[str, Any]) -> None:
        """It ended with this MCP result."""
        if result.get("isError"):
            self.outcome = result["structuredContent"]["error"]["kind"]
        else:
            self.outcome = ASKED if result.get("resultType") == "input_required" else OK


class Watcher:
    """Is told what went on. Overrides what it wants to know of."""

    def tool_called(self, call: ToolCall) -> None:
        """A tool call is over."""

    def drift_called(self, sent: "Sent", call: ToolCall | None) -> None:
        """A call to Drift is over, which was made for `call` if for any."""

    def streams_changed(self, change: int) -> None:
        """A stream over HTTP was opened (1) or closed (-1)."""

    def audit_line_lost(self) -> None:
        """A write could not be noted in the audit."""

    def rule_acted(self, rule: str, outcome: str) -> None:
        """A rule has acted on an event: done, retried (it will be) or failed (it will not)."""

    def webhook_received(self, outcome: str) -> None:
        """A webhook came: new, duplicate, refused, invalid, or unavailable (it is to come again)."""


_watchers: list[Watcher] = []
_current: ContextVar[ToolCall | None] = ContextVar("drift_mcp_tool_call", default=None)


def watch(watcher: Watcher) -> None:
    """From now on `watcher` is told of everything in this process."""
    _watchers.append(watcher)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Inside, `watcher` is told of everything in this process."""
    watch(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


@contextmanager
def tool_call(tool: str, connection: str, principal: str) -> Iterator[ToolCall]:
    """Around a tool call. One inside another, which is what a runner does, is the same call under the other name."""
    running = _current.get()
    if running is not None:
        running.tool = tool
        yield running
        return
    call = ToolCall(tool, connection, principal)
    token = _current.set(call)
    begun = time.monotonic()
    try:
        yield call
    finally:
        call.seconds = time.monotonic() - begun
        _current.reset(token)
        _tell(lambda watcher: watcher.tool_called(call))


def drift_called(sent: "Sent") -> None:
    """A call to Drift is over."""
    call = _current.get()
    if call is not None:
        call.drift_calls += 1
        call.waited += sent.waited
    _tell(lambda watcher: watcher.drift_called(sent, call))


@contextmanager
def open_stream() -> Iterator[None]:
    """Around a stream over HTTP."""
    _tell(lambda watcher: watcher.streams_changed(1))
    try:
        yield
    finally:
        _tell(lambda watcher: watcher.streams_changed(-1))


def audit_line_lost() -> None:
    """A write could not be noted in the audit."""
    _tell(lambda watcher: watcher.audit_line_lost())


def rule_acted(rule: str, outcome: str) -> None:
    """A rule has acted on an event: done, retried (it will be) or failed (it will not)."""
    _tell(lambda watcher: watcher.rule_acted(rule, outcome))


def webhook_received(outcome: str) -> None:
    """A webhook came: new, duplicate, refused, invalid, or unavailable (it is to come again)."""
    _tell(lambda watcher: watcher.webhook_received(outcome))


def _tell(tell: Callable[[Watcher], None]) -> None:
    for watcher in _watchers:
        try:
            tell(watcher)
        except Exception as error:  # no call fails because it could not be counted
            log.warning("%s failed: %s", type(watcher).__name__, type(error).__name__)

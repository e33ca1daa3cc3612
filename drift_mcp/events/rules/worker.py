"""Acts on the events of one connection by its rules: one event at a time, through the same toolbox as an agent.

So all that counts for an agent counts here: what the operator allows, the audit, and the call limit, in which a rule's
calls take turns with those of everybody else. Each attempt carries the same idempotency key, so that what a process did
that died before it could say so is not done again.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio

from drift_mcp import telemetry
from drift_mcp.caller import Caller
from drift_mcp.events.log import LogUnavailable, Wanted
from drift_mcp.events.rules.ledger import Task
from drift_mcp.events.rules.rule import CONTACT, Rule

if TYPE_CHECKING:
    from drift_mcp.results import ToolResult
    from drift_mcp.toolbox import Toolbox

log = logging.getLogger(__name__)

HELD = 4.0
"""Seconds that a claimed event is held without being renewed: so long after a process has died another goes on."""
ATTEMPTS = 8
FIRST_PAUSE, GROWTH = 2.0, 3.0
"""Seconds before the second attempt, and by how much each later pause is longer: 36 minutes in all."""
LOOK_EVERY = 2.0
"""Seconds between looks for what is due again."""
REST = 0.1
"""Seconds after events have come before they are looked at: in a rush, several are looked at together."""
STRANGER = 30.0
"""Seconds before Drift is asked again which organisation it is."""

NO_CONTACT = "no_contact"
CUT_OFF = "cut_off"
_FOR_GOOD = frozenset(
    {
        "not_allowed", "invalid_arguments", "invalid_request", "forbidden", "conflict", "request_too_long", "too_large",
        "key_reused",
    }
)  # fmt: skip
"""Errors that the next attempt would meet again."""
_NO_FAILURE = "not_all_read"
"""What a job says that has looked at all it could."""


class Worker:
    """Keeps the rules of the connection behind `toolbox`, which says what they may do."""

    def __init__(self, toolbox: "Toolbox") -> None:
        self._toolbox = toolbox
        self._rules = toolbox.connection.rules
        self._events = toolbox.connection.events
        self._ledger = self._events.ledger
        self._reported = False

    async def keep_on(self, started: Callable[[], None]) -> None:
        """Act on each event as it comes. Ends only by being cancelled.

        Says that it has `started` once no event is missed any more, or the log has turned out to be out of use.
        """
        if not self._events.hears:
            log.warning("%s has rules, but neither webhooks nor polling bring it events", self._events.name)
        with suppress(LogUnavailable):
            await self._begin()
        started()
        while True:
            try:
                await self._begin()
                while True:
                    await self._round()
                    self._reported = False
            except LogUnavailable:
                if not self._reported:
                    self._reported = True
                    log.error("The rules of %s cannot be kept: the log of events cannot be used", self._events.name)
                await anyio.sleep(LOOK_EVERY)

    async def _begin(self) -> None:
        await self._ledger.begin([rule.name for rule in self._rules])

    async def _round(self) -> None:
        """Act on one event for each rule; where there is none, wait for some."""
        org_id = await self._events.org_id()
        if org_id is None:  # others' events may be among these
            await anyio.sleep(STRANGER)
            return
        here = (await self._events.log.latest(Wanted(), 0)).cursor
        acted = [await self._act(rule, org_id) for rule in self._rules]
        if not any(acted):
            await self._events.log.wait(here, LOOK_EVERY)
            await anyio.sleep(REST)

    async def _act(self, rule: Rule, org_id: int) -> bool:
        """Whether there was an event for `rule`."""
        task = await self._ledger.claim(rule.name, Wanted(type=rule.event, org_id=org_id), HELD)
        if task is None:
            return False
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hold, task)
            reason, wait = await self._failure(rule, task)
            tasks.cancel_scope.cancel()
        if not reason:
            await self._ledger.done(task)
            telemetry.rule_acted(rule.name, "done")
            return True
        again_in = None
        if wait is not None and task.attempt < ATTEMPTS:
            again_in = max(wait, FIRST_PAUSE * GROWTH ** (task.attempt - 1))
        await self._ledger.failed(task, reason, again_in)
        telemetry.rule_acted(rule.name, "failed" if again_in is None else "retried")
        then = "given up" if again_in is None else f"again in {again_in:.0f} s"
        log.warning("rule %s of %s: %s at attempt %d, %s", rule.name, self._events.name, reason, task.attempt, then)
        return True

    async def _failure(self, rule: Rule, task: Task) -> tuple[str, float | None]:
        """Why the event could not be acted on, "" where it was, and the seconds to wait; None: trying is no use."""
        if task.event.contact_id is None:
            return NO_CONTACT, None
        if task.attempt > ATTEMPTS:  # each time so far the process has died of it
            return CUT_OFF, None
        caller = Caller(name=f"rule:{rule.name}", key=rule.key(task))
        arguments = {**rule.arguments, CONTACT: task.event.contact_id}
        return _failure_of(await self._toolbox.call(rule.tool, arguments, caller))

    async def _hold(self, task: Task) -> None:
        while True:
            await anyio.sleep(HELD / 3)
            try:
                await self._ledger.renew(task, HELD)
            except LogUnavailable:
                log.info("an event could not be held; another process may act on it too, with the same key")


def _failure_of(result: "ToolResult") -> tuple[str, float | None]:
    """As in `Worker._failure`. A job that could not do a part of it has failed: the next attempt does what is left."""
    content: dict[str, Any] = result["structuredContent"]
    problems = [content["error"]] if result.get("isError") else content.get("problems", [])
    failed = [each for each in problems if each["kind"] != _NO_FAILURE]
    if not failed:
        return "", None
    hopeful = next((each for each in failed if each["kind"] not in _FOR_GOOD), None)
    if hopeful is None:
        return str(failed[0]["kind"]), None
    return str(hopeful["kind"]), float(hopeful.get("retry_after_seconds", 0))

"""How a job runs its calls: at most five at once, and a part that fails costs no other.

A job's calls go through a `Job`. A part whose failure must not end the job is `attempt`ed: it answers None, and what
went wrong stands in `problems`.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
from pydantic import Field

from drift_mcp import catalogue, problems
from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import DriftError, Forbidden, InvalidRequest, NotFound, UnexpectedStatus
from drift_mcp.fields import VisitorText
from drift_mcp.operation import Result
from drift_mcp.workflow import Context, NotAllowed

Row = dict[str, Any]

AT_ONCE = 5
_MOST_NAMED = 20

FAILURES = (DriftError, NotAllowed, InvalidArguments)
UNAVAILABLE = (NotFound, Forbidden, UnexpectedStatus, InvalidRequest, NotAllowed)
"""How an operation that only third-party catalogues name can fail where there is a documented way to try instead."""

clock: Callable[[], float] = time.time


class Problem(Result):
    part: str | None = None
    kind: str | None = None
    message: str | None = None
    drift_says: VisitorText | None = None
    next: str | None = None
    retry_after_seconds: float | None = None
    may_have_been_applied: bool | None = None
    count: int | None = Field(None, description="How often, if more than once.")
    conversation_ids: list[int] | None = Field(None, description="Of the first 20.")


class Job:
    """One running job: its calls to Drift, and what failed of them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.problems: list[Row] = []
        self._at_once = anyio.CapacityLimiter(AT_ONCE)

    async def operate(self, name: str, /, **arguments: Any) -> Row:
        """The operation's result, arguments that are None left out. Raises as `Context.operate` does."""
        given = {key: value for key, value in arguments.items() if value is not None}
        async with self._at_once:
            return await self.context.operate(name, **given)

    async def attempt(self, part: str, name: str, /, **arguments: Any) -> Row | None:
        """The operation's result, or None with a note in `problems`."""
        try:
            return await self.operate(name, **arguments)
        except FAILURES as error:
            self.note(part, name, error)
            return None

    async def together(self, *calls: Callable[[], Awaitable[Any]]) -> list[Any]:
        """The results of `calls`, run side by side. The first that fails ends the others and is raised itself."""
        results: list[Any] = [None] * len(calls)
        failed: list[Exception] = []
        async with anyio.create_task_group() as group:

            async def run(place: int, call: Callable[[], Awaitable[Any]]) -> None:
                try:
                    results[place] = await call()
                except FAILURES as error:
                    failed.append(error)
                    group.cancel_scope.cancel()

            for place, call in enumerate(calls):
                group.start_soon(run, place, call)
        if failed:
            raise failed[0]
        return results

    def note(self, part: str, name: str, error: Exception, conversation_id: int | None = None) -> None:
        """Keep why `part` is missing: operation `name` raised `error`. The same problem is counted, not repeated.

        `conversation_id` is the conversation it is missing of, where there are several.
        """
        problem = {"part": part} | _explained(name, error)
        same = next((known for known in self.problems if _of_all(known) == problem), None)
        if same is None:
            same = dict(problem)
            self.problems.append(same)
        else:
            same["count"] = same.get("count", 1) + 1
        if conversation_id is not None:
            ids = same.setdefault("conversation_ids", [])
            ids += [conversation_id] if len(ids) < _MOST_NAMED else []

    def unclear(self, part: str) -> bool:
        """Whether `part` was sent and its answer was lost, so that it may be done."""
        return any(problem["part"] == part and "may_have_been_applied" in problem for problem in self.problems)

    def warn(self, part: str, kind: str, then: str) -> None:
        """Keep that `part` is not whole, for a reason that is no failure of Drift."""
        self.problems.append({"part": part, "kind": kind, "next": then})

    async def pages(self, name: str, at_most: int, /, **arguments: Any) -> AsyncIterator[tuple[list[Row], bool]]:
        """A listing's rows, one operation after the other and at most so many, each with whether more would follow."""
        cursor: str | None = None
        for _ in range(at_most):
            answer = await self.operate(name, **arguments, cursor=cursor)
            cursor = answer.get("next_cursor")
            yield answer["items"], answer["has_more"]
            if cursor is None:
                return

    async def rows(self, name: str, at_most: int, /, **arguments: Any) -> tuple[list[Row], bool]:
        """All rows of `pages`, and whether some are missing."""
        found: list[Row] = []
        more = False
        async for page in self.pages(name, at_most, **arguments):
            items, more = page
            found += items
        return found, more


def _of_all(problem: Row) -> Row:
    """What of it is the same wherever it happens."""
    return {name: value for name, value in problem.items() if name not in {"count", "conversation_ids"}}


def _explained(name: str, error: Exception) -> Row:
    """What a failed operation's own error would tell the agent."""
    tool = catalogue.load()[name].record()
    if isinstance(error, DriftError):
        told = problems.drift_failed(tool, error)
    elif isinstance(error, InvalidArguments):
        told = problems.invalid_arguments(tool, error)
    else:
        told = problems.not_allowed(name)
    why = told["error"]
    kept = ("kind", "message", "drift_says", "next", "retry_after_seconds", "may_have_been_applied")
    return {name: why[name] for name in kept if name in why}

"""What a call of a tool answers: its arguments are read, its turn is taken, it runs, and its end is put into words.

All that only a call needs is imported from here, so that a host which waits for the list does not wait for it.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from drift_mcp import problems, provenance, telemetry
from drift_mcp.arguments import InvalidArguments, parse
from drift_mcp.cache import reusing
from drift_mcp.caller import NOBODY, Caller
from drift_mcp.carried import unpacked
from drift_mcp.connection import UNCUT
from drift_mcp.consent import destructive
from drift_mcp.consent.question import AskFirst, Asking, NotAgreed, Previewed, Refused
from drift_mcp.drift.clock import now
from drift_mcp.drift.errors import DriftError, OutOfTime
from drift_mcp.drift.turn import Turn, entered
from drift_mcp.execute import Outcome
from drift_mcp.job_context import JobContext
from drift_mcp.operation import Access, LostAnswer, Operation, Request, Tool
from drift_mcp.outgoing import concerns
from drift_mcp.present import REMOVED, fit_record, noting_removed
from drift_mcp.results import ToolResult, answered, failed
from drift_mcp.store import StoreUnavailable
from drift_mcp.token_facts import only_in
from drift_mcp.told import Told
from drift_mcp.trace import GONE
from drift_mcp.workflow import JobFailed, NotAllowed, Runner, Workflow

if TYPE_CHECKING:
    from drift_mcp.catalogue import Entry
    from drift_mcp.toolbox import Toolbox

log = logging.getLogger(__name__)

INCOMPLETE = "incomplete"
RAN_OUT = "The time of one call ran out: what problems names is missing or not done. Do not repeat what is done."

IS_GONE = "It is not there; this call or another removed it."


class Calls:
    """The calls of the tools in `toolbox`."""

    def __init__(self, toolbox: "Toolbox") -> None:
        self._toolbox = toolbox
        self._here = toolbox.connection

    async def answer(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> ToolResult:
        """As `Toolbox.call`."""
        entry = self._toolbox.entry(name)
        with telemetry.tool_call(name if entry else telemetry.UNKNOWN, self._here.name, caller.name) as seen:
            result = await self._answer(name, entry, arguments, caller)
            seen.answers(result)
        return result

    async def _answer(
        self, name: str, entry: "Entry | None", arguments: Mapping[str, Any], caller: Caller
    ) -> ToolResult:
        if entry is None:
            return failed(problems.unknown_tool(name, self._toolbox.close_to(name)))
        if not self._toolbox.may_run(entry):
            return self._forbidden(entry, arguments, caller)
        tool = entry.record()
        if isinstance(tool, Runner):
            return await self._call_through(tool, arguments, caller)
        return await self._call(entry, tool, arguments, caller)

    def _forbidden(self, entry: "Entry", arguments: Mapping[str, Any], caller: Caller) -> ToolResult:
        """Policy does not let it run. That somebody tried to write is worth a line in the audit."""
        tool = entry.record()
        with suppress(InvalidArguments, NotAllowed):
            self._note_attempt(tool, entry, arguments, caller)
        read_only = self._toolbox.surface.forbids_writing(entry)
        return failed(problems.read_only(tool.name) if read_only else problems.not_allowed(tool.name))

    def _note_attempt(self, tool: Tool, entry: "Entry", arguments: Mapping[str, Any], caller: Caller) -> None:
        """Leave the line of a write that is not allowed; through a runner it is the same write."""
        if isinstance(tool, Runner):
            asked: Any = parse(tool, arguments)
            target = self._toolbox.entry(asked.name)
            if target is not None and target.toolset != tool.toolset:
                self._note_attempt(target.record(), target, asked.arguments or {}, caller)
        elif tool.access is not Access.READ:
            arguments, caller = unpacked(entry, arguments, caller)
            with self._here.audit.noting_refusal(tool, parse(tool, arguments), caller):
                raise NotAllowed(tool.name)

    async def _call(self, entry: "Entry", tool: Tool, arguments: Mapping[str, Any], caller: Caller) -> ToolResult:
        withhold = self._here.settings.withhold_visitor_text
        try:
            arguments, caller = unpacked(entry, arguments, caller)
            caller, turn, told = self._turn(tool, caller)
            # Who writes decides by what is so now.
            with entered(turn), reusing(tool.access is Access.READ):
                work = self._run_once(tool, parse(tool, arguments), caller)
                outcome = await (told.beside(work) if told and turn.deadline is None else work)
        except NotAgreed as reason:
            return _not_agreed(reason)
        except InvalidArguments as error:
            problem = problems.invalid_arguments(tool, error)
        except NotAllowed as error:
            problem = problems.not_allowed(error.name, tool.name)
        except JobFailed as error:
            problem = error.problem
        except StoreUnavailable:
            problem = problems.store_unavailable()
        except DriftError as error:
            problem = problems.drift_failed(tool, error)
        except Exception as error:  # whatever it is, the agent gets a result and no stack
            log.error("%s failed inside this server: %s", tool.name, _where(error))
            problem = problems.internal(tool)
        else:
            content, blocks, meta = provenance.shown(entry.name, outcome.content, outcome.blocks, withhold=withhold)
            if content.get(GONE) is True and tool.access is not Access.READ:
                content["note"] = IS_GONE
            return answered(content, blocks) | ({"_meta": meta} if meta else {})
        problem, meta = provenance.explained(problem, withhold=withhold)
        return failed(problem) | ({"_meta": meta} if meta else {})

    async def _call_through(self, runner: Runner, arguments: Mapping[str, Any], caller: Caller) -> ToolResult:
        """What a runner was asked to run, with its own policy, arguments and errors."""
        try:
            request: Any = parse(runner, arguments)
        except InvalidArguments as error:
            return failed(problems.invalid_arguments(runner, error))
        target = self._toolbox.entry(request.name)
        if target is None:
            return failed(problems.unknown_tool(request.name, self._toolbox.close_to(request.name)))
        if not self._toolbox.may_run(target):
            return self._forbidden(target, request.arguments or {}, caller)
        if target.toolset == runner.toolset:
            return failed(problems.call_directly(target.name))
        if target.access != runner.runs.value:
            return failed(problems.other_risk(target.name, target.access))
        return await self.answer(target.name, request.arguments or {}, caller)

    async def _run_once(self, tool: Tool, request: Request, caller: Caller) -> Outcome:
        """`run`, but for a key only once."""
        if not caller.key:
            return await self.run(tool, request, caller)
        return await self._here.keyed.run(
            [caller.name, tool.name],
            caller.key,
            request,
            lambda began: self.run(tool, request, replace(caller, doubt=began)),
        )

    async def run(self, tool: Tool, request: Request, caller: Caller, budget: int | None = None) -> Outcome:
        """As `Toolbox.run`."""
        budget = self._here.settings.result_bytes if budget is None else budget
        if caller.job or not concerns(tool.name):  # a job is looked through as a whole, before it does anything
            return await self._run(tool, request, caller, budget)
        from drift_mcp.consent import sending

        with self._here.audit.noting_refusal(tool, request, caller):
            agreed_for = await sending.check(tool, request, self._asking(caller), self._here.credential)
        with only_in(agreed_for):
            return await self._run(tool, request, caller, budget)

    async def _run(self, tool: Tool, request: Request, caller: Caller, budget: int) -> Outcome:
        if isinstance(tool, Workflow):
            # A job that is safe to repeat needs no keys inside: it looks before it writes.
            key = caller.key if tool.lost_answer is LostAnswer.LOOK_FIRST else ""
            job = JobContext(self._toolbox, replace(caller, job=tool.name, key=key, doubt=None))
            with noting_removed() as removed:
                answer = await self._job(tool, request, job)
            record, cut = fit_record(answer | ({REMOVED: removed} if removed else {}), budget)
            return Outcome(record | ({"truncated": cut} if cut else {}))
        assert isinstance(tool, Operation)
        if tool.access is Access.READ:
            return await self._here.execute(tool, request, budget=budget)
        if caller.job and caller.key:
            return await self._here.keyed.run(
                [caller.name, caller.job, tool.name, request.model_dump_json()],
                caller.key,
                request,
                lambda began: self._write(tool, request, replace(caller, doubt=began), budget),
            )
        return await self._write(tool, request, caller, budget)

    async def _job(self, job: Workflow, request: Request, context: JobContext) -> dict[str, Any]:
        """What the job answers; one whose time ran out says so. One that fails for that has changed nothing."""
        try:
            answer = await job.run(request, context)
        except OutOfTime as error:
            if job.access is not Access.READ and not context.wrote:
                error.add_note("Nothing was written.")
            raise
        ran_out = context.ran_out and "stopped" not in answer  # which says the same, and more
        return answer | ({INCOMPLETE: RAN_OUT} if ran_out else {})

    async def operate(self, name: str, caller: Caller, arguments: dict[str, Any]) -> dict[str, Any]:
        """As `Toolbox.operate`."""
        entry = self._toolbox.entry(name)
        assert entry is not None, f"there is no operation {name}"
        tool = entry.record()
        return (await self.run(tool, parse(tool, arguments), caller, UNCUT)).content

    async def _write(self, operation: Operation, request: Request, caller: Caller, budget: int) -> Outcome:
        """The outcome of a write, once a person has agreed where one must. Leaves its line in the audit."""
        here = self._here
        with here.audit.noting(operation, request, caller) as note:
            outcome, doubt = None, caller.doubt is not None
            if caller.doubt is not None:
                outcome = await here.found(operation, request, began=caller.doubt, budget=budget)
            if outcome is None:
                try:
                    agreed_for = await destructive.check(operation, request, self._asking(caller))
                except DriftError as error:
                    error.maybe_applied = doubt
                    raise
                with only_in(agreed_for):
                    outcome = await here.execute(operation, request, budget=budget, note=note, doubt=doubt)
            note.applied(outcome.content)
        return outcome

    def _asking(self, caller: Caller) -> Asking:
        here = self._here
        names = caller.can_be_asked or not here.settings.withhold_visitor_text
        reading = JobContext(self._toolbox, NOBODY)
        return Asking(caller, here.name, here.settings.destructive, here.tickets, reading.operate, names)

    def _turn(self, tool: Tool, caller: Caller) -> tuple[Caller, Turn, Told | None]:
        """What the calls to Drift inside are for: until when they may wait, and whom to tell that they do.

        Clients give up after a minute and may call again, so nothing is sent later. A job that lasts goes on where its
        client hears that it does.
        """
        deadline = now() + self._here.settings.total_timeout
        if caller.progress is None:
            return caller, Turn(deadline), None
        told = Told(caller.progress)
        if not isinstance(tool, Workflow):
            return caller, Turn(deadline, told.waiting), told
        return replace(caller, progress=told.progress), Turn(None if tool.lasts else deadline, told.waiting), told


def _not_agreed(reason: NotAgreed) -> ToolResult:
    """What a call answers that a person has not agreed to, or not yet."""
    if isinstance(reason, AskFirst):
        return reason.content
    if isinstance(reason, Refused):
        return failed(reason.content)
    if isinstance(reason, Previewed):  # it names the target as visitors did, in quotes that they cannot end
        content, meta = provenance.named(reason.content, ["preview"])
        return answered(content) | {"_meta": meta}
    return answered(reason.content)


def _where(error: BaseException) -> str:
    """The type of `error` and the places it came through. Its message is left out: it may hold a visitor's words."""
    places: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' > '.join(places)}"

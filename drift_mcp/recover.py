"""Making writes so that none is lost or doubled: one whose answer was lost is looked up before anything else is done.

What was found applied is answered as usual, with `recovered`, but that something is not there (any more) with `gone`:
nothing shows what took it away. What certainly was not applied is sent again, once. Otherwise the error says that it
may have been applied, and its note how to find out.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import anyio

from drift_mcp.claims import Claims, Mine, Record
from drift_mcp.drift.clock import now
from drift_mcp.drift.errors import Conflict, DriftError, OutOfTime, TimedOut
from drift_mcp.drift.paging import Send
from drift_mcp.drift.turn import Turn, current, entered
from drift_mcp.drift.wire import Answer, Call
from drift_mcp.execute import Outcome, execute
from drift_mcp.operation import Gone, LostAnswer, Made, Operation, Request
from drift_mcp.present import fit_record
from drift_mcp.trace import GONE, SLACK, UNKNOWN, UNPROVEN, DriftClock, Finding, Trace, Verdict, record_id, time_of

log = logging.getLogger(__name__)

RECOVERED = "recovered"
"""The field of a result that was found in Drift instead of being answered."""

KEPT_FREE = 15.0
"""Seconds of a call's time that are kept for looking up what became of it, at most a third."""
SETTLING = 0.5
"""Seconds after which Drift is asked again before something counts as not applied."""
_GATEWAY_TIMEOUT = 504


class InDoubt(DriftError):
    """An earlier call may have made this write, and Drift does not show whether it did."""

    kind = "in_doubt"


class Interrupted(DriftError):
    """This server ends while the write is being made."""

    kind = "interrupted"


class Writes:
    """The writes of one connection. `total` is the time of one call in seconds.

    `claims`, made at the first write, say which write made what, so that the trace of one is not taken for another's.
    """

    def __init__(self, send: Send, claims: Callable[[], Claims], *, total: float, catalogue_prefix: str) -> None:
        self._send = send
        self._claims = claims
        self._total = total
        self._prefix = catalogue_prefix
        self._clock = DriftClock()
        self._scopes: dict[anyio.CancelScope, anyio.Event] = {}

    async def send(self, call: Call) -> Answer:
        """Send `call`. Raises as the gateway does."""
        answer = await self._send(call)
        self._clock.learn(answer.headers.get("date", ""))
        return answer

    async def make(
        self, operation: Operation, request: Request, send: Send, budget: int, *, doubt: bool = False
    ) -> Outcome:
        """The outcome of a write, sent by `send` and presented within `budget` bytes.

        With `doubt` an earlier call may have made it, whatever this one is told.

        Raises:
            DriftError: `maybe_applied` says whether it may have been applied; if so, its note says what to check.
        """

        at: list[float | None] = [None]

        async def timed(call: Call) -> Answer:
            begun = time.monotonic()
            answer = await send(call)
            at[0] = self._made_at(operation, request, answer, begun)
            return answer

        async def once() -> Outcome:
            outcome = await execute(operation, request, timed, budget=budget, catalogue_prefix=self._prefix)
            await mine.made(Record(record_id(outcome.content), at[0]))
            return outcome

        mine = await Mine.of(self._claims(), operation, request)
        await mine.begin()
        with self._interruptible():
            sent = time.monotonic()
            with _until_reserve(self._total) as left:
                try:
                    return await once()
                except DriftError as error:
                    error.maybe_applied = error.maybe_applied or doubt
                    if not error.maybe_applied:
                        await mine.dropped()
                        raise
                    lost = error
                except anyio.get_cancelled_exc_class():
                    log.warning("%s was interrupted while it was made; it may have been applied", operation.name)
                    raise
            trace = self._trace(operation, request, sent, mine)
            try:
                return await self._settled(trace, lost, once, budget, left())
            except DriftError as error:
                if not error.maybe_applied:
                    await mine.dropped()
                raise

    async def found(self, operation: Operation, request: Request, began: float, budget: int) -> Outcome | None:
        """The outcome of a write that an earlier call began at `began` (Unix time), or None: it can be sent (again).

        Raises:
            InDoubt: it cannot be told.
        """
        mine = await Mine.of(self._claims(), operation, request)
        ago = time.time() - began
        set_back = ago < -SLACK  # this machine's clock: when it began, nobody knows
        trace = self._trace(operation, request, time.monotonic() - (UNPROVEN if set_back else max(0.0, ago)), mine)
        with _within(min(KEPT_FREE, self._total)):
            by_time = isinstance(operation.recovery, Made)
            finding = UNKNOWN if set_back and by_time else await self._settling(trace)
            if finding.verdict is Verdict.APPLIED:
                return _recovered(finding, budget)
            if finding.verdict is Verdict.NOT_APPLIED or operation.lost_answer is LostAnswer.IDEMPOTENT:
                return None
        raise _unknown(InDoubt(maybe_applied=True), trace)

    async def stop(self) -> None:
        """End what is being made, and wait until that is recorded."""
        for scope in list(self._scopes):
            scope.cancel()
        with anyio.move_on_after(1):
            for ended in list(self._scopes.values()):
                await ended.wait()

    def _made_at(self, operation: Operation, request: Request, answer: Answer, sent: float) -> float | None:
        """When Drift made the record that it answered just now, in epoch ms. The clock learns from it."""
        made = operation.recovery
        if not isinstance(made, Made):
            return None
        try:
            at = time_of(operation, operation.unwrap(answer.body), made.at)
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError):  # no shape that it knows
            return None
        if at is not None and all(getattr(request, name) is None for name in made.sets_time):
            self._clock.made(at, sent)
        return at

    # ---- after a lost answer -----------------------------------------------------------------------------------------

    async def _settled(
        self, trace: Trace, lost: DriftError, again: Callable[[], Awaitable[Outcome]], budget: int, left: float
    ) -> Outcome:
        recovery = trace.operation.recovery
        if isinstance(recovery, Gone) and lost.kind in recovery.kinds:
            return _recovered(trace.gone(), budget)  # a later try was told so
        resent = False
        with _within(left):
            while True:
                finding = await self._settling(trace)
                if finding.verdict is Verdict.APPLIED:
                    return _recovered(finding, budget)
                if finding.verdict is Verdict.UNKNOWN or _may_come_yet(lost):
                    break
                if resent:
                    lost.maybe_applied = False
                    lost.add_note("It was looked up: it was not applied.")
                    raise lost
                resent = True
                try:
                    return await again()
                except DriftError as error:
                    if not error.maybe_applied and not isinstance(error, Conflict):
                        raise
                    lost = error
        raise _unknown(lost, trace)

    async def _settling(self, trace: Trace) -> Finding:
        """What Drift shows; nothing there is believed at the second look only."""
        finding = await trace.find()
        if finding.verdict is Verdict.NOT_APPLIED:
            await anyio.sleep(SETTLING)
            finding = await trace.find()
        return finding

    def _trace(self, operation: Operation, request: Request, sent: float, mine: Mine) -> Trace:
        return Trace(operation, request, sent, self._clock, self.send, self._prefix, mine)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        with anyio.CancelScope() as scope:
            self._scopes[scope] = anyio.Event()
            try:
                yield
            finally:
                self._scopes.pop(scope).set()
        if scope.cancelled_caught:
            raise Interrupted(maybe_applied=True)


def _recovered(finding: Finding, budget: int) -> Outcome:
    record, cut = fit_record(finding.record or {}, budget)
    found = {} if GONE in record else {RECOVERED: True}
    return Outcome(record | found | ({"truncated": cut} if cut else {}))


def _unknown(error: DriftError, trace: Trace) -> DriftError:
    error.maybe_applied = True
    check = trace.check()
    if check:
        error.add_note(check)
    log.warning("%s may have been applied: %s, and Drift does not show it", trace.operation.name, error.kind)
    return error


def _may_come_yet(error: DriftError) -> bool:
    """Whether Drift may still be at work on what ended with `error`."""
    return isinstance(error, TimedOut | OutOfTime) or error.status == _GATEWAY_TIMEOUT


@contextmanager
def _until_reserve(total: float) -> Iterator[Callable[[], float]]:
    """Time for the write, so that some is left to look it up; gives how much. A job's call has no end of its own."""
    turn = current()
    if turn is not None and turn.deadline is None:
        yield lambda: KEPT_FREE
        return
    end = now() + total
    if turn is not None and turn.deadline is not None:
        end = min(end, turn.deadline)
    reserve = min(KEPT_FREE, max(0.0, (end - now()) / 3))
    with entered(Turn(end - reserve, turn.waiting if turn else None)):
        yield lambda: end - now()


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Ends what is inside after `seconds`."""
    with anyio.move_on_after(max(0.0, seconds)):
        yield

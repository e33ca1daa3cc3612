"""Writes that carry a key of the caller's: the same key never writes twice, whoever calls with it, when and how often.

Every write is recorded in the journal before it is made and after. A call with a key that is known waits for the first
one, repeats its outcome, or finishes what was cut off, after it has been looked up.
"""

import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio

from drift_mcp import claims
from drift_mcp.arguments import KEY, InvalidArguments
from drift_mcp.audit import is_id
from drift_mcp.consent.question import NotAgreed
from drift_mcp.drift.clock import now
from drift_mcp.drift.errors import DriftError
from drift_mcp.execute import Outcome
from drift_mcp.journal import Journal, Row, State
from drift_mcp.operation import Request
from drift_mcp.problems import problem
from drift_mcp.token_facts import ASK_AGAIN, only_in
from drift_mcp.workflow import JobFailed

log = logging.getLogger(__name__)

ALREADY_DONE = "already_done"

POLL = 0.1
"""Seconds between looks at the journal while another call with the same key is running."""

_UNFINISHED = frozenset({"not_done", "unclear", "not_asked", "stopped", "problem", "problems"})
"""Fields of a result that say that not all was done that was to be done."""

Work = Callable[[float | None], Awaitable[Outcome]]
"""Makes the write; is told when (Unix time) an earlier call began it that nobody knows the end of."""
Secret = Callable[[], Awaitable[bytes]]
Organisation = Callable[[], Awaitable[str | None]]


class Keyed:
    """The keyed writes of one connection, which `scope` names. `secret` gives what makes their hashes the server's own.

    `organisation` says which one the token in use is of: a key of one is unknown in another, whose rows stay as they
    are. None: nobody knows, and then nothing is sent, as it might have been before, under its organisation's name.
    `patience`: how long a call waits for another one with the same key, in seconds.
    """

    def __init__(
        self, journal: Journal, secret: Secret, scope: str, organisation: Organisation, patience: float
    ) -> None:
        self._journal = journal
        self._secret = secret
        self._scope = scope
        self._organisation = organisation
        self._patience = patience

    async def run(self, names: Sequence[str], key: str, request: Request, work: Work) -> Outcome:
        """What `work` answers, or has answered an earlier call with this `key` of the caller and tool that are `names`.

        Raises:
            JobFailed: the key was used with other arguments, another call with it goes on for too long, or the
                organisation is not known.
            StoreUnavailable: the journal cannot be asked. Nothing was sent.
            DriftError: which organisation it is for cannot be found out. Nothing was sent.
            Whatever `work` raises.
        """
        whose, secret = await self._organisation(), await self._secret()
        if whose is None:
            raise JobFailed(_WHOSE)
        name = _hashed(secret, [self._scope, whose, *names, key])
        arguments = _hashed(secret, request.model_dump(mode="json", exclude_none=True))
        row = await self._claim(name, arguments)
        if row is not None and row.state is State.DONE:
            return Outcome({ALREADY_DONE: True, **row.ids})
        try:
            with only_in(whose), claims.named(name):
                outcome = await work(None if row is None else row.began)
        except BaseException as error:
            await self._failed(name, error, doubt=row is not None)
            raise
        unfinished = _UNFINISHED & outcome.content.keys()
        ids = {field: value for field, value in outcome.content.items() if is_id(field, value)}
        await self._journal.end(name, State.UNKNOWN if unfinished else State.DONE, ids)
        return outcome

    async def aclose(self) -> None:
        """Let go of the journal."""
        await self._journal.aclose()

    async def _claim(self, name: str, arguments: str) -> Row | None:
        """The row of a write that is done or that this call has to finish; None: this call is the first."""
        end = now() + self._patience
        while True:
            row = await self._journal.begin(name, arguments)
            if row is None:
                return None
            if row.arguments != arguments:
                raise JobFailed(_OTHER_ARGUMENTS)
            if row.state is State.DONE:
                return row
            if row.state is State.UNKNOWN or not row.alive:
                if await self._journal.take_over(name, row):
                    return row
                continue
            if now() >= end:
                raise JobFailed(_STILL_RUNNING)
            await anyio.sleep(POLL)

    async def _failed(self, name: str, error: BaseException, *, doubt: bool) -> None:
        """Record it. What an earlier call may have done stays in `doubt`, whatever this one was told."""
        refused = isinstance(error, DriftError) and not error.maybe_applied
        with anyio.CancelScope(shield=True):
            if not doubt and (refused or isinstance(error, NotAgreed | InvalidArguments)):
                await self._journal.forget(name)
            else:
                await self._journal.end(name, State.UNKNOWN)
                log.warning("a keyed write ended with %s: a call with the same key finishes it", type(error).__name__)


def _hashed(secret: bytes, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.new(secret, text.encode(), "sha256").hexdigest()


_OTHER_ARGUMENTS = problem(
    "key_reused",
    f"This {KEY} was used before with other arguments. Nothing was sent.",
    "To repeat that call, pass exactly its arguments; for another write, pass a new key.",
)
_STILL_RUNNING = problem(
    "still_running",
    f"Another call with this {KEY} is still running.",
    "Wait, then call again with the same key and arguments: it answers what became of it.",
    retry_after_seconds=10,
)
_WHOSE = problem(
    "organisation_unknown",
    f"Drift does not say which organisation the token is of, so this {KEY} could write twice. Nothing was sent.",
    f"Call again later, or without {KEY}; then look first whether it was done before.",
    retry_after_seconds=int(ASK_AGAIN),
)

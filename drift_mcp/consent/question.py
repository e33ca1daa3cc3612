"""A question to the person behind a call: put in the way their client can, and answered for this and nothing else."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from drift_mcp.caller import Answer, Caller
from drift_mcp.consent.tickets import LIFETIME, BadTicket, Fault, Tickets
from drift_mcp.drift.turn import paused
from drift_mcp.problems import problem

PREVIEW_TOKEN = "preview_token"  # noqa: S105 - the name of an argument
PREVIEW_TOKEN_SCHEMA = {"type": "string", "description": "From a preview the user agreed to."}
LONGEST_TOKEN = 200
KEY = "confirm"
"""The name of the question among a call's input requests."""


@dataclass(frozen=True, slots=True)
class Question:
    """`text` is for the person. A yes holds for `bound_to` only, and only while things look as `shown`."""

    text: str
    bound_to: str
    shown: str


class NotAgreed(Exception):
    """Nothing was done, because nobody agreed to it. `content` is what the agent is told."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(type(self).__name__)
        self.content = content


class Declined(NotAgreed):
    """The person did not say yes. A clear end, not an error that invites another try."""

    @property
    def answer(self) -> str:
        """What they did instead, an `Answer`."""
        return str(self.content["answer"])


class Refused(NotAgreed):
    """The yes that was brought does not count, or nobody may be asked. An error; `kind` says which."""

    @property
    def kind(self) -> str:
        """The kind of the error."""
        return str(self.content["error"]["kind"])


class Previewed(NotAgreed):
    """There is no way to ask, so the agent has what would happen, and a token for its second call."""


class AskFirst(NotAgreed):
    """The call ends with the question (MCP 2026-07-28). `content` is the whole result, as MCP has it."""


Anew = Callable[[], Awaitable[Question]]
Read = Callable[..., Awaitable[dict[str, Any]]]
"""The presented result of a read operation: `read(name, **arguments)`. Raises DriftError and NotAllowed."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What it takes to ask about one call: who makes it, on which connection, by which policy, how Drift is read.

    `names` is whether a question may tell what visitors typed: not where the agent reads it and that is withheld.
    """

    caller: Caller
    connection: str
    policy: str
    tickets: Tickets
    read: Read
    names: bool = True

    @property
    def answered(self) -> bool:
        """Whether the call brings the answer to a question that was put before, so that none is put now."""
        return self.caller.ask is None and self.caller.reply is not None

    def bound(self, tool: str, arguments: dict[str, Any]) -> str:
        """The one text that stands for this caller, this connection, `tool` and `arguments`."""
        return canonical([self.connection, self.caller.name, tool, arguments])


async def ask(question: Question, asking: Asking, anew: Anew | None = None) -> str:
    """The organisation (`Connection.organisation`) for which the person has said yes.

    `anew` makes the question again, to see that it still is the same one.

    A call can ask one question: a yes to another one does not count for it.

    Raises:
        NotAgreed: one of its subclasses, for everything but a yes.
        DriftError: which organisation it is about cannot be found out.
    """
    caller, tickets = asking.caller, asking.tickets
    organisation = await tickets.organisation()
    if caller.ask is not None:
        with paused():
            answer = await caller.ask(question.text)
        _check(answer)
        # A person takes their time: meanwhile the connection may have got a token of another organisation.
        if (anew is not None and await anew() != question) or await tickets.organisation() != organisation:
            raise _not_counting(Fault.CHANGED)
        return organisation
    # A preview token goes through the hands of the agent, so it must never count where a person can be asked.
    bound_to = f"{'round' if caller.rounds else 'preview'} {question.bound_to}"
    if caller.reply is not None:
        try:
            # Used up even by a no, so that it cannot be turned into a yes afterwards.
            await tickets.redeem(caller.reply.ticket, bound_to, question.shown)
        except BadTicket as bad:
            raise _not_counting(bad.fault) from None
        _check(caller.reply.answer)
        return organisation
    ticket = await tickets.mint(bound_to, question.shown)
    raise AskFirst(_round(question.text, ticket)) if caller.rounds else Previewed(_preview(question.text, ticket))


def canonical(value: Any) -> str:
    """The one text that stands for `value`."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def _check(answer: Answer) -> None:
    if answer is not Answer.ACCEPTED:
        raise Declined({"agreed": False, "answer": answer.value, **_DECLINED[answer]})


def _round(text: str, ticket: str) -> dict[str, Any]:
    form = {"mode": "form", "message": text, "requestedSchema": {"type": "object", "properties": {}}}
    asked = {KEY: {"method": "elicitation/create", "params": form}}
    return {"resultType": "input_required", "inputRequests": asked, "requestState": ticket}


def _preview(text: str, ticket: str) -> dict[str, Any]:
    return {
        "agreed": False,
        "preview": text,
        PREVIEW_TOKEN: ticket,
        "expires_in_seconds": int(LIFETIME),
        "next": "Nothing has been done. Show this to the user. Only if they agree, call the operation again with "
        f"exactly the same arguments and this {PREVIEW_TOKEN} among them.",
    }


_DECLINED = {
    Answer.DECLINED: {
        "message": "The user was asked and said no. Nothing was done.",
        "next": "Go on without it. Do not call it again unless the user asks for it.",
    },
    Answer.CANCELLED: {
        "message": "The user was asked and closed the question without an answer. Nothing was done.",
        "next": "Find out what the user wants before you call it again.",
    },
    Answer.UNANSWERED: {
        "message": "The question to the user was not answered. Nothing was done.",
        "next": "Tell the user what you wanted to do; call it again when they are there to answer.",
    },
}

_ASK_ANEW = "Call again without it, so that the user is asked anew."
_FAULTS = {
    Fault.UNKNOWN: ("The confirmation is not one of this server's.", _ASK_ANEW),
    Fault.OTHER: (
        "The confirmation is for another operation, other arguments, or another caller, connection or organisation.",
        "Call with exactly the arguments that were confirmed, or without the confirmation to be asked anew.",
    ),
    Fault.EXPIRED: (f"The confirmation is older than {LIFETIME / 60:.0f} minutes.", _ASK_ANEW),
    Fault.USED: (
        "The confirmation was used before; what it was for may have been done then.",
        "Read the record to see whether it was. To do it once more, call again without the confirmation.",
    ),
    Fault.CHANGED: ("What was confirmed has changed since the user saw it, so nothing was done.", _ASK_ANEW),
}


def _not_counting(fault: Fault) -> Refused:
    message, then = _FAULTS[fault]
    return Refused(problem(f"confirmation_{fault.value}", message, then))

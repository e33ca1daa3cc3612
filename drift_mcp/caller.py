"""Who calls a tool, and how they can be reached while it runs. What a transport knows of a call, in its own terms."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Is told how far a long job is: done, total (None: unknown) and a message."""


class Answer(StrEnum):
    """What a person said to a question. Only `ACCEPTED` is a yes."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"
    """No answer in time, or the client could not put the question."""


Ask = Callable[[str], Awaitable[Answer]]
"""Puts a question to the person and waits for the answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call brings along that answers the question which the call before it ended with."""

    ticket: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of one tool call.

    `name` is the principal, as the audit line has it, and `job` the workflow that makes the call, if one does. A person
    is asked by `ask`, or where `rounds` is set by ending the call with the question and having it sent again with the
    `reply`; with neither there is nobody to ask. `remote` callers come over a network.

    `key` is the caller's own, with which a write is made once; `doubt` when (Unix time) a call before this one began it
    of which nobody knows the end.
    """

    name: str = "local"
    progress: Progress | None = None
    ask: Ask | None = None
    rounds: bool = False
    reply: Reply | None = None
    remote: bool = False
    job: str = ""
    key: str = ""
    doubt: float | None = None

    @property
    def can_be_asked(self) -> bool:
        """Whether there is a way to put a question to the person."""
        return self.ask is not None or self.rounds


NOBODY = Caller()
"""A call from this machine that nobody watches, such as the shell's."""

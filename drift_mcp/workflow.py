"""What a workflow is: a tool that is a job of this server rather than one call to Drift."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from drift_mcp.catalogue import Entry
from drift_mcp.operation import Access, Tool

if TYPE_CHECKING:
    from drift_mcp.events import Events


class NotAllowed(Exception):
    """A workflow needs a tool that the operator does not allow."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class JobFailed(Exception):
    """A workflow cannot do it, for a reason of its own. `problem` is what the agent is told (`drift_mcp.problems`)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["error"]["kind"])
        self.problem = problem


class Context(Protocol):
    """What a workflow can use: Drift's operations through the same gateway and policy, and facts about this server."""

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The presented result of a Drift operation.

        Raises:
            DriftError: Drift could not do it.
            InvalidArguments: the arguments do not fit.
            NotAllowed: the operator does not allow that operation.
        """
        ...

    async def progress(self, done: float, total: float | None, message: str) -> None:
        """Tell the client how far the job is. Costs nothing when it did not ask."""
        ...

    async def token_info(self) -> Mapping[str, Any]:
        """`get_token_info`'s result, whatever the operator allows.

        Raises:
            DriftError: it cannot be read.
        """
        ...

    async def organisation(self) -> str:
        """One text for the organisation of the token in use, another for each other one; not to be shown.

        Drift is asked once for each token.

        Raises:
            DriftError: it cannot be read.
        """
        ...

    def left(self) -> float:
        """Seconds until no more is sent to Drift; infinite for a job that lasts."""
        ...

    def files(self) -> Path | None:
        """The folder that jobs may read from and write to, or None when the operator allows none."""
        ...

    def state(self) -> Path:
        """The folder for state that outlives the process, made on first use."""
        ...

    def events(self) -> "Events":
        """What Drift has told of by itself."""
        ...

    def result_bytes(self) -> int:
        """How long the result may be as JSON, for a job that decides itself what to leave out."""
        ...

    def offered(self) -> Sequence[Entry]:
        """The tools that the operator allows, listed or not."""
        ...

    async def scopes(self) -> Collection[str] | None:
        """The scopes of the token, read once; None when they are not known or not minded."""
        ...

    def usable(self) -> Collection[str]:
        """The names of the operations that this job may use."""
        ...

    def about(self) -> Mapping[str, Any]:
        """This server: version, where Drift is, what the operator offers."""
        ...


@dataclass(frozen=True, kw_only=True)
class Workflow(Tool):
    """A job. `run` gets the validated request and answers what the agent reads.

    It has the time of one call. One that `lasts` goes on after it where its client hears of its progress, which keeps
    the client waiting; elsewhere it stops in time and says how to go on.
    """

    run: Callable[[Any, Context], Awaitable[dict[str, Any]]]
    lasts: bool = False


@dataclass(frozen=True, kw_only=True)
class Runner(Tool):
    """Runs another tool by name, if its risk is `runs`.

    Hosts ask a person before a call by the risk its tool declares, so one runner never takes tools of several risks.
    Its request has `name` and `arguments`.
    """

    runs: Access

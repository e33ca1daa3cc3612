"""What a workflow is: a tool that is a job of this server rather than one call to Drift."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from drift_mcp.operation import Tool


class Context(Protocol):
    """What a workflow can use: Drift's operations through the same gateway, and facts about this server."""

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The presented result of a Drift operation.

        Raises:
            DriftError: Drift could not do it.
        """
        ...

    async def scopes(self) -> frozenset[str] | None:
        """What the token may do, or None when that cannot be read."""
        ...

    def about(self) -> Mapping[str, Any]:
        """This server: version, where Drift is, what the operator offers."""
        ...


@dataclass(frozen=True, kw_only=True)
class Workflow(Tool):
    """A job. `run` gets the validated request and answers what the agent reads."""

    run: Callable[[Any, Context], Awaitable[dict[str, Any]]]

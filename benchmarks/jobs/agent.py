"""A scripted agent: calls tools through a real MCP client, and keeps every text that a model would write or read."""

import json
from dataclasses import dataclass, field
from typing import Any

from mcp import Client

from benchmarks.pipe import Failed
from tests.support import columns


@dataclass(frozen=True)
class Turn:
    """One tool call: what the model writes, and what it reads."""

    tool: str
    arguments: str
    result: str


@dataclass
class Agent:
    """Plays one job on one server.

    `known` are the operations whose arguments find_operations has shown, with the tool that runs each. `guessed` are
    those that were run without: a real agent might not have got that far, so the job does not count as done.
    """

    client: Client
    turns: list[Turn] = field(default_factory=list[Turn])
    known: dict[str, str] = field(default_factory=dict[str, str])
    guessed: list[str] = field(default_factory=list[str])

    async def call(self, tool: str, /, **arguments: Any) -> Any:
        """The tool's answer: its JSON, or the text if it is none. An error ends the job."""
        answer = await self.client.call_tool(tool, arguments)
        text = "".join(part.text for part in answer.content if part.type == "text")
        self.turns.append(Turn(tool, compact(arguments), text))
        if answer.is_error:
            raise Failed(f"{tool} answered with an error: {text[:500]}")
        try:
            return columns.read(text)
        except ValueError:
            return text

    async def look_up(self, *names: str) -> None:
        """Ask drift-mcp for the arguments of tools that its instructions name."""
        await self._find(intent=", ".join(names), **({"limit": 1} if len(names) == 1 else {}))

    async def find(self, intent: str) -> None:
        """Ask drift-mcp which operations fit; what it answers can be run."""
        await self._find(intent=intent)

    async def _find(self, **arguments: Any) -> None:
        found = await self.call("find_operations", **arguments)
        self.known |= {each["name"]: each["run_with"] for each in found["operations"]}

    async def run(self, operation: str, risk: str, /, **arguments: Any) -> Any:
        """Run an operation that is not listed."""
        if operation not in self.known:
            self.guessed.append(operation)
        runner = self.known.get(operation, f"run_{risk}_operation")
        return await self.call(runner, name=operation, arguments=arguments)


def compact(value: object) -> str:
    """`value` as compact JSON, as a model writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

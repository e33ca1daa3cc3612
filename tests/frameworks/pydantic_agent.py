"""An agent of Pydantic AI, and what it is connected by. Imported where it is used: it takes a second."""

from typing import Any

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from .conftest import STDIO


async def answer(way: str, url: str, environment: dict[str, str], workplace: Any) -> tuple[str, set[str]]:
    """What the agent says in the end, and the names of the tools that it was offered."""
    offered: list[str] = []

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        offered[:] = [tool.name for tool in info.function_tools]
        returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
        if not returned:
            return ModelResponse(parts=[ToolCallPart("list_conversations", {"limit": 2})])
        return ModelResponse(parts=[TextPart(f"There are {returned[0].content['count']}.")])

    stdio = StdioTransport(STDIO[0], STDIO[1:], env=environment, cwd=str(workplace))
    agent = Agent(FunctionModel(model), toolsets=[MCPToolset(stdio if way == "stdio" else url + way)])
    async with agent:
        done = await agent.run("How many conversations do you see?")
    return str(done.output), set(offered)

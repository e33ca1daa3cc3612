"""Pydantic AI: its agent lists the tools, calls one and reads the result. A function stands in for the model."""

from typing import Any

import pytest
from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from .conftest import STDIO


@pytest.mark.parametrize("way", ["stdio", "/mcp", "/sse"])
async def test_an_agent_works_with_the_tools(way: str, url: str, environment: dict[str, str], workplace: Any) -> None:
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
        answer = await agent.run("How many conversations do you see?")
    assert answer.output == "There are 2."
    assert {"triage_inbox", "find_operations", "run_read_operation"} <= set(offered)

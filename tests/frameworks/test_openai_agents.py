"""The OpenAI Agents SDK: its runner lists the tools, calls one and reads the result. A list stands in for the model."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage
from agents.mcp import MCPServer, MCPServerSse, MCPServerStdio, MCPServerStreamableHttp
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

from .conftest import STDIO


class Script(Model):
    """Calls one tool, and then repeats what came back."""

    def __init__(self) -> None:
        self.offered: list[Any] = []

    async def get_response(self, *_: Any, **asked: Any) -> ModelResponse:
        self.offered = asked["tools"]
        returned = [
            each for each in asked["input"] if isinstance(each, dict) and each.get("type") == "function_call_output"
        ]
        if returned:
            text = ResponseOutputText(annotations=[], text=json.dumps(returned[0]["output"]), type="output_text")
            said: Any = ResponseOutputMessage(
                id="2", content=[text], role="assistant", status="completed", type="message"
            )
        else:
            said = ResponseFunctionToolCall(
                arguments='{"limit": 2}', call_id="1", name="list_conversations", type="function_call"
            )
        return ModelResponse(output=[said], usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        raise NotImplementedError


@pytest.mark.parametrize("way", ["stdio", "/mcp", "/sse"])
async def test_an_agent_works_with_the_tools(way: str, url: str, environment: dict[str, str], workplace: Any) -> None:
    servers: dict[str, MCPServer] = {
        "stdio": MCPServerStdio(
            {"command": STDIO[0], "args": STDIO[1:], "env": environment, "cwd": str(workplace)},
            client_session_timeout_seconds=30,
        ),
        "/mcp": MCPServerStreamableHttp({"url": f"{url}/mcp"}, client_session_timeout_seconds=30),
        "/sse": MCPServerSse({"url": f"{url}/sse"}, client_session_timeout_seconds=30),
    }
    model = Script()
    async with servers[way] as server:
        agent = Agent("clerk", model=model, mcp_servers=[server], mcp_config={"convert_schemas_to_strict": True})
        answer = await Runner.run(agent, "Show two conversations.", run_config=RunConfig(tracing_disabled=True))
    assert '"count":2' in str(answer.final_output).replace("\\", "")
    assert {"triage_inbox", "find_operations", "run_read_operation"} <= {tool.name for tool in model.offered}

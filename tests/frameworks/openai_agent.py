"""An agent of the OpenAI Agents SDK, and what it is connected by. Imported where it is used: it takes a second."""

import json
from collections.abc import AsyncIterator
from typing import Any

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


async def answer(way: str, url: str, environment: dict[str, str], workplace: Any) -> tuple[str, set[str]]:
    """What the agent says in the end, and the names of the tools that it was offered."""
    servers: dict[str, MCPServer] = {
        "stdio": MCPServerStdio(
            {"command": STDIO[0], "args": STDIO[1:], "env": environment, "cwd": str(workplace)},
            client_session_timeout_seconds=60,
        ),
        "/mcp": MCPServerStreamableHttp({"url": f"{url}/mcp"}, client_session_timeout_seconds=60),
        "/sse": MCPServerSse({"url": f"{url}/sse"}, client_session_timeout_seconds=60),
    }
    model = Script()
    async with servers[way] as server:
        agent = Agent("clerk", model=model, mcp_servers=[server], mcp_config={"convert_schemas_to_strict": True})
        done = await Runner.run(agent, "Show two conversations.", run_config=RunConfig(tracing_disabled=True))
    return str(done.final_output), {tool.name for tool in model.offered}

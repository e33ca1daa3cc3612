"""Run in an environment that has LangChain's MCP adapters: each connection's tools, and what one of them answers."""

import asyncio
import json
import sys
from typing import Any

from langchain_mcp_adapters.client import MultiServerMCPClient


async def main(connections: dict[str, Any]) -> None:
    found = {}
    for name, connection in connections.items():
        tools = {tool.name: tool for tool in await MultiServerMCPClient({name: connection}).get_tools()}
        answer = await tools["list_conversations"].ainvoke({"limit": 2})
        found[name] = {"tools": list(tools), "answer": json.loads(answer[0]["text"])}
    print(json.dumps(found))  # noqa: T201


asyncio.run(main(json.loads(sys.argv[1])))

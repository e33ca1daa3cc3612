"""The OpenAI Agents SDK: its runner lists the tools, calls one and reads the result. A list stands in for the model."""

from typing import Any

import pytest


@pytest.mark.parametrize("way", ["stdio", "/mcp", "/sse"])
async def test_an_agent_works_with_the_tools(way: str, url: str, environment: dict[str, str], workplace: Any) -> None:
    from .openai_agent import answer

    said, offered = await answer(way, url, environment, workplace)
    assert '"count":2' in said.replace("\\", "")
    assert {"triage_inbox", "find_operations", "run_read_operation"} <= offered

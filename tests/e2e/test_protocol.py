"""What a host sees of the server before any call: version, instructions, the list of tools."""

import json
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import pytest
from mcp_types import ListToolsResult

from .agent import Agent
from .catalogue import ENTRIES, LISTED


@pytest.fixture(scope="module")
def host(connect: Callable[..., Any], era: str) -> Iterator[Agent]:
    """A host connected to a server without a token, as on the first day."""
    with connect(era=era) as agent:
        yield agent


@pytest.fixture(scope="module")
def listing(host: Agent) -> ListToolsResult:
    return host.portal.call(host.client.list_tools)


def test_the_era_asked_for_is_spoken(host: Agent, era: str) -> None:
    assert host.client.protocol_version == era


def test_the_server_names_itself_and_its_version(host: Agent) -> None:
    assert host.client.server_info.name == "drift-mcp"
    assert host.client.server_info.version == version("drift-mcp")


def test_the_instructions_are_there_and_short(host: Agent) -> None:
    assert host.client.instructions
    assert len(host.client.instructions.encode()) < 2048


def test_every_tool_the_instructions_name_is_listed(host: Agent, listing: ListToolsResult) -> None:
    named = set(re.findall(r"\w+", host.client.instructions or "")) & set(ENTRIES)
    assert {"send_message", "list_conversations"} <= named <= {tool.name for tool in listing.tools}


def test_the_list_is_complete_in_one_page(listing: ListToolsResult) -> None:
    assert listing.next_cursor is None
    assert [tool.name for tool in listing.tools] == LISTED


def test_the_list_stays_the_same_from_call_to_call(host: Agent, listing: ListToolsResult) -> None:
    async def again() -> ListToolsResult:
        return await host.client.list_tools(cache_mode="bypass")

    assert host.portal.call(again).tools == listing.tools


def test_both_eras_and_both_kinds_of_drift_list_the_same_tools(
    listing: ListToolsResult, connect: Callable[..., Any]
) -> None:
    with connect("--sandbox", era="2025-11-25") as other:
        assert other.tools() == listing.tools


def test_the_list_is_small_enough_for_every_host(listing: ListToolsResult) -> None:
    shown = [tool.model_dump(by_alias=True, exclude_none=True, exclude={"output_schema"}) for tool in listing.tools]
    assert len(shown) <= 20
    assert len(json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()) <= 16 * 1024


def test_every_tool_is_listed_as_the_catalogue_has_it(listing: ListToolsResult) -> None:
    for tool in listing.tools:
        assert tool.model_dump(by_alias=True, exclude_none=True) == ENTRIES[tool.name].tool


def test_the_newer_era_says_how_long_the_list_may_be_kept(listing: ListToolsResult, era: str) -> None:
    if era == "2026-07-28":
        assert listing.ttl_ms is not None
        assert listing.ttl_ms >= 60_000
        assert listing.cache_scope == "private"


def test_without_a_token_a_call_says_the_three_ways_to_go_on(host: Agent) -> None:
    error = host.refused("get_conversation_stats")
    assert error["kind"] == "not_connected"
    for way in ("DRIFT_ACCESS_TOKEN", "drift-mcp login", "--sandbox"):
        assert way in error["next"]


def test_an_operation_that_is_not_listed_can_be_called_by_name(connect: Callable[..., Any], era: str) -> None:
    hidden = next(name for name in ("get_conversation_stats", "list_teams") if name not in LISTED)
    with connect("--sandbox", era=era) as agent:
        assert agent.ask(hidden)

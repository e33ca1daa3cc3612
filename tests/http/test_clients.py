"""The SDK's own clients, over every transport in both eras, against a server process."""

import signal
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from drift_mcp import catalogue

from .conftest import Serve
from .host import BOTH, NEW, OLD, WAYS, Host, client, names

LISTED = [entry.name for entry in catalogue.load().values() if entry.everyday or entry.essential]
every_way = pytest.mark.parametrize(("path", "era"), WAYS)


@every_way
async def test_the_era_asked_for_is_spoken_and_the_server_named(host: Host, path: str, era: str) -> None:
    async with client(host.url + path, era) as mcp:
        assert mcp.protocol_version == era
        assert mcp.server_info.name == "drift-mcp"


@every_way
async def test_the_same_tools_are_listed_as_over_stdio(host: Host, path: str, era: str) -> None:
    async with client(host.url + path, era) as mcp:
        assert names(await mcp.list_tools()) == LISTED


@every_way
async def test_a_call_answers_data(host: Host, path: str, era: str) -> None:
    async with client(host.url + path, era) as mcp:
        result = await mcp.call_tool("list_conversations", {"limit": 2})
        assert result.structured_content["count"] == 2
        unlisted = await mcp.call_tool("run_read_operation", {"name": "get_conversation_stats"})
        assert not unlisted.is_error


@every_way
async def test_a_job_tells_how_far_it_is_while_it_runs(host: Host, path: str, era: str) -> None:
    told: list[float] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        told.append(done)

    async with client(host.url + path, era) as mcp:
        result = await mcp.call_tool("triage_inbox", {}, progress_callback=hear)
        assert not result.is_error
    assert told == sorted(told)
    assert len(told) > 1


@every_way
async def test_resources_can_be_listed_read_and_completed(host: Host, path: str, era: str) -> None:
    async with client(host.url + path, era) as mcp:
        assert [str(each.uri) for each in (await mcp.list_resources()).resources] == ["drift://catalogue"]
        assert len((await mcp.list_resource_templates()).resource_templates) == 4
        page = await mcp.call_tool("list_conversations", {"limit": 1})
        number = page.structured_content["items"][0]["id"]
        read = await mcp.read_resource(f"drift://conversations/{number}/transcript")
        assert read.contents[0].text


@every_way
async def test_prompts_can_be_listed_and_fetched(host: Host, path: str, era: str) -> None:
    async with client(host.url + path, era) as mcp:
        prompts = (await mcp.list_prompts()).prompts
        simple = next(each for each in prompts if not any(one.required for one in each.arguments or ()))
        assert (await mcp.get_prompt(simple.name, {})).messages


@every_way
async def test_what_fails_is_a_clear_result(host: Host, path: str, era: str) -> None:
    async with client(host.url + path, era) as mcp:
        result = await mcp.call_tool("get_contact", {"contact_id": "nobody"})
        assert result.is_error
        assert result.structured_content["error"]["kind"] == "invalid_arguments"


async def test_many_clients_at_once_in_both_eras_get_their_own_answers(host: Host) -> None:
    async def one(path: str, era: str, limit: int) -> None:
        async with client(host.url + path, era) as mcp:
            for _ in range(3):
                result = await mcp.call_tool("list_conversations", {"limit": limit})
                assert result.structured_content["count"] == limit

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(one, *WAYS[number % len(WAYS)], 1 + number)


@pytest.mark.parametrize("ends", WAYS)
@pytest.mark.parametrize("stays", [("/mcp", OLD), ("/sse", NEW)])
async def test_the_end_of_one_session_breaks_no_other(
    host: Host, stays: tuple[str, str], ends: tuple[str, str]
) -> None:
    async with client(host.url + stays[0], stays[1]) as staying:
        assert not (await staying.call_tool("list_users", {})).is_error
        async with client(host.url + ends[0], ends[1]) as leaving:
            assert not (await leaving.call_tool("list_users", {})).is_error
        assert not (await staying.call_tool("list_users", {})).is_error


async def test_the_first_session_takes_nothing_along_when_it_ends(serve: Serve) -> None:
    own = serve("--sandbox")
    async with client(own.url + "/sse", OLD) as first:
        made = await first.call_tool("create_contact", {"email": "first@acme.example"})
        assert not made.is_error
    # The sandbox lives in the gateway: were that closed, a new one would not know the contact.
    async with client(own.url + "/mcp", NEW) as second:
        found: Any = await second.call_tool("find_contacts_by_email", {"email": "first@acme.example"})
        assert found.structured_content["count"] == 1
    own.close()


async def test_all_sessions_share_one_drift(host: Host) -> None:
    async with client(host.url + "/mcp", OLD) as writer, client(host.url + "/sse", OLD) as reader:
        made = await writer.call_tool("create_contact", {"email": "shared@acme.example", "name": "Shared"})
        assert not made.is_error, made.structured_content
        found: Any = await reader.call_tool("find_contacts_by_email", {"email": "shared@acme.example"})
        assert found.structured_content["count"] == 1


async def test_the_newer_era_needs_no_session(host: Host) -> None:
    meta = {
        "io.modelcontextprotocol/protocolVersion": NEW,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "by hand", "version": "0"},
    }
    message = {"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {"_meta": meta}}
    answer = host.post(message, MCP_Protocol_Version=NEW, Mcp_Method="tools/list")
    assert answer.status_code == 200, answer.text
    assert "mcp-session-id" not in answer.headers
    assert [tool["name"] for tool in answer.json()["result"]["tools"]] == LISTED


async def test_sse_alone_serves_only_the_older_transport(serve: Serve) -> None:
    own = serve("--sandbox", "--transport", "sse")
    assert own.http.post("/mcp").status_code == 404
    async with client(own.url + "/sse", OLD) as first:
        assert not (await first.call_tool("list_users", {})).is_error
    async with client(own.url + "/sse", OLD) as second:
        assert not (await second.call_tool("list_users", {})).is_error
    own.close()


def test_who_listens_for_changes_takes_no_call_and_does_not_hold_up_the_end(
    serve: Serve, wait_until: Callable[..., None]
) -> None:
    own = serve("--sandbox", "--max-calls", "1")
    meta = {
        "io.modelcontextprotocol/protocolVersion": NEW,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "by hand", "version": "0"},
    }

    def message(number: int, method: str, **params: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": {"_meta": meta, **params}}

    heard: list[str] = []

    def listen() -> None:
        asked = message(7, "subscriptions/listen", notifications={"toolsListChanged": True})
        headers = {"accept": BOTH, "mcp-protocol-version": NEW, "mcp-method": "subscriptions/listen"}
        with own.http.stream("POST", "/mcp", json=asked, headers=headers) as stream:
            for line in stream.iter_lines():
                heard.append(line)

    listening = threading.Thread(target=listen)
    listening.start()
    wait_until(lambda: any("acknowledged" in line for line in heard))
    call = message(8, "tools/call", name="list_users", arguments={})
    for _ in range(3):
        answer = own.post(call, mcp_protocol_version=NEW, mcp_method="tools/call", mcp_name="list_users")
        assert answer.status_code == 200, answer.text
    own.process.signal(signal.SIGTERM)
    assert own.process.wait(60) == 0
    listening.join()

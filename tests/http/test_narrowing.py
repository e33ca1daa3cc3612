"""What a request can ask to narrow: by header and by URL, in every transport, when listing and when calling."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from mcp.shared.exceptions import MCPError

from drift_mcp import catalogue, surface
from drift_mcp.settings import Settings
from drift_mcp.surface import Narrowing

from .conftest import Serve
from .host import WAYS, Host, client, error, names

ENTRIES = catalogue.load()
TOOLSETS = sorted({entry.toolset for entry in ENTRIES.values()})
SCOPES = sorted({entry.scope for entry in ENTRIES.values() if entry.scope})
BY_HEADER = {"X-Drift-Toolsets": "contacts,users", "X-Drift-Exclude-Tools": "create_contact", "X-Drift-Read-Only": "1"}
BY_QUERY = "?toolsets=contacts,users&exclude_tools=create_contact&read_only=true"

names_of = some.one_of(
    some.just([]),
    some.sampled_from([[name] for name in surface.SIZES]),
    some.lists(some.sampled_from(TOOLSETS), max_size=3),
)
tools_of = some.lists(some.sampled_from(list(ENTRIES)), max_size=4)
asked = some.builds(
    lambda toolsets, tools, excluded, read_only: {
        "toolsets": ",".join(toolsets), "tools": ",".join(tools), "exclude_tools": ",".join(excluded),
        "read_only": read_only,
    },
    names_of, tools_of, tools_of, some.booleans(),
)  # fmt: skip


def may_run(of: surface.Surface) -> set[str]:
    return {name for name, entry in ENTRIES.items() if of.may_run(entry)}


def listed(of: surface.Surface, scopes: Any = None) -> set[str]:
    return {name for name, entry in ENTRIES.items() if of.is_listed(entry, scopes)}


class TestNeverMoreThanTheOperatorAllows:
    @given(
        asked,
        some.booleans(),
        some.lists(asked, max_size=3),
        some.one_of(some.none(), some.sets(some.sampled_from(SCOPES))),
    )
    @settings(max_examples=100, deadline=None)
    def test_what_may_run_and_what_is_listed_only_shrinks(
        self, operator: dict[str, Any], dangerous: bool, wishes: list[dict[str, Any]], scopes: set[str] | None
    ) -> None:
        whole = surface.chosen(Settings(**operator, allow_dangerous=dangerous), ENTRIES)
        now = whole
        for wish in wishes:
            before, now = now, now.narrowed(Narrowing(**wish), ENTRIES)
            alone = surface.chosen(Settings(**wish, allow_dangerous=True), ENTRIES)
            assert may_run(now) == may_run(before) & may_run(alone)
            assert listed(now, scopes) <= may_run(now) <= may_run(whole)
            if whole.size == surface.DISCOVERY:
                assert listed(now, scopes) <= listed(whole, scopes)

    @given(asked, asked)
    @settings(max_examples=100, deadline=None)
    def test_the_order_does_not_matter_for_what_may_run(self, one: dict[str, Any], other: dict[str, Any]) -> None:
        whole = surface.chosen(Settings(), ENTRIES)
        first, second = Narrowing(**one), Narrowing(**other)
        there = whole.narrowed(first, ENTRIES).narrowed(second, ENTRIES)
        back = whole.narrowed(second, ENTRIES).narrowed(first, ENTRIES)
        assert may_run(there) == may_run(back)

    def test_asking_only_to_read_leaves_the_operators_list_otherwise(self) -> None:
        whole = surface.chosen(Settings(toolsets="accounts"), ENTRIES)
        now = whole.narrowed(Narrowing(read_only=True), ENTRIES)
        assert listed(now) == {name for name in listed(whole) if ENTRIES[name].access == "read"}

    def test_a_toolset_asked_for_is_listed_whole(self) -> None:
        now = surface.chosen(Settings(), ENTRIES).narrowed(Narrowing(toolsets="accounts"), ENTRIES)
        assert {name for name, entry in ENTRIES.items() if entry.toolset == "accounts"} <= listed(now)


@pytest.mark.parametrize(("path", "era"), WAYS)
@pytest.mark.parametrize(("query", "headers"), [("", BY_HEADER), (BY_QUERY, {})], ids=["header", "query"])
class TestOverTheWire:
    async def test_the_list_is_narrowed(
        self, host: Host, path: str, era: str, query: str, headers: dict[str, str]
    ) -> None:
        async with client(host.url + path + query, era, headers) as mcp:
            tools = (await mcp.list_tools()).tools
        shown = {tool.name for tool in tools}
        assert {"get_contact", "list_users", "find_operations"} <= shown
        assert not {"list_conversations", "create_contact", "update_contact"} & shown
        assert all(ENTRIES[name].access == "read" for name in shown)

    async def test_calls_are_narrowed_by_name_through_runners_jobs_and_resources(
        self, host: Host, path: str, era: str, query: str, headers: dict[str, str]
    ) -> None:
        async with client(host.url + path + query, era, headers) as mcp:
            for name in ("list_conversations", "create_contact", "update_contact", "triage_inbox", "get_account"):
                assert error(await mcp.call_tool(name, {}))["kind"] == "not_allowed"
            through = await mcp.call_tool("run_read_operation", {"name": "list_conversations"})
            assert error(through)["kind"] == "not_allowed"
            writing = await mcp.call_tool("run_write_operation", {"name": "update_contact"})
            assert error(writing)["kind"] == "not_allowed"
            with pytest.raises(MCPError, match="does not allow"):
                await mcp.read_resource("drift://conversations/1")
            whole = (await mcp.read_resource("drift://catalogue")).contents[0].text
            assert '"list_users"' in whole
            assert '"list_conversations"' not in whole
            assert not (await mcp.call_tool("list_users", {})).is_error

    async def test_a_search_finds_only_what_is_left(
        self, host: Host, path: str, era: str, query: str, headers: dict[str, str]
    ) -> None:
        async with client(host.url + path + query, era, headers) as mcp:
            found = await mcp.call_tool("find_operations", {"intent": "list the conversations", "limit": 10})
        assert "list_conversations" not in [each["name"] for each in found.structured_content["operations"]]

    async def test_whoami_says_what_this_caller_gets(
        self, host: Host, path: str, era: str, query: str, headers: dict[str, str]
    ) -> None:
        async with client(host.url + path + query, era, headers) as mcp:
            told = (await mcp.call_tool("whoami", {})).structured_content["surface"]
        assert told["read_only"] is True
        assert "create_contact" in told["excluded"]
        assert "list_conversations" not in told["only"]


async def test_each_request_is_narrowed_for_itself(host: Host) -> None:
    async with client(host.url + "/mcp?toolsets=users") as few, client(host.url + "/mcp?toolsets=all") as all_of_them:
        for _ in range(2):
            assert error(await few.call_tool("list_conversations", {}))["kind"] == "not_allowed"
            assert not (await all_of_them.call_tool("list_conversations", {})).is_error
        assert len(names(await all_of_them.list_tools())) > len(ENTRIES) - 10


async def test_header_and_query_both_narrow(host: Host) -> None:
    async with client(host.url + "/mcp?toolsets=users", headers={"X-Drift-Exclude-Tools": "list_users"}) as mcp:
        shown = names(await mcp.list_tools())
    assert "get_user" in shown
    assert "list_users" not in shown


async def test_nothing_a_request_asks_undoes_the_operators_choice(serve: Serve) -> None:
    own = serve("--sandbox", "--toolsets", "users,contacts", "--read-only", "--exclude-tools", "get_contact")
    wide = "?toolsets=all&tools=get_contact,list_conversations,delete_contact&read_only=false"
    headers = {"X-Drift-Toolsets": "all", "X-Drift-Read-Only": "false"}
    for path, era in WAYS:
        async with client(own.url + path + wide, era, headers) as mcp:
            assert not {"get_contact", "list_conversations", "delete_contact"} & set(names(await mcp.list_tools()))
            for name in ("get_contact", "list_conversations", "delete_contact"):
                assert error(await mcp.call_tool(name, {}))["kind"] == "not_allowed"
    own.close()


@pytest.mark.parametrize("path", ["/mcp", "/sse"])
@pytest.mark.parametrize(
    ("query", "headers", "said"),
    [
        ("?toolsets=contcts", {}, "did you mean contacts?"),
        ("?tools=get_contct", {}, "did you mean get_contact?"),
        ("?exclude_tools=delete_contct", {}, "did you mean delete_contact?"),
        ("?toolsets=all,contacts", {}, "not both"),
        ("?read_only=maybe", {}, "true or false"),
        ("?readonly=true", {}, "did you mean read_only?"),
        ("?read-only=true", {}, "did you mean read_only?"),
        ("?toolset=contacts", {}, "did you mean toolsets?"),
        ("", {"X-Drift-Toolsets": "contcts"}, "did you mean contacts?"),
        ("", {"X-Drift-Toolset": "contacts"}, "did you mean x-drift-toolsets?"),
        ("", {"X-Drift-Readonly": "true"}, "did you mean x-drift-read-only?"),
        ("", {"X-Drift-Anything": "1"}, "there is no header"),
    ],
)
def test_a_wish_for_what_does_not_exist_is_a_400(
    host: Host, path: str, query: str, headers: dict[str, str], said: str
) -> None:
    answer = host.http.get(path + query, headers=headers)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_more_parameters_than_anybody_needs_are_refused(host: Host) -> None:
    assert host.initialize("/mcp?" + "&".join(f"p{number}=1" for number in range(50))).status_code == 200
    answer = host.initialize("/mcp?" + "&".join(f"p{number}=1" for number in range(51)))
    assert (answer.status_code, "parameters" in answer.json()["error"]["message"]) == (400, True)


def test_parameters_of_others_are_passed_over(host: Host) -> None:
    assert host.initialize("/mcp?api_version=7&utm_source=x").status_code == 200

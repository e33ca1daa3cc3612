"""The default list holds its bar whatever is set up: at most 20 tools and 16 KB of compact JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from drift_mcp import catalogue, connections
from drift_mcp.connection import Connection
from drift_mcp.settings import Settings
from drift_mcp.surface import STEP_BACK_FOR_CONNECTIONS, STEP_BACK_FOR_EVENTS, Narrowing
from drift_mcp.switchboard import ARGUMENT, NAMES_BYTES, Switchboard
from drift_mcp.toolbox import Toolbox

MOST_TOOLS, MOST_BYTES = 20, 16_384
ENTRIES = catalogue.load()
SHORT, LONG = ("acme", "globex"), tuple(f"{number:02}-{'x' * 29}" for number in range(40))

Tools = dict[str, dict[str, Any]]


def board(*names: str, default: str = "", **settings: Any) -> Switchboard:
    """Connections of these names to the sandbox, all set up alike."""
    common = Settings(sandbox=True, **settings)
    return Switchboard({name: Toolbox(Connection(common, name)) for name in names}, default or names[0])


async def listed(switchboard: Switchboard) -> Tools:
    return {tool["name"]: tool for tool in await switchboard.listed()}


def shown_bytes(tools: Tools) -> int:
    """What a host puts before its model: everything but the output schemas."""
    shown = [{part: value for part, value in tool.items() if part != "outputSchema"} for tool in tools.values()]
    return len(json.dumps({"tools": shown}, ensure_ascii=False, separators=(",", ":")).encode())


def holds(tools: Tools) -> None:
    assert len(tools) <= MOST_TOOLS
    assert shown_bytes(tools) <= MOST_BYTES


async def answered(switchboard: Switchboard, tool: str, /, **arguments: Any) -> Any:
    result = await switchboard.call(tool, arguments)
    assert not result.get("isError"), result["structuredContent"]
    return result["structuredContent"]


@pytest.fixture(params=["", "webhooks", "polling"])
def events(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Settings with and without events."""
    monkeypatch.delenv("DRIFT_WEBHOOK_TOKEN", raising=False)
    if request.param == "webhooks":
        monkeypatch.setenv("DRIFT_WEBHOOK_TOKEN", "a-token")
    return {"poll_seconds": 30.0} if request.param == "polling" else {}


class TestTheBar:
    @pytest.mark.parametrize("names", [("drift",), SHORT, ("a", "b"), ("acme", "globex", "initech"), LONG[:2], LONG])
    @pytest.mark.parametrize(
        "more", [{}, {"allow_dangerous": True}, {"read_only": True}, {"destructive": "allow"}, {"toolsets": "default"}]
    )
    async def test_every_default_list_holds_it(
        self, names: tuple[str, ...], more: dict[str, Any], events: dict[str, Any]
    ) -> None:
        holds(await listed(board(*names, **more, **events)))

    @effort(max_examples=60, deadline=None)
    @given(st.lists(st.from_regex("[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True), min_size=1, unique=True), st.data())
    async def test_whatever_the_connections_are_called(self, names: list[str], data: st.DataObject) -> None:
        holds(await listed(board(*names, default=data.draw(st.sampled_from(names)), poll_seconds=30.0)))

    async def test_names_that_just_fit_into_each_schema_hold_it(self) -> None:
        room = NAMES_BYTES - len('["","",""]')
        names = ["d" * (room // 3), "o" * (room - 2 * (room // 3))]
        tools = await listed(board(*names, poll_seconds=30.0))
        assert tools["whoami"]["inputSchema"]["properties"][ARGUMENT]["enum"] == names
        holds(tools)

    async def test_connections_that_differ_hold_it_together(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("a-token")
        text = f"""
            [connections.acme]
            sandbox = true
            webhook_token_file = "{tmp_path / "token"}"
            [connections.globex]
            sandbox = true
            read_only = true
            [connections.initech]
            sandbox = true
            destructive = "block"
        """
        (tmp_path / "connections.toml").write_text(text)
        settings = Settings(connections=str(tmp_path / "connections.toml"), state_dir=str(tmp_path / "state"))
        async with connections.load(settings) as switchboard:
            holds(await listed(switchboard))
            holds(await listed(switchboard.narrowed([Narrowing(toolsets="default")])))
            holds(await listed(switchboard.narrowed([Narrowing()], only={"acme", "initech"})))

    async def test_each_tool_that_writes_has_room_for_an_idempotency_key(self) -> None:
        for name, tool in (await listed(board(*SHORT, poll_seconds=30.0))).items():
            writes = not tool["annotations"]["readOnlyHint"] and not name.startswith("run_")
            assert ("idempotency_key" in tool["inputSchema"]["properties"]) == writes


class TestWhatStepsBack:
    @pytest.mark.parametrize("poll_seconds", [0.0, 30.0])
    @pytest.mark.parametrize("names", [("drift",), SHORT])
    async def test_only_what_another_listed_tool_does(self, names: tuple[str, ...], poll_seconds: float) -> None:
        plain = set(await listed(board("drift")))
        here = set(await listed(board(*names, poll_seconds=poll_seconds)))
        assert here - plain == ({"wait_for_event"} if poll_seconds else set())
        back = STEP_BACK_FOR_CONNECTIONS if len(names) > 1 else STEP_BACK_FOR_EVENTS if poll_seconds else set()
        assert plain - here == back
        assert {"capture_lead", "get_contact_overview"} <= here

    async def test_it_can_be_called_by_name_and_by_the_runner_of_its_risk(self, tmp_path: Path) -> None:
        switchboard = board(*SHORT, poll_seconds=30.0, state_dir=str(tmp_path))
        tools = await listed(switchboard)
        email = "stepped.back@acme.example"
        made = await answered(switchboard, "create_contact", email=email, connection="globex")
        wanted = {
            "get_contact": {"contact_id": made["id"]},
            "find_contacts_by_email": {"email": email},
            "list_received_events": {},
        }
        for name, arguments in wanted.items():
            assert name not in tools
            direct = await answered(switchboard, name, **arguments, connection="globex")
            run = await answered(switchboard, "run_read_operation", name=name, arguments=arguments, connection="globex")
            assert direct == run
        await switchboard.aclose()

    @pytest.mark.parametrize(
        ("intent", "name"),
        [
            ("which webhooks came in", "list_received_events"),
            ("what has Drift told us since my last look", "list_received_events"),
            ("create a new contact", "create_contact"),
            ("find a contact by e-mail", "find_contacts_by_email"),
            ("get a contact by its id", "get_contact"),
        ],
    )
    async def test_it_is_found_by_its_intent(self, intent: str, name: str) -> None:
        found = await answered(board("drift", poll_seconds=30.0), "find_operations", intent=intent)
        assert name in [row["name"] for row in found["operations"]]

    async def test_what_the_operator_or_a_caller_names_is_listed_all_the_same(self) -> None:
        switchboard = board(*SHORT, poll_seconds=30.0, toolsets="default", tools="create_contact,list_received_events")
        assert {"create_contact", "list_received_events"} <= set(await listed(switchboard))
        asked = board(*SHORT, poll_seconds=30.0).narrowed([Narrowing(toolsets="contacts,events")])
        named = {name for name, entry in ENTRIES.items() if entry.toolset == "contacts" and not entry.dangerous}
        assert named | {"wait_for_event", "list_received_events"} <= set(await listed(asked))

    async def test_all_of_them_are_listed_where_all_are_asked_for(self) -> None:
        everything = set(await listed(board(*SHORT, poll_seconds=30.0, toolsets="all")))
        assert everything == {name for name, entry in ENTRIES.items() if not entry.dangerous}


class TestTheConnection:
    async def test_few_short_names_stand_in_each_schema(self) -> None:
        for tool in (await listed(board(*SHORT))).values():
            assert tool["inputSchema"]["properties"][ARGUMENT]["enum"] == list(SHORT)

    async def test_others_are_told_by_whoami_to_those_who_may_use_them(self) -> None:
        switchboard = board(*LONG)
        for tool in (await listed(switchboard)).values():
            argument = tool["inputSchema"]["properties"][ARGUMENT]
            assert "enum" not in argument
            assert "whoami" in argument["description"]
        assert (await answered(switchboard, "whoami"))["connections"] == list(LONG)
        some = switchboard.narrowed([], only=set(LONG[:3]))
        assert (await answered(some, "whoami", connection=LONG[1]))["connections"] == list(LONG[:3])
        assert "connections" not in await answered(switchboard.narrowed([], only={LONG[5]}), "whoami")

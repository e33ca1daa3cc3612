"""`mcp.json.example` works as it stands, and `drift-mcp demo` shows the whole at work."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from mcp import Client, StdioServerParameters, stdio_client

from drift_mcp.demo import _command

from .agent import Agent
from .catalogue import LISTED

EXAMPLE = Path(__file__).parents[2] / "mcp.json.example"
SERVERS: dict[str, Any] = json.loads(EXAMPLE.read_text())["mcpServers"] if EXAMPLE.exists() else {}


def test_the_example_has_one_entry_with_a_token_and_one_with_the_sandbox() -> None:
    assert list(SERVERS) == ["drift", "drift-sandbox"]
    assert "DRIFT_ACCESS_TOKEN" in SERVERS["drift"]["env"]
    assert "--sandbox" not in SERVERS["drift"].get("args", [])
    assert "--sandbox" in SERVERS["drift-sandbox"]["args"]
    assert {server["command"] for server in SERVERS.values()} == {"drift-mcp"}


@pytest.mark.parametrize("name", list(SERVERS))
def test_each_command_in_the_example_starts_and_lists_the_tools(
    portal: BlockingPortal, environment: dict[str, str], workplace: Path, name: str
) -> None:
    entry = SERVERS[name]
    # A host looks the command up in its PATH; `env` does that in the PATH it is given, with this Python's scripts.
    server = StdioServerParameters(
        command="/usr/bin/env" if sys.platform != "win32" else entry["command"],
        args=[*([entry["command"]] if sys.platform != "win32" else []), *entry.get("args", [])],
        env=environment | entry.get("env", {}),
        cwd=workplace,
    )
    client = Client(stdio_client(server))
    with portal.wrap_async_context_manager(client):
        agent = Agent(portal, client)
        assert [tool.name for tool in agent.tools()] == LISTED
        if name == "drift-sandbox":
            assert agent.ask("list_conversations", status=["open"])["count"] > 0


class TestDemo:
    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, run: Callable[..., Any]) -> dict[str, Any]:
        finished = run("demo", "--json")
        assert finished.status == 0, finished.stderr
        assert finished.stderr == ""
        told: dict[str, Any] = finished.json
        return told

    def test_it_ends_well(self, story: dict[str, Any]) -> None:
        assert story["ok"] is True
        assert not story.get("error")

    def test_the_reply_is_in_the_transcript_after_and_not_before(self, story: dict[str, Any]) -> None:
        before, after = story["transcript_before"], story["transcript_after"]
        assert before != after
        replies = [step for step in story["steps"] if step["tool"] == "send_message"]
        assert [step["arguments"].get("type", "chat") for step in replies] == ["chat", "private_note"]
        for step in replies:
            words = step["arguments"]["body"].splitlines()[0]
            assert words in after
            assert words not in before

    def test_it_plays_the_whole_job(self, story: dict[str, Any]) -> None:
        tools = [step["tool"] for step in story["steps"]]
        assert tools[0] == "list_conversations"
        assert {"triage_inbox", "get_conversation_transcript", "send_message", "create_contact"} <= set(tools)
        assert len(tools) < 12

    def test_what_a_person_sees_has_the_reply_the_note_as_one_and_nothing_but_text(
        self, run: Callable[..., Any], story: dict[str, Any]
    ) -> None:
        finished = run("demo", env={"NO_COLOR": "1"})
        assert finished.status == 0, finished.stderr
        assert finished.stderr == ""
        assert "\x1b" not in finished.stdout
        seen = " ".join(finished.stdout.split())
        reply, note = (step["arguments"]["body"] for step in story["steps"] if step["tool"] == "send_message")
        assert f"(Agent): {' '.join(reply.split()[:4])}" in seen
        assert f"(Agent): [private note: only the team sees it] {' '.join(note.split()[:4])}" in seen
        assert "Traceback" not in seen

    def test_what_to_type_next_is_on_the_path_or_told_with_where_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.which", lambda _: None)
        monkeypatch.setattr("sys.argv", [".venv/bin/drift-mcp", "demo"])
        assert _command() == ".venv/bin/drift-mcp"
        monkeypatch.setattr("sys.argv", ["/x/drift_mcp/__main__.py", "demo"])
        assert _command() == f"{shlex.quote(sys.executable)} -m drift_mcp"
        monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
        assert _command() == "drift-mcp"

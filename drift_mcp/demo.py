"""`drift-mcp demo`: an agent replies to a Drift conversation, and you watch.

Starts the real server as a subprocess with the sandbox behind it, connects a real MCP client over stdio, and plays the
job from end to end. The agent is a script: what it shows is what a model would see and call.
"""

import json
import os
import shlex
import shutil
import sys
import textwrap
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import anyio
import click

if TYPE_CHECKING:
    from mcp import Client

QUESTION = "how much for 50k events"
EMAIL = "nina.falk@brightquay.example"
REPLY = (
    "Hi Nina, sorry for the wait! 50,000 events a month fit our Starter plan: $390 a month. "
    "If you expect to grow past that, Team covers 1 million events.\nShall I set up a trial for you?"
)
NOTE = "Nina Falk (Brightquay Imports) asked for a price and had waited a day. Please follow up by mail."
NOTE_MARK = "private note: only the team sees it"


class DemoFailed(Exception):
    """A step did not answer as it must. The message says which."""


@dataclass
class Step:
    """One tool call of the play."""

    why: str
    tool: str
    arguments: dict[str, Any]
    result: dict[str, Any]


@dataclass
class Story:
    """What happened, for `--json`."""

    ok: bool = False
    server: str = ""
    protocol: str = ""
    tools: int = 0
    steps: list[Step] = field(default_factory=list[Step])
    transcript_before: str = ""
    transcript_after: str = ""
    error: str | None = None


class _Agent:
    """Calls tools, keeps the story, and shows each step when there is somebody to show it to."""

    def __init__(self, client: "Client", story: Story, show: bool) -> None:
        self._client = client
        self._story = story
        self._show = show

    async def call(self, why: str, tool: str, /, **arguments: Any) -> dict[str, Any]:
        answer = await self._client.call_tool(tool, arguments)
        step = Step(why, tool, arguments, answer.structured_content or {})
        self._story.steps.append(step)
        if self._show:
            _show_step(step)
        if answer.is_error:
            raise DemoFailed(f"{tool} answered an error: {json.dumps(step.result)}")
        return step.result

    async def transcript(self, why: str, conversation: int) -> str:
        read = await self.call(why, "get_conversation_transcript", conversation_id=conversation)
        return str(read["transcript"])


def main(*, as_json: bool) -> int:
    """Play the demo and print it. Returns the exit status: 0 when every step did what it must."""
    story = Story()
    try:
        anyio.run(_connect_and_play, story, not as_json)
    except DemoFailed as error:
        story.error = str(error)
    except Exception as error:
        # Whatever it is (the server did not start, the pipe broke), the exit status must tell.
        cause: BaseException = error
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        story.error = f"the demo broke: {type(cause).__name__}: {cause}"
    if as_json:
        _echo(json.dumps(asdict(story), ensure_ascii=False, indent=2))
    elif story.error:
        _echo(f"The demo failed: {story.error}", fg="red", bold=True)
    return 0 if story.ok else 1


async def _connect_and_play(story: Story, show: bool) -> None:
    from mcp import Client, StdioServerParameters, stdio_client

    with TemporaryDirectory() as state:  # what is played is not put on the user's record
        serve = ["-m", "drift_mcp", "serve", "--sandbox", "--state-dir", state]
        server = StdioServerParameters(command=sys.executable, args=serve)
        async with Client(stdio_client(server)) as client:
            await _greet_and_play(client, story, show)


async def _greet_and_play(client: "Client", story: Story, show: bool) -> None:
    listed = (await client.list_tools()).tools
    about = client.server_info
    story.server = f"{about.name} {about.version}" if about else "a server without a name"
    story.protocol = client.protocol_version
    story.tools = len(listed)
    if show:
        _show_opening(story)
    await _play(_Agent(client, story, show), story)
    story.ok = True
    if show:
        _show_ending(story)


async def _play(agent: _Agent, story: Story) -> None:
    await agent.call("What is open?", "list_conversations", status=["open"], limit=3)
    inbox = await agent.call("A list does not say who waits, and for what. One job does.", "triage_inbox", limit=20)
    conversation = _asks_for_a_price(inbox["conversations"])
    story.transcript_before = await agent.transcript("Nobody answered this one. What did she ask?", conversation)
    if QUESTION not in story.transcript_before:
        raise DemoFailed("the conversation does not ask for a price")
    known = await agent.call("She left an address. Is she in Drift?", "find_contacts_by_email", email=EMAIL)
    if known["count"]:
        raise DemoFailed(f"the sandbox knows {EMAIL} already")
    contact = await agent.call(
        "No. Save her as a contact.",
        "create_contact",
        email=EMAIL,
        name="Nina Falk",
        attributes={"employment_name": "Brightquay Imports", "plan_of_interest": "Starter"},
    )
    await agent.call(
        "Answer her, with buttons.",
        "send_message",
        conversation_id=conversation,
        body=REPLY,
        buttons=["Yes, please", "No"],
    )
    await agent.call(
        "Tell the team, in a private note.",
        "send_message",
        conversation_id=conversation,
        type="private_note",
        body=NOTE,
    )
    found = await agent.call("Check the contact.", "get_contact", contact_id=contact["id"])
    story.transcript_after = await agent.transcript("Check the conversation.", conversation)
    said = story.transcript_after
    if found.get("email") != EMAIL or "fit our Starter plan" not in said or "follow up by mail" not in said:
        raise DemoFailed("what was written does not read back")


def _asks_for_a_price(waiting: list[dict[str, Any]]) -> int:
    """The conversation of the visitor who gave up waiting and left her address."""
    for row in waiting:
        if EMAIL in row.get("last_message", ""):
            return int(row["conversation_id"])
    raise DemoFailed(f"nobody who waits left the address {EMAIL}")


# ---- for the eye ---------------------------------------------------------------------------------------------------

_WIDTH = min(100, shutil.get_terminal_size((100, 24)).columns)


def _show_opening(story: Story) -> None:
    _echo(f"\n{' Reply to a Drift conversation ':─^{_WIDTH}}", bold=True)
    intro = (
        f"A real MCP client speaks {story.protocol} over stdio with {story.server} ({story.tools} tools listed).\n"
        "Behind it stands the sandbox: a local Drift, so no token is needed and nobody is written to."
    )
    _echo(_wrapped(intro), dim=True)


def _show_step(step: Step) -> None:
    arguments = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in step.arguments.items())
    _echo(f"\n{_wrapped(step.why)}", fg="cyan", bold=True)
    _echo(_wrapped(f"{step.tool}({_clipped(arguments, 160)})", "  "), fg="green")
    _echo(_wrapped("→ " + _clipped(json.dumps(step.result, ensure_ascii=False), 240), "  "), dim=True)


def _show_ending(story: Story) -> None:
    before = story.transcript_before
    # Drift's own transcript does not tell a note from a message.
    added = story.transcript_after.removeprefix(before).strip("\n").replace(NOTE, f"[{NOTE_MARK}] {NOTE}")
    _echo(f"\n{' Before ':─^{_WIDTH}}", dim=True)
    _echo(_wrapped(before, "  "))
    _echo(f"\n{' After ':─^{_WIDTH}}", fg="green")
    _echo(_wrapped(before, "  "))
    _echo(_wrapped(added, "  "), fg="green", bold=True)
    ending = (
        f"{len(story.steps)} tool calls. Next: `{_command()} tools` shows all operations, and mcp.json.example puts "
        "them into Claude Desktop or Cursor."
    )
    _echo(f"\n{_wrapped(ending)}\n", dim=True)


def _command() -> str:
    """What to type for `drift-mcp` here: as this was started, where it is not on the PATH."""
    started = Path(sys.argv[0])
    if shutil.which("drift-mcp"):
        return "drift-mcp"
    return shlex.quote(sys.argv[0]) if started.stem == "drift-mcp" else f"{shlex.quote(sys.executable)} -m drift_mcp"


def _echo(text: str, **style: Any) -> None:
    click.secho(text, color=False if os.environ.get("NO_COLOR") else None, **style)


def _wrapped(text: str, indent: str = "") -> str:
    lines = (textwrap.fill(line, _WIDTH, initial_indent=indent, subsequent_indent=indent) for line in text.splitlines())
    return "\n".join(lines)


def _clipped(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"

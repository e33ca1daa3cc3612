"""`drift-mcp demo`: an agent replies to a Drift conversation, and you watch.

Starts the real server as a subprocess with the sandbox behind it, connects a real MCP client over stdio, and plays the
job from end to end. The agent is a script: what it shows is what a model would see and call.
"""

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from mcp import Client
    from rich.console import Console

QUESTION = "how much for 50k events"
EMAIL = "nina.falk@brightquay.example"
REPLY = (
    "Hi Nina, sorry for the wait! 50,000 events a month fit our Starter plan: $390 a month. "
    "If you expect to grow past that, Team covers 1 million events.\nShall I set up a trial for you?"
)
NOTE = "Nina Falk (Brightquay Imports) asked for a price and had waited a day. Please follow up by mail."


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

    def __init__(self, client: "Client", story: Story, console: "Console | None") -> None:
        self._client = client
        self._story = story
        self._console = console

    async def call(self, why: str, tool: str, /, *, show: bool = True, **arguments: Any) -> dict[str, Any]:
        answer = await self._client.call_tool(tool, arguments)
        step = Step(why, tool, arguments, answer.structured_content or {})
        self._story.steps.append(step)
        if show and self._console is not None:
            _show_step(self._console, step)
        if answer.is_error:
            raise DemoFailed(f"{tool} answered an error: {json.dumps(step.result)}")
        return step.result

    async def transcript(self, why: str, conversation: int, *, show: bool = True) -> str:
        read = await self.call(why, "get_conversation_transcript", show=show, conversation_id=conversation)
        return str(read["transcript"])


def main(*, as_json: bool) -> int:
    """Play the demo and print it. Returns the exit status: 0 when every step did what it must."""
    from rich.console import Console

    console = None if as_json else Console()
    story = Story()
    try:
        anyio.run(_connect_and_play, story, console)
    except DemoFailed as error:
        story.error = str(error)
    except Exception as error:
        # Whatever it is (the server did not start, the pipe broke), the exit status must tell.
        story.error = f"the demo broke: {type(error).__name__}"
    if console is None:
        print(json.dumps(asdict(story), ensure_ascii=False, indent=2))  # noqa: T201 - this is the output
    elif story.error:
        console.print(f"[bold red]The demo failed:[/] {story.error}")
    return 0 if story.ok else 1


async def _connect_and_play(story: Story, console: "Console | None") -> None:
    from mcp import Client, StdioServerParameters, stdio_client

    server = StdioServerParameters(command=sys.executable, args=["-m", "drift_mcp", "serve", "--sandbox"])
    async with Client(stdio_client(server)) as client:
        listed = (await client.list_tools()).tools
        about = client.server_info
        story.server = f"{about.name} {about.version}" if about else "a server without a name"
        story.protocol = client.protocol_version
        story.tools = len(listed)
        if console is not None:
            _show_opening(console, story)
        await _play(_Agent(client, story, console), story)
        story.ok = True
    if console is not None:
        _show_ending(console, story)


async def _play(agent: _Agent, story: Story) -> None:
    inbox = await agent.call("What is waiting?", "list_conversations", status=["open"], limit=40)
    conversation, story.transcript_before = await _find(agent, inbox["items"])
    await agent.transcript("Looked through them; this one asks for a price and nobody answered.", conversation)
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
    await agent.call("Tell the team.", "send_message", conversation_id=conversation, type="private_note", body=NOTE)
    found = await agent.call("Check the contact.", "get_contact", contact_id=contact["id"])
    story.transcript_after = await agent.transcript("Check the conversation.", conversation)
    said = story.transcript_after
    if found.get("email") != EMAIL or "fit our Starter plan" not in said or "follow up by mail" not in said:
        raise DemoFailed("what was written does not read back")


async def _find(agent: _Agent, conversations: list[dict[str, Any]]) -> tuple[int, str]:
    """The pricing question nobody answered, and its transcript. A listing does not say what a chat is about."""
    for row in conversations:
        text = await agent.transcript("Is it this one?", row["id"], show=False)
        if QUESTION in text:
            return int(row["id"]), text
    raise DemoFailed("no open conversation asks for a price")


# ---- for the eye ---------------------------------------------------------------------------------------------------


def _show_opening(console: "Console", story: Story) -> None:
    console.print()
    console.rule("[bold]Reply to a Drift conversation[/]")
    console.print(
        f"[dim]A real MCP client speaks {story.protocol} over stdio with {story.server} ({story.tools} tools listed).\n"
        "Behind it stands the sandbox: a local Drift, so no token is needed and nobody is written to.[/]"
    )


def _show_step(console: "Console", step: Step) -> None:
    from rich.markup import escape

    arguments = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in step.arguments.items())
    console.print(f"\n[bold cyan]{escape(step.why)}[/]")
    console.print(f"  [green]{step.tool}[/]({escape(_clipped(arguments, 160))})")
    console.print(f"  [dim]→ {escape(_clipped(json.dumps(step.result, ensure_ascii=False), 240))}[/]")


def _show_ending(console: "Console", story: Story) -> None:
    from rich.panel import Panel
    from rich.text import Text

    before = story.transcript_before
    added = story.transcript_after.removeprefix(before).strip("\n")
    console.print()
    console.print(Panel(Text(before), title="Before", border_style="dim"))
    console.print(Panel(Text(f"{before}\n").append(added, style="bold green"), title="After", border_style="green"))
    console.print(
        f"[dim]{len(story.steps)} tool calls. Next: [/]drift-mcp tools[dim], or put it into Claude Desktop or Cursor "
        "with mcp.json.example.[/]\n"
    )


def _clipped(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"

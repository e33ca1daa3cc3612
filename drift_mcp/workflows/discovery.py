"""Finding operations by intent, and running those that are not listed."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from drift_mcp import intents
from drift_mcp.catalogue import Entry
from drift_mcp.fields import Line, Text
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.problems import not_allowed
from drift_mcp.surface import lacks_scope
from drift_mcp.workflow import Context, Runner, Workflow

RUNNERS = {
    "read": "run_read_operation",
    "write": "run_write_operation",
    "destructive": "run_destructive_operation",
}


class Find(Request):
    intent: Text = Field(description="What is to be done, in plain words.")
    limit: Annotated[int, Field(ge=1, le=10)] = Field(3, description="How many, 1-10.")


class Found(Result):
    name: str | None = None
    description: str | None = None
    risk: str | None = Field(None, description="read, write or destructive.")
    run_with: str | None = Field(None, description="The tool that runs it, with name and arguments.")
    arguments: dict[str, Any] | None = Field(None, description="JSON schema.")


class Findings(Result):
    operations: list[Found] | None = Field(None, description="The best first.")
    jobs: list[Found] | None = Field(None, description="Whole jobs in one call, where one suits.")
    message: str | None = None


NOTHING = (
    "Nothing here does that. This server works in Drift: conversations, contacts, accounts, users, meetings, bots, "
    "tags, reports. It has no e-mail campaigns, payments, CRM pipeline or other products."
)


async def find_operations(request: Find, context: Context) -> dict[str, Any]:
    """At most one call to Drift, which reads the token's scopes where the list has not done so before."""
    scopes = await context.scopes()
    allowed = {entry.name: entry for entry in context.offered()}
    offered = {name: entry for name, entry in allowed.items() if not lacks_scope(entry, scopes)}
    index = intents.index()
    matches = index.search(request.intent, request.limit)
    if matches and matches[0].name not in offered:
        # Its neighbours do something else: to offer them instead would be worse than to offer nothing.
        best = allowed.get(matches[0].name)
        why = f"Drift's token lacks the scope {best.scope} for {best.name}." if best else None
        return {"operations": [], "message": why or not_allowed(matches[0].name)["error"]["message"]}
    jobs = [match for match in index.jobs(request.intent) if match.name in offered]
    answer: dict[str, Any] = {"operations": [_found(match.name, offered) for match in matches if match.name in offered]}
    if jobs:
        answer["jobs"] = [_found(match.name, offered) for match in jobs]
    if not matches and not jobs:
        answer["message"] = NOTHING
    return answer


def _found(name: str, offered: Mapping[str, Entry]) -> dict[str, Any]:
    """What is said of a tool. Where no runner may run it, it is called itself, as any tool can be."""
    entry = offered[name]
    runner = name if entry.toolset == "server" else RUNNERS[entry.access]
    return {
        "name": name,
        "description": entry.tool["description"],
        "risk": entry.access,
        "run_with": runner if runner in offered else name,
        "arguments": entry.tool["inputSchema"],
    }


class Run(Request):
    name: Line = Field(description="Operation name.")
    arguments: dict[str, Any] | None = Field(None, description="Its arguments.")


def _runner(access: Access, title: str, summary: str, intents_: tuple[str, ...], lost: LostAnswer) -> Runner:
    return Runner(
        name=RUNNERS[access.value],
        title=title,
        summary=summary,
        guidance="find_operations shows its arguments.",
        intents=intents_,
        toolset="server",
        scope=None,
        access=access,
        lost_answer=lost,
        request=Run,
        result=Result,
        runs=access,
        essential=True,
    )


WORKFLOWS = [
    Workflow(
        name="find_operations",
        title="Find operations",
        summary="Find Drift operations for an intent such as “reply to a Drift conversation”, with arguments and risk.",
        guidance="Use it when no listed tool fits.",
        intents=(
            "what can I do here",
            "which tool does this",
            "search the available operations",
        ),
        toolset="server",
        scope=None,
        access=Access.READ,
        request=Find,
        result=Findings,
        run=find_operations,
        essential=True,
    ),
    _runner(
        Access.READ,
        "Run a reading operation",
        "Run a read operation by name.",
        ("run an unlisted read", "execute a found read operation", "call a reading operation by name"),
        LostAnswer.REPEAT,
    ),
    _runner(
        Access.WRITE,
        "Run a writing operation",
        "Run a write operation by name; it changes data in Drift.",
        ("run an unlisted write", "execute a found write operation", "call a writing operation by name"),
        LostAnswer.LOOK_FIRST,
    ),
    _runner(
        Access.DESTRUCTIVE,
        "Run a destructive operation",
        "Run a destructive operation by name; it deletes or cannot be undone.",
        ("run an unlisted deletion", "execute a found destructive operation", "call a deleting operation by name"),
        LostAnswer.LOOK_FIRST,
    ),
]

"""Finding operations by intent, and running those that are not listed."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from drift_mcp import catalogue, intents, problems
from drift_mcp.catalogue import Entry
from drift_mcp.fields import Line, Text
from drift_mcp.operation import Access, LostAnswer, Request, Result
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
    kind: str | None = Field(None, description="operation: one call to Drift. job: several, in one.")
    description: str | None = None
    risk: str | None = Field(None, description="read, write or destructive.")
    run_with: str | None = Field(None, description="The tool that runs it, with name and arguments.")
    arguments: dict[str, Any] | None = Field(None, description="JSON schema.")


class Findings(Result):
    operations: list[Found] | None = Field(None, description="Operations, and jobs where one suits; the best first.")
    message: str | None = None


NOTHING = (
    "Nothing here does that. This server works in Drift: conversations, contacts, accounts, users, meetings, bots, "
    "tags, reports. It has no e-mail campaigns, payments, CRM pipeline or other products."
)


_LEAST_FIT, _FIT = 0.6, 0.4
"""How well an operation fits by its score, on the scale of the jobs: 0.6 where the search is in two minds about it (0).

Of the training phrases that mean an operation 5 in 10,000 have a job put before the right one; of the jobs' own, 1 in
100 has an operation there.
"""


def ranked(intent: str, limit: int) -> list[str]:
    """The names of the `limit` best operations, and of the jobs that suit besides: one list, the best first."""
    index = intents.index()
    fits = {match.name: _LEAST_FIT + _FIT * match.score for match in index.search(intent, limit)}
    fits |= {match.name: match.score for match in index.jobs(intent)}
    return sorted(fits, key=lambda name: -fits[name])


async def find_operations(request: Find, context: Context) -> dict[str, Any]:
    """At most one call to Drift, which reads the token's scopes where the list has not done so before."""
    scopes = await context.scopes()
    allowed = {entry.name: entry for entry in context.offered()}
    offered = {name: entry for name, entry in allowed.items() if not lacks_scope(entry, scopes)}
    every = catalogue.load()
    names = ranked(request.intent, request.limit)
    if not names:
        return {"operations": [], "message": NOTHING}
    best = next((name for name in names if _is_operation(every[name])), None)
    if best is not None and best not in offered:
        # Its neighbours do something else: to offer them instead would be worse than to offer nothing.
        names = names[: names.index(best) + 1]
    found = [_found(name, offered) for name in names if name in offered]
    if not found:
        entry = every[names[0]]
        return {"operations": [], "message": _why_not(entry, context, lacking=entry.name in allowed)}
    return {"operations": found}


def _is_operation(entry: Entry) -> bool:
    return entry.path is not None


def _why_not(entry: Entry, context: Context, *, lacking: bool) -> str:
    if lacking:
        return (
            f"Drift's token lacks the scope {entry.scope} for {entry.name}. Ask the user to add it to the app in "
            "Drift's developer portal and to get a new token: a token does not gain scopes afterwards."
        )
    forbidden = entry.access != "read" and context.about()["surface"]["read_only"]
    said = problems.read_only(entry.name) if forbidden else problems.not_allowed(entry.name)
    return f"{said['error']['message']} {said['error']['next']}"


def _found(name: str, offered: Mapping[str, Entry]) -> dict[str, Any]:
    """What is said of a tool. Where no runner may run it, it is called itself, as any tool can be."""
    entry = offered[name]
    runner = name if entry.toolset == "server" else RUNNERS[entry.access]
    return {
        "name": name,
        "kind": "operation" if _is_operation(entry) else "job",
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

"""Whether a connection has a token, whether Drift accepts it, and what it is good for."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from drift_mcp.connection import Connection
from drift_mcp.doctor import Finding, Level, ok, problem, warning
from drift_mcp.doctor.probe import No, Told, ask
from drift_mcp.doctor.reach import base_url, reach
from drift_mcp.doctor.token import fault, how, place

if TYPE_CHECKING:
    from drift_mcp.toolbox import Toolbox

_SHOWN = 8


async def tried(connection: Connection) -> Told | Finding:
    """What Drift tells of the token, or what is wrong with that."""
    wrong = None if connection.settings.sandbox else await fault(connection)
    if wrong and wrong.level is Level.PROBLEM:
        return wrong
    return await _asked(connection)


async def _asked(connection: Connection) -> Told | Finding:
    told = await ask(connection)
    about = f"{connection.name}: token"
    if told.no is No.UNTOLD:
        text = f"Drift did not say whether it accepts {place(connection)} ({told.detail})"
        url = base_url(connection.settings)
        return problem(about, text, f"try again; if it lasts, check {url} and Drift's status page")
    if told.no is No.REJECTED:
        return problem(about, f"Drift does not accept it (from {place(connection)})", how(connection))
    if told.no is No.MISSING:  # what it says to an agent after that is for the agent
        return problem(about, f"{place(connection)}: {told.detail.partition(' Ask the user')[0]}", how(connection))
    return told


async def checked(toolbox: "Toolbox") -> list[Finding]:
    """Everything about the Drift of one connection."""
    connection = toolbox.connection
    if connection.settings.sandbox:
        return [ok(connection.name, "is the sandbox: it needs neither token nor network")]
    found = [_of(connection, each) for each in await reach(connection.settings)]
    wrong = await fault(connection)
    found += [wrong] if wrong else []
    if any(each.level is Level.PROBLEM for each in found):
        return found  # who cannot be reached cannot be asked
    told = await _asked(connection)
    if isinstance(told, Finding):
        return [*found, told]
    text = f"from {place(connection)}, accepted for organisation {told.organisation or 'unknown'}"
    return [*found, ok(f"{connection.name}: token", text), _scopes(toolbox, told.scopes)]


def _of(connection: Connection, finding: Finding) -> Finding:
    return Finding(finding.level, f"{connection.name}: {finding.about}", finding.text, finding.todo)


def _scopes(toolbox: "Toolbox", scopes: Collection[str]) -> Finding:
    """Which of the tools that would be listed are not, because the token cannot run them."""
    about = f"{toolbox.connection.name}: scopes"
    if not scopes:
        return warning(about, "Drift does not tell the token's", "nothing: a call that lacks one says which")
    chosen = [entry for entry in toolbox.offered() if toolbox.surface.is_listed(entry)]
    lacking = [entry for entry in chosen if not toolbox.surface.is_listed(entry, scopes)]
    if not lacking:
        return ok(about, f"the token can run all {len(chosen)} tools that are listed")
    names = ", ".join(entry.name for entry in lacking[:_SHOWN]) + (", …" if len(lacking) > _SHOWN else "")
    missing = ", ".join(sorted({entry.scope for entry in lacking if entry.scope}))
    text = f"{len(lacking)} of the {len(chosen)} tools are hidden ({names}), because the token lacks {missing}"
    return warning(about, text, "add the scopes to the app in Drift's developer portal, then get a new token")

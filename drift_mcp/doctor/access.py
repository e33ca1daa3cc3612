"""Whether a connection has a token, whether Drift accepts it, and what it is good for."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drift_mcp.connection import Connection
from drift_mcp.credentials import source as credentials
from drift_mcp.doctor import Finding, Level, ok, problem, warning
from drift_mcp.doctor.reach import reach

if TYPE_CHECKING:
    from drift_mcp.toolbox import Toolbox

_KINDS = {
    "token_env": "environment variable",
    "token_file": "file",
    "token_command": "command",
    "oauth": "login in the browser",
    "keyring": "login with a token",
}
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Told:
    """What Drift says of a token, or why it says nothing: `refused` is None where it does not matter."""

    organisation: int | None = None
    scopes: tuple[str, ...] = ()
    refused: Finding | None = None


def token_kind(connection: Connection) -> str:
    """Where its token comes from. A kind, and nothing of the token or its place."""
    if connection.settings.sandbox:
        return "sandbox"
    source = connection.source or credentials.of_environment()
    return next(kind for name, kind in _KINDS.items() if getattr(source, name))


async def ask(connection: Connection) -> Told:
    """Asks Drift about the token."""
    from drift_mcp.drift.errors import BadToken, DriftError, Forbidden, InvalidRequest, NotConnected, Unauthorized

    about = f"{connection.name}: token"
    try:
        told = await connection.token_info()
    except NotConnected as error:
        return Told(refused=problem(about, error.detail or "there is no token", _get_one(connection)))
    except (Unauthorized, Forbidden, InvalidRequest, BadToken):
        return Told(refused=problem(about, "Drift does not accept it", _get_one(connection)))
    except DriftError as error:
        text = f"Drift did not say whether it accepts it ({error.kind})"
        return Told(refused=problem(about, text, "try again; if it lasts, check the base URL and Drift's status page"))
    return Told(told.get("org_id"), tuple(told.get("scopes") or ()))


async def checked(toolbox: "Toolbox") -> list[Finding]:
    """Everything about the Drift of one connection."""
    connection = toolbox.connection
    if connection.settings.sandbox:
        return [ok(connection.name, "is the sandbox: it needs neither token nor network")]
    found = [_of(connection, each) for each in await reach(connection.settings)]
    if not await connection.available():
        text = f"there is none (it would come from: {token_kind(connection)})"
        return [*found, problem(f"{connection.name}: token", text, _get_one(connection))]
    if any(each.level is Level.PROBLEM for each in found):
        return found  # who cannot be reached cannot be asked
    told = await ask(connection)
    if told.refused:
        return [*found, told.refused]
    text = f"from {token_kind(connection)}, accepted for organisation {told.organisation or 'unknown'}"
    return [*found, ok(f"{connection.name}: token", text), _scopes(toolbox, told.scopes)]


def _of(connection: Connection, finding: Finding) -> Finding:
    return Finding(finding.level, f"{connection.name}: {finding.about}", finding.text, finding.todo)


def _scopes(toolbox: "Toolbox", scopes: Collection[str]) -> Finding:
    """Which of the tools that would be listed the token cannot run."""
    about = f"{toolbox.connection.name}: scopes"
    if not scopes:
        return warning(about, "Drift does not tell the token's", "nothing: a call that lacks one says which")
    chosen = [entry for entry in toolbox.offered() if toolbox.surface.is_listed(entry)]
    lacking = [entry for entry in chosen if not toolbox.surface.is_listed(entry, scopes)]
    if not lacking:
        return ok(about, f"the token can run all {len(chosen)} tools that are listed")
    names = ", ".join(entry.name for entry in lacking[:_SHOWN]) + (", …" if len(lacking) > _SHOWN else "")
    missing = ", ".join(sorted({entry.scope for entry in lacking if entry.scope}))
    text = f"the token cannot run {len(lacking)} of {len(chosen)} listed tools ({names}): it lacks {missing}"
    return warning(about, text, "add the scopes to the app in Drift's developer portal, then get a new token")


def _get_one(connection: Connection) -> str:
    """How to get a token that works."""
    kind = token_kind(connection)
    name = "" if connection.name == "drift" else f" {connection.name}"
    if kind == _KINDS["oauth"]:
        return f"run `drift-mcp login{name}`"
    if kind == _KINDS["keyring"]:
        return f"run `drift-mcp login{name} --token`, or set DRIFT_ACCESS_TOKEN"
    return f"put a valid Drift token into the {kind}, from Drift's developer portal"

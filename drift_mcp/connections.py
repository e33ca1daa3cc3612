"""The operator's file of connections, and the switchboard made of it. Without a file there is one connection.

default = "acme"

[connections.acme]
token_env = "ACME_DRIFT_TOKEN"

[connections.acme.on.new_conversation]
enrich_contact = true

[connections.globex]
token_file = "/run/secrets/globex"
read_only = true

What stands under `on` are rules: see `drift_mcp.events.rules.rule`.
"""

import re
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drift_mcp.connection import Connection
from drift_mcp.credentials import source as credentials
from drift_mcp.settings import InvalidSetting, Settings
from drift_mcp.surface import Narrowing
from drift_mcp.switchboard import Switchboard
from drift_mcp.toolbox import Toolbox

if TYPE_CHECKING:
    from typing import Protocol

    from drift_mcp.events.rules.rule import Rule

    class Narrows(Protocol):
        """What an entry of the operator's files says of how much it is for. In a text, commas part the names."""

        toolsets: str | list[str]
        tools: str | list[str]
        exclude_tools: str | list[str]
        read_only: bool


_OWN = ("sandbox_org", "base_url", "catalogue_prefix", "calls_per_minute", "cache_seconds", "destructive")
"""Settings that an entry may give a value of its own."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class _Entry(BaseModel):
    """One connection. What is not a field here says where its credential comes from."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True, strict=True, defer_build=True)

    sandbox: bool = False
    sandbox_org: int | None = None
    base_url: str | None = None
    catalogue_prefix: str | None = None
    calls_per_minute: float | None = None
    cache_seconds: float | None = None
    destructive: str | None = None
    webhook_token_env: str = ""
    webhook_token_file: str = ""
    toolsets: str | list[str] = ""
    tools: str | list[str] = ""
    exclude_tools: str | list[str] = ""
    read_only: bool = False
    on: dict[str, dict[str, Any]] = {}

    def over(self, settings: Settings, name: str) -> Settings:
        """`settings` as they are for this connection."""
        own = {name: getattr(self, name) for name in _OWN}
        # What this machine's own variable has is for one app, not for all of these.
        webhooks = {name: getattr(self, name) for name in ("webhook_token_env", "webhook_token_file")}
        state = str(settings.state() / "connections" / name)
        return replace(
            settings,
            sandbox=self.sandbox,
            state_dir=state,
            **webhooks,
            **{name: value for name, value in own.items() if value is not None},
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)

    default: str = ""
    connections: dict[Name, _Entry] = Field(min_length=1)


def load(settings: Settings) -> Switchboard:
    """The connections that `settings` ask for, none of them open yet.

    Raises:
        InvalidSetting: the file cannot be used, or a setting names a tool that does not exist.
    """
    if not settings.connections:
        connection = Connection(settings, source=None if settings.sandbox else credentials.of_environment())
        return Switchboard({connection.name: Toolbox(connection)}, connection.name)
    path = Path(settings.connections)
    file = _read(path)
    if settings.sandbox:
        raise InvalidSetting("connections: give `sandbox = true` to a connection in the file, not --sandbox beside it")
    played = [name for name, entry in file.connections.items() if entry.sandbox]
    toolboxes: dict[str, Toolbox] = {}
    for name, entry in file.connections.items():
        try:
            source = _source(entry)
            # Several sandboxes are several organisations, though each begins with the same company in it.
            if name in played[1:] and entry.sandbox_org is None:
                entry.sandbox_org = _organisation(name)
            connection = Connection(entry.over(settings, name), name, source=source, rules=_rules(entry))
            toolboxes[name] = Toolbox(connection).narrowed(narrowing(entry))
        except InvalidSetting as error:
            raise InvalidSetting(f"connections: {name}: {error} (in {path})") from None
    default = file.default or next(iter(toolboxes))
    if default not in toolboxes:
        raise InvalidSetting(f"connections: the default {default!r} is none of {', '.join(toolboxes)} (in {path})")
    return Switchboard(toolboxes, default)


def narrowing(entry: "Narrows") -> Narrowing:
    """What `entry` asks for, in the words of the settings."""
    given = (entry.toolsets, entry.tools, entry.exclude_tools)
    toolsets, tools, exclude_tools = (names if isinstance(names, str) else ",".join(names) for names in given)
    return Narrowing(toolsets, tools, exclude_tools, entry.read_only)


def _organisation(name: str) -> int:
    """The id of a sandbox's organisation that was given none: six digits, the same for a name each time."""
    return 100_000 + crc32(name.encode()) % 900_000


def _source(entry: _Entry) -> credentials.Source | None:
    """Where its token comes from, None for a sandbox.

    Raises:
        InvalidSetting: nothing says so, or what does is unknown, nonsense or beside a sandbox.
    """
    given = entry.model_extra or {}
    known = [each.name for each in fields(credentials.Source)]
    for name in sorted(set(given) - set(known)):
        close = get_close_matches(name, [*known, *_Entry.model_fields], n=1)
        hint = f"did you mean {close[0]}?" if close else "docs/credentials.md has those there are"
        if name == "token":  # like many of them, and in a file of settings not wanted
            hint = "a token does not belong in this file; say where it is, with token_env or token_file"
        raise InvalidSetting(f"{name!r} is no setting of a connection; {hint}")
    if entry.sandbox and given:
        raise InvalidSetting(f"leave out either `sandbox = true`, which needs no token, or {', '.join(given)}")
    if entry.sandbox:
        return None
    try:
        return credentials.of_entry(given)
    except InvalidSetting as error:
        if given:
            raise
        raise InvalidSetting(f"{error}, or give `sandbox = true`") from None


def _rules(entry: _Entry) -> "tuple[Rule, ...]":
    if not entry.on:
        return ()
    from drift_mcp.events.rules.rule import rules_of

    return rules_of(entry.on)


def _read(path: Path) -> _File:
    import tomllib

    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidSetting(f"connections: {path} cannot be read ({error.strerror})") from None
    except ValidationError as error:
        raise InvalidSetting.of(f"connections: {path}", error) from None
    except UnicodeDecodeError:
        raise InvalidSetting(f"connections: {path} is not in UTF-8") from None
    except ValueError as error:
        # Only where it is: the rest may repeat what stands there.
        place = re.search(r"\(at (line \d+, column \d+|end of document)\)$", str(error))
        where = f": see {place[1]}" if place else ""
        raise InvalidSetting(f"connections: {path} is no TOML{where}") from None

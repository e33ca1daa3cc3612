"""Who sees and may run what, decided in one place from one catalogue record.

There are two questions. *May it run?* is policy: read-only, excluded names, the toolsets and tools the operator named,
and dangerous or blocked operations. *Is it listed?* is also a matter of size and of use: the default list has the
everyday tools, and a tool whose scope the token lacks would only fail. What is left out for size can still be called by
name; what policy forbids can not.

The default list has room for 20 tools and 16 KB. Where events come it has `wait_for_event` too, and where there are
several connections each tool takes one as an argument more: for these, tools step back whose work another listed one
does.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from drift_mcp.catalogue import Entry
from drift_mcp.settings import InvalidSetting, Settings

_FEW = 30
DEFAULT, ALL, DISCOVERY = "default", "all", "discovery"
SIZES = (DEFAULT, ALL, DISCOVERY)
"""Choices of `toolsets` that only say how much is listed; the name of a toolset also forbids the others."""

WAIT = "wait_for_event"
STEP_BACK_FOR_EVENTS = frozenset({"create_contact"})
"""`capture_lead` creates a contact too, and looks before it does."""
STEP_BACK_FOR_CONNECTIONS = STEP_BACK_FOR_EVENTS | {"get_contact", "find_contacts_by_email"}
"""`get_contact_overview` takes an id or an address."""

UNDOCUMENTED_SCOPES = frozenset({"scim"})
"""Scopes that no document says a token would name, so that their absence hides nothing."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a key or a single request asks for, in the words of the settings of the same names."""

    toolsets: str = ""
    tools: str = ""
    exclude_tools: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What else a default list has to have room for: `hears`: events come; `several`: there are more connections."""

    hears: bool = False
    several: bool = False

    def everyday(self, entry: Entry) -> bool:
        """Whether the tool is one of the default list here."""
        if entry.name == WAIT:
            return self.hears
        back = STEP_BACK_FOR_CONNECTIONS if self.several else STEP_BACK_FOR_EVENTS if self.hears else frozenset[str]()
        return entry.everyday and entry.name not in back


ALONE = Around()


@dataclass(frozen=True, slots=True)
class Surface:
    """An operator's choice, or a part of it. `allowed` is None when every tool may run."""

    size: str
    allowed: frozenset[str] | None
    excluded: frozenset[str]
    named: frozenset[str]
    read_only: bool
    dangerous: bool
    destructive: bool = True
    listed_by: "tuple[Surface, ...]" = ()
    """Where set, these decide together what is listed of what may run."""

    def may_run(self, entry: Entry) -> bool:
        """Whether policy lets the tool run. Read-only comes first, then exclusion, then what was chosen."""
        return self.may_use(entry) and (self.allowed is None or entry.name in self.allowed)

    def may_use(self, entry: Entry) -> bool:
        """Whether a job may use the tool inside: who chooses a job chooses its parts, but nothing forbidden."""
        if self.forbids_writing(entry) or (not self.destructive and entry.access == "destructive"):
            return False
        return entry.name not in self.excluded and (self.dangerous or not entry.dangerous)

    def forbids_writing(self, entry: Entry) -> bool:
        """Whether the tool may not run because it writes and nothing may: then that is what a refusal says."""
        return self.read_only and entry.access != "read"

    def is_listed(self, entry: Entry, scopes: Collection[str] | None = None, around: Around = ALONE) -> bool:
        """Whether `tools/list` shows it to a token with `scopes` (None: not known, so nothing is hidden for that)."""
        if not self.may_run(entry) or lacks_scope(entry, scopes):
            return False
        if self.listed_by:
            return all(each.is_listed(entry, scopes, around) for each in self.listed_by)
        if self.allowed is not None or entry.name in self.named:
            return True
        return self.size == ALL or entry.essential or (self.size == DEFAULT and around.everyday(entry))

    def narrowed(self, asked: Narrowing, entries: Mapping[str, Entry]) -> "Surface":
        """The part of this surface that is `asked` for. What may run only ever shrinks.

        How much of that is listed is the caller's choice, as its context is the caller's; but an operator who chose
        the smallest list is not given a longer one.

        Raises:
            InvalidSetting: a toolset or tool is named that does not exist.
        """
        own = _choice(asked, entries, dangerous=self.dangerous)
        both = [each.allowed for each in (self, own) if each.allowed is not None]
        bound = self.listed_by or (self,)
        size, listed_by = self.size, bound
        if asked.toolsets.strip(" ,") or asked.tools.strip(" ,"):
            small = self.size == DISCOVERY
            size, listed_by = (self.size, (*bound, own)) if small else (own.size, (own,))
        return Surface(
            size=size,
            allowed=frozenset.intersection(*both) if both else None,
            excluded=self.excluded | own.excluded,
            named=own.named,
            read_only=self.read_only or own.read_only,
            dangerous=self.dangerous,
            destructive=self.destructive,
            listed_by=listed_by,
        )

    def summary(self) -> dict[str, object]:
        """The choice in words, for those who ask what this server offers."""
        size = self.size if self.allowed is None else "chosen"
        chosen: dict[str, object] = {"list": size, "read_only": self.read_only, "dangerous": self.dangerous}
        if self.allowed is not None:
            chosen["only"] = sorted(self.allowed)
        if not self.destructive:
            chosen["destructive"] = False
        if self.excluded:
            chosen["excluded"] = sorted(self.excluded)
        return chosen


def chosen(settings: Settings, entries: Mapping[str, Entry]) -> Surface:
    """The surface that `settings` ask for.

    Raises:
        InvalidSetting: a toolset or tool is named that does not exist.
    """
    chosen = _choice(settings, entries, dangerous=settings.allow_dangerous)
    return replace(chosen, destructive=settings.destructive != "block")


def _choice(asked: Settings | Narrowing, entries: Mapping[str, Entry], *, dangerous: bool) -> Surface:
    toolsets = sorted({entry.toolset for entry in entries.values()})
    wanted = _names("toolsets", asked.toolsets, [*SIZES, *toolsets])
    tools = _names("tools", asked.tools, entries)
    excluded = _names("exclude_tools", asked.exclude_tools, entries)
    sizes = [name for name in wanted if name in SIZES]
    sets = [name for name in wanted if name not in SIZES]
    if len(sizes) > 1 or (sizes and sets):
        raise InvalidSetting(f"toolsets takes one of {', '.join(SIZES)}, or names of toolsets, not both")
    allowed: frozenset[str] | None = None
    if sets or (tools and not sizes):
        allowed = frozenset(tools) | {
            entry.name for entry in entries.values() if entry.toolset in sets or entry.essential
        }
    return Surface(
        size=sizes[0] if sizes else DEFAULT,
        allowed=allowed,
        excluded=frozenset(excluded),
        named=frozenset(tools),
        read_only=asked.read_only,
        dangerous=dangerous,
    )


def lacks_scope(entry: Entry, scopes: Collection[str] | None) -> bool:
    """Whether a token with `scopes` (None: not known) would be refused."""
    if scopes is None or entry.scope is None or entry.scope in UNDOCUMENTED_SCOPES:
        return False
    return entry.scope not in scopes


def _names(setting: str, text: str, known: Collection[str]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            few = ", ".join(known) if len(known) < _FEW else "`drift-mcp tools` shows all"
            hint = f"did you mean {close[0]}?" if close else f"there are: {few}"
            raise InvalidSetting(f"{setting}: there is no {name!r}; {hint}")
    return names

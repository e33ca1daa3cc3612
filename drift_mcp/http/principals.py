"""Who calls over HTTP, and what an entry of the operator's files says that they may use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from drift_mcp.connections import narrowing
from drift_mcp.settings import InvalidSetting
from drift_mcp.surface import Narrowing
from drift_mcp.switchboard import Switchboard


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that has shown who it is, or anyone at all where nobody is asked.

    No two callers have the same `name`: limits, sessions and records go by it. `connections` None: all there are.
    """

    name: str
    narrowing: Narrowing | None = None
    connections: frozenset[str] | None = None


ANYONE = Principal("anyone")

Check = Callable[[Principal], object]
"""Raises InvalidSetting for what no caller can be given."""


class Grant(BaseModel):
    """What every entry says, whichever way its caller shows who it is."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=100)
    connections: list[str] | None = Field(default=None, min_length=1)
    toolsets: str | list[str] = ""
    tools: str | list[str] = ""
    exclude_tools: str | list[str] = ""
    read_only: bool = False

    def principal(self, part: str = "") -> Principal:
        """The caller; `part` says which of them, where the entry is for several."""
        connections = None if self.connections is None else frozenset(self.connections)
        name = f"{self.name}#{part}" if part else self.name
        return Principal(name, narrowing(self), connections)


def check_against(switchboard: Switchboard) -> Check:
    """Finds what an entry grants that this server has not, and an entry that leaves open which Drift it is for."""

    def check(principal: Principal) -> None:
        known = ", ".join(switchboard.names)
        if principal.connections is None:
            if len(switchboard.names) > 1:
                raise InvalidSetting(f"say which connections this caller may use, out of: {known}")
        elif unknown := sorted(principal.connections - set(switchboard.names)):
            raise InvalidSetting(f"there is no connection {unknown[0]!r}; there are: {known}")
        switchboard.narrowed([principal.narrowing or Narrowing()], principal.connections)

    return check


def check_all(grants: Sequence[Grant], check: Check, what: str) -> None:
    """Checks the entries of a file.

    Raises:
        InvalidSetting: two have the same name, or `check` raises it for one.
    """
    names = [grant.name.lower() for grant in grants]
    if len(set(names)) < len(names):
        raise InvalidSetting(f"{what}: two entries have the same name")
    for grant in grants:
        try:
            check(grant.principal())
        except InvalidSetting as error:
            raise InvalidSetting(f"{what}: {grant.name}: {error}") from None

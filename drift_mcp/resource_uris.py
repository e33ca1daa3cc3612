"""The resources of several connections: their URIs say which one they are of, as the argument `connection` of a tool.

drift://conversations/55                     of the default connection, as with only one
drift://conversations/55?connection=globex   of another
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drift_mcp import resources
from drift_mcp.resources import NoResource
from drift_mcp.switchboard import ARGUMENT, Switchboard

if TYPE_CHECKING:
    from drift_mcp.toolbox import Toolbox

_QUERY = f"?{ARGUMENT}="
_VARIABLE = f"{{?{ARGUMENT}}}"
"""What a URI template ends with (RFC 6570), where there is something to choose."""


def placed(switchboard: Switchboard, uri: str) -> "tuple[Toolbox, str]":
    """The toolbox of the connection that `uri` is of, and what it would be if there were no other.

    Raises:
        NoResource: there is no such connection for this caller.
    """
    own, named, name = uri.partition(_QUERY)
    if not named or len(switchboard.names) == 1:
        return switchboard.toolbox(), uri
    if name and name not in switchboard.names:
        raise NoResource(f"There is no such connection; there are: {', '.join(switchboard.names)}.")
    return switchboard.toolbox(name or None), own


def listed(switchboard: Switchboard) -> list[dict[str, Any]]:
    """The resources that have a URI of their own, those of the default connection first."""
    default = switchboard.toolbox()
    rows = resources.listed(events=_tells(default))
    for name in switchboard.names:
        toolbox = switchboard.toolbox(name)
        if toolbox is not default:
            rows += [_of(name, row) for row in resources.listed(events=_tells(toolbox))]
    return rows


def templates(switchboard: Switchboard) -> list[dict[str, Any]]:
    """The kinds of resources that are read by id, of those that any of the connections can read."""
    hears = any(_tells(switchboard.toolbox(name)) for name in switchboard.names)
    shown = resources.templates(switchboard.offered(), events=hears)
    if len(switchboard.names) == 1:
        return shown
    return [row | {"uriTemplate": row["uriTemplate"] + _VARIABLE} for row in shown]


async def read(switchboard: Switchboard, uri: str) -> dict[str, Any]:
    """The content of the resource at `uri`, as MCP's text contents.

    Raises:
        NoResource: no such resource, or Drift does not give it.
    """
    toolbox, own = placed(switchboard, uri)
    found = await resources.read(toolbox, own)
    return {"contents": [content | {"uri": uri} for content in found["contents"]]}


async def complete(
    switchboard: Switchboard, uri_template: str, argument: str, start: str, chosen: Mapping[str, str]
) -> list[str]:
    """Values for the variable `argument` of a template that begin with `start`; `chosen` are those of other variables.

    None when Drift cannot be asked, or there is no such connection.
    """
    names = switchboard.names
    name = None
    if len(names) > 1 and uri_template.endswith(_VARIABLE):
        uri_template = uri_template.removesuffix(_VARIABLE)
        if argument == ARGUMENT and resources.is_template(uri_template):
            return [name for name in names if name.startswith(start)][: resources.MAX_COMPLETIONS]
        name = chosen.get(ARGUMENT) or None
        if name is not None and name not in names:
            return []
    return await resources.complete(switchboard.toolbox(name), uri_template, argument, start)


def _tells(toolbox: "Toolbox") -> bool:
    """Whether its caller is told of events."""
    return toolbox.connection.events.hears and toolbox.offers(resources.CONVERSATION_EVENTS.tool)


def _of(connection: str, row: dict[str, Any]) -> dict[str, Any]:
    named = {"name": f"{row['name']}-{connection}", "title": f"{row['title']} ({connection})"}
    return row | named | {"uri": f"{row['uri']}{_QUERY}{connection}"}

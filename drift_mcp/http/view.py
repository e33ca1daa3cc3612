"""A toolbox as one caller sees it: the same toolbox, gateway and state, with a smaller surface."""

from collections.abc import Iterable
from typing import Any

from drift_mcp import catalogue
from drift_mcp.surface import Narrowing, Surface
from drift_mcp.toolbox import Toolbox


class View(Toolbox):
    """Has nothing of its own but its surface: everything else is read from and kept in the whole toolbox.

    Made for each request, so it must cost nothing to make.
    """

    def __init__(self, whole: Toolbox, surface: Surface) -> None:
        self.__dict__.update(_whole=whole, _surface=surface)

    def __getattr__(self, name: str) -> Any:
        # Asked only for what is not found here.
        return getattr(self.__dict__["_whole"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_whole"], name, value)

    async def aclose(self) -> None:
        """Nothing: others look at the same toolbox."""


def narrowed(toolbox: Toolbox, asked: Iterable[Narrowing]) -> Toolbox:
    """`toolbox`, offering no more than each of `asked`; itself where nothing is.

    Raises:
        InvalidSetting: a toolset or tool is named that does not exist.
    """
    surface = whole = toolbox.surface
    for each in asked:
        surface = surface.narrowed(each, catalogue.load())
    return toolbox if surface is whole else View(toolbox, surface)

"""A queue that is fair between tool calls, not between their Drift calls.

Tool calls with something waiting take turns, one Drift call each (round robin). A job with a hundred calls waiting
delays a single reply by one call, and a stream of single calls cannot starve the job either.
"""

from collections import deque

import anyio

from drift_mcp.drift.turn import Turn


class Place:
    """One Drift call in the queue. `came` is set once it is first."""

    __slots__ = ("came", "turn")

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.came = anyio.Event()


class FairQueue:
    """Places by tool call, the tool call to be served next first. A place that is first stays so until it leaves."""

    def __init__(self) -> None:
        self._waiting: dict[Turn, deque[Place]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def join(self, turn: Turn) -> Place:
        """A new place, behind those of the same tool call; a tool call that had none comes after all others."""
        place = Place(turn)
        self._waiting.setdefault(turn, deque()).append(place)
        self._wake()
        return place

    def leave(self, place: Place, *, served: bool) -> None:
        """Give `place` up. Where it was `served`, its tool call goes behind the others."""
        places = self._waiting[place.turn]
        places.remove(place)
        if served or not places:
            del self._waiting[place.turn]
        if served and places:
            self._waiting[place.turn] = places
        self._wake()

    def ahead(self, place: Place) -> int:
        """How many places will be served before `place`, if nobody comes or goes."""
        own = self._waiting[place.turn].index(place)
        count, earlier = own, 1
        for turn, places in self._waiting.items():
            if turn is place.turn:
                earlier = 0
            else:
                count += min(len(places), own + earlier)
        return count

    def _wake(self) -> None:
        for places in self._waiting.values():
            places[0].came.set()
            break

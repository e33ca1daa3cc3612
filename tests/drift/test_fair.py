"""The queue that takes turns between tool calls."""

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from drift_mcp.drift.fair import FairQueue, Place
from drift_mcp.drift.turn import Turn


def first(queue: FairQueue, places: list[Place]) -> Place:
    """The one place that may go: the queue says it of no other."""
    (found,) = (place for place in places if queue.ahead(place) == 0)
    assert found.came.is_set()
    return found


async def served(queue: FairQueue, places: list[Place]) -> list[Turn]:
    """The turns in the order in which they are served."""
    places, order = list(places), []
    while places:
        place = first(queue, places)
        queue.leave(place, served=True)
        places.remove(place)
        order.append(place.turn)
    assert len(queue) == 0
    return order


async def test_a_reply_waits_for_one_call_of_a_long_sync_and_not_for_all() -> None:
    queue, sync, reply = FairQueue(), Turn(), Turn()
    places = [queue.join(sync) for _ in range(100)] + [queue.join(reply)]
    assert queue.ahead(places[-1]) == 1
    assert (await served(queue, places)).index(reply) == 1


async def test_tool_calls_take_turns_and_their_own_calls_keep_their_order() -> None:
    queue, a, b, c = FairQueue(), Turn(), Turn(), Turn()
    places = [queue.join(turn) for turn in (a, a, a, b, b, c)]
    assert await served(queue, places) == [a, b, c, a, b, a]


async def test_replies_that_keep_coming_do_not_starve_a_sync() -> None:
    queue, sync = FairQueue(), Turn()
    places = [queue.join(sync) for _ in range(10)]
    order = []
    for _ in range(20):
        if all(each.turn is sync for each in places):
            places.append(queue.join(Turn()))
        place = first(queue, places)
        queue.leave(place, served=True)
        places.remove(place)
        order.append(place.turn)
    assert Counter(order)[sync] == 10


@given(st.lists(st.tuples(st.sampled_from(["join", "serve", "cancel"]), st.integers(0, 3), st.integers(0, 99))))
def test_whatever_comes_and_goes_there_is_one_first_and_nobody_is_forgotten(
    steps: list[tuple[str, int, int]],
) -> None:
    async def play() -> None:
        queue, turns, places = FairQueue(), [Turn() for _ in range(4)], list[Place]()
        since: Counter[tuple[Turn, Turn]] = Counter()  # how often another was served while one waited
        for what, whose, which in steps:
            if what == "join":
                places.append(queue.join(turns[whose]))
            elif places and what == "serve":
                place = first(queue, places)
                queue.leave(place, served=True)
                places.remove(place)
                for waiting in {each.turn for each in places} - {place.turn}:
                    since[waiting, place.turn] += 1
                    assert since[waiting, place.turn] <= 1, "served twice while another waited"
                for other in turns:
                    since[place.turn, other] = 0
            elif places:
                place = places.pop(which % len(places))
                queue.leave(place, served=False)
                if place.turn not in {each.turn for each in places}:
                    for other in turns:
                        since[place.turn, other] = 0
            assert len(queue) == len(places)
            assert sorted(queue.ahead(place) for place in places) == list(range(len(places)))
            if places:
                first(queue, places)
        left = [*places]
        expected = sorted(left, key=queue.ahead)
        assert await served(queue, left) == [place.turn for place in expected]

    asyncio.run(play())

"""The log of events, embedded or in Redis: each event once, in order, for several processes."""

import asyncio
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from drift_mcp.events.event import SAME_WITHIN
from drift_mcp.events.log import START, BadCursor, EventLog, Page, Wanted

from .conftest import NOW, OpenLog, new_message, told

DAY = 86_400_000
ALL = Wanted()


def numbers(page: Page) -> list[int]:
    return [entry.event.data["id"] for entry in page.entries]


class TestOnce:
    async def test_a_second_delivery_is_counted_not_stored(self, log: EventLog) -> None:
        assert await log.append([new_message(1), new_message(2), new_message(1)]) == [True, True, False]
        assert await log.append([new_message(2), new_message(2)]) == [False, False]
        page = await log.read(ALL, START, 10)
        assert [(entry.event.data["id"], entry.duplicates) for entry in page.entries] == [(1, 1), (2, 2)]

    async def test_what_was_stored_is_read_back_whole(self, log: EventLog) -> None:
        events = [new_message(1, body="\ud800 \u202e \x00 ü"), told("odd.type", [1, None, "x"], org_id=None)]
        await log.append(events)
        assert [entry.event for entry in (await log.read(ALL, START, 10)).entries] == events

    async def test_the_same_without_a_time_is_new_after_an_hour(
        self, log: EventLog, now: Callable[[int], None]
    ) -> None:
        assert await log.append([told("conversation_push", {"conversationId": 5})]) == [True]
        now(NOW + SAME_WITHIN)
        assert await log.append([told("conversation_push", {"conversationId": 5})]) == [False]
        now(NOW + SAME_WITHIN + 1)
        assert await log.append([told("conversation_push", {"conversationId": 5})]) == [True]
        assert await log.append([told("conversation_push", {"conversationId": 5})]) == [False]

    async def test_the_same_with_a_time_is_never_new(self, log: EventLog, now: Callable[[int], None]) -> None:
        await log.append([new_message(1)])
        now(NOW + 2 * DAY)
        assert await log.append([new_message(1)]) == [False]

    async def test_many_appends_at_once_each_learn_of_their_own(self, log: EventLog) -> None:
        twice = [new_message(number % 50) for number in range(1, 101)]
        new = await asyncio.gather(*(log.append([event]) for event in twice))
        assert [each for (each,) in new].count(True) == 50
        assert len((await log.read(ALL, START, 200)).entries) == 50

    async def test_who_gives_up_waiting_harms_nobody(self, log: EventLog) -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(1, 20):
                tasks.start_soon(log.append, [new_message(number)])
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert await log.append([new_message(20)]) == [True]
        assert await log.append([new_message(20)]) == [False]


class TestReading:
    async def test_pages_follow_each_other_without_a_gap(self, log: EventLog) -> None:
        await log.append([new_message(number) for number in range(1, 8)])
        first = await log.read(ALL, START, 3)
        second = await log.read(ALL, first.cursor, 3)
        third = await log.read(ALL, second.cursor, 3)
        assert numbers(first) + numbers(second) + numbers(third) == [1, 2, 3, 4, 5, 6, 7]
        assert [first.more, second.more, third.more] == [True, True, False]
        await log.append([new_message(8)])
        assert numbers(await log.read(ALL, third.cursor, 3)) == [8]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Wanted(type="new_message"), [1, 2]),
            (Wanted(conversation_id=6), [2, 6]),
            (Wanted(contact_id=77), [1, 2]),
            (Wanted(contact_id=9), [6]),
            (Wanted(author="visitor"), [1, 2]),
            (Wanted(since=NOW + 5), [2]),
            (Wanted(org_id=1), [1, 2, 6]),
            (Wanted(org_id=2), [7]),
            (Wanted(type="new_message", conversation_id=7), []),
            (Wanted(text="hello"), [1, 2]),
            (Wanted(text='"body":"hello"', conversation_id=6), [2]),
            (Wanted(text="%ello"), []),
        ],
    )
    @pytest.mark.usefixtures("now")
    async def test_filters(self, log: EventLog, wanted: Wanted, found: list[int]) -> None:
        conversation = told("new_conversation", {"id": 6, "contactId": 9, "createdAt": NOW})
        await log.append([new_message(1), new_message(2, conversation=6, at=NOW + 5), conversation])
        await log.append([told("contact_identified", {"id": 7}, org_id=2)])
        page = await log.read(wanted, START, 10)
        assert numbers(page) == found
        assert numbers(await log.latest(wanted, 10)) == found
        # What does not fit has been looked at as well.
        assert numbers(await log.read(ALL, page.cursor, 10)) == []

    async def test_the_latest_are_in_order_of_arrival_too(self, log: EventLog) -> None:
        await log.append([new_message(number) for number in range(1, 8)])
        page = await log.latest(ALL, 3)
        assert numbers(page) == [5, 6, 7]
        assert numbers(await log.read(ALL, page.cursor, 3)) == []

    @pytest.mark.parametrize("cursor", ["", "x", "-1", "99", "1.5", "٣", "9" * 30])
    async def test_a_cursor_of_somewhere_else_is_refused(self, log: EventLog, cursor: str) -> None:
        await log.append([new_message(1)])
        with pytest.raises(BadCursor):
            await log.read(ALL, cursor, 1)


class TestWaiting:
    async def test_a_waiting_reader_is_woken_by_an_append(self, log: EventLog) -> None:
        async with anyio.create_task_group() as tasks:
            with anyio.fail_after(60):
                tasks.start_soon(log.append, [new_message(1)])
                await log.wait(START, 60)
        assert numbers(await log.read(ALL, START, 1)) == [1]

    async def test_and_by_one_of_another_process(self, log: EventLog, open_log: OpenLog) -> None:
        other = open_log()
        async with anyio.create_task_group() as tasks:
            with anyio.fail_after(60):
                tasks.start_soon(other.append, [new_message(1)])
                await log.wait(START, 60)
        assert numbers(await log.read(ALL, START, 1)) == [1]

    async def test_it_ends_when_the_time_is_over(self, log: EventLog) -> None:
        with anyio.fail_after(60):
            await log.wait(START, 0.01)


class TestRoom:
    async def test_old_events_are_dropped_and_readers_told(self, log: EventLog, now: Callable[[int], None]) -> None:
        await log.append([new_message(1), new_message(2)])
        seen = (await log.read(ALL, START, 1)).cursor
        now(NOW + 8 * DAY)
        log._trim_at = 0.0
        await log.append([new_message(3)])
        page = await log.read(ALL, seen, 10)
        assert numbers(page) == [3]
        assert page.lost
        assert not (await log.read(ALL, page.cursor, 10)).lost

    async def test_the_oldest_go_when_room_is_short_and_places_are_not_used_again(self, open_log: OpenLog) -> None:
        log = open_log(size=400_000)
        for number in range(1, 101):
            log._trim_at = 0.0
            await log.append([new_message(number, body="x" * 10_000)])
        before = (await log.latest(ALL, 1)).cursor
        await log.append([new_message(101)])
        page = await log.read(ALL, START, 200)
        assert numbers(await log.read(ALL, before, 200)) == [101]
        kept = numbers(page)[:-1]
        assert 10 < len(kept) < 40
        assert kept == list(range(101 - len(kept), 101))

    async def test_what_nobody_adds_to_is_trimmed_when_it_is_asked_for(
        self, log: EventLog, now: Callable[[int], None]
    ) -> None:
        await log.append([new_message(1)])
        now(NOW + 8 * DAY)
        await log.trim()
        assert numbers(await log.read(ALL, START, 10)) == []

    async def test_readers_are_told_of_what_was_missed_until_they_have_read_on(self, log: EventLog) -> None:
        await log.missed()
        await log.append([new_message(1), new_message(2)])
        one, two = (entry.cursor for entry in (await log.read(ALL, START, 10)).entries)
        await log.missed()
        assert (await log.read(ALL, one, 10)).lost
        assert (await log.read(ALL, two, 10)).lost
        log._trim_at = 0.0
        await log.append([new_message(3)])
        page = await log.read(ALL, two, 10)
        assert numbers(page) == [3]
        assert page.lost
        assert not (await log.read(ALL, page.cursor, 10)).lost

    async def test_also_where_older_ones_are_dropped_afterwards(
        self, log: EventLog, now: Callable[[int], None]
    ) -> None:
        await log.append([new_message(1)])
        now(NOW + 6 * DAY)
        await log.append([new_message(2)])
        (_, two) = (entry.cursor for entry in (await log.read(ALL, START, 10)).entries)
        await log.missed()
        now(NOW + 8 * DAY)
        await log.trim()
        assert numbers(await log.read(ALL, START, 10)) == [2]
        assert (await log.read(ALL, two, 10)).lost


class TestTasks:
    async def test_a_task_is_claimed_by_one_until_its_time_is_over(self, log: EventLog, open_log: OpenLog) -> None:
        other = open_log()
        assert await log.claim("poll", 60)
        assert not await other.claim("poll", 60)
        assert await other.claim("something else", 0.0)
        assert await log.claim("something else", 60)

    async def test_what_is_kept_is_found_by_all(self, log: EventLog, open_log: OpenLog) -> None:
        assert await log.note("place") is None
        await log.keep("place", "1")
        await log.keep("place", "2")
        assert await open_log().note("place") == "2"


@pytest.fixture
def where(tmp_path: Path, store: str) -> str:
    """What a process is told of the log of the test."""
    return store or str(tmp_path / "events.sqlite")


WRITER = """
import asyncio, sys
from pathlib import Path
from drift_mcp.events import event
from drift_mcp.events.sqlite_log import SqliteLog
from drift_mcp.store.log import RedisLog
from drift_mcp.store.shared import Shared

async def main(where, begin):
    shared = Shared(where, "acme") if where.startswith("redis:") else None
    limits = {"days": 7, "size": 10**9}
    log = RedisLog(shared, **limits) if shared else SqliteLog(Path(where), **limits)
    for number in range(begin, begin + 150):
        data = {"id": number, "conversationId": 5, "createdAt": 1772452800000}
        await log.append([event.read("acme", "new_message", 1, data)])
    await log.aclose()
    if shared:
        await shared.aclose()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


class TestProcesses:
    async def test_a_reader_beside_three_writing_processes_misses_nothing(self, log: EventLog, where: str) -> None:
        # The second half of each range is the first of the next: those come twice.
        commands = [[sys.executable, "-c", WRITER, where, str(begin)] for begin in (1, 76, 151)]
        writers = [await anyio.open_process(command) for command in commands]
        seen: list[int] = []
        cursor = START
        with anyio.fail_after(60):
            while len(seen) < 300:
                page = await log.read(ALL, cursor, 7)
                seen += numbers(page)
                cursor = page.cursor
                if not page.entries:
                    await log.wait(cursor, 1)
        assert [await writer.wait() for writer in writers] == [0, 0, 0]
        assert sorted(seen) == list(range(1, 301))
        entries = (await log.read(ALL, START, 1_000)).entries
        assert sum(entry.duplicates for entry in entries) == 150
        arrived = [tuple(map(int, entry.cursor.split("-"))) for entry in entries]
        assert all(one < other for one, other in itertools.pairwise(arrived))

    async def test_what_was_appended_outlives_a_kill(self, where: str, open_log: OpenLog) -> None:
        script = WRITER.replace("await log.aclose()", "import os; os.kill(os.getpid(), 9)")
        killed = await anyio.run_process([sys.executable, "-c", script, where, "1"], check=False)
        assert killed.returncode != 0
        assert numbers(await open_log().read(ALL, START, 200)) == list(range(1, 151))

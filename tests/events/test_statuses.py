"""A change of status that a webhook and the poller both tell of is one event, whichever comes first, in either log."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from drift_mcp.events import Events, event
from drift_mcp.events.kinds import STATUS
from drift_mcp.events.log import START, Entry, Wanted
from drift_mcp.events.statuses import KEPT, SKEW
from tests.workflows.desk import Desk

Heard = dict[str, Any]


@pytest.fixture
async def desk(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A desk whose webhooks can be heard, with either log. Its poller has made its first round."""
    opened = Desk(state_dir=str(tmp_path), store=store)
    monkeypatch.setattr(event, "clock", lambda: opened.now / 1000)
    await opened.toolbox.connection.events.poller.round(0.0)
    opened.now += 60_000
    yield opened
    await opened.toolbox.aclose()


@pytest.fixture
async def number(desk: Desk) -> int:
    """An open conversation."""
    rows = (await desk.ask("list_conversations", status=["open"], limit=1))["items"]
    return int(rows[0]["id"])


def events(desk: Desk) -> Events:
    return desk.toolbox.connection.events


async def polled(desk: Desk) -> None:
    desk.now += 10_000
    await events(desk).poller.round(0.0)


async def changed(desk: Desk, number: int, status: str) -> Heard:
    """Change it, and then the conversation for another reason; what the webhook of the change says."""
    heard: list[Heard] = []
    desk.world.listeners.append(lambda type_name, data: heard.append(dict(data)) if type_name == STATUS else None)
    desk.now += 10_000
    await desk.ask("update_conversation", conversation_id=number, status=status)
    desk.world.listeners.pop()
    desk.now += 10_000
    await desk.ask("send_message", conversation_id=number, body="Noted.", type="private_note")
    (told,) = heard
    return told


async def delivered(desk: Desk, told: Heard) -> None:
    await events(desk).told(STATUS, desk.world.org["id"], told)


async def kept(desk: Desk) -> list[Entry]:
    return (await events(desk).log.read(Wanted(type=STATUS), START, 200)).entries


def statuses(entries: list[Entry]) -> list[str]:
    return [entry.event.data["status"] for entry in entries]


class TestOneChange:
    async def test_the_webhook_first(self, desk: Desk, number: int) -> None:
        told = await changed(desk, number, "closed")
        await delivered(desk, told)
        await polled(desk)
        await delivered(desk, told)
        (entry,) = await kept(desk)
        assert entry.event.at == told["changedAt"]
        assert entry.duplicates == 2

    async def test_the_poller_first(self, desk: Desk, number: int) -> None:
        told = await changed(desk, number, "closed")
        await polled(desk)
        await delivered(desk, told)
        await delivered(desk, told)
        await polled(desk)
        (entry,) = await kept(desk)
        assert entry.event.at > told["changedAt"], "the poller was to see a later change"
        assert entry.duplicates == 2

    @pytest.mark.parametrize("first", ["webhook", "poller"])
    async def test_where_both_give_the_same_time(self, desk: Desk, number: int, first: str) -> None:
        desk.now += 10_000
        await desk.ask("update_conversation", conversation_id=number, status="closed")
        told = {"conversationId": number, "status": "closed", "changedAt": desk.now}
        if first == "webhook":
            await delivered(desk, told)
        await polled(desk)
        await delivered(desk, told)
        assert statuses(await kept(desk)) == ["closed"]

    async def test_both_at_once(self, desk: Desk, number: int) -> None:
        told = await changed(desk, number, "closed")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(polled, desk)
            for _ in range(3):
                tasks.start_soon(delivered, desk, told)
        assert statuses(await kept(desk)) == ["closed"]

    async def test_a_little_later_by_the_webhooks_clock_is_the_same_and_much_later_is_not(
        self, desk: Desk, number: int
    ) -> None:
        desk.now += 10_000
        await desk.ask("update_conversation", conversation_id=number, status="closed")
        seen = desk.now
        await polled(desk)
        await delivered(desk, {"conversationId": number, "status": "closed", "changedAt": seen + SKEW})
        assert statuses(await kept(desk)) == ["closed"]
        await delivered(desk, {"conversationId": number, "status": "closed", "changedAt": seen + SKEW + 1})
        assert statuses(await kept(desk)) == ["closed", "closed"]


class TestSeveralChanges:
    async def test_there_and_back_within_one_round_stay_three_in_whatever_order_they_come(self, desk: Desk) -> None:
        orders = list(itertools.permutations(range(4)))
        rows = (await desk.ask("list_conversations", status=["open"], limit=len(orders)))["items"]
        for row, order in zip(rows, orders, strict=True):
            told = [await changed(desk, row["id"], status) for status in ("closed", "open", "closed")]
            for step in order:
                await (polled(desk) if step == 3 else delivered(desk, told[step]))
            for each in told:
                await delivered(desk, each)
            own = [entry for entry in await kept(desk) if entry.event.conversation_id == row["id"]]
            assert sorted(statuses(own)) == ["closed", "closed", "open"], order

    async def test_each_of_several_rounds_has_its_own(self, desk: Desk, number: int) -> None:
        told = []
        for status in ("closed", "open", "closed", "open"):
            told.append(await changed(desk, number, status))
            await polled(desk)
        for each in reversed(told):
            await delivered(desk, each)
        assert statuses(await kept(desk)) == ["closed", "open", "closed", "open"]

    async def test_one_soon_after_a_look_is_not_taken_for_one_before_it(self, desk: Desk, number: int) -> None:
        told = [await changed(desk, number, "closed")]
        await events(desk).poller.round(0.0)
        for status in ("open", "closed"):
            desk.now += SKEW // 4
            await desk.ask("update_conversation", conversation_id=number, status=status)
            told.append({"conversationId": number, "status": status, "changedAt": desk.now})
            await events(desk).poller.round(0.0)
        for each in reversed(told):
            await delivered(desk, each)
        assert statuses(await kept(desk)) == ["closed", "open", "closed"]

    async def test_another_conversation_is_another_change(self, desk: Desk) -> None:
        rows = (await desk.ask("list_conversations", status=["open"], limit=2))["items"]
        told = [await changed(desk, row["id"], "closed") for row in rows]
        await polled(desk)
        for each in told:
            await delivered(desk, each)
        assert len(await kept(desk)) == 2


class TestGivenUp:
    async def test_a_round_that_is_made_again_after_a_crash_tells_the_change_once(
        self, desk: Desk, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = await changed(desk, number, "closed")
        log = events(desk).log

        async def crash(name: str, value: str) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(log, "keep", crash)
            with pytest.raises(ZeroDivisionError):
                await polled(desk)
        await desk.ask("send_message", conversation_id=number, body="One more.", type="private_note")
        await polled(desk)
        await delivered(desk, told)
        assert statuses(await kept(desk)) == ["closed"]

    async def test_what_was_settled_and_not_stored_is_stored_when_it_comes_again(
        self, desk: Desk, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = await changed(desk, number, "closed")

        async def crash(_: Any) -> list[bool]:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(events(desk).log, "append", crash)
            with pytest.raises(ZeroDivisionError):
                await delivered(desk, told)
            with pytest.raises(ZeroDivisionError):
                await polled(desk)
        await polled(desk)
        await delivered(desk, told)
        assert statuses(await kept(desk)) == ["closed"]

    async def test_a_webhook_without_a_time_is_kept_as_it_is(self, desk: Desk, number: int) -> None:
        await changed(desk, number, "closed")
        await polled(desk)
        await delivered(desk, {"conversationId": number, "status": "closed"})
        assert len(await kept(desk)) == 2

    async def test_what_was_settled_is_forgotten_after_a_day(self, desk: Desk, number: int, store: str) -> None:
        if store:
            pytest.skip("Redis drops it by its own clock")

        def count(db: Any) -> int:
            return int(db.execute("SELECT COUNT(*) FROM statuses").fetchone()[0])

        log: Any = events(desk).log
        for status in ("closed", "open"):
            await delivered(desk, await changed(desk, number, status))
        assert await log.run(count) == 2
        desk.now += KEPT + 30_000
        await delivered(desk, {"conversationId": number, "status": "closed", "changedAt": desk.now})
        assert await log.run(count) == 1

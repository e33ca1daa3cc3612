"""What Drift delivers late, or again, of a person who was erased is not taken in, by either log, for a time."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from drift_mcp.events.erasure import SKEW, Person, erase
from drift_mcp.events.event import Event
from drift_mcp.events.log import LATE, START, EventLog, Page, Wanted
from drift_mcp.events.persons import EVER, address_mark, contact_mark, conversation_mark, marks_of
from tests.conftest import LocalDrift
from tests.http.conftest import serve  # noqa: F401 - a fixture
from tests.http.host import Host
from tests.support.growth import grows_with_its_length_alone
from tests.workflows.desk import Desk

from .conftest import NOW, OpenLog, events, message, new_message, told

ALL = Wanted()
DAY = 86_400_000
ANN, BOB = 77, 78
ADDRESS = "ann@acme.example"
AGENT = {"type": "user", "id": 3}


def by_agent(number: int, conversation: int, body: str = "So it is.", at: int = NOW) -> Event:
    return told("new_message", message(number, conversation=conversation, at=at, body=body) | {"author": AGENT})


def identified(contact: int, email: str = "") -> Event:
    """Drift does not say when."""
    return told("contact_identified", {"id": contact, "attributes": {"email": email}})


async def kept(log: EventLog) -> list[int]:
    return [entry.event.data["id"] for entry in (await log.read(ALL, START, 200)).entries]


@pytest.mark.usefixtures("now")
class TestTheLog:
    @pytest.mark.parametrize(
        ("mark", "late", "others"),
        [
            (contact_mark(1, ANN), new_message(1), told("new_message", message(2), org_id=2)),
            (contact_mark(1, ANN), identified(ANN), identified(BOB)),
            (contact_mark(None, ANN), told("contact_identified", {"id": ANN}, org_id=None), identified(ANN)),
            (conversation_mark(1, 5), by_agent(1, 5), by_agent(2, 6)),
            (address_mark(1, "Ann@ACME.example"), by_agent(1, 6, f"Is it {ADDRESS}?"), by_agent(2, 6, f"jo{ADDRESS}")),
            (address_mark(1, ADDRESS), identified(BOB, ADDRESS.upper()), identified(ANN, "ann@acme.example.org")),
            (address_mark(1, "jörg.o'neill@ü.example"), by_agent(1, 6, "Jörg.O'Neill@Ü.example."), by_agent(2, 6)),
        ],
    )  # fmt: skip
    async def test_what_has_a_mark_is_not_taken_in_and_what_has_not_is(
        self, log: EventLog, mark: str, late: Event, others: Event
    ) -> None:
        await log.forget([mark], EVER)
        assert await log.append([late, others]) == [False, True]
        assert await log.append([late, others]) == [False, False]
        (entry,) = (await log.read(ALL, START, 10)).entries
        assert (entry.event, entry.duplicates) == (others, 1)

    async def test_for_all_processes_and_after_a_restart(self, open_log: OpenLog) -> None:
        one, other = open_log(), open_log()
        await other.append([new_message(1, conversation=9)])
        await one.forget([contact_mark(1, ANN)], EVER)
        assert await other.append([new_message(2)]) == [False]
        assert await open_log().append([new_message(3)]) == [False]

    async def test_what_happened_afterwards_is_taken_in(self, log: EventLog) -> None:
        await log.forget([contact_mark(1, ANN)], NOW)
        assert await log.append([new_message(1, at=NOW), new_message(2, at=NOW + 1)]) == [False, True]
        await log.forget([contact_mark(1, ANN)], NOW + 5)
        await log.forget([contact_mark(1, ANN)], NOW - 5)
        assert await log.append([new_message(3, at=NOW + 5), new_message(4, at=NOW + 6)]) == [False, True]

    async def test_what_does_not_say_when_it_happened_is_late_for_a_day(
        self, log: EventLog, now: Callable[[int], None]
    ) -> None:
        await log.forget([contact_mark(1, ANN)], NOW)
        now(NOW + DAY)
        assert await log.append([identified(ANN)]) == [False]
        now(NOW + DAY + 1)
        assert await log.append([identified(ANN)]) == [True]

    async def test_a_conversation_that_first_comes_late_is_known_from_then_on(self, log: EventLog) -> None:
        await log.forget([contact_mark(1, ANN)], NOW)
        began = told("new_conversation", {"id": 9, "contactId": ANN, "createdAt": NOW})
        assert await log.append([by_agent(1, 9), began, by_agent(2, 9), by_agent(3, 8)]) == [True, False, False, True]
        assert await log.append([by_agent(4, 9), by_agent(5, 9, at=NOW + 1)]) == [False, True]

    async def test_that_somebody_is_to_be_erased_is_always_taken_in(self, log: EventLog) -> None:
        await log.forget([contact_mark(1, ANN), address_mark(1, ADDRESS)], EVER)
        assert await log.append([told("gdpr_delete_requested", {"contactId": ANN, "email": ADDRESS})]) == [True]

    async def test_half_a_character_harms_nothing(self, log: EventLog) -> None:
        await log.forget([address_mark(1, "\ud800x@y.example")], EVER)
        assert await log.append([by_agent(1, 5, "\ud800 or \udfffx@y.example")]) == [True]


@pytest.fixture
def stored(tmp_path: Path, store: str) -> Callable[[], bytes]:
    """All that is in the log, in bytes."""

    def in_redis() -> bytes:
        with Redis.from_url(store) as redis:
            texts = [each for each in redis.scan_iter() if redis.type(each) == b"string"]
            return b" ".join([*redis.scan_iter(), *(redis.get(each) for each in texts)])

    def in_files() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob("events*.sqlite*"))

    return in_redis if store else in_files


class TestWhatIsKeptOfThem:
    @pytest.mark.usefixtures("now")
    async def test_tells_neither_who_they_are_nor_can_be_found_by_the_hash_of_it(
        self, log: EventLog, stored: Callable[[], bytes]
    ) -> None:
        marks = [contact_mark(1, 4711_0815_4711), address_mark(1, ADDRESS)]
        await log.forget(marks, EVER)
        assert b"forgotten" in stored()
        plain = [text for mark in marks for text in (mark, mark.split()[-1])]
        hashes = [each(text.encode()).hexdigest() for text in plain for each in (hashlib.sha1, hashlib.sha256)]
        for text in (*plain, *hashes):
            assert text.encode() not in stored(), text

    async def test_goes_with_the_last_of_its_time(
        self, open_log: OpenLog, store: str, now: Callable[[int], None]
    ) -> None:
        log = open_log(days=1)
        await log.forget([contact_mark(1, ANN)], EVER)
        await log.keep("erasing somebody", "[77]", passing=True)
        assert await log.note("erasing somebody") == "[77]"
        if store:
            with Redis.from_url(store) as redis:
                assert {LATE - 60_000 < redis.pttl(each) <= LATE for each in redis.scan_iter()} == {True}
            return
        now(NOW + LATE)
        await log.trim()
        assert await log.append([identified(ANN)]) == [False]
        now(NOW + LATE + 1)
        await log.trim()
        assert await log.note("erasing somebody") is None
        assert await log.run(lambda db: db.execute("SELECT * FROM passing").fetchall()) == []  # type: ignore[attr-defined]
        assert await log.append([identified(ANN)]) == [True]

    async def test_lasts_as_long_as_events_where_those_are_kept_for_longer(
        self, open_log: OpenLog, store: str, now: Callable[[int], None]
    ) -> None:
        log = open_log(days=90)
        await log.forget([contact_mark(1, ANN)], EVER)
        if store:
            with Redis.from_url(store) as redis:
                assert min(redis.pttl(each) for each in redis.scan_iter()) > 89 * DAY
            return
        now(NOW + 89 * DAY)
        await log.trim()
        assert await log.append([identified(ANN)]) == [False]


def addresses(text: str) -> set[str]:
    marks = marks_of(told("new_message", {"body": text}))
    return {mark.removeprefix("address 1 ") for mark in marks}


class TestAddressesInATexts:
    @pytest.mark.parametrize(
        "text",
        [
            f"Mine:\n{ADDRESS}\tor", f"我的邮箱是{ADDRESS}。", f"\x0b{ADDRESS.upper()}.", f"<{ADDRESS}>",
            f"'{ADDRESS}'",
            f"mailto:{ADDRESS}?subject=x", f"https://x.example/?e={ADDRESS}&y", f"{ADDRESS},bob@acme.example",
        ],
    )  # fmt: skip
    def test_are_found_wherever_they_stand(self, text: str) -> None:
        assert ADDRESS in addresses(text)

    @pytest.mark.parametrize("text", [f"jo{ADDRESS}", f"{ADDRESS}.org", f"{ADDRESS}-x", f"x.{ADDRESS}", "ann at acme"])
    def test_not_as_a_part_of_another(self, text: str) -> None:
        assert ADDRESS not in addresses(text)

    @pytest.mark.parametrize("letter", ["a", "a@", "@", "a.", "ä", "a@b.", "'", "a "])
    def test_a_long_text_takes_no_longer_for_each_of_its_letters(self, letter: str) -> None:
        grows_with_its_length_alone(addresses, lambda length: letter * (length // len(letter)), 100_000)


async def ann_of(desk: Desk) -> int:
    """Ann is a contact in Drift, of whom one message has come, in conversation 5."""
    ann = int((await desk.ask("create_contact", email=ADDRESS))["id"])
    await say(desk, 1, 5, ann)
    return ann


async def say(desk: Desk, number: int, conversation: int, contact: int, body: str = "Hello") -> bool:
    """A visitor's message, said now; whether it was taken in."""
    data = message(number, conversation=conversation, at=desk.now, body=body)
    author = {"type": "contact", "id": contact}
    return await events(desk).told("new_message", desk.world.org["id"], data | {"author": author})


class TestAfterAnErasure:
    async def test_of_personal_data_nothing_of_the_contact_is_ever_taken_in(self, desk: Desk) -> None:
        ann = await ann_of(desk)
        await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        desk.now += 10 * DAY
        assert not await say(desk, 2, 6, ann)
        assert not await say(desk, 3, 5, BOB)
        assert await say(desk, 4, 7, BOB)

    async def test_who_comes_back_with_the_address_is_somebody_new(self, desk: Desk) -> None:
        await ann_of(desk)
        await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        assert not await say(desk, 2, 8, 4711, f"I am {ADDRESS}")
        desk.now += SKEW + 1
        assert await say(desk, 3, 8, 4711, f"I am {ADDRESS} again")

    async def test_of_a_contact_what_is_said_later_is_taken_in(self, desk: Desk) -> None:
        ann = await ann_of(desk)
        await desk.toolbox.call("delete_contact", {"contact_id": ann})
        assert not await say(desk, 2, 5, ann)
        desk.now += SKEW + 1
        assert await say(desk, 3, 5, ann)

    async def test_of_a_contact_another_one_with_the_address_keeps_its_events(self, desk: Desk) -> None:
        ann = await ann_of(desk)
        org = desk.world.org["id"]
        await events(desk).told("contact_identified", org, {"id": ann, "attributes": {"email": ADDRESS}})
        await events(desk).told("contact_identified", org, {"id": BOB, "attributes": {"email": ADDRESS}})
        await desk.toolbox.call("delete_contact", {"contact_id": ann})
        assert await kept(events(desk).log) == [BOB]
        assert await say(desk, 2, 6, BOB, f"I am {ADDRESS}")

    async def test_asked_for_by_a_webhook_what_comes_afterwards_is_not_taken_in(self, desk: Desk) -> None:
        ann = await ann_of(desk)
        await events(desk).told("gdpr_delete_requested", desk.world.org["id"], {"email": ADDRESS, "contactId": ann})
        assert not await say(desk, 2, 6, ann)
        assert not await say(desk, 3, 7, BOB, f"I know {ADDRESS}")

    async def test_before_anything_has_come_where_webhooks_will(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DRIFT_WEBHOOK_TOKEN", "a-token")
        ann = int((await desk.ask("create_contact", email=ADDRESS))["id"])
        await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        assert not await say(desk, 1, 5, ann)

    async def test_what_comes_while_it_is_done_is_not_left_behind(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ann = await ann_of(desk)
        read, numbers = events(desk).log.read, iter(range(100, 200))

        async def read_and_hear(wanted: Wanted, after: str, limit: int) -> Page:
            page = await read(wanted, after, limit)
            await say(desk, next(numbers), 5, ann)
            await say(desk, next(numbers), 6, BOB, ADDRESS)
            return page

        with monkeypatch.context() as patch:
            patch.setattr(events(desk).log, "read", read_and_hear)
            await erase(events(desk), Person(frozenset({ann}), ADDRESS), desk.world.org["id"])
        assert await kept(events(desk).log) == []


async def noted(desk: Desk) -> list[str]:
    """All that is kept of erasing that is not done."""
    email = hashlib.sha256(ADDRESS.encode()).hexdigest()
    found = await events(desk).log.note(f"erasing {email}")
    return [] if found is None else json.loads(found)


class TestARefusal:
    @pytest.mark.parametrize("status", [400, 403, 404])
    async def test_leaves_no_note_of_whom_it_was_about(
        self, desk: Desk, status: int, stored: Callable[[], bytes]
    ) -> None:
        ann = await ann_of(desk)
        during: list[Any] = []

        async def look() -> None:
            during.append(await noted(desk))

        desk.fail("POST", "/gdpr/delete", status=status, hook=look)
        assert (await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})).get("isError")
        assert during == [[ann]]
        assert await noted(desk) == []
        assert f"[{ann}]".encode() not in stored()

    async def test_leaves_the_note_of_a_call_that_was_cut_off_before(self, desk: Desk) -> None:
        ann = await ann_of(desk)
        note = f"erasing {hashlib.sha256(ADDRESS.encode()).hexdigest()}"
        await events(desk).log.keep(note, json.dumps([ann]), passing=True)
        desk.fail("POST", "/gdpr/delete", status=403, times=1)
        assert (await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})).get("isError")
        assert await noted(desk) == [ann]
        await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        assert await noted(desk) == []

    async def test_lets_everything_be_taken_in_as_before(self, desk: Desk) -> None:
        ann = await ann_of(desk)
        desk.fail("POST", "/gdpr/delete", status=403)
        await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        assert await say(desk, 2, 5, ann, ADDRESS)


def test_a_server_that_was_started_anew_still_knows_whom_drift_erased(
    serve: Callable[..., Host],  # noqa: F811
    drift: LocalDrift,
    tmp_path: Path,
) -> None:
    env = drift.env | {"DRIFT_WEBHOOK_TOKEN": "a-webhook-token", "DRIFT_STATE_DIR": str(tmp_path)}

    def tell(host: Host, type_name: str, data: Any) -> None:
        body = {"type": type_name, "orgId": 84213, "token": "a-webhook-token", "data": data}
        assert host.http.post("/webhooks/drift/drift", json=body).json() == {"ok": True}

    first = serve("--stateless", env=env)
    tell(first, "gdpr_delete_requested", {"contactId": ANN})
    first.close()
    again = serve("--stateless", env=env)
    tell(again, "new_message", message(1))
    tell(again, "new_message", message(2, conversation=6) | {"author": {"type": "contact", "id": BOB}})
    again.close()
    with closing(sqlite3.connect(tmp_path / "events-drift.sqlite")) as db:
        rows = db.execute("SELECT contact_id FROM events WHERE type = 'new_message'").fetchall()
    assert rows == [(BOB,)]

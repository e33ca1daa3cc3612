"""Who is erased in Drift is erased from the log of events too, in either log, and readers miss nothing for it."""

from typing import Any

import pytest

from drift_mcp.connection import Connection
from drift_mcp.events import erasure
from drift_mcp.events.erasure import FAILED, Person, erase
from drift_mcp.events.event import SAME_WITHIN
from drift_mcp.events.log import START, BadCursor, EventLog, LogUnavailable, Wanted
from tests.workflows.desk import NOW, Desk

from .conftest import events, message, new_message, told

ALL = Wanted()
ANN, BOB = 77, 78
ADDRESS = "ann@acme.example"


def numbers(page: Any) -> list[int]:
    return [entry.event.data["id"] for entry in page.entries]


class TestTheLog:
    async def test_what_is_erased_is_gone_and_no_cursor_is_spoilt(self, log: EventLog) -> None:
        await log.append([new_message(number) for number in range(1, 7)])
        cursors = [entry.cursor for entry in (await log.read(ALL, START, 10)).entries]
        await log.erase([cursors[1], cursors[2], cursors[5]])
        assert numbers(await log.read(ALL, START, 10)) == [1, 4, 5]
        assert numbers(await log.latest(ALL, 2)) == [4, 5]
        for cursor, after in zip(cursors, ([4, 5], [4, 5], [4, 5], [5], [], []), strict=True):
            page = await log.read(ALL, cursor, 10)
            assert numbers(page) == after
            assert not page.lost
        await log.append([new_message(7)])
        assert numbers(await log.read(ALL, cursors[5], 10)) == [7]

    async def test_what_comes_again_of_it_is_a_duplicate(self, log: EventLog) -> None:
        await log.append([new_message(1), new_message(2)])
        await log.erase([entry.cursor for entry in (await log.read(ALL, START, 10)).entries])
        assert await log.append([new_message(1), new_message(2), new_message(3)]) == [False, False, True]
        assert numbers(await log.read(ALL, START, 10)) == [3]

    async def test_where_it_has_no_time_only_for_an_hour(self, log: EventLog, now: Any) -> None:
        push = {"conversationId": 5}
        await log.append([told("conversation_push", push)])
        await log.erase([entry.cursor for entry in (await log.read(ALL, START, 10)).entries])
        assert await log.append([told("conversation_push", push)]) == [False]
        now(1_772_452_800_000 + SAME_WITHIN + 1)
        assert await log.append([told("conversation_push", push)]) == [True]

    async def test_erasing_nothing_or_twice_does_nothing(self, log: EventLog) -> None:
        await log.append([new_message(1), new_message(2)])
        (first, _) = (await log.read(ALL, START, 10)).entries
        for cursors in ([], [first.cursor], [first.cursor]):
            await log.erase(cursors)
        assert numbers(await log.read(ALL, START, 10)) == [2]


async def tell(desk: Desk, type_name: str, data: Any, org_id: int = 0) -> None:
    await events(desk).told(type_name, org_id or desk.world.org["id"], data)


async def say(desk: Desk, number: int, conversation: int, body: str, author: Any) -> None:
    await tell(desk, "new_message", message(number, conversation=conversation, body=body) | {"author": author})


def visitor(contact: int) -> dict[str, Any]:
    return {"type": "contact", "id": contact}


AGENT = {"type": "user", "id": 3}


async def kept(desk: Desk) -> list[Any]:
    page = await events(desk).log.read(ALL, START, 200)
    return [entry.event.data.get("id") or entry.event.type for entry in page.entries]


async def two_people(desk: Desk, ann: int, bob: int) -> None:
    """Ann in conversation 5, Bob in 6; in 6 somebody mentions Ann's address once, and one that ends like it."""
    await tell(desk, "new_conversation", {"id": 5, "contactId": ann, "createdAt": NOW})
    await say(desk, 1, 5, "My number is 555 0100", visitor(ann))
    await say(desk, 2, 5, "So it is 555 0100, Ann?", AGENT)
    await tell(desk, "contact_identified", {"id": ann, "attributes": {"email": ADDRESS.upper()}})
    await tell(desk, "contact_updated", {"endUserId": ann, "timestamp": NOW, "diff": []})
    await tell(
        desk, "conversation_participant_added", {"conversationId": 5, "addedParticipants": [3], "changedAt": NOW}
    )
    await say(desk, 3, 6, "Hello", visitor(bob))
    await say(desk, 4, 6, f"I am a colleague of {ADDRESS}.", visitor(bob))
    await say(desk, 5, 6, f"I am jo{ADDRESS}, or {ADDRESS}.org", visitor(bob))
    await tell(desk, "user_availability_updated", {"userId": 3, "updatedAt": NOW})


BOBS = [3, 5, "user_availability_updated"]


class TestWhoseEvents:
    async def test_a_contact_by_id(self, desk: Desk) -> None:
        await two_people(desk, ANN, BOB)
        assert await erase(events(desk), Person(frozenset({ANN})), desk.world.org["id"]) == 6
        assert await kept(desk) == [3, 4, 5, "user_availability_updated"]

    async def test_whoever_has_the_address(self, desk: Desk) -> None:
        await two_people(desk, ANN, BOB)
        assert await erase(events(desk), Person(frozenset(), ADDRESS), desk.world.org["id"]) == 7
        assert await kept(desk) == BOBS

    async def test_an_address_at_the_start_of_a_line_or_amid_words_without_blanks_is_mentioned(
        self, desk: Desk
    ) -> None:
        for number, text in enumerate(
            (f"Mine:\n{ADDRESS}\tor", f"我的邮箱是{ADDRESS}。", f"\x0b{ADDRESS.upper()}."), 1
        ):
            await say(desk, number, 6, text, visitor(BOB))
        await tell(desk, "chat_to_call", {"participants": [{ADDRESS: True}]})
        assert await erase(events(desk), Person(frozenset(), ADDRESS), desk.world.org["id"]) == 4

    @pytest.mark.parametrize("written", ["jörg@ü.example", "JÖRG@Ü.EXAMPLE", "Jörg@ü.Example"])
    async def test_an_address_that_is_not_in_ascii_is_found_in_either_case(self, desk: Desk, written: str) -> None:
        await say(desk, 1, 6, f"Ask {written}.", AGENT)
        await say(desk, 2, 6, "Ask jorg@u.example.", AGENT)
        assert await erase(events(desk), Person(frozenset(), "Jörg@Ü.example"), desk.world.org["id"]) == 1
        assert await kept(desk) == [2]

    async def test_a_log_that_is_emptied_meanwhile_has_nothing_left_to_erase(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await two_people(desk, ANN, BOB)
        read = events(desk).log.read

        async def emptied(wanted: Wanted, after: str, limit: int) -> Any:
            if after != START:
                raise BadCursor
            return await read(wanted, after, limit)

        monkeypatch.setattr(erasure, "PAGE", 1)
        monkeypatch.setattr(events(desk).log, "read", emptied)
        assert await erase(events(desk), Person(frozenset({ANN})), desk.world.org["id"]) >= 1

    async def test_only_of_that_organisation(self, desk: Desk) -> None:
        await say(desk, 1, 5, "Hello", visitor(ANN))
        await tell(desk, "new_message", message(2), org_id=999)
        assert await erase(events(desk), Person(frozenset({ANN})), desk.world.org["id"]) == 1
        assert await kept(desk) == [2]

    async def test_in_a_long_log(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("drift_mcp.events.erasure.PAGE", 3)
        await two_people(desk, ANN, BOB)
        await erase(events(desk), Person(frozenset(), ADDRESS), desk.world.org["id"])
        assert await kept(desk) == BOBS

    async def test_its_text_is_in_no_file_of_the_embedded_log_any_more(self, desk: Desk, store: str) -> None:
        if store:
            pytest.skip("Redis overwrites it in its own time")
        await two_people(desk, ANN, BOB)
        await erase(events(desk), Person(frozenset(), ADDRESS), desk.world.org["id"])
        written = b"".join(path.read_bytes() for path in events(desk)._path.parent.glob("events-*"))
        assert b"Hello" in written
        assert b"555 0100" not in written

    async def test_a_rule_that_had_one_of_them_goes_on_with_the_next(self, desk: Desk) -> None:
        ledger = events(desk).ledger
        await ledger.begin(["rule"])
        await say(desk, 1, 5, "Hello", visitor(ANN))
        await say(desk, 2, 6, "Hello", visitor(BOB))
        task = await ledger.claim("rule", ALL, 60)
        assert task is not None
        await ledger.failed(task, "unavailable", 0.0)
        await erase(events(desk), Person(frozenset({ANN})), desk.world.org["id"])
        again = await ledger.claim("rule", ALL, 60)
        assert again is not None
        assert again.event.data["id"] == 2
        assert await ledger.claim("rule", ALL, 60) is None
        await ledger.failed(again, "forbidden", None)
        await erase(events(desk), Person(frozenset({BOB})), desk.world.org["id"])
        assert await ledger.failures(ALL, 10) == []


class TestOnAnErasureInDrift:
    @pytest.mark.parametrize("name", ["delete_contact", "delete_personal_data"])
    async def test_what_an_agent_deletes_goes(self, desk: Desk, name: str) -> None:
        ann, bob = await self.made(desk)
        asked = {"contact_id": ann} if name == "delete_contact" else {"email": ADDRESS}
        result = await desk.toolbox.call(name, asked)
        assert not result.get("isError"), result
        assert "problem" not in result["structuredContent"]
        assert set(BOBS) <= set(await kept(desk)) <= {*BOBS, 4}
        await two_people(desk, ann, bob)
        assert set(await kept(desk)) <= {*BOBS, 4}

    async def test_contacts_are_looked_up_before_drift_forgets_them(self, desk: Desk) -> None:
        ann, _ = await self.made(desk, tell_address=False)
        await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        assert await kept(desk) == [2]
        assert ann

    async def test_what_drift_refuses_leaves_them(self, desk: Desk) -> None:
        await self.made(desk)
        before = await kept(desk)
        desk.fail("POST", "/gdpr/delete", status=403)
        assert (await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})).get("isError")
        assert await kept(desk) == before

    async def test_what_may_have_been_deleted_counts_as_deleted(self, desk: Desk) -> None:
        ann, _ = await self.made(desk)
        desk.fail("DELETE", f"/contacts/{ann}", lost=True)
        desk.fail("GET", f"/contacts/{ann}", status=400)
        result = await desk.toolbox.call("delete_contact", {"contact_id": ann})
        assert result.get("isError")
        assert set(await kept(desk)) <= {*BOBS, 4}

    async def test_who_cannot_be_looked_up_now_is_not_deleted_yet(self, desk: Desk) -> None:
        await self.made(desk, tell_address=False)
        desk.fail("GET", "/contacts", status=503, times=1)
        result = await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        assert result.get("isError")
        assert ("POST", "/gdpr/delete") not in desk.sent
        await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        assert await kept(desk) == [2]

    async def test_a_token_that_may_erase_whom_it_may_not_read_erases_what_mentions_them(self, desk: Desk) -> None:
        await self.made(desk)
        desk.fail("GET", "/contacts", status=403)
        assert not (await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})).get("isError")
        assert await kept(desk) == BOBS

    @pytest.mark.parametrize("name", ["delete_contact", "delete_personal_data"])
    @pytest.mark.parametrize("key", [{}, {"idempotency_key": "erasure-4711"}])
    async def test_what_a_call_was_cut_off_before_is_erased_by_the_next(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, key: dict[str, str]
    ) -> None:
        ann, _ = await self.made(desk, tell_address=False)
        asked = ({"contact_id": ann} if name == "delete_contact" else {"email": ADDRESS}) | key

        class Killed(BaseException):
            pass

        async def die(*_: Any) -> bool:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(erasure, "_erased", die)
            with pytest.raises(Killed):
                await desk.toolbox.call(name, asked)
        assert await kept(desk) == [1, 2]
        await desk.toolbox.call(name, asked)
        assert await kept(desk) == [2]
        assert await events(desk).log.note(erasure._note(ADDRESS)) is None

    async def test_or_by_the_webhook_that_says_that_it_was_asked_for(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await self.made(desk, tell_address=False)

        async def fail(_: Any) -> None:
            raise LogUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(events(desk).log, "erase", fail)
            await desk.toolbox.call("delete_personal_data", {"email": ADDRESS})
        await tell(desk, "gdpr_delete_requested", {"email": ADDRESS.upper()}, org_id=999)
        assert await kept(desk) == [1, 2, "gdpr_delete_requested"]
        await tell(desk, "gdpr_delete_requested", {"email": ADDRESS.upper()})
        assert await kept(desk) == [2, "gdpr_delete_requested", "gdpr_delete_requested"]
        assert await events(desk).log.note(erasure._note(ADDRESS)) is None

    @pytest.mark.parametrize("name", ["delete_contact", "delete_personal_data"])
    async def test_a_log_that_fails_is_told_and_the_next_call_with_the_same_key_does_it(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        ann, _ = await self.made(desk, tell_address=False)
        asked = ({"contact_id": ann} if name == "delete_contact" else {"email": ADDRESS}) | {
            "idempotency_key": "erasure-4711"
        }

        async def fail(_: Any) -> None:
            raise LogUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(events(desk).log, "erase", fail)
            assert (await desk.toolbox.call(name, asked))["structuredContent"]["problem"] == FAILED
        assert "problem" not in (await desk.toolbox.call(name, asked))["structuredContent"]
        assert await kept(desk) == [2]
        assert (await desk.toolbox.call(name, asked))["structuredContent"]["already_done"]

    async def test_where_the_organisation_is_not_known_nobody_elses_are_erased(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ann, _ = await self.made(desk, tell_address=False)
        await tell(desk, "contact_identified", {"id": 555, "attributes": {"email": ADDRESS}}, org_id=999)
        before = await kept(desk)
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "token_info", self.nothing)
            result = await desk.toolbox.call("delete_contact", {"contact_id": ann})
            assert result["structuredContent"]["problem"] == FAILED
            with pytest.raises(LogUnavailable):
                await events(desk).told("gdpr_delete_requested", None, {"email": ADDRESS})
        assert await kept(desk) == [*before, "gdpr_delete_requested"]
        await events(desk).told("gdpr_delete_requested", None, {"email": ADDRESS, "contactId": ann})
        assert await kept(desk) == [2, 555, "gdpr_delete_requested", "gdpr_delete_requested"]

    async def nothing(self, *_: Any) -> dict[str, Any]:
        return {}

    async def test_a_log_that_fails_is_told_and_the_next_call_does_it(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ann, _ = await self.made(desk)

        async def fail(_: Any) -> None:
            raise LogUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(events(desk).log, "erase", fail)
            result = await desk.toolbox.call("delete_contact", {"contact_id": ann})
        assert not result.get("isError")
        assert result["structuredContent"]["problem"] == FAILED
        await desk.toolbox.call("delete_contact", {"contact_id": ann})
        assert set(await kept(desk)) <= {*BOBS, 4}

    async def test_where_no_events_are_kept_drift_is_asked_nothing_more(self, desk: Desk, store: str) -> None:
        if store:
            pytest.skip("a store may always hold some")
        await desk.toolbox.call("delete_personal_data", {"email": "nobody@acme.example"})
        assert ("GET", "/contacts") not in desk.sent
        assert not events(desk).kept

    async def test_a_webhook_that_says_that_it_was_asked_for_counts_and_stays(self, desk: Desk) -> None:
        ann, _ = await self.made(desk)
        heard: list[tuple[str, Any]] = []
        desk.world.listeners.append(lambda type_name, data: heard.append((type_name, dict(data))))
        await desk.ask("delete_personal_data", email=ADDRESS)
        desk.world.listeners.pop()
        ((type_name, data),) = [each for each in heard if each[0] == "gdpr_delete_requested"]
        await tell(desk, type_name, data)
        assert set(await kept(desk)) == {*BOBS, "gdpr_delete_requested"}
        await tell(desk, type_name, data)
        assert (await kept(desk)).count("gdpr_delete_requested") == 1
        assert ann

    @pytest.mark.parametrize(
        ("data", "left"),
        [
            ({"contactId": ANN}, [3, 4, 5]),
            ({"endUserIds": [ANN, "x", None, 10**30, True, -1]}, [3, 4, 5]),
            ({"email": ADDRESS}, [3, 5]),
            ({"attributes": {"email": ADDRESS}}, [3, 5]),
            ({}, [5, 1, 2, ANN, 3, 4, 5]),
            ({"email": 7, "contactIds": 5}, [5, 1, 2, ANN, 3, 4, 5]),
        ],
    )
    async def test_its_undocumented_payload_may_name_them_in_several_ways(
        self, desk: Desk, data: Any, left: list[int]
    ) -> None:
        await two_people(desk, ANN, BOB)
        await tell(desk, "gdpr_delete_requested", data)
        assert [each for each in await kept(desk) if isinstance(each, int)] == left

    async def made(self, desk: Desk, *, tell_address: bool = True) -> tuple[int, int]:
        """Ann and Bob are contacts in Drift, of whom events have come."""
        ann, bob = [
            int((await desk.ask("create_contact", email=email))["id"]) for email in (ADDRESS, "bob@acme.example")
        ]
        if tell_address:
            await two_people(desk, ann, bob)
        else:
            await say(desk, 1, 5, "Hello", visitor(ann))
            await say(desk, 2, 6, "Hello", visitor(bob))
        return ann, bob

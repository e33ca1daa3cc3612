"""An overview is one person's whole record, as far as it can be read."""

from collections.abc import Callable
from typing import Any

import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import Forbidden, NotFound
from drift_mcp.present import size
from tests.workflows.desk import Desk

EMAIL = "hannah.vos@northpier.example"
SHARED = "theo@lanternbox.example"


def contact_id(desk: Desk, email: str) -> int:
    return next(int(row["id"]) for row in desk.world.rows("contacts") if row["attributes"].get("email") == email)


class TestWhatIsInIt:
    async def test_it_has_contact_company_conversations_and_timeline(self, desk: Desk) -> None:
        answer = await desk.run("get_contact_overview", email=EMAIL)
        assert answer["contact"]["email"] == EMAIL
        assert (answer["account"]["name"], answer["account"]["owner"]) == ("Northpier Freight", "Devon Okafor")
        truth = {row["id"] for row in desk.world.rows("conversations") if row["contactId"] == answer["contact"]["id"]}
        assert {row["id"] for row in answer["conversations"]} == truth
        assert answer["conversations"][0]["last_author"] == "visitor"
        assert answer["timeline"][0]["event"]
        assert "problems" not in answer

    async def test_by_id_it_is_the_same(self, desk: Desk) -> None:
        by_email = await desk.run("get_contact_overview", email=EMAIL)
        assert await desk.run("get_contact_overview", contact_id=contact_id(desk, EMAIL)) == by_email

    async def test_meetings_are_told_apart_by_time_and_are_this_contacts(self, desk: Desk) -> None:
        meetings = [row for row in desk.world.rows("meetings") if row["slotStart"] > desk.now - 29 * 86_400_000]
        seen = 0
        for number in {row["schedulerId"] for row in meetings}:
            answer = await desk.run("get_contact_overview", contact_id=number)
            coming, past = answer.get("upcoming_meetings", []), answer.get("past_meetings", [])
            assert all(row["starts_at"] >= "2026-03-02T12" for row in coming)
            assert all(row["starts_at"] < "2026-03-02T12:00:00Z" for row in past)
            assert len(coming) + len(past) == sum(row["schedulerId"] == number for row in meetings)
            seen += len(coming) + len(past)
        assert seen == len(meetings) > 0

    async def test_others_with_the_address_are_named(self, desk: Desk) -> None:
        answer = await desk.run("get_contact_overview", email=SHARED)
        rows = [row for row in desk.world.rows("contacts") if row["attributes"].get("email") == SHARED]
        first, *others = sorted(rows, key=lambda row: row["createdAt"])
        assert answer["contact"]["id"] == first["id"]
        assert answer["same_email"] == [row["id"] for row in others]

    async def test_it_costs_seven_calls_and_no_write(self, desk: Desk) -> None:
        await desk.run("get_contact_overview", email=EMAIL)
        assert len(desk.sent) == 7
        assert desk.writes == []

    async def test_it_stays_short_whatever_a_visitor_stored(self, desk: Desk) -> None:
        await desk.ask("update_contact", contact_id=contact_id(desk, EMAIL), attributes={"bio": "x" * 20_000})
        assert size(await desk.run("get_contact_overview", email=EMAIL)) < 3_000


class TestWhenPartsFail:
    @pytest.mark.parametrize("way", ["404", "excluded"])
    async def test_without_the_search_the_list_gives_the_same_conversations(
        self, desk: Desk, open_desk: Callable[..., Desk], way: str
    ) -> None:
        whole = await desk.run("get_contact_overview", email=EMAIL)
        other = open_desk(**({"exclude_tools": "search_conversations"} if way == "excluded" else {}))
        if way == "404":
            other.fail("GET", "/v2/conversations", status=404)
        answer = await other.run("get_contact_overview", email=EMAIL)
        assert [row["id"] for row in answer["conversations"]] == [row["id"] for row in whole["conversations"]]
        assert "problems" not in answer

    @pytest.mark.parametrize(
        ("path", "part"),
        [
            ("/accounts", "account"),
            ("/users/meetings/org", "meetings"),
            (r"/v2/contacts/\d+/timeline", "timeline"),
            ("/users", "users' names"),
            (r"/(v2/)?conversations(/list)?", "conversations"),
            (r"/conversations/\d+/(json_transcript|messages)", "last message"),
        ],
    )
    async def test_a_part_that_fails_costs_no_other(self, desk: Desk, path: str, part: str) -> None:
        desk.fail("GET", path, status=500 if "timeline" not in path else 404)
        answer = await desk.run("get_contact_overview", email=EMAIL)
        assert [problem["part"] for problem in answer["problems"]] == [part]
        assert answer["contact"]["email"] == EMAIL

    async def test_a_token_that_reads_contacts_only_gets_the_contact(self, open_desk: Callable[..., Desk]) -> None:
        answer = await open_desk(scopes=["contact_read"]).run("get_contact_overview", email=EMAIL)
        assert answer["contact"]["email"] == EMAIL
        assert {problem["kind"] for problem in answer["problems"]} == {"forbidden"}

    async def test_without_the_contact_there_is_no_overview(self, desk: Desk, open_desk: Callable[..., Desk]) -> None:
        with pytest.raises(NotFound) as missing:
            await desk.run("get_contact_overview", email="nobody@northpier.example")
        assert missing.value.detail == "no contact has this e-mail"
        with pytest.raises(NotFound):
            await desk.run("get_contact_overview", contact_id=1)
        with pytest.raises(Forbidden):
            await open_desk(scopes=["conversation_read"]).run("get_contact_overview", email=EMAIL)

    @pytest.mark.parametrize("wrong", [{}, {"contact_id": 1, "email": EMAIL}, {"email": "x"}, {"contact_id": -1}])
    async def test_hostile_arguments_send_nothing(self, desk: Desk, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArguments):
            await desk.run("get_contact_overview", **wrong)
        assert desk.sent == []

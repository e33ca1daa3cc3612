"""A lead is found or made, never twice, and what changed is said."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import BrokenAnswer, Conflict, TimedOut
from tests.workflows.desk import TOKEN, Desk

NEW = "new.lead@northpier.example"
SHARED = "theo@lanternbox.example"  # two contacts of the seed have it


def with_email(desk: Desk, email: str) -> list[dict[str, Any]]:
    rows = [row for row in desk.world.rows("contacts") if row["attributes"].get("email") == email]
    return sorted(rows, key=lambda row: (row["createdAt"], row["id"]))


class TestOutcome:
    async def test_an_unknown_lead_is_created(self, desk: Desk) -> None:
        answer = await desk.run(
            "capture_lead", email=NEW, name="Nia", company="Northpier", attributes={"plan": "pro", "lead_score": 7}
        )
        assert answer["outcome"] == "created"
        (row,) = with_email(desk, NEW)
        assert row["id"] == answer["contact_id"]
        attributes = row["attributes"]
        assert [attributes[name] for name in ("name", "employment_name", "plan", "lead_score")] == [
            "Nia", "Northpier", "pro", 7,
        ]  # fmt: skip

    async def test_a_known_lead_is_updated_with_what_differs_only(self, desk: Desk) -> None:
        await desk.run("capture_lead", email=NEW, name="Nia", phone="1", attributes={"plan": "pro"})
        answer = await desk.run("capture_lead", email=NEW.upper(), name="Nia N.", phone="1", attributes={"plan": "max"})
        assert answer["outcome"] == "updated"
        assert answer["changes"] == [
            {"field": "name", "old": "Nia", "new": "Nia N."},
            {"field": "plan", "old": "pro", "new": "max"},
        ]

    async def test_the_second_time_nothing_is_written(self, desk: Desk) -> None:
        lead: dict[str, Any] = {"email": NEW, "name": "Nia", "attributes": {"trial_ends_at": 1_790_000_000_000}}
        await desk.run("capture_lead", **lead)
        desk.sent.clear()
        assert (await desk.run("capture_lead", **lead))["outcome"] == "unchanged"
        assert desk.writes == []

    async def test_an_empty_value_is_none(self, desk: Desk) -> None:
        await desk.run("capture_lead", email=NEW)
        assert (await desk.run("capture_lead", email=NEW, attributes={"plan": ""}))["outcome"] == "unchanged"

    async def test_true_and_one_are_not_the_same(self, desk: Desk) -> None:
        await desk.run("capture_lead", email=NEW, attributes={"newsletter_opt_in": True})
        answer = await desk.run("capture_lead", email=NEW, attributes={"newsletter_opt_in": 1})
        assert answer["outcome"] == "updated"

    async def test_calls_are_two_or_three(self, desk: Desk) -> None:
        await desk.run("capture_lead", email=NEW)
        assert desk.sent == [("GET", "/contacts"), ("POST", "/contacts")]
        desk.sent.clear()
        await desk.run("capture_lead", email=NEW, attributes={"plan": "pro"})
        assert {("GET", "/contacts"), ("GET", "/contacts/attributes")} < set(desk.sent)
        assert len(desk.sent) == 3


class TestWhoItIs:
    async def test_of_several_with_the_address_the_first_created_is_taken_and_said(self, desk: Desk) -> None:
        first, second = with_email(desk, SHARED)
        answer = await desk.run("capture_lead", email=SHARED, phone="555")
        assert answer["contact_id"] == first["id"]
        assert str(second["id"]) in answer["warnings"][0]
        assert "phone" not in second["attributes"] or second["attributes"]["phone"] != "555"

    async def test_the_external_id_decides_over_the_address(self, desk: Desk) -> None:
        made = await desk.run("capture_lead", email=NEW, external_id="crm-1")
        answer = await desk.run("capture_lead", email="other@northpier.example", external_id="crm-1")
        assert (answer["outcome"], answer["contact_id"]) == ("updated", made["contact_id"])

    async def test_an_address_without_external_id_gets_it(self, desk: Desk) -> None:
        made = await desk.run("capture_lead", email=NEW)
        answer = await desk.run("capture_lead", email=NEW, external_id="crm-1")
        assert answer["contact_id"] == made["contact_id"]
        assert answer["changes"] == [{"field": "external_id", "new": "crm-1"}]

    async def test_a_contact_with_another_external_id_is_left_alone(self, desk: Desk) -> None:
        one = await desk.run("capture_lead", email=NEW, external_id="crm-1")
        two = await desk.run("capture_lead", email=NEW, external_id="crm-2")
        assert (two["outcome"], two["warnings"]) == (
            "created", ["A contact with this e-mail has another external id and was left alone."],
        )  # fmt: skip
        assert one["contact_id"] != two["contact_id"]

    async def test_an_unknown_external_id_alone_creates_nothing(self, desk: Desk) -> None:
        with pytest.raises(InvalidArguments):
            await desk.run("capture_lead", external_id="nobody")
        assert desk.writes == []


class TestAttributes:
    async def test_unknown_names_are_warned_of_with_the_nearest_known(self, desk: Desk) -> None:
        answer = await desk.run("capture_lead", email=NEW, attributes={"lead_scor": 1, "zzz": 2, "plan": "pro"})
        assert len(answer["warnings"]) == 2
        assert "lead_score" in answer["warnings"][0]

    async def test_where_they_cannot_be_read_the_lead_is_captured_all_the_same(
        self, open_desk: Callable[..., Desk]
    ) -> None:
        desk = open_desk(scopes=["contact_read", "contact_write"])
        answer = await desk.run("capture_lead", email=NEW, attributes={"plan": "pro"})
        assert answer["outcome"] == "created"
        assert [problem["kind"] for problem in answer["problems"]] == ["forbidden"]

    @pytest.mark.parametrize(
        "wrong", [{}, {"email": "nobody"}, {"email": NEW, "attributes": {"email": "x@y.zz"}},
                  {"email": NEW, "attributes": {"plan": None}}, {"email": NEW, "attributes": {" ": 1}},
                  {"email": NEW, "attributes": {"a": float("nan")}}, {"email": NEW, "name": "a\nb"},
                  {"email": NEW, "attributes": {"x\x00": 1}},
                  {"email": NEW, "attributes": {str(n): n for n in range(51)}}]
    )  # fmt: skip
    async def test_hostile_arguments_send_nothing(self, desk: Desk, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArguments):
            await desk.run("capture_lead", **wrong)
        assert desk.sent == []


class TestOddContacts:
    @pytest.mark.parametrize("odd", [{"phone": 5551234}, {"name": 7}, {"externalId": 9}, {"name": True}])
    async def test_one_with_a_field_of_another_kind_is_found_and_not_doubled(
        self, desk: Desk, odd: dict[str, Any]
    ) -> None:
        async with httpx.AsyncClient(transport=desk.wire.inner, base_url="http://sandbox") as http:
            made = await http.post(
                "/contacts",
                json={"attributes": {"email": NEW} | odd},
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
        assert made.is_success
        external = odd.get("externalId", "crm-9")
        answer = await desk.run("capture_lead", email=NEW, external_id=str(external), name="Nia")
        assert answer["contact_id"] == made.json()["data"]["id"]
        assert len(with_email(desk, NEW)) == 1

    async def test_one_that_cannot_be_told_apart_is_left_alone(self, open_desk: Callable[..., Desk]) -> None:
        desk = open_desk()

        class WithoutIds(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                return httpx.Response(200, json={"data": [{"id": "x-1", "attributes": {"email": NEW}}]})

        desk.wire.inner = WithoutIds()
        with pytest.raises(BrokenAnswer):
            await desk.run("capture_lead", email=NEW, name="Nia")
        assert desk.writes == []


class TestRaces:
    async def test_a_lead_that_appears_in_between_is_updated(self, desk: Desk) -> None:
        async def somebody_else() -> None:
            await desk.ask("create_contact", email=NEW, name="Other")

        desk.fail("POST", "/contacts", times=1, hook=somebody_else)
        answer = await desk.run("capture_lead", email=NEW, name="Nia")
        assert answer["outcome"] == "updated"
        assert len(with_email(desk, NEW)) == 1
        assert with_email(desk, NEW)[0]["attributes"]["name"] == "Nia"

    async def test_a_lost_answer_is_looked_up_and_nothing_created_twice(self, desk: Desk) -> None:
        desk.fail("POST", "/contacts", lost=True)
        answer = await desk.run("capture_lead", email=NEW, external_id="crm-9", name="Nia")
        assert answer["outcome"] == "unchanged"
        assert answer["warnings"] == ["The answer of the creation was lost; it is there now."]
        assert [row["id"] for row in with_email(desk, NEW)] == [answer["contact_id"]]
        assert desk.writes == [("POST", "/contacts")]

    async def test_a_creation_that_was_lost_and_did_not_happen_is_an_error(self, desk: Desk) -> None:
        async def never() -> None:
            raise TimedOut(maybe_applied=True)

        desk.fail("POST", "/contacts", hook=never)
        with pytest.raises(TimedOut):
            await desk.run("capture_lead", email=NEW)
        assert with_email(desk, NEW) == []

    async def test_a_conflict_with_somebody_invisible_is_an_error(self, desk: Desk) -> None:
        desk.fail("POST", "/contacts", status=409)
        with pytest.raises(Conflict):
            await desk.run("capture_lead", email=NEW)
        assert desk.writes == [("POST", "/contacts")]

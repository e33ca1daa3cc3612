"""Enriching fills what is empty, and says what it left."""

from collections.abc import Callable
from typing import Any

import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import NotFound
from tests.workflows.desk import Desk

EMAIL = "new.person@gearwick.example"


@pytest.fixture
async def contact(desk: Desk) -> int:
    made = await desk.ask("create_contact", email=EMAIL, attributes={"industry": "Mills"})
    desk.sent.clear()
    return int(made["id"])


def attributes(desk: Desk, contact: int) -> dict[str, Any]:
    return dict(desk.world.get("contacts", contact)["attributes"])


class TestFilling:
    async def test_the_account_fills_what_is_empty_and_nothing_else(self, desk: Desk, contact: int) -> None:
        answer = await desk.run("enrich_contact", contact_id=contact)
        assert answer["account"] == "Gearwick Industrial"
        assert {change["field"] for change in answer["set"]} == {"employment_name", "company_size"}
        now = attributes(desk, contact)
        assert (now["employment_name"], now["company_size"], now["industry"]) == ("Gearwick Industrial", 3800, "Mills")
        assert {"field": "industry", "kept": "Mills", "offered": "Manufacturing"} in answer["left"]
        assert {"field": "regions", "why": "no such contact attribute"} in answer["left"]
        assert "regions" not in now

    async def test_arguments_come_before_the_account(self, desk: Desk, contact: int) -> None:
        await desk.run("enrich_contact", email=EMAIL, company="Gearwick UK", attributes={"company_size": 9})
        now = attributes(desk, contact)
        assert (now["employment_name"], now["company_size"]) == ("Gearwick UK", 9)

    async def test_overwrite_replaces_by_arguments_and_never_by_the_account(self, desk: Desk, contact: int) -> None:
        await desk.run("enrich_contact", contact_id=contact, attributes={"lead_score": 1})
        answer = await desk.run("enrich_contact", contact_id=contact, attributes={"lead_score": 2}, overwrite=True)
        assert answer["set"] == [{"field": "lead_score", "old": 1, "new": 2}]
        assert attributes(desk, contact)["industry"] == "Mills"

    async def test_the_second_time_nothing_is_written(self, desk: Desk, contact: int) -> None:
        await desk.run("enrich_contact", contact_id=contact, phone="5")
        desk.sent.clear()
        assert (await desk.run("enrich_contact", contact_id=contact, phone="5"))["set"] == []
        assert desk.writes == []

    async def test_it_costs_five_calls_and_two_without_the_account(self, desk: Desk, contact: int) -> None:
        await desk.run("enrich_contact", contact_id=contact)
        assert len(desk.sent) == 5
        assert len(desk.writes) == 1
        desk.sent.clear()
        await desk.run("enrich_contact", contact_id=contact, from_account=False)
        assert len(desk.sent) == 2


class TestWhenPartsFail:
    async def test_without_accounts_the_arguments_are_set(self, desk: Desk, contact: int) -> None:
        desk.fail("GET", "/accounts", status=500)
        answer = await desk.run("enrich_contact", contact_id=contact, phone="5")
        assert answer["set"] == [{"field": "phone", "new": "5"}]
        assert [problem["part"] for problem in answer["problems"]] == ["account"]

    async def test_without_the_declared_attributes_an_account_gives_the_company_only(
        self, open_desk: Callable[..., Desk]
    ) -> None:
        desk = open_desk(scopes=["contact_read", "contact_write", "account_read"])
        made = await desk.ask("create_contact", email=EMAIL)
        answer = await desk.run("enrich_contact", contact_id=made["id"])
        assert [change["field"] for change in answer["set"]] == ["employment_name"]

    async def test_nobody_is_not_found(self, desk: Desk) -> None:
        with pytest.raises(NotFound):
            await desk.run("enrich_contact", email="nobody@northpier.example", phone="5")
        assert desk.writes == []

    @pytest.mark.parametrize("wrong", [{}, {"contact_id": 1, "email": EMAIL}, {"contact_id": 0}])
    async def test_one_key_is_needed(self, desk: Desk, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArguments):
            await desk.run("enrich_contact", **wrong)

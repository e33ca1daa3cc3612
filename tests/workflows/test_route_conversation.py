"""Routing proposes by owner, team and load, and assigns only when told to."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import NotFound
from tests.workflows.desk import Desk

COBALT, VOILIER, KUMOLINE = "cobaltmed.example", "voilier-logistique.example", "kumoline.example"


def conversation_of(desk: Desk, domain: str | None) -> int:
    """An open conversation with somebody whose address has this domain; None: with no address."""
    for row in desk.world.rows("conversations"):
        contact = desk.world.get("contacts", row["contactId"])
        email = contact["attributes"].get("email")
        fits = email is None if domain is None else str(email).endswith(f"@{domain}")
        if fits and row["status"] == "open":
            return int(row["id"])
    raise AssertionError(domain)


class _Assigned(httpx.AsyncBaseTransport):
    """A Drift that says in a conversation whose it is, as the documented one does not."""

    def __init__(self, inner: httpx.AsyncBaseTransport, user: int) -> None:
        self.inner, self.user = inner, user

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        if not request.url.path.startswith("/conversations/"):
            return answer
        body = json.loads(await answer.aread())
        return httpx.Response(200, json={"data": body["data"] | {"assignedUserId": self.user}})


def everybody(desk: Desk, availability: str) -> None:
    for user in desk.world.rows("users"):
        user["availability"] = availability


class TestProposal:
    async def test_the_owner_is_proposed_when_available(self, desk: Desk) -> None:
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, COBALT))
        assert (answer["account"], answer["proposed"]["name"]) == ("Cobalt Medical Supply", "Devon Okafor")
        assert answer["owner"] == {name: value for name, value in answer["proposed"].items() if name != "reason"}
        assert "owns the account" in answer["proposed"]["reason"]
        assert answer["assigned"] is False

    async def test_else_somebody_of_the_owners_team(self, desk: Desk) -> None:
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, VOILIER))
        assert answer["owner"]["availability"] == "OFFLINE"
        assert answer["proposed"]["name"] == "Devon Okafor"  # the others of Sales are away or on a call
        assert "Sales" in answer["proposed"]["reason"]

    async def test_the_team_of_everybody_is_no_team(self, desk: Desk) -> None:
        for account in desk.world.rows("accounts"):
            account["ownerId"] = 302114
        desk.world.get("users", 302114)["availability"] = "ON_CALL"
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, VOILIER))
        assert "the owner Marta Lindqvist is on call" in answer["proposed"]["reason"]
        assert "team Sales" in answer["proposed"]["reason"]

    async def test_of_several_the_one_with_least_to_do(self, desk: Desk) -> None:
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, KUMOLINE))
        support = {"Priya Raman": 302121, "Sam Whitlock": 302140}
        load = {
            name: sum(number in row["participants"] for row in desk.world.rows("conversations")
                      if row["status"] == "open")
            for name, number in support.items()
        }  # fmt: skip
        assert answer["proposed"]["name"] == min(load, key=lambda name: load[name])
        assert f"({min(load.values())})" in answer["proposed"]["reason"]

    async def test_without_an_address_whoever_is_available_and_never_a_bot(self, desk: Desk) -> None:
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, None))
        assert answer["proposed"]["availability"] == "AVAILABLE"
        assert answer["proposed"]["name"] != "Loombot"
        assert "no account is known" in answer["proposed"]["reason"]

    @pytest.mark.parametrize("odd", [{"type": "BOT"}, ["yes"], "perhaps"])
    async def test_who_cannot_be_told_from_a_bot_is_not_proposed(self, desk: Desk, odd: Any) -> None:
        everybody(desk, "OFFLINE")
        for user in desk.world.rows("users"):
            if user["bot"]:
                user |= {"bot": odd, "availability": "AVAILABLE"}
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, None))
        assert list(answer["proposed"]) == ["reason"]

    async def test_when_nobody_is_available_it_stays_with_the_owner_or_with_nobody(self, desk: Desk) -> None:
        everybody(desk, "OFFLINE")
        owned = await desk.run("route_conversation", conversation_id=conversation_of(desk, COBALT))
        assert owned["proposed"]["user_id"] == owned["owner"]["user_id"]
        assert "nobody is available" in owned["proposed"]["reason"]
        number = conversation_of(desk, None)
        unowned = await desk.run("route_conversation", conversation_id=number, assign=True, note="n")
        assert list(unowned["proposed"]) == ["reason"]
        assert unowned["assigned"] is False
        assert unowned["not_done"] == ["assigned", "note"]

    async def test_a_proposal_writes_nothing_and_costs_five_calls(self, desk: Desk) -> None:
        await desk.run("route_conversation", conversation_id=conversation_of(desk, COBALT))
        assert desk.writes == []
        assert len(desk.sent) == 5


class TestAssignment:
    async def test_it_is_assigned_and_the_note_left(self, desk: Desk) -> None:
        number = conversation_of(desk, COBALT)
        answer = await desk.run("route_conversation", conversation_id=number, assign=True, note="Yours, Devon")
        assert answer["done"] == ["assigned", "note"]
        assert answer["assigned"] is True
        assert desk.world.get("conversations", number)["assignedUserId"] == 302118
        assert desk.world.get("messages", answer["note_id"])["type"] == "private_note"

    async def test_assigning_twice_changes_nothing_more(self, desk: Desk) -> None:
        number = conversation_of(desk, COBALT)
        await desk.run("route_conversation", conversation_id=number, assign=True)
        before = dict(desk.world.get("conversations", number))
        answer = await desk.run("route_conversation", conversation_id=number, assign=True)
        assert (answer["done"], answer["assigned"]) == (["assigned"], True)
        assert desk.world.get("conversations", number) == before

    @pytest.mark.parametrize("way", ["404", "excluded", "lost"])
    async def test_without_the_assignment_no_note_is_left(self, open_desk: Callable[..., Desk], way: str) -> None:
        desk = open_desk(**({"exclude_tools": "update_conversation"} if way == "excluded" else {}))
        if way != "excluded":
            desk.fail("PATCH", r"/v2/conversations/\d+", **({"status": 404} if way == "404" else {"lost": True}))
            desk.fail("GET", "/v2/conversations", status=500)  # so that it cannot be looked up either
        number = conversation_of(desk, COBALT)
        answer = await desk.run("route_conversation", conversation_id=number, assign=True, note="n")
        assert "done" not in answer
        assert answer["proposed"]["name"] == "Devon Okafor"
        assert answer.get("assigned") is (None if way == "lost" else False)
        assert answer["not_done"] == (["note"] if way == "lost" else ["assigned", "note"])
        assert answer.get("unclear", []) == (["assigned"] if way == "lost" else [])
        assert not [path for method, path in desk.writes if method == "POST"]

    async def test_a_note_without_assignment_is_refused(self, desk: Desk) -> None:
        with pytest.raises(InvalidArguments):
            await desk.run("route_conversation", conversation_id=1, note="n")
        assert desk.sent == []


class TestWhenPartsFail:
    @pytest.mark.parametrize(
        ("path", "part"), [("/teams/org", "teams"), (r"/contacts/\d+", "contact"), ("/accounts", "account")]
    )
    async def test_somebody_is_proposed_all_the_same(self, desk: Desk, path: str, part: str) -> None:
        desk.fail("GET", path, status=500)
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, VOILIER))
        assert answer["proposed"]["availability"] == "AVAILABLE"
        assert [problem["part"] for problem in answer["problems"]] == [part]

    async def test_without_the_load_the_reason_says_so(self, desk: Desk) -> None:
        desk.fail("GET", "/v2/conversations/status/open", status=404)
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, KUMOLINE))
        assert "not known" in answer["proposed"]["reason"]

    async def test_those_in_it_and_whose_it_is_are_named(self, desk: Desk) -> None:
        number = conversation_of(desk, COBALT)
        desk.world.get("conversations", number).update(participants=[302118, 302121])
        desk.wire.inner = _Assigned(desk.wire.inner, 302121)
        answer = await desk.run("route_conversation", conversation_id=number)
        assert answer["participants"] == ["Devon Okafor", "Priya Raman"]
        assert answer["assignee"]["name"] == "Priya Raman"
        assert answer["assigned"] is False

    @pytest.mark.parametrize("way", ["500", "excluded"])
    async def test_without_the_list_of_users_the_owner_is_proposed(
        self, open_desk: Callable[..., Desk], way: str
    ) -> None:
        desk = open_desk(**({"exclude_tools": "list_users"} if way == "excluded" else {}))
        if way == "500":
            desk.fail("GET", "/users/list", status=500)
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, COBALT), assign=True)
        assert (answer["proposed"]["name"], answer["assigned"]) == ("Devon Okafor", True)
        assert [problem["part"] for problem in answer["problems"]] == ["users"]
        away = await desk.run("route_conversation", conversation_id=conversation_of(desk, VOILIER))
        assert away["proposed"]["user_id"] == away["owner"]["user_id"]
        assert away["proposed"]["reason"].endswith("is offline; who else is available is not known")
        nobody = await desk.run("route_conversation", conversation_id=conversation_of(desk, None))
        assert nobody["proposed"] == {"reason": "no account is known; who else is available is not known"}

    async def test_without_any_user_the_owners_id_is_proposed(self, open_desk: Callable[..., Desk]) -> None:
        desk = open_desk(exclude_tools="list_users,get_users")
        answer = await desk.run("route_conversation", conversation_id=conversation_of(desk, COBALT))
        assert list(answer["proposed"]) == ["user_id", "reason"]
        assert [problem["kind"] for problem in answer["problems"]] == ["not_allowed", "not_allowed"]

    async def test_an_unknown_conversation_is_not_found(self, desk: Desk) -> None:
        with pytest.raises(NotFound):
            await desk.run("route_conversation", conversation_id=1, assign=True)
        assert desk.writes == []

    @pytest.mark.parametrize("wrong", [{"conversation_id": 0}, {"conversation_id": 2**63}, {"conversation_id": "x"}])
    async def test_hostile_arguments_send_nothing(self, desk: Desk, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArguments):
            await desk.run("route_conversation", **wrong)
        assert desk.sent == []

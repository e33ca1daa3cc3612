"""What jobs share: calls side by side, problems said once, lookups that stop early."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from drift_mcp.drift.errors import NotFound, ServerFault
from drift_mcp.workflow import NotAllowed
from drift_mcp.workflows.shared import domains, lookups
from drift_mcp.workflows.shared.job import Job
from tests.workflows.desk import Desk


class Office:
    """A context that answers out of a function and counts how many calls are under way."""

    def __init__(self, answer: Callable[..., Any]) -> None:
        self.answer = answer
        self.running = self.most = self.calls = 0

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        self.calls += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await anyio.sleep(0.001)
            found: dict[str, Any] = self.answer(name, **arguments)
            return found
        finally:
            self.running -= 1


def job_of(answer: Callable[..., Any]) -> tuple[Job, Office]:
    office = Office(answer)
    return Job(office), office  # type: ignore[arg-type]


class TestCalls:
    async def test_at_most_five_are_under_way_at_once(self) -> None:
        job, office = job_of(lambda name: {})
        await job.together(*[lambda: job.operate("whoami") for _ in range(23)])
        assert (office.calls, office.most) == (23, 5)

    async def test_results_come_in_the_order_of_the_calls(self) -> None:
        job, _ = job_of(lambda name, n: {"n": n})
        calls = [lambda n=n: job.operate("x", n=n) for n in range(9)]
        assert [row["n"] for row in await job.together(*calls)] == list(range(9))

    async def test_the_first_failure_is_raised_bare_and_ends_the_others(self) -> None:
        def answer(name: str) -> dict[str, Any]:
            if name == "bad":
                raise ServerFault(status=500)
            return {}

        job, _ = job_of(answer)

        async def for_ever() -> None:
            await anyio.sleep_forever()

        with pytest.raises(ServerFault):
            await job.together(for_ever, lambda: job.operate("bad"))

    async def test_the_same_problem_is_counted_and_another_is_not(self) -> None:
        errors: list[Exception] = [NotFound(status=404), NotFound(status=404), NotAllowed("get_contact")]

        def answer(name: str) -> dict[str, Any]:
            raise errors.pop(0)

        job, _ = job_of(answer)
        for _ in range(3):
            assert await job.attempt("contacts", "get_contact") is None
        assert [(row["kind"], row.get("count")) for row in job.problems] == [("not_found", 2), ("not_allowed", None)]
        assert all(row["next"] for row in job.problems)


class TestAccounts:
    async def test_reading_stops_at_the_account_that_is_wanted(self) -> None:
        def answer(name: str, limit: int, cursor: str = "0") -> dict[str, Any]:
            page = int(cursor)
            rows = [{"domain": f"d{page}.example", "name": str(page)}]
            return {"items": rows, "has_more": True, "next_cursor": str(page + 1)}

        job, office = job_of(answer)
        found, more = await lookups.accounts(job, {"eu.d2.example"}, 50)
        assert (office.calls, more) == (3, False)
        assert domains.account_for("eu.d2.example", found) == {"domain": "d2.example", "name": "2"}
        assert (await lookups.accounts(job, {"none.example"}, 4))[1]
        assert office.calls == 7

    @pytest.mark.parametrize("email", ["", None, "a@", "@", "a@gmail.com", "a@localhost", 7, "a@GMAIL.com "])
    def test_an_address_that_says_nothing_of_a_company_has_no_domain(self, email: Any) -> None:
        assert domains.domain_of(email) is None

    @pytest.mark.parametrize("domain", ["", ".", "..", "...", "a", "com"])
    def test_odd_domains_have_no_account(self, domain: str) -> None:
        assert domains.account_for(domain, {"acme.example": {}}) is None


class TestMessages:
    async def test_long_conversations_are_read_to_their_end_either_way(
        self, desk: Desk, open_desk: Callable[..., Desk]
    ) -> None:
        rows = desk.world.rows("messages")
        longest = max({row["conversationId"] for row in rows}, key=lambda each: sum(
            row["conversationId"] == each for row in rows
        ))  # fmt: skip
        truth = sorted(row["id"] for row in rows if row["conversationId"] == longest)
        assert len(truth) > 100
        other = open_desk()
        other.fail("GET", r"/conversations/\d+/json_transcript", status=404)
        for each in (desk, other):
            found, more = await lookups.messages(Job(_Asks(each)), longest)  # type: ignore[arg-type]
            assert sorted(row["id"] for row in found) == truth
            assert not more

    async def test_a_transcript_of_unfamiliar_shape_is_not_believed(self) -> None:
        def answer(name: str, **_: Any) -> dict[str, Any]:
            if name == "get_conversation_transcript_json":
                return {"items": [{"unexpected": {"line": "agent: hello"}}], "has_more": False}
            row = {"id": 1, "author": "visitor", "created_at": "2026-03-02T12:00:00Z"}
            return {"items": [row], "has_more": False}

        job, _ = job_of(answer)
        found, _ = await lookups.messages(job, 1)
        assert [row["id"] for row in found] == [1]


class _Asks:
    """A desk as a context."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def operate(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        return await self._desk.ask(name, **arguments)

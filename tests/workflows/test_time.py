"""A job answers before its client gives up, sends nothing afterwards, and says what it has not done.

The time here is the event loop's, and passes at once.
"""

from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import pytest

from drift_mcp.caller import NOBODY, Caller
from tests.support import clock
from tests.workflows.desk import Desk, Fault

TIME = 45.0
PATIENCE = 60.0
"""Seconds that clients wait for an answer."""
FOR_A_WRITE = TIME / 3

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda main: clock.run(main, monkeypatch)


class SlowDrift:
    """A server, and a Drift that takes `each` seconds for every answer; `sent` says what was asked when."""

    def __init__(self, folder: Path, each: float = 0.0) -> None:
        self.each = each
        self.desk = Desk(total=TIME, total_timeout=TIME, state_dir=str(folder))
        self.began = anyio.current_time()
        self.sent: list[tuple[float, str, str]] = []
        for method in ("GET", "POST", "PATCH"):
            self.desk.fail(method, ".*", hook=self._take_long)

    async def _take_long(self) -> None:
        method, path = self.desk.sent[-1]
        self.sent.append((self.passed(), method, path))
        await anyio.sleep(self.each)

    def passed(self) -> float:
        return anyio.current_time() - self.began

    async def call(self, name: str, caller: Caller = NOBODY, /, **arguments: Any) -> dict[str, Any]:
        self.began = anyio.current_time()
        answer = (await self.desk.toolbox.call(name, arguments, caller))["structuredContent"]
        assert isinstance(answer, dict)
        return answer

    @property
    def conversation(self) -> dict[str, Any]:
        """One whose visitor is known."""
        found: dict[str, Any] = next(
            each for each in self.desk.world.rows("conversations") if each["status"] == "open" and each["contactId"]
        )
        return found

    def messages(self, conversation: int) -> list[str]:
        return [row["body"] for row in self.desk.world.rows("messages") if row["conversationId"] == conversation]


def everything(drift: SlowDrift) -> dict[str, dict[str, Any]]:
    """The jobs that take several calls, each with arguments that make it do all it can."""
    talk = drift.conversation
    contact = drift.desk.world.get("contacts", talk["contactId"])
    return {
        "triage_inbox": {},
        "get_contact_overview": {"contact_id": contact["id"]},
        "capture_lead": {"email": "new@v.example", "external_id": "n-1", "name": "N", "attributes": {"plan": "pro"}},
        "enrich_contact": {"contact_id": contact["id"], "company": "Acme"},
        "reply_to_conversation": {"conversation_id": talk["id"], "body": "a", "note": "n", "status": "closed"},
        "route_conversation": {"conversation_id": talk["id"], "assign": True, "note": "n"},
        "qualify_with_driftbot": {"conversation_id": talk["id"], "questions": ["A?", "B?"], "wait_seconds": 120},
        "sync_contacts": {"contacts": [{"email": f"p{n}@new.example", "name": "P"} for n in range(40)]},
        "export_conversations": {"limit": 30},
        "whoami": {},
    }


JOBS = [
    "triage_inbox", "get_contact_overview", "capture_lead", "enrich_contact", "reply_to_conversation",
    "route_conversation", "qualify_with_driftbot", "sync_contacts", "export_conversations", "whoami",
]  # fmt: skip


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("each", [7.0, 15.0, 1000.0])
def test_every_job_answers_in_time_and_sends_nothing_afterwards(
    run: Run, tmp_path: Path, name: str, each: float
) -> None:
    async def main() -> None:
        drift = SlowDrift(tmp_path, each)
        arguments = everything(drift)[name]
        answer = await drift.call(name, **arguments)
        assert drift.passed() < PATIENCE
        sent = len(drift.desk.sent)
        await anyio.sleep(1000)
        assert len(drift.desk.sent) == sent
        assert [each for each in drift.sent if each[0] >= TIME] == []
        assert [each for each in drift.sent if each[0] > TIME - FOR_A_WRITE and each[1] != "GET"] == []
        late = drift.sent[-1][0] + each > TIME
        if late:
            whys = [answer.get("error", {}), answer.get("stopped", {}), *answer.get("problems", [])]
            kinds = {why.get("kind") for why in whys} | {"out_of_time" if "problem" in answer else None}
            assert kinds & {"out_of_time", "timeout"}, answer

    run(main())


def test_a_reply_that_drift_puts_off_is_never_sent_later(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        drift = SlowDrift(tmp_path)
        drift.desk.wire.faults.clear()
        drift.desk.fail("POST", ".*", status=429, headers={"Retry-After": "80"}, times=1)
        number = drift.conversation["id"]
        before = drift.messages(number)
        answer = await drift.call("reply_to_conversation", conversation_id=number, body="LATE")
        assert answer["error"]["kind"] == "rate_limited"
        assert 80 <= answer["error"]["retry_after_seconds"] <= 88
        await anyio.sleep(200)
        assert drift.messages(number) == before

    run(main())


def test_a_job_that_writes_says_which_steps_are_done(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        drift = SlowDrift(tmp_path, each=15.5)
        number = drift.conversation["id"]
        answer = await drift.call("reply_to_conversation", conversation_id=number, body="a", note="n", status="closed")
        assert answer["done"] == ["reply", "note"]
        assert answer["not_done"] == ["status"]
        assert "Do not repeat what is done" in answer["incomplete"]
        assert {problem["kind"] for problem in answer["problems"]} == {"out_of_time"}
        assert drift.desk.world.get("conversations", number)["status"] == "open"
        assert len([sent for sent in drift.sent if sent[1] == "POST"]) == 2

    run(main())


def test_a_job_that_reads_answers_what_it_has(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        drift = SlowDrift(tmp_path, each=15.0)
        answer = await drift.call("triage_inbox")
        assert answer["conversations"]
        assert "incomplete" in answer
        assert "out_of_time" in {problem["kind"] for problem in answer["problems"]}
        # Nobody is called a stranger whose contact could not be read.
        assert [row for row in answer["conversations"] if row.get("contact_id") and "who" in row] == []

    run(main())


def test_a_job_that_runs_out_of_time_before_it_wrote_anything_says_so(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        drift = SlowDrift(tmp_path, each=37.0)
        error = (await drift.call("capture_lead", email="new@v.example", name="N"))["error"]
        assert error["kind"] == "out_of_time"
        assert "Nothing was written." in error["message"]
        assert "may_have_been_applied" not in error
        assert [sent for sent in drift.sent if sent[1] != "GET"] == []

    run(main())


def test_a_job_in_time_says_nothing_of_it(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        drift = SlowDrift(tmp_path, each=1.0)
        assert "incomplete" not in await drift.call("get_contact_overview", contact_id=drift.conversation["contactId"])

    run(main())


class TestLongJobs:
    PEOPLE = tuple({"email": f"p{n}@new.example", "name": f"P {n}"} for n in range(25))

    def _created(self, drift: SlowDrift) -> list[str]:
        mails = [str(row["attributes"].get("email")) for row in drift.desk.world.rows("contacts")]
        return sorted(mail for mail in mails if mail.endswith("@new.example"))

    def test_without_progress_a_sync_stops_and_the_next_call_goes_on(self, run: Run, tmp_path: Path) -> None:
        async def main() -> None:
            drift = SlowDrift(tmp_path, each=6.0)
            reports = []
            while not reports or "stopped" in reports[-1]:
                reports.append(await drift.call("sync_contacts", contacts=list(self.PEOPLE)))
                assert drift.passed() < PATIENCE
            first, last = reports[0], reports[-1]
            assert len(reports) > 1
            assert first["stopped"]["kind"] == "out_of_time"
            assert "goes on where it stopped" in first["stopped"]["next"]
            assert first["remaining"] == len(self.PEOPLE) - first["created"]
            assert last["created"] == len(self.PEOPLE)
            assert self._created(drift) == sorted(each["email"] for each in self.PEOPLE)
            assert [sent[1:] for sent in drift.sent].count(("POST", "/contacts")) == len(self.PEOPLE)

        run(main())

    def test_a_client_that_hears_of_the_progress_gets_it_all_and_is_never_left_in_silence(
        self, run: Run, tmp_path: Path
    ) -> None:
        async def main() -> None:
            drift = SlowDrift(tmp_path, each=40.0)
            heard = [anyio.current_time()]
            told: list[float] = []

            async def hear(done: float, _: float | None, __: str) -> None:
                heard.append(anyio.current_time())
                told.append(done)

            report = await drift.call("sync_contacts", Caller(progress=hear), contacts=list(self.PEOPLE))
            assert report["created"] == len(self.PEOPLE)
            assert drift.passed() > 2 * PATIENCE
            heard.append(anyio.current_time())
            assert max(after - before for before, after in pairwise(heard)) <= 10.1
            assert told == sorted(set(told))
            # It ends with the call.
            count = len(told)
            await anyio.sleep(100)
            assert len(told) == count

        run(main())

    def test_a_sync_that_did_not_get_past_its_first_row_can_go_on_too(self, run: Run, tmp_path: Path) -> None:
        async def main() -> None:
            drift = SlowDrift(tmp_path, each=10.0)

            async def never() -> None:
                await anyio.sleep(1000)

            drift.desk.wire.faults.insert(0, Fault("POST", "/contacts", hook=never))
            answer = await drift.call("sync_contacts", contacts=list(self.PEOPLE[:1]))
            assert answer["remaining"] == 1
            assert "same arguments" in answer["stopped"]["next"]
            del drift.desk.wire.faults[0]
            again = await drift.call("sync_contacts", contacts=list(self.PEOPLE[:1]))
            assert again["created"] == 1
            assert len(self._created(drift)) == 1

        run(main())

    @pytest.mark.parametrize(("each", "more"), [(14.0, {}), (14.0, {"attributes": {"plan": "pro"}})])
    def test_without_progress_a_sync_gets_on_where_there_is_time_for_a_look_up_and_a_write(
        self, run: Run, tmp_path: Path, each: float, more: dict[str, Any]
    ) -> None:
        async def main() -> None:
            drift = SlowDrift(tmp_path, each)
            # All that are looked up beside the attributes: where one still waits for Drift, the time jumps while others
            # are with a thread.
            people = [{**person, **more} for person in self.PEOPLE[:4]]
            done = 0
            while done < len(people):
                report = await drift.call("sync_contacts", contacts=people)
                assert report["created"] > done
                assert report.get("resumed", 0) == done
                done = report["created"]
            assert self._created(drift) == sorted(person["email"] for person in people)

        run(main())

    def test_rows_looked_up_beside_the_attributes_are_not_looked_up_again(self, run: Run, tmp_path: Path) -> None:
        async def main() -> None:
            drift = SlowDrift(tmp_path, 0.1)
            people = [{**person, "attributes": {"plan": "pro"}} for person in self.PEOPLE]
            report = await drift.call("sync_contacts", contacts=people)
            assert report["created"] == len(people)
            asked = [sent[1:] for sent in drift.sent]
            assert asked.count(("GET", "/contacts")) == len(people)
            assert report["drift_calls"] == len(asked) == 1 + 2 * len(people)
            first = [path for at, _, path in drift.sent if at == drift.sent[0][0]]
            assert sorted(first) == ["/contacts"] * 4 + ["/contacts/attributes"]
            keyed = [{**person, "external_id": f"crm-{n}"} for n, person in enumerate(people)]
            drift.sent.clear()
            await drift.call("sync_contacts", contacts=keyed, key="external_id", dry_run=True)
            assert sorted(path for _, _, path in drift.sent) == ["/contacts", "/contacts/attributes"]

        run(main())

    @pytest.mark.parametrize("more", [{}, {"attributes": {"plan": "pro"}}])
    def test_a_sync_that_gets_nowhere_says_what_it_needs_instead_of_calling_again(
        self, run: Run, tmp_path: Path, more: dict[str, Any]
    ) -> None:
        async def main() -> None:
            drift = SlowDrift(tmp_path, each=31.0)
            people = [{**person, **more} for person in self.PEOPLE[:2]]
            first = (await drift.call("sync_contacts", contacts=people))["stopped"]
            assert first["next"].startswith("Call again with the same arguments.")
            again = await drift.call("sync_contacts", contacts=people)
            assert (again["created"], again["remaining"]) == (0, 2)
            assert again["stopped"]["kind"] == "out_of_time"
            assert again["stopped"]["message"].startswith("Drift is too slow for this: ")
            assert "progress token" in again["stopped"]["next"]
            assert "DRIFT_TOTAL_TIMEOUT" in again["stopped"]["next"]
            assert self._created(drift) == []

            async def hear(*_: Any) -> None:
                pass

            assert (await drift.call("sync_contacts", Caller(progress=hear), contacts=people))["created"] == 2

        run(main())

    def test_without_progress_an_export_says_which_are_left(self, run: Run, tmp_path: Path) -> None:
        async def main() -> None:
            drift = SlowDrift(tmp_path, each=6.0)
            first = await drift.call("export_conversations", limit=10)
            assert first["stopped"]["kind"] == "out_of_time"
            assert "left_out" in first["stopped"]["next"]
            assert first["exported"] + len(first["left_out"]) == 10
            drift.each = 0.0
            rest = await drift.call("export_conversations", ids=first["left_out"])
            assert [each["id"] for each in rest["conversations"]] == first["left_out"][: rest["exported"]]

        run(main())

    def test_without_progress_qualifying_stops_waiting_and_says_how_to_wait_on(self, run: Run, tmp_path: Path) -> None:
        async def main() -> None:
            drift = SlowDrift(tmp_path)
            number = drift.conversation["id"]
            answer = await drift.call("qualify_with_driftbot", conversation_id=number, wait_seconds=120)
            assert answer["state"] == "waiting"
            assert answer["waited_seconds"] < TIME
            (problem,) = answer["problems"]
            assert "since_message_id" in problem["next"]

            async def hear(*_: Any) -> None:
                pass

            again = await drift.call(
                "qualify_with_driftbot",
                Caller(progress=hear),
                conversation_id=number,
                since_message_id=answer["message_id"],
                wait_seconds=120,
            )
            assert again["waited_seconds"] == 120
            assert "problems" not in again

        run(main())

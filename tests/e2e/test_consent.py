"""A person is asked before something is destroyed: by a real client over stdio, in both protocol eras."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from mcp_types import ElicitResult, InputRequiredResult

from drift_mcp.audit import one_each

from .agent import ERAS, Agent
from .conftest import Connect

NINA = "nina.falk@brightquay.example"
each_era = pytest.mark.parametrize("era", list(ERAS))
Open = Callable[..., AbstractContextManager[Agent]]


class Person:
    """Somebody at a client: is asked, and gives this answer."""

    def __init__(self, action: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.action = action
        self.meanwhile = meanwhile
        self.asked: list[str] = []

    async def __call__(self, _: Any, params: Any) -> ElicitResult:
        self.asked.append(params.message)
        self.meanwhile()
        return ElicitResult(action=self.action, content={} if self.action == "accept" else None)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def nina(drift: Any) -> int:
    """A contact of Drift's."""
    headers = {"Authorization": f"Bearer {drift.token}"}
    attributes = {"attributes": {"email": NINA, "name": "Nina Falk"}}
    return int(drift.http.post("/contacts", json=attributes, headers=headers).raise_for_status().json()["data"]["id"])


@pytest.fixture
def open_agent(connect: Connect, drift: Any, state: Path) -> Open:
    """Connects an agent of the person who is given, or one whose client cannot ask."""

    def opened(person: Person | None = None, *args: str, era: str = "2026-07-28") -> AbstractContextManager[Agent]:
        env = drift.env | {"DRIFT_STATE_DIR": str(state)}
        return connect(*args, env=env, era=era, **({"elicitation_callback": person} if person else {}))

    return opened


def rename(drift: Any, contact_id: int, name: str) -> None:
    headers = {"Authorization": f"Bearer {drift.token}"}
    changed = {"attributes": {"name": name}}
    drift.http.patch(f"/contacts/{contact_id}", json=changed, headers=headers).raise_for_status()


def deletions(drift: Any) -> list[str]:
    return [each["path"] for each in drift.requests() if each["method"] == "DELETE"]


def audited(state: Path) -> list[dict[str, Any]]:
    return one_each(json.loads(line) for line in (state / "audit.jsonl").read_text().splitlines())


class TestBothEras:
    """One client of each era for all of these, with a person whose answer each test chooses."""

    @pytest.fixture(scope="class")
    @classmethod
    def person(cls) -> Person:
        return Person("decline")

    @pytest.fixture(scope="class")
    @classmethod
    def states(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("states")

    @pytest.fixture(scope="class")
    @classmethod
    def at_client(cls, connect: Connect, drift_process: Any, era: str, person: Person, states: Path) -> Iterator[Agent]:
        env = drift_process.env | {"DRIFT_STATE_DIR": str(states)}
        with connect(env=env, era=era, elicitation_callback=person) as agent:
            yield agent

    @pytest.fixture
    def agent(self, at_client: Agent, person: Person, states: Path) -> Agent:
        person.__init__("decline")  # type: ignore[misc]
        (states / "audit.jsonl").unlink(missing_ok=True)
        return at_client

    def test_a_yes_to_the_question_which_names_the_target_lets_it_be_done(
        self, agent: Agent, person: Person, states: Path, drift: Any, nina: int
    ) -> None:
        person.action = "accept"
        assert agent.ask("delete_contact", contact_id=nina) == {"ok": True, "contact_id": nina}
        assert person.asked == [
            f'Delete contact {nina}: name "Nina Falk", email "{NINA}"? It goes from Drift\'s lists and views; '
            "this server cannot bring it back. "
            "Drift organisation: drift."
        ]
        assert deletions(drift) == [f"/contacts/{nina}"]
        [line] = audited(states)
        assert (line["outcome"], line["ids"]) == ("applied", {"contact_id": nina})

    def test_a_no_is_a_clear_end_and_nothing_is_done(
        self, agent: Agent, person: Person, states: Path, drift: Any, nina: int
    ) -> None:
        for action, answer in (("decline", "declined"), ("cancel", "cancelled")):
            person.action = action
            said = agent.ask("run_destructive_operation", name="delete_contact", arguments={"contact_id": nina})
            assert (said["agreed"], said["answer"]) == (False, answer)
        assert len(person.asked) == 2
        assert deletions(drift) == []
        lines = [(line["outcome"], line["tool"], line["ids"]) for line in audited(states)]
        assert lines == [("declined", "delete_contact", {"contact_id": nina})] * 2

    def test_what_changes_while_the_person_thinks_is_left_alone(
        self, agent: Agent, person: Person, states: Path, drift: Any, nina: int
    ) -> None:
        person.action, person.meanwhile = "accept", lambda: rename(drift, nina, "Somebody Else")
        assert agent.refused("delete_contact", contact_id=nina)["kind"] == "confirmation_changed"
        assert deletions(drift) == []
        assert [line["outcome"] for line in audited(states)] == ["refused"]

    def test_nobody_is_asked_about_a_record_that_does_not_exist(
        self, agent: Agent, person: Person, states: Path, drift: Any
    ) -> None:
        person.action = "accept"
        assert agent.refused("delete_contact", contact_id=5)["kind"] == "not_found"
        given = {"name": "remove_contact_tag", "arguments": {"contact_id": 5, "tag_name": "vip"}}
        assert agent.refused("run_destructive_operation", **given)["kind"] == "not_found"
        assert (person.asked, deletions(drift)) == ([], [])
        assert [(line["outcome"], line["reason"]) for line in audited(states)] == [("refused", "not_found")] * 2

    def test_what_a_visitor_calls_himself_cannot_pose_as_the_question(
        self, agent: Agent, person: Person, drift: Any, nina: int
    ) -> None:
        rename(drift, nina, 'Nobody"? It is a test.\n\nSay yes\u202e\u200b' + "!" * 200)
        agent.ask("delete_contact", contact_id=nina)
        [question] = person.asked
        assert question.startswith(f"Delete contact {nina}: name \"Nobody'? It is a test. Say yes!!!")
        assert "!" * 60 not in question
        assert question.count('"') == 4
        assert not set("\n\u202e\u200b") & set(question)


class TestInRounds:
    """2026-07-28: the call ends with the question and comes again with the answer, through the client's hands."""

    def call(self, agent: Agent, arguments: dict[str, Any], state: str | None = None, action: str = "accept") -> Any:
        answers = {"confirm": ElicitResult(action=action, content={})} if state else None

        async def send() -> Any:
            return await agent.client.session.call_tool(
                "delete_contact", arguments, input_responses=answers, request_state=state, allow_input_required=True
            )

        result = agent.portal.call(send)
        return result if isinstance(result, InputRequiredResult) else result.structured_content

    def kind(self, content: Any) -> str:
        return str(content["error"]["kind"])

    def test_an_answer_counts_once_for_these_arguments_and_unforged(
        self, open_agent: Open, drift: Any, nina: int
    ) -> None:
        with open_agent(Person("decline")) as agent:
            asked = self.call(agent, {"contact_id": nina})
            sealed = asked.request_state
            assert list(asked.input_requests) == ["confirm"]
            assert self.kind(self.call(agent, {"contact_id": nina + 1}, sealed)) == "confirmation_other"
            assert self.kind(self.call(agent, {"contact_id": nina}, f"{sealed[:-2]}AA")) == "confirmation_unknown"
            assert self.kind(self.call(agent, {"contact_id": nina}, "made up")) == "confirmation_unknown"
            assert deletions(drift) == []
            assert self.call(agent, {"contact_id": nina}, sealed) == {"ok": True, "contact_id": nina}
            assert self.kind(self.call(agent, {"contact_id": nina}, sealed)) == "confirmation_used"
        assert deletions(drift) == [f"/contacts/{nina}"]

    def test_a_no_cannot_be_turned_into_a_yes(self, open_agent: Open, drift: Any, nina: int) -> None:
        with open_agent(Person("decline")) as agent:
            sealed = self.call(agent, {"contact_id": nina}).request_state
            assert self.call(agent, {"contact_id": nina}, sealed, "decline")["answer"] == "declined"
            assert self.kind(self.call(agent, {"contact_id": nina}, sealed, "accept")) == "confirmation_used"
        assert deletions(drift) == []


class TestWithoutElicitation:
    @each_era
    def test_a_preview_comes_first_and_its_token_serves_once_for_the_same_arguments(
        self, open_agent: Open, drift: Any, nina: int, era: str
    ) -> None:
        with open_agent(era=era) as agent:
            first = agent.ask("delete_contact", contact_id=nina)
            assert first["agreed"] is False
            assert 'name "Nina Falk"' in first["preview"]
            token = first["preview_token"]
            assert deletions(drift) == []
            other = agent.refused("delete_contact", contact_id=nina + 1, preview_token=token)
            assert other["kind"] == "confirmation_other"
            arguments = {"contact_id": nina, "preview_token": token}
            done = agent.ask("run_destructive_operation", name="delete_contact", arguments=arguments)
            assert done == {"ok": True, "contact_id": nina}
            assert agent.refused("delete_contact", **arguments)["kind"] == "confirmation_used"
        assert deletions(drift) == [f"/contacts/{nina}"]

    def test_a_token_holds_for_other_processes_of_the_same_user_and_is_used_up_there_too(
        self, open_agent: Open, drift: Any, nina: int
    ) -> None:
        with open_agent() as one, open_agent() as another:
            token = one.ask("delete_contact", contact_id=nina)["preview_token"]
            assert another.ask("delete_contact", contact_id=nina, preview_token=token) == {
                "ok": True,
                "contact_id": nina,
            }
            assert one.refused("delete_contact", contact_id=nina, preview_token=token)["kind"] == "confirmation_used"

    def test_a_token_does_not_stand_in_for_a_person_who_can_be_asked(
        self, open_agent: Open, drift: Any, nina: int
    ) -> None:
        person = Person("decline")
        with open_agent() as unasked, open_agent(person) as agent:
            token = unasked.ask("delete_contact", contact_id=nina)["preview_token"]
            said = agent.ask("delete_contact", contact_id=nina, preview_token=token)
        assert said["answer"] == "declined"
        assert len(person.asked) == 1
        assert deletions(drift) == []


class TestOtherPolicies:
    def test_allow_asks_nobody(self, open_agent: Open, drift: Any, nina: int) -> None:
        person = Person("decline")
        with open_agent(person, "--destructive", "allow") as agent:
            assert agent.ask("delete_contact", contact_id=nina) == {"ok": True, "contact_id": nina}
        assert person.asked == []

    def test_block_neither_lists_nor_runs_nor_asks(self, open_agent: Open, drift: Any, nina: int) -> None:
        person = Person("accept")
        with open_agent(person, "--destructive", "block", "--toolsets", "all") as agent:
            listed = {tool.name for tool in agent.tools()}
            assert not listed & {"delete_contact", "run_destructive_operation", "remove_contact_tag"}
            assert {"get_contact", "create_contact"} <= listed
            assert agent.refused("delete_contact", contact_id=nina)["kind"] == "not_allowed"
        assert person.asked == []
        assert deletions(drift) == []


class TestTheShell:
    def test_where_nobody_sits_at_a_terminal_nobody_agrees(self, run: Any, drift: Any, nina: int) -> None:
        finished = run("call", "delete_contact", f"contact_id={nina}", env=drift.env)
        assert finished.status == 1
        assert finished.json["answer"] == "unanswered"
        assert "--destructive allow" in finished.stderr
        assert deletions(drift) == []

    def test_a_script_can_be_allowed_it(self, run: Any, drift: Any, nina: int) -> None:
        finished = run("call", "--destructive", "allow", "delete_contact", f"contact_id={nina}", env=drift.env)
        assert finished.status == 0
        assert deletions(drift) == [f"/contacts/{nina}"]

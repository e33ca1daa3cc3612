"""What stands in a message is looked at before it is sent: for a real client over stdio, in both protocol eras."""

from collections.abc import Iterator
from typing import Any

import pytest
from mcp_types import ElicitResult

from .agent import Agent
from .conftest import Connect

MARCUS = "marcus.feld@tallgrassgrain.example"
OTHER = "grace.adeyemi@cobaltmed.example"
COLLEAGUE = "support@harborloom.example"
KEY = "AKIAQ7ZK4M2XW9PLT3VB"


class Person:
    """Somebody at a client, who gives `answer` to every question."""

    answer = "decline"

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, _: Any, params: Any) -> ElicitResult:
        self.asked.append(params.message)
        return ElicitResult(action=self.answer, content={} if self.answer == "accept" else None)


@pytest.fixture(scope="module")
def at_client() -> Person:
    return Person()


@pytest.fixture
def person(at_client: Person) -> Person:
    at_client.asked.clear()
    at_client.answer = "decline"
    return at_client


@pytest.fixture(scope="module")
def client(connect: Connect, drift_process: Any, era: str, at_client: Person) -> Iterator[Agent]:
    with connect(env=drift_process.env, era=era, elicitation_callback=at_client) as agent:
        yield agent


@pytest.fixture
def agent(client: Agent, person: Person, drift: Any) -> Agent:
    return client


@pytest.fixture
def chat(agent: Agent) -> int:
    """Marcus's conversation."""
    (marcus,) = agent.ask("find_contacts_by_email", email=MARCUS)["items"]
    return next(
        row["id"] for row in agent.every_row("list_conversations", limit=100) if row["contact_id"] == marcus["id"]
    )


def written(drift: Any) -> list[str]:
    return [each["path"] for each in drift.requests() if each["method"] != "GET" and "token_info" not in each["path"]]


SENDING = {
    "directly": lambda agent, chat, body: agent.call("send_message", conversation_id=chat, body=body),
    "by a runner": lambda agent, chat, body: agent.call(
        "run_write_operation", name="send_message", arguments={"conversation_id": chat, "body": body}
    ),
    "by a job": lambda agent, chat, body: agent.call(
        "reply_to_conversation", conversation_id=chat, body=body, note="Sent what they asked for.", status="pending"
    ),
}
each_way = pytest.mark.parametrize("way", list(SENDING))


@each_way
class TestSomebodyElsesAddress:
    BODY = f"You can reach the buyer at {OTHER}."

    def test_it_is_asked_about_and_a_no_sends_nothing(
        self, agent: Agent, person: Person, drift: Any, chat: int, way: str
    ) -> None:
        result = SENDING[way](agent, chat, self.BODY)
        assert not result.is_error
        assert result.structured_content["answer"] == "declined"
        assert person.asked == [
            f"body tells the visitor {OTHER}, which is not their address. Send it all the same? "
            "Drift organisation: drift."
        ]
        assert written(drift) == []

    def test_a_yes_sends_it(self, agent: Agent, person: Person, drift: Any, chat: int, way: str) -> None:
        person.answer = "accept"
        result = SENDING[way](agent, chat, self.BODY)
        assert not result.is_error, result.structured_content
        assert len(person.asked) == 1
        assert written(drift).count(f"/conversations/{chat}/messages") == (2 if way == "by a job" else 1)


def test_the_readers_own_address_and_the_companys_are_no_reason_to_ask(agent: Agent, person: Person, chat: int) -> None:
    agent.ask("send_message", conversation_id=chat, body=f"We write to {MARCUS}; answer to {COLLEAGUE}.")
    assert person.asked == []


def test_what_looks_like_a_key_is_asked_about_without_being_shown_and_without_a_call_to_drift(
    agent: Agent, person: Person, drift: Any, chat: int
) -> None:
    before = len(drift.requests())
    said = agent.ask("send_message", conversation_id=chat, body=f"Your key is {KEY}.")
    assert said["agreed"] is False
    assert person.asked[0].startswith("body tells the visitor what looks like an AWS key: AKIA… (20 characters).")
    assert KEY not in person.asked[0]
    assert len(drift.requests()) == before


@each_way
def test_the_servers_own_token_is_never_sent_whatever_the_answer(
    agent: Agent, person: Person, drift: Any, chat: int, way: str
) -> None:
    person.answer = "accept"
    spread = f"{drift.token[:9]}\n{drift.token[9:]}"
    for body in (f"Use {drift.token} to log in.", f"https://x.example/?t={drift.token}&a", f"It is {spread}"):
        result = SENDING[way](agent, chat, body)
        assert result.structured_content["error"]["kind"] == "invalid_arguments"
        assert "Drift token, which is never sent" in result.structured_content["error"]["message"]
        assert drift.token not in result.model_dump_json()
    assert person.asked == []
    assert written(drift) == []


def test_a_job_sends_its_texts_as_text(agent: Agent, drift: Any, chat: int) -> None:
    said = "a <script>b</script> & c"
    agent.ask("reply_to_conversation", conversation_id=chat, body=said, note=said)
    answer = drift.http.get(f"/conversations/{chat}/messages", headers={"Authorization": f"Bearer {drift.token}"})
    bodies = [row["body"] for row in answer.raise_for_status().json()["data"]["messages"]]
    assert bodies[-2:] == ["a &lt;script&gt;b&lt;/script&gt; &amp; c"] * 2


@pytest.mark.parametrize("tool", ["send_message", "reply_to_conversation"])
def test_a_script_in_a_button_is_never_sent(agent: Agent, drift: Any, chat: int, tool: str) -> None:
    error = agent.refused(tool, conversation_id=chat, body="Choose.", buttons=["Yes", "<script>alert(1)</script>"])
    assert "buttons: <script> is not allowed" in error["message"]
    assert written(drift) == []

"""A job's time, through the real server: it ends before the client gives up, unless that hears that it goes on."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def talk(drift: Any) -> int:
    found: int = drift.get("/conversations/list", limit=1)["data"][0]["id"]
    return found


def messages(drift: Any, conversation: int) -> list[str]:
    return [each["body"] for each in drift.get(f"/conversations/{conversation}/messages")["data"]["messages"]]


def test_a_reply_that_drift_puts_off_for_longer_than_clients_wait_is_refused_and_not_sent(
    connect: Callable[..., Any], drift: Any, talk: int
) -> None:
    before = messages(drift, talk)
    fault = {"kind": "rate_limited", "retry_after": 80, "methods": ["POST"], "path": "/conversations/*", "times": 1}
    with connect(env=drift.env) as agent:
        agent.ask("whoami")
        drift.http.post("/_sandbox/faults", json={"faults": [fault]}).raise_for_status()
        error = agent.refused("reply_to_conversation", conversation_id=talk, body="LATE")
    assert error["kind"] == "rate_limited"
    assert 80 <= error["retry_after_seconds"] <= 88
    assert "may_have_been_applied" not in error
    assert messages(drift, talk) == before


def test_only_a_client_that_asked_for_progress_is_kept_waiting(
    connect: Callable[..., Any], drift: Any, talk: int, era: str
) -> None:
    heard: list[float] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        heard.append(done)

    with connect(env=drift.env | {"DRIFT_TOTAL_TIMEOUT": "2"}, era=era) as agent:
        first = agent.ask("qualify_with_driftbot", conversation_id=talk, wait_seconds=3)
        assert [each["kind"] for each in first["problems"]] == ["out_of_time"]
        on = {"conversation_id": talk, "since_message_id": first["message_id"], "wait_seconds": 3}
        result = agent.portal.call(lambda: agent.client.call_tool("qualify_with_driftbot", on, progress_callback=hear))
    assert "problems" not in result.structured_content
    assert result.structured_content["waited_seconds"] == 3
    assert heard


def test_a_shell_waits_for_as_long_as_a_job_takes(run: Callable[..., Any], drift: Any, talk: int) -> None:
    env = drift.env | {"DRIFT_TOTAL_TIMEOUT": "2"}
    done = run("call", "qualify_with_driftbot", f"conversation_id={talk}", "wait_seconds=3", env=env)
    assert done.json["waited_seconds"] == 3
    assert "problems" not in done.json

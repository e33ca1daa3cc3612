"""Trigger a Driftbot flow, then revise its prompt."""

from typing import Any

from benchmarks.jobs.agent import Agent
from benchmarks.jobs.drift import Drift, plain
from benchmarks.jobs.job import Facts, Job
from benchmarks.pipe import Failed

PROMPT = "How many shipments a month do you want to track? A rough number is fine."


def _prepare(drift: Drift) -> Facts:
    number = drift.visitor_writes("lena.brandt@rheinspedition.example", "Hello, is this for small forwarders too?")
    return {"conversation": number, "messages": len(drift.messages(number))}


async def _ours(agent: Agent, facts: Facts) -> None:
    number = facts["conversation"]
    await agent.find("trigger a Driftbot flow in a conversation and revise its prompt")
    await agent.run("trigger_driftbot", "write", conversation_id=number)
    await agent.run("update_driftbot_message", "write", conversation_id=number, body=PROMPT)


async def _peer(agent: Agent, facts: Facts) -> None:
    number = str(facts["conversation"])
    await agent.call("post_conversations_id_driftbot_trigger", id=number, body={"conversation_id": number})
    await agent.call("patch_conversations_id_driftbot", id=number, body={"body": PROMPT})


def _check(drift: Drift, facts: Facts, _: Any) -> None:
    said = drift.messages(facts["conversation"])[facts["messages"] :]
    if len(said) != 1 or not said[0]["author"]["bot"]:
        raise Failed("Driftbot has not been triggered once")
    if plain(said[0]["body"]) != PROMPT:
        raise Failed("Driftbot's prompt is not the revised one")


JOB = Job(
    name="trigger and revise Driftbot",
    request="Let Driftbot take this conversation, then have it ask for the number of shipments instead.",
    prepare=_prepare,
    plays={"default": _ours, "discovery": _ours, "from_openapi": _peer},
    check=_check,
)

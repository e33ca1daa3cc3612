"""Reply with a templated answer, and leave an internal note."""

import re
from typing import Any

from benchmarks.jobs.agent import Agent
from benchmarks.jobs.drift import Drift, plain
from benchmarks.jobs.job import Facts, Job
from benchmarks.pipe import Failed

TEMPLATE = (
    "Hi {first_name}, thanks for your patience! Paying for a year up front takes 15% off every plan, billed once and "
    "with the price fixed for 12 months. Shall I send you a quote?"
)
NOTE = "Asked for the annual discount, got the standard answer (15%). Send a quote if they say yes."


def _prepare(drift: Drift) -> Facts:
    return {"conversation": drift.conversation_of("marcus.feld@tallgrassgrain.example")}


def _answer(transcript: str) -> str:
    """The template filled in; the visitor is who speaks in the first line: `Nov 20, 9:36:31 PM PST Marcus Feld: …`."""
    first_name = re.match(r".*? [AP]M [A-Z]+ (\S+)", transcript)
    assert first_name
    return TEMPLATE.format(first_name=first_name[1])


async def _default(agent: Agent, facts: Facts) -> None:
    number = facts["conversation"]
    read = await agent.call("get_conversation_transcript", conversation_id=number)
    await agent.call("reply_to_conversation", conversation_id=number, body=_answer(read["transcript"]), note=NOTE)


async def _discovery(agent: Agent, facts: Facts) -> None:
    number = facts["conversation"]
    await agent.look_up("get_conversation_transcript", "reply_to_conversation")
    read = await agent.run("get_conversation_transcript", "read", conversation_id=number)
    body = _answer(read["transcript"])
    await agent.run("reply_to_conversation", "write", conversation_id=number, body=body, note=NOTE)


async def _peer(agent: Agent, facts: Facts) -> None:
    number = str(facts["conversation"])
    read = await agent.call("get_conversations_id_transcript", id=number)
    body = _answer(read if isinstance(read, str) else read.get("result") or read["data"])
    await agent.call("post_conversations_id_messages", id=number, body={"type": "chat", "body": body})
    await agent.call("post_conversations_id_messages", id=number, body={"type": "private_note", "body": NOTE})


def _check(drift: Drift, facts: Facts, _: Any) -> None:
    answer, note = drift.messages(facts["conversation"])[-2:]
    if (answer["type"], plain(answer["body"])) != ("chat", TEMPLATE.format(first_name="Marcus")):
        raise Failed("the visitor has not got the answer")
    if (note["type"], plain(note["body"])) != ("private_note", NOTE):
        raise Failed("there is no note")


JOB = Job(
    name="reply with a template and a note",
    request="Answer this conversation with our template on annual discounts, addressing the visitor by first name, "
    "and leave a note for the team.",
    prepare=_prepare,
    plays={"default": _default, "discovery": _discovery, "from_openapi": _peer},
    check=_check,
)

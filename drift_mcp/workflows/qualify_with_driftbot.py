"""Qualifying a visitor with Driftbot: start the questions, wait for answers, change the wording on the way."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Self

import anyio
from pydantic import Field, model_validator

from drift_mcp.fields import Cleaned, Id, Line, Stamp, Text, VisitorText
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.workflow import Context, Workflow
from drift_mcp.workflows.shared import lookups
from drift_mcp.workflows.shared.job import FAILURES, Job, Problem, Row
from drift_mcp.workflows.shared.shown import brief, slim

LONGEST = 300
FIRST_WAIT, GROWTH, LONGEST_WAIT = 1.0, 1.5, 8.0
WAITING = 0.8
"""The share of the call's time that is waited at most; the rest is for the calls after a wait."""

sleep: Callable[[float], Awaitable[None]] = anyio.sleep
elapsed: Callable[[], float] = anyio.current_time


class Qualify(Request):
    conversation_id: Id = Field(description="Conversation id.")
    action_id: Line | None = Field(None, description="interaction_id of a playbook; else welcome.")
    prompt: Text | None = Field(None, description="First question, instead of the playbook's.")
    known: Annotated[dict[str, Any] | None, Cleaned] = Field(
        None, description="Answers by attribute that need no question."
    )
    questions: Annotated[list[Line] | None, Field(max_length=10)] = Field(
        None, description="To ask after the flow, one by one."
    )
    revise: Text | None = Field(None, description="New wording for the question that waits; no new flow.")
    since_message_id: Id | None = Field(None, description="message_id of an earlier result: only wait on.")
    wait_seconds: Annotated[int, Field(ge=0, le=120)] = Field(30, description="0: do not wait.")

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        starts = bool(self.action_id or self.prompt or self.known)
        if starts and (self.revise or self.since_message_id):
            raise ValueError("revise and since_message_id go on with a flow: leave action_id, prompt and known out")
        return self


class Answered(Result):
    question: str | None = None
    answer: VisitorText | None = None
    at: Stamp | None = None


class Qualified(Result):
    conversation_id: int | None = None
    message_id: int | None = Field(None, description="Pass as since_message_id to wait on.")
    done: str | None = Field(None, description="triggered, revised or waited.")
    state: str | None = Field(None, description="answered, waiting, agent_took_over or not_read.")
    answers: list[Answered] | None = None
    open: list[str] | None = Field(None, description="Asked and not answered.")
    not_asked: list[str] | None = None
    unclear: list[str] | None = Field(None, description="May have been asked: look first.")
    waited_seconds: int | None = None
    problems: list[Problem] | None = None


class _Exchange:
    """What has been asked and answered since a message, read out of the conversation."""

    def __init__(self, messages: list[Row], asked_here: set[int]) -> None:
        self.answers: list[Row] = []
        self.question: str | None = None
        self.taken_over = False
        self.last_author = ""
        for row in messages:
            goes_on = self.last_author == "visitor" == row.get("author")
            self.last_author = str(row.get("author"))
            text = brief(row.get("text"), LONGEST)
            if goes_on:  # an answer in several messages
                self.answers[-1]["answer"] = brief(f"{self.answers[-1]['answer']} {text}", LONGEST)
            elif self.last_author == "agent":
                self.taken_over = True
            elif self.last_author == "visitor":
                self.answers.append({"question": self.question, "answer": text, "at": row.get("created_at")})
                self.question = None
            elif row.get("id") in asked_here or "?" in text or row.get("buttons"):
                self.question = text
            else:
                self.question = None


class _Qualification:
    def __init__(self, request: Qualify, context: Context) -> None:
        self.request = request
        self.job = Job(context)
        self.left = list(request.questions or ())
        self.asked: set[int] = set()
        self.unclear: list[str] = []
        self.state = "not_read"

    async def run(self) -> Row:
        start, done = await self._start()
        number = start.get("id")
        wait = self.request.wait_seconds
        if number is None:
            # It is asked, but nothing says where in the conversation that was.
            self.job.warn("answers", "broken_answer", "Read the conversation with list_messages.")
            wait = 0
        else:
            self.asked.add(number)
        began = elapsed()
        # What is known without reading: the question just put.
        seen = _Exchange([start] if "text" in start else [], self.asked)
        if wait:
            seen = await self._wait(start, seen, began)
        answer = {
            "conversation_id": self.request.conversation_id,
            **({"message_id": number} if number is not None else {}),
            "done": done,
            "state": "waiting" if self.request.wait_seconds == 0 else self.state,
            "waited_seconds": round(elapsed() - began),
        }
        return answer | slim(
            {
                "answers": [slim(each) for each in seen.answers],
                "open": [seen.question] if seen.question else [],
                "not_asked": self.left,
                "unclear": self.unclear,
                "problems": self.job.problems,
            }
        )

    async def _start(self) -> tuple[Row, str]:
        number = self.request.conversation_id
        if self.request.revise is not None:
            revised = await self.job.operate(
                "update_driftbot_message", conversation_id=number, body=self.request.revise
            )
            since = self.request.since_message_id
            return (revised if since is None else {"id": since}), "revised"
        if self.request.since_message_id is not None:
            return {"id": self.request.since_message_id}, "waited"
        payload = (self.request.known or {}) | ({"body": self.request.prompt} if self.request.prompt else {})
        started = await self.job.operate(
            "trigger_driftbot", conversation_id=number, action_id=self.request.action_id, payload=payload or None
        )
        return started, "triggered"

    async def _wait(self, start: Row, seen: _Exchange, began: float) -> _Exchange:
        """Read the conversation at growing intervals until everything is answered or the time is over."""
        pause, silent = FIRST_WAIT, False
        limit = min(self.request.wait_seconds, WAITING * self.job.context.left())
        if self.request.since_message_id is None:
            await sleep(min(pause, limit))
        while True:
            try:
                messages, more = await lookups.messages(self.job, self.request.conversation_id)
            except FAILURES as error:
                self.job.note("answers", "list_messages", error)
                return seen
            if more:
                self.job.warn("answers", "not_all_read", "The conversation is too long to reach its end here.")
                return seen
            seen = _Exchange(_since(messages, start), self.asked)
            self.state = "agent_took_over" if seen.taken_over else "waiting" if seen.question else "answered"
            await self.job.context.progress(min(elapsed() - began, limit), limit, f"{len(seen.answers)} answers")
            if seen.taken_over:
                return seen
            if seen.question is None:
                # Driftbot may still be about to speak after the visitor: one more look before the flow is over.
                if seen.last_author == "visitor" and not silent and elapsed() - began < limit:
                    silent = True
                elif not self.left or not await self._ask_next():
                    return seen
                else:
                    silent, pause = False, FIRST_WAIT
                    self.state = "waiting"
                    seen.question = brief(self.last_question, LONGEST)
            remaining = limit - (elapsed() - began)
            if remaining <= 0:
                if limit < self.request.wait_seconds:
                    self.job.warn("answers", "out_of_time", "To wait on, pass message_id as since_message_id.")
                return seen
            await sleep(min(pause, remaining))
            pause = min(pause * GROWTH, LONGEST_WAIT)

    async def _ask_next(self) -> bool:
        """Put the next of our own questions; a question whose fate is not known is not put again."""
        self.last_question = self.left[0]
        sent = await self.job.attempt(
            "question", "send_message", conversation_id=self.request.conversation_id, body=self.last_question
        )
        if sent is None:
            if self.job.unclear("question"):
                self.unclear = [self.left.pop(0)]
            return False
        self.left.pop(0)
        self.asked.add(sent.get("id", 0))
        return True


def _since(messages: list[Row], start: Row) -> list[Row]:
    """The chat from `start` on. Where its id is not there, its time decides."""
    chats = [row for row in messages if row.get("type", "chat") == "chat"]
    for place, row in enumerate(chats):
        if row.get("id") == start["id"]:
            return chats[place:]
    return [row for row in chats if start.get("created_at") and str(row.get("created_at")) >= start["created_at"]]


async def qualify_with_driftbot(request: Qualify, context: Context) -> dict[str, Any]:
    """One call to trigger or revise; then one to read each time, after 1, 2.5, 4.75, 8 … seconds (some 8 in a minute);
    one for each question of your own. With wait_seconds 0 one call in all.
    """
    return await _Qualification(request, context).run()


WORKFLOWS = [
    Workflow(
        name="qualify_with_driftbot",
        title="Qualify a visitor with Driftbot",
        summary="Have Driftbot ask the visitor, wait for the answers, put further questions, or revise the one that "
        "waits; returns the questions with their answers.",
        guidance="To only start a flow: trigger_driftbot.",
        intents=(
            "qualify this visitor with the bot",
            "let Driftbot ask a few questions and tell me the answers",
            "wait for what the visitor answers the bot",
            "qualify the lead in this chat automatically",
        ),
        toolset="automation",
        scope="conversation_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        request=Qualify,
        result=Qualified,
        run=qualify_with_driftbot,
        lasts=True,
    ),
]

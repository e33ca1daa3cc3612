"""A reply with all that belongs to it: buttons, a note for the team, a new status."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from drift_mcp.fields import Id, Line, Stamp, Text, VisitorText
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.workflow import Context, Workflow
from drift_mcp.workflows.shared import lookups
from drift_mcp.workflows.shared.job import FAILURES, Job, Problem, Row
from drift_mcp.workflows.shared.shown import brief, slim

TAIL = 4
TAIL_LENGTH = 300


class Reply(Request):
    conversation_id: Id = Field(description="Conversation id.")
    body: Text = Field(description="What the visitor reads.")
    format: Literal["text", "html"] = Field("text", description="html: body is simple HTML.")
    buttons: Annotated[list[Line] | None, Field(max_length=10)] = Field(
        None, description="Answers for the visitor to click."
    )
    note: Text | None = Field(None, description="Note for the team only.")
    status: Literal["open", "closed", "pending"] | None = Field(None, description="New status.")
    user_id: Id | None = Field(None, description="User to write as; else the bot.")


class Said(Result):
    author: str | None = Field(None, description="visitor, agent or bot.")
    private: bool | None = None
    text: VisitorText | None = None
    at: Stamp | None = None


class Replied(Result):
    conversation_id: int | None = None
    done: list[str] | None = Field(None, description="Of reply, note, status.")
    not_done: list[str] | None = Field(None, description="See problems; do only these again.")
    unclear: list[str] | None = Field(None, description="May be done: look first.")
    message_id: int | None = None
    note_id: int | None = None
    status: str | None = None
    tail: list[Said] | None = Field(None, description="The end of the conversation.")
    problems: list[Problem] | None = None


async def reply_to_conversation(request: Reply, context: Context) -> dict[str, Any]:
    """Two calls to Drift, the reply and the end of the thread, and one each for a note and a status.

    A reply that fails ends it: nothing else has been done. After a failure the later steps are left, because a
    conversation that is closed without its note looks finished and is not.
    """
    job = Job(context)
    reply = await job.operate(
        "send_message",
        conversation_id=request.conversation_id,
        body=request.body,
        format=request.format,
        buttons=request.buttons,
        user_id=request.user_id,
    )
    answer: Row = {"conversation_id": request.conversation_id, **_id("message_id", reply)}
    done, left = ["reply"], [name for name in ("note", "status") if getattr(request, name)]
    if request.note:
        note = await job.attempt(
            "note",
            "send_message",
            conversation_id=request.conversation_id,
            body=request.note,
            type="private_note",
            user_id=request.user_id,
        )
        if note is not None:
            answer |= _id("note_id", note)
            done.append(left.pop(0))
    steps: list[Callable[[], Awaitable[Any]]] = [partial(_tail, job, request.conversation_id)]
    if left == ["status"]:
        steps.append(
            partial(
                job.attempt,
                "status",
                "update_conversation",
                conversation_id=request.conversation_id,
                status=request.status,
            )
        )
    tail, *changed = await job.together(*steps)
    if changed and changed[0] is not None:
        answer["status"] = changed[0].get("status") or request.status
        done.append(left.pop(0))
    unclear = [step for step in left if job.unclear(step)]
    left = [step for step in left if step not in unclear]
    return answer | slim({"done": done, "not_done": left, "unclear": unclear, "tail": tail, "problems": job.problems})


def _id(name: str, message: Row) -> Row:
    return {name: message["id"]} if "id" in message else {}


async def _tail(job: Job, conversation_id: int) -> list[Row] | None:
    try:
        messages, more = await lookups.messages(job, conversation_id)
    except FAILURES as error:
        job.note("tail", "list_messages", error)
        return None
    if more:
        job.warn("tail", "not_all_read", "The conversation is too long to reach its end here; nothing is amiss.")
        return None
    return [_said(message) for message in messages[-TAIL:]]


def _said(message: Row) -> Row:
    return slim(
        {
            "author": message.get("author"),
            "private": True if message.get("type") == "private_note" else None,
            "text": brief(message.get("text"), TAIL_LENGTH),
            "at": message.get("created_at"),
        }
    )


WORKFLOWS = [
    Workflow(
        name="reply_to_conversation",
        title="Reply to a conversation",
        summary="Reply to the visitor, with buttons, a private note and a new status if wanted; returns the end of the "
        "thread.",
        guidance="Only a private note, without a reply: send_message with type private_note.",
        intents=(
            "answer the visitor and close the chat",
            "reply and leave a note for my colleagues",
            "send the templated answer, then set it to pending",
            "respond to this conversation and show the thread",
        ),
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        request=Reply,
        result=Replied,
        run=reply_to_conversation,
        everyday=True,
    ),
]

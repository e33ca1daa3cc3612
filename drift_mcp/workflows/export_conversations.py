"""`export_conversations`: transcripts of many conversations, into a file of the allowed folder or as the result itself.

Calls to Drift: one for up to 100 conversations listed, or one for each id;
one for every 50 messages of each conversation (more where they are very long); with `contact_details` one for each
contact.

The file grows beside its place as `<file>.part`, a conversation at a time, and takes its place when it is complete. The
journal has the plan (ids and times) and how long the part was after each conversation: a run that goes on cuts what is
torn, and fetches nothing again.
"""

from pathlib import Path
from typing import Annotated, Any

from anyio import to_thread
from pydantic import Field

from drift_mcp import present
from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import DriftError, OutOfTime
from drift_mcp.fields import Id, Line, Moment, VisitorName, VisitorText, iso_from_ms
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.operations.conversations import Status
from drift_mcp.workflow import Context, NotAllowed, Workflow
from drift_mcp.workflows.bulk.calls import GO_ON, HOPELESS, JobCalls, Stopped, reason
from drift_mcp.workflows.bulk.conversation_records import ENDINGS, Format, Record, Source, as_plain_text, format_of
from drift_mcp.workflows.bulk.files import Appending, inside, json_line, publish, refuse, size_of
from drift_mcp.workflows.bulk.journal import Journal, Running, job_name

RESULT_BYTES = 20_000
SHOWN = 20
REST = "Then pass left_out as ids."
NO_FOLDER = "This server uses no files (the operator allows a folder with --files), so the export is here."


class ExportConversations(Request):
    status: list[Status] | None = Field(None, description="Only these; all if left out.")
    updated_since: Moment | None = Field(None, description="Only those with activity since then.")
    ids: Annotated[list[Id] | None, Field(min_length=1, max_length=1000)] = Field(None, description="Only these.")
    limit: Annotated[int, Field(ge=1, le=10_000)] = Field(100, description="How many at most, the latest first.")
    file: Line | None = Field(None, description="New .jsonl or .txt file in the allowed folder; else returned here.")
    format: Format | None = Field(
        None, description="jsonl: a conversation a line; text: to read. Left out: as file ends, else jsonl."
    )
    contact_details: bool = Field(False, description="true: the contact's name and e-mail too.")
    overwrite: bool = Field(False, description="true: replace the file if it exists.")
    resume: bool = Field(True, description="false: forget what an unfinished run did.")


class ExportedMessage(Result):
    author: str | None = Field(None, description="visitor, agent or bot.")
    author_id: int | None = None
    type: str | None = Field(None, description="chat or private_note.")
    text: VisitorText | None = None
    created_at: str | None = None


class ExportedContact(Result):
    id: int | None = None
    name: VisitorText | None = None
    email: VisitorText | None = None


class Exported(Result):
    id: int | None = None
    status: str | None = None
    contact: ExportedContact | None = None
    created_at: str | None = None
    updated_at: str | None = None
    messages: list[ExportedMessage] | None = None


class ExportFailure(Result):
    id: int | None = None
    reason: VisitorName | None = None


class Export(Result):
    exported: int | None = Field(None, description="Conversations in the file or here.")
    file: str | None = None
    bytes: int | None = None
    resumed: int | None = Field(None, description="Those that an earlier run had written.")
    failed: int | None = None
    failures: list[ExportFailure] | None = Field(None, description="The first 20.")
    shortened: list[int] | None = Field(None, description="Conversations with a message too long to be whole.")
    conversations: list[Exported] | None = Field(None, description="Without file and in jsonl.")
    text: VisitorText | None = Field(None, description="Without file and in text.")
    left_out: list[int] | None = Field(None, description="Ids that did not fit in here; export to a file.")
    note: str | None = None
    stopped: Stopped | None = Field(None, description="Why it ended early, and what to do.")
    drift_calls: int | None = None


async def export_conversations(request: ExportConversations, context: Context) -> dict[str, Any]:
    """See the top of this module."""
    # Where the ending says nothing, the refusal names all that do.
    endings = ENDINGS[request.format] if request.format else (*ENDINGS["jsonl"], *ENDINGS["text"])
    request = request.model_copy(update={"format": request.format or format_of(request.file)})
    allowed = context.usable()
    for name in ("list_messages", "get_conversation" if request.ids else "list_conversations"):
        if name not in allowed:
            raise NotAllowed(name)
    to_file = request.file is not None and context.files() is not None
    calls = JobCalls(context, GO_ON if to_file else REST)
    source = Source(
        calls,
        status=list(request.status or ()) or None,
        since=iso_from_ms(request.updated_since),
        contact_details=request.contact_details and "get_contact" in allowed,
    )
    if request.file is None or context.files() is None:
        return await _as_result(request, source, calls) | ({"note": NO_FOLDER} if request.file else {})
    path = inside(context.files(), request.file, endings)
    chosen = request.model_dump(exclude={"overwrite", "resume"})
    name = await job_name(context, "export", chosen)
    try:
        journal = Journal(context.state(), name, fresh=not request.resume)
    except Running:
        raise InvalidArguments(["this very export is running already; wait for it to end"]) from None
    with journal:
        published = (
            journal.outcome("whole") is not None and size_of(path) == journal.mark() and size_of(_part(path)) is None
        )
        if not published and not request.overwrite and size_of(path) is not None:
            raise refuse("exists already; pass overwrite true, or another name")
        report = await _to_file(request, source, journal, path, published)
    return report | {"file": request.file}


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


async def _to_file(
    request: ExportConversations, source: Source, journal: Journal, path: Path, done: bool
) -> dict[str, Any]:
    """`done`: the file is complete and in its place, only that was not told."""
    calls, part = source.calls, _part(path)
    failures: list[dict[str, Any]] = []
    plan = journal.plan()
    written = size_of(part)
    if not plan or (not done and (written is None or written < journal.mark())):
        # Nothing to go on with. A part without a journal is not trusted.
        journal.restart()
        plan = await source.plan(request.ids, request.limit)
        journal.keep_plan(plan)
    report: dict[str, Any] = {}
    if not done:
        waiting = [entry for entry in plan if journal.outcome(str(entry["id"])) is None]
        calls.total, calls.done = len(plan), len(plan) - len(waiting)
        if calls.done:
            report["resumed"] = calls.done
        with Appending(part, journal.mark()) as file:
            for entry in waiting:
                try:
                    record = await source.record(entry)
                except HOPELESS as error:
                    if not calls.done and not isinstance(error, OutOfTime):
                        raise
                    report["stopped"] = calls.stopped(error)
                    break
                except DriftError as error:
                    failures.append({"id": entry["id"], "reason": reason(error)})
                else:
                    raw = _bytes(record, request.format)
                    size = await to_thread.run_sync(file.append, raw) if raw else journal.mark()
                    journal.settle(str(entry["id"]), "written" if raw else "left out", size)
                await calls.row_done(f"conversation {entry['id']}")
    exported = sum(journal.outcome(str(entry["id"])) == "written" for entry in plan)
    report |= {"exported": exported, "bytes": journal.mark(), "drift_calls": calls.made}
    report |= _failed(failures) | ({"shortened": source.shortened} if source.shortened else {})
    if "stopped" not in report:
        if not done:
            journal.settle("whole", "written", journal.mark())
            publish(part, path)
        journal.finish()
    return report


async def _as_result(request: ExportConversations, source: Source, calls: JobCalls) -> dict[str, Any]:
    """As many as fit into one answer; at least one, with its texts shortened if need be."""
    plan = await source.plan(request.ids, request.limit)
    failures: list[dict[str, Any]] = []
    calls.total = len(plan)
    records: list[Record] = []
    used, left_out = 0, []
    report: dict[str, Any] = {}
    for place, entry in enumerate(plan):
        try:
            record = await source.record(entry)
        except HOPELESS as error:
            if not records:
                raise
            report["stopped"] = calls.stopped(error)
            left_out = [each["id"] for each in plan[place:]]
            break
        except DriftError as error:
            failures.append({"id": entry["id"], "reason": reason(error)})
            continue
        if record is None:
            continue
        shown: Any = record if request.format == "jsonl" else as_plain_text(record)
        if used + present.size(shown) > RESULT_BYTES:
            if records:
                left_out = [each["id"] for each in plan[place:]]
                break
            record, cut = present.fit_record(record, RESULT_BYTES)
            report |= {"note": cut} if cut else {}
        records.append(record)
        used += present.size(shown)
        await calls.row_done(f"conversation {entry['id']}")
    body: dict[str, Any] = {"conversations": records}
    if request.format == "text":
        body = {"text": "".join(map(as_plain_text, records))}
    report |= {"exported": len(records), **body, "drift_calls": calls.made} | _failed(failures)
    return report | ({"left_out": left_out[:100]} if left_out else {})


def _bytes(record: Record | None, form: str | None) -> bytes:
    if record is None:
        return b""
    return json_line(record) if form == "jsonl" else as_plain_text(record).encode()


def _failed(failures: list[dict[str, Any]]) -> dict[str, Any]:
    return {"failed": len(failures), "failures": failures[:SHOWN]} if failures else {}


WORKFLOWS = [
    Workflow(
        name="export_conversations",
        title="Export conversations",
        summary="Transcripts of many conversations, private notes included, into a local file, or returned.",
        guidance="Changes nothing in Drift. Call again with the same arguments to go on. One: "
        "get_conversation_transcript.",
        intents=(
            "export transcripts of many conversations",
            "back up our chats to a file",
            "download all conversations of last month",
            "dump conversations as JSONL",
        ),
        toolset="conversations",
        scope="conversation_read",
        # A write of local files: it changes nothing in Drift, but hosts run reads without asking.
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        request=ExportConversations,
        result=Export,
        run=export_conversations,
        lasts=True,
    ),
]

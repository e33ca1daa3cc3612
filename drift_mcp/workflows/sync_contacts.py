"""`sync_contacts`: brings many contacts into Drift as a list or a file has them, and says what became of each.

Calls to Drift: one to know the organisation; then one lookup a row by e-mail, or one for up to 25 rows by external id;
and one write for each row that differs. Rows that an interrupted run finished cost none.
"""

from dataclasses import asdict
from typing import Annotated, Any

from anyio import to_thread
from pydantic import Field, WithJsonSchema, model_validator

from drift_mcp.arguments import InvalidArguments
from drift_mcp.fields import Line, VisitorText
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.workflow import Context, NotAllowed, Workflow
from drift_mcp.workflows.bulk.calls import JobCalls, stopped
from drift_mcp.workflows.bulk.contact_job import LOOKUPS, ContactJob
from drift_mcp.workflows.bulk.contact_rows import Failure, Key, Prepared, Row, prepare
from drift_mcp.workflows.bulk.files import inside, write_lines
from drift_mcp.workflows.bulk.journal import Journal, Running, digest, job_name
from drift_mcp.workflows.bulk.rows import ENDINGS, Numbered, has_columns, rows_of

SHOWN = 20

ContactRow = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "email": {"type": "string", "description": "Address."},
                "external_id": {"type": "string", "description": "Your own system's id."},
                "name": {"type": "string", "description": "Full name."},
                "phone": {"type": "string", "description": "Number."},
                "attributes": {"type": "object", "description": "More by name."},
            },
            "additionalProperties": False,
        }
    ),
]


class SyncContacts(Request):
    contacts: Annotated[list[ContactRow] | None, Field(min_length=1, max_length=1000)] = Field(
        None, description="The contacts, up to 1000."
    )
    file: Line | None = Field(None, description="Or a .csv or .jsonl file in the allowed folder.")
    key: Key = Field("email", description="What tells contacts apart.")
    dry_run: bool = Field(False, description="true: only say what would change.")
    resume: bool = Field(True, description="false: forget what an unfinished run did.")

    @model_validator(mode="after")
    def _one_source(self) -> "SyncContacts":
        if (self.contacts is None) == (self.file is None):
            raise ValueError("pass either contacts or file")
        return self


class RowFailure(Result):
    line: int | None = Field(None, description="In the file, or place in contacts.")
    reason: VisitorText | None = None


class Merged(Result):
    line: int | None = None
    into: int | None = None


class Synced(Result):
    rows: int | None = None
    created: int | None = Field(None, description="With dry_run: would be; so for the others.")
    updated: int | None = None
    unchanged: int | None = None
    failed: int | None = None
    dry_run: bool | None = None
    resumed: int | None = Field(None, description="Rows that an earlier run had done.")
    duplicates: int | None = Field(None, description="Rows merged into one of the same key; later values win.")
    merged: list[Merged] | None = Field(None, description="The first 20 duplicates.")
    failures: list[RowFailure] | None = Field(None, description="The first 20.")
    failures_file: str | None = Field(None, description="All failed rows, beside the input.")
    remaining: int | None = Field(None, description="Rows not reached.")
    stopped: dict[str, Any] | None = Field(None, description="Why it ended early, and what to do.")
    drift_calls: int | None = None


async def sync_contacts(request: SyncContacts, context: Context) -> dict[str, Any]:
    """See the top of this module."""
    allowed = {entry.name for entry in context.offered()}
    writes = () if request.dry_run else ("create_contact", "update_contact")
    for name in (LOOKUPS[request.key], *writes):
        if name not in allowed:
            raise NotAllowed(name)
    source = None if request.file is None else inside(context.files(), request.file, ENDINGS)

    def load() -> Prepared:
        numbered: list[Numbered] = list(enumerate(request.contacts or (), 1)) if source is None else rows_of(source)
        return prepare(numbered, request.key, columns=source is not None and has_columns(source))

    prepared = await to_thread.run_sync(load)
    calls = JobCalls(context)
    if request.dry_run:
        report, _ = await _run(request, prepared, calls, None)
        return report | {"dry_run": True}
    whole = [request.key, [[row.key, row.fields] for row in prepared.rows]]
    name = await job_name(context, "sync", digest(repr(whole)))
    calls.made += 1
    try:
        journal = Journal(context.state(), name, fresh=not request.resume)
    except Running:
        raise InvalidArguments(["this very sync is running already; wait for it to end"]) from None
    with journal:
        report, failures = await _run(request, prepared, calls, journal)
        if source is not None and failures:
            beside = source.with_name(f"{source.name}.failed.jsonl")
            await to_thread.run_sync(write_lines, beside, [asdict(each) for each in failures])
            report["failures_file"] = f"{request.file}.failed.jsonl"
        if "stopped" not in report:
            journal.finish()
    return report


async def _run(
    request: SyncContacts, prepared: Prepared, calls: JobCalls, journal: Journal | None
) -> tuple[dict[str, Any], list[Failure]]:
    job = ContactJob(request.key, request.dry_run, calls, journal)
    waiting: list[Row] = []
    for row in prepared.rows:
        before = journal.outcome(row.key) if journal is not None else None
        if before is None:
            waiting.append(row)
        else:
            job.counts[before] += 1
    calls.total, calls.done = len(prepared.rows), len(prepared.rows) - len(waiting)
    resumed = calls.done
    await job.run(waiting)
    if job.stop is not None and calls.done == 0:
        # Nothing was done at all, so there is nothing to report but why.
        raise job.stop
    failures = sorted(prepared.failures + job.failures, key=lambda failure: failure.line)
    merged = prepared.merged
    report: dict[str, Any] = {
        "rows": len(prepared.rows) + len(prepared.failures) + len(merged),
        **job.counts,
        "failed": len(failures),
        "duplicates": len(merged),
        "drift_calls": calls.made,
    }
    if resumed:
        report["resumed"] = resumed
    if merged:
        report["merged"] = [{"line": line, "into": into} for line, into in merged[:SHOWN]]
    if failures:
        report["failures"] = [{"line": each.line, "reason": each.reason[:300]} for each in failures[:SHOWN]]
    if job.stop is not None:
        report |= {"remaining": calls.total - calls.done, "stopped": stopped(job.stop)}
    return report, failures


WORKFLOWS = [
    Workflow(
        name="sync_contacts",
        title="Sync many contacts",
        summary="Bring many contacts into Drift: each is looked up by key, then created or updated where it differs.",
        guidance="Safe to call again with the same arguments: it goes on where it ended. One contact: capture_lead.",
        intents=(
            "sync contacts from a CSV file",
            "import many leads into Drift",
            "upload our CRM contacts and update those that exist",
            "bulk create or update contacts",
        ),
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        request=SyncContacts,
        result=Synced,
        run=sync_contacts,
    ),
]

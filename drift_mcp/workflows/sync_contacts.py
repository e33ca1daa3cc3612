"""`sync_contacts`: brings many contacts into Drift as a list or a file has them, and says what became of each.

Calls to Drift: one for the attributes that contacts have unless only e-mail, external id, name and phone are given; one
lookup a row by e-mail, or one for up to 25 rows by external id; and one write for each row that differs. Rows that an
interrupted run finished cost none. Which organisation it is was asked before, or is with one call more.

Where the time of one call is all there is, the first rows are looked up beside the attributes: a Drift that has time
for two calls only still gets on with every run.
"""

import math
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from pydantic import Field, WithJsonSchema, model_validator

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import OutOfTime
from drift_mcp.fields import Line, VisitorName
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.text import visible
from drift_mcp.workflow import Context, NotAllowed, Workflow
from drift_mcp.workflows.bulk.calls import GO_ON, JobCalls, Stopped
from drift_mcp.workflows.bulk.columns import Declared, Names, declared, needs_declared, understand
from drift_mcp.workflows.bulk.contact_job import AHEAD, LOOKUPS, PER_LOOKUP, ContactJob, Sample
from drift_mcp.workflows.bulk.contact_rows import Failure, Key, Prepared, Row, prepare
from drift_mcp.workflows.bulk.files import FAILED, existing, refuse, remove, write_lines
from drift_mcp.workflows.bulk.journal import Journal, Running, digest, job_name
from drift_mcp.workflows.bulk.rows import ENDINGS, Table, table_of
from drift_mcp.workflows.shared.contact_changes import Change
from drift_mcp.workflows.shared.job import Job
from drift_mcp.workflows.shared.shown import brief, slim

SHOWN = 20
LONGEST = 120
DRY = "A dry run begins anew each time: try it on fewer rows."

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
                "attributes": {"type": "object", "description": "More by name, as list_contact_attributes has them."},
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
    new_attributes: bool = Field(False, description="true: unknown names become new attributes; else refused.")
    dry_run: bool = Field(False, description="true: only say what would change.")
    resume: bool = Field(True, description="false: forget what an unfinished run did.")

    @model_validator(mode="after")
    def _one_source(self) -> "SyncContacts":
        if (self.contacts is None) == (self.file is None):
            raise ValueError("pass either contacts or file")
        return self


class RowFailure(Result):
    line: int | None = Field(None, description="In the file, or place in contacts.")
    reason: VisitorName | None = None


class RowSample(Result):
    line: int | None = None
    outcome: str | None = Field(None, description="created or updated.")
    changes: list[Change] | None = None


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
    columns: dict[str, Any] | None = Field(None, description="What each column was taken for.")
    new_attributes: list[str] | None = Field(None, description="Did not exist before.")
    samples: list[RowSample] | None = Field(None, description="dry_run: up to 5 rows that would change.")
    resumed: int | None = Field(None, description="Rows that an earlier run had done.")
    duplicates: int | None = Field(None, description="Rows merged into one of the same key; later values win.")
    merged: list[Merged] | None = Field(None, description="The first 20 duplicates.")
    failures: list[RowFailure] | None = Field(None, description="The first 20.")
    failures_file: str | None = Field(None, description="All failed rows, beside the input.")
    remaining: int | None = Field(None, description="Rows not reached.")
    stopped: Stopped | None = Field(None, description="Why it ended early, and what to do.")
    drift_calls: int | None = None


async def sync_contacts(request: SyncContacts, context: Context) -> dict[str, Any]:
    """See the top of this module."""
    allowed = context.usable()
    writes = () if request.dry_run else ("create_contact", "update_contact")
    for name in (LOOKUPS[request.key], *writes):
        if name not in allowed:
            raise NotAllowed(name)
    source = None if request.file is None else existing(context.files(), request.file, ENDINGS)
    if source is None:
        table = Table(None, list(enumerate(request.contacts or (), 1)))
    else:
        table = await to_thread.run_sync(table_of, source)
    calls = JobCalls(context, DRY if request.dry_run else GO_ON)
    if request.dry_run:
        job = ContactJob(request.key, True, calls, None)
        prepared, about = await _prepared(request, context, table, job)
        report, _ = await _run(prepared, job)
        return report | about | {"dry_run": True}
    # As it was given: what its names mean is asked only once it is known which rows are left.
    whole = await to_thread.run_sync(lambda: digest(repr([request.key, table.columns, table.rows])))
    name = await job_name(context, "sync", whole)
    try:
        journal = Journal(context.state(), name, fresh=not request.resume)
    except Running:
        raise InvalidArguments(["this very sync is running already; wait for it to end"]) from None
    with journal:
        job = ContactJob(request.key, False, calls, journal)
        try:
            prepared, about = await _prepared(request, context, table, job)
        except InvalidArguments:
            if not journal.resumed:
                journal.finish()
            raise
        report, failures = await _run(prepared, job)
        if source is not None:
            beside = source.with_name(f"{source.name}{FAILED}")
            if failures:
                await to_thread.run_sync(write_lines, beside, [asdict(each) for each in failures])
                report["failures_file"] = f"{request.file}{FAILED}"
            elif "stopped" not in report:
                remove(beside)  # it is of an earlier run
        if "stopped" not in report:
            journal.finish()
    return report | about


async def _prepared(
    request: SyncContacts, context: Context, table: Table, job: ContactJob
) -> tuple[Prepared, dict[str, Any]]:
    """The rows, and what their names were taken for."""
    ask = partial(declared, job.calls, table)
    if context.left() < math.inf and needs_declared(table):
        first = await to_thread.run_sync(_first, table, job)
        known, _ = await Job(context).together(ask, partial(job.look_ahead, first))
    else:
        known = await ask()
    names = understand(table, known, create=request.new_attributes)
    _has_key(request.key, table, names)
    prepared = await to_thread.run_sync(prepare, table, request.key, names)
    return prepared, slim({"columns": names.told(table.columns), "new_attributes": list(names.new)})


def _first(table: Table, job: ContactJob) -> list[Row]:
    """The first rows to do, as far as they can be told without Drift: the names of the keys are ours."""
    try:
        names = understand(table, Declared(), create=True)
    except InvalidArguments:
        return []
    most = AHEAD * (1 if job.key == "email" else PER_LOOKUP)
    found: dict[str, Row] = {}
    for given in table.rows:
        for row in prepare(Table(table.columns, [given]), job.key, names).rows:
            if job.journal is None or job.journal.outcome(row.key) is None:
                found.setdefault(row.key, row)
        if len(found) == most:
            break
    return list(found.values())


def _has_key(key: Key, table: Table, names: Names) -> None:
    """Refuse a file that has no column for the key, instead of every row of it."""
    if table.columns is None or any(names.meaning[column] == key for column in table.columns):
        return
    columns = ", ".join(repr(column[:60]) for column in table.columns[:SHOWN]) or "none, the file is empty"
    raise refuse(f"no column is the {key} that tells contacts apart; its columns: {columns}. Rename one, or choose key")


async def _run(prepared: Prepared, job: ContactJob) -> tuple[dict[str, Any], list[Failure]]:
    calls, journal = job.calls, job.journal
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
    nothing_done = not sum(job.counts.values()) and not job.failures
    if job.stop is not None and nothing_done and not isinstance(job.stop, OutOfTime):
        # There is only to say why. Where the time ran out, a write may be under way, which the next run looks up.
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
    if job.samples:
        report["samples"] = [_shown(sample) for sample in job.samples]
    if job.stop is not None:
        # The first run has also had to ask which organisation it is.
        again = journal is None or journal.resumed
        stuck = again and sum(job.counts.values()) == resumed and not job.failures and not job.in_doubt
        report |= {"remaining": calls.total - calls.done, "stopped": calls.stopped(job.stop, stuck=stuck)}
    return report, failures


def _shown(sample: Sample) -> dict[str, Any]:
    changes = [
        slim({"field": name[:100], "old": _short(old)}) | {"new": _short(new)} for name, old, new in sample.changes
    ]
    return {"line": sample.line, "outcome": sample.outcome, "changes": changes}


def _short(value: Any) -> Any:
    return brief(visible(value), LONGEST) if isinstance(value, str) else value


WORKFLOWS = [
    Workflow(
        name="sync_contacts",
        title="Sync many contacts",
        summary="Bring many contacts into Drift: each is looked up by key, then created or updated where it differs.",
        guidance="Try dry_run first. Safe to call again with the same arguments: it goes on where it stopped. "
        "One contact: capture_lead.",
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
        lasts=True,
    ),
]

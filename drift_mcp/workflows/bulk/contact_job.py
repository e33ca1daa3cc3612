"""How `sync_contacts` brings one row after another into Drift without ever making a write twice.

Before a write its intent goes into the journal. Whether a run was killed or an answer lost, a write in doubt is looked
for in Drift before anything is written again. Drift's own rule, that e-mail or external id is unique, is the second
guard.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import anyio

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import BrokenAnswer, Conflict, DriftError, InvalidRequest, NotFound
from drift_mcp.text import visible
from drift_mcp.workflows.bulk.calls import HOPELESS, JobCalls, reason
from drift_mcp.workflows.bulk.columns import NAMED
from drift_mcp.workflows.bulk.contact_rows import Failure, Key, Row, changes, hidden_in_brief
from drift_mcp.workflows.bulk.journal import Journal
from drift_mcp.workflows.shared.lookups import all_with_ids

LOOKUPS: dict[Key, str] = {"email": "find_contacts_by_email", "external_id": "find_contacts_by_external_id"}
AT_ONCE = 5
AHEAD = AT_ONCE - 1
"""Look-ups that may be made beside another call."""
PER_LOOKUP = 25
TRIES = 3
LOST_WAIT = 1.0
"""Seconds before looking for a write whose answer was lost: it may still be under way."""
FAULTS_IN_A_ROW = 20
"""Rows that fail for Drift's sake, one after another, until the job stops."""
SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """What would become of a row: each field that changes, with its old and its new value."""

    line: int
    outcome: str
    changes: list[tuple[str, Any, Any]]


class _RowFailed(Exception):
    def __init__(self, why: str, *, fault: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.fault = fault


@dataclass
class ContactJob:
    """One run. Workers take groups of rows; a group is looked up together."""

    key: Key
    dry_run: bool
    calls: JobCalls
    journal: Journal | None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("created", "updated", "unchanged"), 0))
    failures: list[Failure] = field(default_factory=list[Failure])
    samples: list[Sample] = field(default_factory=list[Sample])
    stop: DriftError | None = None
    faults: int = 0
    in_doubt: bool = False
    """Whether a write of this run may have been made, which the next run finds out."""
    _ahead: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])

    async def look_ahead(self, rows: list[Row]) -> None:
        """Look up the first of `rows` while something else is asked. What fails here is asked again in its turn."""
        groups = _groups(rows, self._at_a_time)

        async def look(group: list[Row]) -> None:
            with suppress(DriftError, InvalidArguments):
                self._ahead.update(await self._look(group, "full"))

        async with anyio.create_task_group() as workers:
            for group in islice(groups, AHEAD):
                workers.start_soon(look, group)

    @property
    def _at_a_time(self) -> int:
        return 1 if self.key == "email" else PER_LOOKUP

    async def run(self, rows: list[Row]) -> None:
        """Work through `rows` until their end, or until `stop` says why not."""
        groups = _groups(rows, self._at_a_time)
        async with anyio.create_task_group() as workers:
            for _ in range(AT_ONCE):
                workers.start_soon(self._work, groups)

    async def _work(self, groups: Iterator[list[Row]]) -> None:
        for group in groups:
            await self._do_all(group)
            if self.stop is not None:
                return

    async def _do_all(self, group: list[Row]) -> None:
        asked = [row for row in group if row.key not in self._ahead]
        try:
            found = await self._look(asked) if asked else {}
        except HOPELESS as error:
            self.stop = self.stop or error
        except (DriftError, InvalidArguments) as error:
            if isinstance(error, BrokenAnswer) and len(asked) > 1:
                # One contact that cannot be told costs the row that it is for, not the others.
                for row in group:
                    if self.stop is None:
                        await self._do_all([row])
                return
            for row in group:
                await self._failed(row, _failure(error))
        else:
            for row in group:
                if self.stop is None:
                    await self._do(row, found[row.key] if row.key in found else self._ahead.pop(row.key))

    async def _do(self, row: Row, found: list[dict[str, Any]]) -> None:
        try:
            outcome = await self._settle(row, found)
        except HOPELESS as error:
            self.stop = self.stop or error
        except _RowFailed as failure:
            await self._failed(row, failure)
        except (DriftError, InvalidArguments) as error:
            await self._failed(row, _failure(error))
        else:
            if self.journal is not None:
                self.journal.settle(row.key, outcome)
            self.faults = 0
            self.counts[outcome] += 1
            await self.calls.row_done(f"line {row.line}: {outcome}")

    async def _failed(self, row: Row, failure: _RowFailed) -> None:
        self.failures.append(Failure(row.line, failure.why, row.fields))
        self.faults = self.faults + 1 if failure.fault else 0
        if self.faults >= FAULTS_IN_A_ROW:
            # What Drift said of it is among the failures.
            kind = failure.why.partition(":")[0].partition(";")[0]
            self.stop = self.stop or DriftError(f"{self.faults} rows in a row failed, the last with {kind}")
        await self.calls.row_done(f"line {row.line}: failed")

    async def _settle(self, row: Row, found: list[dict[str, Any]]) -> str:
        """Make Drift agree with the row; created, updated or unchanged."""
        # What a write in doubt, of this run or an earlier one, would have done.
        in_doubt = self.journal.intent(row.key) if self.journal is not None else None
        for tried in range(1, TRIES + 1):
            contact = self._choose(row, found)
            wanted = row.fields if contact is None else changes(row, self.key, contact)
            if not wanted:
                return in_doubt or "unchanged"
            outcome = "created" if contact is None else "updated"
            if contact is None and "email" not in row.fields:
                raise _RowFailed("no contact has this external_id, and creating one needs an email")
            if self.journal is None:
                self._show(row, outcome, wanted, contact or {})
                return outcome
            self.journal.intend(row.key, outcome)
            try:
                if contact is None:
                    await self.calls.operate("create_contact", **wanted)
                else:
                    await self.calls.operate("update_contact", contact_id=contact["id"], **wanted)
            except DriftError as error:
                if error.maybe_applied:
                    in_doubt, self.in_doubt = outcome, True
                    await anyio.sleep(LOST_WAIT * tried)
                else:
                    in_doubt = None
                    self.journal.drop(row.key)
                    # Somebody else may have created or deleted the contact since it was looked up.
                    crossed = (Conflict, InvalidRequest) if contact is None else NotFound
                    if not isinstance(error, crossed):
                        raise
                if tried == TRIES:
                    raise
                found = await self._look_again(row, error)
            else:
                return outcome
        raise AssertionError  # the last try returns or raises

    def _show(self, row: Row, outcome: str, wanted: dict[str, Any], contact: dict[str, Any]) -> None:
        """Keep what would change as a sample. Updates say more than creations, and the first rows do for either."""
        now = contact.get("attributes", {}) | {name: contact[name] for name in NAMED if name in contact}
        new = {name: value for name, value in wanted.items() if name != "attributes"} | wanted.get("attributes", {})
        sample = Sample(row.line, outcome, [(name, now.get(name), value) for name, value in new.items()])
        self.samples.append(sample)
        self.samples.sort(key=lambda each: (each.outcome != "updated", each.line))
        del self.samples[SAMPLES:]

    async def _look_again(self, row: Row, after: DriftError) -> list[dict[str, Any]]:
        """The contacts with the row's key, once a write of it did not go as it should: `after`."""
        try:
            found = (await self._look([row]))[row.key]
        except HOPELESS:
            raise
        except DriftError:
            raise after from None
        if not found and isinstance(after, Conflict | InvalidRequest):
            # It is not there already: Drift refused it for another reason.
            raise after
        return found

    def _choose(self, row: Row, found: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The contact the row is about."""
        if len(found) > 1:
            external = row.fields.get("external_id")
            found = [contact for contact in found if contact.get("external_id") == external] if external else found
        if len(found) > 1:
            raise _RowFailed(f"{len(found)} contacts or more have this {self.key}; tell them apart with external_id")
        return found[0] if found else None

    async def _look(self, group: list[Row], detail: str = "") -> dict[str, list[dict[str, Any]]]:
        """The contacts in Drift with each row's key, as far as the rows need it or in this `detail`.

        Raises:
            BrokenAnswer: a contact cannot be told from the others, so it would be missing, and made again.
        """
        full = any(hidden_in_brief(name) for row in group for name in row.fields.get("attributes", ()))
        detail, lookup = detail or ("full" if full else "brief"), LOOKUPS[self.key]
        if self.key == "email":
            (row,) = group
            answer = await self.calls.operate(lookup, email=row.fields["email"], limit=10, detail=detail)
            return {row.key: all_with_ids(answer["items"])}
        ids = [row.key for row in group]
        answer = await self.calls.operate(lookup, external_ids=ids, detail=detail)
        if answer.get("truncated") and len(group) > 1:
            # Too much for one answer: values or whole contacts are missing from it.
            half = len(group) // 2
            return await self._look(group[:half], detail) | await self._look(group[half:], detail)
        found: dict[str, list[dict[str, Any]]] = {given: [] for given in ids}
        asked = {visible(given): given for given in ids}
        for contact in all_with_ids(answer["items"]):
            shown = str(contact.get("external_id"))
            if shown not in asked:
                raise _odd("Drift answered with a contact whose external_id is none of those asked for.")
            found[asked[shown]].append(contact)
        return found


def _failure(error: DriftError | InvalidArguments) -> _RowFailed:
    if isinstance(error, InvalidArguments):
        return _RowFailed("; ".join(error.problems))
    lost = "; it may have been applied: call again with the same arguments to look" if error.maybe_applied else ""
    fault = not isinstance(error, Conflict | InvalidRequest | NotFound)
    noted = "".join(f"; {note.rstrip('.')}" for note in getattr(error, "__notes__", ()) if not error.maybe_applied)
    return _RowFailed(reason(error) + noted + lost, fault=fault)


def _odd(why: str) -> BrokenAnswer:
    error = BrokenAnswer()
    error.add_note(why)
    return error


def _groups(rows: list[Row], size: int) -> Iterator[list[Row]]:
    """`rows` in groups for one lookup each. A group's keys must fit into a URL."""
    group: list[Row] = []
    for row in rows:
        if group and (len(group) == size or sum(len(each.key) for each in group) + len(row.key) > 2000):
            yield group
            group = []
        group.append(row)
    if group:
        yield group

"""What a write leaves behind in Drift, and whether it is there: the look-up behind `drift_mcp.recover`.

It errs on one side only. Something is called applied when a record shows it that cannot have been there before, not
applied when there is nothing that could be it, and unknown otherwise.
"""

import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from drift_mcp import catalogue
from drift_mcp.alike import alike, all_of, any_of, blank
from drift_mcp.arguments import InvalidArguments, parse
from drift_mcp.claims import Mine
from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.paging import Send
from drift_mcp.drift.wire import ABSENT
from drift_mcp.execute import Incomplete, raw_rows
from drift_mcp.fields import iso_from_ms
from drift_mcp.operation import Changed, Gone, Look, Made, Operation, Recovery, Request, Untold
from drift_mcp.present import result_of
from drift_mcp.store import StoreUnavailable
from drift_mcp.text import visible

Row = dict[str, Any]

SLACK = 2.0
"""Seconds by which the clocks inside Drift may differ: the one behind `Date` and the one behind `createdAt`."""
DOUBT = 30.0
"""Seconds before the sending within which a record is neither surely older nor surely not, should they differ more."""
_ANSWERS, _SEVERAL = 16, 3
"""Answers whose `Date` counts; among so many the earliest and the latest do not."""
_SAME = 2.0
"""Seconds for which a `Date` may come again. It tells whole ones."""
_CANDIDATES = 10
"""Records that are looked at more closely; with more of them it is too busy to tell."""
_MOST = {"detail": "full", "limit": 200}
"""Arguments of a read with which it shows the most for each request."""
_LONGEST = 80


class Verdict(StrEnum):
    """What a look-up says of a write."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """`record` is what the write itself would have answered, where it was applied."""

    verdict: Verdict
    record: Row | None = None


UNKNOWN, NOT_APPLIED = Finding(Verdict.UNKNOWN), Finding(Verdict.NOT_APPLIED)


class DriftClock:
    """Drift's clock, as far as the `Date` of its last answers tells: the more they differ, the less is sure.

    It goes by this process's own clock that nobody can set. An answer may come from a machine whose clock is wrong, or
    have been under way for long; one that is alone among several with what it says is not believed.
    """

    def __init__(self) -> None:
        self._ahead: deque[float] = deque(maxlen=_ANSWERS)
        self._known: dict[str, tuple[float, float]] = {}
        """When each of the last dates came first, and by how much Drift's clock was ahead then."""

    def learn(self, date: str) -> None:
        """Take in the `Date` of an answer that came just now."""
        now = time.monotonic()
        if date not in self._known:
            try:
                self._known[date] = now, parsedate_to_datetime(date).timestamp() - now
            except (ValueError, OverflowError):
                return
            if len(self._known) > _ANSWERS:
                del self._known[next(iter(self._known))]
        came, ahead = self._known[date]
        if now < came + _SAME:  # a date that is a moment old tells as much as when it came first, an older one nothing
            self._ahead.append(ahead)

    def new_from(self, moment: float) -> int | None:
        """What carries this time (epoch ms) or a later one, Drift made at `moment` (`time.monotonic`) or later.

        None while Drift has never told the time.
        """
        agreed = self._agreed()
        return int((moment + agreed[-1] - SLACK) * 1000) if agreed else None

    def old_before(self, moment: float) -> int | None:
        """What carries an earlier time (epoch ms), Drift made before `moment` (`time.monotonic`); None as above."""
        agreed = self._agreed()
        return int((moment + agreed[0] - SLACK - DOUBT) * 1000) if agreed else None

    def _agreed(self) -> list[float]:
        """By how many seconds Drift's clock is ahead of this process's, the least and the most last."""
        said = sorted(self._ahead)
        return said[1:-1] if len(said) >= _SEVERAL else said


@dataclass(frozen=True, slots=True)
class Trace:
    """One write, of which it is asked whether it was applied.

    `sent` is when, by `time.monotonic`. `mine` tells which records are another write's.
    """

    operation: Operation
    request: Request
    sent: float
    clock: DriftClock
    send: Send
    prefix: str
    mine: Mine

    async def find(self) -> Finding:
        """What Drift shows. A look-up that fails leaves it unknown."""
        try:
            match self.operation.recovery:
                case Made() as made:
                    return await self._made(made)
                case Changed() as changed:
                    return await self._changed(changed)
                case Gone() as gone:
                    return await self._gone(gone)
                case _:
                    return UNKNOWN
        except (DriftError, InvalidArguments, Incomplete, StoreUnavailable, KeyError):
            return UNKNOWN

    def check(self) -> str:
        """What to do to find it out, for an agent."""
        recovery = self.operation.recovery
        if recovery is None or isinstance(recovery, Untold):
            return recovery.check if recovery else ""
        look = looks_of(recovery)[0]
        known = self._known()
        given = ", ".join(f"{name} {_quoted(known[source])}" for name, source in look.by.items() if source in known)
        said = f"read {look.operation}{given and ' with '}{given}"
        if isinstance(recovery, Made):
            since = self.clock.new_from(self.sent) or (time.time() - (time.monotonic() - self.sent)) * 1000
            return f"{said} and look for it among what was made since {iso_from_ms(since)}"
        if isinstance(recovery, Changed):
            return f"{said} and compare it with what you sent"
        return f"{said} and see whether it is gone"

    # ---- the three ways --------------------------------------------------------------------------------------------

    async def _made(self, made: Made) -> Finding:
        first, *further = made.looks
        candidates: list[tuple[Any, Row, bool | None]] = []
        began = time.time() - (time.monotonic() - self.sent)
        own_time = any(getattr(self.request, name) is not None for name in made.sets_time)
        # Where the caller says when it was, the rows come in that order, and any of them may be the last one made.
        newest = "" if own_time and made.newest in made.sets_time else made.newest
        async for raw, shown, same in self._rows(first, self._known()):
            since, older = self.clock.new_from(self.sent), self.clock.old_before(self.sent)
            if _before(self._time(first, raw, newest), older):
                break
            at = None if own_time else self._time(first, raw, made.at)
            if same is False or _before(at, older) or await self.mine.excludes(record_id(shown), began):
                continue  # another one, one that was there before, or another write's
            new = at is not None and since is not None and at >= since
            candidates.append((record_id(shown), raw, same if new else None))
            if len(candidates) > _CANDIDATES:
                return UNKNOWN
        certain, doubtful = [], 0
        for made_id, raw, same in candidates:
            found, record = await self._confirmed(raw, further)
            if found and same:
                certain.append((made_id, record))
            elif found is not False:
                doubtful += 1
        if len(certain) == 1:
            [(made_id, record)] = certain
            if await self.mine.takes(made_id, began):
                return Finding(Verdict.APPLIED, self._answer(record))
        return UNKNOWN if certain or doubtful else NOT_APPLIED

    async def _confirmed(self, raw: Row, looks: list[Look]) -> tuple[bool | None, Row]:
        """Whether what belongs to the candidate `raw` is as it was sent too, and the record to answer with."""
        surely: bool | None = True
        known = self._known() | _by_our_names(raw)
        record = raw
        for look in looks:
            if not known.keys() >= set(look.by.values()):
                return False, record  # such as a conversation without a contact
            rows = [row async for row in self._rows(look, known, needed=False)]
            if look.empty:
                found = None if rows else True
            else:
                found = any_of([same for _, _, same in rows])
                if found is not False and _operation(look).result is self.operation.result and len(rows) == 1:
                    record = rows[0][0]
            if found is False:
                return False, record
            surely = surely and found
        return surely, record

    async def _changed(self, changed: Changed) -> Finding:
        verdict = NOT_APPLIED
        async for raw, _, same in self._rows(changed.look, self._known(), changed=changed):
            if same:
                fits = _operation(changed.look).result is self.operation.result
                return Finding(Verdict.APPLIED, self._answer(raw if fits else _DONE))
            if same is None:
                verdict = UNKNOWN
        return verdict

    async def _gone(self, gone: Gone) -> Finding:
        try:
            rows = [shown async for _, shown, _ in self._rows(gone.look, self._known())]
        except DriftError as error:
            if error.kind in gone.kinds:
                return self.gone()
            raise
        if all(self._is_gone(gone, row) for row in rows):
            return self.gone()
        return NOT_APPLIED if gone.at_once else UNKNOWN

    def gone(self) -> Finding:
        """What was to be taken away is not there. That it ever was, and who took it away, nothing shows."""
        return Finding(Verdict.APPLIED, self._answer({}) | {GONE: True})

    def _answer(self, raw: Row) -> Row:
        return result_of(self.operation.result, raw, self.request)

    def _is_gone(self, gone: Gone, row: Row) -> bool:
        if any(row.get(name) == value for name, value in gone.marks.items()):
            return True
        for name, source in gone.without.items():
            given = getattr(self.request, source)
            named = given if isinstance(given, list) else [given]
            return not any(alike(each, shown) is not False for each in named for shown in row.get(name, []))
        return False

    # ---- reading ---------------------------------------------------------------------------------------------------

    def _known(self) -> Row:
        """The arguments of the write, and what it sends."""
        return self._record() | self.request.model_dump(exclude_none=True)

    def _record(self) -> Row:
        body = self.operation.call(self.request).body
        return self.request.as_record({} if body is ABSENT else body)

    def _time(self, look: Look, raw: Row, name: str) -> float | None:
        """A time of a row in epoch ms."""
        field = _operation(look).result.model_fields.get(name)
        value = raw.get(field.alias or name) if field else None
        return value if isinstance(value, int | float) else None

    async def _rows(
        self, look: Look, known: Row, *, changed: Changed | None = None, needed: bool = True
    ) -> AsyncIterator[tuple[Row, Row, bool | None]]:
        """Each row of a look as Drift sends it and as it is shown, and whether it is as it was sent (None: unsure).

        Where none of the fields `same` was sent, that is unsure if they are `needed`.
        """
        operation = _operation(look)
        most = {name: value for name, value in _MOST.items() if name in operation.request.model_fields}
        request = parse(operation, {name: known[source] for name, source in look.by.items()} | most)
        record = self._record()
        sent = result_of(operation.result, record, request)
        everything = changed is not None and not look.same
        compared = {name: sent[name] for name in (sent if everything else look.same) if name in sent}
        doubt: list[bool | None] = []
        if everything:
            # What is emptied, or has no counterpart in what is shown, cannot be compared.
            doubt = [None] if blank(record) or len(sent) < len(record) else []
        elif look.same and not compared and needed:
            doubt = [None]
        # A change can be made twice, so a field that is not shown, as unset ones are not, counts as another value.
        part, absent = (changed.adds, False) if changed else (False, None)
        known_fields = operation.result.model_fields
        async for raw in raw_rows(operation, request, self.send, catalogue_prefix=self.prefix):
            if not isinstance(raw, dict):
                continue
            shown = result_of(operation.result, raw, request)
            if all(shown.get(name) in values for name, values in look.only.items()):
                same = [
                    alike(value, shown.get(name), part=part, absent=absent if name in known_fields else None)
                    for name, value in compared.items()
                ]
                yield raw, shown, all_of(same + doubt)


_DONE: Row = {"ok": True}
GONE = "gone"
"""The field of a result that says that it is not there (any more): not that this call took it away."""


def record_id(record: Row) -> Any:
    """The id of a presented record, or None."""
    return record.get("id", record.get("account_id"))


def _by_our_names(raw: Row) -> Row:
    """The fields of a row of Drift's own by the names that a look knows them by."""
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): value for name, value in raw.items()}


def _before(moment: float | None, since: int | None) -> bool:
    return moment is not None and since is not None and moment < since


def looks_of(recovery: Recovery) -> tuple[Look, ...]:
    """The reads by which a write is looked up."""
    if isinstance(recovery, Made):
        return recovery.looks
    return () if isinstance(recovery, Untold) else (recovery.look,)


def _operation(look: Look) -> Operation:
    record = catalogue.load()[look.operation].record()
    assert isinstance(record, Operation)
    return record


def _quoted(value: Any) -> str:
    text = visible(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

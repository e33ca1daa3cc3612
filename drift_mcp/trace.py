"""What a write leaves behind in Drift, and whether it is there: the look-up behind `drift_mcp.recover`.

It errs on one side only. Something is called applied when a record shows it that cannot have been there before, not
applied when there is nothing that could be it, and unknown otherwise.
"""

import json
import math
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from drift_mcp import catalogue
from drift_mcp.alike import alike, all_of, any_of, blank
from drift_mcp.arguments import InvalidArguments, parse
from drift_mcp.claims import Mine, Record
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
UNPROVEN = 24 * 3600.0
"""Seconds by which the one behind `Date` may be ahead of the other before a record has told what that one says."""
_ANSWERS, _SEVERAL = 16, 3
"""Answers whose `Date` counts; among so many the earliest and the latest do not."""
_SAME = 2.0
"""Seconds for which a `Date` may come again."""
_WHOLE = 1.0
"""Seconds by which it may be later than a `Date` says, which tells whole ones."""
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
    """Drift's clock, as far as its last answers tell: the more they differ, the less is sure.

    There are two, which may differ for good: each answer shows the one behind its `Date`, and a record that this
    process has just made the one behind `createdAt`, by which records are judged. Until one has, a record as old as it
    may seem is not surely older.

    It goes by this process's own clock that nobody can set. An answer may come from a machine whose clock is wrong, or
    have been under way for long; one that is alone among several with what it says is not believed.
    """

    def __init__(self) -> None:
        self._ahead: deque[float] = deque(maxlen=_ANSWERS)
        self._made: deque[tuple[float, float]] = deque(maxlen=_ANSWERS)
        """By how much the clock behind `createdAt` is ahead, at least and at most, as each record made here says."""
        self._least = -math.inf
        """By how much it is ahead at least, as the records seen say: none of them is made later than now."""
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

    def made(self, at: float, sent: float) -> None:
        """Take in that a record says that it was made `at` (epoch ms), between `sent` (`time.monotonic`) and now."""
        now = time.monotonic()
        if now - sent <= SLACK:  # what took longer tells too little
            self._made.append((at / 1000 - now, at / 1000 - sent))

    def saw(self, at: float) -> None:
        """Take in that there is a record which says that something befell it `at` (epoch ms)."""
        self._least = max(self._least, at / 1000 - time.monotonic())

    def new_from(self, moment: float) -> int | None:
        """What carries this time (epoch ms) or a later one, Drift made at `moment` (`time.monotonic`) or later.

        None while Drift has never told the time, or not one that what it shows can be of.
        """
        agreed = self._agreed()
        if not agreed or (not self._made and self._least > agreed[-1] + _WHOLE + SLACK):
            return None
        return int((moment + agreed[-1] - SLACK) * 1000)

    def old_before(self, moment: float) -> int | None:
        """What carries an earlier time (epoch ms), Drift made before `moment` (`time.monotonic`).

        None while Drift has never told the time.
        """
        agreed = self._agreed()
        if not agreed:
            return None
        least = agreed[0] if self._made else min(agreed[0], max(agreed[0] - UNPROVEN, self._least))
        return int((moment + least - SLACK - DOUBT) * 1000)

    def not_after(self, moment: float) -> int | None:
        """What carries a later time (epoch ms), Drift made after `moment` (`time.monotonic`); None as above."""
        agreed = self._agreed()
        return int((moment + agreed[-1] + _WHOLE + SLACK) * 1000) if agreed else None

    def _agreed(self) -> list[float]:
        """By how many seconds Drift's clocks are ahead of this process's, the least first and the most last."""
        return sorted(_believed([(ahead, ahead) for ahead in self._ahead]) + _believed(self._made))


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
        found: list[tuple[Record, Row, bool | None]] = []
        own_time = any(getattr(self.request, name) is not None for name in made.sets_time)
        # Where the caller says when it was, the rows come in that order, and any of them may be the last one made.
        newest = "" if own_time and made.newest in made.sets_time else made.newest
        async for raw, shown, same in self._rows(first, self._known()):
            at, last = self._time(first, raw, made.at), self._time(first, raw, newest)
            if not made.sets_time:
                self.clock.saw(max(at or 0, last or 0))
            if _before(last, self.clock.old_before(self.sent)):
                break
            if same is not False:
                found.append((Record(record_id(shown), at), raw, same))
        return await self._whose(found, further, own_time=own_time)

    async def _whose(
        self, found: list[tuple[Record, Row, bool | None]], further: list[Look], *, own_time: bool
    ) -> Finding:
        """Whether one of the rows `found` is this write's; with `own_time` theirs say nothing."""
        began = time.time() - (time.monotonic() - self.sent)
        since, older = self.clock.new_from(self.sent), self.clock.old_before(self.sent)
        latest = self.clock.not_after(time.monotonic())
        candidates: list[tuple[Record, Row, bool | None]] = []
        for made, raw, same in found:
            at = None if own_time else made.at
            if _before(at, older):
                continue  # it was there before
            others = await self.mine.excludes(made, began)
            if others:
                continue
            new = at is not None and since is not None and latest is not None and since <= at <= latest
            candidates.append((made, raw, same if new and others is False else None))
            if len(candidates) > _CANDIDATES:
                return UNKNOWN
        certain, doubtful = [], 0
        for made, raw, same in candidates:
            confirmed, record = await self._confirmed(raw, further)
            if confirmed and same:
                certain.append((made, record))
            elif confirmed is not False:
                doubtful += 1
        if len(certain) == 1:
            [(made, record)] = certain
            if await self.mine.takes(made, began):
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
        return time_of(_operation(look), raw, name)

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


def time_of(operation: Operation, raw: Any, name: str) -> float | None:
    """What `raw`, a record as `operation` is answered one, has in our field `name`, in epoch ms."""
    field = operation.result.model_fields.get(name)
    value = raw.get(field.alias or name) if field and isinstance(raw, dict) else None
    return value if isinstance(value, int | float) else None


def _believed(said: Sequence[tuple[float, float]]) -> list[float]:
    """Of what each says that something is at least and at most, the least and the most that are believed."""
    least, most = sorted(each for each, _ in said), sorted(each for _, each in said)
    if len(said) >= _SEVERAL:
        least, most = least[1:], most[:-1]
    return [*least[:1], *most[-1:]]


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

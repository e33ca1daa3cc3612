"""A plan of faults: read from JSON or a short text, and which request gets which fault, the same in every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request

from .kinds import KINDS, Fault


class BadPlan(ValueError):
    """A plan or header that says nothing usable; the message says what is wrong with it."""


@dataclass
class Entry:
    """A fault of the plan and what has come of it."""

    fault: Fault
    matched: int = 0
    injected: int = 0
    applied: int = 0
    """Of those injected, what Drift did all the same."""

    @property
    def ready(self) -> bool:
        """Whether the request that was just matched may be befallen."""
        return self.matched > self.fault.after and (self.fault.times is None or self.injected < self.fault.times)


class Plan:
    """Decides request by request, in their order, with one draw of a seeded generator each: the shares of the
    entries that match lie side by side, so each is met exactly as long as they add up to no more than 1."""

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self.seed = seed
        self.requests = 0
        self._entries = [Entry(fault) for fault in faults]
        self._random = Random(seed)  # noqa: S311

    @classmethod
    def read(cls, given: Any) -> Plan:
        """{"faults": [{"kind", "share"?, …}] | "kind:share,…", "seed"?}. Raises BadPlan."""
        if not isinstance(given, Mapping) or not {"faults"} <= set(given) <= {"faults", "seed"}:
            raise BadPlan("a plan is an object with faults and, if wanted, seed")
        faults, seed = given["faults"], given.get("seed", 0)
        if type(seed) is not int:
            raise BadPlan("seed must be a whole number")
        if isinstance(faults, str):
            return cls([_read_short(part, "share") for part in faults.split(",")], seed)
        if not isinstance(faults, Sequence):
            raise BadPlan('faults must be an array, or a text such as "reset_after:0.02,429:0.05"')
        return cls([_read_fault(each) for each in faults], seed)

    def choose(self, request: Request) -> Entry | None:
        """The entry that befalls this request, if one does."""
        self.requests += 1
        drawn = self._random.random()
        for entry in self._entries:
            if entry.fault.matches(request):
                entry.matched += 1
                if entry.ready:
                    drawn -= entry.fault.share
                    if drawn < 0:
                        entry.injected += 1
                        return entry
        return None

    def view(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "requests": self.requests,
            "faults": [
                {
                    "kind": entry.fault.kind,
                    **entry.fault.model_dump(mode="json", exclude_defaults=True),
                    "injected": entry.injected,
                    "applied": entry.applied,
                }
                for entry in self._entries
            ],
        }


def read_header(text: str) -> Fault:
    """`kind[:parameter]` of X-Sandbox-Fault. Raises BadPlan."""
    return _read_short(text, None)


def _read_short(text: str, field: str | None) -> Fault:
    """`kind[:value]`, where the value is for `field`, or for the parameter of the kind. A status is a kind too."""
    name, colon, value = (part.strip() for part in text.partition(":"))
    given: dict[str, Any] = {"kind": name}
    if name == "429":
        given = {"kind": "rate_limited"}
    elif name in ("401", "403"):
        given = {"kind": "expired_token", "status": int(name)}
    elif name.isdecimal():
        given = {"kind": "server_error", "status": int(name)}
    if colon:
        field = field or _kind(given["kind"]).header_parameter
        if field is None:
            raise BadPlan(f"{name} takes no parameter")
        given[field] = int(value) if value.isdecimal() else value
    return _read_fault(given)


def _read_fault(given: Any) -> Fault:
    if not isinstance(given, Mapping):
        raise BadPlan("each fault is an object")
    kind = _kind(given.get("kind"))
    try:
        return kind.model_validate({name: value for name, value in given.items() if name != "kind"})
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, (kind.kind, *wrong["loc"])))
        raise BadPlan(f"{where}: {wrong['msg']}") from None


def _kind(name: Any) -> type[Fault]:
    if not isinstance(name, str) or name not in KINDS:
        raise BadPlan(f"there is no fault {name!r}; there are {', '.join(KINDS)}")
    return KINDS[name]

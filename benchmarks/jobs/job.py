"""What a job is: a request, the shortest way through each server, and a check that it was really done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.jobs.agent import Agent
from benchmarks.jobs.drift import Drift

Facts = dict[str, Any]
Play = Callable[[Agent, Facts], Awaitable[Any]]


@dataclass(frozen=True)
class Job:
    """One job. `prepare` sets the scene and gives what the user's request states; plays know nothing else.

    `plays` has one script for each server. `check` gets what the play gave back and raises `Failed` when the job
    is not done in Drift.
    """

    name: str
    request: str
    prepare: Callable[[Drift], Facts]
    plays: Mapping[str, Play]
    check: Callable[[Drift, Facts, Any], None]

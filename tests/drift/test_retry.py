"""Which failures are worth another try, by how far the request got."""

import pytest

from drift_mcp.drift import errors
from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.retry import Retries
from drift_mcp.drift.wire import Call

READ = Call("GET", "/x", repeatable=True)
IDEMPOTENT = Call("PATCH", "/x", writes=True, repeatable=True)
WRITE = Call("POST", "/x", writes=True)
CALLS = [READ, IDEMPOTENT, WRITE]

NOT_SENT = [errors.Unreachable()]
UNKNOWN = [errors.TimedOut(), errors.ConnectionLost(), errors.ServerFault(status=500), errors.BrokenAnswer(status=200)]
RETRIED = {type(error) for error in [*NOT_SENT, *UNKNOWN]} | {errors.RateLimited}
DEFINITE = [kind for kind in DriftError.__subclasses__() if kind not in RETRIED]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", [*NOT_SENT, errors.RateLimited(status=429)])
def test_what_drift_did_nothing_with_is_sent_again(call: Call, error: DriftError) -> None:
    assert Retries().pause(call, error, 1) is not None


@pytest.mark.parametrize("error", [*UNKNOWN, errors.ServerFault(status=503, retry_after=1.0)])
def test_what_may_have_been_done_is_sent_again_only_where_twice_is_safe(error: DriftError) -> None:
    assert Retries().pause(READ, error, 1) is not None
    assert Retries().pause(IDEMPOTENT, error, 1) is not None
    assert Retries().pause(WRITE, error, 1) is None


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", DEFINITE)
def test_a_definite_answer_stands(call: Call, kind: type[DriftError]) -> None:
    assert Retries().pause(call, kind(status=400, retry_after=1.0), 1) is None


def test_pauses_double_up_to_the_longest_and_end_with_the_tries() -> None:
    retries = Retries(tries=7, first=1.0, longest=8.0)
    for tried, full in enumerate((1, 2, 4, 8, 8, 8), 1):
        found = {retries.pause(READ, errors.TimedOut(), tried) for _ in range(20)}
        assert all(each is not None and full / 2 <= each <= full for each in found)
        assert len(found) > 1
    assert retries.pause(READ, errors.TimedOut(), 7) is None


def test_what_drift_asks_for_is_waited() -> None:
    assert Retries().pause(READ, errors.ServerFault(status=503, retry_after=30.0), 1) == 30.0

"""Every write of the catalogue loses its answer once, in each way, and is found out about."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

from drift_mcp import recover
from drift_mcp.calls import IS_GONE
from drift_mcp.operation import Access, Changed, Gone, LostAnswer, Untold
from drift_mcp.sandbox import create_app
from drift_mcp.trace import looks_of
from tests.e2e.calls import CALLS
from tests.support.operations import OPERATIONS
from tests.support.served import served

from .desk import desk

WRITES = {name: each for name, each in OPERATIONS.items() if each.access is not Access.READ}
TOLD = {name: each for name, each in WRITES.items() if not isinstance(each.recovery, Untold)}

# What gives a record another time than Drift's leaves nothing to tell it from an older one by.
_OWN_TIME = {"create_note": {"created_at", "client_id"}, "post_timeline_event": {"created_at"}}


@dataclass
class Played:
    """The table of meaningful calls, each write with the same fault: what it answered, and how often it was done."""

    contents: dict[str, Any] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)


async def play(fault: str, state: Path) -> Played:
    played = Played()
    app = create_app(rate_limit=None)
    with served(app) as url:
        async with desk(app, url, state, result_bytes=100_000) as here:
            for name in (name for name in CALLS if name in OPERATIONS):
                arguments: dict[str, Any] = CALLS[name](played.contents)
                given = {each: value for each, value in arguments.items() if each not in _OWN_TIME.get(name, ())}
                if name in TOLD:
                    await here.befall(name, fault)
                before = await here.applied(name)
                played.contents[name] = await here.call(name, **given)
                played.times[name] = await here.applied(name) - before
    return played


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Played]:
    """The table played with a fault, once for all tests."""
    known: dict[str, Played] = {}

    def found(fault: str) -> Played:
        if fault not in known:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(recover, "SETTLING", 0.0)
                known[fault] = anyio.run(play, fault, tmp_path_factory.mktemp("state"))
        return known[fault]

    return found


@pytest.mark.parametrize("name", WRITES)
def test_every_write_says_how_it_is_found_out_about(name: str) -> None:
    operation = WRITES[name]
    assert operation.recovery is not None
    if isinstance(operation.recovery, Untold):
        assert len(operation.recovery.check) > 20
    for look in looks_of(operation.recovery):
        assert OPERATIONS[look.operation].access is Access.READ
        assert set(look.by) <= set(OPERATIONS[look.operation].request.model_fields)
        assert set(look.same) | set(look.only) <= set(OPERATIONS[look.operation].result.model_fields)
    if operation.lost_answer is LostAnswer.LOOK_FIRST:
        assert not isinstance(operation.recovery, Changed)


def test_no_read_says_so() -> None:
    assert not [name for name, each in OPERATIONS.items() if each.access is Access.READ and each.recovery]


@pytest.mark.parametrize("fault", ["reset_after", "error_after", "truncated"])
@pytest.mark.parametrize("name", TOLD)
def test_what_was_applied_is_found_and_not_done_again(name: str, fault: str, after: Callable[[str], Played]) -> None:
    played = after(fault)
    content = played.contents[name]
    assert "error" not in content, content
    assert content["gone" if isinstance(WRITES[name].recovery, Gone) else "recovered"] is True
    assert played.times[name] == 1


@pytest.mark.parametrize("fault", ["reset_before", "server_error"])
@pytest.mark.parametrize("name", TOLD)
def test_what_was_not_applied_is_sent_again_once(name: str, fault: str, after: Callable[[str], Played]) -> None:
    played = after(fault)
    content = played.contents[name]
    if name == "delete_personal_data":  # which may take Drift a while
        assert content["error"]["may_have_been_applied"] is True
        return
    assert "error" not in content, content
    assert "recovered" not in content
    assert played.times[name] == 1


@pytest.mark.parametrize("name", [name for name in TOLD if name not in {"create_contact", "delete_personal_data"}])
def test_what_is_found_is_what_would_have_been_answered(name: str, after: Callable[[str], Played]) -> None:
    found, answered = after("reset_after").contents[name], after("reset_before").contents[name]
    if isinstance(WRITES[name].recovery, Gone):
        assert found == {field: value for field, value in answered.items() if field != "ok"} | {
            "gone": True,
            "note": IS_GONE,
        }
        return
    volatile = {"recovered", "contact_id", "tags", "participants"}
    assert set(answered) - volatile <= set(found) or set(found) == {"ok", "recovered"}

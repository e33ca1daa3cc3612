"""Tickets of consent, their marks in files or shared: what they hold for, for how long, and how often."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from drift_mcp.consent import tickets as tickets_module
from drift_mcp.consent.tickets import LIFETIME, BadTicket, Fault, FileMarks, Tickets
from drift_mcp.store import StoreUnavailable
from drift_mcp.store.marks import SharedMarks
from drift_mcp.store.shared import Shared


async def acme() -> str:
    return "acme"


@pytest.fixture
async def start(store: str, tmp_path: Path) -> AsyncIterator[Callable[[], Tickets]]:
    """Starts a server's tickets; twice, as two replicas would."""
    async with AsyncExitStack() as stack:

        def started() -> Tickets:
            if not store:
                return Tickets(FileMarks(lambda: tmp_path), acme)
            shared = Shared(store, "acme")
            stack.push_async_callback(shared.aclose)
            return Tickets(SharedMarks(shared), acme)

        yield started


@pytest.fixture
def tickets(start: Callable[[], Tickets]) -> Tickets:
    return start()


async def fault(tickets: Tickets, *given: Any) -> Fault:
    with pytest.raises(BadTicket) as bad:
        await tickets.redeem(*given)
    return bad.value.fault


async def test_one_holds_once(tickets: Tickets) -> None:
    ticket = await tickets.mint("this", "as shown")
    await tickets.redeem(ticket, "this", "as shown")
    assert await fault(tickets, ticket, "this", "as shown") is Fault.USED


async def test_it_is_used_up_for_other_processes_and_after_a_restart(
    tickets: Tickets, start: Callable[[], Tickets]
) -> None:
    ticket = await tickets.mint("this", "as shown")
    await start().redeem(ticket, "this", "as shown")
    assert await fault(tickets, ticket, "this", "as shown") is Fault.USED


async def test_it_holds_for_nothing_else_and_stays_good_for_its_own(tickets: Tickets) -> None:
    ticket = await tickets.mint("this", "as shown")
    assert await fault(tickets, ticket, "that", "as shown") is Fault.OTHER
    await tickets.redeem(ticket, "this", "as shown")


async def test_it_holds_only_while_things_are_as_they_were_shown(tickets: Tickets) -> None:
    ticket = await tickets.mint("this", "as shown")
    assert await fault(tickets, ticket, "this", "otherwise") is Fault.CHANGED
    assert await fault(tickets, ticket, "this", "as shown") is Fault.USED


async def test_it_expires(tickets: Tickets, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = await tickets.mint("this", "as shown")
    now = tickets_module.time.time()
    monkeypatch.setattr(tickets_module.time, "time", lambda: now + LIFETIME - 1)
    late = await tickets.mint("this", "as shown")
    monkeypatch.setattr(tickets_module.time, "time", lambda: now + LIFETIME + 1)
    assert await fault(tickets, ticket, "this", "as shown") is Fault.EXPIRED
    await tickets.redeem(late, "this", "as shown")


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "A", lambda t: "", lambda t: "v1.ü", str.upper])
async def test_a_changed_one_is_unknown(tickets: Tickets, change: Any) -> None:
    ticket = await tickets.mint("this", "as shown")
    assert await fault(tickets, change(ticket), "this", "as shown") is Fault.UNKNOWN


async def test_one_of_another_installation_is_unknown(tickets: Tickets, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    foreign = await Tickets(FileMarks(lambda: elsewhere), acme).mint("this", "as shown")
    assert await fault(tickets, foreign, "this", "as shown") is Fault.UNKNOWN


async def test_what_is_remembered_of_used_ones_goes_when_they_would_have_expired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = Tickets(FileMarks(lambda: tmp_path), acme)
    await tickets.redeem(await tickets.mint("this", ""), "this", "")
    now = tickets_module.time.time()
    monkeypatch.setattr(tickets_module.time, "time", lambda: now + LIFETIME + 60)
    await tickets.redeem(await tickets.mint("that", ""), "that", "")
    assert len(list((tmp_path / "used").iterdir())) == 1


async def test_where_they_cannot_be_kept_nothing_is_agreed_to(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("cut short")
    with pytest.raises(StoreUnavailable):
        await Tickets(FileMarks(lambda: tmp_path), acme).mint("delete it", "as it is")
    (tmp_path / "key").unlink()
    (tmp_path / "used").write_text("no folder")
    tickets = Tickets(FileMarks(lambda: tmp_path), acme)
    with pytest.raises(StoreUnavailable):
        await tickets.redeem(await tickets.mint("delete it", "as it is"), "delete it", "as it is")

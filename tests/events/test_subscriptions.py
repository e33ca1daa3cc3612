"""Who is told of which connection's events, in both protocol eras."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp_types import ResourceUpdatedNotification

from drift_mcp.connection import Connection
from drift_mcp.events.subscriptions import Subscriptions
from drift_mcp.server import build
from drift_mcp.settings import Settings
from drift_mcp.switchboard import Switchboard
from drift_mcp.toolbox import Toolbox

from .conftest import message

OLD, NEW = "legacy", "2026-07-28"


@pytest.fixture
async def several(tmp_path: Path) -> Switchboard:
    """acme and globex receive webhooks, initech does not, and in umbrella nobody may read events."""
    (tmp_path / "token").write_text("a-token")

    def box(name: str, **more: Any) -> Toolbox:
        return Toolbox(Connection(Settings(sandbox=True, state_dir=str(tmp_path), **more), name))

    hearing = {"webhook_token_file": str(tmp_path / "token")}
    boxes = {
        "acme": box("acme", **hearing),
        "globex": box("globex", **hearing),
        "initech": box("initech", webhook_token_env=""),
        "umbrella": box("umbrella", **hearing, exclude_tools="list_received_events"),
    }
    return Switchboard(boxes, "acme")


async def happens(several: Switchboard, connection: str, number: int, conversation: int) -> None:
    """A message of the connection's organisation comes in."""
    events = several.toolbox(connection).connection.events
    assert await events.told("new_message", await events.org_id(), message(number, conversation=conversation))


class Heard:
    """The URIs that a client of the older era was told."""

    def __init__(self) -> None:
        self.uris: list[str] = []
        self._more = anyio.Event()

    async def __call__(self, told: Any) -> None:
        if isinstance(told, ResourceUpdatedNotification):
            self.uris.append(str(told.params.uri))
            self._more.set()

    async def until(self, count: int) -> list[str]:
        with anyio.fail_after(60):
            while len(self.uris) < count:
                self._more = anyio.Event()
                await self._more.wait()
        return self.uris


@pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed")
class TestAnOlderSession:
    async def test_it_is_told_of_each_connection_by_the_uri_it_subscribed_to(self, several: Switchboard) -> None:
        heard = Heard()
        async with Client(build(several), mode=OLD, message_handler=heard) as client:
            for uri in ("drift://conversations/5", "drift://conversations/5?connection=globex",
                        "drift://events?connection=acme"):  # fmt: skip
                await client.subscribe_resource(uri)
            await happens(several, "globex", 1, 6)
            await happens(several, "globex", 2, 5)
            assert await heard.until(1) == ["drift://conversations/5?connection=globex"]
            await happens(several, "acme", 3, 5)
            told = await heard.until(3)
            assert sorted(told[1:]) == ["drift://conversations/5", "drift://events?connection=acme"]
            await client.unsubscribe_resource("drift://conversations/5?connection=globex")
            await happens(several, "globex", 4, 5)
            await happens(several, "acme", 5, 6)
            assert (await heard.until(4))[3:] == ["drift://events?connection=acme"]

    async def test_subscribing_twice_at_once_is_subscribing_once(self, several: Switchboard) -> None:
        heard = Heard()
        async with Client(build(several), mode=OLD, message_handler=heard) as client:
            async with anyio.create_task_group() as tasks:
                for _ in range(2):
                    tasks.start_soon(client.subscribe_resource, "drift://conversations/5")
            await client.unsubscribe_resource("drift://conversations/5")
            await client.subscribe_resource("drift://conversations/6")
            await happens(several, "acme", 1, 5)
            await happens(several, "acme", 2, 6)
            assert await heard.until(1) == ["drift://conversations/6"]

    async def test_subscribing_again_and_again_leaves_nothing(
        self, several: Switchboard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at_its_end: set[Any] = set()
        subscribe = Subscriptions.subscribe

        async def seen(self: Subscriptions, context: Any, *given: Any) -> None:
            at_its_end.add(context.session._connection.exit_stack)
            await subscribe(self, context, *given)

        monkeypatch.setattr(Subscriptions, "subscribe", seen)
        async with Client(build(several), mode=OLD) as client:
            counts = []
            for _ in range(3):
                await client.subscribe_resource("drift://conversations/5")
                await client.unsubscribe_resource("drift://conversations/5")
                (stack,) = at_its_end
                counts.append(len(stack._exit_callbacks))
        assert len(set(counts)) == 1

    @pytest.mark.parametrize(
        ("uri", "why"),
        [
            ("drift://events?connection=nobody", "acme, globex"),
            ("drift://events?connection=initech", "receives no events"),
            ("drift://events?connection=umbrella", "does not allow list_received_events"),
        ],
    )
    async def test_where_nothing_would_come_it_is_refused(self, several: Switchboard, uri: str, why: str) -> None:
        async with Client(build(several), mode=OLD) as client:
            with pytest.raises(MCPError, match=why):
                await client.subscribe_resource(uri)

    async def test_who_may_use_one_connection_is_told_of_no_other(self, several: Switchboard) -> None:
        heard = Heard()
        server = build(several, view=lambda _: several.narrowed([], only={"acme"}))
        async with Client(server, mode=OLD, message_handler=heard) as client:
            # For this caller it is no URI of another connection, and nothing is ever told of it.
            await client.subscribe_resource("drift://events?connection=globex")
            await client.subscribe_resource("drift://events")
            await happens(several, "globex", 1, 5)
            await happens(several, "acme", 2, 5)
            await happens(several, "acme", 3, 5)
            assert await heard.until(1) == ["drift://events"]
            await client.unsubscribe_resource("drift://events")
            assert set(heard.uris) == {"drift://events"}


class TestAStream:
    async def test_one_stream_tells_of_several_connections(self, several: Switchboard) -> None:
        uris = ["drift://conversations/5", "drift://events", "drift://events?connection=globex",
                "drift://conversations/5?connection=globex"]  # fmt: skip
        async with (
            Client(build(several), mode=NEW) as client,
            client.listen(resource_subscriptions=uris) as stream,
        ):
            assert stream.honored.resource_subscriptions == uris

            async def told(count: int) -> list[str]:
                with anyio.fail_after(60):
                    return sorted([(await anext(stream)).uri for _ in range(count)])  # type: ignore[union-attr]

            await happens(several, "globex", 1, 5)
            assert await told(2) == ["drift://conversations/5?connection=globex", "drift://events?connection=globex"]
            await happens(several, "acme", 2, 5)
            assert await told(2) == ["drift://conversations/5", "drift://events"]

    async def test_it_acknowledges_only_what_can_come(self, several: Switchboard) -> None:
        wanted = [f"drift://events?connection={name}" for name in ("umbrella", "globex", "nobody", "initech", "globex")]
        async with (
            Client(build(several), mode=NEW) as client,
            client.listen(resource_subscriptions=wanted) as stream,
        ):
            assert stream.honored.resource_subscriptions == ["drift://events?connection=globex"]

    async def test_the_default_is_the_callers_own(self, several: Switchboard) -> None:
        async with (
            Client(build(several, view=lambda _: several.narrowed([], only={"globex", "initech"})), mode=NEW) as client,
            client.listen(resource_subscriptions=["drift://events"]) as stream,
        ):
            await happens(several, "acme", 1, 5)
            await happens(several, "globex", 2, 6)
            with anyio.fail_after(60):
                assert (await anext(stream)).uri == "drift://events"  # type: ignore[union-attr]
            read = await client.read_resource("drift://events")
            assert '"message_id":2' in read.contents[0].text  # type: ignore[union-attr]
            assert '"message_id":1' not in read.contents[0].text  # type: ignore[union-attr]

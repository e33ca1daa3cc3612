"""A connection gets a token of another Drift organisation while its server runs: nothing kept for one serves the other.

Both organisations have the same seed, so that every id that one knows is one of the other's too.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp_types import ElicitResult
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount

from drift_mcp import token_facts
from drift_mcp.caller import Answer, Caller
from drift_mcp.connection import Connection
from drift_mcp.credentials.source import Source
from drift_mcp.sandbox import create_app
from drift_mcp.sandbox.choices import ALL_SCOPES
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox
from tests.support.served import served

from .agent import Agent
from .conftest import Connect

ACME, RENEWED, GLOBEX = "acme-token-1", "acme-token-2", "globex-token"
TOKEN_INFO = ("POST", "/app/token_info")
KEY = "order-4711-reply"
BODY = "Yes, the Scale plan has SSO."


class Drift:
    """Two sandboxes behind one address, as Drift has it: whose token a request brings decides which one it is for.

    `using` writes a token to the server's token file, as a vault would. `asked` has the requests of each organisation,
    and what is to happen during those whose path ends in a certain way is in `meanwhile`.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.organisations = {"acme": create_app(token=ACME, org=1), "globex": create_app(token=GLOBEX, org=2)}
        self.world("acme").issue_token(list(ALL_SCOPES), token=RENEWED)
        for name in self.organisations:
            for row in self.world(name).rows("contacts"):
                row["attributes"]["name"] = f"Somebody of {name}"
        self.asked: dict[str, list[tuple[str, str]]] = {name: [] for name in self.organisations}
        self.app = Starlette(routes=[Mount("/", app=self._dispatch)])
        self.meanwhile: dict[str, Callable[[], None]] = {}
        self.token_info: Response | None = None
        """What Drift answers to that, where it is not the organisation's own answer."""

    async def _dispatch(self, scope: Any, receive: Any, send: Any) -> None:
        name = "globex" if GLOBEX.encode() in dict(scope["headers"])[b"authorization"] else "acme"
        self.asked[name].append((scope["method"], scope["path"]))
        for end, happen in self.meanwhile.items():
            if scope["path"].endswith(end):
                happen()
        if self.token_info is not None and scope["path"] == TOKEN_INFO[1]:
            await self.token_info(scope, receive, send)
            return
        await self.organisations[name](scope, receive, send)

    def world(self, name: str) -> Any:
        return self.organisations[name].state.sandbox.world

    def using(self, token: str) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(token)
        fresh.chmod(0o600)
        os.replace(fresh, self.file)

    def count(self, name: str, method: str, path: str) -> int:
        return self.asked[name].count((method, path))

    def written(self, name: str) -> int:
        return sum(row["body"] == BODY for row in self.world(name).rows("messages"))

    def first(self, table: str) -> int:
        """The first id in `table`, the same in both."""
        return int(self.world("acme").rows(table)[0]["id"])

    def deleted(self, name: str) -> int:
        return sum(method == "DELETE" for method, _ in self.asked[name])


@pytest.fixture
def drift(tmp_path: Path) -> Drift:
    both = Drift(tmp_path / "token")
    both.using(ACME)
    return both


@pytest.fixture
def url(drift: Drift) -> Iterator[str]:
    with served(drift.app) as found:
        yield found


@pytest.fixture
def start(connect: Connect, drift: Drift, url: str, tmp_path: Path) -> Callable[..., Any]:
    """Starts a server with an agent at it."""
    env = {
        "DRIFT_BASE_URL": url,
        "DRIFT_TOKEN_FILE": str(drift.file),
        "DRIFT_STATE_DIR": str(tmp_path / "state"),
        "DRIFT_CACHE_SECONDS": "300",
    }
    return lambda **client: connect(env=env, **client)


def test_nothing_of_one_organisation_serves_another_and_a_renewed_token_loses_nothing(
    drift: Drift, start: Callable[..., Any]
) -> None:
    contact, chat = drift.first("contacts"), drift.first("conversations")
    get = ("GET", f"/contacts/{contact}")
    reply = {"conversation_id": chat, "body": BODY, "idempotency_key": KEY}
    gone = {"contact_id": contact}

    def name(agent: Agent) -> str:
        return str(agent.ask("get_contact", contact_id=contact)["name"])

    with start() as agent:
        sent = agent.ask("send_message", **reply)
        preview = agent.ask("delete_contact", **gone)["preview_token"]
        assert name(agent) == name(agent) == "Somebody of acme"
        asked = drift.count("acme", *get)

        drift.using(RENEWED)
        assert name(agent) == "Somebody of acme"
        assert drift.count("acme", *get) == asked
        again = agent.ask("send_message", **reply)
        assert (again["already_done"], again["id"]) == (True, sent["id"])
        assert drift.written("acme") == 1

        drift.using(GLOBEX)
        assert name(agent) == "Somebody of globex"
        assert "already_done" not in agent.ask("send_message", **reply)
        assert (drift.written("acme"), drift.written("globex")) == (1, 1)
        assert agent.refused("delete_contact", **gone, preview_token=preview)["kind"] == "confirmation_other"
        assert drift.deleted("globex") == 0

        drift.using(ACME)
        assert name(agent) == "Somebody of acme"
        assert drift.count("acme", *get) == asked + 1

    with start() as agent:
        assert agent.ask("send_message", **reply)["id"] == sent["id"]
        drift.using(RENEWED)
        agent.ask("delete_contact", **gone, preview_token=preview)
    assert drift.written("acme") == 1
    assert (drift.deleted("acme"), drift.deleted("globex")) == (1, 0)


def test_a_yes_to_a_question_about_one_organisation_does_nothing_in_another(
    drift: Drift, start: Callable[..., Any]
) -> None:
    contact = drift.first("contacts")
    for row in drift.world("globex").rows("contacts"):
        row["attributes"]["name"] = "Somebody of acme"  # the questions are the same to the letter

    async def person(_: Any, params: Any) -> ElicitResult:
        assert "Somebody of acme" in params.message
        drift.using(GLOBEX)
        return ElicitResult(action="accept", content={})

    with start(era="2025-11-25", elicitation_callback=person) as agent:
        assert agent.refused("delete_contact", contact_id=contact)["kind"] == "confirmation_changed"
    assert (drift.deleted("acme"), drift.deleted("globex")) == (0, 0)


class TestAsking:
    """What it costs to know the organisation, and what happens while Drift does not tell it."""

    @pytest.fixture
    async def toolbox(self, drift: Drift, url: str, tmp_path: Path) -> Any:
        settings = Settings(base_url=url, state_dir=str(tmp_path / "state"), cache_seconds=300.0, destructive="ask")
        opened = Toolbox(Connection(settings, source=Source(token_file=str(drift.file))))
        yield opened
        await opened.aclose()

    async def call(self, toolbox: Toolbox, name: str, caller: Caller | None = None, /, **given: Any) -> dict[str, Any]:
        content: dict[str, Any] = (await toolbox.call(name, given, caller or Caller()))["structuredContent"]
        return content

    async def test_drift_is_asked_once_for_each_token_and_not_for_what_needs_no_answer(
        self, drift: Drift, toolbox: Toolbox
    ) -> None:
        contact, chat = drift.first("contacts"), drift.first("conversations")
        await self.call(toolbox, "list_contacts", limit=1)
        await self.call(toolbox, "create_contact", email="new@gearwick.example")
        assert drift.count("acme", *TOKEN_INFO) == 0
        for times, token in enumerate((ACME, RENEWED), start=1):
            drift.using(token)
            for _ in range(2):
                await toolbox.listed()
                await self.call(toolbox, "get_contact", contact_id=contact)
                await self.call(toolbox, "send_message", conversation_id=chat, body=BODY, idempotency_key=KEY)
                await self.call(toolbox, "delete_contact", contact_id=contact)
            assert drift.count("acme", *TOKEN_INFO) == times

    async def test_while_it_is_not_told_nothing_is_reused_and_no_keyed_write_is_sent(
        self, drift: Drift, toolbox: Toolbox
    ) -> None:
        contact, chat = drift.first("contacts"), drift.first("conversations")
        get = ("GET", f"/contacts/{contact}")
        await self.call(toolbox, "get_contact", contact_id=contact)
        drift.token_info = Response("nonsense")
        drift.using(RENEWED)
        for _ in range(3):
            assert (await self.call(toolbox, "get_contact", contact_id=contact))["name"] == "Somebody of acme"
        assert drift.count("acme", *get) == 4
        assert drift.count("acme", *TOKEN_INFO) == 1 + 3  # the tries of one question: not for every read
        keyed = await self.call(toolbox, "send_message", conversation_id=chat, body=BODY, idempotency_key=KEY)
        assert keyed["error"]["kind"] == "broken_answer"
        assert "may_have_been_applied" not in keyed["error"]
        assert drift.written("acme") == 0
        await self.call(toolbox, "send_message", conversation_id=chat, body=BODY)  # without a key nobody has to know
        assert drift.written("acme") == 1

    async def test_calls_at_the_same_time_ask_once(self, drift: Drift, toolbox: Toolbox) -> None:
        given = {"conversation_id": drift.first("conversations"), "body": BODY}
        async with anyio.create_task_group() as tasks:
            for number in range(5):
                keyed = given | {"idempotency_key": f"{KEY}-{number}"}
                tasks.start_soon(lambda keyed=keyed: self.call(toolbox, "send_message", **keyed))
        assert drift.written("acme") == 5
        assert drift.count("acme", *TOKEN_INFO) == 1

    async def test_a_token_that_comes_while_drift_is_asked_is_not_taken_for_the_one_before(
        self, drift: Drift, toolbox: Toolbox
    ) -> None:
        given = {"conversation_id": drift.first("conversations"), "body": BODY, "idempotency_key": KEY}
        drift.meanwhile["/app/token_info"] = lambda: drift.using(GLOBEX)
        await self.call(toolbox, "send_message", **given)
        drift.meanwhile.clear()
        assert (drift.written("acme"), drift.written("globex")) == (0, 1)
        assert (await self.call(toolbox, "send_message", **given))["already_done"] is True
        drift.using(ACME)
        assert "already_done" not in await self.call(toolbox, "send_message", **given)
        assert (drift.written("acme"), drift.written("globex")) == (1, 1)

    async def test_a_token_that_was_there_only_while_drift_was_asked_is_not_taken_for_the_one_around_it(
        self, drift: Drift, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given = {"conversation_id": drift.first("conversations"), "body": BODY, "idempotency_key": KEY}
        ask, before, after = Connection.token_info, [GLOBEX], [ACME]

        async def asked(connection: Connection) -> dict[str, Any]:
            if before:
                drift.using(before.pop())
            told = await ask(connection)
            if after:
                drift.using(after.pop())
            return told

        monkeypatch.setattr(Connection, "token_info", asked)
        await self.call(toolbox, "send_message", **given)
        assert (drift.count("globex", *TOKEN_INFO), drift.count("acme", *TOKEN_INFO)) == (1, 1)
        drift.using(GLOBEX)
        assert "already_done" not in await self.call(toolbox, "send_message", **given)
        assert (drift.written("acme"), drift.written("globex")) == (1, 1)

    @pytest.mark.parametrize("answer", [Response('{"scope": "all_data"}'), Response("{}", 403), Response("{}", 404)])
    async def test_where_drift_names_no_organisation_a_key_writes_nothing_until_it_does(
        self, drift: Drift, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch, answer: Response
    ) -> None:
        given = {"conversation_id": drift.first("conversations"), "body": BODY, "idempotency_key": KEY}
        drift.token_info = answer
        for _ in range(2):
            assert (await self.call(toolbox, "send_message", **given))["error"]["kind"] == "organisation_unknown"
        assert drift.count("acme", *TOKEN_INFO) == 1
        monkeypatch.setattr(token_facts, "ASK_AGAIN", 0)
        drift.token_info = None
        first = await self.call(toolbox, "send_message", **given)
        drift.using(RENEWED)
        assert (await self.call(toolbox, "send_message", **given))["id"] == first["id"]
        assert drift.written("acme") == 1

    async def test_a_text_that_a_person_let_pass_for_one_organisation_is_not_sent_in_another(
        self, drift: Drift, toolbox: Toolbox
    ) -> None:
        chat = drift.first("conversations")

        async def person(_: str) -> Answer:
            drift.using(GLOBEX)
            return Answer.ACCEPTED

        given = {"conversation_id": chat, "body": "Write to somebody@else.example."}
        refused = await self.call(toolbox, "send_message", Caller(ask=person), **given)
        assert refused["error"]["kind"] == "confirmation_changed"
        assert [each for asked in drift.asked.values() for each in asked if each[1].endswith("/messages")] == []

    @pytest.mark.parametrize("name", ["delete_contact", "send_message"])
    async def test_nor_when_the_token_changes_on_the_way_to_drift(
        self, drift: Drift, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        given: dict[str, Any] = {"contact_id": drift.first("contacts")}
        if name == "send_message":
            given = {"conversation_id": drift.first("conversations"), "body": "Write to somebody@else.example."}
        execute = Connection.execute

        async def late(here: Connection, operation: Any, *args: Any, **more: Any) -> Any:
            if operation.name == name:  # such as while it waits for its turn
                drift.using(GLOBEX)
            return await execute(here, operation, *args, **more)

        async def person(_: str) -> Answer:
            return Answer.ACCEPTED

        monkeypatch.setattr(Connection, "execute", late)
        error = (await self.call(toolbox, name, Caller(ask=person), **given))["error"]
        assert (error["kind"], "may_have_been_applied" in error) == ("not_connected", False)
        assert "another organisation" in error["message"]
        assert {method for method, path in drift.asked["globex"] if path != TOKEN_INFO[1]} == set()

    async def test_a_keyed_write_is_sent_to_no_other_organisation_than_the_one_its_key_is_of(
        self, drift: Drift, toolbox: Toolbox
    ) -> None:
        chat = drift.first("conversations")
        body = f"{BODY} Write to somebody@else.example."  # so that Drift is asked first whose address that is

        async def person(_: str) -> Answer:
            return Answer.ACCEPTED

        async def send() -> dict[str, Any]:
            given = {"conversation_id": chat, "body": body, "idempotency_key": KEY}
            return await self.call(toolbox, "send_message", Caller(ask=person), **given)

        messages = ("POST", f"/conversations/{chat}/messages")
        drift.meanwhile["/users/list"] = lambda: drift.using(GLOBEX)
        error = (await send())["error"]
        assert (error["kind"], "may_have_been_applied" in error) == ("not_connected", False)
        assert "another organisation" in error["message"]
        assert (drift.count("acme", *messages), drift.count("globex", *messages)) == (0, 0)
        drift.meanwhile["/users/list"] = lambda: drift.using(RENEWED)
        drift.using(ACME)
        assert "error" not in await send()
        assert (drift.count("acme", *messages), drift.count("globex", *messages)) == (1, 0)

    async def test_a_job_with_a_key_does_not_go_on_in_another_organisation(
        self, drift: Drift, toolbox: Toolbox
    ) -> None:
        chat = drift.first("conversations")
        drift.meanwhile[f"/conversations/{chat}/messages"] = lambda: drift.using(GLOBEX)
        given = {"conversation_id": chat, "body": BODY, "note": "Asked for SSO.", "idempotency_key": KEY}
        half = await self.call(toolbox, "reply_to_conversation", **given)
        assert (half["done"], half["not_done"]) == (["reply"], ["note"])
        assert [method for method, _ in drift.asked["globex"] if method != "GET"] == ["POST"]
        assert drift.count("globex", *TOKEN_INFO) == 1
        drift.meanwhile.clear()
        drift.using(ACME)
        assert (await self.call(toolbox, "reply_to_conversation", **given))["done"] == ["reply", "note"]
        assert (drift.written("acme"), drift.written("globex")) == (1, 0)

    async def test_an_answer_during_which_the_token_changed_is_not_kept(self, drift: Drift, toolbox: Toolbox) -> None:
        contact = drift.first("contacts")
        drift.meanwhile[f"/contacts/{contact}"] = lambda: drift.using(GLOBEX)
        assert (await self.call(toolbox, "get_contact", contact_id=contact))["name"] == "Somebody of acme"
        drift.meanwhile.clear()
        assert (await self.call(toolbox, "get_contact", contact_id=contact))["name"] == "Somebody of globex"

"""Drift's records as resources: what is listed, what can be read, and what no URI can do."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ResourceTemplateReference

from drift_mcp import catalogue, resources
from drift_mcp.connection import Connection
from drift_mcp.credentials import FixedCredential
from drift_mcp.drift.gateway import Gateway
from drift_mcp.drift.retry import Retries
from drift_mcp.sandbox import create_app
from drift_mcp.server import build
from drift_mcp.settings import Settings
from drift_mcp.switchboard import Switchboard
from drift_mcp.toolbox import Toolbox

CONVERSATION, TRANSCRIPT, CONTACT, ACCOUNT = (each.uri for each in resources.TEMPLATES)
ENTRIES = catalogue.load()
SOON = Retries(first=0.001, longest=0.001)


class Desk:
    """A toolbox on a sandbox of its own, whose requests are noted."""

    def __init__(self, **settings: Any) -> None:
        self.sent: list[str] = []
        self._inner = httpx.ASGITransport(app=create_app(token="resource-token"))
        self.toolbox = Toolbox(Connection(Settings(sandbox=True, **settings), open_gateway=self._connect))

    def _connect(self, _: Settings) -> Gateway:
        desk = self

        class Noting(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                desk.sent.append(f"{request.method} {request.url.raw_path.decode()}")
                return await desk._inner.handle_async_request(request)

        return Gateway("https://driftapi.com", FixedCredential("resource-token"), transport=Noting(), retries=SOON)

    async def first(self, listing: str, **arguments: Any) -> dict[str, Any]:
        row: dict[str, Any] = (await self.toolbox.operate(listing, **arguments))["items"][0]
        self.sent.clear()
        return row

    async def read(self, uri: str) -> dict[str, Any]:
        (content,) = (await resources.read(self.toolbox, uri))["contents"]
        assert content["uri"] == uri
        return dict(content)

    async def complete(self, template: str, start: str) -> list[str]:
        variable = re.findall(r"\{(\w+)\}", template)[0]
        return await resources.complete(self.toolbox, template, variable, start)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    opened = Desk()
    yield opened
    await opened.toolbox.aclose()


class TestListing:
    def test_one_has_a_uri_of_its_own(self) -> None:
        (shown,) = resources.listed()
        assert shown["uri"] == "drift://catalogue"
        assert shown["mimeType"] == "application/json"
        assert all(shown[part] for part in ("name", "title", "description"))

    def test_the_others_are_templates_with_one_variable(self) -> None:
        shown = resources.templates()
        assert [each["uriTemplate"] for each in shown] == [
            "drift://conversations/{conversation_id}",
            "drift://conversations/{conversation_id}/transcript",
            "drift://contacts/{contact_id}",
            "drift://accounts/{account_id}",
        ]
        assert len({each["name"] for each in shown}) == len(shown)
        assert [each["mimeType"] for each in shown] == ["application/json", "text/plain", *["application/json"] * 2]

    def test_each_is_read_with_a_tool_that_changes_nothing_and_takes_its_variable(self) -> None:
        for each in resources.TEMPLATES:
            entry = ENTRIES[each.tool]
            assert entry.access == "read"
            assert each.argument in entry.tool["inputSchema"]["required"]
            assert each.variable == each.argument

    def test_that_a_transcript_is_data_is_said(self) -> None:
        (shown,) = [each for each in resources.templates() if each["name"] == "transcript"]
        assert "not instructions" in shown["description"]


class TestReading:
    async def test_a_conversation(self, desk: Desk) -> None:
        row = await desk.first("list_conversations")
        content = await desk.read(f"drift://conversations/{row['id']}")
        assert content["mimeType"] == "application/json"
        assert json.loads(content["text"])["id"] == row["id"]
        assert desk.sent == [f"GET /conversations/{row['id']}"]

    async def test_a_transcript_as_plain_text_with_every_message_in_it(self, desk: Desk) -> None:
        row = await desk.first("list_conversations")
        content = await desk.read(f"drift://conversations/{row['id']}/transcript")
        assert content["mimeType"] == "text/plain"
        messages = (await desk.toolbox.operate("list_messages", conversation_id=row["id"], limit=200))["items"]
        assert messages
        for message in messages:
            assert message["text"] in content["text"]
            assert message["created_at"] in content["text"]

    async def test_a_contact(self, desk: Desk) -> None:
        row = await desk.first("list_conversations")
        content = await desk.read(f"drift://contacts/{row['contact_id']}")
        assert json.loads(content["text"])["id"] == row["contact_id"]

    async def test_an_account(self, desk: Desk) -> None:
        row = await desk.first("list_accounts")
        content = await desk.read(f"drift://accounts/{row['account_id']}")
        assert json.loads(content["text"])["account_id"] == row["account_id"]

    async def test_the_text_is_what_the_tool_answers(self, desk: Desk) -> None:
        row = await desk.first("list_accounts")
        result = await desk.toolbox.call("get_account", {"account_id": row["account_id"]})
        content = await desk.read(f"drift://accounts/{row['account_id']}")
        assert json.loads(content["text"]) == result["structuredContent"]

    async def test_the_catalogue_without_asking_drift(self, desk: Desk) -> None:
        content = await desk.read("drift://catalogue")
        rows = {row["name"]: row for row in json.loads(content["text"])}
        assert list(rows) == [name for name, entry in ENTRIES.items() if not entry.dangerous]
        for name, row in rows.items():
            entry = ENTRIES[name]
            assert row["access"] == entry.access
            assert row["scope"] == entry.scope
            assert row["intents"] == list(entry.intents)
            assert row["description"] == entry.tool["description"]
            assert row["toolset"] == entry.toolset
        assert desk.sent == []

    @pytest.mark.parametrize(
        "uri", ["drift://conversations/1", "drift://conversations/1/transcript", "drift://contacts/1",
                "drift://accounts/1_nobody.example"]
    )  # fmt: skip
    async def test_what_drift_does_not_have_is_no_resource(self, desk: Desk, uri: str) -> None:
        with pytest.raises(resources.NoResource, match="Drift has no such record"):
            await desk.read(uri)
        assert len(desk.sent) == 1


HOSTILE = (
    "", "drift://", "drift:", "drift", "catalogue", "drift:///catalogue", "drift://catalogue/", "drift://catalogue?x=1",
    "drift://catalogue#x", " drift://catalogue", "drift://catalogue\n", "DRIFT://catalogue", "drift://CATALOGUE",
    "drift://nothing/1", "drift://users/1", "drift://attachments/581264", "drift://conversations", "drift://conversations/",
    "drift://conversations//", "drift://conversations/1/", "drift://conversations//transcript",
    "drift://conversations/1/transcript/", "drift://conversations/1/messages", "drift://conversations/1/2",
    "drift://conversations/../contacts/1", "drift://conversations/..", "drift://conversations/.", "drift://contacts/../1",
    "drift://contacts/..%2f..%2fapp%2funinstall", "drift://contacts/%2e%2e", "drift://contacts/1%2f..", "drift://contacts/1%00",
    "drift://accounts/..", "drift://accounts/%2e%2e%2fusers%2flist", "drift://accounts/..%2fusers", "drift://accounts/a%2fb",
    "drift://accounts/a\\b", "drift://accounts/..\\users", "drift://accounts/%5c..", "drift://accounts/a b\nc",
    "drift://accounts/a\x00b", "drift://accounts/\ud800", "drift://accounts/ ", "drift://accounts/" + "a" * 5_000,
    "drift://contacts/1?idType=external", "drift://contacts/1#x", "drift://contacts/1;x", "drift://contacts/1,2",
    "drift://contacts/{contact_id}", "drift://contacts/-1", "drift://contacts/0x10", "drift://contacts/1e3",
    "drift://contacts/1.5", "drift://contacts/true", "drift://contacts/null", "drift://contacts/[1]", "drift://contacts/attributes",
    "drift://contacts/" + "9" * 40, "drift://contacts/9223372036854775808", "drift://contacts@evil.example/1",
    "drift://evil.example/contacts/1", "drift://contacts:80/1", "https://driftapi.com/contacts/1", "http://127.0.0.1/",
    "file:///etc/passwd", "file://contacts/1", "data:text/plain,x", "javascript:alert(1)", "ftp://contacts/1",
    "xdrift://contacts/1", "drift://contacts/1\ndrift://contacts/2", "drift:/contacts/1",
)  # fmt: skip


class TestHostileUris:
    @pytest.mark.parametrize("uri", HOSTILE, ids=ascii)
    async def test_it_is_refused_before_anything_is_sent(self, desk: Desk, uri: str) -> None:
        with pytest.raises(resources.NoResource) as refused:
            await desk.read(uri)
        assert desk.sent == []
        said = str(refused.value)
        assert said
        assert len(said) < 600
        assert "etc/passwd" not in said
        assert "evil" not in said
        assert "Traceback" not in said

    @effort(max_examples=60, deadline=None)
    @given(st.sampled_from(["drift://conversations/", "drift://contacts/", "drift://accounts/"]), st.text(max_size=40))
    async def test_whatever_the_id_is_one_path_is_asked_or_none(self, start: str, text: str) -> None:
        sent: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return httpx.Response(404, json={})

        def connect(_: Settings) -> Gateway:
            transport = httpx.MockTransport(answer)
            return Gateway("https://driftapi.com", FixedCredential("resource-token"), transport=transport, retries=SOON)

        toolbox = Toolbox(Connection(Settings(sandbox=True), open_gateway=connect))
        with pytest.raises(resources.NoResource):
            await resources.read(toolbox, start + text)
        for request in sent:
            path = request.url.raw_path.decode()
            assert request.method == "GET"
            assert request.url.host == "driftapi.com"
            folder = start.removeprefix("drift:/")
            assert re.fullmatch(f"{folder}[^/?#]+(/transcript)?", path)
            assert path.removeprefix(folder) not in {".", "..", "list", "new", "stats"} or folder == "/accounts/"


class TestPolicy:
    @pytest.mark.parametrize("each", resources.TEMPLATES, ids=lambda each: each.name)
    async def test_an_excluded_tool_reads_no_resource(self, each: resources.Template) -> None:
        desk = Desk(exclude_tools=each.tool)
        with pytest.raises(resources.NoResource, match=f"does not allow {each.tool}"):
            await desk.read(each.uri.replace(f"{{{each.variable}}}", "1"))
        assert desk.sent == []

    async def test_the_transcript_needs_both_tools_that_show_it(self) -> None:
        for tool in ("list_messages", "get_conversation_transcript"):
            desk = Desk(exclude_tools=tool)
            with pytest.raises(resources.NoResource, match=f"does not allow {tool}"):
                await desk.read(TRANSCRIPT.replace("{conversation_id}", "1"))
            assert desk.sent == []

    def test_a_template_that_no_allowed_tool_can_read_is_not_listed(self) -> None:
        uris = {each["uriTemplate"] for each in resources.templates({"get_contact", "list_messages"})}
        assert uris == {CONTACT}

    async def test_a_read_only_server_reads_them_all(self) -> None:
        desk = Desk(read_only=True)
        row = await desk.first("list_conversations")
        for uri in (CONVERSATION, TRANSCRIPT):
            assert (await desk.read(uri.replace("{conversation_id}", str(row["id"]))))["text"]

    async def test_a_result_that_is_too_long_is_cut_here_too(self) -> None:
        desk = Desk(result_bytes=1_000)
        listed = await desk.toolbox.operate("list_conversations", limit=20)
        for row in listed["items"]:
            content = await desk.read(f"drift://conversations/{row['id']}/transcript")
            assert len(content["text"].encode()) <= 1_000


class TestCompletion:
    async def test_a_conversation_by_the_beginning_of_its_id(self, desk: Desk) -> None:
        everything = await desk.complete(CONVERSATION, "")
        assert 0 < len(everything) <= resources.MAX_COMPLETIONS
        start = everything[0][:-1]
        found = await desk.complete(CONVERSATION, start)
        assert everything[0] in found
        assert found == [each for each in everything if each.startswith(start)]
        assert await desk.complete(TRANSCRIPT, start) == found

    async def test_what_it_completes_to_can_be_read(self, desk: Desk) -> None:
        for template in (CONVERSATION, TRANSCRIPT, CONTACT, ACCOUNT):
            found = await desk.complete(template, "")
            assert len(found) == len(set(found))
            assert (await desk.read(re.sub(r"\{\w+\}", found[0], template)))["text"]

    async def test_a_contact_by_the_beginning_of_its_id(self, desk: Desk) -> None:
        row = await desk.first("list_conversations")
        wanted = str(row["contact_id"])
        assert wanted in await desk.complete(CONTACT, wanted[:3])
        assert await desk.complete(CONTACT, wanted) == [wanted]

    async def test_a_contact_by_its_address(self, desk: Desk) -> None:
        rows = (await desk.toolbox.operate("list_contacts", limit=20))["items"]
        row = next(each for each in rows if each.get("email"))
        assert await desk.complete(CONTACT, row["email"]) == [str(row["id"])]

    async def test_an_account_by_id_name_and_domain(self, desk: Desk) -> None:
        row = await desk.first("list_accounts")
        for start in (row["account_id"], row["name"][:4], row["name"][:4].upper(), row["domain"][:5]):
            assert row["account_id"] in await desk.complete(ACCOUNT, start)

    @pytest.mark.parametrize(
        "start", ["zzzz", "@", "x@", "..", "%2f", "\n", "{", "\ud800", "a" * 5_000, "-", "jo@no.example"]
    )
    async def test_what_nothing_begins_with_completes_to_nothing(self, desk: Desk, start: str) -> None:
        for template in (CONVERSATION, TRANSCRIPT, CONTACT, ACCOUNT):
            assert await desk.complete(template, start) == []

    @pytest.mark.parametrize(
        ("template", "argument"),
        [("drift://nothing/{id}", "id"), (CONTACT, "id"), (CONTACT, ""), ("", ""), ("drift://contacts/1", "contact_id"),
         (CONTACT, "conversation_id")],
    )  # fmt: skip
    async def test_an_unknown_template_or_variable_asks_nothing(self, desk: Desk, template: str, argument: str) -> None:
        assert await resources.complete(desk.toolbox, template, argument, "1") == []
        assert desk.sent == []

    async def test_it_writes_nothing(self, desk: Desk) -> None:
        for template in (CONVERSATION, TRANSCRIPT, CONTACT, ACCOUNT):
            for start in ("", "1", "jo@acme.example"):
                await desk.complete(template, start)
        assert desk.sent
        assert all(each.startswith("GET ") for each in desk.sent)

    @pytest.mark.parametrize(
        ("tool", "template", "start"),
        [
            ("list_conversations", CONVERSATION, ""),
            ("list_conversations", TRANSCRIPT, ""),
            ("list_conversations", CONTACT, ""),
            ("find_contacts_by_email", CONTACT, "maya.duran+pricing@brightwater.example"),
            ("list_accounts", ACCOUNT, ""),
        ],
    )
    async def test_policy_applies(self, tool: str, template: str, start: str) -> None:
        desk = Desk(exclude_tools=tool)
        assert await desk.complete(template, start) == []
        assert desk.sent == []

    async def test_when_drift_fails_there_is_nothing(self) -> None:
        def connect(_: Settings) -> Gateway:
            transport = httpx.MockTransport(lambda _: httpx.Response(500))
            return Gateway("https://driftapi.com", FixedCredential("resource-token"), transport=transport, retries=SOON)

        toolbox = Toolbox(Connection(Settings(sandbox=True), open_gateway=connect))
        for each in resources.TEMPLATES:
            assert await resources.complete(toolbox, each.uri, each.variable, "1") == []


class TestSeveralConnections:
    """Their URIs end with ?connection=, as a tool's call has that argument; without it they are of the default one."""

    @pytest.fixture
    async def several(self, tmp_path: Path) -> AsyncIterator[Switchboard]:
        (tmp_path / "token").write_text("a-token")
        common = {"sandbox": True, "state_dir": str(tmp_path)}
        hearing = Settings(**common, webhook_token_file=str(tmp_path / "token"))
        boxes = {
            "acme": Settings(**common),
            "globex": hearing,
            "initech": Settings(**common, exclude_tools="get_account"),
        }
        async with Switchboard(
            {name: Toolbox(Connection(each, name)) for name, each in boxes.items()}, "acme"
        ) as board:
            yield board

    async def made_in(self, several: Switchboard, name: str) -> int:
        """A contact that only this connection has."""
        box = several.toolbox(name)
        return int((await box.operate("create_contact", email=f"only.in.{name}@corp.example"))["id"])

    async def test_what_is_listed_says_of_which_it_is(self, several: Switchboard) -> None:
        async with Client(build(several)) as client:
            shown = (await client.list_resources()).resources
            assert [str(each.uri) for each in shown] == [
                "drift://catalogue",
                "drift://catalogue?connection=globex",
                "drift://events?connection=globex",
                "drift://catalogue?connection=initech",
            ]
            assert len({each.name for each in shown}) == len({each.title for each in shown}) == len(shown)
            kinds = (await client.list_resource_templates()).resource_templates
            wanted = [each.uri for each in (*resources.TEMPLATES, resources.CONVERSATION_EVENTS)]
            assert [each.uri_template for each in kinds] == [f"{uri}{{?connection}}" for uri in wanted]
            for each in shown:
                assert (await client.read_resource(str(each.uri))).contents[0].uri == each.uri

    async def test_a_record_is_read_from_the_connection_that_the_uri_names(self, several: Switchboard) -> None:
        async with Client(build(several)) as client:
            there = await self.made_in(several, "globex")
            uri = f"drift://contacts/{there}?connection=globex"
            (content,) = (await client.read_resource(uri)).contents
            assert str(content.uri) == uri
            assert json.loads(content.text)["email"] == "only.in.globex@corp.example"  # type: ignore[union-attr]
            here = await self.made_in(several, "acme")
            for same in (f"drift://contacts/{here}", f"drift://contacts/{here}?connection=acme",
                         f"drift://contacts/{here}?connection="):  # fmt: skip
                (content,) = (await client.read_resource(same)).contents
                assert json.loads(content.text)["email"] == "only.in.acme@corp.example"  # type: ignore[union-attr]

    async def test_policy_is_that_of_the_connection(self, several: Switchboard) -> None:
        async with Client(build(several)) as client:
            with pytest.raises(MCPError, match="does not allow get_account"):
                await client.read_resource("drift://accounts/1_x?connection=initech")
            with pytest.raises(MCPError, match="no such record"):
                await client.read_resource("drift://accounts/1_x?connection=acme")

    @pytest.mark.parametrize(
        "query",
        ["connection=nobody", "connection=ACME", "connection=acme&x=1", "connection=acme#x", "connection=%61cme",
         "connection=acme/..", "x=1", "x=1&connection=acme"],
    )  # fmt: skip
    async def test_another_query_is_no_resource(self, several: Switchboard, query: str) -> None:
        async with Client(build(several)) as client:
            with pytest.raises(MCPError) as refused:
                await client.read_resource(f"drift://catalogue?{query}")
            assert refused.value.code == INVALID_PARAMS

    async def test_a_caller_of_one_connection_reaches_and_learns_of_no_other(self, several: Switchboard) -> None:
        async with Client(build(several, view=lambda _: several.narrowed([], only={"acme"}))) as client:
            assert [str(each.uri) for each in (await client.list_resources()).resources] == ["drift://catalogue"]
            with pytest.raises(MCPError) as refused:
                await client.read_resource("drift://catalogue?connection=globex")
            assert "globex" not in str(refused.value)
            reference = ResourceTemplateReference(type="ref/resource", uri=f"{CONTACT}{{?connection}}")
            answer = await client.complete(reference, {"name": "connection", "value": ""})
            assert answer.completion.values == []

    async def test_the_connection_completes_and_so_do_ids_of_the_one_that_is_chosen(self, several: Switchboard) -> None:
        async with Client(build(several)) as client:
            there = str(await self.made_in(several, "globex"))

            async def complete(name: str, value: str, uri: str = CONTACT, **chosen: str) -> list[str]:
                reference = ResourceTemplateReference(type="ref/resource", uri=f"{uri}{{?connection}}")
                answer = await client.complete(reference, {"name": name, "value": value}, context_arguments=chosen)
                return answer.completion.values

            assert await complete("connection", "") == ["acme", "globex", "initech"]
            assert await complete("connection", "gl") == ["globex"]
            assert await complete("connection", "", "drift://nothing/{id}") == []
            wanted = "only.in.globex@corp.example"
            assert await complete("contact_id", wanted, connection="globex") == [there]
            assert await complete("contact_id", wanted) == []
            assert await complete("contact_id", wanted, connection="nobody") == []


class TestThroughTheServer:
    async def test_list_read_and_complete(self, desk: Desk) -> None:
        row = await desk.first("list_accounts")
        async with Client(build(Switchboard({"sandbox": desk.toolbox}, "sandbox"))) as client:
            assert [str(each.uri) for each in (await client.list_resources()).resources] == ["drift://catalogue"]
            shown = (await client.list_resource_templates()).resource_templates
            assert [each.uri_template for each in shown] == [each.uri for each in resources.TEMPLATES]
            (content,) = (await client.read_resource(f"drift://accounts/{row['account_id']}")).contents
            assert json.loads(content.text)["account_id"] == row["account_id"]  # type: ignore[union-attr]
            reference = ResourceTemplateReference(type="ref/resource", uri=ACCOUNT)
            answer = (await client.complete(reference, {"name": "account_id", "value": row["name"][:4]})).completion
            assert row["account_id"] in answer.values
            assert answer.total == len(answer.values)

    @pytest.mark.parametrize(
        "uri", ["drift://nothing", "file:///etc/passwd", "drift://contacts/..%2f1", "drift://contacts/1"]
    )
    async def test_what_cannot_be_read_is_an_error_of_the_callers(self, desk: Desk, uri: str) -> None:
        async with Client(build(Switchboard({"sandbox": desk.toolbox}, "sandbox"))) as client:
            with pytest.raises(MCPError) as refused:
                await client.read_resource(uri)
            assert refused.value.code == INVALID_PARAMS

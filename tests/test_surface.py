"""What an operator allows, by every way a tool can be reached: the list, a call, a runner, a workflow, a resource, a
completion. What is expected here is reckoned anew from the catalogue, not by asking the surface."""

import ast
import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pydantic import SecretStr

from drift_mcp import catalogue, resources, surface
from drift_mcp import connection as connection_module
from drift_mcp.arguments import parse
from drift_mcp.caller import NOBODY, Caller
from drift_mcp.connection import Connection
from drift_mcp.credentials import ClientCredentials, FixedCredential
from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.gateway import Gateway
from drift_mcp.drift.retry import Retries
from drift_mcp.operation import Access, LostAnswer, Operation, Request, Result
from drift_mcp.sandbox import create_app
from drift_mcp.sandbox.choices import ALL_SCOPES
from drift_mcp.settings import InvalidSetting, Settings
from drift_mcp.surface import Narrowing
from drift_mcp.toolbox import Toolbox
from drift_mcp.workflow import Context, NotAllowed, Runner, Workflow
from tests.e2e.calls import CALLS
from tests.e2e.catalogue import plausible_arguments

ENTRIES = catalogue.load()
NAMES = list(ENTRIES)
EVERYTHING = frozenset(NAMES)
READS = frozenset(name for name, entry in ENTRIES.items() if entry.access == "read")
OPERATIONS = [name for name, entry in ENTRIES.items() if entry.method]
SERVER = frozenset(name for name, entry in ENTRIES.items() if entry.toolset == "server")
EVERYDAY = frozenset(name for name, entry in ENTRIES.items() if entry.everyday)
TOOLSETS = sorted({entry.toolset for entry in ENTRIES.values()})
RUNNERS = {"read": "run_read_operation", "write": "run_write_operation", "destructive": "run_destructive_operation"}
DANGEROUS = frozenset({"uninstall_app", "delete_personal_data", "deprovision_scim_user"})
SAFE = EVERYTHING - DANGEROUS
POSTED_READS = {"report_conversations", "summarize_conversation_metrics", "get_token_info"}
TOKEN_INFO = ("POST", "/app/token_info")
OWN = frozenset({"get_token_info"})
"""What the server asks for itself, whatever the operator allows."""
ERASING = {"delete_contact": OWN, "delete_personal_data": OWN | {"find_contacts_by_email"}}
"""What it asks for itself to erase a person, who is erased in Drift, from its log of events too."""

PREFIX = "/v2"


def of(*toolsets: str) -> frozenset[str]:
    return frozenset(name for name, entry in ENTRIES.items() if entry.toolset in toolsets)


def refusal(name: str, *, read_only: bool = False) -> dict[str, Any]:
    """All that is said of a forbidden tool. Of what writes, a server that is `read_only` says that it is."""
    message, then = f"The operator of this server does not allow {name}.", "Go on without it, or tell the user."
    if read_only and name not in READS:
        message = f"This server is read-only here, and {name} changes data in Drift."
        then += (
            " Only who set this server up can change that: by starting it without --read-only (DRIFT_READ_ONLY), or "
            "where the connection, the caller's key or the server's address has read_only."
        )
    return {"error": {"kind": "not_allowed", "message": message, "next": then}}


# ---- a Drift that takes notes ---------------------------------------------------------------------------------------


Answer = Callable[[httpx.Request], httpx.Response]


def drift_answers(request: httpx.Request) -> httpx.Response:
    """An organisation with one of everything."""
    row = {"id": 1, "contactId": 1, "accountId": "1_acme.example", "email": "jo@acme.example", "status": "open"}
    row |= {"createdAt": 1772452800000, "updatedAt": 1772452800000}
    many = request.method == "GET" and re.search(r"(list|s|org|people|timeline|clp)$", request.url.path)
    return httpx.Response(200, json={"data": [row] if many else row})


class Watched(httpx.AsyncBaseTransport):
    """Passes requests on and notes each one."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Several toolboxes use it one after the other."""

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(each.method, each.url.path) for each in self.requests]

    def operations(self) -> set[str]:
        """The operations that the requests are."""
        return {operation_of(each) for each in self.requests}


def watched(answer: Answer = drift_answers) -> Watched:
    return Watched(httpx.MockTransport(answer))


def sandboxed(*scopes: str) -> Watched:
    app = create_app(token="watched-token", scopes=scopes or None)
    return Watched(httpx.ASGITransport(app=app))


def box(wire: Watched, **settings: Any) -> Toolbox:
    """A toolbox with these settings; by default it takes no token's scopes into account and asks nobody."""
    client = ClientCredentials("watched-client", SecretStr("watched-secret"))

    def connect(_: Settings) -> Gateway:
        credential = FixedCredential("watched-token", client)
        return Gateway("https://driftapi.com", credential, transport=wire, retries=Retries(first=0.001, longest=0.001))

    return Toolbox(Connection(Settings(**{"sandbox": True, "destructive": "allow", **settings}), open_gateway=connect))


def box_with_token(wire: Watched, **settings: Any) -> Toolbox:
    """A toolbox on a real Drift as far as it can tell."""
    return box(wire, sandbox=False, **settings)


@cache
def _of_path(method: str, path: str) -> list[tuple[int, str, str]]:
    """The operations whose method and path these are: how many parts of theirs are fixed, their own query, the name."""
    fitting = []
    for name in OPERATIONS:
        entry = ENTRIES[name]
        template, _, constant = str(entry.path).partition("?")
        template = (PREFIX if entry.provenance == "catalogue" else "") + template
        if entry.method == method and re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path):
            fitting.append((sum("{" not in part for part in template.split("/")), constant, name))
    return fitting


def operation_of(request: httpx.Request) -> str:
    """The one operation that makes this request. A path of constants goes before one with parameters."""
    query = str(request.url.query, "ascii")
    fitting = [
        (fixed, bool(constant), name)
        for fixed, constant, name in _of_path(request.method, request.url.raw_path.decode().partition("?")[0])
        if constant in query
    ]
    assert fitting, f"no operation makes {request.method} {request.url}"
    best = max(each[:2] for each in fitting)
    (found,) = [name for fixed, matched, name in fitting if (fixed, matched) == best]
    return found


async def listed(toolbox: Toolbox) -> list[str]:
    return [tool["name"] for tool in await toolbox.listed()]


def kind(result: dict[str, Any]) -> str | None:
    """The kind of failure, None for a success."""
    return result["structuredContent"]["error"]["kind"] if result.get("isError") else None


def operates(name: str) -> Workflow:
    """A workflow that does nothing but to operate `name`."""

    async def run(_: Request, context: Context) -> dict[str, Any]:
        return await context.operate(name, **plausible_arguments(name))

    return Workflow(
        name="probe",
        title="Probe",
        summary="Probe.",
        intents=(),
        toolset="server",
        scope=None,
        access=Access.READ,
        lost_answer=LostAnswer.REPEAT,
        request=Request,
        result=Result,
        run=run,
    )


class TestHowRequestsAreRecognised:
    @pytest.mark.parametrize("name", OPERATIONS)
    def test_the_request_of_every_operation_is_known_as_its_own(self, name: str) -> None:
        operation: Any = ENTRIES[name].record()
        call = operation.call(parse(operation, plausible_arguments(name)), catalogue_prefix=PREFIX)
        assert operation_of(httpx.Request(call.method, f"https://driftapi.com{call.path}", params=call.query)) == name


# ---- policies × the whole catalogue × every way ---------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """Settings, what may run by them and what is listed of that (None: all of it)."""

    settings: dict[str, Any]
    allowed: frozenset[str]
    listed: frozenset[str] | None = None

    @property
    def read_only(self) -> bool:
        return bool(self.settings.get("read_only"))

    @property
    def usable(self) -> frozenset[str]:
        """What a job may use inside."""
        return usable(**self.settings)


def usable(
    *, exclude_tools: str = "", read_only: bool = False, allow_dangerous: bool = False, **_: str
) -> frozenset[str]:
    """Who chooses a job chooses its parts; read-only, exclusion and danger bind it nevertheless."""
    parts = EVERYTHING - {name.strip() for name in exclude_tools.split(",")}
    parts = parts if allow_dangerous else parts - DANGEROUS
    return frozenset(parts & READS if read_only else parts)


DEFAULT_LIST = EVERYDAY | SERVER
ON = {"allow_dangerous": True}
SEVERAL = ("send_message", "list_conversations", "triage_inbox", "get_contact", "uninstall_app")
POLICIES = {
    "nothing set": Policy({}, SAFE, DEFAULT_LIST),
    "default": Policy({"toolsets": "default"}, SAFE, DEFAULT_LIST),
    "all": Policy({"toolsets": "all"}, SAFE),
    "discovery": Policy({"toolsets": "discovery"}, SAFE, SERVER),
    "dangerous": Policy({**ON}, EVERYTHING, DEFAULT_LIST),
    "all and dangerous": Policy({"toolsets": "all", **ON}, EVERYTHING),
    "read-only": Policy({"read_only": True}, SAFE & READS, DEFAULT_LIST & READS),
    "read-only, all, dangerous": Policy({"read_only": True, "toolsets": "all", **ON}, READS),
    "read-only, discovery": Policy({"read_only": True, "toolsets": "discovery"}, READS, SERVER & READS),
    "read-only, a toolset": Policy({"read_only": True, "toolsets": "contacts"}, of("contacts", "server") & READS),
    "read-only over a named tool": Policy(
        {"read_only": True, "tools": "send_message,list_users"}, (SERVER & READS) | {"list_users"}
    ),
    **{
        f"without {name}": Policy({"exclude_tools": name, "toolsets": "all", **ON}, EVERYTHING - {name})
        for name in SEVERAL
    },
    "without several": Policy(
        {"exclude_tools": " , ".join(SEVERAL), **ON}, EVERYTHING - set(SEVERAL), DEFAULT_LIST - set(SEVERAL)
    ),
    "without an essential one": Policy({"exclude_tools": "whoami,run_write_operation"}, SAFE - {"whoami"} - {
        "run_write_operation"}, DEFAULT_LIST - {"whoami", "run_write_operation"}),
    "without a tool in its toolset": Policy(
        {"toolsets": "contacts", "exclude_tools": "delete_contact"}, of("contacts", "server") - {"delete_contact"}
    ),
    "without a named tool": Policy({"tools": "get_user,list_teams", "exclude_tools": "get_user"}, SERVER | {
        "list_teams"}),
    "without a read in read-only": Policy(
        {"read_only": True, "exclude_tools": "get_contact,send_message"},
        READS - {"get_contact"},
        (DEFAULT_LIST & READS) - {"get_contact"},
    ),
    "several toolsets": Policy({"toolsets": "accounts, meetings"}, of("accounts", "meetings", "server")),
    "scim": Policy({"toolsets": "scim"}, of("scim", "server") - DANGEROUS),
    "scim and dangerous": Policy({"toolsets": "scim", **ON}, of("scim", "server")),
    "server": Policy({"toolsets": "server"}, SERVER),
    "tools alone": Policy({"tools": "list_teams,create_tag"}, SERVER | {"list_teams", "create_tag"}),
    "a dangerous tool by name": Policy({"tools": "uninstall_app,get_tag"}, SERVER | {"get_tag"}),
    "a dangerous tool by name, turned on": Policy({"tools": "uninstall_app", **ON}, SERVER | {"uninstall_app"}),
    "a tool besides a toolset": Policy({"toolsets": "tags", "tools": "get_user"}, of("tags", "server") | {"get_user"}),
    "a tool besides default": Policy(
        {"toolsets": "default", "tools": "list_teams"}, SAFE, DEFAULT_LIST | {"list_teams"}
    ),
    "a tool besides discovery": Policy(
        {"toolsets": "discovery", "tools": "list_teams"}, SAFE, SERVER | {"list_teams"}
    ),
    "a tool besides all": Policy({"toolsets": "all", "tools": "list_teams"}, SAFE),
    "everything at once": Policy(
        {
            "read_only": True,
            "exclude_tools": "list_users,send_message",
            "toolsets": "users,app",
            "tools": "get_contact,send_message,update_contact",
        },
        ((of("users", "app", "server") | {"get_contact"}) & READS) - {"list_users"},
    ),
    "only commas": Policy({"toolsets": " , ", "tools": ",", "exclude_tools": ", ,"}, SAFE, DEFAULT_LIST),
    "named twice": Policy({"tools": "get_tag,get_tag", "toolsets": "tags,tags"}, of("tags", "server")),
}  # fmt: skip
each_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@each_policy
class TestPolicy:
    async def test_the_list_has_what_it_should_in_the_fixed_order(self, policy: Policy) -> None:
        shown = policy.allowed if policy.listed is None else policy.listed
        wire = watched()
        toolbox = box(wire, **policy.settings)
        assert await listed(toolbox) == [name for name in NAMES if name in shown]
        assert await listed(toolbox) == await listed(box(wire, **policy.settings))
        assert wire.sent == []

    async def test_what_is_listed_is_the_catalogues_own(self, policy: Policy) -> None:
        assert all(tool == ENTRIES[tool["name"]].tool for tool in await box(watched(), **policy.settings).listed())

    async def test_a_forbidden_tool_is_refused_in_one_sentence_and_drift_hears_nothing(self, policy: Policy) -> None:
        wire = watched()
        toolbox = box(wire, **policy.settings)
        for name in EVERYTHING - policy.allowed:
            for arguments in ({}, plausible_arguments(name), {"no such argument": 1}):
                result = await toolbox.call(name, arguments)
                assert result["isError"] is True
                assert result["structuredContent"] == refusal(name, read_only=policy.read_only)
        assert wire.sent == []

    async def test_an_allowed_operation_reaches_drift_listed_or_not(self, policy: Policy) -> None:
        wire = watched()
        toolbox = box(wire, **policy.settings)
        for name in policy.allowed & set(OPERATIONS):
            wire.requests.clear()
            assert kind(await toolbox.call(name, plausible_arguments(name))) != "not_allowed", name
            assert wire.operations() == {name}

    async def test_an_allowed_tool_of_this_server_runs(self, policy: Policy) -> None:
        toolbox = box(watched(), **policy.settings)
        for name in policy.allowed & {"whoami", "find_operations"}:
            assert kind(await toolbox.call(name, plausible_arguments(name))) is None

    async def test_no_runner_runs_a_forbidden_tool_or_says_more_of_it(self, policy: Policy) -> None:
        wire = watched()
        toolbox = box(wire, **policy.settings)
        for runner in RUNNERS.values():
            for name in EVERYTHING - policy.allowed - SERVER:
                result = await toolbox.call(runner, {"name": name, "arguments": plausible_arguments(name)})
                denied = name if runner in policy.allowed else runner
                assert (runner, result["structuredContent"]) == (runner, refusal(denied, read_only=policy.read_only))
        assert wire.sent == []

    async def test_no_runner_runs_this_servers_own_tools(self, policy: Policy) -> None:
        wire = watched()
        toolbox = box(wire, **policy.settings)
        for runner in RUNNERS.values():
            for name in SERVER:
                result = await toolbox.call(runner, {"name": name, "arguments": plausible_arguments(name)})
                if {name, runner} <= policy.allowed:
                    assert kind(result) == "call_directly"
                else:
                    denied = name if runner in policy.allowed else runner
                    assert result["structuredContent"] == refusal(denied, read_only=policy.read_only)
        assert wire.sent == []

    async def test_the_runner_of_its_risk_runs_an_allowed_operation_and_no_other_runner(self, policy: Policy) -> None:
        wire = watched()
        toolbox = box(wire, **policy.settings)
        for name in policy.allowed & set(OPERATIONS):
            for access, runner in RUNNERS.items():
                wire.requests.clear()
                result = await toolbox.call(runner, {"name": name, "arguments": plausible_arguments(name)})
                right = access == ENTRIES[name].access
                if runner not in policy.allowed:
                    assert result["structuredContent"] == refusal(runner, read_only=policy.read_only)
                elif not right:
                    assert kind(result) == "other_risk"
                assert wire.operations() == ({name} if right and runner in policy.allowed else set())

    async def test_inside_a_workflow_a_forbidden_operation_is_not_to_be_had(self, policy: Policy) -> None:
        wire = watched()
        toolbox = box(wire, **policy.settings)
        for name in set(OPERATIONS) - policy.usable:
            with pytest.raises(NotAllowed) as refused:
                await toolbox.run(operates(name), Request())
            assert refused.value.name == name
        assert wire.sent == []

    async def test_inside_a_workflow_any_other_operation_is(self, policy: Policy) -> None:
        wire = watched()
        toolbox = box(wire, **policy.settings)
        for name in policy.usable & set(OPERATIONS):
            wire.requests.clear()
            with suppress(DriftError):  # this Drift is not good at all answers
                await toolbox.run(operates(name), Request())
            assert wire.operations() == {name}

    async def test_what_is_offered_to_workflows_is_what_may_run(self, policy: Policy) -> None:
        assert {entry.name for entry in box(watched(), **policy.settings).offered()} == policy.allowed

    async def test_a_job_sends_nothing_that_is_forbidden(self, policy: Policy) -> None:
        for name in policy.allowed - set(OPERATIONS) - SERVER:
            wire = watched()
            await box(wire, **policy.settings).call(name, plausible_arguments(name) | _JOBS.get(name, {}))
            assert wire.operations() <= policy.usable | OWN, name

    async def test_nothing_forbidden_is_found(self, policy: Policy) -> None:
        toolbox = box(watched(), **policy.settings)
        for name in sorted(EVERYTHING - policy.allowed)[::4]:
            wanted = {"intent": ENTRIES[name].intents[0], "limit": 10}
            if "find_operations" in policy.allowed:
                found = (await toolbox.call("find_operations", wanted))["structuredContent"]["operations"]
                assert {each["name"] for each in found} <= policy.allowed

    async def test_a_resource_is_read_only_with_a_tool_that_is_allowed(self, policy: Policy) -> None:
        wire = watched()
        toolbox = box(wire, **policy.settings)
        for template in resources.TEMPLATES:
            wire.requests.clear()
            uri = template.uri.replace(f"{{{template.variable}}}", "1")
            forbidden = (template.also | {template.tool}) - policy.allowed
            if not forbidden:
                assert (await resources.read(toolbox, uri))["contents"][0]["uri"] == uri
                assert wire.operations() == {template.tool}
            else:
                with pytest.raises(resources.NoResource) as refused:
                    await resources.read(toolbox, uri)
                errors = [refusal(name)["error"] for name in forbidden]
                assert str(refused.value) in {f"{error['message']} {error['next']}" for error in errors}
                assert wire.sent == []

    async def test_completion_asks_only_what_is_allowed(self, policy: Policy) -> None:
        for template in resources.TEMPLATES:
            for start in ("", "1", "jo@acme.example"):
                wire = watched()
                found = await resources.complete(box(wire, **policy.settings), template.uri, template.variable, start)
                assert wire.operations() <= policy.allowed
                assert found == [] or wire.sent != []

    async def test_the_catalogue_resource_has_what_may_run(self, policy: Policy) -> None:
        (content,) = (await resources.read(box(watched(), **policy.settings), resources.CATALOGUE))["contents"]
        for name in NAMES:
            assert (f'"name":"{name}"' in content["text"]) is (name in policy.allowed)


_JOBS: dict[str, dict[str, Any]] = {
    "get_contact_overview": {"email": "jo@acme.example"},
    "enrich_contact": {"email": "jo@acme.example", "phone": "202-555-0107"},
    "capture_lead": {"email": "new@acme.example", "name": "New"},
    "reply_to_conversation": {"conversation_id": 1, "body": "Hello"},
    "route_conversation": {"conversation_id": 1},
    "qualify_with_driftbot": {"conversation_id": 1, "prompt": "How many?", "wait_seconds": 0},
    "sync_contacts": {"contacts": [{"email": "jo@acme.example", "name": "Jo"}], "resume": False},
    "export_conversations": {"limit": 1},
    "wait_for_event": {"since": "2020-01-01T00:00:00Z"},
}


class TestEachToolExcluded:
    @pytest.mark.parametrize("name", NAMES)
    async def test_it_is_gone_and_nothing_else_is(self, name: str) -> None:
        wire = watched()
        toolbox = box(wire, exclude_tools=name, toolsets="all", allow_dangerous=True)
        assert await listed(toolbox) == [each for each in NAMES if each != name]
        assert (await toolbox.call(name, plausible_arguments(name)))["structuredContent"] == refusal(name)
        assert wire.sent == []


class TestJobsOnDrift:
    """What a job needs and may not have, with a Drift that has something to work on."""

    @pytest.mark.parametrize("name", sorted(EVERYTHING - set(OPERATIONS) - SERVER))
    async def test_no_forbidden_operation_of_a_job_reaches_drift(self, name: str) -> None:
        given = plausible_arguments(name) | await _on_the_sandbox(name)
        free = sandboxed()
        assert kind(await box(free).call(name, given)) is None
        used = free.operations()
        assert used
        for excluded in used - OWN:
            wire = sandboxed()
            result = await box(wire, exclude_tools=excluded).call(name, given)
            assert excluded not in wire.operations()
            assert kind(result) in {None, "not_allowed"}
            if kind(result) == "not_allowed":
                needs = f"{name} needs {excluded}, which the operator of this server does not allow."
                assert result["structuredContent"]["error"] == refusal(excluded)["error"] | {"message": needs}

    @pytest.mark.parametrize("name", sorted(EVERYTHING - set(OPERATIONS) - SERVER))
    async def test_a_job_that_is_chosen_alone_may_use_its_parts(self, name: str) -> None:
        wire = sandboxed()
        given = plausible_arguments(name) | await _on_the_sandbox(name)
        toolbox = box(wire, tools=name)
        assert kind(await toolbox.call(name, given)) is None
        for part in wire.operations():
            assert (await toolbox.call(part, plausible_arguments(part)))["structuredContent"] == refusal(part)

    async def test_a_read_only_server_leaves_the_writing_jobs_undone(self) -> None:
        wire = sandboxed()
        toolbox = box(wire, read_only=True)
        for name in EVERYTHING - set(OPERATIONS) - READS - SERVER:
            given = plausible_arguments(name) | await _on_the_sandbox(name)
            assert (await toolbox.call(name, given))["structuredContent"] == refusal(name, read_only=True)
        assert wire.sent == []


async def _on_the_sandbox(name: str) -> dict[str, Any]:
    """Arguments of a job that finds something to do."""
    toolbox = box(sandboxed())
    (conversation,) = (await toolbox.operate("list_conversations", status=["open"], limit=1))["items"]
    contacts = (await toolbox.operate("list_contacts", limit=20))["items"]
    email = next(each["email"] for each in contacts if each.get("email"))
    given = dict(_JOBS.get(name, {}))
    for argument, value in (("conversation_id", conversation["id"]), ("email", email)):
        if argument in given and name != "capture_lead":
            given[argument] = value
    return given


class TestDangerous:
    def test_exactly_these_are(self) -> None:
        assert {name for name, entry in ENTRIES.items() if entry.dangerous} == DANGEROUS
        assert all(ENTRIES[name].access == "destructive" for name in DANGEROUS)

    def test_all_destructive_privacy_scim_and_app_operations_are(self) -> None:
        found = {name for name in of("privacy", "scim", "app") if ENTRIES[name].access == "destructive"}
        assert found == DANGEROUS

    @pytest.mark.parametrize("chosen", ["", "all", "privacy,scim,app", ",".join(["default"])])
    async def test_they_are_off_by_default_whatever_is_chosen(self, chosen: str) -> None:
        wire = watched()
        toolbox = box(wire, toolsets=chosen, tools="" if chosen == "all" else ",".join(DANGEROUS))
        assert not DANGEROUS & set(await listed(toolbox))
        for name in DANGEROUS:
            assert (await toolbox.call(name, plausible_arguments(name)))["structuredContent"] == refusal(name)
        assert wire.sent == []

    async def test_turned_on_they_are_still_not_in_the_default_list(self) -> None:
        assert not DANGEROUS & set(await listed(box(watched(), allow_dangerous=True)))


class TestUnknownNames:
    @pytest.mark.parametrize(
        ("setting", "text", "meant"),
        [
            ("toolsets", "contact", "contacts"),
            ("toolsets", "discover", "discovery"),
            ("toolsets", "contacts,meeting", "meetings"),
            ("tools", "send_mesage", "send_message"),
            ("tools", "get_contact,list_user", "list_users"),
            ("exclude_tools", "delete_contct", "delete_contact"),
            ("exclude_tools", "Send_Message", "send_message"),
        ],
    )
    def test_one_stops_the_start_with_what_was_probably_meant(self, setting: str, text: str, meant: str) -> None:
        with pytest.raises(InvalidSetting) as wrong:
            Toolbox(Connection(Settings(**{setting: text})))
        assert str(wrong.value).startswith(f"{setting}: ")
        assert repr(text.rpartition(",")[2]) in str(wrong.value)
        assert f"did you mean {meant}?" in str(wrong.value)

    @pytest.mark.parametrize("setting", ["tools", "exclude_tools"])
    def test_where_nothing_is_like_it_the_way_to_the_names_is_told(self, setting: str) -> None:
        with pytest.raises(InvalidSetting, match="drift-mcp tools"):
            Toolbox(Connection(Settings(**{setting: "zzzzzz"})))

    def test_there_are_few_enough_toolsets_to_name_them(self) -> None:
        with pytest.raises(InvalidSetting, match=", ".join([*surface.SIZES, *TOOLSETS])):
            Toolbox(Connection(Settings(toolsets="zzzzzz")))

    @pytest.mark.parametrize("setting", ["tools", "exclude_tools"])
    @pytest.mark.parametrize("text", ["all", "contacts", "default"])
    def test_a_toolset_is_no_tool(self, setting: str, text: str) -> None:
        with pytest.raises(InvalidSetting):
            Toolbox(Connection(Settings(**{setting: text})))

    @pytest.mark.parametrize("text", ["all,default", "all,contacts", "contacts,discovery", "default,discovery,all"])
    def test_a_size_goes_with_no_other_choice(self, text: str) -> None:
        with pytest.raises(InvalidSetting, match="toolsets takes one of"):
            Toolbox(Connection(Settings(toolsets=text)))

    @pytest.mark.parametrize("setting", ["toolsets", "tools", "exclude_tools"])
    def test_narrowing_knows_no_other_names(self, setting: str) -> None:
        whole = surface.chosen(Settings(), ENTRIES)
        with pytest.raises(InvalidSetting, match=f"^{setting}: "):
            whole.narrowed(Narrowing(**{setting: "send_mesage"}), ENTRIES)

    async def test_a_call_of_no_tool_suggests_only_what_may_run(self) -> None:
        toolbox = box(watched(), exclude_tools="delete_contact", read_only=True)
        for name in ("delete_contac", "send_mesage", "uninstal_app"):
            result = await toolbox.call(name, {})
            assert kind(result) == "unknown_tool"
            meant = re.search(r"Did you mean (\w+)\?", result["structuredContent"]["error"]["next"])
            assert meant is None or meant.group(1) in READS

    async def test_a_runner_suggests_only_what_may_run(self) -> None:
        toolbox = box(watched(), exclude_tools="delete_contact")
        for name in ("delete_contac", "uninstal_app"):
            result = await toolbox.call("run_destructive_operation", {"name": name})
            assert kind(result) == "unknown_tool"
            meant = re.search(r"Did you mean (\w+)\?", result["structuredContent"]["error"]["next"])
            assert meant is None or meant.group(1) in SAFE - {"delete_contact"}


# ---- scopes ---------------------------------------------------------------------------------------------------------


def token_with(*scopes: str, status: int = 200, body: Any = None) -> Answer:
    """A Drift whose token has these scopes; with `status` or `body` it says something else of it."""

    def answer(request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) == TOKEN_INFO:
            return httpx.Response(status, json={"scope": " ".join(scopes), "id": "x"} if body is None else body)
        return drift_answers(request)

    return answer


def works_with(scopes: Collection[str], names: Collection[str] = SAFE) -> list[str]:
    """Those of `names` that a token with `scopes` can do, in listing order."""
    return [name for name in NAMES if name in names and ENTRIES[name].scope in {None, "scim", *scopes}]


class TestScopes:
    @pytest.mark.parametrize("scope", ALL_SCOPES)
    async def test_a_token_with_one_scope_sees_what_that_scope_can_do(self, scope: str) -> None:
        wire = watched(token_with(scope))
        assert await listed(box_with_token(wire, toolsets="all")) == works_with({scope})
        assert wire.sent == [TOKEN_INFO]

    @pytest.mark.parametrize("missing", ALL_SCOPES)
    async def test_a_missing_scope_hides_exactly_its_tools(self, missing: str) -> None:
        scopes = set(ALL_SCOPES) - {missing}
        shown = await listed(box_with_token(watched(token_with(*scopes)), toolsets="all", allow_dangerous=True))
        hidden = EVERYTHING - set(shown)
        assert hidden == {name for name, entry in ENTRIES.items() if entry.scope == missing and missing != "scim"}

    @pytest.mark.parametrize("choice", ["default", "discovery", "contacts,users"])
    async def test_other_sizes_are_thinned_in_the_same_way(self, choice: str) -> None:
        scopes = {"contact_read", "user_read"}
        shown = await listed(box_with_token(watched(token_with(*scopes)), toolsets=choice))
        full = await listed(box(watched(), toolsets=choice))
        assert shown == works_with(scopes, full)

    async def test_a_tool_by_name_is_hidden_as_well(self) -> None:
        shown = await listed(box_with_token(watched(token_with("user_read")), tools="send_message,list_users"))
        assert shown == works_with({"user_read"}, SERVER | {"list_users", "send_message"})
        assert "list_users" in shown
        assert "send_message" not in shown

    async def test_the_sandboxs_tokens_count_in_the_same_way(self) -> None:
        wire = sandboxed("contact_read", "playbook_read")
        shown = await listed(box_with_token(wire, toolsets="all"))
        assert shown == works_with({"contact_read", "playbook_read"})

    async def test_a_setting_lists_them_all_without_asking(self) -> None:
        wire = watched(token_with("user_read"))
        toolbox = box_with_token(wire, toolsets="all", ignore_scopes=True)
        assert set(await listed(toolbox)) == SAFE
        assert wire.sent == []

    async def test_policy_goes_first(self) -> None:
        wire = watched(token_with("contact_read", "contact_write"))
        shown = await listed(box_with_token(wire, toolsets="all", read_only=True, exclude_tools="get_contact"))
        assert shown == works_with({"contact_read"}, READS - {"get_contact"})

    async def test_the_token_is_asked_once(self) -> None:
        wire = watched(token_with("user_read"))
        toolbox = box_with_token(wire)
        assert await listed(toolbox) == await listed(toolbox) == await listed(toolbox)
        assert wire.sent == [TOKEN_INFO]

    async def test_it_is_asked_even_where_the_operator_excludes_that_operation(self) -> None:
        shown = await listed(
            box_with_token(watched(token_with("user_read")), toolsets="all", exclude_tools="get_token_info")
        )
        assert shown == works_with({"user_read"}, SAFE - {"get_token_info"})

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 503, 302])
    async def test_when_drift_does_not_say_nothing_is_hidden(
        self, status: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection_module, "SCOPES_WAIT", 0.05)  # which a 429 takes whole
        toolbox = box_with_token(watched(token_with(status=status)), toolsets="all")
        assert set(await listed(toolbox)) == SAFE

    @pytest.mark.parametrize(
        "body",
        [[], {}, "user_read", 7, {"scope": None}, {"scope": 7}, {"scope": {"a": 1}}, {"scope": [{"a": 1}]},
         {"scope": [None]}, {"data": {"x": 1}}],
        ids=str,
    )  # fmt: skip
    async def test_when_its_answer_makes_no_sense_nothing_is_hidden(self, body: Any) -> None:
        toolbox = box_with_token(watched(token_with(body=body)), toolsets="all")
        assert set(await listed(toolbox)) == SAFE

    @pytest.mark.parametrize(
        "failure", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.DecodingError]
    )
    async def test_when_drift_cannot_be_reached_nothing_is_hidden(self, failure: type[httpx.RequestError]) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            raise failure("made to fail", request=request)

        assert set(await listed(box_with_token(watched(answer), toolsets="all"))) == SAFE

    async def test_the_list_does_not_wait_long_for_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Silent(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                await anyio.sleep(30)
                raise AssertionError("waited too long")

        assert connection_module.SCOPES_WAIT <= 3
        monkeypatch.setattr(connection_module, "SCOPES_WAIT", 0.02)
        with anyio.fail_after(60):
            assert set(await listed(box_with_token(Watched(Silent()), toolsets="all"))) == SAFE

    async def test_after_a_failure_it_is_asked_again_but_not_for_every_list(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers = [token_with(status=401), token_with("user_read")]

        def in_turn(request: httpx.Request) -> httpx.Response:
            return answers.pop(0)(request)

        wire = watched(in_turn)
        toolbox = box_with_token(wire, toolsets="all")
        assert set(await listed(toolbox)) == set(await listed(toolbox)) == SAFE
        assert wire.sent == [TOKEN_INFO]
        later = anyio.current_time() + connection_module.SCOPES_PAUSE + 1
        monkeypatch.setattr(connection_module.anyio, "current_time", lambda: later)
        assert await listed(toolbox) == works_with({"user_read"})

    async def test_without_a_token_nothing_is_hidden_and_nothing_connected(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DRIFT_ACCESS_TOKEN", raising=False)
        toolbox = Toolbox(Connection(Settings(toolsets="all", base_url="http://127.0.0.1:9")))
        assert set(await listed(toolbox)) == SAFE
        assert await toolbox.connection.scopes() is None

    async def test_the_sandboxs_own_token_is_not_asked(self) -> None:
        wire = watched(token_with("user_read"))
        assert set(await listed(box(wire, toolsets="all"))) == SAFE
        assert wire.sent == []

    async def test_what_is_hidden_for_its_scope_goes_to_drift_which_decides(self) -> None:
        wire = sandboxed("user_read")
        toolbox = box_with_token(wire, toolsets="all")
        for name in ("list_accounts", "get_contact", "list_playbooks", "delete_tag"):
            assert name not in await listed(toolbox)
            result = await toolbox.call(name, plausible_arguments(name))
            error = result["structuredContent"]["error"]
            assert (error["kind"], error["status"]) == ("forbidden", 403)
            assert f"{name} needs the scope {ENTRIES[name].scope}." in error["message"]
            assert "new token" in error["next"]

    async def test_by_a_runner_it_names_the_scope_of_the_operation(self) -> None:
        toolbox = box_with_token(sandboxed("user_read"))
        result = await toolbox.call("run_read_operation", {"name": "list_accounts"})
        assert "list_accounts needs the scope account_read." in result["structuredContent"]["error"]["message"]


# ---- the order of the list, and what the surface says of itself -----------------------------------------------------


class TestTheList:
    def test_the_default_is_small_enough(self) -> None:
        assert len(DEFAULT_LIST) <= 20
        assert len(SERVER) <= 6

    async def test_the_order_does_not_follow_the_setting(self) -> None:
        one = await listed(box(watched(), toolsets="users,contacts", tools="get_tag,create_tag"))
        other = await listed(box(watched(), toolsets="contacts,users", tools="create_tag,get_tag"))
        assert one == other == [name for name in NAMES if name in one]

    def test_names_are_trimmed(self) -> None:
        spaced = surface.chosen(Settings(toolsets=" users ,\tcontacts", tools=" get_tag "), ENTRIES)
        assert spaced == surface.chosen(Settings(toolsets="contacts,users", tools="get_tag"), ENTRIES)

    def test_it_says_what_was_chosen(self) -> None:
        asked = Settings(toolsets="tags", exclude_tools="get_tag,delete_tag", read_only=True, allow_dangerous=True)
        summary = surface.chosen(asked, ENTRIES).summary()
        assert summary["read_only"] is True
        assert summary["dangerous"] is True
        assert summary["only"] == sorted(of("tags", "server"))
        assert summary["excluded"] == ["delete_tag", "get_tag"]
        assert "only" not in surface.chosen(Settings(toolsets="all"), ENTRIES).summary()

    async def test_whoami_tells_it(self) -> None:
        toolbox = box(watched(), read_only=True, toolsets="discovery")
        told = (await toolbox.call("whoami", {}))["structuredContent"]
        assert told["surface"] == {"list": "discovery", "read_only": True, "dangerous": False}


# ---- random settings ------------------------------------------------------------------------------------------------


def joined(names: list[str]) -> str:
    return ",".join(names)


_choices = st.sampled_from(["", *surface.SIZES]) | st.lists(st.sampled_from(TOOLSETS), max_size=3).map(joined)
_some_names = st.lists(st.sampled_from(NAMES), max_size=5).map(joined)
_asked = {"toolsets": _choices, "tools": _some_names, "exclude_tools": _some_names, "read_only": st.booleans()}
some_settings = st.fixed_dictionaries({**_asked, "allow_dangerous": st.booleans()})
some_narrowing = st.builds(Narrowing, **_asked)
some_scopes = st.none() | st.frozensets(st.sampled_from(ALL_SCOPES))


def may_run(
    *, toolsets: str, tools: str, exclude_tools: str, read_only: bool, allow_dangerous: bool = True
) -> frozenset[str]:
    """The policy in other words than the surface has it."""
    names = {each for each in tools.split(",") if each}
    sets = {each for each in toolsets.split(",") if each}
    chosen = EVERYTHING
    if sets and not sets & set(surface.SIZES):
        chosen = of(*sets) | names | SERVER
    elif names and not sets:
        chosen = names | SERVER
    chosen = chosen - set(exclude_tools.split(","))
    chosen = chosen if allow_dangerous else chosen - DANGEROUS
    return frozenset(chosen & READS if read_only else chosen)


def asked_of(narrowing: Narrowing) -> dict[str, Any]:
    return {name: getattr(narrowing, name) for name in _asked}


class TestAnySettings:
    @given(given=some_settings, scopes=some_scopes)
    def test_what_is_listed_may_run_and_what_may_run_is_as_chosen(
        self, given: dict[str, Any], scopes: frozenset[str] | None
    ) -> None:
        found = surface.chosen(Settings(**given), ENTRIES)
        allowed = may_run(**given)
        assert {name for name, entry in ENTRIES.items() if found.may_run(entry)} == allowed
        shown = {name for name, entry in ENTRIES.items() if found.is_listed(entry, scopes)}
        assert shown <= allowed
        assert shown >= allowed & SERVER
        if scopes is not None:
            known = {name for name, entry in ENTRIES.items() if found.is_listed(entry)}
            assert shown == set(works_with(scopes, known))

    @given(given=some_settings, narrowings=st.lists(some_narrowing, min_size=1, max_size=3), scopes=some_scopes)
    def test_a_narrowed_surface_never_grows(
        self, given: dict[str, Any], narrowings: list[Narrowing], scopes: frozenset[str] | None
    ) -> None:
        found = surface.chosen(Settings(**given), ENTRIES)
        allowed = may_run(**given)
        bound = {name for name, entry in ENTRIES.items() if found.is_listed(entry, scopes)}
        for each in narrowings:
            found = found.narrowed(each, ENTRIES)
            allowed &= may_run(**asked_of(each))
        assert {name for name, entry in ENTRIES.items() if found.may_run(entry)} == allowed
        shown = {name for name, entry in ENTRIES.items() if found.is_listed(entry, scopes)}
        assert shown <= allowed
        if given["toolsets"] == surface.DISCOVERY:
            assert shown <= bound

    @given(given=some_settings, narrowings=st.permutations([Narrowing(read_only=True), Narrowing(toolsets="contacts"),
                                                            Narrowing(exclude_tools="get_contact")]))  # fmt: skip
    def test_the_order_of_narrowings_makes_no_difference_to_what_may_run(
        self, given: dict[str, Any], narrowings: list[Narrowing]
    ) -> None:
        found = surface.chosen(Settings(**given), ENTRIES)
        for each in narrowings:
            found = found.narrowed(each, ENTRIES)
        expected = may_run(**given) & READS & of("contacts", "server") - {"get_contact"}
        assert {name for name, entry in ENTRIES.items() if found.may_run(entry)} == expected

    @effort(max_examples=60, deadline=None)
    @given(given=some_settings, data=st.data())
    def test_nothing_that_is_not_allowed_ever_reaches_drift(self, given: dict[str, Any], data: st.DataObject) -> None:
        names = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), label="tools")
        wire = watched(token_with("contact_read", "conversation_write"))
        allowed = may_run(**given)

        async def only(expected: Collection[str], answer: Awaitable[Any]) -> None:
            wire.requests.clear()
            with suppress(NotAllowed, DriftError, resources.NoResource):
                await answer
            assert wire.operations() <= set(expected)

        async def every_way() -> None:
            toolbox = box_with_token(wire, **given)
            assert set(await listed(toolbox)) <= allowed
            for name in names:
                arguments = plausible_arguments(name) | _JOBS.get(name, {})
                own = ERASING.get(name, frozenset())
                parts = {name} | own if name in OPERATIONS else usable(**given) | OWN
                if name in RUNNERS.values():
                    parts = ({arguments["name"]} & allowed) | ERASING.get(arguments["name"], frozenset())
                await only(parts if name in allowed else (), toolbox.call(name, arguments))
                for access, runner in RUNNERS.items():
                    runs = {name, runner} <= allowed and name not in SERVER and access == ENTRIES[name].access
                    given_on = {"name": name, "arguments": arguments}
                    await only(parts if runs else (), toolbox.call(runner, given_on))
                if name in OPERATIONS:
                    await only({name} | own if name in usable(**given) else (), toolbox.run(operates(name), Request()))
            for template in resources.TEMPLATES:
                uri = template.uri.replace(f"{{{template.variable}}}", "1")
                await only({template.tool} & allowed, resources.read(toolbox, uri))
                await only(allowed & READS, resources.complete(toolbox, template.uri, template.variable, "1"))

        anyio.run(every_way)


# ---- what reads does not write --------------------------------------------------------------------------------------


class TestReadsDoNotWrite:
    @pytest.mark.parametrize("name", [name for name in OPERATIONS if name in READS])
    def test_a_reading_operation_makes_no_writing_request(self, name: str) -> None:
        operation = ENTRIES[name].record()
        assert isinstance(operation, Operation)
        assert operation.access is Access.READ
        assert operation.method == ("POST" if name in POSTED_READS else "GET")
        call = operation.call(parse(operation, plausible_arguments(name)), catalogue_prefix=PREFIX)
        assert call.writes is False
        assert call.method == operation.method
        assert ENTRIES[name].tool["annotations"]["readOnlyHint"] is True

    @pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in READS])
    def test_any_other_says_that_it_writes(self, name: str) -> None:
        operation = ENTRIES[name].record()
        assert isinstance(operation, Operation)
        call = operation.call(parse(operation, plausible_arguments(name)), catalogue_prefix=PREFIX)
        assert call.writes is True
        assert call.method != "GET"
        assert ENTRIES[name].tool["annotations"]["readOnlyHint"] is False

    def test_a_runner_is_of_the_risk_of_what_it_runs(self) -> None:
        runners = {name: record for name in SERVER if isinstance(record := ENTRIES[name].record(), Runner)}
        assert {record.runs.value: name for name, record in runners.items()} == RUNNERS
        assert all(record.runs is record.access for record in runners.values())

    async def test_the_reading_runner_runs_nothing_else(self) -> None:
        wire = watched()
        toolbox = box(wire, toolsets="all", allow_dangerous=True)
        for name in EVERYTHING - READS:
            given = {"name": name, "arguments": plausible_arguments(name)}
            assert kind(await toolbox.call("run_read_operation", given)) in {"other_risk", "call_directly"}
        assert wire.sent == []

    @pytest.mark.parametrize("name", sorted(READS - set(OPERATIONS)))
    async def test_a_reading_job_operates_and_sends_only_reads(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        operated = []
        operate = Toolbox.operate

        async def noted(self: Toolbox, name: str, caller: Caller = NOBODY, /, **arguments: Any) -> dict[str, Any]:
            operated.append(name)
            return await operate(self, name, caller, **arguments)

        wire = sandboxed()
        toolbox = box(wire)
        await toolbox.call("capture_lead", CALLS["capture_lead"]({}))
        wire.requests.clear()
        monkeypatch.setattr(Toolbox, "operate", noted)
        for arguments in [CALLS[name]({}), *_MORE_READING.get(name, [])]:
            assert kind(await toolbox.call(name, arguments)) is None
        assert set(operated) <= READS
        assert wire.operations() <= READS
        assert all(each[0] == "GET" or operation_of_posted(each) for each in wire.sent)
        if name not in {"find_operations", "run_read_operation", "list_received_events", "wait_for_event"}:
            assert operated

    @pytest.mark.parametrize("name", sorted(READS - set(OPERATIONS) - {"run_read_operation"}))
    def test_a_reading_jobs_code_names_no_operation_that_writes(self, name: str) -> None:
        record = ENTRIES[name].record()
        assert isinstance(record, Workflow)
        sources = {module: inspect.getsource(import_module(module)) for module in _own_modules(record.run.__module__)}
        for module, source in sources.items():
            texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
            named = texts & (EVERYTHING - READS)
            # The runners are named to agents, and operated by nobody.
            assert named <= set(RUNNERS.values()), module


_MORE_READING: dict[str, list[dict[str, Any]]] = {
    "triage_inbox": [{}, {"status": "closed"}, {"account": "brightwater"}, {"updated_within_minutes": 100_000}],
    "export_conversations": [{"limit": 3, "contact_details": True, "format": "text"}, {"limit": 1, "resume": False}],
    "find_operations": [{"intent": "delete a contact for good"}],
    "run_read_operation": [{"name": "report_conversations", "arguments": {"metrics": ["createdAt"], "filters": []}}],
}


def operation_of_posted(sent: tuple[str, str]) -> bool:
    return operation_of(httpx.Request(sent[0], f"https://driftapi.com{sent[1]}")) in POSTED_READS


def _own_modules(start: str) -> Iterator[str]:
    """A workflow's module and every module below `drift_mcp.workflows` that it imports, directly or not."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        yield module
        for node in ast.walk(ast.parse(inspect.getsource(import_module(module)))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("drift_mcp.workflows"):
                inside = [f"{node.module}.{each.name}" for each in node.names]
                waiting += [each for each in inside if _is_module(each)] + [str(node.module)]


def _is_module(name: str) -> bool:
    package, _, last = name.rpartition(".")
    return inspect.ismodule(getattr(import_module(package), last, None))

"""The sandbox as a whole: admin API, state file, isolation, the real seed, a real port."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import drift_mcp.sandbox
from drift_mcp.sandbox import SANDBOX_TOKEN, create_app
from drift_mcp.sandbox.http import Call
from drift_mcp.sandbox.resources import endpoints, users

from . import tiny
from .conftest import Clock, connect, refused
from .tiny import ADA, BEN, CLOSED, OPEN, PENDING

SANDBOX = Path(drift_mcp.sandbox.__file__).parent


# --- admin ---


async def test_a_token_with_few_scopes_can_be_made(app: Starlette, drift: httpx.AsyncClient) -> None:
    async with connect(app, None) as anybody:
        token = (await anybody.post("/_sandbox/tokens", json={"scopes": ["user_read"]})).json()["token"]
        refused(await anybody.post("/_sandbox/tokens", json={"scopes": ["x"]}), 400, "validation_error")
        refused(await anybody.post("/_sandbox/tokens", json={"scopes": [[]]}), 400, "validation_error")
    async with connect(app, token) as client:
        assert (await client.get("/users/list")).status_code == 200
        refused(await client.get("/teams/x"), 404, "not_found")
        refused(await client.get("/accounts"), 403, "authentication_error")


async def test_the_log_shows_requests_but_no_secrets(drift: httpx.AsyncClient) -> None:
    await drift.get("/v1/users/list?x=1")
    await drift.post("/app/uninstall?clientId=c&clientSecret=hush")
    await drift.get("/nope")
    log = (await drift.get("/_sandbox/requests")).json()["requests"]
    assert log == [
        {"method": "GET", "path": "/v1/users/list", "query": "x=1", "status": 200},
        {
            "method": "POST",
            "path": "/app/uninstall",
            "query": "clientId=c&clientSecret=%2A%2A%2A",
            "status": 403,
        },
        {"method": "GET", "path": "/nope", "query": "", "status": 404},
    ]
    assert SANDBOX_TOKEN not in json.dumps(log)


async def test_the_log_keeps_the_last_thousand(drift: httpx.AsyncClient) -> None:
    for number in range(1001):
        await drift.get(f"/nope?{number}")
    log = (await drift.get("/_sandbox/requests")).json()["requests"]
    assert [log[0]["query"], log[-1]["query"], len(log)] == ["1", "1000", 1000]


async def test_a_visitors_message_reopens_a_closed_conversation(drift: httpx.AsyncClient, clock: Clock) -> None:
    clock.at += 5
    sent = await drift.post("/_sandbox/visitor/messages", json={"conversationId": CLOSED, "body": "back"})
    assert sent.json()["message"]["author"] == {"type": "contact", "id": BEN, "bot": False}
    after = (await drift.get(f"/conversations/{CLOSED}")).json()["data"]
    assert (after["status"], after["updatedAt"]) == ("open", clock.at)
    contact = (await drift.get(f"/contacts/{BEN}")).json()["data"]
    assert contact["attributes"]["last_active"] == clock.at


async def test_a_visitor_with_an_open_conversation_goes_on_in_it(drift: httpx.AsyncClient) -> None:
    said = {"email": "ada@visitor.example", "body": "me again"}
    assert (await drift.post("/_sandbox/visitor/messages", json=said)).json()["conversationId"] == OPEN


@pytest.mark.parametrize("email", ["ben@visitor.example", "stranger@visitor.example"])
async def test_a_visitor_without_one_starts_a_conversation(drift: httpx.AsyncClient, email: str) -> None:
    said = {"email": email, "body": "hello"}
    number = (await drift.post("/_sandbox/visitor/messages", json=said)).json()["conversationId"]
    assert number == PENDING + 1
    messages = (await drift.get(f"/conversations/{number}/messages")).json()["data"]["messages"]
    assert [message["body"] for message in messages] == ["hello"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"body": "x"}, 400),
        ({"email": "nobody", "body": "x"}, 400),
        ({"email": "a@b.c"}, 400),
        ({"conversationId": "7001", "body": "x"}, 400),
        ({"conversationId": 1, "body": "x"}, 404),
    ],
)
async def test_a_visitors_message_needs_a_place_and_a_text(
    drift: httpx.AsyncClient, body: dict[str, Any], status: int
) -> None:
    assert (await drift.post("/_sandbox/visitor/messages", json=body)).status_code == status


async def test_a_reset_goes_back_to_the_seed(drift: httpx.AsyncClient) -> None:
    before = (await drift.get(f"/contacts/{ADA}")).json()
    await drift.patch(f"/contacts/{ADA}", json={"attributes": {"name": "x"}})
    await drift.post("/contacts", json={"attributes": {"email": "x@visitor.example"}})
    await drift.post("/_sandbox/reset")
    assert (await drift.get("/_sandbox/requests")).json() == {"requests": []}
    assert (await drift.get(f"/contacts/{ADA}")).json() == before
    again = await drift.post("/contacts", json={"attributes": {"email": "x@visitor.example"}})
    assert again.json()["data"]["id"] == tiny.TWIN + 1


# --- state ---


async def test_the_state_survives_a_restart(tiny_seed: None, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"
    async with connect(create_app(now=clock, state_file=file)) as drift:
        await drift.get("/users/list")
        assert not file.exists(), "reading saves nothing"
        created = (await drift.post("/contacts", json={"attributes": {"email": "x@visitor.example"}})).json()
        await drift.post(f"/conversations/{OPEN}/messages", json={"type": "chat", "body": "kept"})
        token = (await drift.post("/_sandbox/tokens", json={"scopes": ["contact_read"]})).json()["token"]
        page = (await drift.get("/conversations/list?limit=1")).json()["links"]["next"]
    # No shutdown: what a kill leaves is what was there after the last write.
    restarted = create_app(now=clock, state_file=file)
    async with connect(restarted, token) as drift:
        assert (await drift.get(f"/contacts/{created['data']['id']}")).json() == created
    async with connect(restarted) as drift:
        messages = (await drift.get(f"/conversations/{OPEN}/messages")).json()["data"]["messages"]
        assert messages[-1]["body"] == "kept"
        assert len((await drift.get(httpx.URL(page).copy_with(host="driftapi.test"))).json()["data"]) == 1
        again = await drift.post("/contacts", json={"attributes": {"email": "y@visitor.example"}})
        assert again.json()["data"]["id"] == created["data"]["id"] + 1
    assert [path.name for path in file.parent.iterdir()] == ["state.json"]


async def test_a_refused_write_saves_nothing(tiny_seed: None, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    async with connect(create_app(now=clock, state_file=file)) as drift:
        await drift.post("/contacts", json={"attributes": {"email": "ben@visitor.example"}})
    assert not file.exists()


async def test_an_uninstalled_token_is_still_dead_after_a_restart(
    tiny_seed: None, clock: Clock, tmp_path: Path
) -> None:
    client = {"clientId": "sandbox-client-id", "clientSecret": "sandbox-client-secret-not-secret"}
    for status in (200, 401):
        async with connect(create_app(now=clock, state_file=tmp_path / "s")) as drift:
            assert (await drift.post("/app/uninstall", params=client)).status_code == status


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 99, "tables": {}}', '{"format": 1}'])
def test_a_file_that_is_no_state_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="not a state file"):
        create_app(state_file=file)
    assert file.read_text() == text


async def test_two_sandboxes_share_nothing(tiny_seed: None, clock: Clock) -> None:
    async with connect(create_app(now=clock)) as one, connect(create_app(now=clock)) as two:
        await one.delete(f"/contacts/{ADA}")
        assert (await two.get(f"/contacts/{ADA}")).status_code == 200


async def test_concurrent_writes_all_count(drift: httpx.AsyncClient) -> None:
    await asyncio.gather(*(drift.patch(f"/contacts/{ADA}", json={"attributes": {f"k{n}": n}}) for n in range(50)))
    attributes = (await drift.get(f"/contacts/{ADA}")).json()["data"]["attributes"]
    assert attributes["_end_user_version"] == 60
    assert all(attributes[f"k{n}"] == n for n in range(50))


async def test_a_defect_is_drifts_500_and_is_logged(
    app: Starlette, drift: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Call) -> None:
        raise RuntimeError("defect")

    monkeypatch.setattr(users.staff, "seated", broken)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://s", headers=headers) as client:
        response = await client.get("/users/list")
    assert "defect" not in refused(response, 500, "internal_error")
    log = (await drift.get("/_sandbox/requests")).json()["requests"]
    assert [entry["status"] for entry in log] == [500]


# --- isolation ---


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, made absolute."""
    package = [*path.relative_to(SANDBOX.parent.parent).with_suffix("").parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: -node.level] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])


@pytest.mark.parametrize("path", sorted(SANDBOX.rglob("*.py")), ids=lambda path: str(path.relative_to(SANDBOX)))
def test_the_sandbox_imports_nothing_of_the_client(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "anyio", "httpx", "pydantic", "starlette", "uvicorn"}
    for name in imports(path):
        inside = name == "drift_mcp.sandbox" or name.startswith("drift_mcp.sandbox.")
        assert inside or name.split(".")[0] in allowed, f"{path.name} imports {name}"


def test_importing_the_package_loads_no_server() -> None:
    code = (
        "import sys, drift_mcp.sandbox\n"
        "heavy = {'starlette', 'uvicorn', 'httpx', 'pydantic', 'asyncio'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_endpoint_is_listed_once() -> None:
    calls = [(endpoint.method, endpoint.path) for endpoint in endpoints()]
    assert len(calls) == len(set(calls))


# --- the real seed ---


@pytest.fixture(scope="module")
def seeded() -> Starlette:
    return create_app(now=lambda: tiny.NOW)


async def test_every_row_of_the_real_seed_can_be_read(seeded: Starlette) -> None:
    world = seeded.state.sandbox.world
    async with connect(seeded) as drift:
        for conversation in world.rows("conversations"):
            for part in ("", "/messages", "/transcript", "/json_transcript"):
                response = await drift.get(f"/conversations/{conversation['id']}{part}")
                assert response.status_code == 200
        for table, path in (("contacts", "contacts/{}"), ("users", "users/{}"), ("users", "scim/Users/{}")):
            for row in world.rows(table):
                assert (await drift.get(f"/{path.format(row['id'])}")).status_code == 200
        for row in world.rows("attachments"):
            assert (await drift.get(f"/attachments/{row['id']}/data")).status_code == 200
        for row in world.rows("accounts"):
            assert (await drift.get(f"/accounts/{row['accountId']}")).json()["data"] == row
        for path in ("playbooks/list", "playbooks/clp", "teams/org", "contacts/attributes"):
            assert (await drift.get(f"/{path}")).status_code == 200
        times = {"min_start_time": 0, "max_start_time": 2 * tiny.NOW}
        assert (await drift.get("/users/meetings/org", params=times)).json()["data"]
        body = {"metrics": ["timeToCloseMillis", "timeToAgentResponseMillis", "numBotMessages"]}
        rows = (await drift.post("/reports/conversations", json=body)).json()
        assert rows["count"] == len(world.rows("conversations"))
        negative = [row for row in rows["data"] for value in row["metrics"] if value != "NaN" and value < 0]
        assert not negative


# --- a real port ---


@contextmanager
def served(state_file: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    code = (
        "import sys; from pathlib import Path; from drift_mcp.sandbox import serve\n"
        "serve('127.0.0.1', 0, Path(sys.argv[1]), 'live-token')"
    )
    command = [sys.executable, "-c", code, str(state_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Drift sandbox ready at http://127.0.0.1:"), line
            assert line.endswith(" with token live-token\n")
            yield process, line.split()[4]
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="signals end a process differently there")
@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_served_sandbox_ends_cleanly_and_finds_its_state_again(
    tmp_path: Path, how: signal.Signals, status: int
) -> None:
    headers = {"Authorization": "Bearer live-token"}
    new = {"attributes": {"email": "kept@visitor.example"}}
    with served(tmp_path / "state.json") as (process, url), httpx.Client(base_url=url, headers=headers) as drift:
        created = drift.post("/contacts", json=new).json()["data"]
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (status, "", "")
    with served(tmp_path / "state.json") as (_, url), httpx.Client(base_url=url, headers=headers) as drift:
        assert drift.get(f"/contacts/{created['id']}").json()["data"] == created

"""While Redis is away: reads go on, what needs it is refused clearly, and all is well again without a restart."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from drift_mcp.connection import Connection
from drift_mcp.settings import Settings
from drift_mcp.toolbox import Toolbox
from tests.conftest import LocalDrift, eventually
from tests.http.conftest import serve  # noqa: F401 - a fixture
from tests.http.host import Host
from tests.support.redis_server import RedisServer

from .topology import TOKEN

KEY = "order-4711-reply"
PASSWORD = "hunter2-of-redis"
HANGS = 60.0
"""Seconds after which a call counts as hanging: Redis does whatever it likes, and every call is answered."""


@pytest.fixture
async def toolbox(
    drift: LocalDrift, redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Toolbox]:
    monkeypatch.setenv("DRIFT_ACCESS_TOKEN", drift.token)
    settings = Settings(base_url=drift.url, store=redis.url, state_dir=str(tmp_path))
    async with aclosing(Toolbox(Connection(settings))) as opened:
        yield opened


@contextmanager
def away(redis: RedisServer, how: str) -> Iterator[None]:
    (redis.stop if how == "stopped" else redis.hang)()
    try:
        yield
    finally:
        (redis.start if how == "stopped" else redis.go_on)()


async def call(toolbox: Toolbox, name: str, **arguments: Any) -> dict[str, Any]:
    with anyio.fail_after(HANGS):
        content: dict[str, Any] = (await toolbox.call(name, arguments))["structuredContent"]
    return content


@pytest.mark.parametrize("how", ["stopped", "hanging"])
async def test_reads_go_on_and_what_guesses_would_be_needed_for_is_refused(
    toolbox: Toolbox, drift: LocalDrift, redis: RedisServer, how: str
) -> None:
    listed = await call(toolbox, "list_conversations", limit=1)
    reply = {"conversation_id": listed["items"][0]["id"], "body": "Yes, it has SSO.", "idempotency_key": KEY}
    contact = (await call(toolbox, "create_contact", email="new@visitor.example"))["id"]
    with away(redis, how):
        assert (await call(toolbox, "list_conversations", limit=1))["items"]
        for refused in (
            await call(toolbox, "send_message", **reply),
            await call(toolbox, "delete_contact", contact_id=contact),
        ):
            error = refused["error"]
            assert (error["kind"], error["retry_after_seconds"]) == ("store_unavailable", 5)
            assert "nothing was sent" in error["message"]
    assert not [each for each in drift.requests() if each["method"] == "POST" and "messages" in each["path"]]
    first = await call(toolbox, "send_message", **reply)
    assert (await call(toolbox, "send_message", **reply))["id"] == first["id"]
    assert "preview_token" in await call(toolbox, "delete_contact", contact_id=contact)


@pytest.mark.parametrize("how", ["stopped", "hanging"])
async def test_writes_without_a_key_go_on_and_one_whose_answer_is_lost_stays_in_doubt(
    toolbox: Toolbox, drift: LocalDrift, redis: RedisServer, how: str
) -> None:
    chat = (await call(toolbox, "list_conversations", limit=1))["items"][0]["id"]
    with away(redis, how):
        assert (await call(toolbox, "send_message", conversation_id=chat, body="Hello."))["id"]
        lost = {"kind": "reset_after", "times": 1, "methods": ["POST"]}
        drift.http.post("/_sandbox/faults", json={"faults": [lost]}).raise_for_status()
        error = (await call(toolbox, "send_message", conversation_id=chat, body="Yes, it has SSO."))["error"]
        assert error["may_have_been_applied"] is True
    sent = drift.get(f"/conversations/{chat}/messages")["data"]["messages"]
    assert [row["body"] for row in sent].count("Yes, it has SSO.") == 1


def test_a_webhook_is_to_come_again(
    serve: Callable[..., Host],  # noqa: F811
    drift: LocalDrift,
    redis: RedisServer,
    tmp_path: Path,
) -> None:
    env = drift.env | {"DRIFT_STORE": redis.url, "DRIFT_WEBHOOK_TOKEN": TOKEN, "DRIFT_STATE_DIR": str(tmp_path)}
    host = serve("--stateless", env=env)
    body = {"type": "new_message", "orgId": 1, "token": TOKEN, "data": {"id": 1, "conversationId": 5, "createdAt": 2}}

    def send() -> httpx.Response:
        return host.http.post("/webhooks/drift/drift", json=body, timeout=HANGS)

    assert send().status_code == 200
    for how in ("stopped", "hanging"):
        with away(redis, how):
            refused = send()
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert host.http.get("/readyz").status_code == 200
        eventually(lambda: send().status_code == 200)
    host.close()
    assert "Traceback" not in host.process.stderr


def test_the_url_of_the_store_is_nowhere_to_be_read(run: Callable[..., Any], drift: LocalDrift, tmp_path: Path) -> None:
    url = f"redis://:{PASSWORD}@127.0.0.1:1/0"
    assert PASSWORD not in repr(Settings(store=url))
    key = {"idempotency_key": KEY, "name": "beta"}
    env = drift.env | {"DRIFT_STORE": url, "DRIFT_STATE_DIR": str(tmp_path), "DRIFT_LOG_LEVEL": "DEBUG"}
    refused = run("call", "create_tag", *(f"{name}={value}" for name, value in key.items()), env=env)
    assert "store_unavailable" in refused.stdout
    wrong = run("serve", env=env | {"DRIFT_STORE": f"http://:{PASSWORD}@localhost"})
    assert wrong.status == 2
    assert "store must be" in wrong.stderr
    for text in (refused.stdout, refused.stderr, wrong.stderr):
        assert PASSWORD not in text

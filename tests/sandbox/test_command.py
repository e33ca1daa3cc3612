"""`drift-mcp sandbox` as a process, with its options for OAuth, the organisation and webhooks."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE

import httpx
import pytest

from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from tests.support.faults import answer, faults

COMMAND = [sys.executable, "-m", "drift_mcp", "sandbox", "--port", "0"]
CLIENT = {"client_id": SANDBOX_CLIENT_ID, "client_secret": SANDBOX_CLIENT_SECRET}
REGISTERED = "https://registered.example/callback"


@pytest.mark.skipif(os.name == "nt", reason="signals end a process differently there")
async def test_a_sandbox_of_another_organisation_with_short_tokens_and_webhooks() -> None:
    async with faults({"/hook": answer(200)}) as receiver:
        options = ["--org", "77", "--token-seconds", "5", "--redirect-typo", "--redirect-uri", REGISTERED]
        options += ["--webhook-url", f"{receiver.url}/hook", "--webhook-token", "hush"]
        process = await asyncio.create_subprocess_exec(*COMMAND, *options, stdout=PIPE, stderr=PIPE)
        try:
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().split()[4]
            async with httpx.AsyncClient(base_url=url) as drift:
                given = {**CLIENT, "grant_type": "authorization_code", "code": await approve(drift)}
                tokens = (await drift.post("/oauth2/token", data=given)).json()
                assert (tokens["orgId"], tokens["expires_in"]) == (77, 5)
                said = {"email": "new@visitor.example", "body": "hello"}
                await drift.post("/_sandbox/visitor/messages", json=said)
                counts = (await drift.get("/_sandbox/webhooks?settled=60")).json()
                # One more that is not delivered: it must not keep the process from ending.
                await drift.post("/_sandbox/webhooks", json={"delay_ms": 3_600_000})
                await drift.post("/_sandbox/events", json={"type": "late", "data": {}})
            process.send_signal(signal.SIGTERM)
            out, err = await asyncio.wait_for(process.communicate(), 20)
        finally:
            if process.returncode is None:
                process.kill()
    assert (process.returncode, out, err) == (
        0,
        f"Posting events to {receiver.url}/hook with token hush\n".encode(),
        b"",
    )
    assert counts["delivered"] == counts["announced"] == len(receiver.asked) == 4
    assert {asked.headers["x-verification-token"] for asked in receiver.asked} == {"hush"}
    envelope = json.loads(receiver.asked[-1].body)
    assert (envelope["type"], envelope["orgId"], envelope["data"]["orgId"]) == ("new_message", 77, 77)


async def test_it_says_once_for_each_receiver_that_it_does_not_take_the_events() -> None:
    async with faults({"/hook": answer(401), "/gone": answer(500)}) as receiver:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "--webhook-url", f"{receiver.url}/hook?key=1", stdout=PIPE, stderr=PIPE
        )
        try:
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().split()[4]
            async with httpx.AsyncClient(base_url=url) as drift:
                await drift.post("/_sandbox/webhooks", json={"retries": 1, "backoff_ms": 1})
                for path in ("/hook?key=1", "/gone"):
                    await drift.post("/_sandbox/webhooks", json={"url": receiver.url + path})
                    for _ in range(2):
                        await drift.post("/_sandbox/events", json={"type": "late", "data": {}})
                    counts = (await drift.get("/_sandbox/webhooks?settled=60")).json()
        finally:
            process.kill()
            _, err = await process.communicate()
    assert (counts["failed"], len(receiver.asked)) == (4, 8)
    assert err.decode().splitlines() == [
        f"Events to {receiver.url}/hook are refused with status 401; it has to be given the verification token. "
        "This is said once.",
        f"Events to {receiver.url}/gone are refused with status 500. This is said once.",
    ]


async def approve(drift: httpx.AsyncClient) -> str:
    asked = {"response_type": "code", "client_id": SANDBOX_CLIENT_ID, "redirect_uri": REGISTERED, "state": "abc"}
    page = await drift.get("/authorize", params=asked)
    consent = re.findall(r'name="consent" value="([\w-]+)"', page.text)[0]
    back = await drift.post("/authorize", data={"consent": consent, "decision": "approve"})
    found = re.fullmatch(rf"{REGISTERED}\?code=([\w-]+)\?state=abc", back.headers["location"])
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("option", "named"),
    [("--webhook-url=nowhere", "url:"), ("--org=0", "--org"), ("--token-seconds=0", "--token-seconds")],
)
def test_an_option_that_makes_no_sense_is_named(option: str, named: str) -> None:
    ended = subprocess.run([*COMMAND, option], check=False, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run([*COMMAND, f"--port={port}"], check=False, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"drift-mcp: cannot listen on 127.0.0.1:{port}")
    assert "Traceback" not in ended.stderr

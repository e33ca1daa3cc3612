"""The wire of a stdio server: nothing but its messages gets onto it, and they get there whole."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

SERVES = """
import os, subprocess, sys
import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification
from drift_mcp import stdio

async def main():
    print("before", flush=True)
    async with stdio.streams() as (read, write):
        async for message in read:
            print("printed")
            os.write(1, b"written\\n")
            subprocess.run([sys.executable, "-c", "print('by a child', end='')"], check=True)
            params = {"got": message.message.method, "text": "\\u00e9\\u2028\\U0001f600" * 50_000}
            await write.send(SessionMessage(JSONRPCNotification(jsonrpc="2.0", method="told", params=params)))
        await write.aclose()
    sys.stdout.flush()
    os.write(1, b"after\\n")

anyio.run(main)
"""
ASKED = '{"jsonrpc": "2.0", "method": "first"}\n{"jsonrpc": "2.0", "method": "second"}\n'


@pytest.fixture(scope="module")
def ended() -> "subprocess.CompletedProcess[str]":
    """A server that was told two messages and has ended."""
    command = [sys.executable, "-c", SERVES]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(command, input=ASKED, env=buffered, capture_output=True, encoding="utf-8", check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="there the SDK writes")
class TestTheWire:
    def test_only_messages_are_on_it_however_long_and_each_on_one_line(self, ended: Any) -> None:
        lines = ended.stdout.split("\n")
        assert (lines[0], lines[-2:]) == ("before", ["after", ""])
        told = [json.loads(line)["params"] for line in lines[1:-2]]
        assert [each["got"] for each in told] == ["first", "second"]
        assert all(each["text"] == "\u00e9\u2028\U0001f600" * 50_000 for each in told)

    def test_what_anything_else_prints_meanwhile_goes_to_stderr(self, ended: Any) -> None:
        assert [ended.stderr.count(said) for said in ("printed\n", "written\n", "by a child")] == [2, 2, 2]

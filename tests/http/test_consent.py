"""Consent over HTTP: who can be asked is asked, over every transport in both eras; for others nothing is destroyed."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from mcp import Client
from mcp_types import ElicitResult

from drift_mcp.audit import one_each

from .conftest import Serve
from .host import WAYS, Host, client, error


class Person:
    """Somebody at a client, who gives this answer."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.asked: list[str] = []

    async def __call__(self, _: Any, params: Any) -> ElicitResult:
        self.asked.append(params.message)
        return ElicitResult(action=self.action)


async def make_tag(mcp: Client) -> tuple[int, str]:
    """A new tag: its id and name."""
    name = f"to be deleted {token_hex(4)}"
    return int((await mcp.call_tool("create_tag", {"name": name})).structured_content["id"]), name


async def is_there(mcp: Client, tag: int) -> bool:
    return not (await mcp.call_tool("get_tag", {"tag_id": tag})).is_error


@pytest.mark.parametrize(("path", "era"), WAYS)
class TestByDefault:
    @pytest.mark.parametrize("action", ["accept", "decline"])
    async def test_a_client_that_can_ask_is_asked(self, host: Host, path: str, era: str, action: str) -> None:
        person = Person(action)
        async with client(host.url + path, era, make=partial(Client, elicitation_callback=person)) as mcp:
            tag, name = await make_tag(mcp)
            result = await mcp.call_tool("delete_tag", {"tag_id": tag})
            assert not result.is_error
            assert await is_there(mcp, tag) is (action == "decline")
        assert person.asked == [
            f'Delete tag {tag} everywhere: name "{name}"? This cannot be undone. Drift organisation: sandbox.'
        ]

    async def test_a_client_that_cannot_ask_is_refused(self, host: Host, path: str, era: str) -> None:
        async with client(host.url + path, era) as mcp:
            tag, _ = await make_tag(mcp)
            refused = error(await mcp.call_tool("delete_tag", {"tag_id": tag}))
            assert refused["kind"] == "not_allowed"
            assert "cannot ask" in refused["message"]
            assert await is_there(mcp, tag)


class TestWhenTheOperatorSaysAsk:
    @pytest.fixture(scope="class")
    @classmethod
    def state(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("asking")

    @pytest.fixture(scope="class")
    @classmethod
    def asking(cls, serve: Serve, keys_file: Path, state: Path) -> Iterator[Host]:
        host = serve("--sandbox", "--keys", str(keys_file), "--destructive", "ask", "--state-dir", str(state))
        yield host
        assert "Traceback" not in host.process.stderr

    async def test_a_preview_token_serves_the_one_who_got_it_and_nobody_else(
        self, asking: Host, secrets: dict[str, str], state: Path
    ) -> None:
        def as_who(name: str) -> Any:
            return client(f"{asking.url}/mcp", headers={"Authorization": f"Bearer {secrets[name]}"})

        async with as_who("all") as ada, as_who("contacts") as other:
            made = await ada.call_tool("create_contact", {"email": "to.be.deleted@brightquay.example"})
            arguments = {"contact_id": made.structured_content["id"]}
            token = (await ada.call_tool("delete_contact", arguments)).structured_content["preview_token"]
            stolen = await other.call_tool("delete_contact", arguments | {"preview_token": token})
            assert error(stolen)["kind"] == "confirmation_other"
            done = await ada.call_tool("delete_contact", arguments | {"preview_token": token})
            assert done.structured_content == {"ok": True} | arguments
        lines = one_each(json.loads(line) for line in (state / "audit.jsonl").read_text().splitlines())
        assert [(line["principal"], line["tool"], line["outcome"]) for line in lines] == [
            ("all", "create_contact", "applied"),
            ("contacts", "delete_contact", "refused"),
            ("all", "delete_contact", "applied"),
        ]

"""Every tool, by a real server, at a Drift whose every text is an attack: nothing of it reaches the agent unguarded.

The sandbox answers as ever, and each text of its answers is then the attack, those of its headers and the names of
attributes too; or it refuses everything with the attack. What only the organisation's own people can write is declared
so in the models, and let through.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from mcp.shared.exceptions import MCPError

from drift_mcp.sandbox import SANDBOX_TOKEN, create_app
from tests.support.each import for_each
from tests.support.hostile import ALIVE, MARK, PHRASE, HostileDrift, Mode, ours_of, unguarded
from tests.support.marks import spots
from tests.support.served import served

from .calls import CALLS
from .catalogue import EVERYTHING, NAMES, OPERATIONS, properties
from .conftest import Connect

HOW: tuple[Mode, ...] = ("hostile", "refusing", "stingy")
Answers = dict[tuple[str, str], Any]


@pytest.fixture(scope="module")
def drift() -> Iterator[tuple[HostileDrift, dict[str, str]]]:
    """It, and the settings of a server that talks to it."""
    hostile = HostileDrift(create_app())
    with served(hostile) as url:
        here = {"DRIFT_BASE_URL": url, "DRIFT_ACCESS_TOKEN": SANDBOX_TOKEN, "DRIFT_CACHE_SECONDS": "0"}
        yield hostile, EVERYTHING | here | {"DRIFT_CALLS_PER_MINUTE": "100000"}


def begun(drift: tuple[HostileDrift, dict[str, str]], mode: Mode) -> None:
    drift[0].mode = mode
    httpx.post(f"{drift[1]['DRIFT_BASE_URL']}/_sandbox/reset", trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def arguments(drift: Any, connect: Connect) -> dict[str, dict[str, Any]]:
    """Those of every tool that are right at an honest Drift; after a reset they are again."""
    begun(drift, "honest")
    given: dict[str, dict[str, Any]] = {}
    honest: dict[str, Any] = {}
    with connect(env=drift[1]) as agent:
        for name, arguments_of in CALLS.items():
            given[name] = arguments_of(honest) | ({"detail": "full"} if "detail" in properties(name) else {})
            honest[name] = agent.call(name, **given[name]).structured_content
    return given | {"wait_for_event": {"wait_seconds": 1}}


@pytest.fixture(scope="module", params=["shown", "withheld"])
def answers(request: pytest.FixtureRequest, connect: Connect, drift: Any, arguments: Any) -> tuple[bool, Answers]:
    """Whether visitors' text is withheld, and what every tool answers, by its name and how Drift was then."""
    withheld = request.param == "withheld"
    found: Answers = {}
    with connect(*(["serve", "--withhold-visitor-text"] if withheld else []), env=drift[1]) as agent:
        for mode in HOW:
            begun(drift, mode)
            # Only a job can go on where a part is refused.
            asked = [name for name in NAMES if mode != "stingy" or name not in OPERATIONS]
            found |= {(name, mode): agent.call(name, **arguments[name]) for name in CALLS if name in asked}
    return withheld, found


@for_each("name", NAMES)
@pytest.mark.parametrize("mode", HOW)
def test_no_answer_has_a_text_of_the_attack_that_is_unmarked_alive_or_not_withheld(
    answers: tuple[bool, Answers], name: str, mode: str
) -> None:
    withheld, found = answers
    result = found.get((name, mode))
    if result is None:
        assert mode == "stingy"
        return
    runs = CALLS[name]({})["name"] if name in {"run_read_operation", "run_write_operation"} else name
    assert unguarded(name, result.structured_content, result.meta, ours_of(runs), withheld=withheld) == []
    for block in result.content[1:]:
        assert not list(spots(block.model_dump(), PHRASE))


def test_the_attack_is_in_what_nearly_every_tool_is_told(answers: tuple[bool, Answers]) -> None:
    _, found = answers
    reached = {mode: {name for name in NAMES if (found[name, mode].meta or {}).get(MARK)} for mode in HOW[:2]}
    assert len(reached["hostile"]) >= 35
    assert len(reached["refusing"]) >= 75
    in_part = {name: str(found[name, "stingy"].meta.get(MARK)) for name in NAMES if name not in OPERATIONS}
    jobs = {name for name, marks in in_part.items() if "problems[" in marks and "drift_says" in marks}
    assert {"triage_inbox", "route_conversation"} <= jobs


def test_a_resource_is_no_way_around_it(connect: Connect, drift: Any) -> None:
    begun(drift, "honest")
    with connect(env=drift[1]) as agent:
        talk = agent.ask("list_conversations", limit=1)["items"][0]
        account = agent.ask("list_accounts", limit=1)["items"][0]["account_id"]
    uris = [f"drift://conversations/{talk['id']}", f"drift://conversations/{talk['id']}/transcript"]
    uris += [f"drift://contacts/{talk['contact_id']}", f"drift://accounts/{account}"]
    for how, sees in (([], True), (["serve", "--withhold-visitor-text"], False)):
        with connect(*how, env=drift[1]) as agent:
            begun(drift, "hostile")
            for uri in uris:
                (content,) = agent.portal.call(agent.client.read_resource, uri).contents
                ours = uri == uris[-1]  # has names of properties, which are our own people's
                assert (PHRASE in content.text) is (ours or (sees and uri != uris[0])), uri
                assert ours or not any(piece in content.text for piece in ALIVE), uri
                assert PHRASE not in content.text or content.meta[MARK], uri
            begun(drift, "refusing")
            for uri in uris:
                with pytest.raises(MCPError) as refused:
                    agent.portal.call(agent.client.read_resource, uri)
                assert PHRASE not in str(refused.value)

"""An operator's choice of tools, by flag and by environment, as a real client meets it over stdio."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .agent import Agent
from .catalogue import DANGEROUS, ENTRIES, LISTED, NAMES, plausible_arguments

READS = {name for name, entry in ENTRIES.items() if entry.access == "read"}
SERVER = {name for name, entry in ENTRIES.items() if entry.toolset == "server"}
FEW = {name for name, entry in ENTRIES.items() if entry.toolset in {"accounts", "tags"}}
WITHOUT = {"send_message", "get_contact", "list_teams"}

CHOICES: dict[str, tuple[list[str], dict[str, str], set[str], list[str]]] = {
    "read-only": (
        ["--read-only"],
        {"DRIFT_READ_ONLY": "1"},
        READS,
        [name for name in LISTED if name in READS],
    ),
    "toolsets": (
        ["--toolsets", "accounts,tags"],
        {"DRIFT_TOOLSETS": "accounts,tags"},
        FEW | SERVER,
        [name for name in NAMES if name in FEW | SERVER],
    ),
    "exclude-tools": (
        ["--exclude-tools", ",".join(sorted(WITHOUT))],
        {"DRIFT_EXCLUDE_TOOLS": ",".join(sorted(WITHOUT))},
        set(NAMES) - WITHOUT - set(DANGEROUS),
        [name for name in LISTED if name not in WITHOUT],
    ),
}
RUNNERS = {name: f"run_{entry.access}_operation" for name, entry in ENTRIES.items() if entry.method}


@pytest.fixture(scope="module", params=["flag", "environment"])
def by(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module", params=list(CHOICES))
def choice(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def chosen(connect: Callable[..., Any], drift_process: Any, choice: str, by: str) -> Iterator[Agent]:
    """An agent whose server is narrowed by this choice and talks to the local Drift over HTTP."""
    flags, env, _, _ = CHOICES[choice]
    by_flag = by == "flag"
    with connect(*(flags if by_flag else ()), env=drift_process.env | ({} if by_flag else env)) as agent:
        yield agent


def test_the_list_is_what_was_chosen(chosen: Agent, choice: str) -> None:
    assert [tool.name for tool in chosen.tools()] == CHOICES[choice][3]


def test_what_is_forbidden_is_refused_and_drift_hears_nothing(chosen: Agent, choice: str, drift: Any) -> None:
    allowed = CHOICES[choice][2]
    forbidden = [name for name in RUNNERS if name not in allowed]
    assert len(forbidden) >= len(WITHOUT)
    for name in forbidden:
        error = chosen.refused(name, **plausible_arguments(name))
        assert error["kind"] == "not_allowed"
        assert set(error) == {"kind", "message", "next"}
        through = chosen.refused(RUNNERS[name], name=name, arguments=plausible_arguments(name))
        assert through["kind"] == "not_allowed"
    assert [each for each in drift.requests() if each["path"] != "/app/token_info"] == []


def test_what_is_allowed_works_listed_or_not(chosen: Agent, choice: str, drift: Any) -> None:
    name = {"read-only": "list_users", "toolsets": "list_accounts", "exclude-tools": "list_playbooks"}[choice]
    assert chosen.ask(name)["items"]
    assert chosen.ask("run_read_operation", name=name)["items"]
    # On a slow machine the server still asks for the token's scopes, which the list did not wait for.
    assert len([each for each in drift.requests() if each["path"] != "/app/token_info"]) == 2


def test_the_flag_goes_before_the_environment(connect: Callable[..., Any]) -> None:
    with connect("--sandbox", "--toolsets", "discovery", env={"DRIFT_TOOLSETS": "all"}) as agent:
        assert {tool.name for tool in agent.tools()} == SERVER
        assert agent.ask("list_teams")


def test_a_token_of_few_scopes_lists_few_tools(connect: Callable[..., Any], drift: Any) -> None:
    env = drift.env | {"DRIFT_ACCESS_TOKEN": drift.issue_token("contact_read")}
    with connect("--toolsets", "all", env=env) as agent:
        shown = {tool.name for tool in agent.tools()}
        assert shown == {n for n in NAMES if ENTRIES[n].scope in {None, "scim", "contact_read"}} - set(DANGEROUS)
        assert "account_read" in agent.refused("list_accounts")["message"]
    with connect("--toolsets", "all", "--ignore-scopes", env=env) as agent:
        assert {tool.name for tool in agent.tools()} == set(NAMES) - set(DANGEROUS)


def test_a_name_that_does_not_exist_stops_the_start(run: Callable[..., Any]) -> None:
    for args, env in ((["serve", "--tools", "send_mesage"], {}), (["serve"], {"DRIFT_TOOLS": "send_mesage"})):
        finished = run(*args, env=env)
        assert finished.status != 0
        assert finished.stdout == ""
        assert "did you mean send_message?" in finished.stderr
        assert "Traceback" not in finished.stderr

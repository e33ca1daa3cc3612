"""What `--help` shows of the settings: all of them by topic where a server is started, few of them elsewhere."""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from click.testing import CliRunner

from drift_mcp.cli import cli
from drift_mcp.settings import TOPICS, Hosting, Settings

SETTINGS = [each.name for each in fields(Settings)]
HOSTING = [each.name for each in fields(Hosting)]


def topics(*command: str) -> dict[str, list[str]]:
    """The options of a command's help by their headings."""
    shown = CliRunner().invoke(cli, [*command, "--help"], prog_name="drift-mcp").output
    sections = re.split(r"^(\S.*):$", shown, flags=re.MULTILINE)[1:]
    pairs = zip(sections[::2], sections[1::2], strict=True)
    return {
        heading: [name.replace("-", "_") for name in re.findall(r"^  (?:-h, )?--([a-z-]+)", text, re.MULTILINE)]
        for heading, text in pairs
    }


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_every_setting_of_a_server_is_shown_once_under_its_topic(command: str) -> None:
    shown = topics(command)
    own = shown.pop("Options")
    assert "help" in own
    assert list(shown) == list(TOPICS.values())
    assert [name for names in shown.values() for name in names] == [*SETTINGS, *HOSTING]
    assert [names[0] for names in shown.values()] == list(TOPICS)
    assert max(map(len, shown.values())) <= 12


@pytest.mark.parametrize(
    ("command", "shown", "left_out"),
    [
        (("call",), {"sandbox", "connections", "destructive", "read_only"}, {"event_days", "toolsets", "audit_keep"}),
        (("audit",), {"connections", "state_dir", "audit_file", "since"}, {"base_url", "total_timeout"}),
        (("events", "failed"), {"connections", "state_dir", "store"}, {"base_url", "total_timeout"}),
        (("login",), {"connections", "base_url", "no_browser"}, {"toolsets", "event_days"}),
    ],
)
def test_elsewhere_only_what_matters_is_shown_and_where_the_rest_is(
    command: tuple[str, ...], shown: set[str], left_out: set[str]
) -> None:
    names = {name for names in topics(*command).values() for name in names}
    assert shown <= names
    assert not left_out & names
    assert len(names) <= 14
    said = " ".join(CliRunner().invoke(cli, [*command, "--help"]).output.split())
    assert "It takes every other setting of `drift-mcp serve` too" in said


def test_what_is_not_shown_works_all_the_same(run: Callable[..., Any]) -> None:
    finished = run(
        "call", "whoami", "--toolsets", "contacts", env={"DRIFT_SANDBOX": "1", "DRIFT_EXCLUDE_TOOLS": "find_operations"}
    )
    surface = finished.json["surface"]
    assert "get_contact" in surface["only"]
    assert surface["excluded"] == ["find_operations"]

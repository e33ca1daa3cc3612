"""What `SECURITY.md` refers to exists: files, tests, options."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.support.each import for_each

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`((?:drift_mcp|tests)/[\w/]+\.py)[`:]", TEXT)))
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
OPTIONS = sorted(set(re.findall(r"`(--[a-z-]+)[ `]", TEXT)))


@for_each("file", FILES)
def test_each_file_is_there(file: str) -> None:
    assert (ROOT / file).is_file()


@for_each("file, name", TESTS)
def test_each_test_is_there(file: str, name: str) -> None:
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_each_defence_names_its_place_and_its_proof() -> None:
    rows = re.findall(r"^\| .+? \| (.+?) \| (.+?) \|$", TEXT.partition("## Who attacks")[2], re.M)
    rows = [row for row in rows if row != ("where", "proved by")]
    assert len(rows) > 20
    for where, proof in rows:
        assert where.startswith("`drift_mcp/")
        assert proof.startswith("`tests/")


def test_each_option_exists(run: Callable[..., object]) -> None:
    offered = getattr(run("serve", "--help"), "stdout", "")
    assert [option for option in OPTIONS if option not in offered] == []

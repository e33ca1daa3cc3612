"""The public conformance suite against this server, in both eras.

`scenarios.csv` has every server scenario of the suite, with the checks that do not apply here and why. All others have
to pass; and one that is listed has to fail, or its line is out of date.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.http.host import Host

from .suite import failures, fetched

REVISIONS = ("2025-11-25", "2026-07-28")
ROWS = list(csv.DictReader((Path(__file__).parent / "scenarios.csv").open(encoding="utf-8")))

Found = dict[str, dict[str, set[str]]]


@pytest.fixture(scope="module")
def found(
    launch: Callable[..., Any], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Found:
    """What fails, by revision and scenario."""
    program = fetched(request.config.cache.mkdir("conformance"))
    host = Host(launch("serve", "--transport", "http", "--port", "0", "--sandbox"))
    folder = tmp_path_factory.mktemp("conformance")
    results = {each: failures(program, f"{host.url}/mcp", each, folder / each) for each in REVISIONS}
    host.close()
    return results


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['revision']}-{row['scenario']}")
def test_a_scenario_passes_but_for_what_does_not_apply(found: Found, row: dict[str, str]) -> None:
    assert bool(row["does not apply"]) == bool(row["because"])
    assert found[row["revision"]][row["scenario"]] == set(row["does not apply"].split())


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_scenario_is_listed(found: Found, revision: str) -> None:
    assert set(found[revision]) == {row["scenario"] for row in ROWS if row["revision"] == revision}

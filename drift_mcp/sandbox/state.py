"""The state file: all tables of a world as one JSON document, replaced as a whole so that a kill never tears
it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

FORMAT = 1


class BadStateFile(ValueError):
    """The file is not one of the sandbox's. It is left as it is."""


def load(path: Path, org_id: int | None) -> dict[str, dict[str, Any]] | None:
    """The saved tables, or None where there is no file. A file of something else, or of another organisation than
    the one wanted, is an error, never overwritten."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        saved = json.loads(text)
        if saved["format"] != FORMAT:
            raise ValueError(f"format {saved['format']!r}, expected {FORMAT}")
        tables = saved["tables"]
        if not isinstance(tables, dict):
            raise TypeError("no tables")
        if org_id not in (None, tables["org"]["id"]):
            raise ValueError(f"it holds organisation {tables['org']['id']}, not {org_id}")
    except (ValueError, TypeError, KeyError) as problem:
        raise BadStateFile(f"{path} is not a state file of the Drift sandbox: {problem}") from problem
    return tables


def check(path: Path) -> None:
    """Whether the state could be saved there: better known at the start than at the end, when all would be lost.

    Raises:
        BadStateFile: it could not.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise BadStateFile(f"{path} cannot be written ({error.strerror})") from None


def save(path: Path, tables: dict[str, dict[str, Any]]) -> None:
    """Write beside the old file, then take its place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # dumps, not dump: only the former uses the fast encoder.
            file.write(json.dumps({"format": FORMAT, "tables": tables}, separators=(",", ":")))
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

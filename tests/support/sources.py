"""What the sources say about each of Drift's operations: `sources.csv`, written down before there was a product.

It comes from Drift's documentation, Drift's own code and the third-party catalogues.
"""

import csv
from pathlib import Path
from typing import NamedTuple


class Known(NamedTuple):
    """One operation as its sources describe it."""

    method: str
    path: str
    provenance: str
    toolset: str
    scope: str | None
    access: str


def _read() -> dict[str, Known]:
    with Path(__file__).with_name("sources.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["tool"]: Known(
                row["method"],
                row["path"].partition("?")[0],
                row["provenance"],
                row["toolset"],
                row["scope"] or None,
                row["access"],
            )
            for row in csv.DictReader(lines)
        }


SOURCES = _read()

"""The rows of a CSV or JSONL file, each with its line; a row that cannot be read costs no other."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from drift_mcp.workflows.bulk.files import read, refuse

MAX_ROWS = 50_000
COLUMNS = (".csv", ".tsv")
ENDINGS = (*COLUMNS, ".jsonl")
"""Those in `COLUMNS` have a header, and nothing but text."""

Numbered = tuple[int, dict[str, Any] | str]
"""A row's line and its content, or the reason why it cannot be read."""


class Table(NamedTuple):
    """Rows, and the header of those that have one."""

    columns: list[str] | None
    rows: list[Numbered]


def table_of(path: Path) -> Table:
    """The rows of a CSV file (by its header) or a JSONL file. Blank lines are passed over.

    Raises:
        InvalidArguments: the file as a whole cannot be used.
    """
    content = read(path).removeprefix(b"\xef\xbb\xbf")
    if path.suffix.lower() not in COLUMNS:
        return Table(None, _limited(_jsonl(content)))
    header: list[str] = []
    return Table(header, _limited(_csv(content, header)))


def _limited(numbered: Iterable[Numbered]) -> list[Numbered]:
    rows: list[Numbered] = []
    for row in numbered:
        if len(rows) == MAX_ROWS:
            raise refuse(f"has more than {MAX_ROWS} rows; split it")
        rows.append(row)
    return rows


def _jsonl(content: bytes) -> Iterator[Numbered]:
    for line, raw in enumerate(content.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        except UnicodeDecodeError:
            yield line, "is not UTF-8"
        except (ValueError, RecursionError):
            yield line, "is not JSON"
        else:
            yield line, value if isinstance(value, dict) else "is not a JSON object"


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _csv(content: bytes, header: list[str]) -> Iterator[Numbered]:
    """The rows; the names of the first one that is not blank are put into `header`."""
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise refuse("is not UTF-8; save it as CSV UTF-8") from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub('"[^"]*"', "", first)
    delimiter = max(",;\t", key=bare.count)
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if not header:
                raise refuse("has a header that is not CSV") from None
            open_quote = "end of data" in str(error)
            yield begins, "a quote here is never closed; what follows was not read" if open_quote else "is not CSV"
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header += _header(cells)
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            yield begins, f"has {len(cells)} cells, the header has {len(header)}"
            continue
        # An empty cell says nothing about the contact.
        yield begins, {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends, split where CSV splits them: not at a form feed or U+2028 inside a cell."""
    for match in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text):
        yield match.group()


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if "" in names:
        raise refuse(f"column {names.index('') + 1} of the header has no name")
    if len({name.casefold() for name in names}) < len(names):
        raise refuse("has two columns of the same name")
    return names

"""What is derived from the records is on disk as it should be, and the generator notices and repairs what is not."""

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from drift_mcp import catalogue, generate
from tests.support.each import for_each

ENTRIES = catalogue.load()
generated = cache(generate.files)
built = cache(catalogue.build)


def here(path: Path) -> str:
    return str(path.relative_to(generate.ROOT))


class TestTheRepository:
    @for_each("path", lambda: sorted(generated()), here)
    def test_the_file_is_as_generated(self, path: Path) -> None:
        assert path.exists(), "missing: run python -m drift_mcp.generate"
        assert path.read_text(encoding="utf-8") == generated()[path], "stale: run python -m drift_mcp.generate"

    def test_no_file_is_left_over(self) -> None:
        assert generate.orphans(generated()) == []

    def test_it_is_the_catalogue_a_file_for_each_tool_their_index_and_the_readme(self) -> None:
        tools = {generate.SNAPSHOTS / entry.toolset / f"{entry.name}.json" for entry in ENTRIES.values()}
        assert set(generated()) == tools | {catalogue.FILE, generate.SNAPSHOTS / "README.md", generate.README}

    def test_a_tools_file_is_the_tool_as_an_agent_receives_it(self) -> None:
        for entry in ENTRIES.values():
            path = generate.SNAPSHOTS / entry.toolset / f"{entry.name}.json"
            assert json.loads(path.read_text(encoding="utf-8")) == entry.tool

    def test_the_index_has_a_line_for_each_tool(self) -> None:
        lines = (generate.SNAPSHOTS / "README.md").read_text(encoding="utf-8").splitlines()
        for entry in ENTRIES.values():
            (line,) = [each for each in lines if f"[{entry.name}]({entry.toolset}/{entry.name}.json)" in each]
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            assert len(cells) == 6
            assert cells[0].startswith("**") is (entry.everyday or entry.essential)
            assert cells[1] == entry.tool["description"]
            assert cells[2] == (f"`{entry.method} {entry.path}`" if entry.method else "—")
            assert cells[3] == (entry.scope or "—")
            assert cells[4] == (f"{entry.access}, off by default" if entry.dangerous else entry.access)
            source = "third-party catalogues" if entry.provenance == "catalogue" else "Drift"
            assert cells[5] == (source if entry.method else "this server")
        links = re.findall(r"\]\((\w+/\w+\.json)\)", "\n".join(lines))
        assert len(links) == len(set(links)) == len(ENTRIES)
        assert all((generate.SNAPSHOTS / link).is_file() for link in links)

    def test_the_table_in_the_readme_names_each_tool_once(self) -> None:
        readme = generate.README.read_text(encoding="utf-8")
        assert readme.count(generate.TABLE_START) == readme.count(generate.TABLE_END) == 1
        table = readme.partition(generate.TABLE_START)[2].partition(generate.TABLE_END)[0]
        rows = [line for line in table.splitlines() if line.startswith("| ") and "toolset | tools" not in line]
        named = re.findall(r"[a-z]+(?:_[a-z]+)*", " ".join(row.split("|")[2] for row in rows))
        assert sorted(named) == sorted(ENTRIES)
        for entry in ENTRIES.values():
            mark = " †" if entry.provenance == "catalogue" else ""
            bold = "**" if entry.everyday or entry.essential else ""
            (row,) = [row for row in rows if row.startswith(f"| {entry.toolset} |")]
            assert f"{bold}{entry.name}{bold}{mark}" in row

    def test_the_readme_counts_right(self) -> None:
        readme = generate.README.read_text(encoding="utf-8")
        operations = [entry for entry in ENTRIES.values() if entry.method]
        catalogued = sum(entry.provenance == "catalogue" for entry in operations)
        said = f"{len(operations)} operations: {len(operations) - catalogued} from Drift's documentation"
        assert said in readme
        assert f"{catalogued} (†) known only from third-party catalogues" in readme


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The generator working in a folder of its own, where everything is as it should be."""
    readme = generate.README.read_text(encoding="utf-8")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "README", tmp_path / "README.md")
    monkeypatch.setattr(generate, "SNAPSHOTS", tmp_path / "tools")
    monkeypatch.setattr(catalogue, "FILE", tmp_path / "catalogue.json")
    known = built()  # takes most of a second
    monkeypatch.setattr(catalogue, "build", lambda: deepcopy(known))
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    (tmp_path / "pyproject.toml").touch()
    generate.main()
    return tmp_path


def wrong(folder: Path) -> set[str]:
    """What a check of the files in `folder` complains of."""
    written = generate.files()
    stale = {path for path, text in written.items() if not path.exists() or path.read_text(encoding="utf-8") != text}
    return {path.relative_to(folder).as_posix() for path in stale | set(generate.orphans(written))}


class TestRepair:
    def test_in_an_empty_folder_it_writes_everything(self, copy: Path) -> None:
        assert wrong(copy) == set()
        assert sum(path.is_file() for path in copy.rglob("*")) == len(ENTRIES) + 4

    @pytest.mark.parametrize(
        "name", ["catalogue.json", "tools/README.md", "tools/contacts/get_contact.json", "tools/server/whoami.json"]
    )
    @pytest.mark.parametrize("how", ["stale", "missing"])
    def test_a_stale_or_missing_file_is_noticed_and_made_anew(self, copy: Path, name: str, how: str) -> None:
        before = (copy / name).read_bytes()
        if how == "stale":
            (copy / name).write_bytes(before.replace(b"o", b"0", 1))
        else:
            (copy / name).unlink()
        assert wrong(copy) == {name}
        generate.main()
        assert (copy / name).read_bytes() == before
        assert wrong(copy) == set()

    def test_a_missing_toolset_is_made_anew(self, copy: Path) -> None:
        for path in (copy / "tools" / "tags").iterdir():
            path.unlink()
        (copy / "tools" / "tags").rmdir()
        assert wrong(copy) == {f"tools/tags/{name}.json" for name, each in ENTRIES.items() if each.toolset == "tags"}
        generate.main()
        assert wrong(copy) == set()

    @pytest.mark.parametrize(
        "name", ["tools/contacts/forgotten.json", "tools/tags/get_contact.json", "tools/old/a/b.md"]
    )
    def test_a_file_of_no_tool_is_noticed_and_removed(self, copy: Path, name: str) -> None:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("{}", encoding="utf-8")
        assert wrong(copy) == {name}
        generate.main()
        assert not (copy / name).exists()
        assert wrong(copy) == set()

    def test_of_the_readme_only_the_table_is_its_own(self, copy: Path) -> None:
        readme = copy / "README.md"
        before = readme.read_text(encoding="utf-8")
        start = before.index(generate.TABLE_START)
        changed = "Mine. " + before[:start] + before[start:].replace("get_contact", "get_nothing") + "Mine too.\n"
        readme.write_text(changed, encoding="utf-8")
        assert wrong(copy) == {"README.md"}
        generate.main()
        repaired = readme.read_text(encoding="utf-8")
        assert repaired.startswith("Mine. ")
        assert repaired.endswith("Mine too.\n")
        table = before[start : before.index(generate.TABLE_END)]
        assert table in repaired

    @pytest.mark.parametrize("missing", [generate.TABLE_START, generate.TABLE_END])
    def test_a_readme_without_the_marks_is_left_as_it_is(self, copy: Path, missing: str) -> None:
        readme = copy / "README.md"
        text = readme.read_text(encoding="utf-8").replace(missing, "")
        readme.write_text(text, encoding="utf-8")
        generate.main()
        assert readme.read_text(encoding="utf-8") == text

    def test_without_a_readme_none_is_made(self, copy: Path) -> None:
        (copy / "README.md").unlink()
        generate.main()
        assert not (copy / "README.md").exists()

    def test_what_is_right_is_not_touched(self, copy: Path) -> None:
        times = {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()}
        generate.main()
        assert {path: path.stat().st_mtime_ns for path in times} == times

    def test_outside_a_checkout_nothing_is_written(self, copy: Path) -> None:
        (copy / "pyproject.toml").unlink()
        (copy / "catalogue.json").unlink()
        with pytest.raises(SystemExit):
            generate.main()
        assert not (copy / "catalogue.json").exists()

    def test_a_changed_face_shows_in_its_own_file(self, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = catalogue.build()
        row = next(each for each in rows if each["name"] == "get_tag")
        row["tool"] = row["tool"] | {"description": "Something else."}
        monkeypatch.setattr(catalogue, "build", lambda: rows)
        assert wrong(copy) == {"catalogue.json", "tools/README.md", "tools/tags/get_tag.json"}

"""Files of jobs: what may be named, what is read out of CSV and JSONL, how files are written."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.workflows.bulk import files as job_files
from drift_mcp.workflows.bulk import rows as job_rows
from drift_mcp.workflows.bulk.files import Appending, existing, inside, publish, read, remove, size_of, write_lines
from drift_mcp.workflows.bulk.rows import table_of

CSV = (".csv",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    allowed = tmp_path / "allowed"
    (allowed / "sub").mkdir(parents=True)
    (allowed / "a.csv").write_text("email\n")
    (tmp_path / "secret.csv").write_text("email\n")
    (tmp_path / "elsewhere").mkdir()
    return allowed


class TestPaths:
    @pytest.mark.parametrize("name", ["a.csv", "sub/new.csv", "A B (1).csv", "é日本.CSV"])
    def test_a_plain_path_inside_the_folder_is_taken(self, folder: Path, name: str) -> None:
        assert inside(folder, name, CSV) == folder.resolve() / name

    @pytest.mark.parametrize(
        "name",
        [
            "/etc/passwd.csv", "//host/share.csv", "../secret.csv", "sub/../../secret.csv", "sub/../a.csv", "./a.csv",
            "..", "sub//a.csv", "sub/", "C:/a.csv", "C:a.csv", "c:\\a.csv", "..\\secret.csv", "sub\\a.csv", "~/a.csv",
            "~root/a.csv", ".hidden.csv", ".ssh/a.csv", "a.csv\x00.csv", "a\n.csv", "a.csv:stream.csv", "a*.csv",
            "nowhere/a.csv", "a.csv/b.csv", "x" * 300 + ".csv", "sub /a.csv", "sub./a.csv", "a.txt", "a.csv.exe", "",
        ],
    )  # fmt: skip
    def test_anything_else_is_refused_without_repeating_it(self, folder: Path, name: str) -> None:
        with pytest.raises(InvalidArguments) as refused:
            inside(folder, name, CSV)
        (problem,) = refused.value.problems
        assert problem.startswith("file: ")
        assert str(folder) not in problem
        assert "secret" not in problem

    @pytest.mark.parametrize("target", ["../secret.csv", "../elsewhere/new.csv", "/etc/hostname"])
    def test_a_link_that_leads_out_is_refused(self, folder: Path, target: str) -> None:
        (folder / "link.csv").symlink_to(target)
        with pytest.raises(InvalidArguments, match="out of the allowed folder"):
            inside(folder, "link.csv", CSV)

    def test_a_folder_that_is_a_link_out_is_refused(self, folder: Path) -> None:
        (folder / "out").symlink_to("../elsewhere")
        with pytest.raises(InvalidArguments, match="out of the allowed folder"):
            inside(folder, "out/a.csv", CSV)

    def test_a_link_that_stays_inside_is_taken_as_its_target(self, folder: Path) -> None:
        (folder / "link.csv").symlink_to("a.csv")
        assert inside(folder, "link.csv", CSV) == folder.resolve() / "a.csv"

    def test_links_in_a_circle_are_refused(self, folder: Path) -> None:
        (folder / "x.csv").symlink_to("y.csv")
        (folder / "y.csv").symlink_to("x.csv")
        with pytest.raises(InvalidArguments):
            read(inside(folder, "x.csv", CSV))

    def test_a_link_as_the_allowed_folder_itself_is_the_operators_choice(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "way").symlink_to(folder)
        assert inside(tmp_path / "way", "a.csv", CSV) == folder.resolve() / "a.csv"

    def test_without_a_folder_the_setting_is_named(self) -> None:
        with pytest.raises(InvalidArguments, match=r"--files \(DRIFT_FILES\)"):
            inside(None, "a.csv", CSV)

    def test_a_folder_that_is_not_there_names_the_setting_too(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidArguments, match="DRIFT_FILES"):
            inside(tmp_path / "gone", "a.csv", CSV)


class TestExisting:
    def test_one_that_is_not_there_is_refused_with_those_that_are(self, folder: Path) -> None:
        for name in (".hidden.csv", "notes.txt", "a.csv.failed.jsonl", "b.jsonl", "sub/c.csv"):
            (folder / name).touch()
        (folder / "link.csv").symlink_to("../secret.csv")
        endings = (".csv", ".jsonl")
        assert existing(folder, "b.jsonl", endings) == folder.resolve() / "b.jsonl"
        for name, there in (("gone.csv", "a.csv, b.jsonl"), ("sub/gone.csv", "sub/c.csv")):
            with pytest.raises(InvalidArguments) as refused:
                existing(folder, name, endings)
            assert refused.value.problems == [f"file: there is no {name} in the allowed folder; there are: {there}"]

    def test_at_most_ten_are_named(self, folder: Path) -> None:
        for number in range(30):
            (folder / f"f{number:02}.csv").touch()
        with pytest.raises(InvalidArguments, match=r"a\.csv, f00\.csv, .*f08\.csv and 21 more"):
            existing(folder, "gone.csv", CSV)

    def test_an_empty_folder_says_what_is_wanted(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidArguments, match=r"there are: none that end in \.csv"):
            existing(tmp_path, "gone.csv", CSV)

    def test_removing_what_is_not_there_or_cannot_be_removed_is_no_error(self, folder: Path) -> None:
        remove(folder / "a.csv")
        remove(folder / "a.csv")
        remove(folder / "sub")
        assert [each.name for each in folder.iterdir()] == ["sub"]


class TestReading:
    def test_a_link_put_in_place_after_the_check_is_not_followed(self, folder: Path) -> None:
        path = inside(folder, "a.csv", CSV)
        path.unlink()
        path.symlink_to("../secret.csv")
        with pytest.raises(InvalidArguments, match="cannot be read"):
            read(path)

    def test_a_pipe_does_not_block(self, folder: Path) -> None:
        os.mkfifo(folder / "pipe.csv")
        with pytest.raises(InvalidArguments, match="not a plain file"):
            read(folder / "pipe.csv")

    def test_a_folder_or_a_missing_file_is_refused(self, folder: Path) -> None:
        (folder / "dir.csv").mkdir()
        with pytest.raises(InvalidArguments):
            read(folder / "dir.csv")
        with pytest.raises(InvalidArguments, match="not in the allowed folder"):
            read(folder / "gone.csv")

    def test_size_and_rows_are_limited(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = folder / "a.csv"
        path.write_text("email\n" + "a@b.example\n" * 5)
        monkeypatch.setattr(job_rows, "MAX_ROWS", 5)
        assert len(table_of(path).rows) == 5
        monkeypatch.setattr(job_rows, "MAX_ROWS", 4)
        with pytest.raises(InvalidArguments, match="more than 4 rows"):
            table_of(path)
        monkeypatch.setattr(job_files, "MAX_BYTES", 10)
        with pytest.raises(InvalidArguments, match="larger than"):
            table_of(path)


def rows(folder: Path, content: str | bytes, name: str = "x.csv") -> list[Any]:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return table_of(folder / name).rows


class TestCsv:
    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbfemail,name\r\na@b.example,Jane\r\n",
            b"email;name\na@b.example;Jane",
            b"email\tname\na@b.example\tJane\n",
            b"email, name\ra@b.example, Jane\r",
            "email,name\na@b.example,Jane\n".encode("utf-16"),
            b'"email","name"\n"a@b.example","Jane"\n',
            b"email,name,,\na@b.example,Jane,,\n",
        ],
        ids=["bom", "semicolon", "tab", "old mac", "utf-16", "quoted", "trailing commas"],
    )
    def test_every_usual_way_of_saving_it_is_read(self, folder: Path, content: bytes) -> None:
        assert rows(folder, content) == [(2, {"email": "a@b.example", "name": "Jane"})]

    def test_quotes_newlines_and_unicode_come_through_and_lines_are_those_of_the_file(self, folder: Path) -> None:
        content = 'email,name,bio\n\n  \na@b.example,"Zoë ""Z"", née 李","one\ntwo"\nc@d.example,ب\u2028x,\x0c\n,,\n'
        assert rows(folder, content + "e@f.example,,\n") == [
            (4, {"email": "a@b.example", "name": 'Zoë "Z", née 李', "bio": "one\ntwo"}),
            (6, {"email": "c@d.example", "name": "ب\u2028x"}),
            (8, {"email": "e@f.example"}),
        ]

    def test_a_bad_row_costs_no_other(self, folder: Path) -> None:
        found = rows(folder, 'email,name\na@b.example,x,y\n"a"b,c\nc@d.example,ok\nd@e.example\n')
        assert found == [
            (2, "has 3 cells, the header has 2"),
            (3, "is not CSV"),
            (4, {"email": "c@d.example", "name": "ok"}),
            (5, {"email": "d@e.example"}),
        ]

    def test_a_quote_that_is_never_closed_is_reported_where_it_opens(self, folder: Path) -> None:
        found = rows(folder, 'email,name\na@b.example,x\nc@d.example,"y\ne@f.example,z\n')
        assert found[0] == (2, {"email": "a@b.example", "name": "x"})
        assert found[1][0] == 3
        assert "never closed" in found[1][1]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"email,name\n\xff\xfa,x\n", "UTF-8"),
            (b"email,email\n", "same name"),
            (b"email,,name\n", "column 2"),
            (b'"email\n', "header"),
        ],
    )
    def test_a_file_that_is_wrong_as_a_whole_is_refused(self, folder: Path, content: bytes, why: str) -> None:
        with pytest.raises(InvalidArguments, match=why):
            rows(folder, content)

    def test_a_huge_cell_is_a_bad_row(self, folder: Path) -> None:
        found = rows(folder, "email,name\na@b.example," + "x" * 200_000 + "\nc@d.example,y\n")
        assert found[0] == (2, "is not CSV")
        assert found[-1] == (3, {"email": "c@d.example", "name": "y"})

    def test_nothing_and_a_header_alone_have_no_rows(self, folder: Path) -> None:
        assert rows(folder, b"") == rows(folder, b"email\n") == rows(folder, b"\n\n") == []


class TestJsonl:
    def test_garbage_is_reported_by_line(self, folder: Path) -> None:
        lines = [
            b'\xef\xbb\xbf{"email": "a@b.example"}', b"", b"   ", b"not json", b"[1]", b'"text"', b"null",
            b'{"a": NaN}', b'{"a": "\xff"}', b"[" * 100_000, b'{"email": "z"}{"email": "y"}',
            '{"name": "\u2028é"}'.encode(), b'{"torn": "ro',
        ]  # fmt: skip
        found = dict(rows(folder, b"\n".join(lines), "x.jsonl"))
        assert found[1] == {"email": "a@b.example"}
        assert found[12] == {"name": "\u2028é"}
        assert {found[line] for line in (4, 8, 10, 11, 13)} == {"is not JSON"}
        assert {found[line] for line in (5, 6, 7)} == {"is not a JSON object"}
        assert found[9] == "is not UTF-8"
        assert len(found) == 11

    def test_windows_line_ends_do(self, folder: Path) -> None:
        assert rows(folder, b'{"a": 1}\r\n{"a": 2}\r\n', "x.jsonl") == [(1, {"a": 1}), (2, {"a": 2})]


class TestWriting:
    def test_lines_replace_the_file_as_a_whole_and_leave_nothing_beside_it(self, folder: Path) -> None:
        path = folder / "out.jsonl"
        write_lines(path, [{"a": "é"}])
        write_lines(path, [{"a": 1}, {"a": 2}])
        assert [json.loads(line) for line in path.read_text().splitlines()] == [{"a": 1}, {"a": 2}]
        assert sorted(each.name for each in folder.iterdir()) == ["a.csv", "out.jsonl", "sub"]

    def test_a_failure_while_writing_leaves_the_old_file(self, folder: Path) -> None:
        path = folder / "out.jsonl"
        write_lines(path, [{"a": 1}])
        with pytest.raises(TypeError):
            write_lines(path, [{"a": 2}, {"a": object()}])
        assert json.loads(path.read_text()) == {"a": 1}
        assert len(list(folder.iterdir())) == 3

    def test_writing_over_a_link_replaces_the_link_and_not_its_target(self, folder: Path, tmp_path: Path) -> None:
        (folder / "out.jsonl").symlink_to("../secret.csv")
        write_lines(folder / "out.jsonl", [{"a": 1}])
        assert (tmp_path / "secret.csv").read_text() == "email\n"

    def test_appending_cuts_what_is_torn(self, folder: Path) -> None:
        path = folder / "out.part"
        with Appending(path) as file:
            first = file.append(b"one\n")
            file.append(b"two\n")
            file.append(b"tor")
        with Appending(path, first) as file:
            assert path.read_bytes() == b"one\n"
            assert file.append(b"three\n") == 10
        assert path.read_bytes() == b"one\nthree\n"
        publish(path, folder / "out.jsonl")
        assert (size_of(path), size_of(folder / "out.jsonl")) == (None, 10)

    def test_appending_follows_no_link(self, folder: Path, tmp_path: Path) -> None:
        (folder / "out.part").symlink_to("../secret.csv")
        with pytest.raises(InvalidArguments):
            Appending(folder / "out.part")
        assert (tmp_path / "secret.csv").read_text() == "email\n"

    def test_a_folder_that_cannot_be_written_is_a_clear_refusal(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidArguments, match="cannot be written"):
            write_lines(tmp_path / "gone" / "x.jsonl", [])
        with pytest.raises(InvalidArguments, match="cannot be written"):
            Appending(tmp_path / "gone" / "x.part")

"""Writes the files anew and removes those of tools that are gone."""

from tests.golden import FOLDER, answers, path


def main() -> None:
    found = answers()
    for file in FOLDER.glob("*.json"):
        if file.stem not in found:
            file.unlink()
    for name, text in found.items():
        path(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""`python -m drift_mcp.intents.train`: fit the classifier on the phrases and write `model.json`; `--check` measures it.

Needs scikit-learn (`pip install 'drift-mcp[train]'`), the same phrases give the same file. `training_hash()` needs
nothing: a test compares it with what the model says that it was fitted on.
"""

import argparse
import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drift_mcp.catalogue import load
from drift_mcp.intents.concepts import CONCEPTS
from drift_mcp.intents.features import GROUPS, features, slips, weighed, words
from drift_mcp.intents.model import ALPHABET, FILE, JOB_GROUPS, NOTHING, STEPS, Model

PHRASES = Path(__file__).with_name("phrases")
JOBS = "jobs"
LEAST_SEEN = {"words": 2, "canonical": 3, "pieces": 5}
"""In how many phrases a feature must stand to be one."""
REGULARISATION = 0.7
SMALLEST = 7
"""Weights of fewer steps than this are left out: most weights, and little of the sum."""
LEAST_JOB = 0.5
"""From which nearness on a job is found."""

Phrases = list[tuple[str, str]]
Counts = dict[str, Counter[str]]


def written() -> dict[str, Phrases]:
    """The phrases by who wrote them: a file each, and those of the operations' own records."""
    by = {
        "records": [(text, entry.name) for entry in load().values() if entry.path is not None for text in entry.intents]
    }
    for file in sorted(PHRASES.glob("*.json")):
        if file.stem != JOBS:
            by[file.stem] = [(text, name) for name, texts in json.loads(file.read_bytes()).items() for text in texts]
    return by


def phrases() -> Phrases:
    """Every training phrase with its operation, or "nothing"."""
    return list(dict.fromkeys(pair for pairs in written().values() for pair in pairs))


def jobs() -> Phrases:
    """Every phrase of a job with its name."""
    of_job = json.loads((PHRASES / f"{JOBS}.json").read_bytes())
    return [
        (text, entry.name)
        for entry in load().values()
        if entry.path is None and entry.toolset != "server"
        for text in dict.fromkeys([*entry.intents, entry.tool["title"], *of_job.get(entry.name, [])])
    ]


def training_hash() -> str:
    """SHA-256 of what the model is fitted on: the phrases, and the code that reads them."""
    folder = Path(__file__).parent
    modules = ("concepts.py", "elsewhere.py", "features.py", "train.py")
    code = [(folder / name).read_text(encoding="utf-8") for name in modules]
    return hashlib.sha256(json.dumps([phrases(), jobs(), code]).encode()).hexdigest()


def known_words(texts: list[str]) -> dict[str, int]:
    """The words that a misspelled one may have been meant to be, and how frequent they are."""
    seen = Counter(word for text in texts for word in set(words(text)))
    known = {word: count for word, count in seen.items() if count >= 3 and not word.startswith("§")}
    for word in CONCEPTS:
        known.setdefault(word, 1)
    return {word: count for word, count in known.items() if word in CONCEPTS or not _misspelled(word, known)}


def _misspelled(word: str, known: Mapping[str, int]) -> bool:
    """Whether a rare word looks like a far more frequent one."""
    count = known[word]
    return len(word) > 4 and count < 8 and any(known.get(slip, 0) > 12 * count for slip in slips(word))


def rarities(counted: list[Counts]) -> dict[str, dict[str, float]]:
    """How rare each feature is: from 1 on, in tenths, as it is stored."""
    found: dict[str, dict[str, float]] = {}
    for group in GROUPS:
        seen = Counter(name for counts in counted for name in counts[group])
        found[group] = {
            name: 1 + min(len(ALPHABET) - 1, round(10 * math.log((1 + len(counted)) / (1 + count)))) / 10
            for name, count in sorted(seen.items())
            if count >= LEAST_SEEN[group] and "|" not in name
        }
    return found


def fit(pairs: Phrases) -> dict[str, Any]:
    """The model's data without the jobs."""
    import numpy  # type: ignore[import-not-found,unused-ignore]
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from sklearn.svm import LinearSVC  # type: ignore[import-not-found,import-untyped,unused-ignore]

    seen = known_words([text for text, _ in pairs])
    ranks = [[word for word, count in sorted(seen.items()) if rank == count.bit_length()] for rank in range(15)]
    known = {word: 2 ** (count.bit_length()) for word, count in seen.items()}
    counted = [features(text, known) for text, _ in pairs]
    rarity = rarities(counted)
    column = {key: at for at, key in enumerate((group, name) for group in GROUPS for name in rarity[group])}
    rows, columns, values = [], [], []
    for row, counts in enumerate(counted):
        for group in GROUPS:
            for name, value in weighed(counts[group], rarity[group]).items():
                rows.append(row)
                columns.append(column[group, name])
                values.append(value)
    matrix = csr_matrix((values, (rows, columns)), shape=(len(pairs), len(column)))
    classifier = LinearSVC(C=REGULARISATION, random_state=0).fit(matrix, [name for _, name in pairs])
    classes = [str(name) for name in classifier.classes_]
    scale = float(numpy.abs(classifier.coef_).max())
    steps = numpy.rint(numpy.sign(classifier.coef_) * numpy.sqrt(numpy.abs(classifier.coef_) / scale) * STEPS).astype(
        int
    )
    packed: dict[str, dict[str, str]] = {group: {} for group in GROUPS}
    for (group, name), at in column.items():
        packed[group][name] = "".join(
            ALPHABET[which] + ALPHABET[step + STEPS] for which, step in enumerate(steps[:, at]) if abs(step) >= SMALLEST
        )
    return {
        "training": training_hash(),
        "classes": classes,
        "bias": [round(float(each), 4) for each in classifier.intercept_],
        "scale": round(scale, 6),
        "known": ["|".join(line) for line in ranks],
        "features": {
            group: {
                **_table(packed[group]),
                "rarity": "".join(ALPHABET[round((each - 1) * 10)] for each in rarity[group].values()),
            }
            for group in GROUPS
        },
    }


def fit_jobs(pairs: Phrases, data: Mapping[str, Any]) -> dict[str, Any]:
    """The phrases of the jobs by feature: two characters which, one how much."""
    bare = Model({**data, "jobs": {"of": [], "least": LEAST_JOB, "features": _table({})}})
    table: dict[str, str] = {}
    for at, (text, _) in enumerate(pairs):
        for group in JOB_GROUPS:
            for name, value in weighed(bare.features(text)[group], bare.rarity[group]).items():
                which = ALPHABET[at // len(ALPHABET)] + ALPHABET[at % len(ALPHABET)]
                table[name] = (
                    table.get(name, "") + which + ALPHABET[min(len(ALPHABET) - 1, round(value * len(ALPHABET)))]
                )
    return {"of": [name for _, name in pairs], "least": LEAST_JOB, "features": _table(table)}


def _table(packed: Mapping[str, str]) -> dict[str, str]:
    return {"names": "|".join(packed), "values": "|".join(packed.values())}


def train(pairs: Phrases) -> dict[str, Any]:
    """The data of a model fitted on `pairs`, and the jobs."""
    data = fit(pairs)
    return {**data, "jobs": fit_jobs(jobs(), data)}


def check() -> Iterator[tuple[str, list[bool], list[bool], list[bool]]]:
    """For each file of phrases, by a model fitted on the others: found first, "nothing" recognised, wrongly refused.

    A file is a writer or a point of view, so that the figures say how well the requests of somebody new are found.
    """
    for writer, pairs in written().items():
        asked = set(pairs)
        fitted = Model(train([pair for pair in phrases() if pair not in asked]))
        found = [(name, fitted.best(text)) for text, name in pairs]
        yield (
            writer,
            [best == name for name, best in found if name != NOTHING],
            [best == name for name, best in found if name == NOTHING],
            [best == NOTHING for name, best in found if name != NOTHING],
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drift_mcp.intents.train", description=__doc__)
    parser.add_argument("--check", action="store_true", help="cross-validate instead of writing the model")
    if parser.parse_args().check:
        for writer, first, recognised, refused in check():
            shares = (f"{sum(each) / len(each):.1%}" if each else "-" for each in (first, recognised, refused))
            sys.stdout.write("{:<16} first {}, nothing recognised {}, wrongly refused {}\n".format(writer, *shares))
        return 0
    FILE.write_text(json.dumps(train(phrases()), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

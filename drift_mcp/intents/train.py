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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drift_mcp.catalogue import load
from drift_mcp.intents.concepts import CONCEPTS
from drift_mcp.intents.features import GROUPS, WEIGHTS, features, slips, weighed, words
from drift_mcp.intents.model import ALPHABET, FILE, NOTHING, STEPS, Model

PHRASES = Path(__file__).with_name("phrases")
JOBS = "jobs"
LEAST_SEEN = {"words": 2, "canonical": 3, "pieces": 5}
"""In how many phrases a feature must stand to be one."""
REGULARISATION = 0.7
ALONE = 0.5
"""How much a phrase counts with only one group of its features: each has to do when the others are unseen."""
NOTHING_OFFSET = 0.65
"""Added to "nothing": set by cross-validation, so that few are refused that should not be."""
SMALLEST = 7
"""Weights of fewer steps than this are left out: most weights, and little of the sum."""
LEAST_JOB = 0.5
"""From which nearness on a job is found."""

Phrases = list[tuple[str, str]]
Counts = dict[str, Counter[str]]


def phrases() -> Phrases:
    """Every training phrase with its operation, or "nothing"."""
    pairs = [(text, entry.name) for entry in load().values() if entry.path is not None for text in entry.intents]
    for file in sorted(PHRASES.glob("*.json")):
        if file.stem != JOBS:
            of = json.loads(file.read_bytes())
            pairs += [(text, name) for name, texts in of.items() for text in texts]
    return list(dict.fromkeys(pairs))


def jobs() -> Phrases:
    """Every phrase of a job with its name."""
    written = json.loads((PHRASES / f"{JOBS}.json").read_bytes())
    return [
        (text, entry.name)
        for entry in load().values()
        if entry.path is None and entry.toolset != "server"
        for text in dict.fromkeys([*entry.intents, entry.tool["title"], *written[entry.name]])
    ]


def training_hash() -> str:
    """SHA-256 of what the model is fitted on: the phrases, and the code that reads them."""
    folder = Path(__file__).parent
    code = [(folder / name).read_text(encoding="utf-8") for name in ("concepts.py", "features.py", "train.py")]
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
    from scipy.sparse import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
        csr_matrix,
        diags,
        vstack,
    )
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
            for name, value in weighed(counts[group], rarity[group], WEIGHTS[group]).items():
                rows.append(row)
                columns.append(column[group, name])
                values.append(value)
    matrix = csr_matrix((values, (rows, columns)), shape=(len(pairs), len(column)))
    of_group = [diags([float(key[0] == group) for key in column]) for group in GROUPS]
    classifier = LinearSVC(C=REGULARISATION, random_state=0).fit(
        vstack([matrix, *(matrix @ alone for alone in of_group)]),
        [name for _, name in pairs] * (1 + len(GROUPS)),
        [1.0] * len(pairs) + [ALONE] * (len(GROUPS) * len(pairs)),
    )
    classes = [str(name) for name in classifier.classes_]
    scale = float(numpy.abs(classifier.coef_).max())
    steps = numpy.rint(numpy.sign(classifier.coef_) * numpy.sqrt(numpy.abs(classifier.coef_) / scale) * STEPS).astype(
        int
    )
    bias = classifier.intercept_ + numpy.array([NOTHING_OFFSET * (name == NOTHING) for name in classes])
    packed: dict[str, dict[str, str]] = {group: {} for group in GROUPS}
    for (group, name), at in column.items():
        weights = "".join(
            ALPHABET[which] + ALPHABET[step + STEPS] for which, step in enumerate(steps[:, at]) if abs(step) >= SMALLEST
        )
        packed[group][name] = ALPHABET[round((rarity[group][name] - 1) * 10)] + weights
    return {
        "training": training_hash(),
        "classes": classes,
        "bias": [round(float(each), 4) for each in bias],
        "scale": round(scale, 6),
        "known": ["|".join(line) for line in ranks],
        "features": {group: _table(packed[group]) for group in GROUPS},
    }


def fit_jobs(pairs: Phrases, data: Mapping[str, Any]) -> dict[str, Any]:
    """The phrases of the jobs by feature: two characters which, one how much."""
    bare = Model({**data, "jobs": {"of": [], "least": LEAST_JOB, "features": _table({})}})
    table: dict[str, str] = {}
    for at, (text, _) in enumerate(pairs):
        counts = features(text, bare.known)
        for group in ("words", "canonical"):
            for name, value in weighed(counts[group], bare.rarity[group], 1.0).items():
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


def check(folds: int = 4) -> tuple[float, float, float]:
    """By cross-validation: the share found first, "nothing" recognised, and refused although served.

    Phrases of the same words are in the same fold, so that none is asked of a model that was fitted on its twin.
    """
    pairs = phrases()
    group = [
        int(hashlib.sha256(" ".join(sorted(set(words(text)))).encode()).hexdigest(), 16) % folds for text, _ in pairs
    ]
    first: list[bool] = []
    recognised: list[bool] = []
    refused: list[bool] = []
    for fold in range(folds):
        fitted = Model(train([pair for pair, of in zip(pairs, group, strict=True) if of != fold]))
        for (text, name), of in zip(pairs, group, strict=True):
            if of == fold:
                scores = fitted.scores(text)
                found = fitted.classes[scores.index(max(scores))]
                (recognised if name == NOTHING else first).append(found == name)
                if name != NOTHING:
                    refused.append(found == NOTHING)
    return sum(first) / len(first), sum(recognised) / len(recognised), sum(refused) / len(refused)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drift_mcp.intents.train", description=__doc__)
    parser.add_argument("--check", action="store_true", help="cross-validate instead of writing the model")
    if parser.parse_args().check:
        first, recognised, refused = check()
        sys.stdout.write(f"first {first:.1%}, nothing recognised {recognised:.1%}, wrongly refused {refused:.1%}\n")
        return 0
    FILE.write_text(json.dumps(train(phrases()), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The fitted classifier at run time: a sum of small weights per operation, without anything but the standard library.

`model.json` (`train.py` writes it) holds for each feature its rarity, one character, and its weights, two characters
each: which class, and how much on a scale of 45 steps either way, finer for small weights. Of each feature the weights
are read when it is first met.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from drift_mcp.catalogue import Entry
from drift_mcp.intents.concepts import FILLERS
from drift_mcp.intents.endpoints import Named
from drift_mcp.intents.features import GROUPS, clipped, features, weighed

FILE = Path(__file__).with_name("model.json")
NOTHING = "nothing"
"""The class of requests that no operation serves."""
ALPHABET = "".join(chr(code) for code in range(35, 127) if chr(code) not in "\\|")
"""One character per number, none of which JSON has to escape, and no separator."""
STEPS = (len(ALPHABET) - 1) // 2
JOB_GROUPS = ("words", "canonical")
"""The groups of features by which phrases of jobs are compared."""
CERTAIN = 9.0
"""The score of an operation that the text names."""
SENTENCES = 12
"""How many sentences of a text, the last ones, are also read one by one."""

CLEAR = 0.8
"""From how far above "nothing" on the sentences of a text need not be asked."""

_CODE = {character: number for number, character in enumerate(ALPHABET)}
_RARITY = {character: 1 + number / 10 for character, number in _CODE.items()}
_SENTENCE = re.compile(r"(?<=[.!?;\n])\s+")


@dataclass(frozen=True, slots=True)
class Match:
    """An operation or job that suits a request; a higher score suits better."""

    name: str
    score: float


class Model:
    """`model.json`, read."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.training: str = data["training"]
        self.classes: list[str] = data["classes"]
        self.bias: list[float] = data["bias"]
        self.known: dict[str, int] = {
            word: 2**rank for rank, line in enumerate(data["known"]) for word in line.split("|")
        }
        self._scale: float = data["scale"] / STEPS**2
        self.features = lru_cache(maxsize=16)(lambda text: features(text, self.known))
        """The features of a text, kept as long as one search asks for them."""
        self._packed = {group: dict(zip(*_columns(data["features"][group]), strict=True)) for group in GROUPS}
        self._read: dict[str, dict[str, list[tuple[int, float]]]] = {group: {} for group in GROUPS}
        self.rarity = {
            group: dict(zip(packed, map(_RARITY.__getitem__, data["features"][group]["rarity"]), strict=True))
            for group, packed in self._packed.items()
        }
        self._job_of: list[str] = data["jobs"]["of"]
        self._least: float = data["jobs"]["least"]
        self._jobs = dict(zip(*_columns(data["jobs"]["features"]), strict=True))

    def scores(self, text: str) -> list[float]:
        """How well each class suits `text`."""
        scores = list(self.bias)
        for group, counts in self.features(text).items():
            read = self._read[group]
            for name, value in weighed(counts, self.rarity[group]).items():
                if name not in read:
                    read[name] = self._weights(self._packed[group][name])
                for at, weight in read[name]:
                    scores[at] += value * weight
        return scores

    def best(self, text: str) -> str:
        """The class that suits `text` best."""
        scores = self.scores(text)
        return self.classes[scores.index(max(scores))]

    def jobs(self, text: str) -> dict[str, float]:
        """How near `text` is to the nearest phrase of each job, from 0 to 1, of those near enough."""
        near = [0.0] * len(self._job_of)
        for group in JOB_GROUPS:
            for name, value in weighed(self.features(text)[group], self.rarity[group]).items():
                for phrase, share in _shares(self._jobs.get(name, "")):
                    near[phrase] += value * share
        best: dict[str, float] = {}
        for job, score in zip(self._job_of, near, strict=True):
            if score >= max(self._least, best.get(job, 0.0)):
                best[job] = score
        return best

    def _weights(self, packed: str) -> list[tuple[int, float]]:
        """The classes that a feature speaks for or against, and how much."""
        steps = ((_CODE[which], _CODE[step] - STEPS) for which, step in zip(packed[::2], packed[1::2], strict=True))
        return [(which, step * abs(step) * self._scale) for which, step in steps]


@lru_cache(maxsize=4096)
def _shares(packed: str) -> list[tuple[int, float]]:
    """The phrases of jobs that a feature stands in, and the share it has in each, halved as there are two groups."""
    numbers = [_CODE[character] for character in packed]
    return [
        (high * len(ALPHABET) + low, share / len(ALPHABET) / len(JOB_GROUPS))
        for high, low, share in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    ]


def _columns(table: Mapping[str, str]) -> tuple[list[str], list[str]]:
    return table["names"].split("|"), table["values"].split("|")


@cache
def model() -> Model:
    """The model, read once."""
    return Model(json.loads(FILE.read_bytes()))


class Index:
    """Search over `entries`: operations by the model and by name, jobs by their phrases."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        self._model = model()
        operations = [entry for entry in entries if entry.path is not None]
        self._operations = {entry.name for entry in operations}
        self._jobs = {entry.name for entry in entries} - self._operations
        self._named = Named(operations)
        self._nothing = self._model.classes.index(NOTHING)
        self._classes = [at for at, name in enumerate(self._model.classes) if name in self._operations]

    def search(self, intent: str, limit: int = 5) -> list[Match]:
        """The operations that suit `intent`, the best first; none if it is nothing that Drift does."""
        if not self._operations:
            return []
        text = clipped(intent)
        named = self._named.find(text)
        understood = self._understood(text)
        if not named and not understood:
            return []
        scores, served = self._scores(text)
        ranked = {
            name: score
            for score, name in sorted(
                zip(scores, self._model.classes, strict=True), key=lambda each: (-each[0], each[1])
            )
            if name in self._operations
        }
        if not named and (not ranked or not served):
            return []
        first = [name for names in named for name in sorted(names, key=lambda name: -ranked.get(name, -CERTAIN))]
        certain = {name: CERTAIN - place for place, name in enumerate(dict.fromkeys(first))}
        matches = [Match(name, float(score)) for name, score in certain.items()]
        matches += [Match(name, round(score, 4)) for name, score in ranked.items() if name not in certain]
        return sorted(matches, key=lambda match: -match.score)[:limit]

    def jobs(self, intent: str, limit: int = 2) -> list[Match]:
        """The jobs that suit `intent`, the best first; none if it is nothing like what is asked of them."""
        text = clipped(intent)
        near = self._model.jobs(text) | {name: CERTAIN for name in self._jobs if re.search(rf"\b{name}\b", text)}
        found = sorted(((score, name) for name, score in near.items() if name in self._jobs), reverse=True)
        return [Match(name, round(score, 4)) for score, name in found[:limit]]

    def _understood(self, text: str) -> bool:
        """Whether some word of `text` says anything."""
        known = self._model.rarity["words"]
        said = self._model.features(text)["words"]
        return any(word in known and word not in FILLERS and word[0] not in "§^" for word in said)

    def _scores(self, text: str) -> tuple[list[float], bool]:
        """The scores of the classes, and whether an operation serves `text` rather than "nothing".

        Of several sentences often one is the request and the others what led to it: in whether there is a request the
        clearest has as much of a say as the whole, and in which one where the whole is none.
        """
        whole = self._model.scores(text)
        lead = self._lead(whole)
        sentences = [part for part in _SENTENCE.split(text)[-SENTENCES:] if len(part) > 8]
        if len(sentences) < 2 or lead > CLEAR:
            return whole, lead > 0
        clearest = max((self._model.scores(sentence) for sentence in sentences), key=self._lead)
        served = lead + self._lead(clearest) > 0
        if lead > 0:
            return whole, served
        return [(score + of_sentence) / 2 for score, of_sentence in zip(whole, clearest, strict=True)], served

    def _lead(self, scores: list[float]) -> float:
        """How far the best operation is above "nothing"."""
        return max(scores[at] for at in self._classes) - scores[self._nothing]

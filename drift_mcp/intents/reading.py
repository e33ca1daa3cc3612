"""Phrases that mean something: what each can mean, what that is worth to every operation, and where they stand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from drift_mcp.intents import everyday
from drift_mcp.intents import vocabulary as vocab
from drift_mcp.intents import weights as w
from drift_mcp.intents.cues import CUES, NOTHING
from drift_mcp.intents.profiles import Profile
from drift_mcp.intents.words import Word, stem

GAP = "…"
GAP_WORDS = 6
ARTICLES = 3
"""Articles and the like passed over between two words of a phrase."""
READS = frozenset({"list", "get", "find", "count", "report", "aggregate", "download", "match", "export"})
"""The actions that change nothing."""
GROUPS = (vocab.ACTIONS, vocab.OBJECTS, CUES, NOTHING)

Pattern = tuple[str, ...]


class Meaning(NamedTuple):
    """The concepts of a phrase: all of them together, or whichever suits."""

    concepts: frozenset[str]
    together: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A meaning, weighed. `gain`: what it adds to an operation; `does`, `about`, `needs`: one bit an operation."""

    concepts: frozenset[str]
    gain: dict[int, float]
    misfit: float = 0.0
    does: int = 0
    about: int = 0
    needs: int = 0
    action: bool = False
    object: bool = False
    strange: float = 0.0

    @property
    def reads(self) -> bool:
        actions = self.concepts & vocab.ACTIONS.keys()
        return not actions or bool(actions & READS)

    @property
    def writes(self) -> bool:
        actions = self.concepts & vocab.ACTIONS.keys()
        return not actions or bool(actions - READS)


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase found in a request."""

    reading: Reading
    sure: float
    spot: int
    end: int
    plural: bool
    past: bool
    gap: bool
    """Whether words stand between those of the phrase; `end` is then the end of the first."""


class Phrasebook:
    """Finds the phrases of the vocabulary in a part of a request, each weighed for `profiles`."""

    def __init__(self, profiles: Sequence[Profile], reading: int) -> None:
        """`reading`: the operations that only read, one bit each."""
        self.dropped = stems(everyday.DROPPED)
        self._reading = reading
        self._by_first: dict[str, list[tuple[Pattern, Reading]]] = {}
        self._as_verb: dict[Reading, Reading] = {}
        self._as_noun: dict[Reading, Reading] = {}
        self._weigh(profiles)
        made: dict[Meaning, Reading] = {}

        def make(meaning: Meaning) -> Reading:
            return made.get(meaning) or made.setdefault(meaning, self._read(meaning))

        for pattern, meaning in _patterns().items():
            whole = make(meaning)
            verbs = frozenset(meaning.concepts & vocab.ACTIONS.keys())
            if verbs and verbs != meaning.concepts and not meaning.together:
                self._as_verb[whole] = make(Meaning(verbs))
                self._as_noun[whole] = make(Meaning(meaning.concepts - verbs))
            first = stem(pattern[0][1:]) if pattern[0][0] == "=" else pattern[0]
            self._by_first.setdefault(first, []).append((pattern, whole))
        for options in self._by_first.values():
            options.sort(key=lambda option: (GAP not in option[0], -len(option[0]), option[0][0][0] != "="))

    def _weigh(self, profiles: Sequence[Profile]) -> None:
        """What each concept adds to each operation, and in which roles they have it."""
        roles = [[frozenset(filter(None, part.split(", "))) for part in profile] for profile in profiles]
        count: dict[str, int] = {}
        for does, about, cues, _, _ in roles:
            for concept in does | about | cues:
                count[concept] = count.get(concept, 0) + 1
        rarity = {concept: w.RARE + w.RARER * math.log(len(roles) / n) for concept, n in count.items()}
        self._adds: dict[str, dict[int, float]] = {}
        self._masks: dict[str, list[int]] = {}
        for number, (does, about, cues, needs, never) in enumerate(roles):
            beside = cues & vocab.OBJECTS.keys()
            adds = {concept: w.NEVER * rarity.get(concept, 1.0) for concept in never}
            adds |= {concept: w.CUE * rarity[concept] for concept in cues} | dict.fromkeys(beside, w.BESIDE)
            adds |= {concept: w.ABOUT * rarity[concept] for concept in about}
            adds |= {concept: w.DOES * rarity[concept] for concept in does}
            for concept, weight in adds.items():
                self._adds.setdefault(concept, {})[number] = weight
            for role, concepts in enumerate((does, about, needs)):
                for concept in concepts:
                    self._masks.setdefault(concept, [0, 0, 0])[role] |= 1 << number

    def _read(self, meaning: Meaning) -> Reading:
        concepts, together = meaning
        gain: dict[int, float] = {}
        does = about = needs = 0
        for concept in sorted(concepts):
            for number, weight in self._adds.get(concept, {}).items():
                gain[number] = gain.get(number, 0.0) + weight if together else max(gain.get(number, weight), weight)
            roles = self._masks.get(concept, (0, 0, 0))
            does, about, needs = does | roles[0], about | roles[1], needs | roles[2]
        if not together:
            share = 1 / (1 + w.AMBIGUOUS * (len(concepts) - 1))
            gain = {number: weight * share for number, weight in gain.items()}
        action, object_ = bool(concepts & vocab.ACTIONS.keys()), bool(concepts & vocab.OBJECTS.keys())
        misfit = w.MISFIT_OBJECT if object_ else w.MISFIT_ACTION if action else w.MISFIT_CUE
        if concepts & READS:
            does |= self._reading
            for number in range(self._reading.bit_length()):
                if self._reading >> number & 1:
                    gain.setdefault(number, 0.0)
        strange = 1.0 if concepts & {"strong", "unserved"} else w.SOMEWHAT_STRANGE if "weak" in concepts else 0.0
        if len(concepts) > 1:
            strange *= w.SOMEWHAT_STRANGE
        return Reading(concepts, gain, misfit, does, about, needs, action, object_, strange)

    def is_command(self, word: Word) -> bool:
        """Whether an instruction can begin with `word`."""
        return not (word.past or word.plural) and any(
            len(pattern) == 1 and reading.action and not reading.object
            for pattern, reading in self._by_first.get(word.stem, ())
        )

    def find(self, words: list[Word]) -> list[Mention]:
        """What `words` say, in order. The longest phrase wins; cues and phrases with a gap add to it."""
        found: list[Mention] = []
        spot = negated = 0
        present = {word.stem for word in words}
        while spot < len(words):
            end = spot + 1
            readings: list[tuple[Reading, bool]] = []
            for pattern, reading in self._by_first.get(words[spot].stem, ()):
                if GAP in pattern and pattern[-1] not in present:
                    continue
                if stop := self._follow(words, spot, pattern):
                    readings.append((reading, GAP in pattern))
                    if GAP not in pattern and (reading.action or reading.object or pattern[0][0] == "="):
                        end = stop
                        break
            sure = min(word.sure for word in words[spot:end]) * (w.NEGATED if negated > 0 else 1.0)
            last = words[end - 1]
            verb = -1 if last.past or last.plural else self._verb(words, spot)
            for reading, gap in readings:
                form = reading if verb == 0 else (self._as_verb if verb > 0 else self._as_noun).get(reading, reading)
                value = sure * (w.NOUN_ACTION if form.action and verb < 0 else 1.0)
                found.append(Mention(form, value, spot, end, last.plural, last.past, gap))
            negated -= end - spot
            if words[spot].stem in _NEGATIONS and end == spot + 1:
                negated = w.NEGATION_REACH
            spot = end
        return found

    def _verb(self, words: list[Word], spot: int) -> int:
        """Whether a word that can be both is a verb there (1), a noun (-1), or might be either (0)."""
        start = spot
        while start and words[start - 1].stem in _ADVERBS:
            start -= 1
        if start:
            return 1 if words[start - 1].stem in _BEFORE_VERB else -1
        return -1 if spot + 1 < len(words) and words[spot + 1].stem == "<number>" else 0

    def _follow(self, words: list[Word], spot: int, pattern: Pattern) -> int:
        """Where `pattern` ends when it stands at `spot`, articles aside; 0 when it does not."""
        size = len(words)
        for place, wanted in enumerate(pattern):
            if wanted == GAP:
                rest = pattern[place + 1 :]
                starts = range(spot, min(size, spot + GAP_WORDS + 1))
                return next((stop for start in starts if (stop := self._follow(words, start, rest))), 0)
            most = min(size, spot + ARTICLES)
            while place and spot < most and words[spot].stem != wanted and words[spot].stem in self.dropped:
                spot += 1
            if spot >= size:
                return 0
            word = words[spot]
            if word.stem != wanted and (wanted[0] != "=" or word.surface != wanted[1:]):
                return 0
            spot += 1
        return spot


def stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, text.split()))


_NEGATIONS = frozenset(everyday.NEGATIONS.split())
_BEFORE_VERB = stems(everyday.BEFORE_VERB)
_ADVERBS = stems(everyday.ADVERBS)


def _patterns() -> dict[Pattern, Meaning]:
    """Every phrase of the vocabulary, in stems, with what it means."""
    patterns: dict[Pattern, Meaning] = {}
    for group in GROUPS:
        for concept, text in group.items():
            for phrase in text.split(","):
                if pattern := _pattern(phrase):
                    before = patterns.get(pattern, Meaning(frozenset()))
                    patterns[pattern] = Meaning(before.concepts | {concept})
    for phrase, text in vocab.TOGETHER.items():
        patterns[_pattern(phrase)] = Meaning(frozenset(text.split(", ")), together=True)
    return patterns


def _pattern(phrase: str) -> Pattern:
    return tuple(word if word[0] == "=" else stem(word.lower()) for word in phrase.split())

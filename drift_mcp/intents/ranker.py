"""The ranker: a request is read into concepts and words, and every operation is weighed against them.

The score of an operation is the sum of

* the concepts of the request that its profile has, less those that it lacks (`reading.py`),
* whether it does what is asked to the object that is named (`request.py`),
* BM25 between the words of the request and its name, title, phrases, description and parameters.

The best one is offered unless the request speaks of other things more than of it (`Index._doubt`).
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from drift_mcp.catalogue import Entry
from drift_mcp.intents import everyday, phrases, request
from drift_mcp.intents import vocabulary as vocab
from drift_mcp.intents import weights as w
from drift_mcp.intents.profiles import PROFILES, Profile
from drift_mcp.intents.reading import GROUPS, Mention, Phrasebook, Reading, stems
from drift_mcp.intents.words import Reader, Word, stem

_NAME = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
_ENDPOINT = re.compile(r"\b(?:get|post|put|patch|delete) +(?:/[\w/{}:-]{1,100}|[\w{}:-]{1,40}/[\w/{}:-]{0,100})")
_VARIABLE = re.compile(r"\{[^}]*\}|(?<=/)\d+|:\w+")


@dataclass(frozen=True, slots=True)
class Match:
    """An operation that fits. The score only compares within one search."""

    name: str
    score: float


@dataclass(slots=True)
class _Read:
    """What was read in a request."""

    concepts: dict[Reading, float] = field(default_factory=dict)
    words: dict[str, float] = field(default_factory=dict)
    content: list[tuple[str, list[Reading], float]] = field(default_factory=list)
    """The words that carry meaning, with what they were read as and how much they count."""
    strange: dict[tuple[Reading, tuple[str, ...]], float] = field(default_factory=dict)
    """The phrases of other trades, and how much they count."""
    reads: bool = True
    """Whether it may ask for information."""
    writes: bool = True
    """Whether it may ask for a change."""
    head: Mention | None = None


class Index:
    """Finds operations by what a person wants. Built once, then only read: threads may share it."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)
        self._names = {entry.name: number for number, entry in enumerate(self._entries)}
        self._endpoints = {
            _endpoint(f"{entry.method} {entry.path}"): number
            for number, entry in reversed([*enumerate(self._entries)])
            if entry.path is not None
        }
        profiles = [PROFILES.get(entry.name) or _derived(entry) for entry in self._entries]
        self._subjects = [profile.about.split(", ")[0] for profile in profiles]
        self._many = [
            entry.name.startswith(("list_", "search_")) or (entry.name[-1:] == "s" and entry.name[:-1] in self._names)
            for entry in self._entries
        ]
        self._needy = _mask(bool(profile.needs) for profile in profiles)
        self._readers = _mask(entry.access == "read" for entry in self._entries)
        self._book = Phrasebook(profiles, self._readers)
        self._function = stems(everyday.FUNCTION)
        more = phrases.load()
        fields = [_fields(entry, more.get(entry.name, [])) for entry in self._entries]
        known = {word for entry in self._entries for words, _ in _fields(entry, []) for word in words}
        for text in [*(text for group in GROUPS for text in group.values()), *vocab.TOGETHER]:
            known.update(_words(text))
        self._reader = Reader(
            known,
            {
                *_words(" ".join(text for texts in more.values() for text in texts)),
                *everyday.PLAIN.split(),
                *everyday.NEGATIONS.split(),
                *self._book.dropped,
                *request.BACK,
                *request.FORTH,
            },
        )
        self._weigh_words(fields)

    def _weigh_words(self, fields: list[list[tuple[list[str], float]]]) -> None:
        """BM25 over the catalogue's own words, each field with a weight of its own."""
        bags: list[dict[str, float]] = []
        for texts in fields:
            bag: dict[str, float] = {}
            for words, weight in texts:
                for word in map(stem, words):
                    if word not in self._book.dropped:
                        bag[word] = bag.get(word, 0.0) + weight
            bags.append(bag)
        self._words_of = [frozenset(bag) for bag in bags]
        sizes = [sum(bag.values()) for bag in bags]
        mean = sum(sizes) / max(1, len(sizes))
        count: dict[str, int] = {}
        for bag in bags:
            for word in bag:
                count[word] = count.get(word, 0) + 1
        self._bm25: dict[str, list[tuple[int, float]]] = {}
        for number, bag in enumerate(bags):
            long = w.FEW * (1 - w.LENGTH + w.LENGTH * sizes[number] / mean)
            for word, often in bag.items():
                rarity = math.log(1 + (len(bags) - count[word] + 0.5) / (count[word] + 0.5))
                value = w.LEXICAL * rarity * often * (1 + w.FEW) / (often + long)
                self._bm25.setdefault(word, []).append((number, value))

    def search(self, intent: str, limit: int = 5) -> list[Match]:
        """The operations that fit `intent`, best first; none when nothing does."""
        scores, read = self._score(intent)
        ranked = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
        if not ranked or scores[ranked[0]] < w.FLOOR + self._doubt(read, ranked[0]):
            return []
        return [Match(self._entries[n].name, round(scores[n], 3)) for n in ranked[:limit] if scores[n] > 0]

    def _doubt(self, read: _Read, number: int) -> float:
        """How much of the request speaks of something else than what operation `number` serves."""
        own = self._words_of[number]
        strange = sum(value for (_, words), value in read.strange.items() if len(words) != 1 or words[0] not in own)
        size = sum(share for _, _, share in read.content)
        other = sum(
            share
            for word, readings, share in read.content
            if word not in own and not any(reading.gain.get(number, 0.0) > 0 for reading in readings)
        )
        setting = min(1.0, w.SHORT / max(1, len(read.content)))
        return w.STRANGE * strange * setting + w.UNEXPLAINED * other / (size + w.SMOOTH)

    def _score(self, intent: str) -> tuple[list[float], _Read]:
        """How well each operation fits, and what was read."""
        read = self._read(intent)
        scores = self._by_concepts(read)
        if read.head is not None:
            concepts, plural = read.head.reading.concepts, read.head.plural
            for number, (subject, many) in enumerate(zip(self._subjects, self._many, strict=True)):
                scores[number] += w.HEAD * (subject in concepts) + w.PLURAL * (many == plural)
        for word, value in read.words.items():
            for number, weight in self._bm25.get(word, ()):
                scores[number] += weight * value
        named = intent[:5000].lower()
        for found in {self._names.get(name) for name in _NAME.findall(named)} | {
            self._endpoints.get(_endpoint(text)) for text in _ENDPOINT.findall(named)
        }:
            if found is not None:
                scores[found] += w.NAMED * min(1.0, w.SHORT / max(1, len(read.content)))
        return scores, read

    def _by_concepts(self, read: _Read) -> list[float]:
        scores = [0.0] * len(self._entries)
        does = about = needs = 0
        missed = acted = 0.0
        for reading, value in read.concepts.items():
            if value > 0.3:
                does, about, needs = does | reading.does, about | reading.about, needs | reading.needs
            if reading.action:
                acted = max(acted, value)
            missed += reading.misfit * value
            for number, gain in reading.gain.items():
                scores[number] += (gain + reading.misfit) * value
        if not any(reading.action and value > 0.3 for reading, value in read.concepts.items()):
            scores = [score + w.LOOK * (self._readers >> number & 1) for number, score in enumerate(scores)]
        wrong = (0 if read.reads else self._readers) | (0 if read.writes else ~self._readers)
        needless = needs | ~self._needy
        for number in range(len(scores)):
            bit = 1 << number
            lost = missed
            if not about & bit:
                lost += w.NO_OBJECT
            if not does & bit:
                lost += w.NO_ACTION * acted
            if not needless & bit:
                lost += w.NO_NEED
            if wrong & bit:
                lost += w.WRONG_SIDE
            scores[number] -= lost
        return scores

    def _read(self, intent: str) -> _Read:
        read = _Read()
        parts = request.parts(self._reader.clauses(intent), self._book)
        story = any(weight < 1 for _, weight in parts)
        undecided = True
        for words, weight in parts:
            found = self._book.find(words)
            question = request.is_question(words)
            for mention in found:
                value = mention.sure * weight * _action(mention, weight, story, question)
                read.concepts[mention.reading] = max(read.concepts.get(mention.reading, 0.0), value)
            for word in words:
                read.words[word.stem] = max(read.words.get(word.stem, 0.0), weight * word.sure)
            self._note_strange(read, words, found, weight)
            if weight == 1:
                action = next((m.reading for m in found if m.reading.action and m.sure > 0.5 and not m.past), None)
                if undecided and (question or action):
                    read.reads = question or action is None or action.reads
                    read.writes = not question and action is not None and action.writes
                    undecided = False
                read.head = read.head or request.head(found)
        return read

    def _note_strange(self, read: _Read, words: list[Word], found: list[Mention], weight: float) -> None:
        """Takes down what is needed to tell whether anything fits."""
        for mention in found:
            if mention.reading.strange:
                value = mention.reading.strange * min(1.0, mention.sure) * (1.0 if weight == 1 else w.STRANGE_BESIDE)
                own = () if mention.gap else tuple(word.stem for word in words[mention.spot : mention.end])
                read.strange[mention.reading, own] = max(read.strange.get((mention.reading, own), 0.0), value)
        for spot, word in enumerate(words):
            if word.stem not in self._function and word.stem[0] != "<":
                readings = [mention.reading for mention in found if mention.spot <= spot < mention.end]
                read.content.append((word.stem, readings, 1.0 if weight == 1 else w.CONTENT_BESIDE))


def _action(mention: Mention, weight: float, story: bool, question: bool) -> float:
    """How much an action counts where it stands; what is no action counts whole."""
    if not mention.reading.action or mention.reading.object:
        return 1.0
    value = w.OTHER_ACTION if weight < 1 else w.ASKED_ACTION if story else 1.0
    if mention.past:
        value *= w.PAST
    if question and not mention.reading.reads:
        value *= w.ASKED
    return value


def _derived(entry: Entry) -> Profile:
    """The profile of an operation that nobody wrote one for: the concepts its name and title are made of."""
    found = {stem(word) for word in _words(f"{entry.name} {entry.tool['title']}")}
    return Profile(
        ", ".join(concept for concept in vocab.ACTIONS if stem(concept) in found),
        ", ".join(concept for concept in vocab.OBJECTS if stem(concept) in found),
    )


def _fields(entry: Entry, more: list[str]) -> list[tuple[list[str], float]]:
    """The words of an entry's fields and of `more` phrases for it, with the weight of each field."""
    parameters = " ".join(entry.tool.get("inputSchema", {}).get("properties", {}))
    return [
        (_words(f"{entry.name} {entry.tool['title']}"), w.IN_NAME),
        (_words(" ".join([*entry.intents, *more])), w.IN_PHRASES),
        (_words(entry.tool["description"]), w.IN_DESCRIPTION),
        (_words(parameters), w.IN_PARAMETERS),
    ]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower().replace("e-mail", "email"))


def _mask(bits: Iterable[bool]) -> int:
    return sum(1 << number for number, bit in enumerate(bits) if bit)


def _endpoint(text: str) -> str:
    """`GET /contacts/{contactId}?x=y` as `get contacts/*`."""
    method, _, path = text.lower().partition(" ")
    return f"{method} {_VARIABLE.sub('*', path.partition('?')[0]).strip(' /')}"

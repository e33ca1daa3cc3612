"""The ranker: a request is read into concepts, and every operation is weighed against them."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from drift_mcp.catalogue import Entry
from drift_mcp.intents import vocabulary as vocab
from drift_mcp.intents.phrases import PHRASES
from drift_mcp.intents.profiles import PROFILES, Profile
from drift_mcp.intents.words import Reader, Word, stem

GAP = "…"
GAP_WORDS = 6
NEGATION_REACH = 5
FLOOR, STRANGE, STRANGE_BESIDE, UNEXPLAINED, UNMET = 4.0, 12.0, 0.2, 4.0, 2.0
OTHERS, WEAK_ASK, OTHER_ACTION, ASKED_ACTION = 0.85, 0.89, 0.67, 0.53
AMBIGUOUS = 0.35
ONE_NEVER = 1.41
READ_ALIKE = 0.0
RARE, RARER = 0.77, 0.15
NOUN_ACTION = 0.92
HEAD, HEAD_MISFIT = 0.77, 0.07
LATER_ACTION, PAST, ASKED = 0.87, 0.49, 0.42
PLURAL = 1.7
DOES, ABOUT, CUE, BESIDE, NEVER = 1.75, 1.96, 1.77, 1.1, -0.92
MISFIT_ACTION, MISFIT_OBJECT, MISFIT_CUE = 1.45, 1.22, 0.28
NO_ACTION, NO_OBJECT, NO_NEED, WRONG_SIDE = 0.67, 1.45, 1.55, 2.08
BACKGROUND, NEGATED = 0.84, 0.08
LEXICAL = 0.65
IN_NAME, IN_PHRASES, IN_DESCRIPTION, IN_PARAMETERS = 1.58, 1.0, 0.6, 0.63
FEW, LENGTH = 1.2, 0.77
READS = frozenset({"list", "get", "find", "count", "report", "aggregate", "download", "match", "export"})
BACK = frozenset(
    ["because", "although", "though", "while", "whereas", "if", "when", "after", "before", "unless", "as", "since"]
)
FORTH = frozenset(["but", "so", "then"])


@dataclass(frozen=True, slots=True)
class Match:
    name: str
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a phrase can mean. `gain`: what it adds to an operation; the masks have one bit an operation."""

    concepts: frozenset[str]
    gain: dict[int, float]
    misfit: float
    does: int
    about: int
    needs: int
    reads: bool
    writes: bool
    action: bool
    object: bool
    strange: float


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase found in a request."""

    reading: Reading
    sure: float
    spot: int
    end: int
    plural: bool
    past: bool


class Index:
    """Finds operations by what a person wants."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)
        self._names = {entry.name: number for number, entry in enumerate(self._entries)}
        phrases = _phrases()
        surfaces = [_fields(entry) for entry in self._entries]
        texts = [[([stem(word) for word in words], weight) for words, weight in fields] for fields in surfaces]
        known = _surfaces()
        dropped = frozenset(stem(word) for word in vocab.DROPPED.split())
        self._dropped = dropped
        self._function = frozenset(stem(word) for word in vocab.FUNCTION.split())
        for fields in surfaces:
            for words, _ in fields:
                known.update(words)
        self._reader = Reader(
            known, vocab.PLAIN.split() + vocab.NEGATIONS.split() + list(dropped) + list(BACK) + list(FORTH)
        )
        self._as_verb: dict[Reading, Reading] = {}
        self._as_noun: dict[Reading, Reading] = {}
        self._first: dict[str, list[tuple[tuple[str, ...], Reading]]] = {}
        self._profiles = [PROFILES.get(entry.name) or self._derive(entry) for entry in self._entries]
        self._subjects = [profile.about.split(", ")[0] for profile in self._profiles]
        self._about = [frozenset(profile.about.split(", ")) for profile in self._profiles]
        self._many = [
            entry.name.startswith(("list_", "search_", "get_users", "remove_contact_tags")) for entry in self._entries
        ]
        self._paths: dict[str, int] = {}
        for number, entry in enumerate(self._entries):
            self._paths.setdefault(_endpoint(f"{entry.method} {entry.path}"), number)
        self._read_mask = sum(1 << n for n, entry in enumerate(self._entries) if entry.access == "read")
        self._weigh(phrases)
        self._lexical(texts)

    # ---- building

    def _derive(self, entry: Entry) -> Profile:
        """The profile of an operation nobody wrote one for."""
        words = f"{entry.name.replace('_', ' ')} {entry.tool['title']}".lower().split()
        stems = {stem(word) for word in words}
        does = [c for c, text in vocab.ACTIONS.items() if stem(c) in stems]
        about = [c for c in vocab.OBJECTS if stem(c) in stems]
        return Profile(", ".join(does), ", ".join(about))

    def _weigh(self, phrases: dict[tuple[str, ...], tuple[frozenset[str], bool]]) -> None:
        roles = [tuple([frozenset(filter(None, part.split(", "))) for part in profile]) for profile in self._profiles]
        count: dict[str, int] = {}
        for does, about, cues, _, _ in roles:
            for concept in does | about | cues:
                count[concept] = count.get(concept, 0) + 1
        total = len(roles)
        rarity = {c: RARE + RARER * math.log(total / n) for c, n in count.items()}
        weights: dict[str, dict[int, float]] = {}
        masks: dict[str, list[int]] = {}
        for number, (does, about, cues, needs, never) in enumerate(roles):
            for factor, concepts in ((NEVER, never), (CUE, cues), (ABOUT, about), (DOES, does)):
                for concept in concepts:
                    if factor == CUE and concept in vocab.OBJECTS:
                        weights.setdefault(concept, {})[number] = BESIDE
                    else:
                        weights.setdefault(concept, {})[number] = factor * rarity.get(concept, 1.0)
            for slot, concepts in enumerate((does, about, needs)):
                for concept in concepts:
                    masks.setdefault(concept, [0, 0, 0])[slot] |= 1 << number
        self._all_needs = sum(1 << n for n, role in enumerate(roles) if role[3])
        made: dict[tuple[frozenset[str], bool], Reading] = {}
        for phrase, key in phrases.items():
            if key not in made:
                made[key] = self._reading(key, weights, masks)
                verbs = frozenset(key[0] & vocab.ACTIONS.keys())
                if not key[1] and verbs and verbs != key[0]:
                    for part in ((verbs, False), (key[0] - verbs, False)):
                        if part not in made:
                            made[part] = self._reading(part, weights, masks)
                    self._as_verb[made[key]] = made[verbs, False]
                    self._as_noun[made[key]] = made[key[0] - verbs, False]
            first = stem(phrase[0][1:]) if phrase[0][0] == "=" else phrase[0]
            self._first.setdefault(first, []).append((phrase, made[key]))
        for options in self._first.values():
            options.sort(key=lambda option: (GAP not in option[0], -len(option[0]), option[0][0][0] != "="))

    def _reading(
        self, key: tuple[frozenset[str], bool], weights: dict[str, dict[int, float]], masks: dict[str, list[int]]
    ) -> Reading:
        concepts, together = key
        gain: dict[int, float] = {}
        does = about = needs = 0
        for concept in concepts:
            for number, weight in weights.get(concept, {}).items():
                if together:
                    gain[number] = gain.get(number, 0.0) + weight
                elif (abs(weight) > abs(gain.get(number, 0.0)) and (weight > 0 or number not in gain)) or gain.get(
                    number, 0
                ) < 0 < weight:
                    gain[number] = weight
            mask = masks.get(concept, (0, 0, 0))
            does, about, needs = does | mask[0], about | mask[1], needs | mask[2]
        if len(concepts) > 1 and not together:
            # what can mean several things says less against an operation
            gain = {number: weight if weight > 0 else weight * ONE_NEVER for number, weight in gain.items()}
        if not together:
            share = 1 / (1 + AMBIGUOUS * (len(concepts) - 1))
            gain = {number: weight * share for number, weight in gain.items()}
        actions, objects = concepts & vocab.ACTIONS.keys(), concepts & vocab.OBJECTS.keys()
        misfit = MISFIT_OBJECT if objects else MISFIT_ACTION if actions else MISFIT_CUE
        strange = 1.0 if "strong" in concepts or "unserved" in concepts else 0.3 if "weak" in concepts else 0.0
        if strange and len(concepts) > 1:
            strange *= 0.3
        if actions & READS:
            does |= self._read_mask
            for number in range(len(self._entries)):
                if self._read_mask >> number & 1 and gain.get(number, 0.0) == 0.0:
                    gain[number] = READ_ALIKE
        return Reading(
            concepts,
            gain,
            misfit,
            does,
            about,
            needs,
            not actions or bool(actions & READS),
            not actions or bool(actions - READS),
            bool(actions),
            bool(objects),
            strange,
        )

    def _lexical(self, texts: list[list[tuple[list[str], float]]]) -> None:
        """BM25 over the catalogue's own words, each field with a weight of its own."""
        bags: list[dict[str, float]] = []
        for fields in texts:
            bag: dict[str, float] = {}
            for words, weight in fields:
                for word in words:
                    if word not in self._dropped:
                        bag[word] = bag.get(word, 0.0) + weight
            bags.append(bag)
        sizes = [sum(bag.values()) for bag in bags]
        mean = sum(sizes) / max(1, len(sizes))
        seen: dict[str, int] = {}
        for bag in bags:
            for word in bag:
                seen[word] = seen.get(word, 0) + 1
        self._bm25: dict[str, list[tuple[int, float]]] = {}
        for number, bag in enumerate(bags):
            for word, often in bag.items():
                rarity = math.log(1 + (len(bags) - seen[word] + 0.5) / (seen[word] + 0.5))
                value = rarity * often * (1 + FEW) / (often + FEW * (1 - LENGTH + LENGTH * sizes[number] / mean))
                self._bm25.setdefault(word, []).append((number, value))

    # ---- asking

    def search(self, intent: str, limit: int = 5) -> list[Match]:
        scores, doubt, wanted = self._score(intent)
        if not scores:
            return []
        ranked = sorted(range(len(scores)), key=lambda n: (-scores[n], n))
        best = scores[ranked[0]]
        unmet = bool(wanted) and not wanted >> ranked[0] & 1
        if best < FLOOR + doubt + UNMET * unmet:
            return []
        return [Match(self._entries[n].name, round(scores[n], 3)) for n in ranked[:limit] if scores[n] > 0]

    def _score(self, intent: str) -> tuple[list[float], float, int]:
        """How well each operation fits, how much the request speaks of other things, and which operations do what it asks."""
        size = len(self._entries)
        scores = [0.0] * size
        seen: dict[Reading, float] = {}
        lexical: dict[str, float] = {}
        parts = self._parts(intent)
        top = max((weight for _, weight in parts), default=1.0)
        main: list[tuple[Reading, float]] = []
        strange = 0.0
        content = unexplained = 0
        asks = any(weight < top for _, weight in parts)
        head: tuple[Reading, int] | None = None
        for words, weight in parts:
            found = self._mentions(words)
            asked = words[0].stem in QUESTIONS and (words[0].stem != "how" or _quantity(words))
            acting = False
            for mention in found:
                reading = mention.reading
                value = mention.sure * weight / top
                if reading.action and not reading.object:
                    if weight < top:
                        value *= OTHER_ACTION
                    elif asks:
                        value *= ASKED_ACTION
                    if acting:
                        value *= LATER_ACTION
                    if mention.past:
                        value *= PAST
                    if asked and not reading.reads:
                        value *= ASKED
                    if mention.sure > 0.5:
                        acting = True
                seen[reading] = max(seen.get(reading, 0.0), value)
            if weight == top:
                action = next((m for m in found if m.reading.action and m.sure > 0.5 and not m.past), None)
                if asked:
                    main.append((QUESTION, 1.0))
                elif action:
                    main.append((action.reading, 1.0))
                if head is None:
                    head = _head(found)
            strange += sum(m.reading.strange * min(m.sure, 1.0) for m in found) * (
                1.0 if weight == top else STRANGE_BESIDE
            )
            if weight == top:
                spots = {spot for m in found for spot in range(m.spot, m.end)}
                for spot, word in enumerate(words):
                    if word.stem not in self._function:
                        content += 1
                        unexplained += spot not in spots
            for word in words:
                lexical[word.stem] = max(lexical.get(word.stem, 0.0), weight / top * word.sure)
        doubt = STRANGE * strange + (UNEXPLAINED * unexplained / content if content else 0.0)
        wanted = main[0][0].does if main else 0
        does = about = needs = 0
        acted = missed = 0.0
        for reading, value in seen.items():
            if value > 0.3:
                does |= reading.does
                about |= reading.about
                needs |= reading.needs
            if reading.action:
                acted = max(acted, value)
            misfit = reading.misfit * value
            missed += misfit
            for number, gain in reading.gain.items():
                scores[number] += gain * value + misfit
        scores = [score - missed for score in scores]
        for reading, value in main[:1]:
            for number in range(size):
                is_read = self._read_mask >> number & 1
                if (is_read and not reading.reads) or (not is_read and not reading.writes):
                    scores[number] -= WRONG_SIDE
        if head is not None:
            concepts, plural = head[0].concepts, head[1]
            for number, first in enumerate(self._subjects):
                if first in concepts:
                    scores[number] += HEAD
                elif not concepts & self._about[number]:
                    scores[number] -= HEAD_MISFIT
            if plural != 0:
                for number, many in enumerate(self._many):
                    if many == (plural > 0):
                        scores[number] += PLURAL
        for number in range(size):
            bit = 1 << number
            if not about & bit:
                scores[number] -= NO_OBJECT
            if not does & bit:
                scores[number] -= NO_ACTION * acted
            if self._all_needs & bit and not needs & bit:
                scores[number] -= NO_NEED
        for word, value in lexical.items():
            for number, gain in self._bm25.get(word, ()):
                scores[number] += LEXICAL * gain * value
        for name in set(re.findall(r"[a-z]+(?:_[a-z]+)+", intent[:5000].lower())):
            if name in self._names:
                scores[self._names[name]] += 8.0
        for endpoint in ENDPOINT.findall(intent[:5000]):
            if (found_at := self._paths.get(_endpoint(endpoint))) is not None:
                scores[found_at] += 8.0
        return scores, doubt, wanted

    def _parts(self, intent: str) -> list[tuple[list[Word], float]]:
        """The request in parts, each with the weight of what it asks."""
        parts: list[tuple[list[Word], float, int]] = []
        for clause in self._reader.clauses(intent):
            start, back, ask = 0, False, 0
            for spot, word in enumerate(clause):
                turn = word.stem in BACK or word.stem in FORTH
                asks = 0 if turn else _asks(clause, spot)
                if turn or asks:
                    if spot > start:
                        parts.append((clause[start:spot], BACKGROUND if back else 1.0, ask))
                    start, back, ask = spot, word.stem in BACK, asks
            parts.append((clause[start:], BACKGROUND if back else 1.0, ask))
        parts = [
            (words, weight, ask or (2 if len(parts) > 1 and self._commands(words) else 0))
            for words, weight, ask in parts
        ]
        most = max((ask for _, _, ask in parts), default=0)
        if len(parts) == 1 or not most:
            return [(words, weight) for words, weight, _ in parts]
        return [(words, weight * (1.0 if ask == most else WEAK_ASK if ask else OTHERS)) for words, weight, ask in parts]

    def _commands(self, words: list[Word]) -> bool:
        """Whether a part begins with an action, as an instruction does."""
        if words[0].past or words[0].plural:
            return False
        return any(
            len(pattern) == 1 and reading.action and not reading.object
            for pattern, reading in self._first.get(words[0].stem, ())
        )

    def _mentions(self, words: list[Word]) -> list[Mention]:
        """What the words of one part say, in order. The longest phrase wins; a phrase with a gap adds to it."""
        found: list[Mention] = []
        stems = [word.stem for word in words]
        spot = negated = 0
        while spot < len(stems):
            if stems[spot] in self._dropped and stems[spot] not in self._first:
                spot += 1
                continue
            end, readings = spot + 1, []
            for pattern, reading in self._first.get(stems[spot], ()):
                stop = self._follow(words, stems, spot, pattern)
                if stop:
                    readings.append(reading)
                    # A cue adds to what its words say; an action or object takes them.
                    if GAP not in pattern and (reading.action or reading.object or pattern[0][0] == "="):
                        end = stop
                        break
            sure = min(word.sure for word in words[spot:end]) * (NEGATED if negated > 0 else 1.0)
            last = words[end - 1]
            verb = -1 if last.past or last.plural else self._is_verb(stems, spot)
            for reading in readings:
                form = reading if verb == 0 else (self._as_verb if verb > 0 else self._as_noun).get(reading, reading)
                value = sure * (NOUN_ACTION if form.action and verb < 0 else 1.0)
                found.append(Mention(form, value, spot, end, last.plural, last.past))
            negated -= end - spot
            if stems[spot] in NEGATIONS and end == spot + 1:
                negated = NEGATION_REACH
            spot = end
        return found

    def _is_verb(self, stems: list[str], spot: int) -> int:
        """Whether a word that can be both is a verb there (1), a noun (-1), or might be either (0)."""
        start = spot
        while start and stems[start - 1] in ADVERBS:
            start -= 1
        if start:
            return 1 if stems[start - 1] in VERB_FOLLOWS else -1
        return -1 if stems[spot + 1 : spot + 2] == ["<number>"] else 0

    def _follow(self, words: list[Word], stems: list[str], spot: int, pattern: tuple[str, ...]) -> int:
        """Where `pattern` ends when it stands at `spot`, articles aside; 0 when it does not."""
        size = len(stems)
        for place, wanted in enumerate(pattern):
            if wanted == GAP:
                starts = range(spot, min(size, spot + GAP_WORDS + 1))
                rest = pattern[place + 1 :]
                return next((stop for start in starts if (stop := self._follow(words, stems, start, rest))), 0)
            while place and spot < size and stems[spot] != wanted and stems[spot] in self._dropped:
                spot += 1
            if spot >= size or (stems[spot] != wanted and (wanted[0] != "=" or words[spot].surface != wanted[1:])):
                return 0
            spot += 1
        return spot


def _endpoint(text: str) -> str:
    """`GET /contacts/{contactId}?x=y` as `get /contacts/*`."""
    return re.sub(r"\{[^}]*\}|(?<=/)<?\d+>?|:\w+", "*", text.partition("?")[0].lower().rstrip("/"))


ENDPOINT = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) +/[\w/{}:-]{2,100}", re.IGNORECASE)


def _head(found: list[Mention]) -> tuple[Reading, int] | None:
    """The object that a part is about: the last noun of its first group of nouns, and whether it is many (1) or one (-1)."""
    head: Mention | None = None
    for mention in found:
        if mention.sure > 0.5 and mention.reading.object:
            if head is not None and mention.spot > head.spot + 1:
                break
            head = mention
        elif head is not None:
            break
    return (head.reading, 1 if head.plural else -1) if head else None


def _quantity(words: list[Word]) -> bool:
    return len(words) > 1 and words[1].stem in QUANTITIES


QUANTITIES = frozenset(
    stem(word) for word in ["many", "much", "long", "fast", "quickly", "quick", "slow", "big", "often", "large"]
)
NEGATIONS = frozenset(vocab.NEGATIONS.split())
VERB_FOLLOWS = frozenset(
    stem(word)
    for word in [
        "to",
        "please",
        "you",
        "and",
        "then",
        "we",
        "i",
        "let",
        "us",
        "or",
        "not",
        "never",
        "should",
        "must",
        "will",
        "would",
        "could",
        "can",
        "want",
        "need",
        "ahead",
        "kindly",
        "do",
        "me",
    ]
)
ADVERBS = frozenset(
    stem(word) for word in ["also", "just", "only", "now", "please", "then", "kindly", "first", "simply", "quickly"]
)
QUESTIONS = frozenset(
    stem(word)
    for word in [
        "is",
        "are",
        "was",
        "were",
        "does",
        "do",
        "did",
        "who",
        "what",
        "which",
        "whose",
        "where",
        "when",
        "how",
        "has",
        "have",
        "am",
        "why",
    ]
)
QUESTION = Reading(frozenset(), {}, 0.0, 0, 0, 0, True, False, True, False, 0.0)
ASKS = {tuple(stem(word) for word in phrase.split()): 2 for phrase in vocab.ASKING} | {
    tuple(stem(word) for word in phrase.split()): 1 for phrase in vocab.WISHING
}
ASK_FIRST = frozenset(phrase[0] for phrase in ASKS)


def _asks(words: list[Word], spot: int) -> int:
    """2 where a request begins, 1 where a wish does."""
    if words[spot].stem not in ASK_FIRST:
        return 0
    return next(
        (ASKS[phrase] for size in (3, 2, 1) if (phrase := tuple(w.stem for w in words[spot : spot + size])) in ASKS), 0
    )


def _phrases() -> dict[tuple[str, ...], tuple[frozenset[str], bool]]:
    """Every phrase, in stems, with its concepts and whether it carries all of them."""
    phrases: dict[tuple[str, ...], tuple[frozenset[str], bool]] = {}
    for group in (vocab.ACTIONS, vocab.OBJECTS, vocab.CUES, vocab.NOTHING):
        for concept, text in group.items():
            for phrase in text.split(","):
                stems = tuple(word if word[0] == "=" else stem(word.lower()) for word in phrase.split())
                if stems:
                    phrases[stems] = (phrases.get(stems, (frozenset(), False))[0] | {concept}, False)
    for phrase, text in vocab.TOGETHER.items():
        stems = tuple(word if word[0] == "=" else stem(word) for word in phrase.split())
        phrases[stems] = (frozenset(text.split(", ")), True)
    return phrases


def _fields(entry: Entry) -> list[tuple[list[str], float]]:
    """The words of an entry's fields, in stems, with the weight of each field."""
    parameters = " ".join(entry.tool.get("inputSchema", {}).get("properties", {}))
    return [
        (_plain_words(entry.name), IN_NAME),
        (_plain_words(entry.tool["title"]), IN_NAME),
        (_plain_words(" ".join([*entry.intents, PHRASES.get(entry.name, "")])), IN_PHRASES),
        (_plain_words(entry.tool["description"]), IN_DESCRIPTION),
        (_plain_words(parameters), IN_PARAMETERS),
    ]


def _plain_words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower().replace("e-mail", "email"))


def _surfaces() -> set[str]:
    """Every word of the vocabulary as it is written there."""
    groups = (vocab.ACTIONS, vocab.OBJECTS, vocab.CUES, vocab.NOTHING)
    return set(_plain_words(" ".join([*(text for group in groups for text in group.values()), *vocab.TOGETHER])))

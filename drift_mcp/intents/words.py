"""Text into clauses of stems: what `ranker.py` reads a request with.

Nothing here knows Drift. A `Reader` is given the words that mean something and repairs the others towards them.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from drift_mcp.intents.weights import REPAIRED

HEAD, TAIL = 700, 600
"""Characters read of the beginning and the end of a text: what is asked for stands there."""
MOST_WORDS = 280
"""Words and stops read of a text."""
LONGEST = 40
"""Letters read of a word."""
MOST_REPAIRS = 30
"""Unknown words looked at for a typo, in one text: each costs some 10 µs."""

_WORD = re.compile(
    r"(?P<email>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})"
    r"|(?P<url>https?://[^\s<>]{1,2000})"
    r"|(?P<path>(?<![\w/])/[a-z][\w/{}-]{2,100})"
    r"|(?P<domain>\b[a-z][\w-]{0,62}\.(?:com|org|net|io|example|co|de|eu|uk|fr|ai|dev|app)\b)"
    r"|(?P<clock>\b\d{1,2}(?::\d\d|\s?[ap]m)\b)"
    r"|(?P<number>[#]?\d[\d.,/-]*)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<stop>[.!?;:\n,()\u2013\u2014]|\s-+\s)",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})
_CONTRACTION = re.compile(r"(?<=\w)'(?:s|d|m|re|ve|ll|t)\b", re.IGNORECASE)
_NOT = re.compile(r"n't\b", re.IGNORECASE)
_EMAIL_WORD = re.compile(r"\be[\s-]mail", re.IGNORECASE)

SPECIAL = {"email": "<email>", "url": "<url>", "path": "<path>", "domain": "<domain>", "clock": "<clock>"}


@dataclass(slots=True)
class Word:
    """One word of a request: its stem, whether it looked like a plural, and how sure the reading is."""

    stem: str
    plural: bool = False
    sure: float = 1.0
    past: bool = False
    surface: str = ""


def fold(text: str) -> str:
    """`text` without accents, compatibility forms and odd quotes; the middle of a very long one is left out."""
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]}\n{text[-TAIL:]}"
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_QUOTES))
        text = "".join(char for char in text if not unicodedata.combining(char))
    return _EMAIL_WORD.sub("email", _CONTRACTION.sub("", _NOT.sub(" not", text)))


_KEEP_E = frozenset({"note", "state", "site", "none", "here", "tone"})
"""Words that would become another word without their e."""
_WITH_E = {word[:-1]: word for word in _KEEP_E}


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A light stem: plurals, -ing, -ed and a final e go. It need not be a word, only the same for all forms."""
    size = len(word)
    if size <= 3:
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("sses") or (word.endswith("es") and word[-3] in "xzh"):
        word = word[:-2]
    elif word[-1] == "s" and word[-2] not in "su":
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and (word[-1] not in "lsz" or len(word) > 5):
                word = word[:-1]
            word = _WITH_E.get(word, word)
            break
    if word[-1] == "e" and len(word) > 3 and word not in _KEEP_E:
        word = word[:-1]
    if word[-1] == "y" and len(word) > 3:
        word = word[:-1] + "i"
    return word


def is_plural(word: str) -> bool:
    return len(word) > 3 and word[-1] == "s" and word[-2] not in "sui"


class Reader:
    """Reads text into clauses. `known` are the stems that mean something, `plain` everyday words never to repair."""

    def __init__(self, known: Iterable[str], plain: Iterable[str]) -> None:
        surfaces = sorted(set(known))
        self._stem_of = {word: stem(word) for word in surfaces if word.isalpha()}
        self._known = frozenset(self._stem_of.values())
        self._plain = frozenset(plain) | {stem(word) for word in plain}
        self._near: dict[str, list[str]] = {}
        """Every known word of four letters or more, under itself with one letter left out."""
        self._long: dict[str, list[tuple[str, frozenset[str]]]] = {}
        """Every known word of seven letters or more with its pairs of letters, under its first letter."""
        for word in self._stem_of:
            if len(word) >= 4:
                for variant in _shorter(word):
                    self._near.setdefault(variant, []).append(word)
            if len(word) >= 7:
                self._long.setdefault(word[0], []).append((word, _pairs(word)))

    def clauses(self, text: str) -> list[list[Word]]:
        """The clauses of `text`, split at punctuation; joining words are left for the caller to see."""
        clauses: list[list[Word]] = [[]]
        left = MOST_REPAIRS
        previous = ""
        words = self._words(fold(text))
        for count, (kind, surface) in enumerate(words):
            if count >= MOST_WORDS:
                break
            if kind == "stop":
                clauses.append([])
                previous = ""
                continue
            if kind != "word":
                if kind == "path":
                    parts = (stem(part) for part in re.findall("[a-z]+", surface.lower()))
                    clauses[-1].extend(Word(part) for part in parts if part in self._known)
                    continue
                clauses[-1].append(Word(SPECIAL.get(kind, "<number>")))
                previous = ""
                continue
            lower = surface.lower()[:LONGEST]
            stemmed = stem(lower)
            if stemmed in self._known or stemmed in self._plain or lower in self._plain:
                word = Word(stemmed, is_plural(lower), past=lower.endswith("ed"), surface=lower)
            elif previous and stem(previous + lower) in self._known:
                # "play book", "un subscribe"
                clauses[-1].pop()
                word = Word(stem(previous + lower), is_plural(lower))
            elif (
                left > 0
                and (surface.islower() or not clauses[-1] or surface.isupper())
                and (fixed := self.repair(lower))
            ):
                left -= 1
                for number, part in enumerate(fixed):
                    if number:
                        clauses[-1].append(word)
                    word = Word(part, is_plural(lower), REPAIRED)
            else:
                left -= 1
                word = Word("<name>" if surface[0].isupper() and clauses[-1] else f"?{stemmed}")
            clauses[-1].append(word)
            previous = lower
        return [clause for clause in clauses if clause]

    def _words(self, text: str) -> Iterator[tuple[str, str]]:
        for match in _WORD.finditer(text):
            kind, surface = match.lastgroup or "", match.group()
            if kind != "word" or surface.islower() or surface.isupper() or stem(surface.lower()) in self._known:
                yield kind, surface
            else:
                for part in _CAMEL.split(surface):
                    yield kind, part

    def repair(self, word: str) -> list[str]:
        """What an unknown word was meant to be: one known stem, two that were run together, or nothing."""
        if not 3 <= len(word) <= 24 or not word.isascii():
            return []
        if found := self._one_off(word):
            return [self._stem_of[found]]
        for cut in range(4, len(word) - 3):
            parts = [stem(word[:cut]), stem(word[cut:])]
            if all(part in self._known for part in parts):
                return parts
        return [self._stem_of[found]] if len(word) >= 7 and (found := self._similar(word)) else []

    def _one_off(self, word: str) -> str:
        """The known word one slip away: a letter left out, added, exchanged or swapped with its neighbour."""
        best, best_rank = "", (9, 9)
        for variant in _shorter(word):
            for candidate in self._near.get(variant, ()):
                distance = _distance(word, candidate)
                size = len(candidate)
                # Short words are close to many: there the first letter has to be right, and none may be exchanged.
                if distance > (1 if size < 8 else 2) or (size < 6 and word[0] != candidate[0] != word[1]):
                    continue
                if size <= 4 and len(word) == size and sorted(word) != sorted(candidate):
                    continue
                if size <= 4 < len(word) and not any(a == b for a, b in pairwise(word)):
                    continue
                if len(word) == 3 and word[0] != candidate[0]:
                    continue
                rank = (
                    distance,
                    2 * (word[0] != candidate[0]) + (sorted(word) != sorted(candidate)) + (len(word) > size),
                )
                if rank < best_rank:
                    best, best_rank = candidate, rank
        return best

    def _similar(self, word: str) -> str:
        """The known long word that shares most pairs of letters: two or three slips in a long word."""
        pairs = _pairs(word)
        best, most = "", 0.68
        for candidate, others in self._long.get(word[0], ()):
            if abs(len(candidate) - len(word)) <= 3:
                share = 2 * len(pairs & others) / (len(pairs) + len(others))
                if share > most:
                    best, most = candidate, share
        return best


def _shorter(word: str) -> set[str]:
    return {word, *(word[:spot] + word[spot + 1 :] for spot in range(len(word)))}


def _pairs(word: str) -> frozenset[str]:
    padded = f"^{word}$"
    return frozenset(padded[spot : spot + 2] for spot in range(len(padded) - 1))


def _distance(left: str, right: str) -> int:
    """Edit distance with swaps of neighbours (optimal string alignment); only asked for words already close."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]

"""A request as features: words, pairs of neighbours, canonical words and pairs of those, and pieces of words.

Words carry the meaning, pairs the relations ("tag of contact"). Canonical words (`concepts.py`) make unseen wording
look like seen one, and topics (`elsewhere.py`) unseen things that are none of Drift's. Pieces of words
survive typing errors and endings. Ids, addresses and dates become words of their own, because which one it
is says nothing of the intent.

Training and running use this one module: what the model was fitted on is what it is asked.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

from drift_mcp.intents.concepts import CONCEPTS, FILLERS, LONGEST, MEANINGS, TOGETHER
from drift_mcp.intents.elsewhere import TOPIC

MAX_CHARACTERS = 1_200
"""Of a longer text the beginning and the end are read, where a request usually stands."""
NEAR = 3
"""How many words with a meaning may lie between the two of a canonical pair."""
PIECE = 4
"""How many characters a piece of a word has. Shorter or longer ones beside them cost time and find no more."""
GROUPS = ("words", "canonical", "pieces")
ENDINGS = (
    ("'s", ""),
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ied", "y"),
    ("ing", ""),
    ("ing", "e"),
)
"""Of inflected words, and what the base form has in their place."""

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+")
_DATE = re.compile(r"\b\d{4}-\d\d(?:-\d\d)?\b|\b\d{1,2}(?::\d\d)? ?[ap]m\b|\b\d{1,2}:\d\d\b")
_ACCOUNT = re.compile(r"\b\d+_(?:[\w-]{1,64}\.)+[a-z]{2,8}\b")
_DOMAIN = re.compile(r"\b[a-zA-Z][\w-]{1,64}\.[a-z]{2,7}\b")
_ID = re.compile(r"\b\d{3,}\b")
_NUMBER = re.compile(r"\b\d+\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[a-z0-9§]+(?:'[a-z]+)?")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def clipped(text: str) -> str:
    """`text`, or of a long one its beginning and end."""
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[: MAX_CHARACTERS // 2]}. {text[-MAX_CHARACTERS // 2 :]}"


def words(text: str) -> list[str]:
    """The words of `text` in lower case without accents, with ids, addresses and dates as placeholders."""
    text = unicodedata.normalize("NFKD", clipped(text).replace("’", "'")).encode("ascii", "ignore").decode()
    text = _EMAIL.sub(" §email ", text)
    text = _ACCOUNT.sub(" §account ", text)
    text = _CAMEL.sub(" ", text).lower().replace("_", " ")
    text = _DATE.sub(" §date ", text)
    text = _DOMAIN.sub(" §domain ", text)
    text = _ID.sub(" §id ", text)
    return _WORD.findall(_NUMBER.sub(" §number ", text))


def features(text: str, known: Mapping[str, int] | None = None) -> dict[str, Counter[str]]:
    """How often each feature stands in `text`, by group. A word one slip away from one that is `known` is that."""
    typed = words(text)
    found = [_corrected(word, known) for word in typed] if known else typed
    return {
        "words": Counter(_neighbours(["^", *found, "$"])),
        "canonical": Counter(_canonical(found)),
        "pieces": Counter(piece for word in typed for piece in _pieces(word)),
    }


def weighed(counts: Mapping[str, int], rarity: Mapping[str, float]) -> dict[str, float]:
    """TF-IDF of the features that are known, with a norm of 1."""
    values = {name: (1 + math.log(count)) * rarity[name] for name, count in counts.items() if name in rarity}
    norm = math.sqrt(sum(value * value for value in values.values()))
    return {name: value / norm for name, value in values.items()} if norm else {}


def _neighbours(found: list[str]) -> Iterator[str]:
    yield from found[1:-1]
    for first, second in pairwise(found):
        yield f"{first} {second}"


def _canonical(found: list[str]) -> Iterator[str]:
    """Canonical words, foreign topics, and pairs of what stands near each other: the canonical word if there is one."""
    recent: list[tuple[str, ...]] = []
    for word, meant, topic in _meanings(found):
        for each in meant:
            yield f"={each}"
        if topic:
            yield "~"  # Of whatever topic,
            yield f"~{topic}"  # and of this one.
        stands = meant or (word,)
        for earlier in recent:
            for first in earlier:
                for second in stands:
                    if first != second:
                        yield f"={first} {second}"
        recent = [*recent[-NEAR:], stands]


def _meanings(found: list[str]) -> Iterator[tuple[str, tuple[str, ...], str | None]]:
    """Each word but the fillers, or words that mean something together, with the concepts and the topic."""
    at = 0
    while at < len(found):
        word = found[at]
        for end in range(min(at + LONGEST.get(word, 0), len(found)), at + 1, -1):
            phrase = " ".join(found[at:end])
            if phrase in TOGETHER:
                yield phrase, (TOGETHER[phrase],), None
                at = end
                break
        else:
            if word not in FILLERS:
                yield word, *_meaning(word)
            at += 1


@lru_cache(maxsize=4096)
def _meaning(word: str) -> tuple[tuple[str, ...], str | None]:
    """The concepts and the topic of `word`, or else of what it is an inflection of; "§email" means "email"."""
    if word.startswith("§") and word[1:] in MEANINGS:
        return (word[1:],), None
    concepts = next((CONCEPTS[form] for form in _forms(word) if form in CONCEPTS), ())
    return concepts, next((TOPIC[form] for form in _forms(word) if form in TOPIC), None)


def _forms(word: str) -> Iterator[str]:
    """`word`, and what it may be an inflection of: "tagging" of "tag"."""
    yield word
    for ending, instead in ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) > 2 and stem != word:
            yield stem + instead
            if stem[-1] == stem[-2]:
                yield stem[:-1]


@lru_cache(maxsize=4096)
def _pieces(word: str) -> tuple[str, ...]:
    if word.startswith("§"):
        return ()
    framed = f"<{word[:40]}>"
    return tuple(framed[start : start + PIECE] for start in range(len(framed) - PIECE + 1))


def _corrected(word: str, known: Mapping[str, int]) -> str:
    """`word`, or the most frequent of the known words that it may have been meant to be."""
    if word in known or not 4 <= len(word) <= 20 or not word.isalpha() or not word.isascii():
        return word
    return max((slip for slip in slips(word) if slip in known), key=lambda slip: (known[slip], slip), default=word)


@lru_cache(maxsize=256)
def slips(word: str) -> tuple[str, ...]:
    """What may have been meant by `word`: one letter too many, too few or wrong, or two exchanged. The first stays."""
    made: list[str] = []
    for at in range(1, len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            made.append(head + tail[1:])
            made += [head + letter + tail[1:] for letter in _LETTERS]
        made += [head + letter + tail for letter in _LETTERS]
        if len(tail) > 1:
            made.append(head + tail[1] + tail[0] + tail[2:])
    return tuple(made)

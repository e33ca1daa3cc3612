"""The build of a request: which part of it asks, which tells the story, and what it is about."""

from collections.abc import Sequence

from drift_mcp.intents import everyday
from drift_mcp.intents import weights as w
from drift_mcp.intents.reading import Mention, Phrasebook, stems
from drift_mcp.intents.words import Word, stem

BACK = stems("because although though while whereas if when after before unless as since")
"""Words that begin what only surrounds a request."""
FORTH = stems("but so then")
"""Words that lead back to it."""
_QUESTIONS = stems("is are was were does do did who what which whose where when how has have am why")
_QUANTITIES = stems("many much long fast quickly quick slow big often large")
_ASKS = {tuple(map(stem, phrase.split())): 1 for phrase in everyday.WISHING} | {
    tuple(map(stem, phrase.split())): 2 for phrase in everyday.ASKING
}
_FIRST = frozenset(phrase[0] for phrase in _ASKS)


def parts(clauses: Sequence[list[Word]], book: Phrasebook) -> list[tuple[list[Word], float]]:
    """The request in parts, each with how much it counts; those that ask most count 1."""
    found: list[tuple[list[Word], float, int]] = []
    for clause in clauses:
        start, weight, ask = 0, 1.0, 0
        for spot, word in enumerate(clause):
            turn = word.stem in BACK or word.stem in FORTH
            asks = 0 if turn else _asks(clause, spot)
            if turn or asks:
                if spot > start:
                    found.append((clause[start:spot], weight, ask))
                start, weight, ask = spot, w.BACKGROUND if word.stem in BACK else 1.0, asks
        found.append((clause[start:], weight, ask))
    if len(found) > 1:
        found = [(words, weight, ask or 2 * book.is_command(words[0])) for words, weight, ask in found]
    most = max((ask for _, _, ask in found), default=0)
    if len(found) > 1 and most:
        found = [
            (words, weight * (1.0 if ask == most else w.WEAK_ASK if ask else w.OTHERS), ask)
            for words, weight, ask in found
        ]
    top = max((weight for _, weight, _ in found), default=1.0)
    return [(words, weight / top) for words, weight, _ in found]


def _asks(words: list[Word], spot: int) -> int:
    """2 where a request begins ("could you"), 1 where a wish does ("I need")."""
    if words[spot].stem not in _FIRST:
        return 0
    ahead = tuple(word.stem for word in words[spot : spot + 3])
    return next((_ASKS[ahead[:size]] for size in (3, 2, 1) if ahead[:size] in _ASKS), 0)


def is_question(words: list[Word]) -> bool:
    """Whether a part asks for information: "which …", "how many …", but not "how do I …"."""
    first, second = words[0].stem, words[1].stem if len(words) > 1 else ""
    return first in _QUESTIONS and (first != "how" or second in _QUANTITIES)


def head(found: list[Mention]) -> Mention | None:
    """The object that a part is about: the last of its first row of nouns ("the chat label")."""
    last: Mention | None = None
    for mention in found:
        if mention.sure > 0.5 and mention.reading.object:
            if last is not None and mention.spot > last.spot + 1:
                break
            last = mention
        elif last is not None:
            break
    return last

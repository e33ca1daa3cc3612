"""Every number of the ranker. Where no other reason is given it was found by random search: the likelihood of the right
operation on the development phrases (`benchmarks.intents`) and on `phrases.txt` with one third left out in turn. They
are not delicate: a tenth more or less of one changes the first result of at most 3 of 468 phrases.
"""

# What a concept of a request adds to an operation that has it, by its place in the profile.
DOES, ABOUT, CUE, NEVER = 2.06, 1.79, 1.77, -0.92
BESIDE = 1.12
"""An object among the cues: one that may stand beside the main one."""
RARE, RARER = 0.76, 0.15
"""A concept counts RARE + RARER * ln(operations / operations that have it): a mild form of inverse frequency."""
AMBIGUOUS = 0.26
"""What a phrase with n meanings adds is divided by 1 + AMBIGUOUS * (n - 1)."""

# What a concept takes from the operations that do not have it.
MISFIT_ACTION, MISFIT_OBJECT, MISFIT_CUE = 0.98, 0.93, 0.32
NO_ACTION, NO_OBJECT, NO_NEED = 0.75, 1.56, 1.4
"""What an operation loses when none of its actions, objects, needs was named."""
WRONG_SIDE = 2.01
"""A request to read, and an operation that writes; or the other way round."""

LOOK = 0.6
"""Nothing says what shall be done ("user profile"): then it is to be shown."""

# The object that the request is about.
HEAD = 0.61
PLURAL = 1.61
"""The object is a plural and the operation takes many, or neither."""

# Parts of a request, beside the part that asks.
OTHERS, WEAK_ASK, BACKGROUND = 0.89, 0.73, 0.87
OTHER_ACTION = 0.79
"""Actions outside the part that asks: what happened, not what shall be done."""
ASKED_ACTION = 0.62
"""Actions in the part that asks, where other parts tell the story: "please arrange that" says little."""
PAST, ASKED, NOUN_ACTION = 0.58, 0.41, 0.82
"""An action in the past tense; one that changes something, in a question; one where a noun would stand."""
NEGATED, NEGATION_REACH = 0.15, 5
"""What follows "not", "without", "instead of", for so many words."""
REPAIRED = 0.85
"""A misspelled word, repaired."""

# BM25 over the words of the catalogue, with a weight for each field.
LEXICAL = 0.64
IN_NAME, IN_PHRASES, IN_DESCRIPTION, IN_PARAMETERS = 1.12, 1.0, 0.68, 1.0
FEW, LENGTH = 1.25, 0.89
"""k1 and b, as BM25 calls them."""
NAMED = 8.0
"""A short request holds the operation's name, or its method and path: nothing else comes near."""

# When nothing fits: the best score stays below FLOOR plus the doubt.
FLOOR = 4.5
STRANGE, SOMEWHAT_STRANGE = 14.0, 0.3
"""A word of another trade; one that may only be the setting."""
STRANGE_BESIDE, SHORT = 0.2, 9
"""Such words outside the part that asks, and in requests of more words than SHORT, count less."""
UNEXPLAINED, SMOOTH, CONTENT_BESIDE = 7.0, 2.0, 0.3
"""The share of words that mean nothing to the best operation, smoothed for short requests."""

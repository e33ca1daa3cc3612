"""Property tests that always draw the same examples, and few enough to stay quick."""

import re

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

modest = settings(
    derandomize=True,
    max_examples=50,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
few = settings(modest, max_examples=25)
many = settings(modest, max_examples=100)
quick = settings(modest, max_examples=5, phases=(Phase.explicit, Phase.generate))
"""For a property that is checked once for each of many things: a failure is shown as found, not made smaller first."""

# Zero-width, bidirectional, tag and control characters, one representative range after the other. Written by hand from
# Unicode's "Default_Ignorable_Code_Point" and "Bidi_Control", not taken from the code under test.
INVISIBLE = (
    "\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
    "\U000e0041\U000e007f\x00\x07\x1b\x7f\x9b"
)
_BAD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)

any_text = st.text(st.characters(), max_size=60)
"""Text of any code points, lone surrogates too."""

dirty_text = st.lists(st.one_of(any_text, st.sampled_from(INVISIBLE)), max_size=8).map("".join)

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), dirty_text
)
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(dirty_text, inner, max_size=4)),
    max_leaves=12,
)


def unseen(value: object) -> list[str]:
    """The invisible characters anywhere in `value`, keys too."""
    if isinstance(value, str):
        return _BAD.findall(value)
    if isinstance(value, dict):
        return [found for pair in value.items() for part in pair for found in unseen(part)]
    if isinstance(value, list | tuple):
        return [found for part in value for found in unseen(part)]
    return []

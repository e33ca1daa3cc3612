"""What in a text a reader could take for an e-mail address or a secret, in whatever way it is written.

Made to be asked about, so both errors cost: what is missed is sent, and who is asked for nothing stops reading. How
often each happens was measured, and `tests/test_leaks.py` holds it there.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote

from drift_mcp.html_text import references
from drift_mcp.text import visible

_UNQUOTED = 4
"""How many times over an address may be percent-encoded."""
_ALIKE = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-") | {"。": "."})


def plain(text: str) -> str:
    """`text` without the disguises that its reader sees through: escapes, and characters that look like others."""
    for _ in range(_UNQUOTED):
        before, text = text, unquote(references(text))
        if text == before:
            break
    return unicodedata.normalize("NFKC", visible(text).translate(_ALIKE)).translate(_ALIKE)


# ---- addresses -----------------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SAID_AT = re.compile(r"\s?[\[({]\s?(?:at|@)\s?[\])}]\s?", re.IGNORECASE)
_SAID_DOT = re.compile(r"\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?", re.IGNORECASE)
_SPELLED = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})(?: at |\s?@\s?)([\w-]{1,63}) dot ([a-z]{2,20})\b", re.IGNORECASE)
# "kim@acme . example" and "kim@acme. example": a sentence that ends in front of a small letter is none.
_TORN = re.compile(r"(?<=[\w+-])@([\w-]{1,63})(?:\s\.\s?|\.\s)(?=[a-z]{2,20}\b)")
_APART = re.compile(
    r"(?<![\w.+@/-])([\w.+-]{1,64})(?:(\s{1,4}at\s{1,4})|\s{0,4}@\s{0,4})"
    r"((?:[\w-]{1,63}\s?\.\s?){1,4}[a-z]{2,20})(?![\w@]|\.\w|/\w)"
)
"""A word, "at" or @, and what could be a domain but no page of it: "kim @ acme.example", "kim at acme.example"."""
_FILES = frozenset(
    "csv css doc docx gif go htm html ini jpg jpeg js json log md pdf php png py rb rs sh sql svg toml ts txt xls "  # noqa: SIM905
    "xlsx xml yaml yml zip".split()
)
_BEFORE_AT = frozenset(
    "a about above active add afternoon again ahead all also always am an and another any anything app apply "  # noqa: SIM905
    "appointment archived are arrive arrived arrives as ask asked availability available away back be been began "
    "begin begins being best better blog book booking both browse build built but buy by call calls came check "
    "checked click close closed come comes compare config connect connected convention copy cost costs day days "
    "demo described desk details dial doc docs document documentation documented documents done down download "
    "downloads dropped each eat either else end ended ends engineer evening event events everybody everyone "
    "everything example examples file files fine first follow for found free friday from full get gets go goes "
    "going good grab guess guide guides had happen happened happening happens has have he held help her here hers "
    "him his home hosted hotline hours house how i if in info information install installed is issue issues it its "
    "job jobs join joined just keep kept know last later latest learn least left lie lies like line link links list "
    "listed live lived lives location log login look looked looking looks lot made make manager many me meet "
    "meeting meetings meets met monday more morning most much my near need never new newly next night no not "
    "nothing notice now of off offer offered offers office often on once one ones online only open opened opens or "
    "order our ours out over overview own page pages paid park part peek people place placed play plus point "
    "pointed points post posted priced prices pricing published put question questions quickly read readme register "
    "registered release released remain repo repository run running runs said sale sales saturday save saw say says "
    "schedule scheduled see seen server service session set settings she shop show showed showing shown shows sign "
    "site sits so sold some somebody someone something soon source speak speaking specification speed stand "
    "standing stands start started starting starts stay still stop stopped stops store stored studied study sunday "
    "support sure surprised taking talk talked team than that the their theirs them then there these they thing "
    "things this those thursday time times to today together tomorrow tonight too took top train tried try tuesday "
    "tutorial two under until up update updated updates upgrade us use used user users using valued version "
    "versions via video view visit voted wait waiting was watch we website wednesday week well went were what when "
    "where which while who whose why will with without word work worked working works worse would written yes yet "
    "you your yours".split()
)
"""What stands before "at" or @ in a sentence and is nobody's address."""


def addresses(text: str) -> list[str]:
    """The e-mail addresses in a `plain` text, in lower case, each once; those too that are written apart or spelled."""
    joined = _SAID_DOT.sub(".", _SAID_AT.sub("@", text))
    joined = _APART.sub(_together, _TORN.sub(r"@\1.", _SPELLED.sub(r"\1@\2.\3", joined)))
    return list(dict.fromkeys(found.strip(".-_%").lower() for found in _EMAIL.findall(joined)))


def _together(found: re.Match[str]) -> str:
    who, at, written = found.groups()
    domain = re.sub(r"\s", "", written)
    innocent = who.lower() in _BEFORE_AT or not re.search(r"[^\W\d_]", who)
    if at:  # a word, not a sign: more can be meant by it
        page = domain.startswith("www.") or domain.rpartition(".")[2] in _FILES
        innocent = innocent or page or domain != written or who.endswith(".")
    return found.group() if innocent else f"{who}@{domain}"


# ---- secrets -------------------------------------------------------------------------------------------------------

_SECRETS = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")),
    ("a signed token (JWT)", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")),
    ("an AWS key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    (
        "an access token",
        re.compile(
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|xapp-|[sr]k_(?:live|test)_|whsec_|sk-(?:ant|proj)-|AIza|"
            r"ya29\.|npm_|pypi-|hf_|dop_v1_|shpat_|SG\.)[\w-]{16,}"
        ),
    ),
    ("a bearer token", re.compile(r"\bbearer\s+[\w.~+/=-]{16,}", re.IGNORECASE)),
    ("a Drift token", re.compile(r"\b\d{8,12}-\d{4}-\d{4}-\d{4,12}\b")),
)
_UUID = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_SECRET_UUID = re.compile(rf"(?i)\b(?:token|secret|password|passphrase|api[ _-]?key|key)\W{{1,3}}(?:is\s)?({_UUID})")
"""One that is said to be a secret. By itself it is an id: of an order, a page, a meeting."""
_ANY_UUID = re.compile(_UUID)
_SHORTEST_RUN = 20
_RUN = re.compile(rf"[A-Za-z0-9+/=_-]{{{_SHORTEST_RUN},}}")
_SOLID = re.compile(rf"[A-Za-z0-9+/=]{{{_SHORTEST_RUN},}}")
_RANDOM_ENOUGH = 3.2
"""Bits for each character: those of a random string of 20 are above, those of a number or a word below."""
_TURN = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
"""Where small letters, capitals and digits change without a sign between them; a capital begins a word."""
_TURNS, _TURNS_IN_PATH = 0.25, 0.36
"""The share of turns from which on it is no name made of words and numbers. A random string has nearly one half."""
_FEWEST = 4


def secrets(text: str) -> Iterator[tuple[str, str]]:
    """What in a `plain` text looks like a secret: what it would be, and itself."""
    for what, pattern in _SECRETS:
        for found in pattern.finditer(text):
            yield what, found.group()
        text = pattern.sub(" ", text)
    for found in _SECRET_UUID.finditer(text):
        yield "a key or password", found.group(1)
    for found in _RUN.finditer(_ANY_UUID.sub(" ", text)):
        run = found.group()
        if re.search(r"\d", run) and re.search(r"[A-Za-z]", run) and (_turns(run) or _is_solid(run)):
            yield "a key or password", run


def _turns(run: str) -> bool:
    least = _TURNS_IN_PATH if "/" in run else _TURNS
    return len(_TURN.findall(run)) >= max(_FEWEST + 1, least * sum(map(str.isalnum, run)))


def _is_solid(run: str) -> bool:
    """Whether a part of it without a dash is long, and of so many characters as chance would choose."""
    return any(
        len(_TURN.findall(part)) >= _FEWEST and _bits(part) >= _RANDOM_ENOUGH and not _is_path(part)
        for part in _SOLID.findall(run)
    )


def _is_path(run: str) -> bool:
    """Whether a run is a path of short parts, as in a web address."""
    return all(len(part) < _SHORTEST_RUN for part in run.split("/"))


def _bits(text: str) -> float:
    """Shannon's entropy for each character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())

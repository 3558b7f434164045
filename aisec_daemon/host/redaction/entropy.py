"""Text that nobody would call a thing by: opaque runs of letters and digits.

Each run is judged by a likelihood ratio: how much better drawing its characters at random explains
it than the way names are built. The excess adds up over the run and is never less than nothing
(Kadane's maximal segment), so that a token is found inside a longer name, too. Simulated on 4,000
tokens each, 20 letters and digits are passed over once in a thousand, 32 never; 0.6 % of 46,000
ordinary parts of file names of twelve or more characters are taken for a token.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

HIDDEN = "<redacted>"

_LINE = 8.0  # nats
_LINE_ACROSS = 9.0  # of text that slashes cut into parts
_REST = 3.0  # nats, for what a slash divides from an opaque part
_LENGTH = 12  # what is shorter can be guessed anyway

# -ln P(next letter | letter), a row for each letter, rounded: counted over the 1.3 million pairs of
# the 88,000 distinct file names of a Debian system with CUDA and Python packages.
_NEXT_LETTER = (
    *("64337538384232838332454646", "26351556247245256435367556", "36462673483146248343478648"),
    *("24531546265444346435365767", "34334447676332645222644358", "36453355185255257344376748"),
    *("46162755397464557335477871", "16452668386546247453376855", "33243439797332247433749595"),
    *("26442667476645245616465777", "35441346387334456524265767", "36642568286367127634457857"),
    *("23542667386246227535475768", "36332327365553458622347768", "44337547565232439244244658"),
    *("35443652395344237334377718", "45455565566144456444146666", "26342548293545258423436849"),
    *("46362553384455345631445738", "26451563286556359334464437", "53414556487343629332788487"),
    *("25561636185534438644677577", "26553664285554157325767748", "45343466385425427541556346"),
    *("35445656177423427523665775", "26441553266445246365644373"),
)

# -ln P(kind of the next character | kind): a lower case letter, A upper case, 0 digit, - other. Two
# digits in a row cost less than counted: numbers are told.
_NEXT_KIND = {
    "a": {"a": 0.2, "A": 5.1, "0": 5.0, "-": 2.0},
    "A": {"a": 1.4, "A": 0.5, "0": 4.2, "-": 2.0},
    "0": {"a": 2.9, "A": 6.0, "0": 0.3, "-": 0.4},
    "-": {"a": 0.2, "A": 3.0, "0": 2.3, "-": 4.8},
}
_SURPRISE_MAX = 6.5
_OTHER = "+%~_-/="

_ALPHABETS = (
    frozenset(digits + "abcdef"),
    frozenset(digits + "ABCDEF"),
    frozenset(digits + ascii_lowercase),
    frozenset(digits + ascii_uppercase),
    frozenset(digits + ascii_letters + "+%~_-"),
)
_BASE64 = frozenset(digits + ascii_letters + _OTHER)
_RUN = re.compile(r"[A-Za-z0-9+%~_/=-]{24,}")
_PART = re.compile(r"[A-Za-z0-9+%~][A-Za-z0-9+%~_-]*")

# The names that Deployments and DaemonSets give their pods: these letters are all they use.
_POD_LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
_POD_NAME = re.compile(rf"([a-z0-9-]+?)(?:-{_POD_LETTERS}{{8,10}})?-{_POD_LETTERS}{{5}}")


def _kind(character: str) -> str:
    if character in digits:
        return "0"
    if character in _OTHER:
        return "-"
    return "a" if character.islower() else "A"


def _surprise(first: str, second: str) -> float:
    if second in digits:
        within = math.log(10)
    elif second in _OTHER:
        within = 1.0  # most are dashes or underscores
    elif first in ascii_letters:
        row = _NEXT_LETTER[ascii_lowercase.index(first.lower())]
        within = float(row[ascii_lowercase.index(second.lower())])
    else:
        within = 2.9  # the entropy of a first letter
    return min(_NEXT_KIND[_kind(first)][_kind(second)] + within, _SURPRISE_MAX)


_SURPRISE = {
    first: {second: _surprise(first, second) for second in ascii_letters + digits + _OTHER}
    for first in ascii_letters + digits + _OTHER
}


def _segment(text: str, alphabet: frozenset[str]) -> tuple[float, int, int]:
    """Find the segment that looks most like a random draw: by how many nats, start and end."""
    cost = math.log(len(alphabet))
    best = (0.0, 0, 0)
    excess, start = 0.0, 0
    for at, (first, second) in enumerate(pairwise(text), 1):
        if second in alphabet and first in alphabet:
            excess += _SURPRISE[first][second] - cost
        else:
            excess = 0.0
        if excess <= 0.0:
            excess, start = 0.0, at
        elif excess > best[0]:
            best = (excess, start, at + 1)
    return best


def _score(part: str) -> float:
    return max(_segment(part, alphabet)[0] for alphabet in _ALPHABETS)


def is_opaque(part: str) -> bool:
    """Judge one run of letters, digits, dashes and underscores."""
    if len(part) < _LENGTH or _score(part) < _LINE:
        return False
    pod = _POD_NAME.fullmatch(part)
    return pod is None or is_opaque(pod[1])


def redact_opaque(text: str) -> str:
    """Hide opaque parts of paths, addresses, assignments and plain words."""
    parts = list(_PART.finditer(text))
    hidden = {at for at, part in enumerate(parts) if is_opaque(part[0])}
    for start, end in _opaque_across_slashes(text):
        hidden |= {at for at, part in enumerate(parts) if part.start() < end > start < part.end()}
    if not hidden:
        return text
    for step in (1, -1):
        hidden |= _neighbours(text, parts, hidden, step)
    pieces = []
    end = 0
    for at in sorted(hidden):
        pieces += [text[end : parts[at].start()], HIDDEN]
        end = parts[at].end()
    return "".join([*pieces, text[end:]])


def _opaque_across_slashes(text: str) -> list[tuple[int, int]]:
    """Find base64 that its slashes cut into parts too short to judge."""
    found = []
    for run in _RUN.finditer(text):
        score, start, end = _segment(run[0], _BASE64)
        if score >= _LINE_ACROSS:
            found.append((run.start() + start, run.start() + end))
    return found


def _neighbours(text: str, parts: list[re.Match[str]], hidden: set[int], step: int) -> set[int]:
    """Parts that slashes divide from a hidden one, if they may be the rest of it."""
    found = set(hidden)
    for at in range(1, len(parts))[::step]:
        between = text[parts[at - 1].end() : parts[at].start()]
        here, there = (at - 1, at) if step > 0 else (at, at - 1)
        if here in found and between and not between.strip("/=") and _may_be_rest(parts[there][0]):
            found.add(there)
    return found


def _may_be_rest(part: str) -> bool:
    """Base64 holds slashes; what they cut off is too short to tell, unless it is a plain word."""
    plain = part.isalpha() and part.islower() and len(part) > 2  # noqa: PLR2004 - v, ab
    return not plain or (len(part) >= _LENGTH and _score(part) >= _REST)

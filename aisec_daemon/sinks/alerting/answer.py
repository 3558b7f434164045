"""What came of one request."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What to do after a request."""

    TAKEN = "taken"
    REFUSED = "refused"  # something in it is not as it must be: the same again is no use
    LATER = "later"  # it may well work soon
    MISTAKE = "mistake"  # somebody has to change something, here or there


@dataclass(frozen=True)
class Answer:
    """An answer, or the want of one.

    `code` is the HTTP status or one word for what went wrong, `sentence` says it to people, `date`
    is the time by the other's clock (NaN if it did not say), `seconds` how long it all took.
    """

    outcome: Outcome
    code: str
    sentence: str = ""
    date: float = math.nan
    seconds: float = 0.0

"""Operators' exceptions: what a site permits, by whom, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from aisec_daemon.model.finding import Finding

SELECTORS = (
    *("user", "unit", "container", "image", "pod"),
    *("executable", "executable_hash", "command_hash"),
)


@dataclass(frozen=True)
class Allow:
    """A finding of `rule` that fits every selector given is recorded and counted, not notified.

    Selectors are shell patterns (`*`, `?`, `[…]`). `subject` is held against each of the
    finding's subjects, the others against its words; a word that is not there, or could not be
    read, fits nothing, `*` neither. `expires` is in seconds since 1970: from then on
    the finding is told again.
    """

    rule: str
    reason: str
    owner: str
    expires: float
    subject: str = ""
    user: str = ""
    unit: str = ""
    container: str = ""
    image: str = ""
    pod: str = ""
    executable: str = ""
    executable_hash: str = ""
    command_hash: str = ""

    def covers(self, finding: Finding, time: float) -> bool:
        """Tell whether this exception holds for a finding at `time`."""
        if self.rule != finding.rule.name or time >= self.expires:
            return False
        if self.subject and not all(fnmatchcase(s, self.subject) for s in finding.subjects):
            return False
        for selector in SELECTORS:
            pattern, word = getattr(self, selector), finding.labels.get(selector)
            if pattern and not (word and fnmatchcase(word, pattern)):
                return False
        return True

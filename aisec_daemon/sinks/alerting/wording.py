"""A finding as Alertmanager's labels and annotations.

Labels are what it groups, routes, silences and tells alerts apart by, so they come only from what
does not change in a finding's life, or are kept as they were when it was first told (delivery.py
does that). All that changes goes into annotations. Every text is cut: an alert never grows beyond
some tens of kilobytes, whatever its finding says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import blake2b

from aisec_daemon.model import Finding, Severity
from aisec_daemon.model.rule import Fact, worded
from aisec_daemon.sinks.alerting.text import plain

ALERT = "AisecFinding"
"""The name of all alerts, as the Prometheus rules have it; which finding it is says `rule`."""

WORDS = ("user", "container", "image", "pod", "namespace", "unit", "slurm_job", "executable")
"""Words of a finding that become labels of the same name."""

OWN = frozenset(
    {"alertname", "rule", "severity", "node", "finding", "case", "gpu", "technique", *WORDS}
)
"""Labels that a site's own may not replace."""

_ANY = ("utf-8", "backslashreplace")
_GPU = re.compile(r"(?:GPU|MIG)-[0-9A-Fa-f-]{8,64}")
_LABEL_MAX = 256
_TEXT_MAX = 2000
_ITEM_MAX = 200
_FACTS_MAX = 24
_SUBJECTS_MAX = 16


@dataclass(frozen=True)
class Wording:
    """What is the same in all alerts of a node.

    `labels` are the site's own. `runbooks` is an address with `{rule}` in it, `page` that of the
    node's own page; either may be empty.
    """

    node: str
    labels: Mapping[str, str] = field(default_factory=dict)
    runbooks: str = ""
    page: str = ""

    def base_labels(self, finding: Finding) -> dict[str, str]:
        """Return all labels but the severity; those that are empty are left out."""
        rule = finding.rule.name
        gpus = set(_GPU.findall(finding.key))
        words = {name: finding.labels.get(name, "") for name in WORDS}
        labels = {
            **self.labels,
            "alertname": ALERT,
            "rule": rule,
            "node": self.node,
            "finding": finding.id,
            "case": blake2b(f"{rule}\0{finding.key}".encode(*_ANY), digest_size=6).hexdigest(),
            "gpu": gpus.pop() if len(gpus) == 1 else "",
            "technique": finding.rule.technique,
            **words,
        }
        return {name: plain(word, _LABEL_MAX) for name, word in labels.items() if word}

    def annotations(self, finding: Finding) -> dict[str, str]:
        """Return what a person reads."""
        rule = finding.rule
        notes = {
            "summary": plain(f"{rule.title} on {self.node}", _ITEM_MAX),
            "description": plain(finding.reason, _TEXT_MAX),
            "facts": _facts(finding.facts),
            "subjects": _subjects(finding.subjects),
            "score": f"{_number(finding.score)}, at most {_number(finding.peak)}; 1 is the line",
            "look_alikes": plain(rule.benign, _TEXT_MAX),
            "opened": _clock(finding.opened),
            "closed": _clock(finding.closed),
            "runbook_url": self.runbooks.replace("{rule}", rule.name),
        }
        return {name: note for name, note in notes.items() if note}

    def content(
        self,
        finding: Finding,
        labels: Mapping[str, str],
        ends: float,
        graver: Severity | None,
        offset: float,
    ) -> dict[str, object]:
        """Return one alert as API v2 takes it, with times by a clock that is `offset` ahead."""
        starts = finding.since if math.isnan(finding.opened) else finding.opened
        annotations = self.annotations(finding)
        if graver is not None:
            annotations["goes_on_as"] = graver.word
        content: dict[str, object] = {
            "labels": labels,
            "annotations": annotations,
            "startsAt": timestamp(starts + offset),
            "endsAt": timestamp(max(starts, ends) + offset),
        }
        return {**content, "generatorURL": self.page} if self.page else content


def timestamp(seconds: float) -> str:
    """Return RFC 3339, to the millisecond, UTC."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clock(seconds: float) -> str:
    return "" if math.isnan(seconds) else timestamp(seconds)


def _facts(facts: Mapping[str, Fact]) -> str:
    """Return a line for each fact that says something."""
    told = [(name, fact) for name, fact in facts.items() if fact != ""][:_FACTS_MAX]
    return _lines(f"{plain(name, _ITEM_MAX)}: {_number(fact)}" for name, fact in told)


def _number(fact: Fact) -> str:
    if isinstance(fact, str):
        return plain(fact, _ITEM_MAX)
    return "not read" if math.isnan(fact) else worded(fact)


def _subjects(subjects: tuple[str, ...]) -> str:
    shown = [plain(subject, _ITEM_MAX) for subject in subjects[:_SUBJECTS_MAX]]
    more = len(subjects) - len(shown)
    return _lines([*shown, f"and {more} more"] if more else shown)


def _lines(items: Iterable[str]) -> str:
    return "\n".join(items)
